"""`sluis explain` and `sluis next-steps`: the decision function's own answers, now, then or later."""

import argparse
from datetime import datetime
from typing import Any

import msgspec

from access_policy.decision import Decision, as_json, decide, supposed_session
from access_policy.events import WorkspaceStarted
from access_policy.fold import fold
from access_policy.left_out import left_out, left_out_json
from access_policy.model.enums import Action, FactorKind, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import format_instant, parse_instant
from access_policy.next_steps import plan
from access_policy.reasons import REASONS
from access_policy.rules import Finding, Query, Session
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.cli.answers import mark, show_json, show_line
from hub_config.cli.options import Call, Parser, UsageProblem, leaf
from hub_config.cli.reading import known_person, known_request, opened


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    parser = leaf(commands, "explain", explain, "say whether a person may, why, and until when (0: allow, 1: deny)")
    _add_pair(parser)
    parser.add_argument("--at", metavar="TIME", help="RFC 3339; earlier: on the facts of then; later: on those of now")
    parser.add_argument("--zone", choices=[str(zone) for zone in Zone], default=str(Zone.ANYWHERE))
    parser.add_argument("--action", choices=[str(one) for one in Action], default=str(Action.OPEN_WORKSPACE))
    _add_pair(leaf(commands, "next-steps", steps, "list the steps that are left, in order, each with its owner"))


def _add_pair(parser: Parser) -> None:
    parser.add_argument("person", metavar="PERSON", help="such as P-1")
    parser.add_argument("request", metavar="REQUEST", help="such as DR-1")


def explain(call: Call) -> int:
    """Print a decision; the answer's exit status is 0 for allow and 1 for deny."""
    at, given = _instant(call.arguments.at), call.arguments
    with opened(call.places) as policy:
        with policy.reading() as state:
            person, request = known_person(state, given.person), known_request(state, given.request)
            now = policy.now()
        when = now if at is None else at
        facts = policy.state_at(when) if when < now else state
        session = _supposed(facts, given, when)
        query = Query(person, request, Action(given.action), when, session)
        decision, lacking = decide(facts, query), left_out(facts, query)
        started = _started(policy, facts, person, request) if when <= now else None
    if call.json:
        show_json(as_json(decision) | left_out_json(lacking) | (started or {}))
    else:
        _show_unknown(facts, person, request)
        _show(decision)
        for one in lacking:
            show_line(f"  leaves out {one.name}: {one.text} next: {one.next_step}")
        _show_started(started)
    return 0 if decision.allowed else 1


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise UsageProblem(f"--at: {error}") from None


def _supposed(state: State, given: argparse.Namespace, at: datetime) -> Session | None:
    """Suppose a fresh login, but for the warden's question, which needs none."""
    if given.action == Action.KEEP_WORKSPACE:
        return None
    return supposed_session(state, PersonId(given.person), at, Zone(given.zone))


def _started(policy: Policy, facts: State, person: PersonId, request: RequestId) -> dict[str, Any] | None:
    """Return the stored decision of the workspace that ran then, and the codes where today's rules would differ."""
    workspace = facts.workspaces.get((person, request))
    if workspace is None:
        return None
    before = State()
    for fact in policy.store.facts_since(0):
        if fact.seq == workspace.seq and isinstance(fact.event, WorkspaceStarted):
            stored = msgspec.json.decode(fact.event.decision)
            today = decide(before, Query(person, request, Action.OPEN_WORKSPACE, fact.at, _session(stored, person)))
            return {"started_with": stored, "differs": _differences(stored, as_json(today))}
        fold(before, fact)
    return None


def _session(stored: dict[str, Any], person: PersonId) -> Session | None:
    session = stored.get("session")
    if session is None:
        return None
    begun, ends = (parse_instant(session[name]) for name in ("begun", "ends"))
    factor = None if session["factor"] is None else FactorKind(session["factor"])
    return Session(session["id"], person, begun, ends, factor, Zone(session["zone"]), supposed=session["supposed"])


def _differences(stored: dict[str, Any], today: dict[str, Any]) -> list[str]:
    then, now = ({each["code"]: each["holds"] for each in one["reasons"]} for one in (stored, today))
    return sorted(code for code in then.keys() | now.keys() if then.get(code) != now.get(code))


def _show(decision: Decision) -> None:
    query = decision.query
    come = "" if query.session is None else f", supposing a fresh login from {query.session.zone}"
    show_line(f"{decision.effect}: {query.person} {query.action} {query.request} at {format_instant(query.at)}{come}")
    for finding in decision.findings:
        _show_finding(finding)
    for dataset in decision.datasets:
        show_line(f"  opens {dataset.name} {dataset.version} at {dataset.mount}, to {dataset.access}")
    if decision.until is not None:
        show_line(f"until {format_instant(decision.until)}")


def _show_finding(finding: Finding) -> None:
    words = REASONS[finding.code]
    since = "" if finding.since is None else f", since {format_instant(finding.since)}"
    until = "" if finding.until is None else f", until {format_instant(finding.until)}"
    text = words.held if finding.holds else words.failing
    show_line(f"  {mark(finding.holds)} {finding.code} ({words.requirement}): {text}{since}{until}")
    if not finding.holds:
        show_line(f"      next: {words.next_step} ({words.owner})")


def _show_unknown(facts: State, person: PersonId, request: RequestId) -> None:
    for known, identifier in ((person in facts.people, person), (request in facts.requests, request)):
        if not known:
            show_line(f"{identifier} was not known yet at that time, so no condition about it held")


def _show_started(started: dict[str, Any] | None) -> None:
    if started is None:
        return
    stored, differs = started["started_with"], started["differs"]
    rules = f"rules {stored['rules']}, facts up to {stored['seq']}"
    show_line(f"a workspace ran then; it was started at {stored['at']} with the answer {stored['effect']} ({rules})")
    same = "today's rules would answer the same"
    show_line(f"  today's rules differ in: {', '.join(differs)}" if differs else f"  {same}")


def steps(call: Call) -> int:
    """Print the steps that are left to an open workspace, supposing a fresh login."""
    with opened(call.places) as policy, policy.reading() as state:
        person, request = known_person(state, call.arguments.person), known_request(state, call.arguments.request)
        left = plan(state, policy.suppose(person, request, Action.OPEN_WORKSPACE))
    if call.json:
        show_json(left)
        return 0
    for step in left:
        show_line(f"{step['step']}. {step['next_step']} ({step['owner']})")
        show_line(f"   because {step['text']} ({step['code']}, {step['requirement']})")
    if not left:
        show_line(f"nothing is left: {person} can open a workspace for {request}")
    return 0

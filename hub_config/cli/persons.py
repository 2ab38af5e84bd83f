"""`sluis person list|show|verify|disable|reset-factor`: people, what stands about one, and what an operator does.

Listing and showing opens personal texts, so that somebody reads them is recorded first (E51); what was searched for may
be a name, and is not. The commands are those of `sluis do`: the permission table decides, nothing is checked here.
"""

import argparse
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from access_policy.actor import Actor, operator
from access_policy.commands.base import Refusal, parse_command
from access_policy.events import LogRead
from access_policy.log.records import Session
from access_policy.model.enums import Assurance, VerificationMethod
from access_policy.model.ids import number_of
from access_policy.state import Certification, Person
from hub_config.cli.answers import instant, say, show_json, show_line, show_table
from hub_config.cli.do import CommandRefused, show_facts
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.paging import add_limit, page
from hub_config.cli.reading import known_person, opened

Row = dict[str, Any]
_COLUMNS = ("person", "name", "institution", "roles", "verified_until", "factor", "disabled")
_CONFIRMED = "another admin confirms proposal `{}` at the desk; then it happens"


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands. `erasure.py` adds another one."""
    inner = commands_of(group(commands, "person", "people: who there is, what stands about one, what is done"))
    commands.choices["person"].set_defaults(inner=inner)
    parser = leaf(inner, "list", show_all, "list every person, or those that a search finds")
    parser.add_argument("--search", metavar="TEXT", help="only those with this in id, name, address or institution")
    add_limit(parser, "P-20")
    _about_one(leaf(inner, "show", show_one, "what stands about one person, with factors and live sessions"))
    parser = _about_one(leaf(inner, "verify", verify, "record who a person is; personal: in a demo only"), "P-1")
    parser.add_argument("--method", required=True, choices=[*map(str, VerificationMethod)], help="how")
    parser.add_argument("--until", required=True, metavar="TIME", help="up to when it is good, such as 2028-01-31")
    parser.add_argument("--assurance", choices=[*map(str, Assurance)], help="how surely (`substantial`)")
    parser.add_argument("--factor", action="append", metavar="F", help="a second factor that was looked at; repeatable")
    parser.add_argument("--evidence", required=True, metavar="TEXT", help="what it rests on, such as a passport")
    parser = _about_one(leaf(inner, "disable", disable, "stop a person at once: sessions and workspaces end"), "P-1")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the log")
    about = "propose to take all second factors away; personal: in a demo only"
    _about_one(leaf(inner, "reset-factor", reset_factor, about), "P-1")


def _about_one(parser: Parser, on_behalf_of: str | None = None) -> Parser:
    parser.add_argument("person", metavar="PERSON", help="whom, such as P-3")
    if on_behalf_of is not None:
        parser.add_argument("--as", dest="admin", metavar="ADMIN", required=True, help=f"for whom: {on_behalf_of}")
    return parser


def show_all(call: Call) -> int:
    """List people, after recording that somebody reads it. Raises StateProblem or LogError."""
    given = call.arguments
    with opened(call.places) as policy:
        searched = ["--search"] if given.search else []
        policy.observe(Actor(operator=call.operator), LogRead(what=" ".join(["person list", *searched])))
        with policy.reading() as state:
            found = [one for one in state.people.values() if _matches(one, given.search)]
            shown = page(found, given, lambda one: number_of(one.person))
            rows = [person_row(one, policy.now()) for one in shown.rows]
    if call.json:
        show_json(rows)
    else:
        headings = [name.replace("_", " ") for name in _COLUMNS]
        show_table(headings, [[_cell(row[name]) for name in _COLUMNS] for row in rows])
    if shown.more:
        say(f"{shown.more} more; add --after {rows[-1]['person']}")
    return 0


def _matches(person: Person, wanted: str | None) -> bool:
    looked_at = (person.person, person.name, person.email, person.institution or "")
    return not wanted or any(wanted.casefold() in text.casefold() for text in looked_at)


def show_one(call: Call) -> int:
    """Print what stands about a person, after recording that somebody reads it. Raises UsageProblem for nobody."""
    with opened(call.places) as policy:
        with policy.reading() as state:
            who = known_person(state, call.arguments.person)
        policy.observe(Actor(operator=call.operator), LogRead(what=f"person show {who}"))
        live = policy.records.live_sessions(policy.now(), who)
        with policy.reading() as state:
            row = person_row(state.people[who], policy.now()) | _more(state.people[who], live)
    if call.json:
        show_json(row)
        return 0
    for name, value in row.items():
        for number, cell in enumerate(_lines(value)):
            show_line(f"{name.replace('_', ' ') if number == 0 else '':<18}{cell}".rstrip())
    return 0


def _lines(value: object) -> list[object]:
    if isinstance(value, dict):
        return ["  ".join(f"{name}={one}" for name, one in value.items() if one is not None)]
    if isinstance(value, list):
        return [line for each in value for line in _lines(each)] or ["-"]
    return ["-" if value in (None, "") else value]


def verify(call: Call) -> int:
    """Record a verification. Raises CommandRefused, always outside a demo: it is personal."""
    given = call.arguments
    fields = {"method": given.method, "until": _instant(given.until), "evidence": given.evidence}
    chosen = {"assurance": given.assurance} if given.assurance is not None else {}
    return _carry_out(call, "verify-person", fields | chosen | {"factors": given.factor or []})


def disable(call: Call) -> int:
    """Stop a person. Raises CommandRefused where a rule says no."""
    return _carry_out(call, "disable-person", {"reason": call.arguments.reason})


def reset_factor(call: Call) -> int:
    """Propose a reset, which another admin confirms. Raises CommandRefused, always outside a demo: it is personal."""
    return _carry_out(call, "reset-factors", {})


def _carry_out(call: Call, name: str, fields: Row) -> int:
    with opened(call.places, behind=True) as policy:
        with policy.reading_behind() as state:
            who, admin = known_person(state, call.arguments.person), known_person(state, call.arguments.admin)
        try:
            command = parse_command(name, fields | {"person": who})
        except (ValueError, OverflowError) as error:
            raise UsageProblem(str(error)) from None
        outcome = policy.handle(command, operator(call.operator, admin))
    if isinstance(outcome, Refusal):
        raise CommandRefused(f"{outcome.code}: {outcome.text}")
    show_facts(call, outcome.facts, _CONFIRMED)
    return 0


def _instant(text: str) -> str:
    """A date alone is its first instant, UTC."""
    return f"{text}T00:00:00Z" if len(text) == len("2028-01-31") else text


def person_row(person: Person, at: datetime) -> Row:
    """Return a person as lists show them."""
    roles = [one for one in person.appointments if one.holds(at)]
    newest = {course: max(held, key=_standing) for course, held in person.certifications.items()}
    return {
        "person": person.person,
        "name": person.name,
        "email": person.email,
        "institution": person.institution,
        "roles": [{"role": str(one.role), "scope": one.scope, "until": instant(one.until)} for one in roles],
        "verified_until": instant(person.verification.until) if person.verification is not None else None,
        "factor": _factor(person),
        "certifications": [
            {"course": course, "ends": instant(one.ends), "revoked": instant(one.revoked)}
            for course, one in newest.items()
        ],
        "disabled": instant(person.disabled),
        "since": instant(person.since),
    }


def _more(person: Person, live: Iterable[Session]) -> Row:
    return {
        "position": person.position,
        "field_of_work": person.field_of_work,
        "login_identities": len(person.identities),
        "linked_by": list(person.linked_by),
        "verification": _verification(person),
        "factors": [
            {
                "factor": name, "kind": str(one.kind), "enrolled": instant(one.enrolled),
                "confirmed": instant(one.confirmed),
            }
            for name, one in person.factors.items()
        ],
        "accepted": [
            {"document": str(kind), "version": one.version, "at": instant(one.at)}
            for kind, one in person.accepted.items()
        ],
        "sessions": [{"session": one.session, "begun": instant(one.begun)} for one in live],
        "erasure_not_before": instant(person.erasure_not_before),
    }  # fmt: skip


def _verification(person: Person) -> Row | None:
    found = person.verification
    if found is None:
        return None
    return {
        "by": found.by, "method": str(found.method), "assurance": str(found.assurance), "since": instant(found.since),
        "until": instant(found.until),
    }  # fmt: skip


def _standing(certification: Certification) -> tuple[bool, datetime]:
    return certification.revoked is None, certification.ends


def _factor(person: Person) -> str | None:
    if not person.factors:
        return None
    return "confirmed" if any(factor.confirmed for factor in person.factors.values()) else "not confirmed"


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(each["role"]) for each in value) or None
    return value

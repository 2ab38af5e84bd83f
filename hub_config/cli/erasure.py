"""`sluis person erase P-N`: asks for an erasure, says until when the law makes it wait, and proposes it from then on.

Another admin confirms at the desk, with a second factor; with that fact the person's sealing key goes, and nothing
brings the texts back (E48, E50). When it may happen is decided by the core.
"""

import argparse

from access_policy.actor import Actor, operator
from access_policy.commands.base import Command, Refusal, name_of
from access_policy.commands.erasure import AskErasure, ErasePerson, erasable_from
from access_policy.events import Fact
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant
from access_policy.permissions import authorise
from access_policy.use_cases import Policy
from hub_config.cli.answers import show_json, show_line
from hub_config.cli.do import CommandRefused, show_facts
from hub_config.cli.options import Call, Parser, UsageProblem, leaf
from hub_config.cli.reading import known_person, opened


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command beside `person list`."""
    inner = commands.choices["person"].get_default("inner")
    parser = leaf(inner, "erase", erase, "erase what identifies a person, once the law lets it be; no way back")
    parser.add_argument("person", metavar="PERSON", help="whom, such as P-3")
    parser.add_argument("--as", dest="admin", metavar="ADMIN", required=True, help="on whose behalf, such as P-1")
    parser.add_argument("--yes", action="store_true", help="it is meant: there is no way back")


def erase(call: Call) -> int:
    """Ask for the erasure, or propose it. Raises CommandRefused, with the date, while a rule stands in the way."""
    with opened(call.places) as policy:
        with policy.reading() as state:
            person, admin = known_person(state, call.arguments.person), known_person(state, call.arguments.admin)
            asked = state.people[person].erasure_not_before is not None
        actor = operator(call.operator, admin)
        if not asked:
            _ask(call, policy, person, actor)
            return 0
        if not call.arguments.yes:
            _hesitate(policy, person, actor)
        _propose(call, policy, person, actor)
    return 0


def _ask(call: Call, policy: Policy, person: PersonId, actor: Actor) -> None:
    (fact,) = _carried_out(policy, AskErasure(person=person), actor)
    date = _date(policy, person)
    if call.json:
        show_json({"person": person, "asked": format_instant(fact.at), "not_before": date})
    else:
        show_line(f"recorded; `{person}` can be erased from {date}; give the same command again then, with --yes")


def _hesitate(policy: Policy, person: PersonId, actor: Actor) -> None:
    """Propose nothing without --yes: say that it was asked, or the core's refusal to who may not propose it at all."""
    command = ErasePerson(person=person)
    with policy.reading() as state:
        refusal = authorise(state, command, actor, policy.now())
    if refusal is None:
        said = f"it was asked already to erase `{person}`, who can be erased from `{_date(policy, person)}`"
        raise UsageProblem(f"{said}; it cannot be taken back: add --yes where it is meant")
    policy.refused(actor, name_of(ErasePerson), refusal.code)
    raise CommandRefused(f"{refusal.code}: {refusal.text}")


def _propose(call: Call, policy: Policy, person: PersonId, actor: Actor) -> None:
    try:
        facts = _carried_out(policy, ErasePerson(person=person), actor)
    except CommandRefused:
        if call.json:
            show_json({"person": person, "not_before": _date(policy, person)})
        raise
    show_facts(call, facts, "another admin confirms proposal `{}` at the desk; then it happens")


def _date(policy: Policy, person: PersonId) -> str:
    with policy.reading() as state:
        return format_instant(erasable_from(state, state.people[person], policy.now()))


def _carried_out(policy: Policy, command: Command, actor: Actor) -> tuple[Fact, ...]:
    outcome = policy.handle(command, actor)
    if isinstance(outcome, Refusal):
        raise CommandRefused(f"{outcome.code}: {outcome.text}")
    return outcome.facts

"""`sluis person erase P-N`: asks for an erasure, says until when the law makes it wait, and proposes it from then on.

Another admin confirms at the desk, with a second factor; with that fact the person's sealing key goes, and nothing
brings the texts back (E48, E50). When it may happen is decided by the core.
"""

import argparse
from collections.abc import Sequence

from access_policy.actor import Actor, operator
from access_policy.commands.base import Command, Refusal
from access_policy.commands.erasure import ErasePerson
from access_policy.commands.people import AskErasure
from access_policy.events import CommandProposed, Fact
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant
from access_policy.use_cases import Policy
from hub_config.cli.answers import say, show_json, show_line
from hub_config.cli.do import CommandRefused
from hub_config.cli.options import Call, Parser, UsageProblem, leaf
from hub_config.cli.reading import known_person, opened
from hub_config.cli.shown import fact_json, fact_line


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command beside `person list`."""
    inner = commands.choices["person"].get_default("inner")
    parser = leaf(inner, "erase", erase, "erase what identifies a person, once the law lets it be; no way back")
    parser.add_argument("person", metavar="PERSON", help="whom, such as P-3")
    parser.add_argument("--as", dest="admin", metavar="ADMIN", required=True, help="on whose behalf, such as P-1")
    parser.add_argument("--yes", action="store_true", help="it is meant: there is no way back")


def erase(call: Call) -> int:
    """Ask for the erasure, or propose it. Raises CommandRefused, with the date, while a rule stands in the way."""
    given = call.arguments
    with opened(call.places) as policy:
        with policy.reading() as state:
            person, admin = known_person(state, given.person), known_person(state, given.admin)
            asked = state.people[person].erasure_not_before
        actor = operator(call.operator, admin)
        if asked is None:
            _ask(policy, person, actor)
        if not given.yes:
            raise UsageProblem(f"erasing `{person}` cannot be taken back; add --yes where it is meant")
        facts = _carried_out(policy, ErasePerson(person=person), actor)
    _show(call, facts)
    return 0


def _ask(policy: Policy, person: PersonId, actor: Actor) -> None:
    """Record that it was asked; it is refused until the date that follows, and the refusal says so."""
    _carried_out(policy, AskErasure(person=person), actor)
    with policy.reading() as state:
        date = state.people[person].erasure_not_before
    until = format_instant(date) if date is not None else ""
    raise CommandRefused(f"wrong_state: it is recorded that `{person}` asked; the law makes it wait until `{until}`")


def _carried_out(policy: Policy, command: Command, actor: Actor) -> tuple[Fact, ...]:
    outcome = policy.handle(command, actor)
    if isinstance(outcome, Refusal):
        raise CommandRefused(f"{outcome.code}: {outcome.text}")
    return outcome.facts


def _show(call: Call, facts: Sequence[Fact]) -> None:
    if call.json:
        show_json({"events": [fact_json(fact) for fact in facts]})
        return
    for fact in facts:
        show_line(fact_line(fact))
        if isinstance(fact.event, CommandProposed):
            say(f"another admin confirms proposal `{fact.event.proposal}` at the desk; then it happens")

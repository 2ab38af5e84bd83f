"""Step-ups: who acts for themselves names the second factor that allowed it, wherever the table asks for one."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import FunctionType

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import Actor, component, operator, person
from access_policy.commands.base import Command, Refusal, RefusalCode, name_of
from access_policy.commands.installation import ConfirmProposal
from access_policy.events import FactEvent
from access_policy.events.step_up import OF_OPERATORS, PROPOSED_BY_OPERATORS, STEP_UP
from access_policy.fold import fold, suppose
from access_policy.handle import HANDLERS, effect, handle
from access_policy.model.enums import Component, RequestStatus, ResourceType
from access_policy.model.ids import ClientName, PersonId
from access_policy.permissions import TABLE, FourEyes, Standing, authorise
from access_policy.state import State
from tests.unit.access_policy.samples import COMMANDS, sample
from tests.unit.access_policy.test_every_cell import _sampled
from tests.unit.access_policy.test_permissions import _ACTORS, CONCERNED, _cells, _name
from tests.unit.access_policy.world import (
    ADMIN,
    INSTALLATION,
    MINUTE,
    NOON,
    RESEARCHER,
    SECOND_ADMIN,
    STRANGER,
    World,
    begun,
    everything_holds,
    kinds,
    of_format_2,
    on_behalf_of,
    stepped_up,
)

PARTS = frozenset({Standing.INSTALLATION, Standing.HUB, Standing.DESK, Standing.WARDEN})
_SECOND = FourEyes.SECOND_PERSON
ASKING = tuple(kind for kind in COMMANDS if TABLE[kind].proven)


@cache
def _of_format_2() -> World:
    return of_format_2(_cells()[0])


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_every_cell_with_and_without_a_step_up(kind: type[Command]) -> None:
    """REQ-06, MFA-11: with one each cell is as the table says; without one, a cell that asks for it is refused."""
    world, older = _of_format_2(), _cells()[0].state
    for command in _sampled(world, kind):
        for standing, actor in _ACTORS.items():
            plain = authorise(older, command, actor, world.at)
            assert authorise(world.state, command, stepped_up(actor), world.at) == plain, standing
            without = authorise(world.state, command, actor, world.at)
            if plain is None and TABLE[kind].proven and actor.component is None:
                assert (without and without.code) == RefusalCode.STEP_UP_NEEDED, standing
            else:
                assert without == plain, standing


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_what_a_command_leaves_is_taken_in(kind: type[Command]) -> None:
    """POL-05: no command leaves a fact that the fold refuses, with a step-up or where none is asked for."""
    world = _of_format_2()
    for command in _sampled(world, kind):
        for by in (*_ACTORS.values(), *map(stepped_up, _ACTORS.values())):
            outcome = handle(world.state, command, by, world.at)
            if not isinstance(outcome, Refusal):
                copy = world.copy()
                copy.append([(by, event) for event in outcome])
                assert copy.state.seq == world.state.seq + len(outcome)


def test_an_empty_step_up_is_none() -> None:
    """MFA-11: an id without a sign is no id."""
    world = of_format_2(everything_holds())
    by = Actor(person=ADMIN, step_up="")
    refused = authorise(world.state, sample(Command.registered["verify-person"], RESEARCHER), by, world.at)
    assert refused is not None
    assert refused.code == RefusalCode.STEP_UP_NEEDED


def test_an_older_log_asks_for_none() -> None:
    """FLT-10: in a log of format 1 everything goes on as before."""
    world, requests = _cells()
    draft = sample(Command.registered["submit-request"], CONCERNED, requests[RequestStatus.DRAFT])
    assert authorise(world.state, draft, person(RESEARCHER), world.at) is None


def test_an_operator_of_a_demo_has_none() -> None:
    """S35: who types on the machine in a demo is named as an operator, and proves no second factor."""
    world = of_format_2(everything_holds(demo=True))
    until = world.at.replace(year=world.at.year + 1)
    world.do("appoint-role", on_behalf_of(ADMIN), person=STRANGER, role="trainer", until=until)
    world.do("confirm-proposal", on_behalf_of(SECOND_ADMIN), proposal=world.state.last_proposal)
    assert [one.role for one in world.state.people[STRANGER].appointments] == ["trainer"]
    assert {fact.actor.step_up for fact in world.facts[-3:]} == {None}


def test_both_of_two_people_step_up() -> None:
    """Four eyes: the first for the proposal, the second for the confirmation; what it does names the second's."""
    world = of_format_2(everything_holds())
    until = world.at.replace(year=world.at.year + 1)
    arguments = {"person": STRANGER, "role": "trainer", "until": until}
    assert world.refusal("appoint-role", person(ADMIN), **arguments) == RefusalCode.STEP_UP_NEEDED
    world.do("appoint-role", person(ADMIN, "first"), **arguments)
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", person(SECOND_ADMIN), proposal=number) == RefusalCode.STEP_UP_NEEDED
    world.do("confirm-proposal", person(SECOND_ADMIN, "second"), proposal=number)
    newest = world.facts[-3:]
    assert kinds(tuple(fact.event for fact in newest)) == [e.CommandProposed, e.ProposalConfirmed, e.RoleAppointed]  # type: ignore[misc]
    assert [fact.actor.step_up for fact in newest] == ["first", "second", "second"]


def test_nothing_is_proved_by_what_is_only_supposed() -> None:
    """A simulated command writes nothing, so it asks for no step-up; given for real, it does."""
    world = of_format_2(everything_holds())
    command = sample(Command.registered["certify-person"], RESEARCHER)
    trainer = _ACTORS[Standing.TRAINER]
    events = effect(world.state, command, trainer, world.at)
    assert not isinstance(events, Refusal)
    refused = handle(world.state, command, trainer, world.at)
    assert isinstance(refused, Refusal)
    assert refused.code == RefusalCode.STEP_UP_NEEDED
    copy = world.copy()
    suppose(copy.state, e.Fact(copy.state.seq + 1, copy.at, trainer, events[0]))


ROLE = e.RoleAppointed(person=STRANGER, role="admin", scope=None, until=everything_holds().at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("demo", "actor"),
    [(False, person(ADMIN, "a-proof")), (True, operator("root", ADMIN))],
    ids=["a person with a step-up", "an operator of a demo"],
)
def test_the_fold_takes_what_a_person_proved(demo: bool, actor: Actor) -> None:
    """AUD-01: whoever gives a personal command names their second factor; in a demo an operator stands for them."""
    world = of_format_2(everything_holds(demo=demo))
    fold(world.state, e.Fact(world.state.seq + 1, world.at, actor, ROLE))
    assert [one.role for one in world.state.people[STRANGER].appointments] == ["admin"]


OTHERS = {
    "no step-up": person(ADMIN),
    "an empty one": Actor(person=ADMIN, step_up=""),
    "an operator": operator("root", ADMIN),
    "an operator with one": Actor(person=ADMIN, operator="root", step_up="a-proof"),
    "a part for somebody": Actor(person=ADMIN, component=Component.DESK, step_up="a-proof"),
    "a part of the program with one": Actor(component=Component.HUB, step_up="a-proof"),
} | {f"component {part}": component(part) for part in Component}


@pytest.mark.parametrize("kind", sorted(STEP_UP, key=str), ids=str)
def test_the_fold_refuses_a_row_without_its_step_up(kind: type[FactEvent]) -> None:
    """AUD-01, POL-05: a row that somebody wrote past the commands stops the reader, whoever it names.

    The state stays as it was.
    """
    state = State(seq=9, at=NOON, begun=NOON - MINUTE, format=2)
    event = kind(**dict.fromkeys(kind.__struct_fields__))  # type: ignore[arg-type]  # only its kind is looked at
    for actor in (one for one in OTHERS.values() if kind not in OF_OPERATORS or one.operator is None):
        with pytest.raises(ValueError, match=rf"`{kind.__name__}` of `.*` names no step-up"):
            fold(state, e.Fact(10, NOON, actor, event))
        assert state == State(seq=9, at=NOON, begun=NOON - MINUTE, format=2)


def _proposed(command: str) -> e.CommandProposed:
    return e.CommandProposed(proposal=1, command=command, person=STRANGER, arguments="{}")


def test_the_fold_takes_what_an_operator_may_propose() -> None:
    """E50, AUD-01: an erasure is prepared at the machine, in an admin's name; a person proposes with a step-up only."""
    for actor in (operator("root", ADMIN), person(ADMIN, "a-proof")):
        world = of_format_2(everything_holds())
        fold(world.state, e.Fact(world.state.seq + 1, world.at, actor, _proposed("erase-person")))
        assert [one.command for one in world.state.proposals.values()] == ["erase-person"]


def test_the_fold_takes_a_program_that_an_operator_registers() -> None:
    """MFA-11: in an admin's name; a person does it with a step-up only, and no part of the program at all."""
    program = e.ClientRegistered(
        client=ClientName("gateway"), title="A gateway", resource_types=(ResourceType.REQUEST,), searches=False,
        reads_reasons=False, tells_zone=False, digest="0" * 64,
    )  # fmt: skip
    for actor in (operator("root", ADMIN), person(ADMIN, "a-proof")):
        world = of_format_2(everything_holds())
        fold(world.state, e.Fact(world.state.seq + 1, world.at, actor, program))
        assert list(world.state.clients) == ["gateway"]
    for actor in (person(ADMIN), INSTALLATION):
        world = of_format_2(everything_holds())
        with pytest.raises(ValueError, match="names no step-up"):
            fold(world.state, e.Fact(world.state.seq + 1, world.at, actor, program))


@pytest.mark.parametrize("command", [name_of(kind) for kind in COMMANDS if TABLE[kind].four_eyes == _SECOND])
def test_the_fold_refuses_a_forged_proposal(command: str) -> None:
    """AUD-01, REQ-06: a row that gives the first half of a personal command in somebody's name leaves nothing."""
    others = [actor for actor in OTHERS.values() if command not in PROPOSED_BY_OPERATORS or actor.operator is None]
    world = of_format_2(everything_holds())
    for actor in others:
        with pytest.raises(ValueError, match=r"`CommandProposed` of `.*` names no step-up"):
            fold(world.state, e.Fact(world.state.seq + 1, world.at, actor, _proposed(command)))
    assert world.state.proposals == {}


def test_an_older_log_holds_proposals_without() -> None:
    """FLT-10: in a log of format 1 a proposal of a person stands without a step-up, also once its upgrade is over."""
    world = everything_holds()
    fold(world.state, e.Fact(world.state.seq + 1, world.at, person(ADMIN), _proposed("appoint-role")))
    fold(world.state, e.Fact(world.state.seq + 1, world.at, INSTALLATION, e.UpgradeFinished(format=2)))
    assert [one.command for one in world.state.proposals.values()] == ["appoint-role"]


def test_what_an_operator_may_propose() -> None:
    """E50: derived from the table: what takes two people and is not personal."""
    expected = {name_of(kind) for kind in TABLE if _is_proposed(kind) and not TABLE[kind].personal}
    assert expected == PROPOSED_BY_OPERATORS


def test_only_the_first_append_appoints_in_the_name_of_the_installation() -> None:
    """AUD-01: the first admins; later, or dated back to it, the same row stops the reader."""
    world = of_format_2(begun())
    first = world.facts[0].at
    assert [type(fact.event) for fact in world.facts].count(e.RoleAppointed) == 2
    last = world.facts[-1]
    fold(world.copy().state, msgspec.structs.replace(last, seq=last.seq + 1))
    for at in (world.at, first):
        world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=world.state.seq)
        with pytest.raises(ValueError, match="`component installation` names no step-up"):
            fold(world.state, e.Fact(world.state.seq + 1, at, INSTALLATION, ROLE))


def test_a_log_begins_once() -> None:
    """AUD-01: a later beginning would make a demo, or a log that knows no step-ups, of an installation."""
    world = of_format_2(everything_holds())
    again = e.InstallationBegun(installation="an-installation", demo=True, format=1)
    with pytest.raises(ValueError, match="has begun already"):
        fold(world.state, e.Fact(world.state.seq + 1, world.at, INSTALLATION, again))


def _leaves(command: type[Command]) -> set[str]:
    """Return the kinds that a command can leave: its own, or a proposal, whose kinds are left with its confirmation."""
    if command is ConfirmProposal:
        return {"ProposalConfirmed"}.union(*(_makes(one) for one in TABLE if _is_proposed(one)))
    return {"CommandProposed"} if _is_proposed(command) else _makes(command)


def _is_proposed(command: type[Command]) -> bool:
    return TABLE[command].four_eyes is _SECOND


def _makes(command: type[Command]) -> set[str]:
    return _made_by(HANDLERS[command], set())  # type: ignore[arg-type]


def _made_by(function: FunctionType, seen: set[Callable[..., object]]) -> set[str]:
    """Return the kinds of events that a function makes, itself or through functions of the commands."""
    seen.add(function)
    made: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kind = e.FACTS.get(node.func.attr)
            made |= {node.func.attr} if kind is not None else set()
        if isinstance(node, ast.Name):
            called = inspect.unwrap(function.__globals__.get(node.id, None) or _nothing)
            if isinstance(called, FunctionType) and called.__module__.startswith("access_policy.commands"):
                made |= _made_by(called, seen) if called not in seen else set()
    return made


def _nothing() -> None:
    """Stand for a name that is no function of the commands."""


def test_the_kinds_are_those_of_the_table() -> None:
    """REQ-06: a fact carries a step-up where every command that can leave it asks a person for one."""
    leaving: dict[str, set[type[Command]]] = {}
    for command in TABLE:
        for kind in _leaves(command):
            leaving.setdefault(kind, set()).add(command)
    expected = {kind for kind, commands in leaving.items() if all(TABLE[command].proven for command in commands)}
    assert {kind.__name__ for kind in STEP_UP} == expected
    assert {name_of(command) for command in ASKING if not _leaves(command)} == set()


def test_no_part_of_the_program_gives_a_personal_command() -> None:
    """MFA-11: it has no second factor, so the fold would refuse what it left."""
    assert [name_of(row.command) for row in TABLE.values() if row.personal and row.standings & PARTS] == []


def test_only_facts_carry_one() -> None:
    """Observations are never folded, so nothing could refuse them."""
    assert all(issubclass(kind, FactEvent) for kind in STEP_UP)
    assert PersonId("P-1") == ADMIN

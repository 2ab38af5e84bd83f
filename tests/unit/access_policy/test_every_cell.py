"""Every cell of the permission table through `handle`: what is allowed is answered, what is denied changes nothing."""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import pytest

from access_policy.actor import Actor, person
from access_policy.commands.base import Command, OfRequest, Outcome, Refusal, name_of
from access_policy.commands.workspaces import StartWorkspace
from access_policy.events import FactEvent
from access_policy.handle import handle
from access_policy.model.ids import PersonId, RequestId
from access_policy.permissions import authorise, request_of
from tests.unit.access_policy.journeys import JOURNEYS
from tests.unit.access_policy.samples import COMMANDS, sample
from tests.unit.access_policy.test_permissions import _ACTORS, CONCERNED, _cells, _name
from tests.unit.access_policy.world import DAY, DIGEST, NO_REQUEST, NOBODY, RESEARCHER, World, everything_holds

SEEDS = range(5)
ENDING = frozenset(
    {
        "ask-erasure", "disable-person", "end-role", "erase-person", "move-person", "record-departure", "reset-factors",
        "revoke-trainer",
    }
)  # fmt: skip
"""What takes the people of a walk away: given rarely, so that a walk goes on."""


def _sampled(world: World, kind: type[Command]) -> Iterator[Command]:
    """Yield a command about each request of the world, and about somebody with a part and somebody without."""
    requests = (*world.state.requests, NO_REQUEST) if issubclass(kind, OfRequest) else (RequestId(""),)
    people = (CONCERNED, RESEARCHER, NOBODY) if "person" in kind.__struct_fields__ else (PersonId(""),)
    for request in requests:
        for about in people:
            yield _with_session(world, sample(kind, about, request))


def _with_session(world: World, command: Command) -> Command:
    if isinstance(command, StartWorkspace):
        return msgspec.structs.replace(command, session=world.login(command.person))
    return command


def _fitted(world: World, command: Command) -> Command:
    """Return a command that speaks of what is there: the newest number, the digest that is shown, a time to come."""
    state, request = world.state, request_of(world.state, command)
    found: dict[str, Any] = dict.fromkeys(("begins", "concluded", "passed_on", "since"), world.at)
    found |= {"until": world.at + 50 * DAY, "ends": world.at + 60 * DAY}
    found |= {"invitation": len(state.invitations), "training": len(state.trainings), "proposal": state.last_proposal}
    if request is not None:
        found |= {"digest": request.digest or DIGEST, "amendment": len(request.amendments)}
    return msgspec.structs.replace(command, **{key: found[key] for key in found.keys() & {*command.__struct_fields__}})


def _allowed(world: World, actors: Iterable[Actor]) -> list[tuple[Command, Actor]]:
    return [
        (command, actor)
        for kind in COMMANDS
        for command in _sampled(world, kind)
        for actor in actors
        if authorise(world.state, command, actor, world.at) is None
    ]


def _is_an_answer(outcome: Outcome) -> bool:
    if isinstance(outcome, Refusal):
        return bool(outcome.text) and "\n" not in outcome.text
    return all(isinstance(event, FactEvent) for event in outcome)


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_every_cell_is_answered(kind: type[Command]) -> None:
    """REQ-06, POL-05: who may give a command gets its facts, which the state takes, or a refusal, and never an error.

    Who may not gets the refusal of the table, and no fact.
    """
    world, _ = _cells()
    seq = world.state.seq
    for command in _sampled(world, kind):
        for standing, actor in _ACTORS.items():
            refused = authorise(world.state, command, actor, world.at)
            outcome = handle(world.state, command, actor, world.at)
            assert outcome == refused if refused is not None else _is_an_answer(outcome), standing
            if not isinstance(outcome, Refusal):
                world.copy().append([(actor, event) for event in outcome])
    assert world.state.seq == seq, "handle changed the state that it was asked about"


def _walk(seed: int, rounds: int = 3) -> set[type[Command]]:
    """Give what is allowed in a random order, fold what is answered, and return the commands that were carried out."""
    chance = random.Random(seed)
    world, done = _cells()[0].copy(), set()
    for _ in range(rounds):
        for command, actor in sorted(_allowed(world, _ACTORS.values()), key=lambda _: chance.random()):
            if name_of(type(command)) in ENDING and chance.random() < 0.95:
                continue
            outcome = handle(world.state, _fitted(world, command), actor, world.at)
            assert _is_an_answer(outcome)
            if not isinstance(outcome, Refusal):
                done.add(type(command))
                world.append([(actor, event) for event in outcome])
    return done


@pytest.mark.parametrize("seed", SEEDS)
def test_commands_in_any_order_are_answered(seed: int) -> None:
    """REQ-06, POL-05: whatever was carried out before, what the table allows is answered, and never with an error."""
    assert len(_walk(seed)) > 40, "the walk hardly carried anything out"


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__.strip("_"))
def test_commands_after_any_history_are_answered(journey: Callable[[World], object]) -> None:
    """REQ-06, POL-05: after whatever flips a condition, everybody who may give a command gets an answer."""
    world = everything_holds()
    journey(world)
    for command, actor in _allowed(world, [person(one) for one in world.state.people]):
        for asked in (command, _fitted(world, command)):
            assert _is_an_answer(handle(world.state, asked, actor, world.at))

"""What a command would do at once is what `simulate` says of this instant, and nothing real is touched by asking."""

from copy import deepcopy
from datetime import timedelta

import pytest

from access_policy.actor import Actor
from access_policy.commands.base import Command, Refusal, name_of
from access_policy.commands.people import DisablePerson
from access_policy.handle import effect
from access_policy.model.ids import PersonId, RequestId
from access_policy.preview import Effect, preview
from access_policy.simulate import Step, simulate
from access_policy.state import Memo, State
from tests.unit.access_policy.samples import FROM_TEXT, sample
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    World,
    everything_holds,
)

pytestmark = pytest.mark.unit


def _bare(state: State) -> State:
    copy = deepcopy(state, {id(state.memo): Memo()})
    copy.memo = Memo()
    return copy


def _simulated(world: World, command: Command, actor: Actor) -> tuple[Effect, ...]:
    """Return the changes of this instant that the simulator tells of."""
    end = world.at + timedelta(seconds=1)
    found = simulate(world.state, [Step(world.at, actor, command)], world.at, end).changes
    return tuple(
        Effect(one.person, one.request, one.gains, one.loses, one.codes, one.running)
        for one in found
        if one.at == world.at
    )


def _given(kind: type[Command], world: World, person: PersonId, request: RequestId) -> tuple[Command, Actor] | None:
    """Return a sound example of a command with somebody who may give it now, or None where nobody may."""
    command = sample(kind, person=person, request=request)
    for who in world.state.people:
        actor = Actor(person=who)
        if not isinstance(effect(world.state, command, actor, world.at), Refusal):
            return command, actor
    return None


@pytest.mark.parametrize("kind", FROM_TEXT, ids=name_of)
def test_it_is_what_the_simulator_says_of_now(kind: type[Command]) -> None:
    """S94, POL-01: for every command of the table that can be given, and asking changes nothing."""
    world = everything_holds()
    for person, request in ((RESEARCHER, OPEN), (SIGNATORY, OPEN), (BOARD_MEMBER, RESTRICTED)):
        found = _given(kind, world, person, request)
        if found is None:
            continue
        before = _bare(world.state)
        assert preview(world.state, *found, world.at) == _simulated(world, *found)
        assert _bare(world.state) == before


ENDING = {
    "disable-person", "end-agreement", "end-request", "exclude-organisation", "remove-contact", "reset-factors",
    "suspend-request", "withdraw-dataset", "withdraw-verification",
}  # fmt: skip


def test_what_ends_access_says_so() -> None:
    """S94: these take something of the researcher's away at once; the sample is none that proves nothing."""
    world, taking = everything_holds(), set()
    world.start()
    for kind in FROM_TEXT:
        found = _given(kind, world, RESEARCHER, OPEN)
        effects = preview(world.state, *found, world.at) if found is not None else ()
        assert not isinstance(effects, Refusal)
        if any(one.person == RESEARCHER and one.request == OPEN and one.loses for one in effects):
            taking.add(name_of(kind))
            assert all(one.codes and one.running == (one.request == OPEN) for one in effects)
    assert taking >= ENDING


def test_what_would_be_refused_is_said() -> None:
    """S94: a command that this person may not give is refused here as it is there."""
    world = everything_holds()
    refused = preview(world.state, sample(DisablePerson, person=ADMIN), Actor(person=RESEARCHER), world.at)
    assert isinstance(refused, Refusal)
    assert refused.code == "not_permitted"

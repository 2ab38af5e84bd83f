"""Homes of a person who lacks something for one dataset: held back, opened again, never for nobody to find (S46, S74).

Nothing left the request then, so nothing is set aside; what was copied is not opened without its dataset all the same.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import RefusalCode
from access_policy.homes import Apart, homes_apart, last_kept, openable, stale
from access_policy.model.enums import Action, Assurance, RequestStatus, VerificationMethod, Zone
from tests.unit.access_policy.denials import BINDS
from tests.unit.access_policy.situations import ask_under_ehds
from tests.unit.access_policy.test_homes import EXPRESSIONS, LOOKED, TUMOURS
from tests.unit.access_policy.test_per_dataset import (
    GENOMES,
    IMAGES,
    OF_A_COURSE,
    OF_HIGH_ASSURANCE,
    OF_THE_INSTITUTE,
    OPTED_OUT,
    added_to,
    facts,
    images,
)
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    OPEN,
    RESEARCHER,
    STEWARD,
    WARDEN,
    World,
    everything_holds,
    kinds,
    of_format_2,
    stepped_up,
)

REVOKED = e.CertificationRevoked(person=RESEARCHER, course=GENOMES, reason="copied answers")
ABOUT: dict[str, Any] = {"person": RESEARCHER, "request": OPEN}


def say(world: World, event: e.FactEvent) -> None:
    """Append a fact to a world."""
    world.append([(stepped_up(person(ADMIN)), event)])


def pass_course(world: World) -> None:
    """The researcher passes the course of the images, for a month."""
    say(world, e.PersonCertified(person=RESEARCHER, course=GENOMES, ends=world.at + 30 * DAY))


def verify(world: World, assurance: Assurance) -> None:
    """Verify the researcher anew, so surely."""
    method, until = VerificationMethod.IN_PERSON, world.at + 700 * DAY
    say(world, e.PersonVerified(person=RESEARCHER, method=method, until=until, assurance=assurance))


def opened(world: World, zone: Zone = Zone.ANYWHERE) -> int:
    """Start and end a workspace; return the number of its home."""
    world.start(OPEN, zone)
    number = world.state.workspaces[RESEARCHER, OPEN].home
    world.end()
    return number


def with_images(world: World) -> World:
    """Let the researcher work with a dataset that asks for a course of its own, and stop."""
    OF_A_COURSE(world)
    world = of_format_2(world)
    pass_course(world)
    assert opened(world) == 1
    return world


@pytest.fixture
def world() -> World:
    return with_images(everything_holds())


def told(world: World) -> list[tuple[int, Apart | None, tuple[str, ...], bool]]:
    """Return what the person is told of homes that the next workspace does not open."""
    found = homes_apart(world.state, RESEARCHER, OPEN, world.at)
    return [(one.home.number, one.apart, one.datasets, one.empty) for one in found]


def aside(world: World) -> list[e.HomeSetAside]:
    return [fact.event for fact in world.facts if isinstance(fact.event, e.HomeSetAside)]


def _lapse(world: World) -> None:
    world.wait(31 * DAY)


def _revoke(world: World) -> None:
    say(world, REVOKED)


def test_a_course_that_lapsed_sets_no_home_aside(world: World) -> None:
    """S74: it may be renewed tomorrow; the warden sees nothing that left."""
    _lapse(world)
    assert stale(world.state, world.at) == []
    assert world.refusal("set-home-aside", WARDEN, **ABOUT, home=1) == RefusalCode.WRONG_STATE


@pytest.mark.parametrize("step", [_lapse, _revoke], ids=["lapsed", "revoked"])
def test_it_is_held_back_while_the_dataset_is_denied(world: World, step: Callable[[World], None]) -> None:
    """S46, S74: a fresh home, and again that one; nothing is set aside, and the person reads why."""
    step(world)
    assert told(world) == [(1, Apart.LACKING, (IMAGES,), True)]
    assert (opened(world), opened(world)) == (2, 2)
    assert aside(world) == []
    assert told(world) == [(1, Apart.LACKING, (IMAGES,), False)]
    last = last_kept(world.state, RESEARCHER, OPEN, world.at)
    assert last is not None
    assert last.apart is None


def test_a_home_is_never_opened_without_a_dataset_that_it_had(world: World) -> None:
    """S46: the law of it, over lapse, withdrawal, and both together."""
    withdraw = {"dataset": "tumours", "reason": "a question"}
    for step in (_lapse, pass_course, lambda one: one.do("withdraw-dataset", STEWARD, **withdraw), _lapse):
        step(world)
        number, may = opened(world), {one.name for one in world.decide().datasets}
        assert world.state.homes[RESEARCHER, OPEN][number].datasets <= may


def test_it_opens_again_as_soon_as_the_course_is_passed(world: World) -> None:
    """S74, S94: what was saved meanwhile is kept in its place, and told to person and admin alike."""
    _lapse(world)
    assert opened(world) == 2
    pass_course(world)
    assert told(world) == [(2, Apart.REPLACED, (), False)]
    assert opened(world) == 1
    assert aside(world) == [e.HomeSetAside(**ABOUT, home=2, datasets=())]
    assert told(world) == [(2, Apart.REPLACED, (), False)]
    assert opened(world) == 1
    assert kinds(world.do("release-home", ADMIN, **ABOUT, home=2, **LOOKED)) == [e.HomeReleased]
    assert opened(world) == 2
    assert told(world) == [(1, Apart.REPLACED, (), False)]


def test_it_opens_again_at_once_where_no_other_was_needed(world: World) -> None:
    """S94: nothing was set aside in between."""
    _lapse(world)
    pass_course(world)
    assert (opened(world), aside(world), told(world)) == (1, [], [])


def test_a_lost_assurance_holds_back_too() -> None:
    """E26: the identity may be proofed again."""
    world = everything_holds()
    OF_HIGH_ASSURANCE(world)
    world = of_format_2(world)
    verify(world, Assurance.HIGH)
    assert opened(world) == 1
    verify(world, Assurance.LOW)
    assert stale(world.state, world.at) == []
    assert told(world) == [(1, Apart.LACKING, (IMAGES,), True)]
    assert opened(world) == 2
    verify(world, Assurance.HIGH)
    assert opened(world) == 1


def test_a_dataset_that_leaves_sets_it_aside_for_that_one_alone(world: World) -> None:
    """S46: whatever else its person lacks then."""
    _lapse(world)
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    ((home, left),) = stale(world.state, world.at)
    assert (home.number, left) == (1, (TUMOURS,))
    assert opened(world) == 2
    assert aside(world) == [e.HomeSetAside(**ABOUT, home=1, datasets=(TUMOURS,))]


def test_a_released_home_still_waits_for_what_its_person_lacks(world: World) -> None:
    """S46, S94: an admin looked for what left, and for nothing else."""
    _lapse(world)
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    world.do("set-home-aside", WARDEN, **ABOUT, home=1)
    world.do("release-home", ADMIN, **ABOUT, home=1, **LOOKED)
    assert world.state.homes[RESEARCHER, OPEN][1].datasets == {EXPRESSIONS, IMAGES}
    assert opened(world) == 2
    pass_course(world)
    assert opened(world) == 1


def test_what_left_is_set_aside_though_only_restricted_data_remain() -> None:
    """S46, S77: no opening from anywhere is allowed any more; that keeps no home with what was withdrawn in use."""
    world = everything_holds()
    OF_THE_INSTITUTE(world)
    world = of_format_2(world)
    assert opened(world) == 1
    for name in ("tumours", "expressions"):
        world.do("withdraw-dataset", STEWARD, dataset=name, reason="a question")
    assert not world.decide().allowed
    assert world.decide(world.query(Action.OPEN_WORKSPACE, zone=Zone.INSTITUTE)).allowed
    ((home, left),) = stale(world.state, world.at)
    assert (home.number, left) == (1, (EXPRESSIONS, TUMOURS))
    assert kinds(world.do("set-home-aside", WARDEN, **ABOUT, home=1)) == [e.HomeSetAside]


def test_a_dataset_that_is_restricted_later_leaves_the_open_home() -> None:
    """S78: its files are opened from anywhere no more, until an admin says so."""
    world = of_format_2(everything_holds())
    assert opened(world) == 1
    said = [fact.event for fact in world.facts if isinstance(fact.event, e.DatasetRegistered)]
    (tumours,) = [one for one in said if one.dataset == TUMOURS]
    say(world, msgspec.structs.replace(tumours, zone=Zone.INSTITUTE))
    ((home, left),) = stale(world.state, world.at)
    assert (home.number, left) == (1, (TUMOURS,))
    assert openable(world.state, RESEARCHER, OPEN, world.at) == ()
    assert opened(world) == 2


def test_an_opt_out_that_binds_takes_its_dataset_from_the_request() -> None:
    """E72, S46: it stands with the grant, whoever opens it, so an admin looks into what was copied before."""
    world = everything_holds(at=BINDS - DAY)
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    facts(images(), OPTED_OUT, *added_to(request))(world)
    world = of_format_2(world)
    world.start(request)
    world.end(request)
    assert stale(world.state, world.at) == []
    ((home, left),) = stale(world.state, BINDS)
    assert (home.request, left) == (request, (IMAGES,))


def test_no_grant_of_a_start_holds_a_home_that_is_held_back(world: World) -> None:
    """DAT-13, S46: the second lock is told of those that a start would open, one for each network."""
    _lapse(world)
    assert openable(world.state, RESEARCHER, OPEN, world.at) == ()
    assert opened(world) == 2
    assert [one.number for one in openable(world.state, RESEARCHER, OPEN, world.at)] == [2]
    pass_course(world)
    assert [one.number for one in openable(world.state, RESEARCHER, OPEN, world.at)] == [1]
    world.start()
    assert [one.number for one in openable(world.state, RESEARCHER, OPEN, world.at)] == [1]
    _revoke(world)
    assert [one.number for one in openable(world.state, RESEARCHER, OPEN, world.at)] == [1]

"""Homes: opened only where all that they had is open still, else set aside; an admin releases or deletes them (S94)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.workspaces import StartWorkspace
from access_policy.handle import handle
from access_policy.homes import Apart, Kept, all_homes, homes_apart, homes_in_use, last_kept, stale, to_delete
from access_policy.model.enums import Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.state import Home
from tests.unit.access_policy.world import (
    ADMIN,
    DIGEST,
    HUB,
    NOON,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    STEWARD,
    TRAINER,
    WARDEN,
    World,
    everything_holds,
    kinds,
    of_format_2,
)

FIRST: dict[str, Any] = {"person": RESEARCHER, "request": OPEN, "home": 1}
LOOKED = {"reason": "nothing of it is left"}
TUMOURS, EXPRESSIONS = DatasetName("tumours"), DatasetName("expressions")


def home_of(person: str, request: str, number: int) -> Home:
    """Return a home of nobody's log."""
    return Home(PersonId(person), RequestId(request), number, Zone.ANYWHERE, NOON)


def _used() -> World:
    """Return a world where the researcher worked with both datasets of an open request, and stopped."""
    world = of_format_2(everything_holds())
    world.start()
    world.end()
    return world


def _left() -> World:
    """Return one where a dataset left that request since."""
    world = _used()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    return world


def _opened(world: World) -> int:
    """Start and end a workspace; return the number of its home."""
    world.start()
    number = world.state.workspaces[RESEARCHER, OPEN].home
    world.end()
    return number


def test_the_next_workspace_opens_the_same_home() -> None:
    """S94: the person's own work is kept."""
    world = _used()
    assert (_opened(world), len(list(all_homes(world.state)))) == (1, 1)


def test_a_workspace_of_the_institute_has_a_home_of_its_own() -> None:
    """S78: each zone and request has one, and a number counts for one person and request."""
    world = _used()
    world.start(RESTRICTED, Zone.INSTITUTE)
    assert world.state.workspaces[RESEARCHER, RESTRICTED].home == 1
    assert len(homes_in_use(world.state, RESEARCHER, RESTRICTED, Zone.INSTITUTE)) == 1
    assert homes_in_use(world.state, RESEARCHER, RESTRICTED, Zone.ANYWHERE) == ()
    assert homes_in_use(world.state, RESEARCHER, OPEN, Zone.INSTITUTE) == ()


def test_a_start_sets_a_home_aside_that_had_a_dataset_that_left() -> None:
    """S46: in the same append as the start, with a fresh home, and nothing more the time after."""
    world = _left()
    world.start()
    aside, started = [fact.event for fact in world.facts[-2:]]
    assert aside == e.HomeSetAside(**FIRST, datasets=(TUMOURS,))
    assert isinstance(started, e.WorkspaceStarted)
    assert started.home == 2
    world.end()
    assert _opened(world) == 2


def test_the_warden_sets_it_aside_where_nobody_starts() -> None:
    """S46: once; the workspace of that home has to be over."""
    world = _used()
    assert stale(world.state, world.at) == []
    assert world.refusal("set-home-aside", WARDEN, **FIRST) == RefusalCode.WRONG_STATE
    world.start()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    assert stale(world.state, world.at) == []
    assert world.refusal("set-home-aside", WARDEN, **FIRST) == RefusalCode.WRONG_STATE
    world.end()
    ((home, left),) = stale(world.state, world.at)
    assert (home.number, left) == (1, (TUMOURS,))
    assert kinds(world.do("set-home-aside", WARDEN, **FIRST)) == [e.HomeSetAside]
    assert stale(world.state, world.at) == []
    assert _opened(world) == 2


def test_no_home_is_set_aside_while_its_person_may_open_nothing() -> None:
    """S46: a request that is suspended, or a person that is stopped for a while, has lost no dataset."""
    world = _used()
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    assert stale(world.state, world.at) == []
    world = _used()
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    assert stale(world.state, world.at) == []


def test_a_dataset_that_comes_back_does_not_bring_the_home_back() -> None:
    """S46: that is an admin's decision."""
    world = _left()
    assert _opened(world) == 2
    world.agree("reopen-dataset", STEWARD, dataset="tumours")
    assert _opened(world) == 2


def _last(world: World) -> tuple[Apart | None, tuple[DatasetName, ...], bool]:
    """Return what becomes of the home of the workspace that ended last."""
    found = last_kept(world.state, RESEARCHER, OPEN, world.at)
    assert found is not None
    return found.apart, found.datasets, found.empty


def _card(world: World) -> list[tuple[int, Apart | None, bool]]:
    """Return which homes are told of as kept apart."""
    found: tuple[Kept, ...] = homes_apart(world.state, RESEARCHER, OPEN, world.at)
    return [(one.home.number, one.apart, one.empty) for one in found]


def test_what_is_kept_apart_is_told_before_and_after() -> None:
    """S46, S97: from the end of the workspace on, and no more once the home is released."""
    world = _used()
    assert (_last(world), _card(world)) == ((None, (), False), [])
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    assert (_last(world), _card(world)) == ((Apart.LEFT, (TUMOURS,), True), [(1, Apart.LEFT, True)])
    world.do("set-home-aside", WARDEN, **FIRST)
    assert (_last(world), _card(world)) == ((Apart.LEFT, (TUMOURS,), True), [(1, Apart.LEFT, True)])
    world.do("release-home", ADMIN, **FIRST, **LOOKED)
    assert (_last(world), _card(world)) == ((None, (), False), [])


def test_of_a_later_home_nothing_is_told_that_is_true_of_an_earlier_one() -> None:
    """S46, S97: the home of the last workspace opens again, though an earlier one is aside; no empty home comes."""
    world = _left()
    assert _opened(world) == 2
    assert _last(world) == (None, (), False)
    assert _card(world) == [(1, Apart.LEFT, False)]


def test_a_home_that_another_was_released_in_place_of_is_told_to_its_person_too() -> None:
    """S94: not to the admin alone."""
    world = _left()
    assert _opened(world) == 2
    world.do("release-home", ADMIN, **FIRST, **LOOKED)
    assert _last(world) == (Apart.REPLACED, (), False)
    assert _card(world) == [(2, Apart.REPLACED, False)]


def test_who_has_no_part_in_the_request_any_more_is_told_nothing_of_homes() -> None:
    """POL-09: not which datasets left it since."""
    world = _left()
    world.state.requests[OPEN].contacts.clear()
    world.state.requests[OPEN].applicant = None
    assert last_kept(world.state, RESEARCHER, OPEN, world.at) is None
    assert _card(world) == []


def test_new_rows_of_a_dataset_take_no_home_away() -> None:
    """S82: the workspace of the old rows ends, for that dataset; its home opens again, and that is what is told."""
    world = _used()
    world.start()
    released = e.VersionReleased(
        dataset=TUMOURS, version="2", location="tumours-2", manifest=DIGEST, excluded=("0" * 64,)
    )
    world.append([(person(ADMIN), released)])
    world.end()
    assert world.state.endings[RESEARCHER, OPEN].why == "dataset_withdrawn"
    assert _last(world) == (None, (), False)


def test_an_admin_releases_a_home() -> None:
    """S94: it is the one in use again, counts as having what is open still, and the other is kept in its place."""
    world = _left()
    assert _opened(world) == 2
    assert kinds(world.do("release-home", ADMIN, **FIRST, **LOOKED)) == [e.HomeReleased]
    assert _opened(world) == 1
    homes = world.state.homes[RESEARCHER, OPEN]
    assert (homes[1].datasets, homes[1].aside, homes[1].left) == ({EXPRESSIONS}, None, ())
    assert (homes[2].aside is not None, homes[2].left) == (True, ())
    assert kinds(world.do("release-home", ADMIN, **(FIRST | {"home": 2}), **LOOKED)) == [e.HomeReleased]
    assert _opened(world) == 2


def test_an_admin_has_a_home_deleted() -> None:
    """E62: ordered by the admin, confirmed by the warden, and its number is used by no other."""
    world = _left()
    assert _opened(world) == 2
    assert world.refusal("record-home-deleted", WARDEN, **FIRST) == RefusalCode.WRONG_STATE
    assert kinds(world.do("delete-home", ADMIN, **FIRST, **LOOKED)) == [e.HomeDeletionOrdered]
    assert [one.number for one in to_delete(world.state)] == [1]
    for name in ("delete-home", "release-home"):
        assert world.refusal(name, ADMIN, **FIRST, **LOOKED) == RefusalCode.WRONG_STATE
    world.do("record-home-deleted", WARDEN, **FIRST)
    assert to_delete(world.state) == []
    assert world.refusal("record-home-deleted", WARDEN, **FIRST) == RefusalCode.WRONG_STATE
    world.do("withdraw-dataset", STEWARD, dataset="expressions", reason="a question")
    assert set(world.state.homes[RESEARCHER, OPEN]) == {1, 2}


@pytest.mark.parametrize("name", ["release-home", "delete-home"])
def test_a_home_in_use_is_nobodys_to_release_or_delete(name: str) -> None:
    """S94: nor one that is not there."""
    world = _used()
    assert world.refusal(name, ADMIN, **FIRST, **LOOKED) == RefusalCode.WRONG_STATE
    assert world.refusal(name, ADMIN, **(FIRST | {"home": 2}), **LOOKED) == RefusalCode.NOT_FOUND


def test_no_home_is_released_under_a_running_workspace() -> None:
    """S46: the workspace would go on in the one, and the next open the other."""
    world = _left()
    world.start()
    assert world.refusal("release-home", ADMIN, **FIRST, **LOOKED) == RefusalCode.WRONG_STATE


@pytest.mark.parametrize("who", [RESEARCHER, TRAINER, HUB, WARDEN])
@pytest.mark.parametrize("name", ["release-home", "delete-home"])
def test_only_admins_decide_about_homes(name: str, who: Any) -> None:
    """REQ-02: not the person whose home it is, nor a part of the program."""
    world = _left()
    world.do("set-home-aside", WARDEN, **FIRST)
    assert world.refusal(name, who, **FIRST, **LOOKED) == RefusalCode.NOT_PERMITTED


def test_a_log_of_the_format_before_knows_of_one_home_only() -> None:
    """FLT-10, S46: until the upgrade is finished a workspace that needs another one does not start."""
    world = everything_holds()
    world.start()
    world.end()
    assert _opened(world) == 1
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    start = StartWorkspace(person=RESEARCHER, request=OPEN, profile="small", max_run_seconds=60, session=world.login())
    refused = handle(world.state, start, HUB, world.at)
    assert isinstance(refused, Refusal)
    assert refused.code == RefusalCode.UPGRADE_FIRST

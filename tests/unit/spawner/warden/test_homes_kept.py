"""The warden sets homes aside where a dataset left, and has those deleted of which an admin ordered it (S46, E62)."""

from dataclasses import dataclass, field

import pytest

from access_policy import events as e
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.log import LogUnavailable
from access_policy.model.ids import DatasetName
from access_policy.state import Home
from spawner.warden.homes import HomeKeeper
from spawner.warden.news import Failing
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER, STEWARD
from tests.unit.spawner.warden.cluster_room import KEY, WHY, Room

ABOUT = {"person": RESEARCHER, "request": OPEN, "home": 1}
BOUND = 10.0


@dataclass
class Places:
    """Where homes lie, in memory: what was asked to be deleted, and whether that works."""

    asked: list[int] = field(default_factory=list)
    works: bool = True
    away: bool = False

    def delete(self, home: Home, /) -> bool:
        self.asked.append(home.number)
        if self.away:
            raise OSError("away")
        return self.works


@pytest.fixture
def homes() -> Places:
    return Places()


@pytest.fixture
def keeper(here: Room, homes: Places) -> HomeKeeper:
    """A keeper after a workspace that ended, and a dataset that then left."""
    here.start()
    here.cluster.gone("Pod", "sluis-dr-1", "p-3")
    here.do("stop-workspace", ADMIN, person=RESEARCHER, request=OPEN)
    here.look(4)
    assert not here.runs()
    here.do("withdraw-dataset", STEWARD, dataset="tumours", **WHY)
    return HomeKeeper(here.policy, homes, here.seconds, here.failed.append)


def _look(here: Room, keeper: HomeKeeper) -> None:
    here.seconds.now += BOUND
    keeper.look()


def test_a_home_is_set_aside_once(here: Room, keeper: HomeKeeper, homes: Places) -> None:
    """S46: with the dataset that left; nothing is deleted for that."""
    _look(here, keeper)
    _look(here, keeper)
    assert here.facts(e.HomeSetAside) == [
        e.HomeSetAside(person=RESEARCHER, request=OPEN, home=1, datasets=(DatasetName("tumours"),))
    ]
    assert homes.asked == []


def test_a_deletion_is_on_record_when_it_was_seen(here: Room, keeper: HomeKeeper, homes: Places) -> None:
    """E62, FLT-06: tried until it is confirmed, and then no more."""
    _look(here, keeper)
    here.do("delete-home", ADMIN, **ABOUT, **WHY)
    homes.away = True
    _look(here, keeper)
    homes.away, homes.works = False, False
    _look(here, keeper)
    assert here.facts(e.HomeDeleted) == []
    homes.works = True
    _look(here, keeper)
    _look(here, keeper)
    assert here.facts(e.HomeDeleted) == [e.HomeDeleted(person=RESEARCHER, request=OPEN, home=1)]
    assert homes.asked == [1, 1, 1]


def test_a_silent_log_sets_nothing_aside(here: Room, keeper: HomeKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-04: it is tried again once the log answers."""
    with monkeypatch.context() as silent:
        silent.setattr(here.policy, "_refresh", _away)
        _look(here, keeper)
    assert here.facts(e.HomeSetAside) == []
    _look(here, keeper)
    assert len(here.facts(e.HomeSetAside)) == 1
    with here.policy.reading() as state:
        assert state.homes[KEY][1].aside is not None


def _away() -> None:
    raise LogUnavailable("away")


def test_a_refusal_is_said_and_not_at_each_look(
    here: Room, keeper: HomeKeeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """FLT-10: what the log does not take is no news each ten seconds, and nothing is said to be done."""
    _look(here, keeper)
    here.do("delete-home", ADMIN, **ABOUT, **WHY)
    monkeypatch.setattr(here.policy, "handle", lambda *_: Refusal(RefusalCode.WRONG_STATE, "another was faster"))
    with caplog.at_level("INFO", "sluis.warden"):
        for _ in range(3):
            _look(here, keeper)
    assert [one.getMessage() for one in caplog.records] == [
        "refused to `record-home-deleted` home 1 of P-3 for DR-1: another was faster"
    ]
    assert here.failed.count(Failing.HOME) == 3


def test_a_log_that_knows_of_one_home_only_is_left_alone(
    here: Room, keeper: HomeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-10: until the upgrade is finished nothing can be set aside, and nothing is asked of that log."""
    asked: list[object] = []
    with here.policy.reading() as state:
        monkeypatch.setattr(state, "format", 1)
    with monkeypatch.context() as before:
        before.setattr(here.policy, "handle", lambda command, _: asked.append(command))
        _look(here, keeper)
    assert asked == []
    monkeypatch.undo()
    _look(here, keeper)
    assert len(here.facts(e.HomeSetAside)) == 1

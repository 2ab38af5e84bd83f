"""A look may take longer than a lease lasts: it is renewed meanwhile, and who lost it lets nobody in (FLT-03)."""

from collections.abc import Callable, Collection

import pytest

from access_policy.log import LogUnavailable
from access_policy.log.errors import LeaseLost
from access_policy.state import WorkspaceKey
from spawner.warden.api import Key
from spawner.warden.news import Failing
from spawner.warden.silence import Endings, Silence
from tests.unit.access_policy.world import ADMIN, OPEN
from tests.unit.spawner.warden.cluster_room import POD, SPACE, WHY, FakeRoutes, Room, lets_in

BOUND = Silence().open


class Asked:
    """Whether it is still for this warden to act: yes, so many times; then another holds the lease."""

    def __init__(self, times: float = float("inf")) -> None:
        self.times, self.left = 0, times

    def __call__(self) -> None:
        self.times += 1
        if self.times > self.left:
            raise LeaseLost("warden")


def test_it_is_asked_before_each_change(here: Room) -> None:
    """FLT-03: the first pass of many requests takes minutes."""
    here.still = asked = Asked()
    here.look()
    assert lets_in(here)
    assert asked.times >= len(here.cluster.written()) > 3


@pytest.mark.parametrize("before", [0, 3])
def test_who_lost_it_goes_no_further_and_takes_up_again(here: Room, before: int) -> None:
    """FLT-03, DAT-04: what its successor took away is not made again; held again, the whole is gone through."""
    here.still = Asked(before)
    here.look()
    assert len(here.cluster.written()) <= before
    assert not lets_in(here)
    here.still = Asked()
    here.look()
    assert lets_in(here)


def _another() -> None:
    raise LeaseLost("warden")


def _away() -> None:
    raise LogUnavailable("away")


@pytest.mark.parametrize("answer", [_another, _away], ids=["another acts", "the log is away"])
def test_what_lost_its_ground_is_ended_all_the_same(here: Room, answer: Callable[[], None]) -> None:
    """FLT-03: it has no ground whoever acts by now."""
    here.look()
    here.start()
    here.look()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.still = answer
    here.look()
    assert "deletionTimestamp" in here.cluster.found("Pod", SPACE, POD)["metadata"]
    assert not lets_in(here)


def test_a_log_that_can_be_read_and_not_written_is_silent(here: Room) -> None:
    """POL-04: nobody can take the lease then, so whoever stands by ends what has to end after its bound."""
    here.look()
    here.start()
    here.look()
    here.warden.stand_by(LogUnavailable("the disk is full"))
    here.seconds.now += BOUND - 1
    here.warden.stand_by(LogUnavailable("the disk is full"))
    assert "deletionTimestamp" not in here.cluster.found("Pod", SPACE, POD)["metadata"]
    here.seconds.now += 1
    here.warden.stand_by(LogUnavailable("the disk is full"))
    assert "deletionTimestamp" in here.cluster.found("Pod", SPACE, POD)["metadata"]
    here.warden.stand_by()
    assert here.warden.silent_seconds() == 0.0


@pytest.mark.parametrize(("lasts", "counted"), [(5.0, 5.0), (10 * BOUND, 10.0)])
def test_a_silence_counts_from_the_question(
    here: Room, monkeypatch: pytest.MonkeyPatch, lasts: float, counted: float
) -> None:
    """POL-04: a question that waits is no answer; one that lasted for minutes was asked by who stood still (FLT-03)."""
    here.look()

    def late() -> None:
        here.seconds.now += lasts
        _away()

    monkeypatch.setattr(here.policy, "_refresh", late)
    here.look()
    assert here.warden.silent_seconds() == counted


class Hung(FakeRoutes):
    """A proxy that answers nothing, and how often it was asked."""

    asked = 0

    def open_routes(self) -> Collection[WorkspaceKey]:
        self.asked += 1
        raise OSError("timed out")

    def close(self, key: WorkspaceKey) -> None:
        self.open_routes()


def test_a_proxy_that_hangs_is_asked_once_a_look(here: Room) -> None:
    """NET-04, DAT-04: each question costs seconds, and ends wait behind it."""
    here.look()
    here.start()
    here.look()
    here.routes = hung = Hung()
    here.again()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look()
    here.cluster.gone("Pod", SPACE, POD)
    before = hung.asked
    here.look()
    assert (here.runs(), hung.asked - before) == (False, 1)


def test_notes_that_cannot_be_let_go_end_no_warden(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-04: a full disk is told and counted, and the look goes on."""

    def full(_self: Endings, _known: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Endings, "keep_only", full)
    here.look()
    assert lets_in(here)
    assert Failing.QUEUE in here.failed


def test_a_place_that_cannot_be_had_is_counted(here: Room) -> None:
    """FLT-04: at each look that finds it so."""
    here.cluster.put("Namespace", "", Key("Namespace", "", SPACE).name)
    here.look()
    assert Failing.PLACE in here.failed

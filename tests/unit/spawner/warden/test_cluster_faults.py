"""The warden on a cluster whose API server fails, and a warden that is killed: it always comes to the same end."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from spawner.warden import api as api_module
from spawner.warden.api import Trouble
from spawner.warden.places import AGAIN
from tests.unit.access_policy.world import ADMIN, OPEN
from tests.unit.spawner.warden.cluster_room import KEY, POD, SPACE, WHY, Room, ended, lets_in, pod
from tests.unit.spawner.warden.fake_api import PAGE_BREAKS, Call, Fault, without_a_wire

FAULTS = {
    "409": (5, Fault(409)),
    "403": (2, Fault(403)),
    "422": (2, Fault(422)),
    "429 with a wait": (1, Fault(429, (("Retry-After", "3"),))),
    "429 with nonsense": (1, Fault(429, (("Retry-After", "soon"),))),
    "500": (5, Fault(500)),
    "503": (1, Fault(503)),
    "reset": (1, Fault(0)),
    "reset after the deed": (1, Fault(0, after=True)),
    "500 after the deed": (1, Fault(500, after=True)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_fails_is_tried_again(name: str, here: Room) -> None:
    """FLT-04: every single call fails so many times, whatever it is; in the end all is as it is without."""
    times, fault = FAULTS[name]
    left: dict[str, int] = {}

    def faults(call: Call) -> Fault | None:
        key = f"{call.method} {call.path}"
        left[key] = left.get(key, times) - 1
        return fault if left[key] >= 0 else None

    here.cluster.faults = faults
    for _ in range(300):
        here.look(after=AGAIN)
        if max(left.values()) < 0 and here.machine.told == frozenset():
            break
    assert here.machine.told == frozenset()
    before, made = len(here.cluster.written()), here.cluster.told()
    here.cluster.faults = lambda call: None
    here.look(2, after=AGAIN)
    assert len(here.cluster.written()) == before
    here.cluster.objects = {path: one for path, one in here.cluster.objects.items() if not _is_made(path)}
    here.again()
    here.look()
    assert here.cluster.told() == made


def _is_made(path: str) -> bool:
    return "admission" not in path and "/nodes/" not in path


def test_an_api_that_asks_to_wait_is_left_alone(here: Room) -> None:
    """FLT-04: after 429 with Retry-After nothing is asked before its time, and never later than within seconds."""
    here.cluster.faults = lambda call: Fault(429, (("Retry-After", "3600"),))
    here.look()
    asked = len(here.cluster.calls)
    here.look(4, after=1.0)
    assert len(here.cluster.calls) == asked
    here.cluster.faults = lambda call: None
    here.look(3, after=2.0)
    assert lets_in(here)


def test_a_list_that_expired_is_read_again(here: Room) -> None:
    """FLT-04: 410 in the middle of a long list begins it anew, in one piece."""
    here.look()
    start = here.start()
    here.cluster.page = 1
    here.cluster.faults = lambda call: Fault(410) if "continue" in call.query else None
    here.cluster.put("Pod", SPACE, "p-9", labels=dict(pod(start)["labels"]), spec={})
    assert len(here.machine.running()) == 2
    assert PAGE_BREAKS


def test_an_api_that_never_answers_holds_nothing_up(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-04: 60 s of latency are cut off after seconds, once a look; nothing counts as gone, and it catches up."""
    here.look()
    here.start()
    here.look()
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    monkeypatch.setattr(api_module, "_SECONDS", (0.2, 0.2))
    slow = here.cluster
    slow.lock.acquire()
    try:
        here.look(2)
        assert here.routes.closed == [KEY], "routes go at once"
        assert here.runs()
    finally:
        slow.lock.release()
    monkeypatch.undo()
    here.look(4, after=2.0)
    assert not lets_in(here)
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert ended(here) == ["request_ended"]


def test_a_withdrawal_while_the_api_is_away_is_carried_out_later(here: Room) -> None:
    """FLT-06: recorded at once, tried until it is confirmed; no workspace is forgotten, none counts as ended."""
    here.look()
    here.start()
    here.look()
    here.cluster.faults = lambda call: Fault(0)
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(120)
    assert here.runs()
    assert ended(here) == []
    here.cluster.faults = lambda call: None
    here.look(2, after=5.0)
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert ended(here) == ["request_ended"]


def test_a_pod_that_cannot_be_deleted_holds_up_nothing_else(here: Room) -> None:
    """FLT-06, DAT-04: grant and binding go though the pod's deletion fails, and it is asked for again and again."""
    here.look()
    here.start()
    here.look()
    here.cluster.faults = lambda call: Fault(500) if call.method == "DELETE" and "/pods/" in call.path else None
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look(3)
    assert not lets_in(here)
    assert here.runs()
    here.cluster.faults = lambda call: None
    here.look()
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]


class Crash(BaseException):
    """The warden's process ends, here and now."""


@pytest.mark.parametrize("after", [False, True], ids=["before the deed", "after the deed"])
@pytest.mark.parametrize("made", [False, True], ids=["from nothing", "closing one"])
def test_a_crash_at_any_call_leaves_what_a_second_warden_finishes(
    made: bool, after: bool, here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-01, FLT-04: killed at each call in turn, the next warden comes to the same end as without."""
    if made:
        here.look()
        here.do("end-request", ADMIN, request=OPEN, **WHY)
    begin = deepcopy(here.cluster.objects)
    here.again()
    here.cluster.calls.clear()
    wireless = without_a_wire(here.cluster)
    monkeypatch.setattr(api_module.Api, "_call", wireless)
    here.look()
    calls, good = len(here.cluster.calls), here.cluster.told()
    for number in range(1, calls + 1):
        here.cluster.objects = deepcopy(begin)
        with monkeypatch.context() as patched:
            patched.setattr(api_module.Api, "_call", _crashing(wireless, number, after))
            here.again()
            with pytest.raises(Crash):
                here.look()
        here.again()
        here.look()
        assert here.cluster.told() == good, f"after a crash at call {number}"


def _crashing(real: Callable[..., Any], number: int, after: bool) -> Any:
    """Return the call that ends the process when it comes to this number."""
    left = [number]

    def call(self: Any, *args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Crash
        answer = real(self, *args, **named)
        if left[0] == 0:
            raise Crash
        return answer

    return call


def test_a_trouble_says_whether_it_is_of_all() -> None:
    """FLT-04: one object's trouble is in no other's way."""
    assert [Trouble("", status).of_all for status in (0, 429, 503, 409, 422, 500)] == [True] * 3 + [False] * 3

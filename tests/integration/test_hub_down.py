"""A hub that answers nobody for a time: what has to end does, by the warden alone (FLT-08)."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from access_policy.model.instants import format_instant, parse_instant
from tests.integration.own_spawner import processes_naming
from tests.integration.whole import RunningSluis, Visitor, sluis, until

pytestmark = pytest.mark.integration

SOON = 15.0  # seconds to a deadline: enough for a workspace to come up on a busy machine
LATE = 10.0  # how much later everything has to be over


@pytest.fixture
def lotte(demo: RunningSluis) -> Iterator[Visitor]:
    """A researcher who is logged in."""
    visitor = Visitor(demo, "lotte")
    visitor.log_in()
    yield visitor
    visitor.close()


@contextmanager
def hub_down(demo: RunningSluis) -> Iterator[None]:
    """Stop the hub's process, so that it neither answers nor polls nor ends what it started."""
    hub = demo.parts()["jupyterhub"]
    os.kill(hub, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(hub, signal.SIGCONT)


def known_for(demo: RunningSluis, person: str, seconds: float) -> str:
    """Let a person be verified for so long from now; the instant at which that is over."""
    ends = format_instant(datetime.now(UTC) + timedelta(seconds=seconds))
    demo.do("withdraw-verification", "P-1", person=person, reason="looked at anew")
    demo.do("verify-person", "P-1", person=person, method="video-call", evidence="seen", until=ends)
    return ends


def runs(demo: RunningSluis) -> list[str]:
    """Every process of a sandbox."""
    return processes_naming(demo.state / "run")


def over_and_on_record(demo: RunningSluis, person: str) -> bool:
    return runs(demo) == [] and not demo.has_workspace(person)


def test_a_deadline_holds_while_the_hub_is_down(demo: RunningSluis, lotte: Visitor) -> None:
    """FLT-08, POL-03: not before its instant, and within seconds of it; the end is on record before the hub is back."""
    ends = parse_instant(known_for(demo, lotte.person, SOON)).timestamp()
    assert lotte.spawn("DR-1", profile="small").status_code == 200
    until(lambda: lotte.reaches("DR-1"))
    with hub_down(demo):
        until(lambda: runs(demo) == [])
        gone = time.time()
        until(lambda: over_and_on_record(demo, lotte.person))
    assert ends <= gone < ends + LATE
    assert demo.endings(lotte.person, "DR-1")
    known_for(demo, lotte.person, 300 * 86400)
    until(lotte.logged_in)


def test_a_withdrawal_is_carried_out_while_the_hub_is_down(demo: RunningSluis, lotte: Visitor) -> None:
    """FLT-06, FLT-08: the hub is not asked; once it is back it knows, and the person may start anew."""
    assert lotte.spawn("DR-2", profile="small").status_code == 200
    until(lambda: lotte.reaches("DR-2"))
    with hub_down(demo):
        demo.do("stop-workspace", lotte.person, person=lotte.person, request="DR-2")
        until(lambda: over_and_on_record(demo, lotte.person), LATE)
    until(lambda: not lotte.reaches("DR-2"))
    until(lambda: lotte.spawn("DR-2", profile="small").status_code == 200)
    until(lambda: lotte.reaches("DR-2"))
    demo.do("stop-workspace", lotte.person, person=lotte.person, request="DR-2")
    until(lambda: over_and_on_record(demo, lotte.person))
    assert sluis(demo.state, "log", "verify").returncode == 0

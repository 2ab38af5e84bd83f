"""The hub's own patience with a silent log, which counts where the warden is gone: by bounds, one poll at a time."""

from types import SimpleNamespace
from typing import Any

import pytest
from traitlets import HasTraits

from access_policy.model.enums import Zone
from spawner.decided import AFTER_THE_WARDEN, Decided
from spawner.warden.silence import Silence

pytestmark = pytest.mark.unit
BOUNDS = Silence(open=60.0, restricted=30.0)


class Policy:
    """Answers until it falls silent, with the zone that it has by then."""

    silent = False
    zone: Zone | None = Zone.ANYWHERE

    def may_keep(self, person: str, request: str, seq: int) -> bool:
        """Yes, as long as it answers."""
        if self.silent:
            raise OSError("the log does not answer")
        return True

    def zone_of(self, person: str, request: str) -> Zone | None:
        """As the test says."""
        return self.zone


class Running(Decided, HasTraits):
    """A workspace that was started, polled each five seconds."""

    name, silence, poll_interval = "dr-12", BOUNDS, 5
    log = SimpleNamespace(exception=lambda *_: None)
    _log_name = "p-3:dr-12"

    def __init__(self, policy: Policy) -> None:
        self.user = SimpleNamespace(name="p-3")
        self.policy: Any = policy  # type: ignore[misc]
        super().__init__(proxy_spec="/user/p-3/dr-12/")


def lasted(one: Running, policy: Policy) -> float:
    """Return after how many seconds of silence, at a poll, it may not be kept any more; bounded."""
    policy.silent = True
    return next(float(seconds) for seconds in range(5, 600, 5) if not one._may_keep())


@pytest.mark.parametrize("zone", [Zone.ANYWHERE, Zone.INSTITUTE])
def test_the_hub_is_patient_for_longer_than_the_warden(zone: Zone) -> None:
    """POL-04: by a fixed time, so that the warden, which keeps why, comes first; and no longer."""
    policy = Policy()
    policy.zone = zone
    one = Running(policy)
    assert one._may_keep()
    assert lasted(one, policy) == BOUNDS.bound(zone is Zone.INSTITUTE) + AFTER_THE_WARDEN
    assert AFTER_THE_WARDEN == 20


def test_data_that_are_restricted_after_the_start_have_the_shorter_bound() -> None:
    """POL-04, S78: as the warden counts it; known from the next poll that is answered."""
    policy = Policy()
    one = Running(policy)
    assert one._may_keep()
    assert not one._restricted
    policy.zone = Zone.INSTITUTE
    assert one._may_keep()
    assert lasted(one, policy) == BOUNDS.restricted + AFTER_THE_WARDEN


def test_a_hub_that_was_started_again_knows_it_from_the_first_answer() -> None:
    """POL-04, POL-05: until then a workspace counts as restricted."""
    policy = Policy()
    unheard, heard = Running(policy), Running(policy)
    assert unheard._restricted
    assert heard._may_keep()
    assert lasted(heard, policy) == BOUNDS.open + AFTER_THE_WARDEN
    assert lasted(unheard, policy) == BOUNDS.restricted + AFTER_THE_WARDEN


def test_an_answer_ends_the_count() -> None:
    """POL-04: only silence without a break counts."""
    policy = Policy()
    one = Running(policy)
    policy.silent = True
    assert all(one._may_keep() for _ in range(9))
    policy.silent = False
    assert one._may_keep()
    assert lasted(one, policy) == BOUNDS.open + AFTER_THE_WARDEN

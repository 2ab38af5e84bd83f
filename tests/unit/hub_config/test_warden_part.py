"""The schedule of the checkpoints: signed again where the log moved on, tried again where that failed (AUD-02)."""

from datetime import UTC, datetime
from typing import cast

import pytest

from access_policy.log.errors import LogUnavailable
from access_policy.log.store import Head
from access_policy.use_cases import Policy
from hub_config.warden_part import _Signed

pytestmark = pytest.mark.unit

MINUTE = 60.0


class Log:
    """A log that is signed: its sizes, what signing it and reading it answer, and how often it was signed."""

    def __init__(self) -> None:
        self.facts, self.observations = 7, 0
        self.problem: str | None = None
        self.away = False
        self.signed: list[tuple[int, int]] = []
        self.scrubbed = 0

    @property
    def store(self) -> "Log":
        return self

    def head(self) -> Head:
        if self.away:
            raise LogUnavailable("the log is away")
        return Head(self.facts, "", datetime(2026, 11, 22, tzinfo=UTC))

    def observation_head(self) -> Head:
        return Head(self.observations, "", None)

    def scrub(self) -> None:
        self.scrubbed += 1

    def sign(self) -> str | None:
        self.signed.append((self.facts, self.observations))
        return self.problem


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def signed(log: Log) -> _Signed:
    return _Signed(cast(Policy, log), MINUTE)


def test_a_head_that_moved_is_signed_in_time(log: Log, signed: _Signed) -> None:
    """AUD-02: at the start, and again after its minutes where facts or observations came; not before, not for none."""
    signed.keep_up(0.0)
    assert log.signed == [(7, 0)]
    log.facts = 8
    signed.keep_up(MINUTE - 1)
    assert log.signed == [(7, 0)]
    signed.keep_up(MINUTE)
    assert log.signed == [(7, 0), (8, 0)]
    signed.keep_up(2 * MINUTE)
    assert log.signed == [(7, 0), (8, 0)]
    log.observations = 1
    signed.keep_up(3 * MINUTE)
    assert log.signed == [(7, 0), (8, 0), (8, 1)]


def test_what_was_erased_is_scrubbed_on_schedule(log: Log, signed: _Signed) -> None:
    """E50: whether or not a head moved, so that a reader who was there at the erasure only puts it off."""
    for minute in (0, 0.5, 1, 2):
        signed.keep_up(minute * MINUTE)
    assert log.scrubbed == 3


def test_what_failed_is_tried_again(log: Log, signed: _Signed, caplog: pytest.LogCaptureFixture) -> None:
    """AUD-02, AUD-05: though nothing moved since; each time it is said."""
    log.problem = "the disk is full"
    signed.keep_up(0.0)
    signed.keep_up(MINUTE)
    log.problem = None
    signed.keep_up(2 * MINUTE)
    signed.keep_up(3 * MINUTE)
    assert len(log.signed) == 3
    assert caplog.text.count("the disk is full") == 2


def test_a_log_that_is_away_is_signed_once_it_is_back(
    log: Log, signed: _Signed, caplog: pytest.LogCaptureFixture
) -> None:
    """AUD-05: the warden goes on meanwhile."""
    log.away = True
    signed.keep_up(0.0)
    log.away = False
    signed.keep_up(MINUTE)
    assert (log.signed, "the log is away" in caplog.text) == ([(7, 0)], True)

"""The warden's look at observations whose years are over: each hour, sooner while there are more (E48)."""

import logging
from typing import cast

import pytest

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.log.errors import LogUnavailable
from access_policy.use_cases import Done, Policy
from hub_config import cutting
from hub_config.cutting import Cutting

pytestmark = pytest.mark.unit
HOUR = 3_600.0


class Answers:
    """What cutting answers, one after the other; how often it was asked."""

    def __init__(self, *answers: Done | Refusal | LogUnavailable | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, _policy: object) -> Done | Refusal | None:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, LogUnavailable):
            raise answer
        return answer


def watched(
    monkeypatch: pytest.MonkeyPatch, *answers: Done | Refusal | LogUnavailable | None
) -> tuple[Cutting, Answers]:
    found = Answers(*answers)
    monkeypatch.setattr(cutting, "cut_observations", found)
    return Cutting(cast(Policy, None)), found


def test_an_hour_lies_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """E48: at the start, and each hour, where nothing is over."""
    looks, found = watched(monkeypatch)
    for now in (0.0, 1.0, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR):
        looks.keep_up(now)
    assert found.asked == 3


def test_more_goes_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """E48: after a cut it looks again shortly, until nothing is left; others append in between."""
    looks, found = watched(monkeypatch, Done(()), Done(()))
    for second in range(100):
        looks.keep_up(float(second))
    assert found.asked == 3


@pytest.mark.parametrize(
    "answer",
    [LogUnavailable("the disk is gone"), Refusal(RefusalCode.CLOCK_JUMPED, "the clock jumped")],
    ids=["error", "no"],
)
def test_what_keeps_it_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: Refusal | LogUnavailable
) -> None:
    """E48, AUD-05: and tried again an hour later; the warden goes on."""
    looks, found = watched(monkeypatch, answer)
    with caplog.at_level(logging.INFO):
        looks.keep_up(0.0)
        looks.keep_up(HOUR)
    assert found.asked == 2
    assert caplog.text.count("observations whose years are over are not cut: the ") == 1

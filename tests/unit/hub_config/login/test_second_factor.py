"""Codes and how often one may try them."""

import base64
import hmac
import random
import struct
from datetime import UTC, datetime, timedelta

import pytest

from hub_config.login.second_factor import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_RUN,
    TRIES,
    WINDOW,
    Throttle,
    matching_step,
    read_code,
    step_of,
)

pytestmark = pytest.mark.unit

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)


def oath(secret: str, step: int) -> str:
    """RFC 4226 §5.3 written down once more, from the text of the RFC."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), "sha1").digest()
    offset = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
        (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_rfc_6238_vectors(seconds: int, eight_digits: str) -> None:
    """MFA-09: RFC 6238 appendix B (SHA-1); six digits are the last six of eight."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, eight_digits[-6:], at) == seconds // 30


def test_a_thousand_random_secrets_agree_with_the_rfc() -> None:
    """MFA-09: against an implementation written from the RFC's text."""
    chance = random.Random(6238)
    for _ in range(1000):
        secret = base64.b32encode(chance.randbytes(20)).decode()
        at = datetime.fromtimestamp(chance.randrange(2**33), UTC)
        assert matching_step(secret, oath(secret, step_of(at)), at) is not None


@pytest.mark.parametrize(("near", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_either_way(near: int, accepted: bool) -> None:
    """MFA-04: the step before, this one and the next, and no other."""
    step = step_of(NOW) + near
    assert matching_step(RFC_SECRET, oath(RFC_SECRET, step), NOW) == (step if accepted else None)


@pytest.mark.parametrize(("second", "step"), [(0, 0), (29.999, 0), (30, 1), (59.999, 1)])
def test_steps_are_half_open(second: float, step: int) -> None:
    """A code's half minute begins at its first instant and ends before the next one's."""
    assert step_of(datetime.fromtimestamp(second, UTC)) == step


@pytest.mark.parametrize(("typed", "code"), [("123456", "123456"), (" 123 456 ", "123456"), ("000000", "000000")])
def test_six_digits_are_read(typed: str, code: str) -> None:
    """MFA-10: with or without spaces, leading zeros kept."""
    assert read_code(typed) == code


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "\u0661\u0662\u0663\u0664\u0665\u0666", "-12345",
     "+12345", "12345a", "0x1234", "123\u00a0456", "123\n456", "1" * 1_000_000,
     " " * 1_000_000 + "123456", "123456\x00"],
    ids=lambda typed: ascii(typed)[:12],
)  # fmt: skip
def test_nothing_else_is_a_code(typed: str) -> None:
    """MFA-10: other digits, other lengths, signs, and what is too long to be looked at."""
    assert read_code(typed) is None


def test_ten_wrong_codes_close_a_person() -> None:
    """MFA-05: the tenth closes; others are not touched; half-open at the end."""
    throttle = Throttle()
    for number in range(TRIES):
        assert throttle.closed_until("P-3", NOW) is None, number
        throttle.wrong("P-3", NOW)
    assert throttle.closed_until("P-3", NOW) == NOW + FIRST_PAUSE
    assert throttle.closed_until("P-4", NOW) is None
    assert throttle.closed_until("P-3", NOW + FIRST_PAUSE) is None


def test_pauses_double_up_to_an_hour() -> None:
    """MFA-05: who goes on guessing waits longer each time."""
    throttle, at, pauses = Throttle(), NOW, []
    for _ in range(6):
        for _ in range(TRIES):
            throttle.wrong("P-3", at)
        until = throttle.closed_until("P-3", at)
        assert until is not None
        pauses.append(until - at)
        at = until
    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_slow_mistakes_close_nothing() -> None:
    """People mistype now and then: only tries within the window count together."""
    throttle = Throttle()
    for number in range(100):
        throttle.wrong("P-3", NOW + number * WINDOW / (TRIES - 1))
    assert throttle.closed_until("P-3", NOW + 100 * WINDOW / (TRIES - 1)) is None


def test_a_right_code_forgets_the_wrong_ones() -> None:
    """A person who got in starts anew."""
    throttle = Throttle()
    for _ in range(3):
        for _ in range(TRIES - 1):
            throttle.wrong("P-3", NOW)
        throttle.right("P-3")
    assert throttle.closed_until("P-3", NOW) is None


def test_guessing_succeeds_less_than_once_in_ten_thousand() -> None:
    """MFA-05: three codes are right at any time; the longest run of wrong ones keeps the chance below 1e-4."""
    assert 1 - (1 - 3 / 10**6) ** LONGEST_RUN <= 1e-4

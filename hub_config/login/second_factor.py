"""The second step in values alone: is this the code of that secret now (RFC 6238), and how often may one try (S76).

Six digits, steps of 30 seconds, one step either way for clocks that differ: three codes are right at any time. A factor
is shut off after `LONGEST_RUN` wrong codes in a row, so that guessing succeeds with a probability of at most
3 * 33 / 10**6 < 1e-4 (MFA-05). That a step counts once is the records' part (`accept_step`, MFA-01).
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

STEP_SECONDS = 30
LONGEST_RUN = 33
"""Wrong codes in a row, over any time and any number of browsers, after which a factor is shut off."""


def longest_run(apps: int) -> int:
    """Return the same for somebody with several authenticator apps: a code may be of each, so a guess is right more
    often (MFA-05)."""
    return LONGEST_RUN // max(apps, 1)


TRIES = 10
WINDOW = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=1)
_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_LONGEST_INPUT = 20


def read_code(text: str) -> str | None:
    """Return the six ASCII digits that were typed, spaces taken out, or None for anything else (MFA-10)."""
    if len(text) > _LONGEST_INPUT:
        return None
    code = text.replace(" ", "")
    return code if _SIX_DIGITS.fullmatch(code) else None


def step_of(at: datetime) -> int:
    """Return the RFC 6238 time step of an instant."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the newest step around `at` whose code this is, or None; the time taken tells nothing (MFA-04)."""
    generator = pyotp.TOTP(secret)
    found = None
    for step in range(step_of(at) - 1, step_of(at) + 2):
        if hmac.compare_digest(generator.generate_otp(step).encode(), code.encode()):
            found = step
    return found


@dataclass
class _Tries:
    wrong: list[datetime] = field(default_factory=list)
    rounds: int = 0
    closed_until: datetime | None = None


class Throttle:
    """At most `TRIES` wrong codes of one person within `WINDOW`, then a pause that doubles (MFA-05).

    It counts per person, whatever browser, address or half-finished login a try comes with. The count lives as long as
    the hub's process; the one of `LONGEST_RUN` is kept with the factor.
    """

    def __init__(self) -> None:
        self._people: dict[str, _Tries] = {}

    def closed_until(self, person: str, at: datetime) -> datetime | None:
        """Return when the person may try again, or None: now."""
        tries = self._people.get(person)
        if tries is None or tries.closed_until is None or at >= tries.closed_until:
            return None
        return tries.closed_until

    def wrong(self, person: str, at: datetime) -> None:
        """Count a wrong code."""
        tries = self._people.setdefault(person, _Tries())
        tries.wrong = [*[one for one in tries.wrong if at - one < WINDOW], at]
        if len(tries.wrong) >= TRIES:
            tries.closed_until = at + min(FIRST_PAUSE * 2**tries.rounds, LONGEST_PAUSE)
            tries.rounds += 1
            tries.wrong = []

    def right(self, person: str) -> None:
        """Forget a person's wrong codes."""
        self._people.pop(person, None)

"""Logins that failed, as evidence: one observation each, and a stranger who repeats themselves leaves one a minute."""

from datetime import datetime, timedelta

from access_policy import events as e
from access_policy.use_cases import Policy
from hub_config.login.sessions import HUB

_QUIET = timedelta(minutes=1)
_REMEMBERED = 1000


class Refusals:
    """Writes `LoginRefused` observations; one for the process."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last: dict[tuple[str, str], datetime] = {}

    def record(self, identity: str, why: str) -> None:
        """Record the refusal of a known person's login."""
        self._policy.observe(HUB, e.LoginRefused(identity=identity, why=why))

    def record_stranger(self, identity: str, why: str) -> None:
        """Record the refusal of somebody who is not known, unless the same happened within the last minute."""
        at, key = self._policy.now(), (identity, why)
        if key in self._last and at - self._last[key] < _QUIET:
            return
        if len(self._last) >= _REMEMBERED:
            self._last.clear()
        self._last[key] = at
        self.record(identity, why)

"""The warden's part in the retention of observations: a look each hour, sooner while many are over (E48).

What keeps it from cutting is said and tried again; nothing is decided here.
"""

import logging

from access_policy.commands.base import Refusal
from access_policy.log.errors import LogError
from access_policy.use_cases import Policy, cut_observations

_log = logging.getLogger("sluis.warden")
_EVERY = 3_600.0
_SOON = 10.0  # seconds; others write in between


class Cutting:
    """Cuts observations whose years are over, for one process."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._next = 0.0

    def keep_up(self, now: float) -> None:
        """Cut what is due, where it is time to look; `now` in seconds by any clock that does not jump."""
        if now >= self._next:
            self._next = now + (_SOON if self._cut() else _EVERY)

    def _cut(self) -> bool:
        try:
            outcome = cut_observations(self._policy)
        except LogError as error:
            _log.error("observations whose years are over are not cut: %s", error)
            return False
        if isinstance(outcome, Refusal):
            _log.error("observations whose years are over are not cut: %s", outcome.text)
            return False
        for fact in outcome.facts if outcome is not None else ():
            _log.info("observations were cut after their years, as fact `%d` says", fact.seq)
        return outcome is not None

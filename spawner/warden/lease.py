"""Which warden acts: the one that holds the lease. Others stand by and take over within seconds (POL-03, FLT-03)."""

import logging
import math
from collections.abc import Callable

from access_policy.log.errors import LeaseLost
from access_policy.log.leases import Fenced

NAME = "warden"
SECONDS = 5.0
"""How long a lease lasts that is not renewed."""

_RENEW = 1.0
_LOGGER = logging.getLogger("sluis.warden")


class Lease:
    """The lease as one warden sees it. `holder` tells it from every other that ever was."""

    def __init__(self, leases: Fenced, holder: str, monotonic: Callable[[], float]) -> None:
        self._leases = leases
        self._holder = holder
        self._monotonic = monotonic
        self._renewed = -math.inf
        self.held = False
        self._told: bool | None = None

    def keep(self) -> bool:
        """Take or renew the lease where it is time; say whether it is held. Raises LogError for no answer."""
        now = self._monotonic()
        if self.held and now - self._renewed < _RENEW:
            return True
        self.held = self._leases.take(NAME, self._holder, SECONDS)
        self._renewed = now  # from before it was asked for
        self._tell()
        return self.held

    def still(self) -> None:
        """Renew it in the middle of a look, which may take longer than it lasts. Raises LeaseLost, LogError."""
        if not self.keep():
            raise LeaseLost(NAME)

    def give_up(self) -> None:
        """Let it go at the end. Raises LogError for no answer: it then lapses by itself."""
        if self.held:
            self.held = False
            self._leases.give_up()

    def _tell(self) -> None:
        if self.held != self._told:
            _LOGGER.info("it is for this warden to act" if self.held else "standing by: another warden acts")
        self._told = self.held

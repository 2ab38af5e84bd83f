"""Since when the log does not answer, as far as the hub knows, for the people whose workspaces then end (POL-04).

The warden counts for itself and ends them. The hub asks with each check of its routes and each page that asks for its
leash, so what it says is at most some seconds shorter than what is left.
"""

from collections.abc import Callable, Mapping
from typing import Any

from access_policy.log.errors import LogError
from access_policy.use_cases import Policy
from hub_config.gated_proxy import SessionSweep

BELIEVED_SECONDS = 2.0
"""For how long a silence is believed without another question, each of which may keep the whole hub waiting."""


class Heard:
    """When the log answered last; one for the hub's process, made when it answered. `monotonic` gives seconds."""

    def __init__(self, policy: Policy, monotonic: Callable[[], float]) -> None:
        self._policy = policy
        self._monotonic = monotonic
        self._answered = monotonic()
        self._failed: float | None = None

    def silent_for(self) -> float | None:
        """Return for how many seconds the log has been silent, or None where it answers."""
        now = self._monotonic()
        if self._failed is None or now - self._failed >= BELIEVED_SECONDS:
            self._ask()
        return None if self._failed is None else self._monotonic() - self._answered

    def _ask(self) -> None:
        """A log that is not the one that was signed decides nothing either, for the warden as for everybody."""
        try:
            with self._policy.reading():
                self._answered, self._failed = self._monotonic(), None
        except LogError:
            self._failed = self._monotonic()


class AskingSweep:
    """A sweep of sessions that asks the log first; called by `GatedProxy.check_routes`, every ten seconds."""

    def __init__(self, heard: Heard, sweep: SessionSweep) -> None:
        self._heard = heard
        self._sweep = sweep

    async def __call__(self, users: Mapping[Any, Any], proxy: Any) -> None:
        """Ask, and sweep."""
        self._heard.silent_for()
        await self._sweep(users, proxy)

"""What ends sessions that nobody logs out of: idleness, age, and facts that take their ground away (S76, SES-12).

A session that is over lets nobody in from that instant on, whoever asks. What is left is to tell, and to take the
hub's tokens and the sockets that still run: every few seconds, with the hub's check of its routes.
"""

import logging
from collections.abc import Mapping
from typing import Any

from access_policy import events as e
from access_policy.log.errors import LogError
from access_policy.log.records import Session as Record
from access_policy.model.enums import Zone
from access_policy.use_cases import Policy
from hub_config.login.sessions import HUB, HubSide, forget_tokens, person_of, renew_routes, why_over
from hub_config.sessions import as_session

_LOGGER = logging.getLogger("sluis.sessions")
OVER = "session_over"


class Sweep:
    """Ends what is over; one for the hub's process, called by `GatedProxy.check_routes`."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def __call__(self, users: Mapping[Any, Any], proxy: Any) -> None:
        """End what is over of everybody. Where the log does not answer nobody gets in, and this is tried again."""
        try:
            self._mark()
            self._end_stays()
            for user in list(users.values()):
                await self._clear(HubSide(user, proxy))
        except LogError as error:
            _LOGGER.error("cannot end sessions that are over; trying again: %s", error)

    def _mark(self) -> None:
        """Put on record which sessions are over, each once, whoever of hub and warden is first."""
        policy, at = self._policy, self._policy.now()
        for session in policy.records.end_overdue_sessions(at, OVER):
            self._tell(session, OVER)
        for session in policy.records.live_sessions(at):
            why = why_over(policy, session.person, as_session(session, at))
            if why is not None and policy.records.end_session(session.session, at, why) is not None:
                self._tell(session, why)

    def _end_stays(self) -> None:
        """Put on record who was not seen inside any more; their routes went with that instant (S78, NET-05)."""
        for session in self._policy.records.end_stays(self._policy.now()):
            moved = e.SessionMoved(person=session.person, session=session.session, zone=Zone.ANYWHERE)
            self._policy.observe(HUB, moved)

    def _tell(self, session: Record, why: str) -> None:
        self._policy.observe(HUB, e.SessionEnded(person=session.person, session=session.session, why=why))

    async def _clear(self, hub: HubSide) -> None:
        """Where tokens of a session are left that is over, sockets of it may be, too."""
        if forget_tokens(hub.user, lambda digest: self._over(hub, digest)):
            await renew_routes(hub)

    def _over(self, hub: HubSide, digest: str) -> bool:
        record = self._policy.records.session(digest)
        session = None if record is None else as_session(record, self._policy.now())
        return why_over(self._policy, person_of(hub.user.name), session) is not None

"""The page of one's sessions: in which browsers a person is logged in, and the ending of one or of all (SES-11).

The hub alone ends sessions (AUD-11), so this page is the hub's; the desk shows the same list and leads here.
"""

from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.log.records import Session
from hub_config.desk.words import FACTORS, instant
from hub_config.login.factors_page import OwnTabMixin
from hub_config.login.sessions import HubSide, end_person_sessions, end_session_named

DONE = {
    "one": "That session has ended. It lets nobody in any more.",
    "others": "All your other sessions have ended. You stay logged in here.",
}
"""What the page says after a change."""
WHY = "person"


class SessionsPage(OwnTabMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """Lists a person's live sessions to them, and ends those that they choose; workspaces compute on."""

    @web.authenticated
    async def get(self) -> None:
        """Show them, the newest first."""
        session = self.own_session()
        policy = self.parts.policy
        found = policy.records.live_sessions(policy.now(), session.person)[::-1]
        done = DONE.get(self.get_query_argument("done", ""), "")
        self.finish(
            await self.render_template(
                "sessions.html", sessions=found, here=session.session, instant=instant, factors=FACTORS, done=done
            )
        )

    @web.authenticated
    async def post(self) -> None:
        """End one other session, or all others. The hub checks its XSRF token before this is called (SES-06)."""
        session, wanted = self.own_session(), self.get_body_argument("do", "")
        if wanted not in DONE:
            raise web.HTTPError(400)
        await (self._end_one(session) if wanted == "one" else self._end_others(session))
        self.redirect(f"{self.hub.base_url}sessions?{urlencode({'done': wanted})}", status=303)

    async def _end_one(self, session: Session) -> None:
        """Somebody else's session, or one that is over, looks like one that is not there (REQ-03)."""
        policy, name = self.parts.policy, self.get_body_argument("session", "")
        mine = {one.session for one in policy.records.live_sessions(policy.now(), session.person)}
        if name not in mine - {session.session}:
            raise web.HTTPError(404)
        await end_session_named(policy, self._hub_side(), name, WHY)

    async def _end_others(self, session: Session) -> None:
        await end_person_sessions(self.parts.policy, self._hub_side(), WHY, session.session)

    def _hub_side(self: Any) -> HubSide:
        return HubSide(self.current_user, self.proxy)

"""What a workspace's page asks the hub: until when it runs, and whether the log is silent (POL-03, POL-04).

Asking is no sign of the person (SES-12), and changes nothing.
"""

from collections.abc import Container
from typing import Any, ClassVar

import msgspec
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.log.errors import LogError
from access_policy.model.ids import RequestId
from hub_config.hub_answers import as_nobody
from hub_config.leashes import LeashAnswer, Leashes
from hub_config.login.activity import let_read
from hub_config.login.flow import LoginFlowMixin
from hub_config.login.sessions import person_of


class LeashPage(LoginFlowMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """The leash of one's own workspace of a request, as JSON.

    The composition root sets `leashes`, and `origins`: those of the hub itself.
    """

    leashes: ClassVar[Leashes]
    origins: ClassVar[Container[str]] = frozenset()

    async def prepare(self) -> None:
        """Called by tornado: a silent log knows no sessions, so nobody is asked for one then."""
        self._silent = self.leashes.silent_for() is not None
        if self._silent:
            as_nobody(self)
        else:
            await super().prepare()

    async def get(self, server_name: str) -> None:
        """Say what holds now. While the log is silent: for how long workspaces go on."""
        user = asking(self)
        self._let_its_page_read(user, server_name)
        answer = silence_answer(user, server_name) if self._silent else self._answer(user, server_name)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(answer))

    def _answer(self, user: Any, server_name: str) -> LeashAnswer:
        if user is None or getattr(self, "_token_authenticated", False):
            raise web.HTTPError(403)
        try:
            return self.leashes.answer(person_of(user.name), RequestId(server_name.upper()))
        except LogError:
            return silence_answer(user, server_name)

    def _let_its_page_read(self, user: Any, server_name: str) -> None:
        """Only the hub's own pages and the very workspace's: one request's page learns nothing of another (SES-07)."""
        origin = self.request.headers.get("Origin", "")
        if not origin and self.request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none"):
            return
        own = "" if user is None else self.spawner_class.origin_of(user.name, server_name)
        if not origin or (origin not in self.origins and origin != own):
            raise web.HTTPError(403)
        let_read(self, origin)


def asking(handler: Any) -> Any:
    """Return the hub's user of a request, or None. While the log is silent, whoever the hub's own cookie names.

    No session is believed by that, so no more is told than for how long workspaces bear the silence.
    """
    return handler.current_user or (handler.get_current_user_cookie() if LeashPage.leashes.silent_for() else None)


def silence_answer(user: Any, server_name: str) -> LeashAnswer:
    """Return what is said while the log is silent, about a workspace of a user of the hub's, or of nobody."""
    spawner = None if user is None else user.spawners.get(server_name)
    person, request = person_of("" if user is None else user.name), RequestId(server_name.upper())
    restricted = True if spawner is None else spawner._restricted if spawner.active else None
    return LeashPage.leashes.in_silence(person, request, restricted)

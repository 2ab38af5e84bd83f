"""What a person does at the hub keeps their session awake: pages, forms, a workspace's beacon (S76, SES-12)."""

from collections.abc import Callable, Container
from typing import Any, ClassVar

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.log.errors import LogError
from access_policy.log.records import token_digest
from access_policy.use_cases import Policy
from hub_config.doors import WORD_HEADER
from hub_config.login.flow import SESSION_COOKIE, LoginFlowMixin
from hub_config.login.sessions import HubSide, open_routes, session_holds
from hub_config.login.stays import Network, note_stay
from hub_config.sessions import is_activity, note_activity

Log = Callable[[Any], None]


def noting(policy: Policy, network: Network, log_request: Log) -> Log:
    """Return what the hub logs its requests with: it notes those that a person made, and where browsers sit (S77)."""

    def log(handler: Any) -> None:
        try:
            note_stay(policy, token_of(handler), network.stay(handler.request))
            _note(policy, handler)
        except Exception:  # a request was answered already; whatever is wrong with noting it must not look otherwise
            handler.log.exception("activity was not noted")
        handler.request.headers.pop(WORD_HEADER, None)  # the hub prints what came with a failure (NET-03, TOK-04)
        log_request(handler)

    return log


def _note(policy: Policy, handler: Any) -> None:
    """Only what a browser's own session was let do counts, and what was refused does not."""
    user = getattr(handler, "_jupyterhub_user", None)
    if user is None or getattr(handler, "_token_authenticated", False) or handler.get_status() >= 400:
        return
    if is_activity(handler.request.method, handler.request.headers.get):
        note_session(policy, token_of(handler))


def token_of(handler: Any) -> str:
    """Return the session token that a browser brings, or an empty one."""
    cookie = handler.get_secure_cookie(SESSION_COOKIE, max_age_days=1)
    return cookie.decode("ascii", "replace") if cookie else ""


def note_session(policy: Policy, token: str) -> bool:
    """Note that the person of a browser's session did something; say whether the session lives (SES-12)."""
    record = policy.records.session(token_digest(token))
    if record is None or not session_holds(policy, record.person, token):
        return False
    note_activity(policy, record.session, record.last_activity)
    return True


def note_here(handler: Any) -> None:
    """Note the place of a browser before it is answered, where the answer depends on it. Raises LogError."""
    parts = handler.authenticator.parts
    note_stay(parts.policy, token_of(handler), parts.network.stay(handler.request))


def let_read(handler: Any, origin: str) -> None:
    """Let a workspace's page of another origin than the hub's read the answer (WHATWG Fetch, CORS)."""
    handler.set_header("Access-Control-Allow-Origin", origin)
    handler.set_header("Access-Control-Allow-Credentials", "true")
    handler.set_header("Vary", "Origin")


class PlacePage(LoginFlowMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """What a page asks for now and then, so that its browser is seen where it sits (NET-05); no sign of the person."""

    async def get(self) -> None:
        """Note the place, open what may be reached from there, and say when to ask again; 0: not at all."""
        origin = self.request.headers.get("Origin", "")
        if origin in ActivityPage.origins:
            let_read(self, origin)
        network = self.parts.network
        if network.inside is not None and self.current_user is not None:
            self._note()
            await open_routes(HubSide(self.current_user, self.proxy))
        self.finish({"again_seconds": 0 if network.inside is None else max(2, network.seconds // 3)})

    def _note(self) -> None:
        try:
            note_here(self)
        except LogError:
            raise web.HTTPError(503) from None


class ActivityPage(LoginFlowMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """What a workspace's page calls while somebody types or points there; it says nothing, and takes nothing.

    The composition root sets `origins`: of the hub itself, and of the workspaces where they have their own.
    """

    origins: ClassVar[Container[str]] = frozenset()

    def check_xsrf_cookie(self) -> None:
        """Called by the hub: in place of a token, which a workspace's page has none of, stands the origin (SES-06)."""

    async def post(self) -> None:
        """Note it. A token is no browser, and another origin's page is not asked by this person (SES-07)."""
        origin = self.request.headers.get("Origin")
        if origin not in self.origins or self.request.body or getattr(self, "_token_authenticated", False):
            raise web.HTTPError(403)
        let_read(self, origin)
        self.set_status(self._noted())
        self.finish()

    def _noted(self) -> int:
        try:
            return 204 if note_session(self.parts.policy, token_of(self)) else 403
        except LogError:
            return 503

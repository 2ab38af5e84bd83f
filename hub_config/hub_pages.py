"""The hub's own pages and server calls as far as Sluis changes them; the authenticator puts them before the hub's.

Gone are the pages of servers without a request, of tokens, shares and administration. What is left starts nothing by
looking (SES-06), and takes no options but a known profile, at any door (SPW-01).
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from jupyterhub.apihandlers.auth import OAuthAuthorizeHandler, OAuthTokenHandler
from jupyterhub.apihandlers.users import ActivityAPIHandler, UserServerAPIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from tornado import web

from access_policy.log.errors import LogError
from access_policy.model.enums import Action
from hub_config.gone_pages import WorkspaceGone
from hub_config.hub_answers import check_log, gate_of, refusal, way_inside, why_not
from hub_config.leash_pages import LeashPage
from hub_config.login.sessions import person_of
from spawner.workspace import SERVER_NAME, WorkspaceRefused, parse_wish

_CLASS_NAME = re.compile(r"^[0-9]{3} SpawnException\([^)]*\): ")

_LARGEST_ACTIVITY = 1_000
"""Bytes; a server of ours sends about 200."""

BaseHandler._token_authenticated = False  # the hub sets it for tokens only, and reads it where a session is over


class ToTheDesk(BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """A page of the hub that has its place at the desk."""

    def get(self, *_: str) -> None:
        """Go there."""
        self.redirect(self.default_url)

    def post(self, *_: str) -> NoReturn:
        """A server without a request: refused, and recorded where a person asked (SPW-01)."""
        if self.current_user is not None:
            gate_of(self).refuse_wish(person_of(self.current_user.name), "", "request_unknown")
        raise refusal(404, "a workspace belongs to a request: start it from your requests")


class Nowhere(BaseHandler):  # type: ignore[misc]
    """A page of the hub that does not exist here: tokens, shares, administration (TOK-01)."""

    def get(self, *_: str) -> NoReturn:
        """Say so."""
        raise web.HTTPError(404)

    post = get


async def _always() -> bool:
    return True


class ReadyPage(BaseHandler):  # type: ignore[misc]
    """For probes: whether workspaces may be asked for; the composition root of a cluster sets `ready` (DAT-15)."""

    ready: Callable[[], Awaitable[bool]] = staticmethod(_always)

    async def get(self) -> None:
        """Say so by the status."""
        try:
            ready = await self.ready()
        except LogError:
            ready = False
        self.set_status(200 if ready else 503)
        self.finish("ok\n" if ready else "not ready\n")


class StartPage(SpawnHandler):  # type: ignore[misc]
    """The form that starts a workspace, or why it may not be started."""

    def prepare(self) -> Any:
        """Called by tornado: a script of a notebook's page, which shares our origin, gets no form (SES-07)."""
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise refusal(403, "this page opens in a tab of its own only")
        check_log(self)
        return super().prepare()

    @web.authenticated
    async def get(self, user_name: str, server_name: str) -> None:
        """Show the form; options in the address are not looked at, so no link starts anything (SES-06)."""
        self._check(user_name, server_name)
        kept = {name: values for name, values in self.request.query_arguments.items() if name == "next"}
        self.request.query_arguments = kept
        if problem := why_not(self, server_name, Action.OPEN_WORKSPACE):
            raise refusal(403, f"{problem}{way_inside(self, problem)}")
        await super().get(user_name, server_name)

    @web.authenticated
    async def post(self, user_name: str, server_name: str) -> None:
        """Start it; the spawner decides."""
        self._check(user_name, server_name)
        await super().post(user_name, server_name)

    async def _render_form(self, **given: Any) -> str:
        """Called by the hub to show the form again; the reason without the name of a class before it."""
        said = _CLASS_NAME.sub("", given.get("message") or "")
        page: str = await super()._render_form(**given | {"message": f"{said}{way_inside(self, said)}"})
        return page

    def _check(self, user_name: str, server_name: str) -> None:
        if user_name != self.current_user.name or not SERVER_NAME.fullmatch(server_name):
            raise web.HTTPError(404)


class ServerCalls(UserServerAPIHandler):  # type: ignore[misc]
    """The hub's API for one server: start and stop, with a profile as the only option."""

    def get_server_json_body(self) -> dict[str, Any]:
        """Called by the hub after it checked scopes, before anything is stored: raw options never are (fact 8)."""
        sent = self.get_json_body()
        if isinstance(sent, dict) and set(sent) <= {"display_name", "user_options"}:
            sent = sent.get("user_options")
        try:
            wish = parse_wish(sent, self.spawner_class.profiles)
        except WorkspaceRefused as refused:
            user_name, server_name = self.path_args[0], (self.path_args[1:] or [""])[0]
            gate_of(self).refuse_wish(person_of(user_name), server_name.upper()[:40], refused.code)
            raise refusal(400, refused.message) from None
        return {"display_name": None, "user_options": {"profile": wish}}

    def patch(self, *_: str) -> NoReturn:
        """Options and names are not changed from outside: nothing here would check them at the time of the start."""
        raise web.HTTPError(405)

    put = patch


class ActivityCalls(ActivityAPIHandler):  # type: ignore[misc]
    """Where a workspace's server says when it was last used; times are read only where they can be times."""

    def get_json_body(self) -> Any:
        """Called by the hub, which would read a megabyte as one time, and answer nobody else meanwhile (SES-13)."""
        if len(self.request.body) > _LARGEST_ACTIVITY:
            raise web.HTTPError(413, "too much for an activity")
        return super().get_json_body()


class AuthorizeCalls(OAuthAuthorizeHandler):  # type: ignore[misc]
    """Where the desk and the workspaces' servers send a browser for a code: only with a challenge of the kind S256.

    JupyterHub demands a challenge (`oauth_require_pkce`), and would take `plain`, too (RFC 7636, 4.2; SES-03).
    """

    @web.authenticated
    async def get(self) -> None:
        """Give the code to who is logged in; others are sent to the login, after which the hub has nothing to await."""
        if self.get_query_argument("code_challenge_method", "") != "S256":
            raise web.HTTPError(400, "a login of a part of Sluis brings a challenge of the kind S256")
        await super().get()


class TokenCalls(OAuthTokenHandler):  # type: ignore[misc]
    """Where the desk and the workspaces' servers get a token for a code; what can be no form is no failure of ours."""

    def post(self) -> None:
        """Give it; a form is ASCII and stands in the body alone (RFC 6749, 3.2), which the hub takes for granted."""
        if self.request.query or not self.request.body.isascii():
            raise web.HTTPError(400, "send the code as a form in the body")
        super().post()


def pages(own_desk: bool = False) -> list[tuple[str, type[BaseHandler]]]:
    """Return the addresses, below `/hub`, and what answers there; `own_desk`: the desk is on another host."""
    return [
        *([(r"/services/desk(?:/.*)?", ToTheDesk)] if own_desk else []),
        (r"/readyz", ReadyPage),
        (r"/home", ToTheDesk),
        (r"/spawn", ToTheDesk),
        (r"/spawn/([^/]+)", ToTheDesk),
        (r"/spawn/([^/]+)/([^/]+)", StartPage),
        (rf"/leash/({SERVER_NAME.pattern})", LeashPage),
        (r"/token", Nowhere),
        (r"/admin", Nowhere),
        (r"/accept-share", Nowhere),
        (r"/user-redirect/(.*)?", Nowhere),
        (r"/security/csp-report", Nowhere),  # the hub would print whatever is sent there
        (r"/user/(?P<user_name>[^/]+)(?P<user_path>/.*)?", WorkspaceGone),
        (r"/api/authorizations/token(?:/.*)?", Nowhere),  # of JupyterHub 1, and a post to it a failure of the hub
        (r"/api/oauth2/authorize", AuthorizeCalls),
        (r"/api/oauth2/token", TokenCalls),
        (r"/api/users/([^/]+)/activity", ActivityCalls),
        (r"/api/users/([^/]+)/server", ServerCalls),
        (r"/api/users/([^/]+)/servers/([^/]*)", ServerCalls),
    ]

"""The hub's own pages and server calls as far as Sluis changes them; the authenticator puts them before the hub's.

Gone are the pages of servers without a request, of tokens, shares and administration. What is left starts nothing by
looking (SES-06), and takes no options but a known profile, at any door (SPW-01).
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

from jupyterhub.apihandlers.auth import OAuthAuthorizeHandler, OAuthTokenHandler
from jupyterhub.apihandlers.users import ActivityAPIHandler, UserServerAPIHandler
from jupyterhub.handlers.base import BaseHandler, UserUrlHandler
from jupyterhub.handlers.pages import SpawnHandler
from tornado import web

from access_policy.log.errors import LogBehind, LogError
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import RequestId
from access_policy.networks import may_use
from hub_config.login.activity import note_here
from hub_config.login.authenticator import BEHIND
from hub_config.login.flow import PageRefused
from hub_config.login.sessions import person_of
from hub_config.login.stays import Network
from spawner.workspace import WorkspaceRefused, parse_wish

_CLASS_NAME = re.compile(r"^[0-9]{3} SpawnException\([^)]*\): ")
_SERVER = re.compile(r"dr-[1-9][0-9]{0,8}", re.ASCII)

_LARGEST_ACTIVITY = 1_000
"""Bytes; a server of ours sends about 200."""

SILENT = "The log does not answer just now, so nothing is decided and no workspace starts. Try again in a moment."

BaseHandler._token_authenticated = False  # the hub sets it for tokens only, and reads it where a session is over


class ToTheDesk(BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """A page of the hub that has its place at the desk."""

    def get(self, *_: str) -> None:
        """Go there."""
        self.redirect(self.default_url)

    def post(self, *_: str) -> NoReturn:
        """A server without a request: refused, and recorded where a person asked (SPW-01)."""
        if self.current_user is not None:
            _gate(self).refuse_wish(person_of(self.current_user.name), "", "request_unknown")
        raise _refusal(404, "a workspace belongs to a request: start it from your requests")


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
            raise _refusal(403, "this page opens in a tab of its own only")
        _check_log(self)
        return super().prepare()

    @web.authenticated
    async def get(self, user_name: str, server_name: str) -> None:
        """Show the form; options in the address are not looked at, so no link starts anything (SES-06)."""
        self._check(user_name, server_name)
        kept = {name: values for name, values in self.request.query_arguments.items() if name == "next"}
        self.request.query_arguments = kept
        if problem := _why_not(self, server_name, Action.OPEN_WORKSPACE):
            raise _refusal(403, f"{problem}{_way_inside(self, problem)}")
        await super().get(user_name, server_name)

    @web.authenticated
    async def post(self, user_name: str, server_name: str) -> None:
        """Start it; the spawner decides."""
        self._check(user_name, server_name)
        await super().post(user_name, server_name)

    async def _render_form(self, **given: Any) -> str:
        """Called by the hub to show the form again; the reason without the name of a class before it."""
        said = _CLASS_NAME.sub("", given.get("message") or "")
        page: str = await super()._render_form(**given | {"message": f"{said}{_way_inside(self, said)}"})
        return page

    def _check(self, user_name: str, server_name: str) -> None:
        if user_name != self.current_user.name or not _SERVER.fullmatch(server_name):
            raise web.HTTPError(404)


class WorkspaceGone(UserUrlHandler):  # type: ignore[misc]
    """What answers below `/user/` where the proxy has no route: the person may not reach it, or it does not run."""

    async def prepare(self) -> None:
        """Called by tornado: to a page that was left open and asks on, a login page would say that its kernels died."""
        await super().prepare()
        if self.current_user is None and "/api/" in self.request.path:
            self._fail_api_request()

    def _fail_api_request(self, *_: str) -> None:
        """Called by the hub where no page was asked for: nothing answers here, and JupyterLab tries again later."""
        self.set_status(424)
        self.finish({"message": "this workspace is out of reach: log in again, or start it from your requests"})

    @web.authenticated
    async def get(self, user_name: str, user_path: str | None) -> None:
        """Say why; or open the route at once where it may be reached after all."""
        server_name = (user_path or "").strip("/").split("/")[0]
        if server_name in self._servers(user_name) and self._is_for_the_institute(server_name):
            await self._send_inside(server_name)
            return
        if _is_astray(self):
            super().redirect(f"{_network(self).public}{self.request.uri.removeprefix('/hub')}")
            return
        await self._answer_for(user_name, server_name)
        await super().get(user_name=user_name, user_path=user_path)

    async def _answer_for(self, user_name: str, server_name: str) -> None:
        spawner = self.current_user.spawners.get(server_name) if server_name in self._servers(user_name) else None
        if spawner is None or not spawner.ready:
            return
        if problem := _why_not(self, server_name, Action.REACH_WORKSPACE):
            raise _refusal(403, problem)
        await self.proxy.add_user(self.current_user, server_name)

    def _is_for_the_institute(self, server_name: str) -> bool:
        """Say whether it is reached from the institute's network only, and this browser is not there (NET-04)."""
        try:
            note_here(self)
            zone = _gate(self).zone_of(person_of(self.current_user.name), server_name.upper())
        except LogError:
            raise _refusal(503, SILENT) from None
        return zone is not None and not may_use(zone, _network(self).place(self.request))

    async def _send_inside(self, server_name: str) -> None:
        """Say where it opens; to a script only that it is out of reach."""
        if "/api/" in self.request.path:
            self._fail_api_request()
            return
        network = _network(self)
        self.set_status(403)
        page = await self.render_template(
            "institute.html", server_name=server_name, institute=network.institute,
            at_the_door=network.address(self.request) == network.institute or not network.institute,
            path=f"/user/{self.current_user.name}/{server_name}/lab",
        )  # fmt: skip
        self.finish(page)

    def redirect(self, url: str, *given: Any, **named: Any) -> None:
        """Called by the hub, which knows no workspace's own host (SES-07)."""
        name, server = ([*urlsplit(url).path.split("/"), "", ""][2:4]) if url.startswith("/user/") else ("", "")
        super().redirect(f"{self.spawner_class.origin_of(name, server)}{url}" if server else url, *given, **named)

    def _servers(self, user_name: str) -> list[str]:
        return [*self.current_user.spawners] if user_name == self.current_user.name else []


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
            _gate(self).refuse_wish(person_of(user_name), server_name.upper()[:40], refused.code)
            raise _refusal(400, refused.message) from None
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

    async def get(self) -> None:
        """Give the code to who is logged in; the hub sends others to the login."""
        if self.current_user is not None and self.get_query_argument("code_challenge_method", "") != "S256":
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


def _why_not(handler: Any, server_name: str, action: Action) -> str:
    who = person_of(handler.current_user.name)
    try:
        place = _network(handler).place(handler.request)
        return str(_gate(handler).why_not(who, RequestId(server_name.upper()), action, place))
    except LogBehind:
        raise _refusal(503, BEHIND) from None
    except LogError:
        raise _refusal(503, SILENT) from None


def _check_log(handler: Any) -> None:
    """Refuse where the log does not answer: the hub would say that the person has to log in again (AUD-05, FLT-02)."""
    try:
        _gate(handler).check_log()
    except LogError as error:
        handler.log.error("no page: %s", error)
        raise _refusal(503, SILENT) from None


def _way_inside(handler: Any, problem: str) -> str:
    """Return where the institute's address is, for a refusal that says that it has to be from there."""
    network = _network(handler)
    return f" The institute's address is {network.institute}" if network.institute and "(zone)" in problem else ""


def _is_astray(handler: Any) -> bool:
    """Say whether a browser came by the institute's address and does not sit there: no workspace is reached so."""
    network = _network(handler)
    by_it = network.inside is not None and network.address(handler.request) == network.institute
    return by_it and network.place(handler.request) is Zone.ANYWHERE


def _network(handler: Any) -> Network:
    network: Network = handler.authenticator.parts.network
    return network


def _gate(handler: Any) -> Any:
    return handler.spawner_class.gate


def _refusal(status: int, text: str) -> web.HTTPError:
    return PageRefused(text, status)

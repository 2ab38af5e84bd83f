"""Login at the desk through the hub: the web code flow with state and PKCE (SES-02, SES-03).

The hub says who its user is; that user counts here only while a full session of ours lives (`desk.visit_of`). A desk
login is kept in memory under the digest of its cookie, rests on the session that lived when it began, and is short.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from jupyterhub.services.auth import HubOAuth
from tornado.web import HTTPError

from access_policy.log.records import token_digest
from access_policy.model.ids import PersonId, is_person_id
from access_policy.use_cases import Policy
from hub_config.desk.desk import PREFIX, Login
from hub_config.desk.errors import HubSilent
from hub_config.desk.render import page
from hub_config.desk.security import Cookies, Keep, same
from hub_config.running import Running

COOKIE = "sluis-desk"
_STATE_COOKIE = "sluis-desk-login"
_LOGIN_SECONDS = 1800
_STATE_SECONDS = 600
_RECHECK_SECONDS = 20
_MOST = 20_000

T = TypeVar("T")


class Shortly(Generic[T]):
    """Values that are kept for a while, at most twenty thousand of them, the oldest going first."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: str, value: T) -> None:
        """Keep a value."""
        with self._lock:
            self._kept[key] = (self._clock() + self._seconds, value)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def get(self, key: str) -> T | None:
        """Return a value whose time is not over."""
        with self._lock:
            ends, value = self._kept.get(key, (0.0, None))
        return value if self._clock() < ends else None

    def take(self, key: str) -> T | None:
        """Return a value and forget it: True to one caller only."""
        with self._lock:
            ends, value = self._kept.pop(key, (0.0, None))
        return value if self._clock() < ends else None


@dataclass(frozen=True)
class _Begun:
    verifier: str
    target: str


@dataclass(frozen=True)
class _Kept:
    login: Login
    hub_token: str


class HubLogin:
    """The login of the desk, against the running hub."""

    def __init__(self, running: Running, policy: Policy) -> None:
        self._policy = policy
        self._hub_origin = "" if running.institute_url else running.web.hub
        self._cookies = Cookies(secure=running.url.startswith("https:"), own_host=running.web.own)
        self._hub = HubOAuth(
            api_token=running.desk_token, api_url=f"{running.hub.rstrip('/')}/hub/api", base_url=f"{PREFIX}/",
            hub_prefix="/hub/", hub_host="", oauth_client_id="service-desk", cache_max_age=_RECHECK_SECONDS,
            access_scopes={"access:services!service=desk"}, **_callback(running),
        )  # fmt: skip
        self._begun: Shortly[_Begun] = Shortly(_STATE_SECONDS)
        self._logins: Shortly[_Kept] = Shortly(_LOGIN_SECONDS)

    def identify(self, request: Request) -> Login | None:
        """Return the login that a request's cookie names, while the hub still knows its token. Raises HubSilent."""
        kept = self._logins.get(token_digest(self._cookies.get(request, COOKIE)))
        if kept is None or self._user(kept.hub_token) != kept.login.person:
            return None
        return kept.login

    def router(self) -> APIRouter:
        """Return the login's two routes."""
        router = APIRouter(prefix=PREFIX)
        router.add_api_route("/login", self.begin, methods=["GET"])
        router.add_api_route("/oauth_callback", self.finish, methods=["GET"])
        return router

    def begin(self, next: str = "") -> Response:  # noqa: A002 - the name stands in addresses
        """Send the browser to the hub, with a state and a PKCE challenge of its own."""
        verifier, challenge, method = self._hub.generate_pkce_code_challenge()
        state = secrets.token_urlsafe(24)
        self._begun.put(state, _Begun(verifier, safe_target(next)))
        query = {
            "client_id": self._hub.oauth_client_id, "redirect_uri": self._hub.oauth_redirect_uri,
            "response_type": "code", "state": state, "code_challenge": challenge, "code_challenge_method": method,
        }  # fmt: skip
        response = RedirectResponse(f"{self._hub_origin}/hub/api/oauth2/authorize?{urlencode(query)}", 303)
        self._set(response, f"{_STATE_COOKIE}-{state[:8]}", state, _STATE_SECONDS)
        return response

    def finish(self, request: Request, code: str = "", state: str = "") -> Response:
        """Take the hub's answer, once, in the browser that asked; without a live session there is no login."""
        cookie = f"{_STATE_COOKIE}-{state[:8]}"
        begun = self._begun.take(state) if same(self._cookies.get(request, cookie), state) else None
        if begun is None or not code:
            return self._again(request, "This login was not begun here, or took too long.")
        token = self._call(self._hub.token_for_code, code, code_verifier=begun.verifier)
        person, session = self._user(token), self._session(token)
        if person is None or session is None:
            return self._again(request, "Your session is over.")
        response = RedirectResponse(begun.target, 303)
        self._keep(response, _Kept(Login(person, session, secrets.token_urlsafe(24)), token))
        self._cookies.drop(response, cookie, f"{PREFIX}/")
        return response

    def _keep(self, response: Response, kept: _Kept) -> None:
        cookie = secrets.token_urlsafe(32)
        self._logins.put(token_digest(cookie), kept)
        self._set(response, COOKIE, cookie, _LOGIN_SECONDS)

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        self._cookies.put(response, name, value, Keep(seconds, f"{PREFIX}/"))

    def _again(self, request: Request, heading: str) -> Response:
        """Stop here, so that hub and desk never send a browser round in circles."""
        return page(request, "again.html", None, answer=403, heading=heading)

    def _user(self, token: str) -> PersonId | None:
        user = self._call(self._hub.user_for_token, token)
        name = str(user.get("name", "")).upper() if user else ""
        return PersonId(name) if is_person_id(name) else None

    def _session(self, token: str) -> str | None:
        """Return the digest of the session that the browser's hub token was given under, where we know it."""
        user = self._call(self._hub.user_for_token, token)
        record = self._policy.records.session(token_digest(str((user or {}).get("session_id") or "")))
        return None if record is None else record.session

    def _call(self, ask: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return ask(*arguments, **named)
        except HTTPError as error:
            raise HubSilent(str(error.log_message)) from None


def _callback(running: Running) -> dict[str, str]:
    """Return where logins come back to, where that is not on the hub's own host."""
    return {"oauth_redirect_uri": f"{running.web.desk}{PREFIX}/oauth_callback"} if running.web.own else {}


def safe_target(wanted: str) -> str:
    """Return a page of the desk to go to after the login: never another site, never the login itself."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and "//" not in wanted
    if not plain or not wanted.startswith(f"{PREFIX}/") or wanted.startswith((f"{PREFIX}/login", f"{PREFIX}/oauth_")):
        return f"{PREFIX}/"
    return wanted

"""What the pages of the login flow share: their cookies, their refusal, and that no cache keeps a copy of them."""

import uuid
from typing import Any
from urllib.parse import urlencode

from tornado import web

from hub_config.login.next_page import local_path

PENDING_COOKIE = "sluis-pending-login"
SESSION_COOKIE = "sluis-session"


class PageRefused(web.HTTPError):
    """It ends here, with a page that says why and, as every page does, whom to ask."""

    def __init__(self, text: str, status: int = 403) -> None:
        super().__init__(status, "%s", text)
        self.jupyterhub_message = text


def session_token(handler: Any, user: Any) -> str | None:
    """Return the session token that a request of `user`'s own browser brings (empty where it brings none), or None.

    A token that a browser got, for its workspace or for the desk, carries the hub session id under which it was given,
    and that is our session's token (TOK-03): it is worth nothing once that session is over, whoever else is logged in.
    None: a server's own token, or somebody else's request; no browser session belongs to it.
    """
    if handler is None or getattr(handler, "_jupyterhub_user", None) is not user:
        return None
    if getattr(handler, "_token_authenticated", False):
        given = handler.get_token()
        return None if given is None else given.session_id
    cookie = handler.get_secure_cookie(SESSION_COOKIE, max_age_days=1)
    return cookie.decode("ascii", "replace") if cookie else ""


class LoginFlowMixin:
    """What the pages of the login flow share: their parts, their cookies, and that nobody keeps a copy (MFA-13)."""

    def set_default_headers(self: Any) -> None:
        """Called by tornado."""
        super().set_default_headers()  # type: ignore[misc]
        self.set_header("Cache-Control", "no-store")

    def _request_summary(self: Any) -> str:
        """Called by tornado for its log: without the query, which holds codes and states (TOK-04)."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    @property
    def parts(self: Any) -> Any:
        """The `LoginParts` of the authenticator."""
        return self.authenticator.parts

    def set_flow_cookie(self: Any, name: str, value: str) -> None:
        """Set a signed cookie that ends with the browser and is sent to the hub's own pages only."""
        self._set_cookie(name, value, path=self.hub.base_url, samesite="Lax", expires_days=None)

    def forget_flow_cookie(self: Any, name: str) -> None:
        """Take such a cookie back."""
        self.clear_cookie(name, path=self.hub.base_url)

    def new_session_id(self: Any, session_id: str = "") -> None:
        """Give the browser a new hub session id, so that nobody can have set it before (SES-01)."""
        self._session_id = session_id or uuid.uuid4().hex
        self.set_session_cookie()

    def to_page(self: Any, page: str, next_page: str | None) -> None:
        """Send the browser on within the login flow."""
        query = f"?{urlencode({'next': next_page})}" if next_page else ""
        self.redirect(f"{self.hub.base_url}{page}{query}", status=303)

    def wished_page(self: Any) -> str | None:
        """Return where the person wanted to go, where that is a page of ours."""
        return local_path(self.get_argument("next", ""))

"""The hub's cookies where workspaces have hosts of their own: none that a workspace sets is taken for one (SES-07).

A page of a workspace may set a cookie for the domain that its host has in common with the hub's. A browser sends that
to the hub, too, but never one whose name begins with `__Host-`: the host itself sets those (RFC 6265bis, 4.1.3.2).
JupyterHub does so for its login cookie only; here it is all of them, the session id and `_xsrf` included.
"""

from typing import Any

from jupyterhub import _xsrf_utils
from jupyterhub.handlers.base import BaseHandler
from tornado.web import RequestHandler

PREFIX = "__Host-"
_XSRF = "_xsrf"


def host_name(name: str) -> str:
    """Return the name under which a cookie of the hub stands in browsers."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


def keep_cookies_to_the_host() -> None:
    """Make every handler of this process's hub set and read such cookies only."""
    BaseHandler.get_cookie = _get_cookie
    BaseHandler.set_cookie = _set_cookie
    _xsrf_utils._get_xsrf_token_cookie = _xsrf_cookie


def _get_cookie(self: Any, name: str, default: str | None = None) -> str | None:
    return RequestHandler.get_cookie(self, host_name(name), default)


def _set_cookie(self: Any, name: str, value: str | bytes, **named: Any) -> None:
    """Called for each cookie, and to take one back; a signature is over the name without the prefix."""
    given = {key: one for key, one in named.items() if key not in ("domain", "path", "secure")}
    RequestHandler.set_cookie(self, host_name(name), value, path="/", secure=True, **given)


def _xsrf_cookie(handler: Any) -> tuple[bytes | None, bytes | None]:
    """Return the token and what it was signed for, where the hub signed it. Called by the hub's XSRF check."""
    token = (handler.get_cookie(_XSRF) or "").encode("ascii", "replace")
    signed_for = _xsrf_utils._get_signed_value_urlsafe(handler, _XSRF, token) if token else None
    return (token, signed_for) if signed_for else (None, None)

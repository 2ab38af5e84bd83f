"""Every address of a real hub that takes a post: ours and JupyterHub's own, read from their handlers."""

import re
from typing import Any

from jupyterhub import apihandlers, handlers
from tornado.web import RequestHandler

from hub_config.hub_pages import pages
from hub_config.login.authenticator import SluisAuthenticator

_GROUP = re.compile(r"\((\?:|\?P<\w+>)?([^()]*)\)\??")
_KNOWN = {"/hub/who", "/hub/enrol", "/hub/factors/change", "/hub/factors/passkey", "/hub/spawn/{me}/{server}",
          "/hub/api/users/{me}/servers/{server}"}  # fmt: skip

_REFUSED = {
    "/hub/api/oauth2/token": (400, 401, 403),  # its caller stands in the body, with a secret (RFC 6749, 3.2.1)
    "/hub/api/users/{me}/tokens": (400, 403),  # the hub reads its body first
}


def posts() -> list[str]:
    """Return the addresses, with `{me}` and `{server}` where a name belongs."""
    routes: list[tuple[Any, ...]] = [
        *pages(), *SluisAuthenticator().get_handlers(None), *handlers.default_handlers, *apihandlers.default_handlers,
    ]  # fmt: skip
    found = sorted({address_of(str(one[0])) for one in routes if one[1].post is not RequestHandler.post})
    assert set(found) >= _KNOWN
    return found


def refused_at(path: str) -> tuple[int, ...]:
    """Return the statuses that are a refusal of a post to one of them."""
    return _REFUSED.get(path, (403, 404, 405))


def address_of(pattern: str) -> str:
    """Return an address that a route's pattern fits; what may be left out is."""
    names = iter(("{me}", "{server}"))

    def filled(group: re.Match[str]) -> str:
        return "" if group[1] == "?:" or group[2].startswith(("/", ".")) else next(names)

    address = _GROUP.sub(filled, pattern)
    assert re.fullmatch(pattern, address), (pattern, address)
    return f"/hub{address}"

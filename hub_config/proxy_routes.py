"""The proxy's REST API, as the warden uses it: which workspaces have a route, and taking one away."""

from collections.abc import Callable, Collection
from urllib.parse import quote

import httpx

from access_policy.model.enums import Zone
from access_policy.state import WorkspaceKey
from spawner.warden.plan import key_of

_PATIENCE = 3.0


class ProxyRoutes:
    """The `Routes` of `spawner/warden/warden.py`, over configurable-http-proxy's API. Raises OSError for no answer."""

    def __init__(
        self,
        api: str,
        token: str,
        host: Callable[[str, str], str] = lambda _person, _request: "",
        door: Zone = Zone.ANYWHERE,
    ) -> None:
        """`host` gives a workspace's host where each has one of its own; `door` is who comes in by this proxy."""
        self.door = door
        self._host = host
        self._client = httpx.Client(
            base_url=api, headers={"Authorization": f"token {token}"}, timeout=_PATIENCE, trust_env=False
        )

    def open_routes(self) -> Collection[WorkspaceKey]:
        """Return the workspaces that have a route now."""
        routes = self._ask("GET", "/api/routes").json()
        return [key for path in routes if (key := self._key(path)) is not None]

    def close(self, key: WorkspaceKey) -> None:
        """Remove a route; the proxy's entry script then destroys its sockets."""
        person, request = key
        host = self._host(person, request)
        path = f"{quote(host)}/user" if host else "user"
        self._ask("DELETE", f"/api/routes/{path}/{quote(person.lower())}/{quote(request.lower())}")

    def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            answer = self._client.request(method, path)
        except httpx.HTTPError as error:
            raise OSError(str(error)) from None
        if answer.status_code >= 300 and answer.status_code != 404:
            raise OSError(f"the proxy answered {answer.status_code}")
        return answer

    def _key(self, path: str) -> WorkspaceKey | None:
        """Return the workspace that a route leads to; one of another form is none that the hub made."""
        parts = path.strip("/").split("/")
        if len(parts) < 3 or parts[-3] != "user":
            return None
        key = key_of(parts[-2].upper(), parts[-1].upper())
        host = self._host(*key)
        return key if parts[:-3] == ([host] if host else []) else None

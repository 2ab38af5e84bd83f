"""The proxy's REST API, as the warden uses it: which workspaces have a route, and taking one away."""

from collections.abc import Collection
from urllib.parse import quote

import httpx

from access_policy.state import WorkspaceKey
from spawner.warden.plan import key_of

_PATIENCE = 3.0


class ProxyRoutes:
    """The `Routes` of `spawner/warden/warden.py`, over configurable-http-proxy's API. Raises OSError for no answer."""

    def __init__(self, api: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=api, headers={"Authorization": f"token {token}"}, timeout=_PATIENCE, trust_env=False
        )

    def open_routes(self) -> Collection[WorkspaceKey]:
        """Return the workspaces that have a route now."""
        routes = self._ask("GET", "/api/routes").json()
        return [key for path in routes if (key := _key(path)) is not None]

    def close(self, key: WorkspaceKey) -> None:
        """Remove a route; the proxy's entry script then destroys its sockets."""
        person, request = key
        self._ask("DELETE", f"/api/routes/user/{quote(person.lower())}/{quote(request.lower())}")

    def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            answer = self._client.request(method, path)
        except httpx.HTTPError as error:
            raise OSError(str(error)) from None
        if answer.status_code >= 300 and answer.status_code != 404:
            raise OSError(f"the proxy answered {answer.status_code}")
        return answer


def _key(path: str) -> WorkspaceKey | None:
    parts = path.strip("/").split("/")
    if len(parts) != 3 or parts[0] != "user":
        return None
    return key_of(parts[1].upper(), parts[2].upper())

"""The API server as tests see it: plain requests with a token; statuses and messages are there to be asserted on."""

import json
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

Thing = dict[str, Any]
_BOUND = 30
_clients: list[httpx.Client] = []


class RefusedError(AssertionError):
    """The API server did not do what was asked; `status` and `reason` say why."""

    def __init__(self, answer: httpx.Response) -> None:
        said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        super().__init__(f"{answer.status_code} {said.get('message', answer.text)[:2000]}")
        self.status, self.reason = answer.status_code, str(said.get("reason", ""))


def documents(text: str | Thing | Iterable[Thing]) -> list[Thing]:
    """The objects of YAML text, of one object or of several; lists are opened."""
    if isinstance(text, str):
        found = [each for each in yaml.safe_load_all(text) if each]
    else:
        found = [text] if isinstance(text, dict) else list(text)
    return [item for each in found for item in (each["items"] if each["kind"].endswith("List") else [each])]


@dataclass(frozen=True)
class Api:
    """One identity at one API server."""

    server: str
    authority: str
    token: str

    @classmethod
    def of(cls, kubeconfig: Path) -> "Api":
        """The identity of a kubeconfig that `keys` wrote."""
        read = json.loads(kubeconfig.read_text())
        cluster = read["clusters"][0]["cluster"]
        return cls(cluster["server"], cluster["certificate-authority"], read["users"][0]["user"]["token"])

    def as_token(self, token: str) -> "Api":
        """Another identity at the same server."""
        return Api(self.server, self.authority, token)

    @property
    def client(self) -> httpx.Client:
        """The connections of this identity, for requests that have no method here."""
        return _client(self.server, self.authority, self.token)

    def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        """Any request as this identity; the answer, whatever it is."""
        return self.client.request(method, path, **what)

    def get(self, path: str, **query: Any) -> httpx.Response:
        """The answer, whatever it is."""
        return self.ask("GET", path, params=query)

    def read(self, path: str, **query: Any) -> Thing:
        """The object at a path; raises `RefusedError` where there is none."""
        return _checked(self.get(path, **query))

    def create(self, thing: Thing, namespace: str = "", **query: Any) -> Thing:
        """Creates an object (`dryRun="All"`: only asks whether it could be)."""
        return _checked(self.ask("POST", self.folder_of(thing, namespace), json=thing, params=query))

    def apply(self, text: str | Thing | Iterable[Thing], namespace: str = "", **query: Any) -> list[Thing]:
        """Server-side apply of YAML text or objects, in their order."""
        return [self._apply(each, namespace, query) for each in documents(text)]

    def _apply(self, thing: Thing, namespace: str, query: dict[str, Any]) -> Thing:
        path = f"{self.folder_of(thing, namespace)}/{thing['metadata']['name']}"
        asked = {"fieldManager": "sluis-tests", "force": "true", **query}
        body = json.dumps(thing)
        headers = {"Content-Type": "application/apply-patch+yaml"}
        return _checked(self.ask("PATCH", path, content=body, params=asked, headers=headers))

    def merge(self, path: str, change: Thing) -> Thing:
        """A JSON merge patch (RFC 7396)."""
        headers = {"Content-Type": "application/merge-patch+json"}
        return _checked(self.ask("PATCH", path, content=json.dumps(change), headers=headers))

    def patch(self, path: str, change: Thing) -> Thing:
        """A strategic merge patch: lists such as conditions are merged by their key."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        return _checked(self.ask("PATCH", path, content=json.dumps(change), headers=headers))

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """The answer, whatever it is; options such as `gracePeriodSeconds`."""
        return self.ask("DELETE", path, json=options or None)

    def watch(self, path: str, version: str, seconds: int = 300) -> Iterator[Thing]:
        """The events after a version, until the server ends the watch."""
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(seconds)}
        with self.client.stream("GET", path, params=query, timeout=seconds + _BOUND) as answer:
            for line in answer.iter_lines():
                yield json.loads(line)

    def folder_of(self, thing: Thing, namespace: str = "") -> str:
        """The path under which objects of this kind are, in the object's own namespace or the one given."""
        version, kind = thing["apiVersion"], thing["kind"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        found = [each for each in self.read(base)["resources"] if each["kind"] == kind and "/" not in each["name"]]
        if not found:
            raise LookupError(f"the API server knows no `{kind}` of `{version}`; was its definition applied?")
        if not found[0]["namespaced"]:
            return f"{base}/{found[0]['name']}"
        inside = thing["metadata"].get("namespace") or namespace or "default"
        return f"{base}/namespaces/{inside}/{found[0]['name']}"


@cache
def _client(server: str, authority: str, token: str) -> httpx.Client:
    """The connections of one identity; never through a proxy of the environment."""
    headers = {"Authorization": f"Bearer {token}"}
    trust = _trust(authority)
    client = httpx.Client(base_url=server, headers=headers, verify=trust, timeout=_BOUND, trust_env=False)
    _clients.append(client)
    return client


@cache
def _trust(authority: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def close() -> None:
    """Closes all connections; the next request opens new ones."""
    _client.cache_clear()
    _trust.cache_clear()
    while _clients:
        _clients.pop().close()


def _checked(answer: httpx.Response) -> Thing:
    if answer.is_error:
        raise RefusedError(answer)
    return dict(answer.json())

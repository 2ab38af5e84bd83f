"""The cluster's API as the warden uses it: plain objects over the official client, every call bounded in time.

Nothing is tried again here and nothing is waited for: the next look does both. What the API says of itself, such as
`Retry-After`, is in `Trouble`, which says as well whether the whole API is in trouble or one object only.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException

Object = dict[str, Any]

_SECONDS = (3.0, 5.0)  # to connect, and between two bytes of an answer
_PAGE = 500
_GONE, _TOO_MANY = 410, 429
_OF_ALL = frozenset({0, 401, 429, 503, 504})  # as a rule what is wrong is wrong for the next call, too
_PAUSE = 2.0  # after no answer: what was asked in the same look is not waited for one by one
_LONGEST_PAUSE = 5.0  # whatever the API asks for: a withdrawal goes on within seconds


class Kind(NamedTuple):
    """Where the objects of a kind stand."""

    root: str
    plural: str
    namespaced: bool = True


KINDS: dict[str, Kind] = {
    "Namespace": Kind("/api/v1", "namespaces", namespaced=False),
    "Node": Kind("/api/v1", "nodes", namespaced=False),
    "Pod": Kind("/api/v1", "pods"),
    "ResourceQuota": Kind("/api/v1", "resourcequotas"),
    "ServiceAccount": Kind("/api/v1", "serviceaccounts"),
    "PersistentVolumeClaim": Kind("/api/v1", "persistentvolumeclaims"),
    "NetworkPolicy": Kind("/apis/networking.k8s.io/v1", "networkpolicies"),
    "RoleBinding": Kind("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "AccessGrant": Kind("/apis/sluis.dev/v1", "accessgrants"),
    "ValidatingAdmissionPolicy": Kind(
        "/apis/admissionregistration.k8s.io/v1", "validatingadmissionpolicies", namespaced=False
    ),
    "ValidatingAdmissionPolicyBinding": Kind(
        "/apis/admissionregistration.k8s.io/v1", "validatingadmissionpolicybindings", namespaced=False
    ),
}


class Trouble(OSError):
    """A call that failed: `status` is HTTP's, 0 where nothing answered; `wait` are the seconds the API asks for."""

    def __init__(self, text: str, status: int = 0, wait: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.wait = wait

    @property
    def of_all(self) -> bool:
        """Whether it is the API that is in trouble, and not one object."""
        return self.status in _OF_ALL


class Key(NamedTuple):
    """Which object: `namespace` is empty where its kind stands in none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return it as people write it: `RoleBinding sluis-dr-1/hub`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def key_of(one: Object) -> Key:
    """Return which object this is."""
    return Key(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])


class Api:
    """Calls that raise `Trouble` for every failure; 404 of a single object is None or False."""

    def __init__(self, client: ApiClient, monotonic: Callable[[], float]) -> None:
        # the client's own way would try again three times, unseen and unbounded
        client.rest_client.pool_manager.connection_pool_kw["retries"] = False
        self._client = client
        self._monotonic = monotonic
        self._pause = -math.inf

    def list(self, kind: str, selector: str = "") -> list[Object]:
        """Return all objects of a kind in all namespaces, by their labels where a selector is given."""
        try:
            found = list(self._pages(kind, selector, _PAGE))
        except Trouble as trouble:
            if trouble.status != _GONE:
                raise
            found = list(self._pages(kind, selector, 0))  # it took too long to go on; once more, in one piece
        return [{**one, "kind": kind} for one in found]

    def get(self, key: Key) -> Object | None:
        """Return one object, None where there is none."""
        found = self._one("GET", _path(key))
        return None if found is None else {**found, "kind": key.kind}

    def create(self, one: Object) -> None:
        """Make an object; `Trouble` 409 where one of its name is there."""
        key = key_of(one)
        self._call("POST", _path(key._replace(name="")), body=one)

    def replace(self, one: Object) -> None:
        """Write an object over the one that was read; `Trouble` 409 where somebody wrote meanwhile."""
        self._call("PUT", _path(key_of(one)), body=one)

    def delete(self, one: Object, grace: int | None = None) -> bool:
        """Delete exactly this object, never a later one of its name; False where it is gone already."""
        body: Object = {"kind": "DeleteOptions", "apiVersion": "v1"}
        body["preconditions"] = {"uid": one["metadata"]["uid"]}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        try:
            return self._one("DELETE", _path(key_of(one)), body=body) is not None
        except Trouble as trouble:
            if trouble.status != 409:
                raise
            return False  # another one stands in its place

    def _pages(self, kind: str, selector: str, limit: int) -> Iterator[Object]:
        query = {"labelSelector": selector} if selector else {}
        more = ""
        while True:
            page = {**query, **({"limit": limit} if limit else {}), **({"continue": more} if more else {})}
            answer = self._call("GET", _path(Key(kind, "", "")), query=page)
            yield from answer.get("items") or ()
            more = answer.get("metadata", {}).get("continue", "")
            if not more:
                return

    def _one(self, method: str, path: str, body: Object | None = None) -> Object | None:
        try:
            return self._call(method, path, body=body)
        except Trouble as trouble:
            if trouble.status != 404:
                raise
            return None

    def _call(self, method: str, path: str, body: Object | None = None, query: dict[str, Any] | None = None) -> Object:
        if self._monotonic() < self._pause:
            raise Trouble(f"{method} {path}: not asked, the cluster's API is left alone for a moment", _TOO_MANY)
        try:
            answer: object = self._client.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                body=body,
                response_types_map=dict.fromkeys((200, 201, 202), "object"),
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _request_timeout=_SECONDS,
            )
        except ApiException as error:
            raise self._paused(_answered(f"{method} {path}", error)) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # AttributeError: what the client itself comes to where TLS fails
            silent = Trouble(f"{method} {path}: no answer of the cluster's API ({type(error).__name__})")
            raise self._paused(silent) from None
        if not isinstance(answer, dict):
            raise self._paused(Trouble(f"{method} {path}: what answers is no cluster's API"))
        return answer

    def _paused(self, trouble: Trouble) -> Trouble:
        """Leave the API alone for as long as it asks for, and for a moment where it does not answer (FLT-04)."""
        if trouble.status in (0, _TOO_MANY):
            self._pause = self._monotonic() + min(trouble.wait or _PAUSE, _LONGEST_PAUSE)
        return trouble


def _path(key: Key) -> str:
    kind = KINDS[key.kind]
    space = f"/namespaces/{key.namespace}" if kind.namespaced and key.namespace else ""
    return f"{kind.root}{space}/{kind.plural}" + (f"/{key.name}" if key.name else "")


def _answered(what: str, error: ApiException) -> Trouble:
    wait = 0.0
    with contextlib.suppress(TypeError, ValueError, KeyError):
        wait = float((error.headers or {}).get("Retry-After", 0))
    said = " ".join(str(error.reason or "").split())[:200]
    return Trouble(f"{what}: the cluster's API answers {error.status} {said}".strip(), int(error.status or 0), wait)

"""A cluster's API in memory, served over HTTP on loopback: what the warden calls, with faults that a test puts in.

It keeps objects by their path, numbers each write, answers 409 as the real one does, and leaves a deleted pod there,
marked, until its node says that it is gone. It checks no rights and runs nothing.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from kubernetes.client import ApiClient, Configuration

from spawner.warden.api import KINDS, Api, Key, Object, Trouble
from spawner.warden.rights import POLICIES

PAGE_BREAKS = "a token that is too old"


class Call(NamedTuple):
    """What was asked: the verb of HTTP, the path, and the query as it came."""

    method: str
    path: str
    query: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"


class Fault(NamedTuple):
    """What is answered instead: a status with headers, or nothing at all (`status` 0), perhaps after the deed."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    after: bool = False


Faults = Callable[[Call], Fault | None]


class Seconds:
    """A clock that goes on where a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeCluster:
    """The objects, what was asked, and the faults."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.calls: list[Call] = []
        self.faults: Faults = lambda call: None
        self.page = 0
        self.number = 0
        self.lock = threading.Lock()
        for name in POLICIES:
            self.put("ValidatingAdmissionPolicy", "", name, spec={}, status={"observedGeneration": 1})
            bound = {"policyName": name, "validationActions": ["Deny"]}
            self.put("ValidatingAdmissionPolicyBinding", "", name, spec=bound)
        self.node("node-1")

    def put(self, kind: str, space: str, name: str, labels: dict[str, str] | None = None, **fields: Any) -> Object:
        """Put an object there, as somebody else would."""
        self.number += 1
        metadata = {"name": name, "uid": f"uid-{self.number}", "resourceVersion": str(self.number), "generation": 1}
        metadata |= {"labels": labels or {}} | ({"namespace": space} if space else {})
        self.objects[path_of(Key(kind, space, name))] = {"metadata": metadata, **fields}
        return self.objects[path_of(Key(kind, space, name))]

    def node(self, name: str, ready: str = "True") -> None:
        """Put a node there, ready or lost."""
        self.put("Node", "", name, status={"conditions": [{"type": "Ready", "status": ready}]})

    def has(self, kind: str, space: str, name: str) -> bool:
        return path_of(Key(kind, space, name)) in self.objects

    def found(self, kind: str, space: str, name: str) -> Object:
        return self.objects[path_of(Key(kind, space, name))]

    def gone(self, kind: str, space: str, name: str) -> None:
        """Take an object away, as a node does with a pod that ended, or somebody by force."""
        del self.objects[path_of(Key(kind, space, name))]

    def told(self) -> dict[str, Object]:
        """Return all objects without what the server numbers, to compare two worlds."""
        plain = deepcopy(self.objects)
        for one in plain.values():
            for field in ("uid", "resourceVersion", "generation"):
                one["metadata"].pop(field, None)
            one["metadata"] = {name: value for name, value in one["metadata"].items() if value not in ({}, [])}
        return plain

    def written(self) -> list[Call]:
        return [call for call in self.calls if call.writes]

    def answer(self, call: Call, body: Object | None) -> tuple[int, Object]:
        """Do what is asked, and return status and answer."""
        if call.method == "GET":
            return self._read(call)
        if call.method == "POST":
            return self._make(call.path, body or {})
        if call.path not in self.objects:
            return 404, {}
        return self._write(call, body or {})

    def _read(self, call: Call) -> tuple[int, Object]:
        if call.path in self.objects:
            return 200, self.objects[call.path]
        plural = call.path.rsplit("/", 1)[1]
        if plural not in {kind.plural for kind in KINDS.values()}:
            return 404, {}
        query = parse_qs(call.query)
        paths = [path for path in sorted(self.objects) if re.fullmatch(_pattern(call.path), path)]
        fit = [self.objects[path] for path in paths if _fits(self.objects[path], query.get("labelSelector", [""])[0])]
        return self._page(fit, int(query.get("limit", ["0"])[0]), query.get("continue", ["0"])[0])

    def _page(self, fit: list[Object], limit: int, token: str) -> tuple[int, Object]:
        if token == PAGE_BREAKS:
            return 410, {}
        begin, size = int(token), self.page if limit and self.page else len(fit) or 1
        more = {"continue": str(begin + size)} if begin + size < len(fit) else {}
        return 200, {"metadata": more, "items": fit[begin : begin + size]}

    def _make(self, folder: str, body: Object) -> tuple[int, Object]:
        path = f"{folder}/{body['metadata']['name']}"
        space = re.search(r"/namespaces/([^/]+)/", path)
        if path in self.objects:
            return 409, {}
        if space is not None and f"/api/v1/namespaces/{space[1]}" not in self.objects:
            return 404, {}
        self.number += 1
        made = deepcopy(body)
        made["metadata"] |= {"uid": f"uid-{self.number}", "resourceVersion": str(self.number)}
        self.objects[path] = {name: value for name, value in made.items() if name not in ("kind", "apiVersion")}
        return 201, made

    def _write(self, call: Call, body: Object) -> tuple[int, Object]:
        there = self.objects[call.path]["metadata"]
        self.number += 1
        if call.method == "PUT":
            if body["metadata"].get("resourceVersion") != there["resourceVersion"]:
                return 409, {}
            body["metadata"]["resourceVersion"] = str(self.number)
            self.objects[call.path] = {k: v for k, v in body.items() if k not in ("kind", "apiVersion")}
            return 200, body
        if body.get("preconditions", {}).get("uid") != there["uid"]:
            return 409, {}
        if "/pods/" in call.path and body.get("gracePeriodSeconds") != 0:
            there |= {"deletionTimestamp": "now", "deletionGracePeriodSeconds": body.get("gracePeriodSeconds", 30)}
        else:
            del self.objects[call.path]
        return 200, {}


def path_of(key: Key) -> str:
    kind = KINDS[key.kind]
    return f"{kind.root}{f'/namespaces/{key.namespace}' if key.namespace else ''}/{kind.plural}/{key.name}"


def _pattern(folder: str) -> str:
    root, plural = folder.rsplit("/", 1)
    spaced = "" if plural in ("namespaces", "nodes") else r"(/namespaces/[^/]+)?"
    return f"{re.escape(root)}{spaced}/{plural}/[^/]+"


def _fits(one: Object, selector: str) -> bool:
    labels = one["metadata"].get("labels") or {}
    wanted = [part.partition("=") for part in selector.split(",") if part]
    return all(name in labels and (not mark or labels[name] == value) for name, mark, value in wanted)


class _Server(ThreadingHTTPServer):
    """Serves one cluster. A connection that a fault cuts is no error."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cluster = cluster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one call after another, as the cluster or a fault says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: _Server

    def do_GET(self) -> None:
        split, cluster = urlsplit(self.path), self.server.cluster
        call = Call(self.command, split.path, split.query)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        with cluster.lock:
            cluster.calls.append(call)
            fault = cluster.faults(call)
            status, answer = cluster.answer(call, body) if fault is None or fault.after else (0, {})
            text = json.dumps(answer).encode()
        if fault is not None:
            self._fail(fault)
        else:
            self._say(status, text)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the base class's names

    def _fail(self, fault: Fault) -> None:
        if fault.status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._say(fault.status, b"{}", fault.headers)

    def _say(self, status: int, text: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(text)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def serving(cluster: FakeCluster) -> Iterator[str]:
    """Serve it on loopback; gives its URL."""
    server = _Server(cluster)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def api_of(url: str, seconds: Callable[[], float]) -> Api:
    """Return the warden's API on a server."""
    return Api(ApiClient(Configuration(host=url)), seconds)


def without_a_wire(cluster: FakeCluster) -> Callable[..., Object]:
    """Return a stand-in for `Api._call` that asks the objects in memory, for a test with thousands of calls."""

    def call(_api: Api, method: str, path: str, body: Object | None = None, query: Object | None = None) -> Object:
        asked = Call(method, path, urlencode(query or {}))
        cluster.calls.append(asked)
        status, answer = cluster.answer(asked, body and deepcopy(body))
        if status >= 400:
            raise Trouble(f"{method} {path}: {status}", status)
        parsed: Object = json.loads(json.dumps(answer))  # as over a wire: nobody shares what is kept here
        return parsed

    return call

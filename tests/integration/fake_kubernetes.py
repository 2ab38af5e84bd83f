"""A Kubernetes API for the parts in their processes: objects in memory, rights by token, watches, and a node.

Built on the warden tests' objects. The rights are those of the chart, the warden's from the table that the chart
repeats. Admission is as much of the chart's as tells a decided pod from another one. It shows how the parts meet a
cluster's answers, not how a cluster behaves: that is for the tests on a real one.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jupyterhub

from hub_config.admission import POLICY
from spawner import cluster_names as names
from spawner.warden.rights import RIGHTS
from tests.unit.spawner.warden.fake_api import Call, FakeCluster

IMAGE = f"registry.example.org/workspace@sha256:{'ab' * 32}"
HUB, WARDEN = "hub", "warden"
_DENIED = f"ValidatingAdmissionPolicy '{POLICY}' with binding '{POLICY}' denied request: "
_POLL = 0.05


class FakeKubernetes(FakeCluster):
    """The objects with what makes a cluster of them. `guarded`: whether its admission policy is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.guarded = True
        self.away = threading.Event()
        self.made: list[tuple[str, str]] = []  # who made what
        self.node_runs = True
        self._ended = threading.Event()
        self._servers: dict[str, ThreadingHTTPServer] = {}
        self._addresses = 0
        self.port = 0

    @classmethod
    @contextmanager
    def served(cls) -> Iterator["FakeKubernetes"]:
        """Serve one on loopback, with its node, and end both."""
        fake = cls()
        api = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
        api.daemon_threads = True
        fake.port = api.server_port
        threads = [threading.Thread(target=one, daemon=True) for one in (api.serve_forever, fake._run_the_node)]
        for one in threads:
            one.start()
        try:
            yield fake
        finally:
            fake._ended.set()
            api.shutdown()
            api.server_close()
            threads[1].join(10)

    def kubeconfig(self, folder: Path, who: str) -> Path:
        """Write a part's way to the API, with its own token."""
        file = folder / f"kubeconfig-{who}"
        user = {"name": who, "user": {"token": who}}
        cluster = {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
        context = {"name": "fake", "context": {"cluster": "fake", "user": who}}
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1", "kind": "Config", "current-context": "fake", "clusters": [cluster],
                    "users": [user], "contexts": [context],
                }
            ),
            encoding="utf-8",
        )  # fmt: skip
        return file

    def pods(self) -> dict[str, Any]:
        """Return the pods of all namespaces by `namespace/name`."""
        with self.lock:
            found = {path: one for path, one in self.objects.items() if "/pods/" in path}
            return {f"{path.split('/')[4]}/{path.split('/')[6]}": deepcopy(one) for path, one in found.items()}

    def ask(self, who: str, call: Call, body: Any) -> tuple[int, Any]:
        """Answer a call of somebody, if they may."""
        if self.away.is_set():
            return 503, _status(503, "the server is currently unable to handle the request")
        resource, namespace = _resource(call.path)
        if not self._may(who, call.method, resource, namespace):
            verb = {"POST": "create", "DELETE": "delete", "PUT": "update"}.get(call.method, "get")
            return 403, _status(403, f'User "{who}" cannot {verb} resource "{resource}" in namespace "{namespace}"')
        if resource == "events":
            return 200, {"metadata": {"resourceVersion": "1"}, "items": []}
        refused = self._admitted(call, body, namespace) if (call.method, resource) == ("POST", "pods") else None
        if refused is not None:
            return 403, _status(403, f'pods "{body["metadata"]["name"]}" is forbidden: {refused}')
        if "dryRun=All" in call.query:
            return 201, body
        if (call.method, resource) == ("POST", "pods"):
            body["status"] = {"phase": "Pending"}
        if call.method == "DELETE" and call.path in self.objects:
            body = {"preconditions": {"uid": self.objects[call.path]["metadata"]["uid"]}} | (body or {})
        status, answer = self.answer(call, body)
        if call.method == "POST" and status < 300:
            self.made.append((who, resource))
        if "items" in answer:
            answer["metadata"]["resourceVersion"] = str(self.number)
        return status, answer if status < 400 else _status(status, "refused by the fake cluster")

    def matching(self, call: Call) -> dict[str, Any]:
        """Return what a watch is about, by uid."""
        if "/events" in call.path:
            return {}
        _, answer = self.answer(call, None)
        return {one["metadata"]["uid"]: deepcopy(one) for one in answer.get("items", [])}

    def wait(self, seconds: float) -> bool:
        """Wait a moment; True where this cluster ends."""
        return self._ended.wait(seconds)

    def _may(self, who: str, method: str, resource: str, namespace: str) -> bool:
        if who == HUB:
            bound = self.has("RoleBinding", namespace, names.HUB_BINDING) if namespace else False
            allowed = {"pods": ("GET", "POST", "DELETE"), "events": ("GET",)}
            return bound and method in allowed.get(resource, ())
        verbs = {"GET": ("get", "list"), "POST": ("create",), "PUT": ("update",), "DELETE": ("delete",)}[method]
        rights = {verb for one in RIGHTS if resource in one.resources for verb in one.verbs}
        return who == WARDEN and bool(rights & set(verbs))

    def _admitted(self, call: Call, pod: Any, namespace: str) -> str | None:
        """Say why the chart's policy does not let a pod in."""
        if not self.guarded:
            return None
        if not self.has("AccessGrant", namespace, names.GRANT):
            return _DENIED + "no params found for policy binding with `Deny` parameterNotFoundAction"
        grant = self.found("AccessGrant", namespace, names.GRANT)["spec"]
        person = (pod["metadata"].get("labels") or {}).get(names.PERSON, "")
        given = next((one for one in grant["persons"] if str(one["person"]) == person), None)
        wanted = [
            one["csi"]["volumeAttributes"]["bucketName"] for one in pod["spec"].get("volumes", []) if "csi" in one
        ]
        if given is None or pod["spec"]["containers"][0]["image"] != IMAGE:
            return _DENIED + "failed expression"
        return None if set(wanted) <= {one["bucket"] for one in given["mounts"]} else _DENIED + "failed expression"

    def _run_the_node(self) -> None:
        """Set pods running, and take away those that are to end, while the node runs."""
        while not self._ended.wait(_POLL):
            if not self.node_runs:
                continue
            with self.lock:
                pods = {path: one for path, one in self.objects.items() if "/pods/" in path}
                for path, one in pods.items():
                    if one["metadata"].get("deletionTimestamp"):
                        del self.objects[path]
                    elif one["status"]["phase"] == "Pending":
                        self._set_running(path, one)
                for path in self._servers.keys() - self.objects.keys():
                    self._stop(path)
        for path in list(self._servers):
            self._stop(path)

    def _set_running(self, path: str, pod: Any) -> None:
        self._addresses += 1
        address = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.{self._addresses}"
        workspace = ThreadingHTTPServer((address, names.PORT), _Workspace)
        workspace.daemon_threads = True
        threading.Thread(target=workspace.serve_forever, daemon=True).start()
        self._servers[path] = workspace
        container = {"name": names.CONTAINER, "ready": True, "state": {"running": {}}, "image": "i", "imageID": "i"}
        pod["spec"]["nodeName"] = "node-1"
        pod["status"] = {
            "phase": "Running", "podIP": address, "conditions": [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [container | {"restartCount": 0}],
        }  # fmt: skip
        self.number += 1
        pod["metadata"]["resourceVersion"] = str(self.number)

    def _stop(self, path: str) -> None:
        workspace = self._servers.pop(path)
        workspace.shutdown()
        workspace.server_close()


class _Workspace(BaseHTTPRequestHandler):
    """Answers for the server of a workspace."""

    def do_GET(self) -> None:
        text = b'{"kernels": 0}'
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", jupyterhub.__version__)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _handler(fake: FakeKubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 120

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            call = Call(self.command, split.path, split.query)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            who = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
            with fake.lock:
                fake.calls.append(call)
                status, answer = fake.ask(who, call, body)
                text = json.dumps(answer).encode()
            if status == 200 and "watch=" in call.query:
                self._watch(call)
            else:
                self._say(status, text)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the base class's names

        def _say(self, status: int, text: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _watch(self, call: Call) -> None:
            """Tell what changes for as long as was asked."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            seconds = int(parse_qs(call.query).get("timeoutSeconds", ["10"])[0])
            known: dict[str, Any] = {}
            for _ in range(int(seconds / _POLL)):
                with fake.lock:
                    now = {} if fake.away.is_set() else fake.matching(call)
                lines = [_event("DELETED", one) for uid, one in known.items() if uid not in now]
                lines += [_event("MODIFIED" if u in known else "ADDED", o) for u, o in now.items() if known.get(u) != o]
                known = now
                try:
                    self.wfile.write(b"".join(lines))
                    self.wfile.flush()
                except OSError:
                    return
                if fake.away.is_set() or fake.wait(_POLL):
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


def _event(kind: str, one: Any) -> bytes:
    return json.dumps({"type": kind, "object": one}).encode() + b"\n"


def _resource(path: str) -> tuple[str, str]:
    """Return the resource and the namespace that a path is about."""
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if rest[0] == "namespaces" and len(rest) > 2:
        return rest[2], rest[1]
    return rest[0], ""


def _status(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": "Forbidden"}

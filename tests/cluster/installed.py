"""A whole Sluis in the tests' cluster: its parts by the chart, PostgreSQL as a pod, a demo's log, a provider beside it.

Every object is the chart's own rendering, with nothing changed in it. The provider is a thread of the test process, on
the node's address in the cluster's network namespace, where hub and test reach it under one name.
"""

import base64
import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from werkzeug.serving import make_server

import hub_config.cli  # noqa: F401 (first: the demo's data and it import each other)
from hub_config.demo.data import DATASETS
from hub_config.demo.provider import DemoPerson, provider_app
from hub_config.demo.seed import Elsewhere, seed
from hub_config.places import Places
from spawner import cluster_names as names
from tests.chart.rendering import REQUIRED, Object, Values, merged, render
from tests.cluster import processes
from tests.cluster import store as bucket_store
from tests.cluster.handle import Cluster, restricted_pod
from tests.cluster.keys import PROVISIONER
from tests.cluster.setting import API_PORT, BROWSER_ADDRESS, INSTITUTE_ADDRESS, NODE_ADDRESS, POD_RANGE
from tests.integration.whole import sluis

PARTS, DATABASES, BUCKET = "sluis", "databases", "sluis-demo-whole"
CHECKPOINTS = "/var/lib/sluis-checkpoints"
LOG_ROLES = ("sluis_hub", "sluis_desk", "sluis_warden", "sluis_operator")
# as where none are written, and one of which several fit onto the tests' node
PROFILES = [
    {"name": "small", "label": "Small: 1 core, 4 GiB"},
    {"name": "large", "label": "Large: 2 cores, 12 GiB", "cpus": 2.0, "memory_gib": 12.0, "processes": 1024},
    {"name": "tiny", "label": "Tiny", "memory_gib": 2.0, "cpu_request": 0.1, "memory_request_gib": 0.25},
]
_PROVIDER_PORT = 9000
_BOUND = 180.0


# the node's own way to a Service is masqueraded, so its browsers come from the first address of the pods' network
_INSIDE = [f"{next(ip_network(POD_RANGE).hosts())}/32", f"{INSTITUTE_ADDRESS}/32"]
_TWO_DOORS: Values = {
    "origins": {"desk": "", "workspaces": "", "allowShared": True},  # no names lead to the node
    "network": {"institute": _INSIDE, "url": "http://inside", "balancers": 0, "browsers": {"cidrs": _INSIDE}},
}


class Installed:
    """What `whole.Visitor` and the tests need: `state` of who runs the command line, and where browsers come in, by the
    public `url` or the `institute_url`."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.state = folder / "operator"
        self.url = self.institute_url = ""
        self._folder = folder
        self._passwords = {role: secrets.token_hex(16) for role in (*LOG_ROLES, "sluis_owner", "jupyterhub")}
        self._database = ""

    def install(self) -> None:
        """Do what docs/kubernetes.md says, in its order."""
        self._serve_databases()
        self._seed()
        self.cluster.new_namespace(PARTS)
        self._keep_checkpoints()
        self._make_secrets()
        self.url, self.institute_url = (f"http://{self._address_of(door)}" for door in ("proxy", "proxy-institute"))
        objects = render(self._values())
        hooks = [each for each in objects if "helm.sh/hook" in (each["metadata"].get("annotations") or {})]
        self.cluster.apply(hooks, PARTS)
        job = f"/apis/batch/v1/namespaces/{PARTS}/jobs/prepare"
        self.cluster.await_condition(job, "Complete", _BOUND)
        self.cluster.apply([each for each in objects if each not in hooks], PARTS)
        for part in ("hub", "proxy", "proxy-institute", "desk", "warden"):
            path = f"/apis/apps/v1/namespaces/{PARTS}/deployments/{part}"
            self.cluster.await_condition(path, "Available", _BOUND)

    def remove(self) -> None:
        """Take everything away again, policies first: they let nobody end what they look after."""
        objects = render(REQUIRED)
        self._delete([each for each in objects if each["kind"].startswith("Validating")])
        requests = self.cluster.admin.read("/api/v1/namespaces", labelSelector=names.REQUEST)["items"]
        spaces = [PARTS, DATABASES, *(each["metadata"]["name"] for each in requests)]
        for space in spaces:
            self.cluster.admin.delete(f"/api/v1/namespaces/{space}", propagationPolicy="Background")
        paths = [f"/api/v1/namespaces/{space}" for space in spaces]
        processes.until("the namespaces are gone", lambda: not any(map(self._is_there, paths)), _BOUND)
        self._delete([each for each in objects if each["kind"].startswith(("Cluster", "Custom"))])
        processes.until("AccessGrants are gone", lambda: not self._is_there("/apis/sluis.dev/v1"), _BOUND)

    def _delete(self, objects: list[Object]) -> None:
        for each in objects:
            self.cluster.admin.delete(f"{self.cluster.admin.folder_of(each, PARTS)}/{each['metadata']['name']}")

    def _is_there(self, path: str) -> bool:
        return self.cluster.admin.get(path).is_success

    def pod_of(self, part: str) -> str:
        """Return the name of a part's pod."""
        return self.pods_of(part)[0]

    def pods_of(self, part: str) -> list[str]:
        """Return the names of a part's pods; of wardens there are two."""
        found = self.cluster.admin.read(
            f"/api/v1/namespaces/{PARTS}/pods", labelSelector=f"app.kubernetes.io/component={part}"
        )
        return [str(each["metadata"]["name"]) for each in found["items"]]

    def workspaces(self) -> list[dict[str, Any]]:
        """Return the workspaces that the log believes in."""
        return list(msgspec.json.decode(sluis(self.state, "workspace", "list", "--json").stdout))

    def do(self, command: str, by: str, /, **arguments: str) -> None:
        """Give a command by the command line on behalf of a person."""
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        answer = sluis(self.state, "do", command, *pairs, "--as", by)
        assert answer.returncode == 0, answer.stderr

    def agree(self, command: str, by: str, /, **arguments: str) -> None:
        """Give a command on behalf of a person, which an admin confirms."""
        self.do(command, by, **arguments)
        self.do("confirm-proposal", "P-1", proposal=str(self.facts("CommandProposed")[-1]["proposal"]))

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of one kind."""
        shown = sluis(self.state, "log", "show", "--kind", kind, "--json")
        return [dict(msgspec.json.decode(line)) for line in shown.stdout.splitlines()]

    def _serve_databases(self) -> None:
        """PostgreSQL with two databases, and the roles of parts and JupyterHub with passwords."""
        self.cluster.new_namespace(DATABASES)
        pod = restricted_pod("postgres", self.cluster.image("postgres"), labels={"app": "postgres"})
        owner = {"POSTGRES_USER": "sluis_owner", "POSTGRES_PASSWORD": self._passwords["sluis_owner"]}
        pod["spec"]["containers"][0]["env"] = [{"name": name, "value": value} for name, value in owner.items()]
        pod["spec"]["securityContext"] |= {"runAsUser": 10002, "runAsGroup": 10002, "fsGroup": 10002}
        pod["spec"]["containers"][0]["volumeMounts"] = [
            {"name": "data", "mountPath": "/var/lib/postgresql"}, {"name": "tmp", "mountPath": "/tmp"},
        ]  # fmt: skip
        pod["spec"]["volumes"] = [{"name": name, "emptyDir": {}} for name in ("data", "tmp")]
        self._database = str(self.cluster.run(DATABASES, pod)["status"]["podIP"])
        owned = {**owner, "host": self._database, "dbname": "postgres"}
        processes.until("PostgreSQL answers", lambda: self._answers(owned), 60)
        with self._connected(owned) as connection:
            for role in (*LOG_ROLES, "jupyterhub"):
                connection.execute(f"CREATE ROLE {role} LOGIN NOINHERIT PASSWORD '{self._passwords[role]}'".encode())
            connection.execute(b"CREATE DATABASE sluis")
            connection.execute(b"CREATE DATABASE jupyterhub OWNER jupyterhub")

    def _connected(self, owned: dict[str, str]) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=owned["host"], dbname=owned["dbname"], user=owned["POSTGRES_USER"],
            password=owned["POSTGRES_PASSWORD"], autocommit=True, connect_timeout=3,
        )  # fmt: skip

    def _answers(self, owned: dict[str, str]) -> bool:
        try:
            self._connected(owned).close()
        except psycopg.OperationalError:
            return False
        return True

    def _seed(self) -> None:
        """Make the demo's log from outside, and put its datasets where it says that they are."""
        os.environ["PGUSER"] = "sluis_owner"
        os.environ["PGPASSFILE"] = str(self._passfile("operator", ("sluis_owner", "sluis_operator")))
        where = Elsewhere(f"postgresql://{self._database}/sluis", BUCKET)
        seed(Places(self.state), lambda _: None, elsewhere=where)
        for each in DATASETS:
            bucket_store.put_folder(BUCKET, each.location, self.state / "datasets" / each.location)

    def _passfile(self, name: str, roles: tuple[str, ...]) -> Path:
        file = self._folder / f"pgpass-{name}"
        file.touch(mode=0o600)
        file.write_text("".join(f"*:*:*:{role}:{self._passwords[role]}\n" for role in roles), encoding="utf-8")
        return file

    def _keep_checkpoints(self) -> None:
        """Put the log's checkpoints onto the volume that the parts share."""
        claim = {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "checkpoints"},
            "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
        }  # fmt: skip
        self.cluster.apply(claim, PARTS)
        volume = {"name": "c", "persistentVolumeClaim": {"claimName": "checkpoints"}}
        pod = restricted_pod(
            "copy", self.cluster.image("busybox"), "sleep", "600", volumes=[volume],
            volumeMounts=[{"name": "c", "mountPath": "/c"}],
        )  # fmt: skip
        pod["spec"]["securityContext"] |= {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
        self.cluster.run(PARTS, pod)
        for file in (self.state / "checkpoints").iterdir():
            text = base64.b64encode(file.read_bytes()).decode()
            done = self.cluster.exec(PARTS, "copy", "sh", "-c", f"echo {text} | base64 -d >/c/{file.name}")
            assert done.returncode == 0, done.stderr
        self.cluster.end(PARTS, "copy")

    def _make_secrets(self) -> None:
        tokens = {
            name: secrets.token_hex(32) for name in ("proxy-token", "desk-token", "warden-token", "cookie-secret")
        }
        passwords = {
            "pgpass-hub": ("sluis_hub", "jupyterhub"), "pgpass-desk": ("sluis_desk",),
            "pgpass-warden": ("sluis_warden",), "pgpass-operator": ("sluis_operator",),
        }  # fmt: skip
        files = {name: self._passfile(name, roles).read_text() for name, roles in passwords.items()}
        self._secret("sluis-secrets", {k: v.encode() for k, v in {**tokens, **files, "client-secret": "any"}.items()})
        self._secret("sluis-keys", {each.name: each.read_bytes() for each in (self.state / "keys").iterdir()})

    def _secret(self, name: str, data: dict[str, bytes]) -> None:
        coded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        self.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": coded}, PARTS)

    def _address_of(self, door: str) -> str:
        """Make a proxy's Service first: browsers' address, which the settings need, is its own here."""
        service = next(each for each in render(merged(REQUIRED, _TWO_DOORS)) if _is(each, "Service", door))
        (made,) = self.cluster.apply(service, PARTS)
        return str(made["spec"]["clusterIP"])

    def _values(self) -> Values:
        issuer = f"http://{NODE_ADDRESS}:{_PROVIDER_PORT}"
        return merged(
            REQUIRED,
            _TWO_DOORS,
            {
                "url": self.url,
                "network": {"url": self.institute_url},
                "image": _by_digest(self.cluster.image("sluis")),
                "singleuser": {
                    "image": _by_digest(self.cluster.image("workspace")),
                    "storage": {"capacity": "1Gi"},
                    "networkPolicy": {"storageCidrs": [f"{NODE_ADDRESS}/32"]},
                },
                "database": {
                    "url": f"postgresql://{self._database}/sluis",
                    "hubUrl": f"postgresql://jupyterhub@{self._database}/jupyterhub",
                    "cidrs": [f"{self._database}/32"],
                },
                "config": {"login": {"issuer": issuer, "client_id": "sluis"}, "profiles": PROFILES},
                "admission": {"volumeUsers": [PROVISIONER]},
                "networkPolicy": {
                    "browsers": {"cidrs": [f"{NODE_ADDRESS}/32", f"{BROWSER_ADDRESS}/32"]},
                    "apiServer": {"cidrs": [f"{NODE_ADDRESS}/32"], "port": API_PORT},
                    "issuer": {"cidrs": [f"{NODE_ADDRESS}/32"], "port": _PROVIDER_PORT},
                },
            },
        )


@contextlib.contextmanager
def provider(installed: Installed) -> Iterator[None]:
    """Serve the demo's provider on the node's address, for hub and browser."""
    people = msgspec.json.decode((installed.state / "demo.json").read_bytes(), type=list[DemoPerson])
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    server = make_server(NODE_ADDRESS, _PROVIDER_PORT, provider_app(people), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def _by_digest(image: str) -> dict[str, str]:
    repository, _, digest = image.partition("@")
    return {"repository": repository, "digest": digest}


def _is(each: Object, kind: str, name: str) -> bool:
    return bool(each["kind"] == kind and each["metadata"]["name"] == name)

"""The chart's admission policies and rights in a cluster of the tests, a request's place, and a pod that fits it."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from access_policy.entitlements import Entitlement, Openable, in_either_zone
from access_policy.entitlements import Place as Lies
from access_policy.model.enums import Zone
from access_policy.model.ids import DatasetName, PersonId
from spawner import cluster_names as names
from spawner.manifest import Cluster, Server, expected_pod
from spawner.warden.grants import Given, Site, open_place
from spawner.workspace import Mount, Profile, Workspace
from tests import gcsfuse_webhook
from tests.chart.rendering import NAMESPACE, REQUIRED, WORKSPACE_IMAGE, Values, merged, render
from tests.cluster.api import Api, RefusedError
from tests.cluster.keys import PROVISIONER

Object = dict[str, Any]
Change = Callable[[Object], object]

GIB = 1024**3
INSTALLATION = "3f0e"
REQUEST = "DR-12"
PLACE = names.namespace(REQUEST)
BARE_REQUEST = "DR-14"
BARE = names.namespace(BARE_REQUEST)
SIDECAR = "registry.example.org/gke/gcs-fuse-csi-driver-sidecar-mounter"
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=8)
PROFILE = Profile("small", "Small", 1.0, 4 * GIB, 512, 8 * GIB, 72 * 3600)
SEALED = {"runtime_class": "gvisor", "node_selector": ["pool=sealed"]}
MOUNTS = (("heart", "gs://heart-data"), ("lung", "gs://lung-data/part/b"))

VALUES: Values = merged(
    REQUIRED,
    {
        "config": {
            "profiles": [
                {"name": "small", "label": "Small"},
                {"name": "large", "label": "Large", "node_selector": ["pool=large"]},
                {"name": "sealed", "label": "Sealed", "data": "api", **SEALED},
            ]
        },
        "singleuser": {
            "gcsfuse": {"sidecarRepositories": [SIDECAR]},
            "hostAliases": [{"ip": "199.36.153.8", "hostnames": ["storage.example.org", "www.example.org"]}],
        },
        "admission": {"volumeUsers": [PROVISIONER]},
    },
)
_ORDER = ("CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding",
          "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")  # fmt: skip
RUNTIMES = ("gvisor", "other")
_SPACES = (PLACE, BARE, NAMESPACE)
_TRIES = 150


@dataclass(frozen=True)
class Locks:
    """The identities that matter, at a cluster whose locks are in force.

    Beside the usual place there is a bare one, which Pod Security does not look at: what is refused there our own
    policies refuse by themselves.
    """

    admin: Api
    hub: Api
    warden: Api


@contextmanager
def locked(admin: Api) -> Iterator[Locks]:
    """Install what the chart says of rights and admission, with places of two requests; take it all away again."""
    runtimes = [
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": "runsc"}
        for name in RUNTIMES
    ]
    objects = [*sorted((each for each in render(VALUES) if each["kind"] in _ORDER), key=_order), *runtimes]
    admin.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, _bare()])
    try:
        _install(admin, objects)
        locks = Locks(admin, account(admin, NAMESPACE, "hub"), account(admin, NAMESPACE, "warden"))
        until(lambda: "sluis: " in refusal(admin, place(5)[0]), "the chart's policies are not in force")
        make_place(locks, REQUEST, place(5))
        make_place(locks, BARE_REQUEST, place(5, request=BARE_REQUEST)[1:])
        settled(locks)
        yield locks
    finally:
        _remove(admin, [each for each in objects if each["kind"].startswith("Validating")])
        for namespace in _SPACES:
            admin.delete(f"/api/v1/namespaces/{namespace}")
        until(lambda: all(_is_gone(admin, namespace) for namespace in _SPACES), "the namespaces stay")
        _remove(admin, [each for each in objects if each["kind"].startswith(("Cluster", "Custom", "Runtime"))])
        until(lambda: not admin.get("/apis/sluis.dev/v1").is_success, "AccessGrants stay")


def _bare() -> Object:
    """A request's namespace that was never held to `restricted`; with the policies in force nobody can make one."""
    labels = names.namespace_labels(INSTALLATION, BARE_REQUEST)
    kept = {key: value for key, value in labels.items() if not key.startswith("pod-security.kubernetes.io/")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": BARE, "labels": kept}}


def _order(one: Object) -> int:
    return _ORDER.index(one["kind"])


def _install(admin: Api, objects: list[Object]) -> None:
    for each in objects:
        admin.apply(each, NAMESPACE)
        if each["kind"] == "CustomResourceDefinition":
            until(lambda: _serves_grants(admin), "there is no AccessGrant")


def _serves_grants(admin: Api) -> bool:
    paths = ("/apis/sluis.dev/v1", "/apis/sluis.dev/v1/accessgrants")
    return all(admin.get(path).is_success for path in paths)


def _remove(admin: Api, objects: list[Object]) -> None:
    for each in objects:
        admin.delete(f"{admin.folder_of(each, NAMESPACE)}/{each['metadata']['name']}")


def account(admin: Api, namespace: str, name: str) -> Api:
    """A service account of the chart, by a token of its own."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return admin.as_token(admin.ask("POST", path, json=body).raise_for_status().json()["status"]["token"])


def place(seq: int, until: datetime | None = UNTIL, request: str = REQUEST) -> list[Object]:
    """A request's place as the warden makes it: two persons, of whom the second has no data, and no home yet."""
    lies = tuple(Lies(DatasetName(dataset), location, Zone.INSTITUTE) for dataset, location in MOUNTS)
    homes = (Openable(1, Zone.INSTITUTE), Openable(2, Zone.ANYWHERE))
    people = (
        Entitlement(PersonId("P-3"), until, lies, homes, 3),
        Entitlement(PersonId("P-4"), until, (), in_either_zone(1), 2),
    )
    made = open_place(Site(), INSTALLATION, Given(request, people, ()), seq)
    return [*made.ground, *made.lets_in]


def make_place(locks: Locks, request: str, objects: list[Object]) -> None:
    """Let the warden make it, with its own rights, and an account that is left of a person who is not granted."""
    for each in objects:
        locks.warden.create(each)
    labels = names.person_labels(INSTALLATION, request, "P-5")
    account = {"name": "p-5", "namespace": names.namespace(request), "labels": labels}
    locks.warden.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})


def pod(person: str = "P-3", profile: Profile = PROFILE, request: str = REQUEST) -> Object:
    """The pod of a person's workspace, as the hub sends it."""
    mounts = tuple(Mount(dataset, "1", location) for dataset, location in MOUNTS) if person == "P-3" else ()
    aliases = (("199.36.153.8", "storage.example.org"),)
    workspace = Workspace(person, request, 41, UNTIL, mounts, profile, INSTALLATION, Zone.INSTITUTE)
    cluster = Cluster(image=WORKSPACE_IMAGE, hub_url="http://10.96.0.7:8081", host_aliases=aliases)
    return expected_pod(workspace, cluster, Server({"JUPYTERHUB_API_TOKEN": "t"}), datetime.now(UTC))


def with_sidecar(one: Object, image: str = f"{SIDECAR}:v1.24.0") -> Object:
    """The pod after the storage's webhook, by its own recorded answer; the image is of the allowed repository."""
    return gcsfuse_webhook.with_sidecar(one, image)


def refusal(api: Api, one: Object, **query: str) -> str:
    """What the API server says to an object that it is only asked about; empty where it would be made."""
    try:
        api.create(one, PLACE, dryRun="All", **query)
    except RefusedError as refused:
        return str(refused)
    return ""


def refused_at_last(api: Api, one: Object) -> str:
    """What the API server says once it refuses the object."""
    until(lambda: refusal(api, one) != "", f"`{one['metadata']['name']}` is let in")
    return refusal(api, one)


def _is_gone(admin: Api, namespace: str) -> bool:
    return admin.get(f"/api/v1/namespaces/{namespace}").status_code == 404


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait: policies come into force a little after they are there (DAT-15), and namespaces do not go at once."""
    for _ in range(_TRIES):
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError(f"{otherwise} after {_TRIES * 0.2:.0f} seconds")


def replace_grant(locks: Locks, grant: Object) -> None:
    """Let the warden write another grant; its number goes on from the one that is there."""
    path = f"/apis/sluis.dev/v1/namespaces/{PLACE}/accessgrants/grant"
    now = locks.admin.read(path)
    body = copy.deepcopy(grant)
    body["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"]
    body["spec"]["seq"] = max(grant["spec"]["seq"], now["spec"]["seq"] + 1)
    answer = locks.warden.ask("PUT", path, json=body)
    assert answer.is_success, answer.text


def settled(locks: Locks) -> None:
    """What was changed is seen a little later; the next test begins with the usual pod let in, and no other one."""
    for request in (REQUEST, BARE_REQUEST):
        until(partial(_is_as_usual, locks.hub, request), "the policy of pods is not in force, or refuses the usual one")


def _is_as_usual(hub: Api, request: str) -> bool:
    other = pod(request=request)
    other["metadata"]["labels"][names.INSTALLATION] = "other"
    return refusal(hub, pod(request=request)) == "" and "sluis: the pod's labels" in refusal(hub, other)

"""What every pod of the chart is held to: one assertion a field, over all workloads of every variant."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.rendering import (
    DIGEST,
    REQUIRED,
    VARIANTS,
    Object,
    at,
    doors_of,
    merged,
    named,
    pod_specs,
    render,
    variant,
)

PODS = [
    pytest.param(pod["spec"], id=f"{name} of {kind}")
    for kind in VARIANTS
    for name, pod in pod_specs(variant(kind)).items()
]
CONTAINERS = [
    pytest.param(container, id=f"{name}/{container['name']} of {kind}")
    for kind in VARIANTS
    for name, pod in pod_specs(variant(kind)).items()
    for container in (*pod["spec"]["containers"], *pod["spec"].get("initContainers", []))
]
MAY_ASK_THE_API = {"hub", "warden"}
MUST: dict[str, Callable[[Object], bool]] = {
    "is no root": lambda c: c["securityContext"]["runAsNonRoot"] is True,
    "has a root that nobody writes": lambda c: c["securityContext"]["readOnlyRootFilesystem"] is True,
    "is not privileged": lambda c: c["securityContext"]["privileged"] is False,
    "gains no rights": lambda c: c["securityContext"]["allowPrivilegeEscalation"] is False,
    "has no capability": lambda c: c["securityContext"]["capabilities"] == {"drop": ["ALL"]},
    "has limits": lambda c: set(c["resources"]["limits"]) == set(c["resources"]["requests"]) == {"cpu", "memory"},
    "is an image by digest": lambda c: c["image"] == f"registry.example.org/sluis@{DIGEST}",
    "opens no port of a node": lambda c: not any("hostPort" in port for port in c.get("ports", [])),
    "takes no secret in its arguments": lambda c: "secret" not in str([*c["command"], *c.get("args", [])]).lower(),
    "names no port for metrics": lambda c: not any("metric" in port["name"] for port in c.get("ports", [])),
}


@pytest.mark.parametrize("must", MUST.values(), ids=MUST)
@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container(container: Object, must: Callable[[Object], bool]) -> None:
    """DEP-05, DEP-06: no root, no writable root file system, no missing limit, no image by tag."""
    assert must(container)


def test_there_are_all_workloads() -> None:
    """DEP-05: the assertions above ran over these, and none was left out."""
    for kind in VARIANTS:
        assert set(pod_specs(variant(kind))) == {"desk", "hub", "prepare", "warden", *doors_of(kind)}


@pytest.mark.parametrize("pod", PODS)
def test_every_pod_is_a_plain_user_under_the_default_filter(pod: Object) -> None:
    """DEP-05: Pod Security `restricted`, and a user of its own."""
    context = pod["securityContext"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == 10001
    assert not any(pod.get(shared) for shared in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"))


@pytest.mark.parametrize("pod", PODS)
def test_only_parts_that_ask_the_api_get_a_token_for_it(pod: Object) -> None:
    """SPW-14: proxy, desk and prepare have nothing to say to the cluster."""
    part = pod["containers"][0]["name"]
    assert pod["automountServiceAccountToken"] is (part in MAY_ASK_THE_API)
    assert pod["serviceAccountName"] == part


@pytest.mark.parametrize("pod", PODS)
def test_every_volume_is_of_a_kind_that_holds_nothing_of_the_node(pod: Object) -> None:
    """DEP-05: no folder of the node; what is written is bounded, or the shared volume of checkpoints."""
    for volume in pod["volumes"]:
        (kind,) = volume.keys() - {"name"}
        assert kind in {"emptyDir", "configMap", "secret", "persistentVolumeClaim"}
        assert kind != "emptyDir" or volume["emptyDir"]["sizeLimit"]


_ALL = {"startup", "liveness", "readiness"}
PROBES: dict[str, set[str]] = {
    "hub": _ALL, "desk": _ALL, "warden": _ALL, "proxy": {"liveness", "readiness"},
    "proxy-institute": {"liveness", "readiness"}, "prepare": set(),
}  # fmt: skip


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_part_that_serves_has_probes(container: Object) -> None:
    """A part that hangs is started anew, and gets nothing to do before it is ready."""
    found = {key.removesuffix("Probe") for key in container if key.endswith("Probe")}
    assert found == PROBES[container["name"]]


SECRETS = {
    "hub": ["proxy-token", "desk-token", "warden-token", "client-secret", "cookie-secret", "pgpass"],
    "desk": ["desk-token", "pgpass"],
    "warden": ["proxy-token", "pgpass"],
    "prepare": ["pgpass"],
}


def test_the_hub_is_given_the_secret_of_each_login_provider() -> None:
    """SPW-11: and of no other; whoever has several has no single one."""
    providers = [{"name": name, "title": name, "client_id": "x", "domains": [f"{name}.nl"]} for name in ("rug", "umcg")]
    values = merged(REQUIRED, at("config.login", {"issuer": "", "client_id": "", "providers": providers}))
    hub = named(render(values), "Deployment", "hub")
    volumes = hub["spec"]["template"]["spec"]["volumes"]
    paths = [item["path"] for v in volumes for item in v.get("secret", {}).get("items", [])]
    assert [path for path in paths if path.startswith("client-secret")] == ["client-secret-rug", "client-secret-umcg"]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_part_is_given_the_secrets_that_it_needs(name: str) -> None:
    """SPW-11: no part holds another's password; the proxy has its token and no key."""
    mounted: dict[str, Any] = {}
    for part, pod in pod_specs(variant(name)).items():
        files = [
            item for v in pod["spec"]["volumes"] if "items" in v.get("secret", {}) for item in v["secret"]["items"]
        ]
        mounted[part] = [item["path"] for item in files]
        assert all(item["key"].startswith(item["path"]) for item in files)
    mail = {"desk": [*SECRETS["desk"], "mail-password"]} if name == "kitchen sink" else {}
    assert mounted == SECRETS | {door: [] for door in doors_of(name)} | mail


@pytest.mark.parametrize("name", VARIANTS)
def test_each_part_has_the_database_role_of_its_own(name: str) -> None:
    """AUD-11: what a part may write it may write by its own role."""
    keys = {
        part: item["key"]
        for part, pod in pod_specs(variant(name)).items()
        for volume in pod["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", [])
        if item["path"] == "pgpass"
    }
    assert keys == {"hub": "pgpass-hub", "desk": "pgpass-desk", "warden": "pgpass-warden", "prepare": "pgpass-operator"}


@pytest.mark.parametrize("name", VARIANTS)
def test_one_hub_at_a_time(name: str) -> None:
    """Two hubs or proxies at once would each believe that they are the one."""
    kinds = {part: pod for part, pod in _strategies(name).items() if part not in ("desk", "warden")}
    assert kinds == dict.fromkeys(("hub", *doors_of(name)), ("Recreate", 1))


def test_a_warden_stands_by() -> None:
    """POL-03, FLT-03: two, of which one is always there; a single one needs no budget, which would keep its node."""
    objects = variant("required")
    warden = named(objects, "Deployment", "warden")["spec"]
    assert warden["replicas"] == 2
    assert warden["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    assert named(objects, "PodDisruptionBudget", "warden")["spec"]["minAvailable"] == 1
    alone = render(merged(REQUIRED, at("warden.replicas", 1)))
    assert [each for each in alone if each["kind"] == "PodDisruptionBudget"] == []


def _strategies(name: str) -> dict[str, tuple[str, int]]:
    found = [each for each in variant(name) if each["kind"] == "Deployment"]
    return {each["metadata"]["name"]: (each["spec"]["strategy"]["type"], each["spec"]["replicas"]) for each in found}

"""What the admission policies look at, and which fields of a pod they bound; a real API server tries them elsewhere."""

import json
import re
from typing import Any

import pytest

from access_policy.model.enums import Zone
from hub_config.settings import Settings, Size
from spawner.manifest import GID, UID
from tests import gcsfuse_webhook
from tests.chart.rendering import REQUIRED, VARIANTS, at, merged, named, render, variant

POLICY = "ValidatingAdmissionPolicy"


def _looks_at(name: str) -> set[str]:
    rules = named(variant("required"), POLICY, name)["spec"]["matchConstraints"]["resourceRules"]
    return {resource for rule in rules if "UPDATE" in rule["operations"] for resource in rule["resources"]}


LABELS_BY = {
    "sluis-namespaces": {"namespaces", "namespaces/status", "namespaces/finalize"},
    "sluis-pod-updates": {"pods", "pods/resize", "pods/status"},
    "sluis-makers": {"*", "persistentvolumeclaims/status", "resourcequotas/status"},
}


@pytest.mark.parametrize("name", LABELS_BY)
def test_labels_are_looked_at_whichever_way_they_are_written(name: str) -> None:
    """DEP-08, SPW-14: a label by which a lock finds its object is written by these subresources too."""
    assert _looks_at(name) == LABELS_BY[name]


def test_the_cluster_itself_is_let_through_with_the_labels_as_they_were() -> None:
    """SPW-14: the scheduler writes to a claim which node it chose; without it a home that waits is never bound."""
    (kinds,) = [each for each in _validations("sluis-makers", {}) if "system:kube-scheduler" in each]
    assert "request.userInfo.username == 'system:kube-scheduler' && variables.sameLabels" in kinds


def _validations(name: str, values: dict[str, Any]) -> list[str]:
    spec = named(render(merged(REQUIRED, values)), POLICY, name)["spec"]
    return [each["expression"] for each in spec["validations"]]


BOUNDED = (
    "object.spec.?terminationGracePeriodSeconds", "object.spec.?tolerations", "object.metadata.?finalizers",
    "object.metadata.?ownerReferences", "object.spec.?securityContext.?fsGroup", "c.restartPolicy", "c.livenessProbe",
    "c.?securityContext.?runAsGroup", "limits[?'memory']", "limits[?'cpu']", "c.command", "c.?volumeMounts",
)  # fmt: skip


@pytest.mark.parametrize("field", BOUNDED)
def test_what_a_hub_could_bend_is_bounded(field: str) -> None:
    """SPW-10, FLT-08: each of these would give a pod more time, more room, or more of its node."""
    assert any(field in each for each in _validations("sluis-workspace-pods", {}))


def test_a_home_is_held_to_its_network() -> None:
    """S78, DAT-13: exactly to it, since what is made of restricted data would lie in what is opened anywhere."""
    (volumes,) = [each for each in _validations("sluis-workspace-pods", {}) if "persistentVolumeClaim" in each]
    assert "p.homes.exists(h, h.zone == variables.zone && v.persistentVolumeClaim.claimName ==" in " ".join(
        volumes.split()
    )
    (version,) = named(variant("required"), "CustomResourceDefinition", "accessgrants.sluis.dev")["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    home = spec["persons"]["items"]["properties"]["homes"]["items"]
    assert home["required"] == ["number", "zone"]
    assert home["properties"]["zone"]["enum"] == [*Zone]


def test_the_sidecar_that_is_let_in_is_the_one_that_the_webhook_makes() -> None:
    """DAT-14, SPW-10: the annotations that a pod may have are those that the hub writes and the webhook reads."""
    (annotations,) = [each for each in _validations("sluis-workspace-pods", {}) if "'gke-gcsfuse/volumes'" in each]
    asked = gcsfuse_webhook.recorded("small")["asked"]["annotations"]
    assert set(re.findall(r"'(gke-gcsfuse/[a-z-]+)'", annotations)) == set(asked)
    assert set(asked) <= set(json.loads((gcsfuse_webhook.ANSWERS / "annotations.json").read_text(encoding="utf-8")))
    (sidecar,) = gcsfuse_webhook.recorded("small")["answered"]["initContainers"]
    (allowed,) = [each for each in _validations("sluis-workspace-pods", {}) if "initContainers" in each]
    assert re.findall(r"initContainers\.orValue\(\[\]\)\.all\(c, c\.name == '([^']+)'", allowed) == [sidecar["name"]]


def test_user_and_group_are_those_of_the_pod_that_the_hub_makes() -> None:
    """SPW-10: chart and spawner say the same numbers."""
    for expression in _validations("sluis-workspace-pods", {}):
        assert set(re.findall(r"runAsUser\.orValue\(0\) == (\d+)", expression)) <= {str(UID), "65534"}
        assert set(re.findall(r"(?:runAsGroup|fsGroup)\.orValue\(0\) == (\d+)", expression)) <= {str(GID), "65534"}


def _sizes(values: dict[str, Any]) -> list[tuple[str, str]]:
    variables = named(render(merged(REQUIRED, values)), POLICY, "sluis-workspace-pods")["spec"]["variables"]
    (profiles,) = [each["expression"] for each in variables if each["name"] == "profiles"]
    return re.findall(r"'cpu': dyn\('(\d+m)'\), 'memory': dyn\('(\d+)'\)", profiles)


def _wanted(sizes: tuple[Size, ...]) -> list[tuple[str, str]]:
    made = [size.as_profile() for size in sizes]
    return [(f"{max(1, round(each.cpus * 1000))}m", str(each.memory_bytes)) for each in made]


SIZES = {
    "those of Sluis itself": ({}, Settings().profiles),
    "one that says nothing": ([{"name": "a", "label": "A"}], (Size(name="a", label="A"),)),
    "parts of a core": (
        [{"name": "a", "label": "A", "cpus": 0.25, "memory_gib": 1.5}],
        (Size(name="a", label="A", cpus=0.25, memory_gib=1.5),),
    ),
}


@pytest.mark.parametrize(("profiles", "sizes"), SIZES.values(), ids=SIZES)
def test_a_pod_may_use_what_a_profile_gives(profiles: Any, sizes: tuple[Size, ...]) -> None:
    """SPW-10: admission knows the sizes of the settings, and what a profile has where it does not say."""
    assert _sizes(at("config.profiles", profiles) if profiles else {}) == _wanted(sizes)


@pytest.mark.parametrize("name", VARIANTS)
def test_only_who_makes_volumes_for_claims_makes_volumes(name: str) -> None:
    """DAT-13: a volume laid out beforehand would give a home any content."""
    rules = named(variant(name), POLICY, "sluis-no-bucket-volumes")["spec"]["validations"]
    users = '["system:serviceaccount:storage:provisioner"]' if name == "kitchen sink" else "[]"
    (found,) = [each["expression"] for each in rules if "claimRef" in each["expression"]]
    assert f"request.userInfo.username in {users}" in found
    assert "request.operation == 'UPDATE' && object.spec.?claimRef == oldObject.spec.?claimRef" in found

"""The chart renders, lints and is valid Kubernetes, whichever branch of it is taken."""

import json
from typing import Any

import helm_python
import kubernetes_validate
import pytest

from access_policy.commands.emergencies import MOST_OPEN
from access_policy.commands.sizes import MOST_CONTACTS, MOST_DATASETS
from access_policy.entitlements import MOST_HOMES
from hub_config.parts import IDLE
from hub_config.settings import Settings, load_settings
from spawner import cluster_names
from spawner.manifest import MOST_MOUNTS
from tests.chart.rendering import (
    CHART,
    KITCHEN_SINK,
    NAMESPACE,
    REQUIRED,
    VARIANTS,
    WORKSPACE_IMAGE,
    doors_of,
    merged,
    named,
    of_kind,
    templates,
    variant,
)

KUBERNETES = "1.36"


@pytest.mark.parametrize("name", VARIANTS)
def test_the_chart_lints_without_a_word(name: str) -> None:
    """DEP-02: Helm's own linter, strict, finds nothing; an icon is all that it recommends."""
    report = helm_python.lint(CHART, merged(REQUIRED, VARIANTS[name]), strict=True, namespace=NAMESPACE)
    said = [each for each in report["messages"] if each["error"] != "icon is recommended"]
    assert (said, report["errors"]) == ([], [])


@pytest.mark.parametrize("name", VARIANTS)
def test_every_object_is_valid_kubernetes(name: str) -> None:
    """DEP-02: `kubernetes-validate --strict` knows every field of every object, and would refuse one more."""
    found = variant(name)
    assert {"Deployment", "NetworkPolicy", "ClusterRole"} <= {each["kind"] for each in found}
    for each in found:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    deployment = next(each for each in found if each["kind"] == "Deployment")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment | {"unheardOf": 1}, KUBERNETES, strict=True)


def test_the_kitchen_sink_turns_every_branch() -> None:
    """DEP-02: whatever a template can hold stands in one of the two variants, and they differ."""
    plain, full = templates(merged(REQUIRED)), templates(merged(REQUIRED, KITCHEN_SINK))
    guarded = {name for name in plain if "{{- if" in _source(name) or "{{- with" in _source(name)}
    assert {name for name in guarded if plain[name] == full[name]} == set()


def _source(name: str) -> str:
    return (CHART / name.removeprefix("sluis/")).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VARIANTS)
def test_no_object_stands_twice(name: str) -> None:
    """DEP-02: two objects of a kind and name would overwrite each other."""
    keys = [(each["kind"], each["metadata"]["name"]) for each in variant(name)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", VARIANTS)
def test_everything_is_labelled_as_ours(name: str) -> None:
    """NET-10: the warden's rules find hub and proxy by these labels."""
    for each in variant(name):
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "sluis"
        assert each["metadata"]["labels"]["app.kubernetes.io/component"]


def _settings(name: str, folder: Any) -> Settings:
    file = folder / "sluis.toml"
    file.write_text(named(variant(name), "ConfigMap", "sluis-config")["data"]["sluis.toml"], encoding="utf-8")
    return load_settings(file)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_settings_are_read_by_sluis_itself(name: str, tmp_path: Any) -> None:
    """DEP-02: a key that Sluis does not know would stop every part; what the chart knows by other values is in it."""
    cluster = _settings(name, tmp_path).cluster
    assert cluster is not None
    assert (cluster.image, cluster.namespace) == (WORKSPACE_IMAGE, NAMESPACE)


def test_what_is_written_in_values_reaches_the_settings(tmp_path: Any) -> None:
    """Quotes, brackets, ends of lines and numbers come through as they were."""
    settings = _settings("kitchen sink", tmp_path)
    assert settings.contact.name == 'the "desk" & <co>\nof data'
    assert settings.policy.session_hours == 8
    assert settings.policy.reminder_days == (30, 7)
    assert [each.name for each in settings.profiles] == ["small", "sealed"]
    assert settings.cluster is not None
    assert settings.cluster.home_gib == 20
    assert settings.cluster.storage_class == "encrypted"
    assert settings.cluster.metadata_server == "iptables"
    assert settings.cluster.host_aliases == ("199.36.153.8 storage.example.org", "199.36.153.8 www.example.org")


def test_each_part_has_its_own_address_in_the_settings_and_at_the_proxy(tmp_path: Any) -> None:
    """SES-07: the proxy tells hosts apart, and knows the hub's; unless all share one."""
    assert _settings("required", tmp_path).origins.own
    shared = _settings("kitchen sink", tmp_path).origins
    assert (shared.own, shared.allow_shared_origin) == (False, True)
    told = {}
    for name in VARIANTS:
        (proxy,) = named(variant(name), "Deployment", "proxy")["spec"]["template"]["spec"]["containers"]
        hosts = [each["value"] for each in proxy["env"] if each["name"] == "SLUIS_HUB_HOSTS"]
        told[name] = ("--host-routing" in proxy["args"], hosts)
    assert told == {"required": (True, ["sluis.example.org"]), "kitchen sink": (False, ["sluis.example.org"])}


def test_parts_start_anew_when_the_settings_change() -> None:
    """A checksum of the settings stands at each pod that reads them."""
    sums = {
        name: {
            each["metadata"]["name"]: each["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for each in of_kind(variant(name), "Deployment")
            if each["metadata"]["name"] not in doors_of(name)
        }
        for name in VARIANTS
    }
    assert all(sums["required"][part] != sums["kitchen sink"][part] for part in ("hub", "desk", "warden"))


def test_prepare_runs_before_a_release_with_all_that_it_needs() -> None:
    """Nothing half-starts: the Job and what it reads are hooks, and the Job comes last."""
    hooks = {
        each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
        for each in variant("required")
        if "helm.sh/hook" in each["metadata"].get("annotations", {})
    }
    assert hooks == {"ConfigMap": -5, "NetworkPolicy": -5, "ServiceAccount": -5, "Job": 0}


def test_names_are_those_that_the_parts_know() -> None:
    """Hub and warden name these objects in their own code."""
    objects = variant("required")
    assert named(objects, "ClusterRole", cluster_names.HUB_ROLE)
    assert {each["metadata"]["name"] for each in of_kind(objects, "Service")} == {"hub", "proxy", "proxy-api", "desk"}
    assert {each["metadata"]["name"] for each in of_kind(objects, "Deployment")} == {"hub", "proxy", "desk", "warden"}


def test_the_definition_of_a_grant_describes_every_field() -> None:
    """`kubectl explain accessgrant` says what each field means, and each list and text has a bound (CEL cost)."""
    (version,) = named(variant("required"), "CustomResourceDefinition", "accessgrants.sluis.dev")["spec"]["versions"]
    problems = list(_problems(version["schema"]["openAPIV3Schema"], ""))
    assert problems == []


def test_a_grant_holds_all_that_a_request_may_have() -> None:
    """DAT-15, REQ-14: one that grew beyond its definition could not be written, and so not be narrowed."""
    (version,) = named(variant("required"), "CustomResourceDefinition", "accessgrants.sluis.dev")["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    persons = spec["persons"]
    assert persons["maxItems"] == MOST_CONTACTS
    assert persons["items"]["properties"]["mounts"]["maxItems"] == MOST_DATASETS == MOST_MOUNTS
    assert persons["items"]["properties"]["homes"]["maxItems"] == MOST_HOMES
    assert spec["emergency"]["maxItems"] >= MOST_OPEN


def test_the_warden_may_shut_a_place_that_lost_its_label() -> None:
    """DAT-15, SPW-14: what it made it may take away wherever it stands; it makes and changes nothing there."""
    policy = named(variant("required"), "ValidatingAdmissionPolicy", "sluis-parts-stay")
    (only,) = policy["spec"]["validations"]
    assert " ".join(only["expression"].split()) == (
        "request.operation == 'DELETE' && request.userInfo.username == 'system:serviceaccount:sluis:warden' && "
        "request.resource.resource in ['pods', 'rolebindings', 'accessgrants'] && "
        "oldObject.metadata.?labels[?'sluis.dev/request'].hasValue()"
    )


def _problems(schema: dict[str, Any], path: str) -> Any:
    if not schema.get("description"):
        yield f"{path} has no description"
    bound = {"array": "maxItems", "string": "maxLength"}.get(schema["type"])
    if bound and bound not in schema:
        yield f"{path} has no {bound}"
    for name, inner in schema.get("properties", {}).items():
        yield from _problems(inner, f"{path}.{name}")
    if "items" in schema:
        yield from _problems(schema["items"], f"{path}[]")


def test_the_chart_and_its_version_are_that_of_the_project() -> None:
    """One number for all that is released together."""
    import tomllib

    project = tomllib.loads((CHART.parents[1] / "pyproject.toml").read_text())["project"]
    with helm_python.Chart.load(CHART) as chart:
        assert chart.metadata["version"] == chart.metadata["appVersion"] == project["version"]
    assert json.loads((CHART / "values.schema.json").read_text())["title"]


def test_a_proxy_keeps_connections_longer_than_a_load_balancer_does() -> None:
    """Both doors, as `sluis run` starts them: what is sent to them meets no connection that is being closed."""
    for door in ("proxy", "proxy-institute"):
        (container,) = named(variant("kitchen sink"), "Deployment", door)["spec"]["template"]["spec"]["containers"]
        assert f"--keep-alive-timeout={IDLE}" in container["args"]

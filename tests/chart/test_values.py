"""Values: every key is described, every other is refused, and what is wrong is told in words that help."""

import json
import re
from collections.abc import Iterator
from typing import Any

import helm_python
import pytest
import yaml

from access_policy.model.enums import Region
from tests.chart.rendering import CHART, KITCHEN_SINK, NAMESPACE, REQUIRED, at, merged, named, render, without

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
CHECKS = (CHART / "templates" / "_checks.tpl").read_text(encoding="utf-8")


def _table(name: str) -> list[dict[str, str]]:
    """A table of the checks, which is YAML in a template."""
    found = re.search(rf'define "{name}" -}}}}\n(.*?){{{{- end', CHECKS, re.DOTALL)
    assert found
    return list(yaml.safe_load(found[1]))


REMOVED = _table("sluis.removed")
NEEDED = _table("sluis.required")


def _refusal(values: dict[str, Any]) -> str:
    with pytest.raises(helm_python.HelmError) as caught:
        render(values)
    return str(caught.value)


def _tables(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _tables(inner, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from _tables(schema["items"], f"{path}[]")


@pytest.mark.parametrize(
    ("path", "schema"), list(_tables(SCHEMA)), ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_key_is_described_and_every_table_is_closed(path: str, schema: dict[str, Any]) -> None:
    """DEP-01: a misspelt key stops the install; `config` alone is Sluis' own, and read by it."""
    assert len(schema["description"]) > 3
    if "properties" in schema and path != "config":
        assert schema["additionalProperties"] is False


def test_every_value_stands_in_the_schema_and_the_other_way_round() -> None:
    """DEP-01: what can be written has a default to be read, but what is refused, and what is inside `config`."""
    refused = {each["path"] for each in REMOVED} | {"global", "config.profiles"}
    described = {path for path, _ in _tables(SCHEMA) if path and "[]" not in path} - refused
    assert described == set(_keys(VALUES))


def _keys(values: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield path + key
        if isinstance(value, dict) and key not in ("podLabels",):
            yield from _keys(value, f"{path}{key}.")


@pytest.mark.parametrize("each", NEEDED, ids=lambda each: each["path"])
def test_what_has_no_safe_default_has_to_be_written(each: dict[str, str]) -> None:
    """DEP-01: nothing renders with a default that somebody else knows; each line says what to write."""
    assert f"{each['path']} is empty: write {each['write'][:30]}" in _refusal(without(REQUIRED, each["path"]))


def test_the_database_has_to_be_somewhere() -> None:
    """DEP-01, DEP-08: the parts reach the database by address or labels, and nothing else."""
    assert "database.cidrs and database.podLabels are empty" in _refusal(without(REQUIRED, "database.cidrs"))


@pytest.mark.parametrize("each", REMOVED, ids=lambda each: each["path"])
def test_what_is_not_in_this_chart_says_what_to_write_instead(each: dict[str, str]) -> None:
    """DEP-01: an option of another chart is neither taken nor passed over in silence."""
    for value in (True, {"enabled": True}):
        said = _refusal(merged(REQUIRED, at(each["path"], value)))
        assert f"{each['path']} is not in this chart: write {each['write'][:30]}" in said


_SHARED = at("origins", {"desk": "", "workspaces": "", "allowShared": True})
WRONG = {
    "an unknown key": (at("hubb", {}), "additional properties 'hubb' not allowed"),
    "an unknown key further in": (at("hub.resource", {}), "additional properties 'resource' not allowed"),
    "an image by tag": (at("image.tag", "latest"), "additional properties 'tag' not allowed"),
    "a digest that is none": (at("image.digest", "latest"), "image/digest"),
    "a repository with a tag": (at("singleuser.image.repository", "registry.example.org/workspace:1"), "repository"),
    "a region outside the EU": (at("region", "us-central1"), "region"),
    "London": (at("region", "europe-west2"), "region"),
    "Zürich": (at("region", "europe-west6"), "region"),
    "a node outside the EU": (
        at("hub.nodeSelector", {"topology.kubernetes.io/region": "us-east1"}), "region `us-east1` is none in the EU"),
    "a zone outside the EU": (
        at("proxy.chp.nodeSelector", {"topology.kubernetes.io/zone": "us-east1-b"}),
        "zone `us-east1-b` is in no region"),
    "a profile outside the EU": (
        at("config.profiles", [{"name": "a", "node_selector": ["topology.kubernetes.io/region=asia-east1"]}]),
        "region `asia-east1` is none in the EU"),
    "a cluster in the settings": (at("config.cluster", {}), "config.cluster is made by the chart: write url"),
    "a database in the settings": (at("config.log.database", "x"), "made by the chart: write database.url"),
    "checkpoints in the settings": (at("config.log.checkpoints", "x"), "write checkpoints.existingClaim"),
    "a secret's file in the settings": (
        at("config.login.client_secret_file", "x"), "into `client-secret` of existingSecret"),
    "a provider's secret's file": (
        at("config.login.providers", [{"name": "umcg", "client_secret_file": "x"}]), "into `client-secret-umcg` of"),
    "a password's file in the settings": (
        at("config.mail", {"host": "mail", "password_file": "x"}), "into `mail-password` of existingSecret"),
    "a mail server that nobody reaches": (
        at("config.mail", {"host": "mail.example.org"}), "networkPolicy.mail.cidrs is empty: write the addresses"),
    "mail to a wide network": (at("networkPolicy.mail.cidrs", ["10.0.0.0/8"]), "mail.cidrs: `10.0.0.0/8` is too wide"),
    "folders of datasets": (at("config.data", {"folder": "x"}), "register datasets at `gs://bucket/prefix`"),
    "nothing where a value belongs": (at("config.policy", {"session_hours": [None]}), "below `config` is empty"),
    "no login provider": (at("config.login.issuer", ""), "config.login.issuer is empty: write"),
    "a password in a URL": (at("database.url", "postgresql://a:b@db.example.org/sluis"), "database.url holds a user"),
    "a node's port": (at("proxy.service.type", "NodePort"), "proxy/service/type"),
    "an address that is none": (at("networkPolicy.browsers.cidrs", ["everybody"]), "cidrs"),
    "the storage anywhere": (
        at("singleuser.networkPolicy.storageCidrs", ["0.0.0.0/0"]), "storageCidrs: `0.0.0.0/0` is too wide"),
    "the storage in a wide network": (
        at("singleuser.networkPolicy.storageCidrs", ["199.36.153.8/30", "2600:2d00::/32"]),
        "`2600:2d00::/32` is too wide: write networks of /56"),
    "the cluster's API in a wide network": (
        at("networkPolicy.apiServer.cidrs", ["10.0.0.0/8"]), "apiServer.cidrs: `10.0.0.0/8` is too wide"),
    "a database in a wide network": (at("database.cidrs", ["10.0.0.0/23"]), "write networks of /24 or smaller"),
    "resources without limits": (at("hub.resources", {"limits": None}), "resources"),
    "a prefix that is none": (at("namespacePrefix", "Sluis_"), "namespacePrefix"),
    "no sidecar where data are mounted": (
        at("singleuser.gcsfuse.sidecarRepositories", []),
        "sidecarRepositories is empty, so every workspace with data would be refused: write the repository"),
    "no sidecar for one of the profiles": (
        merged(
            at("singleuser.gcsfuse.sidecarRepositories", []),
            at("config.profiles", [{"name": "a", "data": "api"}, {"name": "b"}]),
        ), "or `data: api` at each of config.profiles"),
    "no address of the desk": (at("origins.desk", ""), "origins.desk is empty: write an address of its own"),
    "no addresses of workspaces": (at("origins.workspaces", ""), "origins.workspaces is empty: write an address"),
    "one host for all workspaces": (at("origins.workspaces", "https://work.example.org"), "origins/workspaces"),
    "addresses beside a shared one": (at("origins.allowShared", True), "origins.allowShared does not go with"),
    "addresses in the settings": (at("config.origins", {}), "config.origins is made by the chart: write origins"),
    "a network in the settings": (at("config.network", {}), "config.network is made by the chart: write network"),
    "an institute's address beside addresses of their own": (
        at("network", {"institute": ["192.0.2.0/24"], "url": "https://a.example.org"}),
        "network.url does not go with addresses of their own"),
    "a network without an address": (
        merged(_SHARED, at("network", {"institute": ["192.0.2.0/24"]})), "network.url is empty: write the address"),
    "an address without a network": (
        merged(_SHARED, at("network", {"url": "https://a.example.org"})), "network.institute is empty: write its"),
    "a network that nobody comes from": (
        merged(_SHARED, at("network", {"url": "https://a.example.org", "institute": ["192.0.2.0/24"]})),
        "network.browsers.cidrs is empty: write where"),
    "a home without a unit": (at("singleuser.storage.capacity", "10"), "capacity"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "words"), WRONG.values(), ids=WRONG)
def test_wrong_values_are_refused_in_words(values: dict[str, Any], words: str) -> None:
    """DEP-01, S87: what is wrong is named, and mostly what to write."""
    assert words in _refusal(merged(REQUIRED, values))


def test_no_sidecar_is_needed_where_nothing_is_mounted() -> None:
    """DAT-05, DAT-14: profiles that read data by the storage's own API have none, and none is let in."""
    api = [{"name": "sealed", "data": "api", "runtime_class": "gvisor"}]
    values = merged(at("singleuser.gcsfuse.sidecarRepositories", []), at("config.profiles", api))
    policy = named(render(merged(REQUIRED, values)), "ValidatingAdmissionPolicy", "sluis-workspace-pods")
    allowed = [each["expression"] for each in policy["spec"]["validations"] if "initContainers" in each["expression"]]
    assert "[].exists(r, c.image.startsWith" in "".join(allowed)


def test_regions_are_those_of_the_settings() -> None:
    """S87: the EU regions that Sluis knows, and no other."""
    known = {each.value for each in Region if each is not Region.LOCAL}
    assert set(SCHEMA["properties"]["region"]["enum"]) - {""} == known
    named = re.search(r'define "sluis.regions" -}}\n(.*)\n', CHECKS)
    assert named
    assert set(named[1].split()) == known


@pytest.mark.parametrize("values", [{}, KITCHEN_SINK], ids=["required", "kitchen sink"])
def test_no_secret_stands_in_what_is_rendered(values: dict[str, Any]) -> None:
    """DEP-07: the chart makes no Secret and holds no password, token or key."""
    objects = render(merged(REQUIRED, values))
    assert not [each for each in objects if each["kind"] == "Secret"]
    assert not re.search(r"(?i)password: |BEGIN [A-Z ]*PRIVATE KEY", yaml.safe_dump_all(objects))


def test_it_is_not_installed_into_a_requests_namespace() -> None:
    """SPW-07: parts among workspaces would be workspaces to every policy."""
    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError, match="named like a request's"):
        chart.render(REQUIRED, name="sluis", namespace="sluis-dr-1")
    assert NAMESPACE == "sluis"

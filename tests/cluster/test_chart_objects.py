"""Every object of the chart before a real API server, and each part's rights there, verb by verb."""

import copy
from functools import partial
from typing import Any

import pytest

from spawner.warden.rights import RIGHTS
from tests.chart.rendering import NAMESPACE, VARIANTS, Object, named, of_kind, variant
from tests.cluster.api import Api, RefusedError
from tests.cluster.locks import PLACE, Locks, account, until

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
MORE = (
    ("", "pods/exec", "create"), ("", "pods/log", "get"), ("", "pods/ephemeralcontainers", "patch"),
    ("", "serviceaccounts/token", "create"), ("", "nodes/proxy", "get"), ("", "users", "impersonate"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"), ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
)  # fmt: skip
_EVERYBODYS = {"authorization.k8s.io", "authentication.k8s.io"}
HUB = {("", "pods", verb) for verb in ("create", "delete", "get", "list", "watch")}
HUB |= {("", "events", verb) for verb in ("get", "list", "watch")}
WARDEN = {
    (right.group, resource, verb)
    for right in RIGHTS
    if not right.names
    for resource in right.resources
    for verb in right.verbs
}

Right = tuple[str, str, str]


@pytest.mark.parametrize("name", VARIANTS)
def test_the_api_server_takes_every_object(locks: Locks, name: str) -> None:
    """DEP-02: each object of each variant, strictly: every field is known, every expression compiles."""
    refused = {f"{each['kind']} {each['metadata']['name']}": _said(locks.admin, each) for each in variant(name)}
    assert {what: said for what, said in refused.items() if said} == {}


def test_the_api_server_refuses_what_it_does_not_know(locks: Locks) -> None:
    """DEP-02: a field with a slip in its name, or an expression with one, is seen by the test above."""
    policy = named(variant("required"), "ValidatingAdmissionPolicy", "sluis-grants")
    assert "field not declared in schema" in _said(locks.admin, policy | {"specs": {}})
    slip = copy.deepcopy(policy)
    slip["spec"]["validations"][0]["expression"] = "request.nothing == ''"
    assert "undefined field 'nothing'" in _said(locks.admin, slip)


def _said(admin: Api, one: Object) -> str:
    """What the API server has against an object; empty for nothing."""
    try:
        admin.apply(one, NAMESPACE, dryRun="All", fieldValidation="Strict")
    except RefusedError as refused:
        return str(refused)
    return ""


def test_no_expression_has_a_wrong_type(locks: Locks) -> None:
    """DAT-15: the API server's own check of types has nothing to say about any policy."""
    for policy in of_kind(variant("required"), "ValidatingAdmissionPolicy"):
        path = f"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/{policy['metadata']['name']}"
        until(partial(_checked, locks.admin, path), "no types are checked")
        assert locks.admin.read(path)["status"]["typeChecking"] == {}


def _checked(admin: Api, path: str) -> bool:
    return "typeChecking" in admin.read(path).get("status", {})


def _resources(admin: Api) -> list[Right]:
    """Every resource that the API server serves, with every verb."""
    groups = [group["preferredVersion"]["groupVersion"] for group in admin.read("/apis")["groups"]]
    found: list[Right] = list(MORE)
    for base in ("/api/v1", *[f"/apis/{version}" for version in groups]):
        group = "" if base == "/api/v1" else base.split("/")[2]
        names = [each["name"] for each in admin.read(base)["resources"] if "/" not in each["name"]]
        found += [(group, name, verb) for name in names for verb in VERBS if group not in _EVERYBODYS]
    return found


def _rights(api: Api, asked: list[Right], namespace: str) -> set[Right]:
    """What an identity may do in a namespace, by its own question (SelfSubjectAccessReview)."""
    return {right for right in asked if _may(api, right, namespace)}


def _may(api: Api, right: Right, namespace: str) -> bool:
    group, resource, verb = right
    resource, _, subresource = resource.partition("/")
    asked: Object = {
        "group": group,
        "resource": resource,
        "subresource": subresource,
        "verb": verb,
        "namespace": namespace,
    }
    body: dict[str, Any] = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = api.ask("POST", path, json=body | {"spec": {"resourceAttributes": asked}})
    return bool(answer.raise_for_status().json()["status"]["allowed"])


GOLDEN: dict[str, tuple[set[Right], set[Right]]] = {
    "hub": (HUB, set()), "warden": (WARDEN, WARDEN), "desk": (set(), set()), "proxy": (set(), set()),
    "prepare": (set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("part", GOLDEN)
def test_the_rights_of_each_part_verb_by_verb(locks: Locks, part: str) -> None:
    """DEP-04, SPW-14: in a request's namespace and elsewhere, exactly the table."""
    asked, api = _resources(locks.admin), account(locks.admin, NAMESPACE, part)
    assert (_rights(api, asked, PLACE), _rights(api, asked, NAMESPACE)) == GOLDEN[part]


def test_the_warden_hands_on_one_role_only(locks: Locks) -> None:
    """DEP-04: `bind` is on the hub's role and on nothing else."""
    body: dict[str, Any] = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    for role, wanted in (("sluis-workspaces", True), ("sluis-warden", False), ("cluster-admin", False)):
        asked = {"group": "rbac.authorization.k8s.io", "resource": "clusterroles", "verb": "bind", "name": role}
        answer = locks.warden.ask(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json=body | {"spec": {"resourceAttributes": asked}},
        )  # fmt: skip
        assert answer.json()["status"]["allowed"] is wanted

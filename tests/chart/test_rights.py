"""What each part may do in the cluster: golden tables, without a wildcard."""

import pytest

from spawner.warden.rights import POLICIES, RIGHTS
from tests.chart.rendering import NAMESPACE, VARIANTS, named, of_kind, variant

HUB = [
    ("", ("pods",), ("create", "delete", "get", "list", "watch")),
    ("", ("events",), ("get", "list", "watch")),
]


@pytest.mark.parametrize("name", VARIANTS)
def test_no_rule_has_a_wildcard_or_reads_secrets(name: str) -> None:
    """DEP-04: every verb and resource is named, and secrets are not among them."""
    for role in of_kind(variant(name), "ClusterRole", "Role"):
        for rule in role["rules"]:
            assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
            assert not {"secrets", "serviceaccounts/token", "pods/exec", "nodes/proxy"} & set(rule["resources"])
            assert not {"escalate", "impersonate"} & set(rule["verbs"])


@pytest.mark.parametrize("name", VARIANTS)
def test_the_hub_may_make_pods_where_it_is_bound_and_nothing_else(name: str) -> None:
    """DEP-04, SPW-14: the exact table; the chart itself binds it nowhere."""
    rules = named(variant(name), "ClusterRole", "sluis-workspaces")["rules"]
    assert [(rule["apiGroups"][0], tuple(rule["resources"]), tuple(rule["verbs"])) for rule in rules] == HUB


@pytest.mark.parametrize("name", VARIANTS)
def test_the_warden_may_do_what_its_own_table_says(name: str) -> None:
    """DEP-04: the chart's role and the warden's program say the same."""
    found = {
        (rule["apiGroups"][0], resource, verb, tuple(sorted(rule.get("resourceNames", ()))))
        for rule in named(variant(name), "ClusterRole", "sluis-warden")["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    wanted = {
        (right.group, resource, verb, tuple(sorted(right.names)))
        for right in RIGHTS
        for resource in right.resources
        for verb in right.verbs
    }
    assert found == wanted


@pytest.mark.parametrize("name", VARIANTS)
def test_the_warden_is_the_only_one_bound_everywhere(name: str) -> None:
    """DEP-04: no binding of the hub, no binding of anybody else, no Role beside."""
    (binding,) = of_kind(variant(name), "ClusterRoleBinding")
    assert binding["roleRef"]["name"] == "sluis-warden"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "warden", "namespace": NAMESPACE}]
    assert of_kind(variant(name), "RoleBinding", "Role") == []


@pytest.mark.parametrize("name", VARIANTS)
def test_the_warden_looks_for_every_lock(name: str) -> None:
    """DAT-15: each policy of the chart has a binding of its name, and the warden knows them all."""
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    for kind in kinds:
        assert {each["metadata"]["name"] for each in of_kind(variant(name), kind)} == set(POLICIES)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_lock_fails_shut(name: str) -> None:
    """DAT-15: a policy that cannot be evaluated refuses, and none only warns or writes it down."""
    for policy in of_kind(variant(name), "ValidatingAdmissionPolicy"):
        assert policy["spec"]["failurePolicy"] == "Fail"
        assert all(each["message"].startswith("sluis: ") for each in policy["spec"]["validations"])
        assert all(each["reason"] == "Forbidden" for each in policy["spec"]["validations"])
    for binding in of_kind(variant(name), "ValidatingAdmissionPolicyBinding"):
        assert binding["spec"]["validationActions"] == ["Deny"]
        assert binding["spec"]["policyName"] == binding["metadata"]["name"]


def test_policies_that_ask_a_grant_refuse_where_there_is_none() -> None:
    """DAT-13: no grant, no pod, and no door."""
    asking = {
        each["metadata"]["name"]: each["spec"]["paramRef"]
        for each in of_kind(variant("required"), "ValidatingAdmissionPolicyBinding")
        if "paramRef" in each["spec"]
    }
    wanted = {"name": "grant", "parameterNotFoundAction": "Deny"}
    assert asking == {"sluis-workspace-pods": wanted, "sluis-no-doors": wanted}

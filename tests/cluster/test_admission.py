"""The chart's locks as a real API server evaluates them: what becomes of the pod of a decision, and of others."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub_config.admission import POLICY, Seen, probe_pod, seen
from spawner.workspace import DataPath, Profile
from tests.cluster.locks import (
    PLACE,
    PROFILE,
    SIDECAR,
    Change,
    Locks,
    Object,
    place,
    pod,
    refusal,
    replace_grant,
    settled,
    until,
    with_sidecar,
)
from tests.cluster.pod_changes import CHANGES


def _profile(**changes: Any) -> Profile:
    return Profile(**{name: getattr(PROFILE, name) for name in PROFILE.__struct_fields__} | changes)


ADMITTED = {
    "with two datasets": pod(),
    "with the storage's sidecar": with_sidecar(pod()),
    "with the sidecar by digest": with_sidecar(pod(), f"{SIDECAR}@sha256:{'b' * 64}"),
    "of a person without data": pod("P-4"),
    "on nodes of a profile": pod(profile=_profile(node_selector=(("pool", "large"),))),
    "under gVisor, without mounts": pod(profile=_profile(runtime_class="gvisor", data=DataPath.API)),
}


@pytest.mark.parametrize("one", ADMITTED.values(), ids=ADMITTED)
def test_the_pod_of_a_decision_is_let_in(locks: Locks, one: Object) -> None:
    """SPW-10: what the hub makes of a decision passes every lock, sidecar included."""
    assert refusal(locks.hub, one) == ""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_single_change_of_a_pod_is_refused(locks: Locks, change: Change) -> None:
    """SPW-10, DAT-02, DAT-05, DAT-13, DAT-14, NET-10: the API server itself refuses it to the hub."""
    one = with_sidecar(pod())
    change(one)
    said = refusal(locks.hub, one)
    assert said.startswith(("403", "422"))
    assert "sluis: " in said or "violates PodSecurity" in said or "priority class" in said


@pytest.mark.parametrize("who", ["admin", "warden"])
def test_only_the_hub_makes_pods(locks: Locks, who: str) -> None:
    """SPW-14: neither the cluster's administrator nor the warden makes the pod that the hub may make."""
    said = refusal(getattr(locks, who), pod())
    assert "sluis: only the hub makes pods" in said if who == "admin" else "cannot create resource" in said


def test_a_place_without_a_grant_takes_no_pod(locks: Locks) -> None:
    """DAT-13: no grant, no pod, whoever asks: the policy's parameter is missing."""
    grant = f"/apis/sluis.dev/v1/namespaces/{PLACE}/accessgrants/grant"
    assert locks.warden.delete(grant).is_success
    try:
        until(lambda: "no params found" in refusal(locks.hub, pod()), "a pod is let in without a grant")
    finally:
        locks.warden.create(place(6)[-2])
        settled(locks)


def test_a_grant_that_is_over_takes_no_pod(locks: Locks) -> None:
    """FLT-08: the clock of the API server ends a grant, also where the warden is away."""
    over = place(7, datetime.now(UTC) - timedelta(seconds=1))[-2]
    replace_grant(locks, over)
    try:
        until(lambda: "would outlive the grant" in refusal(locks.hub, pod()), "a pod is let in after its grant")
    finally:
        replace_grant(locks, place(8)[-2])
        settled(locks)


def test_a_grant_of_the_largest_size_stays_within_the_budget_of_cel(locks: Locks) -> None:
    """DAT-12: 100 persons with 50 datasets each, and a pod that mounts 50: the policy is still evaluated."""
    grant, one = place(9)[-2], pod()
    long = "/".join(["x" * 120] * 8)
    mounts = [{"dataset": f"d{i}", "bucket": f"bucket-{i}", "prefix": f"{long[:900]}/{i}"} for i in range(50)]
    few = [{"dataset": "d", "bucket": "bucket", "prefix": ""}]
    others = [{"person": 1000 + i, "until": "", "mounts": few} for i in range(99)]
    grant["spec"]["persons"] = [*others, {"person": 3, "until": "", "mounts": mounts}]
    volume = one["spec"]["volumes"].pop()
    one["spec"]["volumes"] = [each for each in one["spec"]["volumes"] if "csi" not in each]
    one["spec"]["containers"][0]["volumeMounts"] = one["spec"]["containers"][0]["volumeMounts"][:3]
    for i, mount in enumerate(mounts):
        each = copy.deepcopy(volume)
        each["name"] = f"ds-{i + 1}"
        options = each["csi"]["volumeAttributes"]["mountOptions"].replace("part/b", mount["prefix"])
        each["csi"]["volumeAttributes"].update(bucketName=mount["bucket"], mountOptions=options)
        one["spec"]["volumes"].append(each)
    replace_grant(locks, grant)
    try:
        until(lambda: refusal(locks.hub, one) == "", "the largest pod is refused")
        one["spec"]["volumes"][-1]["csi"]["volumeAttributes"]["bucketName"] = "bucket-0"
        assert "not in the person's grant" in refusal(locks.hub, one)
    finally:
        replace_grant(locks, place(10)[-2])
        settled(locks)


def test_the_hubs_own_probe_sees_the_policy_at_work(locks: Locks) -> None:
    """DAT-15: the pod by which the hub looks is refused by that policy alone, in the words that the hub waits for."""
    said = refusal(locks.hub, probe_pod())
    assert seen(int(said.split()[0]), said) is Seen.REFUSED
    assert POLICY in said

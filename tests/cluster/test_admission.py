"""The chart's locks as a real API server evaluates them: what becomes of the pod of a decision, and of others."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub_config.admission import POLICY, Seen, probe_pod, seen
from spawner.workspace import DataPath, Profile
from tests.chart.rendering import named, variant
from tests.cluster import pod_edits as by
from tests.cluster.locks import (
    BARE_REQUEST,
    PLACE,
    PROFILE,
    SIDECAR,
    Change,
    Locks,
    Object,
    place,
    pod,
    refusal,
    refused_at_last,
    replace_grant,
    settled,
    until,
    with_sidecar,
)
from tests.cluster.pod_changes import CHANGES

_HOMES = [{"number": number, "zone": zone} for number, zone in enumerate(["institute", *["anywhere"] * 4], 1)]


def _profile(**changes: Any) -> Profile:
    return Profile(**{name: getattr(PROFILE, name) for name in PROFILE.__struct_fields__} | changes)


def _changed(one: Object, *changes: Change) -> Object:
    for change in changes:
        change(one)
    return one


ADMITTED = {
    "with two datasets": pod(),
    "with the storage's sidecar": with_sidecar(pod()),
    "with the sidecar by digest": with_sidecar(pod(), f"{SIDECAR}@sha256:{'b' * 64}"),
    "of a person without data": pod("P-4"),
    "reached from anywhere": _changed(pod("P-4"), by.labelled(zone="anywhere")),
    "reached from anywhere, with that home": _changed(
        pod(), by.labelled(zone="anywhere"), by.without_data, by.claim("home-p-3-2")
    ),
    "with a fresh home": _changed(pod(), by.claim("home-p-3-3")),
    "on nodes of a profile": pod(profile=_profile(node_selector=(("pool", "large"),))),
    "under gVisor, without mounts": pod(
        profile=_profile(runtime_class="gvisor", node_selector=(("pool", "sealed"),), data=DataPath.API)
    ),
}


@pytest.mark.parametrize("one", ADMITTED.values(), ids=ADMITTED)
def test_the_pod_of_a_decision_is_let_in(locks: Locks, one: Object) -> None:
    """SPW-10: what the hub makes of a decision passes every lock, sidecar included."""
    assert refusal(locks.hub, one) == ""


SINGLE = {name: (words, change) for words, changes in CHANGES.items() for name, change in changes.items()}


@pytest.mark.parametrize(("words", "change"), SINGLE.values(), ids=SINGLE)
def test_each_single_change_of_a_pod_is_refused(locks: Locks, words: str, change: Change) -> None:
    """SPW-10, DAT-02, DAT-05, DAT-13, DAT-14, NET-10: by its own validation, also where Pod Security is not asked."""
    usual, bare = with_sidecar(pod()), with_sidecar(pod(request=BARE_REQUEST))
    change(usual)
    change(bare)
    assert f"denied request: sluis: {words}" in refusal(locks.hub, bare)
    said = refusal(locks.hub, usual)
    assert said.startswith("403")
    assert f"denied request: sluis: {words}" in said or "violates PodSecurity" in said


def test_every_validation_of_a_pod_has_its_changes() -> None:
    """SPW-10: a validation that is added is tried, and one that is lost is missed."""
    policy = named(variant("required"), "ValidatingAdmissionPolicy", POLICY)
    said = [each["message"].removeprefix("sluis: ") for each in policy["spec"]["validations"]]
    assert [next(words for words in CHANGES if each.startswith(words)) for each in said] == [*CHANGES]


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
        assert "no params found" in refused_at_last(locks.hub, pod())
    finally:
        locks.warden.create(place(6)[-2])
        settled(locks)


def test_a_grant_that_is_over_takes_no_pod(locks: Locks) -> None:
    """FLT-08: the clock of the API server ends a grant, also where the warden is away."""
    over, brief = place(7, datetime.now(UTC) - timedelta(seconds=1))[-2], pod()
    brief["spec"]["activeDeadlineSeconds"] = 10  # it would end within what a pod may run after a grant
    replace_grant(locks, over)
    try:
        assert "sluis: the pod would outlive the grant" in refused_at_last(locks.hub, brief)
    finally:
        replace_grant(locks, place(8)[-2])
        settled(locks)


def test_a_grant_of_the_largest_size_stays_within_the_budget_of_cel(locks: Locks) -> None:
    """DAT-12: 100 persons, one of them with 50 datasets, and a pod that mounts them: the policy is still evaluated.

    A grant in which each of them had 50 would not fit into the cluster's store, which takes 1.5 MB for an object.
    """
    grant = place(9)[-2]
    long = "/".join(["x" * 120] * 8)
    mounts = [
        {"dataset": f"d{i}", "bucket": f"bucket-{i}", "prefix": f"{long[:900]}/{i}", "zone": "institute"}
        for i in range(50)
    ]
    few = [{"dataset": "d", "bucket": "bucket", "prefix": "", "zone": "institute"}]
    others = [{"person": 1000 + i, "until": "", "mounts": few, "homes": _HOMES} for i in range(99)]
    grant["spec"]["persons"] = [*others, {"person": 3, "until": "", "mounts": mounts, "homes": _HOMES}]
    one = _mounting(mounts)
    replace_grant(locks, grant)
    try:
        until(lambda: refusal(locks.hub, one) == "", "the largest pod is refused")
        one["spec"]["volumes"][-1]["csi"]["volumeAttributes"]["bucketName"] = "bucket-0"
        assert "not in the person's grant" in refusal(locks.hub, one)
    finally:
        replace_grant(locks, place(10)[-2])
        settled(locks)


def _mounting(mounts: list[dict[str, str]]) -> Object:
    """The pod with these datasets instead of its own."""
    one = pod()
    volume = one["spec"]["volumes"].pop()
    one["spec"]["volumes"] = [each for each in one["spec"]["volumes"] if "csi" not in each]
    one["spec"]["containers"][0]["volumeMounts"] = one["spec"]["containers"][0]["volumeMounts"][:3]
    for i, mount in enumerate(mounts):
        each = copy.deepcopy(volume)
        each["name"] = f"ds-{i + 1}"
        options = each["csi"]["volumeAttributes"]["mountOptions"].replace("part/b", mount["prefix"])
        each["csi"]["volumeAttributes"].update(bucketName=mount["bucket"], mountOptions=options)
        one["spec"]["volumes"].append(each)
    return one


def test_the_hubs_own_probe_sees_the_policy_at_work(locks: Locks) -> None:
    """DAT-15: the pod by which the hub looks is refused by that policy alone, in the words that the hub waits for."""
    said = refusal(locks.hub, probe_pod())
    assert seen(int(said.split()[0]), said) is Seen.REFUSED
    assert POLICY in said

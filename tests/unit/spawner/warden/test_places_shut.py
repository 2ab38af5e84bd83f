"""Places that were open and may not stay so: lost ground, a grant that cannot be narrowed, locks that are gone."""

from collections.abc import Callable

import pytest

from spawner.warden.api import Key
from spawner.warden.cluster import LEFT_LYING
from spawner.warden.places import AGAIN
from tests.unit.access_policy.world import ADMIN, OPEN
from tests.unit.spawner.warden.cluster_room import POD, SPACE, WHY, Room, ended
from tests.unit.spawner.warden.fake_api import Call, Fault

DENY = Key("NetworkPolicy", SPACE, "default-deny")
FAILED = {
    "phase": "Failed",
    "containerStatuses": [{"name": "notebook", "state": {"terminated": {"reason": "OOMKilled"}}}],
}


@pytest.fixture
def here(here: Room) -> Room:
    """The room, once its places are open."""
    here.look()
    assert _open(here) == (True, True)
    return here


def _open(here: Room, space: str = SPACE) -> tuple[bool, bool]:
    return here.cluster.has("AccessGrant", space, "grant"), here.cluster.has("RoleBinding", space, "hub")


def _refused(method: str, what: str, status: int) -> Callable[[Call], Fault | None]:
    return lambda call: Fault(status) if call.method == method and f"/{what}" in call.path else None


def _unlabelled(here: Room) -> None:
    here.cluster.found("Namespace", "", SPACE)["metadata"]["labels"].pop("sluis.dev/request")


def _without_deny(here: Room) -> None:
    here.cluster.gone(*DENY)
    here.cluster.faults = _refused("POST", "networkpolicies", 403)


def _widened(here: Room) -> None:
    here.cluster.found(*DENY)["spec"]["policyTypes"] = ["Ingress"]
    here.cluster.faults = _refused("PUT", "networkpolicies", 422)


def _being_deleted(here: Room) -> None:
    here.cluster.found(*DENY)["metadata"]["deletionTimestamp"] = "now"


LOST = {
    "the namespace's label": _unlabelled,
    "default deny, not to be made": _without_deny,
    "default deny, not to be mended": _widened,
    "default deny, being deleted": _being_deleted,
}


@pytest.mark.parametrize("name", LOST)
def test_a_place_that_loses_its_ground_is_shut(name: str, here: Room) -> None:
    """DAT-15, NET-01: what was open does not stay so; other places do, and this one opens again once it is whole."""
    LOST[name](here)
    here.look(after=AGAIN)
    assert _open(here) == (False, False)
    assert _open(here, "sluis-dr-2") == (True, True)
    here.look(after=AGAIN)
    assert _open(here) == (False, False)
    here.cluster.faults = lambda call: None
    here.cluster.found("Namespace", "", SPACE)["metadata"]["labels"]["sluis.dev/request"] = "1"
    if here.cluster.has(*DENY):
        here.cluster.found(*DENY)["metadata"].pop("deletionTimestamp", None)
    here.look(2, after=AGAIN)
    assert _open(here) == (True, True)


@pytest.mark.parametrize("status", [403, 413, 422, 500])
def test_a_grant_that_cannot_be_narrowed_goes(status: int, here: Room) -> None:
    """DAT-15, E37: what the API refuses to narrow is deleted, and made anew as it has to be."""
    here.do("grant-emergency-access", ADMIN, request=OPEN, operator="ops@example.org", minutes=10, **WHY)
    here.confirm()
    here.look()
    assert here.cluster.found("AccessGrant", SPACE, "grant")["spec"]["emergency"]
    here.cluster.faults = _refused("PUT", "accessgrants", status)
    here.look(after=600.0)
    assert here.cluster.found("AccessGrant", SPACE, "grant")["spec"]["emergency"] == []


def test_a_grant_that_can_neither_be_narrowed_nor_made_is_gone(here: Room) -> None:
    """DAT-15: one that is too large for the API leaves nobody in, and that is told."""
    here.do("grant-emergency-access", ADMIN, request=OPEN, operator="ops@example.org", minutes=10, **WHY)
    here.confirm()
    here.cluster.faults = lambda call: Fault(422) if call.method in ("PUT", "POST") and "grants" in call.path else None
    here.look()
    assert _open(here) == (False, True)
    assert any("accessgrants" in line for line in here.machine.told)


def test_a_grant_that_somebody_writes_meanwhile_stays(here: Room) -> None:
    """FLT-04: two wardens that write at once take nothing away; the next look reads it again."""
    here.do("grant-emergency-access", ADMIN, request=OPEN, operator="ops@example.org", minutes=10, **WHY)
    here.confirm()
    here.cluster.faults = _refused("PUT", "accessgrants", 409)
    here.look()
    assert [call for call in here.cluster.written() if call.method == "DELETE"] == []


def _no_policy(here: Room) -> None:
    here.cluster.gone("ValidatingAdmissionPolicy", "", "sluis-workspace-pods")


def _no_binding(here: Room) -> None:
    here.cluster.gone("ValidatingAdmissionPolicyBinding", "", "sluis-grants")


def _warns(here: Room) -> None:
    here.cluster.found("ValidatingAdmissionPolicyBinding", "", "sluis-grants")["spec"]["validationActions"] = ["Warn"]


@pytest.mark.parametrize("spoil", [_no_policy, _no_binding, _warns])
def test_what_was_open_is_shut_without_the_policies(spoil: Callable[[Room], None], here: Room) -> None:
    """DAT-15: `nobody is let in` is so for places that were open as well."""
    spoil(here)
    here.look(8, after=AGAIN)
    assert _open(here) == (False, False)
    assert here.machine.not_ready() != []


def test_what_was_open_stays_so_while_a_policy_is_taken_in(here: Room) -> None:
    """FLT-04: an upgrade of the chart takes no workspace's place away."""
    here.cluster.found("ValidatingAdmissionPolicy", "", "sluis-makers")["metadata"]["generation"] = 2
    here.look(8, after=AGAIN)
    assert _open(here) == (True, True)
    assert here.machine.not_ready() != []


def test_the_cause_of_an_end_is_the_pods_own(here: Room) -> None:
    """FLT-05: the hub deletes a failed pod before it tells why; the warden has seen why."""
    here.start()
    here.look()
    here.cluster.found("Pod", SPACE, POD)["status"] = FAILED
    here.look()
    assert here.runs()
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert ended(here) == ["out_of_memory"]


def test_a_pod_that_is_over_is_cleared_away_where_no_hub_does(here: Room) -> None:
    """FLT-07: without a hub it does not count as running until the grant's end."""
    here.start()
    here.look()
    here.cluster.found("Pod", SPACE, POD)["status"] = FAILED
    here.look(2)
    assert "deletionTimestamp" not in here.cluster.found("Pod", SPACE, POD)["metadata"], "the hub tells the person"
    here.look(after=LEFT_LYING)
    assert here.cluster.found("Pod", SPACE, POD)["metadata"]["deletionTimestamp"]
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert ended(here) == ["out_of_memory"]


def test_a_ground_that_went_is_the_cause_of_what_failed_after_it(here: Room) -> None:
    """S94: the facts' reason stands before what was seen."""
    here.start()
    here.look()
    here.cluster.found("Pod", SPACE, POD)["status"] = FAILED
    here.do("end-request", ADMIN, request=OPEN, **WHY)
    here.look()
    here.cluster.gone("Pod", SPACE, POD)
    here.look()
    assert ended(here) == ["request_ended"]

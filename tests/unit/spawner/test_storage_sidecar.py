"""The pod of each profile after the storage's webhook, by its own answers (tests/vectors/gcsfuse-webhook)."""

import json
from typing import Any

import pytest

from tests.gcsfuse_webhook import ANNOTATION, ANSWERS, PODS, asked_of, made_of, recorded, sent, with_sidecar
from tests.pod_security import violations

pytestmark = pytest.mark.unit

WITH_DATA, WITHOUT = ("large", "small"), ("gvisor",)


def test_every_pod_has_its_answer() -> None:
    """DAT-14: a profile that is new was asked about too."""
    assert {path.stem for path in PODS.glob("*.yaml")} == {*WITH_DATA, *WITHOUT}
    assert {path.stem for path in ANSWERS.glob("*.json")} == {*WITH_DATA, *WITHOUT, "annotations"}


@pytest.mark.parametrize("name", [*WITH_DATA, *WITHOUT])
def test_the_pod_is_the_one_that_the_webhook_was_asked_about(name: str) -> None:
    """DAT-14: what it reads of a pod is as it was; where this fails, ask it anew (the vectors' README)."""
    assert asked_of(sent(name)) == recorded(name)["asked"]


@pytest.mark.parametrize("name", WITH_DATA)
def test_the_sidecar_is_put_in_as_the_webhook_does(name: str) -> None:
    """DAT-14: the pod that the tests' API server is given is what a cluster with the driver would be given."""
    assert made_of(with_sidecar(sent(name))) == recorded(name)["answered"]


@pytest.mark.parametrize("name", WITHOUT)
def test_a_pod_without_mounts_gets_no_sidecar(name: str) -> None:
    """DAT-12: the webhook leaves a pod alone that reads by the storage's API."""
    assert recorded(name)["answered"] == made_of(sent(name))
    assert recorded(name)["spelling"] == []


SAYS_THE_SAME: dict[str, Any] = {
    "/metadata/creationTimestamp": None,
    "/spec/containers/0/resources/limits/cpu": "1",
    "/spec/containers/0/resources/requests/cpu": "1",
    "/spec/imagePullSecrets": None,
    "/status": {},
}


@pytest.mark.parametrize("name", WITH_DATA)
def test_nothing_else_of_the_pod_is_changed(name: str) -> None:
    """SPW-10, DAT-14: besides, it says one core as `1` and leaves empty fields out; all that means the same."""
    for each in recorded(name)["spelling"]:
        assert SAYS_THE_SAME[each["path"]] == each.get("value"), each
    limits = sent("small")["spec"]["containers"][0]["resources"]
    assert (limits["limits"]["cpu"], limits["requests"]["cpu"]) == ("1000m", "1000m")


@pytest.mark.parametrize("name", WITH_DATA)
def test_only_what_the_webhook_reads_is_asked_of_it(name: str) -> None:
    """DAT-14, SPW-10: a misspelt annotation is passed over without a word, and bounds no sidecar."""
    known = json.loads((ANSWERS / "annotations.json").read_text(encoding="utf-8"))
    ours = {each for each in sent(name)["metadata"]["annotations"] if each.startswith(ANNOTATION)}
    assert ours <= set(known)
    assert ours == {ANNOTATION + each for each in ("volumes", "cpu-limit", "memory-limit", "ephemeral-storage-limit")}


@pytest.mark.parametrize("name", WITH_DATA)
def test_the_finished_pod_is_acceptable_to_the_restricted_standard(name: str) -> None:
    """SPW-10: the sidecar too, so the namespaces of requests can refuse everything else."""
    assert violations(with_sidecar(sent(name))) == []


@pytest.mark.parametrize("name", WITH_DATA)
def test_sidecar_and_notebook_share_no_folder(name: str) -> None:
    """DAT-13, DAT-14: the sidecar sees neither the home nor data, and the notebook none of the sidecar's folders."""
    spec = with_sidecar(sent(name))["spec"]
    (sidecar,), (notebook,) = spec["initContainers"], spec["containers"]
    assert _mounted(sidecar).isdisjoint(_mounted(notebook))


def _mounted(container: dict[str, Any]) -> set[str]:
    return {each["name"] for each in container["volumeMounts"]}

"""The pod of every profile under the *restricted* standard, by a checker that first proves itself (SPW-10)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from spawner.manifest import Server, expected_pod
from spawner.workspace import Profile
from tests.pod_security import containers, violations
from tests.unit.spawner.fake_cluster import AT, CLUSTER, PROFILES, workspace

pytestmark = pytest.mark.unit

VECTORS = Path(__file__).parents[2] / "vectors" / "pod-security"


def _pods(folder: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted((VECTORS / folder).glob("*.yaml"))]


@pytest.mark.parametrize("path", _pods("fail"))
def test_the_checker_refuses_what_the_standard_refuses(path: Path) -> None:
    """SPW-10: each of upstream's own bad pods."""
    assert violations(yaml.safe_load(path.read_text())) != []


@pytest.mark.parametrize("path", _pods("pass"))
def test_the_checker_accepts_what_the_standard_accepts(path: Path) -> None:
    """SPW-10: each of upstream's own good pods."""
    assert violations(yaml.safe_load(path.read_text())) == []


def test_the_vectors_are_all_there() -> None:
    """A folder that lost its files proves nothing."""
    assert (len(_pods("fail")), len(_pods("pass"))) == (76, 23)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_the_pod_of_each_profile_is_acceptable_and_stricter_than_that(profile: Profile) -> None:
    """SPW-10: besides the standard no token, limits, an image by digest, a read-only root, nothing of the node."""
    pod = expected_pod(workspace(profile=profile), CLUSTER, Server({}), AT)
    assert violations(pod) == []
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"}.isdisjoint(spec)
    for container in containers(spec):
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert "@sha256:" in container["image"]
    assert {kind for volume in spec["volumes"] for kind in volume.keys() - {"name"}} <= {
        "csi",
        "emptyDir",
        "persistentVolumeClaim",
    }

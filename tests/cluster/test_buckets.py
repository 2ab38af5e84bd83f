"""Buckets in pods, through a real kubelet and the real gcsfuse: what a dataset's mount does, and does not."""

import pytest

from tests.cluster import processes
from tests.cluster.conftest import Store
from tests.cluster.handle import Cluster, bucket_volume, restricted_pod
from tests.cluster.test_basics import WAIT, shell

AT = "/data/set"


def start(cluster: Cluster, namespace: str, bucket: str, prefix: str = "", read_only: bool = True) -> None:
    """A pod `p` that mounts a bucket."""
    volume = bucket_volume("set", bucket, prefix, read_only)
    at = [{"name": "set", "mountPath": AT, **({"readOnly": True} if read_only else {})}]
    cluster.run(namespace, restricted_pod("p", cluster.image("busybox"), *WAIT, volumes=[volume], volumeMounts=at))


def mount_failure(cluster: Cluster, namespace: str) -> str:
    """What the node says of the first mount of `p` that failed."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [each for each in cluster.events(namespace, "p") if each.startswith("FailedMount")]
        return bool(found)

    processes.until("a mount fails", there, 30)
    return found[0]


def started(cluster: Cluster, namespace: str) -> list[bool]:
    """Whether each container of `p` has begun to run."""
    statuses = (cluster.pod(namespace, "p") or {})["status"].get("containerStatuses", [])
    return ["waiting" not in each["state"] for each in statuses]


def test_demo_dataset_is_read_and_not_written(cluster: Cluster, namespace: str, store: Store) -> None:
    """A person's uid reads the dataset and nothing beside it; every kind of write is EROFS (DAT-03, DAT-08)."""
    start(cluster, namespace, store.demo, "gbsg2-clinical")
    listed = shell(cluster, namespace, "p", f"ls {AT}").split()
    assert "README.md" in listed
    assert "gbsg2-clinical" not in listed
    assert shell(cluster, namespace, "p", f"head -1 {AT}/README.md").startswith("# ")
    for write in (f"echo x >{AT}/new", f"rm {AT}/README.md", f"mkdir {AT}/d", f"mv {AT}/README.md {AT}/x"):
        assert "Read-only file system" in shell(cluster, namespace, "p", write)
    uid = (cluster.pod(namespace, "p") or {})["metadata"]["uid"]
    assert any(uid in each for each in cluster.mounts())
    cluster.end(namespace, "p")
    processes.until("the mount went with the pod", lambda: not any(uid in each for each in cluster.mounts()), 20)


def test_volume_that_is_not_asked_read_only_is_written(cluster: Cluster, namespace: str, store: Store) -> None:
    """Without `readOnly: true` the mount is read-write, here as on GKE: admission has to refuse it (DAT-14)."""
    store.put("sluis-written", {"p/file": b"before"})
    volume = bucket_volume("set", "sluis-written", "p", read_only=False)
    volume["csi"]["volumeAttributes"]["mountOptions"] = "implicit-dirs,only-dir=p,uid=1000,gid=100"
    at = [{"name": "set", "mountPath": AT}]
    cluster.run(namespace, restricted_pod("p", cluster.image("busybox"), *WAIT, volumes=[volume], volumeMounts=at))
    assert shell(cluster, namespace, "p", f"echo after >{AT}/new && cat {AT}/new") == "after"


def test_bucket_that_is_not_there_is_an_event(cluster: Cluster, namespace: str, store: Store) -> None:
    """The pod stays in creation and its event names the bucket (FLT-05, FLT-13)."""
    at = [{"name": "set", "mountPath": AT}]
    pod = restricted_pod(
        "p", cluster.image("busybox"), *WAIT, volumes=[bucket_volume("set", "nosuch")], volumeMounts=at
    )
    cluster.admin.create(pod, namespace)
    assert 'code = NotFound desc = failed to get GCS bucket "nosuch": 404 Not Found' in mount_failure(
        cluster, namespace
    )
    assert not any(started(cluster, namespace))


def test_store_away_fails_the_read_and_not_the_pod(cluster: Cluster, namespace: str, store: Store) -> None:
    """A read while the store is dead ends with an error in bounded time, and works again afterwards (FLT-13)."""
    store.put("sluis-away", {"p/file": b"there", "p/other": b"there too"})
    start(cluster, namespace, "sluis-away", "p")
    assert shell(cluster, namespace, "p", f"cat {AT}/file") == "there"
    with cluster.store_dead():
        read = shell(cluster, namespace, "p", f"cat {AT}/other")
        assert "there too" not in read
        assert "cat: " in read
    processes.until("the store is read", lambda: shell(cluster, namespace, "p", f"cat {AT}/other") == "there too", 30)


@pytest.mark.parametrize("option", ["o=rw", "config-file=/etc/passwd"])
def test_option_that_the_driver_refuses(cluster: Cluster, namespace: str, store: Store, option: str) -> None:
    """Options that would get round the driver's own are refused, as GKE's driver does (DAT-14)."""
    volume = bucket_volume("set", store.demo)
    volume["csi"]["volumeAttributes"]["mountOptions"] = option
    at = [{"name": "set", "mountPath": AT}]
    cluster.admin.create(
        restricted_pod("p", cluster.image("busybox"), *WAIT, volumes=[volume], volumeMounts=at), namespace
    )
    assert f"mount option '{option}' is not allowed" in mount_failure(cluster, namespace)
    assert not any(started(cluster, namespace))

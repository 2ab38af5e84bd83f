"""What tests hold in their hands: the cluster, its pods, its troubles.

Every wait is bounded.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import keys, node, processes
from tests.cluster.api import Api, RefusedError, Thing
from tests.cluster.setting import BIN
from tests.cluster.troubles import BOUND, Troubles, is_ready

Done = subprocess.CompletedProcess[str]
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}


@dataclass(frozen=True)
class Cluster(Troubles):
    """A running cluster. `admin` may do everything; `as_account` gives a service account's own view."""

    # --- who asks ---

    def token(self, namespace: str, account: str, seconds: int = 3600) -> str:
        """A token of a service account, as its pods get one."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        answer = self.admin.ask("POST", path, json=body)
        if answer.is_error:
            raise RefusedError(answer)
        return str(answer.json()["status"]["token"])

    def as_account(self, namespace: str, account: str) -> Api:
        """The API as a service account."""
        return self.admin.as_token(self.token(namespace, account))

    def kubeconfig(self, folder: Path, namespace: str, account: str) -> Path:
        """A kubeconfig of a service account, written into a test's own folder."""
        path = folder / f"{namespace}-{account}.kubeconfig"
        path.write_text(keys.kubeconfig(self.setting, self.token(namespace, account)))
        path.chmod(0o600)
        return path

    # --- what is there ---

    def image(self, name: str) -> str:
        """An image of this cluster by digest: pause, busybox, sluis, workspace or postgres."""
        return str(json.loads(self.setting.images.read_text())[name]["pinned"])

    def apply(self, text: str | Thing | list[Thing], namespace: str = "") -> list[Thing]:
        """Server-side apply as administrator."""
        return self.admin.apply(text, namespace)

    def new_namespace(self, name: str, labels: Mapping[str, str] = RESTRICTED) -> str:
        """Makes a namespace and waits for its default service account."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}})
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        processes.until(f"`{name}` has its account", lambda: self.admin.get(account).is_success, BOUND)
        return name

    def pod(self, namespace: str, name: str) -> Thing | None:
        """The pod, or nothing."""
        answer = self.admin.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        if answer.status_code == 404:
            return None
        return dict(answer.raise_for_status().json())

    def events(self, namespace: str, name: str) -> list[str]:
        """Reason and message of each event of an object."""
        found = self.admin.read(f"/api/v1/namespaces/{namespace}/events", fieldSelector=f"involvedObject.name={name}")
        return [f"{each['reason']}: {each.get('message', '')}" for each in found["items"]]

    def await_condition(self, path: str, kind: str, seconds: float = BOUND) -> None:
        """Waits until an object has a condition: a definition is `Established`, a Deployment `Available`."""

        def there() -> bool:
            found = self.admin.get(path)
            conditions = (found.json().get("status") or {}).get("conditions") or [] if found.is_success else []
            return any(each["type"] == kind and each["status"] == "True" for each in conditions)

        processes.until(f"{path} is {kind}", there, seconds)

    # --- pods ---

    def run(self, namespace: str, pod: Thing, phase: str = "Running", seconds: float = BOUND) -> Thing:
        """Makes a pod and waits until it is ready (in another phase: until it is in that)."""
        made = self.admin.create(pod, namespace)
        return self.await_phase(namespace, made["metadata"]["name"], phase, seconds)

    def await_phase(self, namespace: str, name: str, phase: str = "Running", seconds: float = BOUND) -> Thing:
        """Waits until a pod is in a phase, if that is Running, with all its containers ready."""
        found: Thing = {}

        def there() -> bool:
            nonlocal found
            found = self.pod(namespace, name) or {"status": {}}
            if found["status"].get("phase") in {"Succeeded", "Failed"} - {phase}:
                raise processes.GaveUpError(f"`{namespace}/{name}` is over and will never be {phase}")
            return found["status"].get("phase") == phase and (phase != "Running" or is_ready(found))

        try:
            processes.until(f"`{namespace}/{name}` is {phase}", there, seconds)
        except processes.GaveUpError as gave_up:
            raise AssertionError(f"{gave_up}; {found.get('status')}; {self.events(namespace, name)}") from gave_up
        return found

    def await_gone(self, namespace: str, name: str, seconds: float = BOUND) -> None:
        """Waits until there is no such pod."""
        processes.until(f"`{namespace}/{name}` is gone", lambda: self.pod(namespace, name) is None, seconds)

    def end(self, namespace: str, name: str, grace: int = 0) -> None:
        """Deletes a pod and waits until it is gone. A grace of 0 here still waits for the kubelet's word."""
        self.admin.delete(f"/api/v1/namespaces/{namespace}/pods/{name}", gracePeriodSeconds=max(grace, 1))
        self.await_gone(namespace, name)

    def uids(self, namespace: str, selector: str, ready: bool = False) -> set[str]:
        """The pods with these labels (only those that are ready)."""
        found = self.admin.read(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)["items"]
        return {each["metadata"]["uid"] for each in found if not ready or is_ready(each)}

    def await_replicas(self, namespace: str, selector: str, number: int, but: frozenset[str] = frozenset()) -> None:
        """Waits until so many pods with these labels are ready, and none is there beside them or of those of before."""

        def there() -> bool:
            now = self.uids(namespace, selector)
            return len(now) == number and now == self.uids(namespace, selector, ready=True) and not now & but

        try:
            processes.until(f"{number} pods `{selector}` are ready", there, 120)
        except processes.GaveUpError as gave_up:
            raise AssertionError(f"{gave_up}; {self.told(namespace, selector)}") from gave_up

    def told(self, namespace: str, selector: str) -> str:
        """What a failed wait says: the state of these pods, and the events of each."""
        found = self.admin.read(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)["items"]
        names = [each["metadata"]["name"] for each in found]
        states = [each["metadata"].get("deletionTimestamp") or each["status"] for each in found]
        return f"{states}; {[self.events(namespace, name) for name in names]}"

    def restart(self, namespace: str, selector: str) -> None:
        """Deletes the pods with these labels at once, and waits until as many others are ready."""
        old = self.uids(namespace, selector)
        path = f"/api/v1/namespaces/{namespace}/pods"
        for each in self.admin.read(path, labelSelector=selector)["items"]:
            self.admin.delete(f"{path}/{each['metadata']['name']}", gracePeriodSeconds=1)
        self.await_replicas(namespace, selector, len(old), frozenset(old))

    def await_restarts(self, namespace: str, name: str, number: int) -> None:
        """Waits until a pod's containers have been started again so many times, and are ready."""

        def there() -> bool:
            pod = self.pod(namespace, name)
            counts = [each["restartCount"] for each in (pod or {"status": {}})["status"].get("containerStatuses", [])]
            return pod is not None and sum(counts) >= number and is_ready(pod)

        processes.until(f"`{namespace}/{name}` has restarted", there, BOUND)

    def exec(
        self, namespace: str, pod: str, *command: str, user: Api | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in a pod (as `user`, where given), through the API server."""
        who = user or self.admin
        words = [f"--server={who.server}", f"--certificate-authority={who.authority}", f"--token={who.token}"]
        line = [str(BIN / "kubectl"), "--kubeconfig=/dev/null", *words, f"--namespace={namespace}", "exec", pod, "--"]
        return subprocess.run([*line, *command], capture_output=True, text=True, timeout=BOUND, check=False)

    def logs(self, namespace: str, pod: str, **query: Any) -> str:
        """What a pod has written (`container`, `previous`, `tailLines`)."""
        return self.admin.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **query).text

    def mounts(self) -> list[str]:
        """The mount points of buckets in the node."""
        return node.mounts(self.setting)

    # --- troubles; more of them in `troubles.py` ---

    @contextmanager
    def image_missing(self, name: str = "workspace") -> Iterator[None]:
        """The node has not got an image, and no registry to fetch it from; afterwards it has it."""
        with node.without_image(self.setting, self.image(name)):
            yield

    def kill_in(self, namespace: str, pod: str, pattern: str, number: int = signal.SIGKILL) -> None:
        """Sends a signal to the processes of a pod whose command line has this text; from the node, not from within."""
        found = self.pids_in((self.pod(namespace, pod) or {})["metadata"]["uid"], pattern)
        assert found, f"no process with `{pattern}` in `{namespace}/{pod}`"
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def restricted_pod(name: str, image: str, *command: str, **spec: Any) -> dict[str, Any]:
    """A pod that Pod Security's `restricted` admits, of one container `c`; `spec` is added to its specification."""
    container = {
        "name": "c",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": spec.pop("volumeMounts", []),
        **({"command": list(command)} if command else {}),
        **spec.pop("container", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": spec.pop("labels", {"app": name})},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "dnsPolicy": "None",
            "dnsConfig": {"nameservers": ["127.0.0.1"]},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "runAsGroup": 100,
                "fsGroup": 100,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **spec,
        },
    }


def bucket_volume(name: str, bucket: str, prefix: str = "", read_only: bool = True) -> dict[str, Any]:
    """An inline volume of a bucket, as a workspace mounts a dataset."""
    options = ["implicit-dirs", "uid=1000", "gid=100", "file-mode=440", "dir-mode=550"]
    options += [f"only-dir={prefix}"] if prefix else []
    attributes = {"bucketName": bucket, "mountOptions": ",".join(options), "metadataCacheTTLSeconds": "0"}
    csi = {"driver": "gcsfuse.csi.storage.gke.io", "volumeAttributes": attributes}
    return {"name": name, "csi": {**csi, **({"readOnly": True} if read_only else {})}}

"""The node: containerd, CNI, kubelet and kube-proxy, in mount and pid namespaces of its own.

Settings that are there because of the machine: control groups of version 1 (`failCgroupV1`), no right to lower a
process's OOM score (`oomScoreAdj`, `restrict_oom_score_adj`), no systemd (`cgroupfs`). Kubernetes 1.36 is the last that
speaks with Debian 12's containerd 1.6. CNI `ptp` routes pod to pod through the node, where nftables sees it.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.cluster import api, images, machine, oci, processes
from tests.cluster.setting import BIN, HERE, NODE, NODE_ADDRESS, POD_RANGE, Setting

CRI = "io.containerd.grpc.v1.cri"
_BOUND = 300
_OFF = [f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")]
_OFF += ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]


def network_configuration() -> dict[str, Any]:
    """CNI: an address of the range for each pod, and a route through the node."""
    ranges = {"type": "host-local", "ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}]}
    return {"cniVersion": "1.0.0", "name": "sluis", "plugins": [{"type": "ptp", "ipMasq": False, "ipam": ranges}]}


def containerd_configuration(setting: Setting) -> str:
    """TOML, as containerd 1.6 reads it."""
    plugin = f'plugins."{CRI}"'
    return f"""
version = 2
root = "{setting.folder}/containerd"
state = "/run/containerd"
disabled_plugins = {json.dumps(_OFF)}
[grpc]
  address = "{setting.containerd}"
[{plugin}]
  sandbox_image = "{images.REGISTRY}/pause:test"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [{plugin}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{setting.folder}/cni"
  [{plugin}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [{plugin}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [{plugin}.containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def kubelet_configuration(setting: Setting) -> dict[str, Any]:
    """KubeletConfiguration (JSON is YAML)."""
    none = dict.fromkeys(("nodefs.inodesFree", "imagefs.inodesFree"), "0%")
    enough = {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", **none}
    files = min(20000, int(_hard_limit()))
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": not machine.version_1(),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{machine.group_name(setting)}",
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{setting.containerd}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{setting.keys}/authority.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "address": NODE_ADDRESS,
        "healthzBindAddress": "127.0.0.1",
        "resolvConf": str(setting.folder / "resolv.conf"),
        "oomScoreAdj": 0,
        "maxOpenFiles": files,
        "makeIPTablesUtilChains": False,
        "enforceNodeAllocatable": [],
        "imageGCHighThresholdPercent": 100,
        "imageMinimumGCAge": "24h",
        "evictionHard": enough,
        "syncFrequency": "10s",
        "nodeLeaseDurationSeconds": 12,
        "nodeStatusUpdateFrequency": "4s",
        "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"},  # parts are killed here again and again
    }


def _hard_limit() -> str:
    text = Path("/proc/self/limits").read_text()
    return next(line.split()[4] for line in text.splitlines() if line.startswith("Max open files"))


def proxy_configuration(setting: Setting) -> dict[str, Any]:
    """KubeProxyConfiguration: service addresses by nftables."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(setting.kubeconfig("proxy"))},
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE,
        "nodePortAddresses": ["127.0.0.0/8"],
        "conntrack": {"maxPerCore": 0, "min": 0},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


def start(setting: Setting, packed: Iterable[oci.Image]) -> None:
    """Starts the node with these images and waits until it is ready."""
    (setting.folder / "cni").mkdir()
    (setting.folder / "cni" / "10-sluis.conflist").write_text(json.dumps(network_configuration()))
    (setting.folder / "containerd.toml").write_text(containerd_configuration(setting))
    (setting.folder / "kubelet.json").write_text(json.dumps(kubelet_configuration(setting)))
    (setting.folder / "kube-proxy.json").write_text(json.dumps(proxy_configuration(setting)))
    (setting.folder / "resolv.conf").write_text("")
    own = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    script = ["bash", str(HERE / "node.sh"), str(setting.folder / "node"), str(setting.folder / "containerd.toml")]
    processes.start(setting, "node", [*own, *script, *machine.COVERED])
    processes.until("containerd answers", lambda: _answers(setting), 30)
    load(setting, packed)
    start_kubelet(setting)
    configuration = f"--config={setting.folder}/kube-proxy.json"
    processes.start(setting, "kube-proxy", [str(BIN / "kube-proxy"), configuration])
    processes.until("the node is ready", lambda: ready(setting))


def start_kubelet(setting: Setting) -> None:
    """Starts the kubelet in the node's namespaces."""
    flags = [f"--config={setting.folder}/kubelet.json", f"--kubeconfig={setting.kubeconfig('kubelet')}"]
    flags += [f"--hostname-override={NODE}", f"--node-ip={NODE_ADDRESS}", "--v=2"]
    processes.start(setting, "kubelet", [*inside(setting), str(BIN / "kubelet"), *flags])


def inside(setting: Setting) -> list[str]:
    """What goes before a command that runs in the node's mount and pid namespaces."""
    first = first_process(setting)
    return ["nsenter", f"--mount=/proc/{first}/ns/mnt", f"--pid=/proc/{first}/ns/pid"]


def first_process(setting: Setting) -> int:
    """The pid, seen from the machine, of process 1 of the node."""
    for pid in processes.pids(setting, "node"):
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            if next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == "1":
                return pid
    raise ProcessLookupError(f"no node runs in `{setting.folder}`; bring the cluster up: python -m tests.cluster.up")


def load(setting: Setting, packed: Iterable[oci.Image]) -> None:
    """Gives images to containerd, by tag and by digest, without the layers that it has."""
    packed = list(packed)
    known = subprocess.run(_ctr(setting, "content", "ls", "-q"), capture_output=True, text=True, timeout=60, check=True)
    has = frozenset(line.removeprefix("sha256:") for line in known.stdout.split())
    with (setting.logs / "import.log").open("ab") as log:
        importing = subprocess.Popen(
            _ctr(setting, "images", "import", "-"), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        assert importing.stdin is not None
        with importing.stdin as stream:
            oci.write(packed, has, stream)
        if importing.wait(_BOUND) != 0:
            raise RuntimeError(f"containerd refused the images; see {setting.logs}/import.log")
    images.note(setting, packed)


@contextmanager
def without_image(setting: Setting, image: str) -> Iterator[None]:
    """Containerd does not know this name meanwhile; what it names is kept under another."""
    kept = f"{images.REGISTRY}/kept:test"
    _rename(setting, image, kept)
    try:
        yield
    finally:
        _rename(setting, kept, image)


def _rename(setting: Setting, image: str, to: str) -> None:
    for words in (["tag", image, to], ["rm", image]):
        subprocess.run(_ctr(setting, "images", *words), capture_output=True, timeout=60, check=True)


def _ctr(setting: Setting, *words: str) -> list[str]:
    return ["ctr", "--address", str(setting.containerd), "--namespace", "k8s.io", *words]


def _answers(setting: Setting) -> bool:
    done = subprocess.run(_ctr(setting, "version"), capture_output=True, timeout=30, check=False)
    return done.returncode == 0


def ready(setting: Setting, wanted: str = "True") -> bool:
    """Whether the node's condition `Ready` has this status (`Unknown` where it is lost)."""
    answer = api.Api.of(setting.kubeconfig("admin")).get(f"/api/v1/nodes/{NODE}")
    if answer.is_error:
        return False
    conditions = answer.json()["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == wanted for each in conditions)


def mounts(setting: Setting, kind: str = "fuse.gcsfuse") -> list[str]:
    """The mount points of a kind in the node, below the kubelet's folder."""
    lines = Path(f"/proc/{first_process(setting)}/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines if f" - {kind} " in line]
    return [os.fsdecode(point) for point in points if point.startswith("/var/lib/kubelet/")]

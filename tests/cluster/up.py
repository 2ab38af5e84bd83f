"""Brings the tests' cluster up: everything in one network namespace that has no way out.

    python -m tests.cluster.up        (the folder is `CLUSTER`, or .cache/cluster/state; `down` ends it)

It has `lo` and a bridge without ports, which carries the node's address, and no default route. `ip netns exec` is not
used, since it hides the control groups. Whatever goes wrong on the way, and Ctrl-C, takes down again what was begun.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from types import FrameType
from typing import NoReturn

from tests.cluster import control_plane, down, images, machine, node, oci, processes, store
from tests.cluster.api import Api
from tests.cluster.setting import HERE, NODE, NODE_ADDRESS, ROOT, SERVICE_RANGE, Setting, say, setting
from tests.cluster.tools import build

DRIVER = "gcsfuse.csi.storage.gke.io"
_CLONE_NEWNET = 0x40000000
_OURS = {"PYTHONPATH": str(ROOT)}


def interrupted(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM ends as Ctrl-C does: through every `finally`."""
    raise SystemExit(128 + number)


def enter(here: Setting) -> None:
    """Moves this process (its calling thread, and all that it starts) into the cluster's network namespace."""
    descriptor = os.open(here.netns_path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
            reason = os.strerror(ctypes.get_errno())
            raise SystemExit(f"cluster: cannot enter the network namespace `{here.netns}`: {reason}; run this as root")
    finally:
        os.close(descriptor)


def prepare() -> list[oci.Image]:
    """What is kept from run to run: packages, binaries, layers of images. The only part that needs registries."""
    machine.install()
    build.main([])
    return images.all_images()


def lay_network(here: Setting) -> None:
    """The network namespace, and the route by which the node itself reaches service addresses."""
    for words in (
        ["netns", "add", here.netns],
        ["-n", here.netns, "link", "set", "lo", "up"],
        ["-n", here.netns, "link", "add", "node0", "type", "bridge"],
        ["-n", here.netns, "addr", "add", f"{NODE_ADDRESS}/32", "dev", "node0"],
        ["-n", here.netns, "link", "set", "node0", "up"],
        ["-n", here.netns, "route", "add", SERVICE_RANGE, "dev", "node0"],
    ):
        subprocess.run(["ip", *words], timeout=30, check=True)


def start_helpers(here: Setting) -> None:
    """What a cloud would bring: policies enforced, volumes provided, a store and its node driver."""
    admin = Api.of(here.kubeconfig("admin"))
    admin.apply((HERE / "manifests" / "base.yaml").read_text())
    python = [sys.executable, "-P", "-m"]
    policies = [*python, "tests.cluster.netpol.serve", str(here.kubeconfig("policies"))]
    processes.start(here, "policies", policies, environment=_OURS)
    claims = [str(here.kubeconfig("provisioner")), str(here.folder / "volumes")]
    processes.start(here, "provisioner", [*python, "tests.cluster.provisioner", *claims], environment=_OURS)
    store.start(here)
    start_driver(here)
    path = f"/apis/storage.k8s.io/v1/csinodes/{NODE}"
    processes.until("the driver is on the node", lambda: DRIVER in admin.get(path).text, 30)


def start_driver(here: Setting) -> None:
    """The node driver, in the node's namespaces, so that its mounts are the kubelet's and end with the node."""
    serve = [sys.executable, "-P", "-m", "tests.cluster.driver.serve", str(here.folder / "driver")]
    processes.start(here, "driver", [*node.inside(here), *serve], environment=_OURS)


def bring_up(here: Setting, packed: Iterable[oci.Image]) -> None:
    """The whole cluster; on any failure nothing of it stays."""
    started = time.monotonic()
    down.take_down(here)
    try:
        here.folder.mkdir(parents=True, exist_ok=True)
        here.sockets.mkdir(exist_ok=True)
        machine.take(here)
        lay_network(here)
        enter(here)
        control_plane.start(here)
        say(f"API server and controllers after {time.monotonic() - started:.1f} s")
        node.start(here, packed)
        say(f"node after {time.monotonic() - started:.1f} s")
        start_helpers(here)
        say(f"up after {time.monotonic() - started:.1f} s: {here.folder}")
    except BaseException:
        down.take_down(here, keep_logs=True)
        raise


def main() -> None:
    """`python -m tests.cluster.up`."""
    signal.signal(signal.SIGTERM, interrupted)
    bring_up(setting(), prepare())


if __name__ == "__main__":
    main()

"""Takes the tests' cluster down, also what a killed run left: processes, mounts, control groups, network, state.

    python -m tests.cluster.down      (the folder is `CLUSTER`, or .cache/cluster/state)

It may be run at any time and again. Only processes that carry this cluster's mark are ended.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.cluster import machine, processes
from tests.cluster.setting import Setting, say, setting

_STATE = ("etcd", "containerd", "node", "keys", "cni", "store", "volumes", "driver", "controllers", "scheduler")
_FILES = ("containerd.toml", "kubelet.json", "kube-proxy.json", "resolv.conf", "images.json")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not stop what the first began."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@_undisturbed()
def take_down(here: Setting, keep_logs: bool = False) -> None:
    """Ends and removes everything of this cluster; logs stay where a start has failed."""
    processes.end(here, "node")  # with it go the kubelet, all containers and all mounts
    processes.end(here)
    machine.give_back(here)
    if here.netns_path.exists():
        subprocess.run(["ip", "netns", "delete", here.netns], timeout=30, check=False)
    shutil.rmtree(here.sockets, ignore_errors=True)
    for name in (*_STATE, *(() if keep_logs else ("logs",))):
        shutil.rmtree(here.folder / name, ignore_errors=True)
    for name in _FILES:
        (here.folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        here.folder.rmdir()
    if keep_logs:
        say(f"taken down; its logs are in {here.logs}")


def main() -> None:
    """`python -m tests.cluster.down`."""
    take_down(setting())
    say("nothing of it is left")


if __name__ == "__main__":
    main()

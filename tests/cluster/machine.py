"""What a cluster needs of the machine, and what it gives back: packages, sysctls, mount points, control groups.

The kubelet sets sysctls of the whole machine, and its folders must exist to be mounted over. The first cluster on a
machine notes what was there before, the last one to go puts it back, also after a run that was killed.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.cluster.setting import Setting, say

PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "debootstrap": "debootstrap",
    "nftables": "nft",
    "iptables": "iptables",
    "busybox-static": "busybox",
    "conntrack": "conntrack",
}
SYSCTLS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
COVERED = ("/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/run/containerd", "/var/lib/cni")
_NOTE = Path("/run/sluis-clusters.json")
_GROUPS = Path("/sys/fs/cgroup")


def install() -> None:
    """Debian's packages, by name, where one of them is missing."""
    if os.geteuid() != 0:
        raise SystemExit("cluster: the tests' cluster needs namespaces and mounts; run this as root")
    missing = [name for name, program in PACKAGES.items() if _path(program) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SystemExit(f"cluster: no `apt-get` here; install {', '.join(missing)} and try again")
    say(f"installing {', '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL, timeout=600, check=True)


def _path(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/bin")


@contextmanager
def _noted() -> Iterator[dict[str, Any]]:
    """The machine's note on its clusters, under a lock; gone again when nothing is in it."""
    lock = os.open(_NOTE.parent, os.O_RDONLY)  # the folder, so that no lock file stays
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = json.loads(_NOTE.read_text()) if _NOTE.exists() else {}
        yield note
        if note:
            _NOTE.write_text(json.dumps(note))
        else:
            _NOTE.unlink(missing_ok=True)
    finally:
        os.close(lock)


def take(setting: Setting) -> None:
    """Notes how the machine was, and makes the folders that the node mounts over."""
    with _noted() as note:
        if not note:
            note["sysctls"] = {name: Path("/proc/sys", name).read_text().strip() for name in SYSCTLS}
            note["made"] = [folder for folder in COVERED if not Path(folder).exists()]
        note["clusters"] = sorted({*note.get("clusters", []), str(setting.folder)})
        for folder in COVERED:
            Path(folder).mkdir(parents=True, exist_ok=True)
    for group in _own_groups(setting, roots=True):
        group.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (group / name).exists():
                (group / name).write_text((group.parent / name).read_text())


def give_back(setting: Setting) -> None:
    """Removes this cluster's control groups; the last cluster also puts sysctls and folders back."""
    for group in _own_groups(setting, roots=False):
        for folder, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
    with _noted() as note:
        note["clusters"] = [each for each in note.get("clusters", []) if each != str(setting.folder)]
        if note["clusters"]:
            return
        for name, value in note.get("sysctls", {}).items():
            Path("/proc/sys", name).write_text(value)
        for folder in note.get("made", []):
            with suppress(OSError):
                Path(folder).rmdir()
        note.clear()


def group_name(setting: Setting) -> str:
    """The control group under which the kubelet puts its own, so that two clusters do not share them."""
    return f"sluis-{setting.identity}"


def version_1() -> bool:
    """Whether this machine's control groups are of version 1."""
    return not (_GROUPS / "cgroup.controllers").exists()


def _own_groups(setting: Setting, roots: bool) -> Iterator[Path]:
    """This cluster's group in every hierarchy: to be made, or those that are there."""
    hierarchies = [each for each in _GROUPS.iterdir() if each.is_dir()] if version_1() else [_GROUPS]
    for hierarchy in {each.resolve() for each in hierarchies}:
        group = hierarchy / group_name(setting)
        if roots or group.is_dir():
            yield group

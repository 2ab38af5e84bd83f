"""Builds the binaries of the tests' cluster from pinned Go modules, one after the other; what is built already is kept.

Three modules, because in one they would move each other's versions: Kubernetes with etcd, gcsfuse, and kwok (only built
where it is asked for). Nothing here knows where modules come from: that is the business of Go's own settings.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.cluster.setting import BIN, ROOT, say

HERE = ROOT / "tests" / "cluster" / "tools"
BOUND = 1800
KUBERNETES = "v1.36.3"
_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _PATCH = KUBERNETES.lstrip("v").split(".")
_STAMPED = (
    f"-X {_VERSION}.gitVersion={KUBERNETES} -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR} "
    f"-X {_VERSION}.gitTreeState=clean"
)


@dataclass(frozen=True)
class Binary:
    """A program: the module (folder) that pins it, its package, and what the linker writes into it."""

    name: str
    module: str
    package: str
    flags: str = ""


def _kube(name: str) -> Binary:
    return Binary(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _STAMPED)


ALWAYS = (
    Binary("etcd", "kubernetes", "go.etcd.io/etcd/server/v3"),
    *map(_kube, ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl", "kube-proxy")),
    Binary("gcsfuse", "gcsfuse", "github.com/googlecloudplatform/gcsfuse/v3"),
)
ON_DEMAND = (Binary("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok"),)


def key(binary: Binary, go: str) -> str:
    """What a built file depends on: the pins, the flags and the compiler."""
    pins = [(HERE / binary.module / name).read_bytes() for name in ("go.mod", "go.sum")]
    return hashlib.sha256(b"\0".join([*pins, repr(binary).encode(), go.encode()])).hexdigest()


def build(binary: Binary, go: str) -> bool:
    """Builds it where it is not there yet with the same key; says whether it did."""
    stamp, wanted = BIN / f".{binary.name}.key", key(binary, go)
    if (BIN / binary.name).exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    started, partial = time.monotonic(), BIN / f".{binary.name}.partial"
    flags = f"-s -w {binary.flags}".strip()
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(partial), binary.package]
    subprocess.run(command, cwd=HERE / binary.module, env=_environment(), timeout=BOUND, check=True)
    partial.replace(BIN / binary.name)
    stamp.write_text(wanted)
    say(f"built {binary.name} in {time.monotonic() - started:.0f} s")
    return True


def _environment() -> dict[str, str]:
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    return {**os.environ, **settings}


def chosen(names: Iterable[str]) -> list[Binary]:
    """Those named, or all that the cluster needs."""
    wanted = list(names)
    known = {binary.name: binary for binary in (*ALWAYS, *ON_DEMAND)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"cluster: no binary `{unknown[0]}`; there are {', '.join(known)}")
    return [known[name] for name in wanted] or list(ALWAYS)


def main(names: list[str]) -> None:
    """`python -m tests.cluster.tools.build [NAME …]`."""
    if shutil.which("go") is None:
        raise SystemExit("cluster: no `go` here; install Go 1.26 or later and try again")
    go = subprocess.run(["go", "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    BIN.mkdir(parents=True, exist_ok=True)
    binaries = chosen(names)
    for number, binary in enumerate(binaries, 1):
        if (BIN / f".{binary.name}.key").exists() is False:
            say(f"building {binary.name} ({number} of {len(binaries)}; all take five to eight minutes the first time)")
        build(binary, go)


if __name__ == "__main__":
    main(sys.argv[1:])

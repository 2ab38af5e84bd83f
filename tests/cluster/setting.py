"""Where the tests' cluster keeps its things, and the addresses that it uses inside its own network namespace.

`CLUSTER` (environment) is the folder of a cluster's state; each folder is a cluster of its own, with a network
namespace, sockets and control groups named after it. What may be shared and kept (binaries, layers of images) is in
`.cache/cluster`.
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "cluster"
CACHE = ROOT / ".cache" / "cluster"
BIN = CACHE / "bin"
LAYERS = CACHE / "layers"

NODE = "node1"
NODE_ADDRESS = "10.211.0.1"
BROWSER_ADDRESS = "10.211.0.8"
INSTITUTE_ADDRESS = "10.211.0.7"
POD_RANGE = "10.211.64.0/24"
SERVICE_RANGE = "10.211.96.0/24"
FIRST_SERVICE = "10.211.96.1"
API_PORT = 6443
STORE_PORT = 14443
STORE = f"http://localhost:{STORE_PORT}"


@dataclass(frozen=True)
class Setting:
    """One cluster: its folder, and what is named after it."""

    folder: Path

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that tell clusters apart on one machine."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]

    @property
    def netns(self) -> str:
        """The network namespace that holds API server, node, pods and the tests that talk to them."""
        return f"sluis-{self.identity}"

    @property
    def netns_path(self) -> Path:
        return Path("/run/netns", self.netns)

    @property
    def sockets(self) -> Path:
        """Short, since a Unix socket's path has at most 107 bytes."""
        return Path(f"/run/sluis-{self.identity}")

    @property
    def containerd(self) -> Path:
        return self.sockets / "containerd.sock"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def store(self) -> Path:
        """The objects of the store, a folder a bucket."""
        return self.folder / "store"

    @property
    def images(self) -> Path:
        """JSON: each image's name by tag and its name by digest."""
        return self.folder / "images.json"

    def kubeconfig(self, identity: str) -> Path:
        return self.keys / f"{identity}.kubeconfig"


def setting() -> Setting:
    """The cluster that `CLUSTER` names, or this tree's own."""
    return Setting(Path(os.environ.get("CLUSTER") or CACHE / "state").resolve())


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"cluster: {line}\n")
    sys.stderr.flush()

"""Who reaches whom: connections that are tried from within the pods' own networks, all of them at once.

A place is a pod, the node, or something that stands at one of their addresses. Nothing is asked of a pod itself: the
node enters its network and tries, so that it needs neither a program for it nor a door of the cluster's API.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.handle import Cluster
from tests.cluster.setting import NODE_ADDRESS

OPEN, SILENT = "open", "no answer"
_LISTENS = "0A"  # the state of a socket in /proc/net/tcp that listens
_BOUND = 60
_TRY = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor

def tried(way):
    kind, address, port = way
    with socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as one:
        one.settimeout(2)
        try:
            one.connect((address, port))
            if kind == "udp":
                one.send(b"x")
                one.recv(1)
            return "open"
        except TimeoutError:
            return "no answer"
        except OSError as error:
            return str(error.strerror)

ways = json.load(sys.stdin)
with ThreadPoolExecutor(len(ways)) as pool:
    print(json.dumps(list(pool.map(tried, ways))))
"""
SERVE = """
import socket, sys, threading

port = int(sys.argv[1])
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", port))

def echo():
    while True:
        udp.sendto(*udp.recvfrom(9))

threading.Thread(target=echo, daemon=True).start()
with socket.create_server(("0.0.0.0", port)) as tcp:
    while True:
        tcp.accept()[0].close()
"""
"""What a pod of the tests runs that answers by TCP and UDP at a port, its argument."""


@dataclass(frozen=True)
class Place:
    """Where a way begins: its name in the table of ways, and the file of its network (empty: the node's own)."""

    name: str
    part: str
    network: str = ""


@dataclass(frozen=True)
class Target:
    """Where a way ends: `said` is the port by which the table of ways calls it, `port` where it answers here."""

    place: str
    part: str
    said: int
    address: str
    port: int
    kind: str = "tcp"

    def __str__(self) -> str:
        return f"{self.place}:{self.port}" + ("/udp" if self.kind == "udp" else "")


Matrix = Mapping[tuple[str, str], str]


def place_of(cluster: Cluster, namespace: str, pod: str, name: str, part: str) -> tuple[Place, list[Target]]:
    """A pod as the beginning of ways, and each port at which it listens as the end of one."""
    found = cluster.pod(namespace, pod)
    assert found is not None, f"there is no pod `{namespace}/{pod}`"
    pid = cluster.pids_in(found["metadata"]["uid"], "")[0]
    address = str(found["status"]["podIP"])
    return Place(name, part, f"/proc/{pid}/ns/net"), [
        Target(name, part, port, address, port) for port in listening(pid)
    ]


@contextmanager
def outside(cluster: Cluster, name: str, part: str, address: str) -> Iterator[Place]:
    """A machine beside the node, behind which all pods lie: a network namespace of its own, with one address."""
    node, space, device = cluster.setting.netns, f"{cluster.setting.netns}-{name}", f"out-{name}"[:15]
    try:
        for line in (
            f"netns add {space}",
            f"-n {node} link add {device} type veth peer name eth0 netns {space}",
            f"-n {node} link set {device} up",
            f"-n {node} route add {address}/32 dev {device}",
            f"-n {space} addr add {address}/32 dev eth0",
            f"-n {space} link set eth0 up",
            f"-n {space} route add {NODE_ADDRESS}/32 dev eth0",
            f"-n {space} route add default via {NODE_ADDRESS} dev eth0",
        ):
            subprocess.run(["ip", *line.split()], timeout=_BOUND, check=True)
        yield Place(name, part, f"/run/netns/{space}")
    finally:  # the device goes with its other end
        subprocess.run(["ip", "netns", "delete", space], timeout=_BOUND, check=False)


def listening(pid: int) -> list[int]:
    """The TCP ports of a process's network at which something listens that others may reach."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            address, _, port = line.split()[1].partition(":")
            loopback = address.endswith("7F") or (address.endswith("01000000") and len(address) > 8)
            if line.split()[3] == _LISTENS and not loopback:
                found.add(int(port, 16))
    return sorted(found)


def tried(places: Iterable[Place], targets: list[Target]) -> Matrix:
    """What becomes of each way; from a place to itself there is none."""
    begun = list(places)
    with ThreadPoolExecutor(len(begun)) as pool:
        answers = pool.map(lambda place: _from(place, [each for each in targets if each.place != place.name]), begun)
        return {way: answer for each in answers for way, answer in each.items()}


def _from(place: Place, targets: list[Target]) -> dict[tuple[str, str], str]:
    inside = ["nsenter", f"--net={place.network}"] if place.network else []
    asked = json.dumps([(each.kind, each.address, each.port) for each in targets])
    done = subprocess.run(
        [*inside, sys.executable, "-I", "-c", _TRY], input=asked, text=True, capture_output=True, timeout=_BOUND,
        check=True,
    )  # fmt: skip
    return {(place.name, str(target)): said for target, said in zip(targets, json.loads(done.stdout), strict=True)}


def shown(matrix: Matrix, wanted: Matrix) -> str:
    """The ways as lines, those that are not as wanted first; empty where all are."""
    wrong = [way for way in wanted if matrix.get(way) != wanted[way]]
    if not wrong:
        return ""
    said = [f"{begin} --> {end}: {matrix.get((begin, end))}, not {wanted[begin, end]}" for begin, end in wrong]
    return "\n".join([*said, "all that is open:", *(f"  {a} --> {b}" for (a, b) in matrix if matrix[a, b] == OPEN)])

"""Several hosts on one machine: a house in which Sluis runs, and two networks with a client each, inside and outside.

Network namespaces of their own, made by `ip` and taken away again; whoever makes them has to be root. What listens on
the house's loopback is reached from both clients by the same addresses, for theirs lead to the house; each packet keeps
the address that it comes from. So nothing stands between a client and a door, and every port can be tried.
"""

import contextlib
import ctypes
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

_CLONE_NEWNET = 0x40000000
_BOUND = 30.0
_LOOPBACK = ("127.0.0.1", "127.0.0.2")
"""The addresses of the house's loopback that clients reach; their own loopback has none."""


class Space(NamedTuple):
    """One network namespace, and the address by which it is known in its network; the house has none."""

    name: str
    address: str = ""

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be there for a while: sockets that it opens, and programs that it starts, stay there."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(Path("/run/netns", self.name))
            yield
        finally:
            _set(own)
            os.close(own)

    def cut(self) -> None:
        """Pull the cable."""
        _ip("-n", self.name, "link", "set", "eth0", "down")

    def join(self) -> None:
        """Put the cable back."""
        _ip("-n", self.name, "link", "set", "eth0", "up")
        self.reach_the_house()

    def reach_the_house(self) -> None:
        """Let the addresses of the house's loopback lead there."""
        for one in _LOOPBACK:
            _ip("-n", self.name, "route", "replace", f"{one}/32", "via", _gateway(self.address), "src", self.address)

    def transport(self) -> httpx.BaseTransport:
        """Return what carries a client's requests from here."""
        return _From(self)


class Networks(NamedTuple):
    """The house, and a client in each of its networks; `network` is that of the client inside."""

    house: Space
    inside: Space
    outside: Space
    network: str


@contextlib.contextmanager
def networks() -> Iterator[Networks]:
    """Make them, and take them away with all that is in them."""
    label = f"sluis-{secrets.token_hex(3)}"
    house = Space(f"{label}-house")
    clients = [Space(f"{label}-{name}", f"10.77.{number}.2") for number, name in enumerate(("inside", "outside"), 1)]
    try:
        _ip("netns", "add", house.name)
        _ip("-n", house.name, "link", "set", "lo", "up")
        for number, one in enumerate(clients):
            _client(house, one, f"to{number}")
        yield Networks(house, clients[0], clients[1], "10.77.1.0/24")
    finally:
        for one in (house, *clients):
            subprocess.run(["ip", "netns", "delete", one.name], capture_output=True, timeout=_BOUND, check=False)


def _client(house: Space, one: Space, device: str) -> None:
    _ip("netns", "add", one.name)
    _ip("-n", house.name, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", one.name)
    for space, name, address in ((house, device, _gateway(one.address)), (one, "eth0", one.address)):
        _ip("-n", space.name, "addr", "add", f"{address}/24", "dev", name)
        _ip("-n", space.name, "link", "set", name, "up")
        with space.entered():
            Path("/proc/sys/net/ipv4/conf", name, "route_localnet").write_text("1")
    one.reach_the_house()


def _gateway(address: str) -> str:
    return f"{address.rpartition('.')[0]}.1"


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=_BOUND, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()} (namespaces need root and iproute2)"


def _enter(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _set(descriptor)
    finally:
        os.close(descriptor)


def _set(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a network namespace; run this as root")


class _From(httpx.BaseTransport):
    """Requests by sockets of a namespace; the thread itself is there only while it asks."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Called by the client."""
        with self._space.entered():
            return self._transport.handle_request(request)

    def close(self) -> None:
        """Called by the client."""
        self._transport.close()

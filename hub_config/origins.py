"""Web origins: the hub, the desk and each workspace have one of their own, so no page acts at another (SES-07).

A workspace has a host, `p-3-dr-12` below the workspaces' domain, and not a person: the page of one request's workspace
is then a stranger in that of another. `Origins` is pure; the checks say in a line what stops a start.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,230}}$){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_WORKSPACE = re.compile(r"p-[1-9][0-9]{0,8}-dr-[1-9][0-9]{0,8}", re.ASCII)
_ANY = "*."
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PRIVATE = tuple(
    ipaddress.ip_network(one)
    for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)  # loopback, RFC 1918 and RFC 4193; not what Python calls private besides, such as 0.0.0.0 and 169.254.0.0/16

SHARED = "Hub, desk and workspaces share one web address here: a page in a workspace may act for whoever opens it."


class OriginSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where browsers find hub, desk and workspaces, each on an address of its own."""

    hub: Annotated[
        str,
        Meta(
            max_length=250,
            description="address of the hub, such as `https://sluis.example.org`; empty: the one that `sluis run` "
            "listens on, and in a cluster `cluster.url`",
        ),
    ] = ""
    desk: Annotated[
        str, Meta(max_length=250, description="address of the desk, such as `https://desk.sluis.example.org`")
    ] = ""
    workspaces: Annotated[
        str,
        Meta(
            max_length=250,
            description="addresses of the workspaces, such as `https://*.work.example.org`; each takes its own name",
        ),
    ] = ""
    allow_shared_origin: Annotated[
        bool,
        Meta(
            description="let hub, desk and workspaces share one address, although a page in a workspace may then act "
            "for whoever opens it; every page says so"
        ),
    ] = False

    @property
    def own(self) -> bool:
        """Whether each has an origin of its own."""
        return bool(self.desk and self.workspaces)


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """Where browsers find the parts of a running Sluis. `workspaces` is empty where all share the hub's origin.

    `told` is whether the pages say that they do.
    """

    hub: str
    desk: str
    workspaces: str = ""
    told: bool = False

    @property
    def own(self) -> bool:
        """Whether each part has an origin of its own."""
        return bool(self.workspaces)

    @property
    def desk_host(self) -> str:
        """The desk's host as routes name it, without a port; empty where it shares the hub's."""
        return host_of(self.desk) if self.own else ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of which every path may lead to the hub, as the proxy is told; on loopback all names (SES-14)."""
        host = host_of(self.hub)
        shared = host in _LOOPBACK and not self.own
        return tuple(f"[{one}]" if ":" in one else one for one in (_LOOPBACK if shared else (host,)))

    @property
    def all(self) -> tuple[str, ...]:
        """Every origin, as a Content-Security-Policy names them."""
        return tuple(sorted({self.hub, self.desk} | ({self.workspaces} if self.own else set())))

    def workspace(self, person: str, request: str) -> str:
        """Return the origin of the workspace of a person and a request."""
        name = f"{person.lower()}-{request.lower()}."
        return self.workspaces.replace(_ANY, name) if self.own else self.hub

    def own_workspace(self, person: str, request: str) -> str:
        """Return the origin that is a workspace's alone; empty where it shares the hub's."""
        return self.workspace(person, request) if self.own else ""

    def host(self, person: str, request: str) -> str:
        """Return a workspace's host as routes name it; empty where it shares the hub's."""
        return host_of(self.own_workspace(person, request))

    def is_workspace(self, origin: str) -> bool:
        """Say whether an `Origin` header is that of a page of a workspace."""
        before, _, behind = self.workspaces.partition(_ANY)
        name = origin.removeprefix(before).removesuffix(f".{behind}")
        return self.own and bool(_WORKSPACE.fullmatch(name)) and origin == f"{before}{name}.{behind}"


class Senders:
    """The origins whose pages may tell the hub that somebody is there: the hub's own, and the workspaces' (SES-12)."""

    def __init__(self, own: frozenset[str], is_workspace: Callable[[str], bool]) -> None:
        self._own = own
        self._is_workspace = is_workspace

    def __contains__(self, origin: object) -> bool:
        """Say so of an `Origin` header."""
        return isinstance(origin, str) and (origin in self._own or self._is_workspace(origin))


def origins_of(settings: OriginSettings, url: str, told: bool = True) -> Origins:
    """Return the origins of one start; `url` is where browsers find the hub where the settings say nothing."""
    hub = settings.hub or url
    if settings.own:
        return Origins(hub=hub, desk=settings.desk, workspaces=settings.workspaces)
    return Origins(hub=hub, desk=hub, told=told)


def host_of(address: str) -> str:
    """Return the host of an origin, as the proxy names it."""
    return urlsplit(address).hostname or ""


def origin_problem(settings: OriginSettings, cluster_url: str = "") -> str | None:
    """Say in a line what is wrong with the table, or None (SES-07). `cluster_url` is `cluster.url`."""
    return next(_problems(settings, cluster_url), None)


def shared_problem(settings: OriginSettings, demo_on_loopback: bool) -> str | None:
    """Say why a start is refused: all parts would share one origin, and nobody said that they may (SES-07)."""
    if settings.own or settings.allow_shared_origin or demo_on_loopback:
        return None
    return (
        "hub, desk and workspaces would share one web address; fill in origins.hub, origins.desk and "
        "origins.workspaces in sluis.toml, or write `allow_shared_origin = true` there, see docs/operations.md"
    )


def start_problem(settings: OriginSettings, demo: bool, port: int) -> str | None:
    """Say why `sluis run` starts nothing with these addresses on this port; a demo, on loopback, may do with one."""
    problem = shared_problem(settings, demo_on_loopback=demo)
    named = (urlsplit(settings.hub).port or 80) if settings.hub.startswith("http:") else port
    if problem is None and named != port:  # with TLS something else listens before the proxy
        return f"origins.hub is on port {named}; start with `--port {named}`"
    return problem


def _problems(settings: OriginSettings, cluster_url: str) -> Iterator[str]:
    hub = settings.hub or cluster_url
    if cluster_url and settings.hub not in ("", cluster_url):
        yield f"origins.hub `{settings.hub}` is not cluster.url; leave it out"
    if bool(settings.desk) != bool(settings.workspaces):
        yield f"origins.{'desk' if settings.workspaces else 'workspaces'} is missing; fill in both, or neither"
    if settings.own and not hub:
        yield "origins.hub is missing; write the address of the hub, such as `https://sluis.example.org`"
    if settings.own and settings.allow_shared_origin:
        yield "origins.allow_shared_origin does not go with addresses of their own; leave it out"
    if settings.hub and not settings.own:
        yield from address_problem("origins.hub", settings.hub, by_number=True)
    if settings.own:
        yield from address_problem("origins.hub", hub)
        yield from address_problem("origins.desk", settings.desk)
        yield from _workspaces_problem(settings.workspaces)
        yield from _together(hub, settings)


def _workspaces_problem(address: str) -> Iterator[str]:
    if address.count("*") != 1 or f"://{_ANY}" not in address:
        yield f"origins.workspaces `{address[:80]}` names one host; write it as `https://*.work.example.org`"
    yield from address_problem("origins.workspaces", address.replace(_ANY, "", 1))


def address_problem(key: str, address: str, by_number: bool = False, plain: bool = False) -> Iterator[str]:
    """Say what is wrong with the address of a key; `by_number`: it may be an IP address; `plain`: unencrypted a private
    one. Loopback needs neither encryption nor leave."""
    parts = _split(address)
    if parts is None or not _is_host(parts.hostname or "", by_number):
        yield f"{key} `{address[:80]}` is no address; write it as `https://sluis.example.org`, without a path"
    elif parts.scheme == "http" and not (is_loopback(parts.hostname or "") or (plain and is_private(address))):
        yield f"{key} `{address[:80]}` is not encrypted; write `https://`, and end TLS before the proxy"


def is_private(url: str) -> bool:
    """Say whether a URL names a loopback or private address by its number: nobody comes to it from outside."""
    try:
        address = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


def _together(hub: str, settings: OriginSettings) -> Iterator[str]:
    """Say what is wrong with addresses of which each by itself is right."""
    base = settings.workspaces.replace(_ANY, "", 1)
    hosts = [host_of(one) for one in (hub, settings.desk, base)]
    if hosts[0] == hosts[1]:
        yield f"origins.desk `{settings.desk}` is the hub's host; give the desk one of its own"
    for name, host in zip(("hub", "desk"), hosts, strict=False):
        if host.endswith(f".{hosts[2]}"):
            yield f"origins.{name} stands below the workspaces' `{hosts[2]}`; give workspaces a domain of their own"
    if len({urlsplit(one).scheme for one in (hub, settings.desk, base)}) > 1:
        yield "the addresses of [origins] are partly encrypted; begin all of them with `https://`"
    if len({_site(host) for host in hosts}) > 1:
        yield "the addresses of [origins] have no domain in common; a browser then keeps the hub's cookie from a page \
of a workspace, and work there would not count; put all below one domain"


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        plain = address == f"{parts.scheme}://{parts.netloc}" and "@" not in address and parts.port != 0
    except ValueError:
        return None
    return parts if plain and address == address.lower() and parts.scheme in ("https", "http") else None


def _is_host(host: str, by_number: bool) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_NAME.fullmatch(host)) and ("." in host or by_number)
    return by_number


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by its number, or by a name that never leaves it (RFC 6761)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _site(host: str) -> str:
    return ".".join(host.split(".")[-2:])

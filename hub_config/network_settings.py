"""The table `[network]` of `sluis.toml`: which addresses are the institute's, and where its own door is (S77, S78)."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated

import msgspec
from msgspec import Meta

from hub_config.origins import OriginSettings, address_problem, is_private

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_CIDR = re.compile(r"[0-9A-Fa-f.:]{2,45}/(?:0|[1-9][0-9]{0,2})", re.ASCII)
_IPV4_WITHIN = ipaddress.IPv6Network("::ffff:0:0/96")


class NetworkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The institute's network. Without this table nobody is in it, and restricted datasets are opened by nobody."""

    institute: Annotated[
        tuple[Annotated[str, Meta(max_length=50)], ...],
        Meta(
            max_length=200,
            description="networks of the institute as CIDR, such as `192.0.2.0/24`; a browser is inside where its "
            "address lies in one of them and it came in by the institute's address",
        ),
    ]
    institute_url: Annotated[
        str,
        Meta(
            max_length=250,
            description="address by which browsers come in from the institute's network, such as "
            "`https://sluis.inside.example.org`; empty: the one that `sluis run` listens on with `--institute-port`. "
            "Where [origins] has addresses of their own it stays empty: inside, the same names lead to the institute's "
            "proxy",
        ),
    ] = ""
    balancers: Annotated[
        int,
        Meta(
            ge=0,
            le=5,
            description="how many proxies of your own stand before Sluis' own and each add a line to `X-Forwarded-For`",
        ),
    ] = 0
    recheck_seconds: Annotated[
        int,
        Meta(
            ge=6,
            le=600,
            description="seconds after which a session counts as outside that was not seen inside again (NET-05)",
        ),
    ] = 60

    @property
    def networks(self) -> tuple[Network, ...]:
        """Return the institute's networks; call it only where `network_problem` finds nothing."""
        return tuple(ipaddress.ip_network(one) for one in self.institute)


def network_problem(settings: NetworkSettings, cluster_url: str = "") -> str | None:
    """Say in a line what is wrong with the table, or None (S77). `cluster_url` is `cluster.url`: only where that is a
    private address without encryption may the institute's be one (SES-14)."""
    plain = cluster_url.startswith("http:") and is_private(cluster_url)
    return next(_problems(settings, plain), None)


def _problems(settings: NetworkSettings, plain: bool) -> Iterator[str]:
    if not settings.institute:
        yield "network.institute is empty, so nobody would be inside; write its networks, or leave [network] out"
    networks: list[Network] = []
    for text in settings.institute:
        network = _network(text)
        if network is None:
            yield f"network.institute: `{text[:50]}` is no network; write it as `192.0.2.0/24`, without host bits"
        elif network.prefixlen == 0:
            yield f"network.institute: `{text[:50]}` is the whole internet; write the institute's own networks"
        elif isinstance(network, ipaddress.IPv6Network) and network.overlaps(_IPV4_WITHIN):
            yield f"network.institute: `{text[:50]}` is IPv4 within IPv6; write it as an IPv4 network"
        elif network.is_multicast:
            yield f"network.institute: `{text[:50]}` is nobody's own address; write the institute's own networks"
        else:
            networks.append(network)
    yield from _overlaps(networks)
    yield from _everything(networks)
    if settings.institute_url:
        yield from address_problem("network.institute_url", settings.institute_url, True, plain)
    yield from _who_ends_tls(settings.institute_url, settings.balancers)


def door_problem(settings: NetworkSettings, origins: OriginSettings, cluster_url: str = "") -> str | None:
    """Say in a line why the institute's door does not go with the addresses of the rest, or None (S78, SES-07)."""
    if origins.own and settings.institute_url:
        return (
            "network.institute_url does not go with addresses of their own in [origins]: inside, the same names lead "
            "to the institute's proxy; leave it out, see docs/network.md"
        )
    if not origins.own and cluster_url and not settings.institute_url:
        return "network.institute_url is empty: in a cluster nobody can work it out; write it"
    return next(_who_ends_tls((origins.hub or cluster_url) if origins.own else "", settings.balancers), None)


def _who_ends_tls(address: str, balancers: int) -> Iterator[str]:
    """Sluis' own proxy speaks plain HTTP: everybody would come from the address of what ends TLS."""
    if address.startswith("https:") and balancers == 0:
        yield (
            "network.balancers is 0, and with `https://` something of yours ends TLS before Sluis; write how many "
            "proxies stand there, such as 1"
        )


def _network(text: str) -> Network | None:
    """Read a network as each who is told of it reads it: an address and the number of its bits, no mask, no scope."""
    if not _CIDR.fullmatch(text):
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _everything(networks: Sequence[Network]) -> Iterator[str]:
    four = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    together: list[Network] = [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]
    if any(one.prefixlen == 0 for one in together):
        yield "network.institute: together these are the whole internet; write the institute's own networks"


def _overlaps(networks: Sequence[Network]) -> Iterator[str]:
    for one, other in combinations(networks, 2):
        if one.version == other.version and one.overlaps(other):
            yield f"network.institute: `{one}` and `{other}` overlap; leave the smaller one out"

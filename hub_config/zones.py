"""Where a browser sits (S77, S78): by the door that it came in at, and by its address there; all else is not believed.

Our own proxy says by which address a browser reached it, and behind how many proxies of the operator's it stands is a
setting. Of `X-Forwarded-For` only as many entries count, from the right, as these add: whatever a browser sends itself
lies further left (NET-01). What is missing, odd or unknown is anywhere (POL-05).
"""

import hmac
import ipaddress
from collections.abc import Sequence

import msgspec

from access_policy.model.enums import Zone
from hub_config.network_settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LONGEST = 2000


class Inside(msgspec.Struct, frozen=True):
    """What tells that a browser is inside: the networks, the institute's door's word, and the proxies before it."""

    networks: tuple[Network, ...]
    word: str
    balancers: int = 0


class Came(msgspec.Struct, frozen=True):
    """How a request came, as its headers say: each value of the door's word, of its peer, and of `X-Forwarded-For`."""

    words: Sequence[str]
    peers: Sequence[str]
    forwarded: Sequence[str]


def came_by(words: Sequence[str], inside: Inside | None) -> bool:
    """Say whether a request came in by the institute's door, as its words tell."""
    if inside is None or len(words) != 1:
        return False
    return hmac.compare_digest(words[0].encode(), inside.word.encode())


def place_of(came: Came, inside: Inside | None) -> Zone:
    """Return the place of the browser that a request came from."""
    if inside is None or not came_by(came.words, inside):
        return Zone.ANYWHERE
    address = browser_address(came.peers, came.forwarded, inside.balancers)
    if address is None:
        return Zone.ANYWHERE
    within = any(address.version == network.version and address in network for network in inside.networks)
    return Zone.INSTITUTE if within else Zone.ANYWHERE


def browser_address(peers: Sequence[str], forwarded: Sequence[str], balancers: int) -> Address | None:
    """Return the address of a browser behind that many proxies of the operator's, or None where it cannot be told.

    The last of these proxies is the peer of our own; each before it was added to `X-Forwarded-For` by the next one.
    """
    peer = _address(peers[0]) if len(peers) == 1 else None
    if peer is None or balancers == 0:
        return peer
    text = ",".join(forwarded)
    hops = [hop.strip(" \t") for hop in text.split(",")] if text and len(text) <= _LONGEST else []
    if len(hops) < balancers:
        return None
    counted = [_address(hop) for hop in hops[-balancers:]]
    return counted[0] if all(counted) else None


def _address(text: str) -> Address | None:
    """Return an address written plainly: no port, no brackets, no zone; IPv4 within IPv6 counts as what it is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address

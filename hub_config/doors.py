"""The doors by which browsers come in: the public proxy, and where there is an institute's network its own one (S78).

A door tells hub and desk which one it is by a word that only the parts of this start know; a browser that sends the
header itself is not believed, for the doors take it off (NET-01, NET-03).
"""

import hmac
from hashlib import sha256

import msgspec

from access_policy.model.enums import Zone

PUBLIC, INSTITUTE = "public", "institute"
WORD_HEADER = "X-Sluis-Door"
PEER_HEADER = "X-Sluis-Browser"


class Door(msgspec.Struct, frozen=True):
    """One proxy: its name, where browsers find it, its REST API, and who may come in by it."""

    name: str
    url: str
    api: str

    @property
    def zone(self) -> Zone:
        """What a browser that came in by it can at most be."""
        return Zone.INSTITUTE if self.name == INSTITUTE else Zone.ANYWHERE


def door_word(secret: str, name: str) -> str:
    """Return the word of a door, made of the secret that the proxies share with the hub."""
    return hmac.new(secret.encode(), f"door:{name}".encode(), sha256).hexdigest()

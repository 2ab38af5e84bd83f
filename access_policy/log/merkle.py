"""The Merkle tree of RFC 6962 section 2.1, as far as appending and checking heads need it. Pure; holds no rows.

A `Frontier` is the compact range of a tree: the roots of its full subtrees, largest first, one for each bit set in its
size. It is all that an append needs, so the log never reads old rows to add new ones. Its two loops are written out,
without `node_hash`: verifying a log spends most of its time there. Proofs are made and checked in `proofs.py`.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Self

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of 0x00 and the data (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and the two hashes below it (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The compact range of a tree of `size` leaves. Mutable: `append` makes it that of the tree with one leaf more."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf; joins as many subtrees as the old size ends in one bits."""
        node, size, subtrees = leaf, self.size, self._subtrees
        while size & 1:
            node = sha256(b"\x01" + subtrees.pop() + node).digest()
            size >>= 1
        subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root hash; that of the empty tree is SHA-256 of nothing (RFC 6962 section 2.1)."""
        if not self._subtrees:
            return EMPTY_ROOT
        node = self._subtrees[-1]
        for subtree in self._subtrees[-2::-1]:
            node = sha256(b"\x01" + subtree + node).digest()
        return node

    def to_bytes(self) -> bytes:
        """Return the subtrees' roots, largest first, 32 bytes each; the size is kept beside them."""
        return b"".join(self._subtrees)

    def subtrees(self) -> Iterator[tuple[int, bytes]]:
        """Give height and root of each subtree, the largest first: one for each bit set in the size."""
        heights = (height for height in reversed(range(self.size.bit_length())) if self.size >> height & 1)
        return zip(heights, self._subtrees, strict=True)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Return the frontier of a tree of `size` leaves. Raises ValueError where the data cannot belong to it."""
        if size < 0 or len(data) != HASH_SIZE * size.bit_count():
            raise ValueError(f"`{len(data)}` bytes are no frontier of `{size}` leaves; run `sluis log verify`")
        frontier = cls()
        frontier.size = size
        frontier._subtrees = [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]
        return frontier

"""Proofs that a fact is in a signed tree, and that a later tree went on from an earlier one (RFC 9162 section 2.1).

`Prover` makes them: one pass over the stored leaf hashes, O(n) time, keeping one hash per 1,024 leaves; after that a
proof reads the 1,024 leaves around its own, once for all proofs there. For a million leaves that is less than 100 kB.
Of a tree whose first leaves were cut away it needs their frontier, and proves what came later all the same.
`includes` and `goes_on` check a proof in O(log n), from what an outsider holds alone (AUD-10). Nothing is signed here.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from access_policy.log.merkle import EMPTY_ROOT, HASH_SIZE, Frontier, node_hash

Leaves = Callable[[int, int], Iterator[bytes]]
"""Gives the leaf hashes from the first index up to, and without, the second, both counted from 0."""

BLOCK = 1_024  # leaves; a power of two, so that each block is a subtree
_HEIGHT = BLOCK.bit_length() - 1
_GONE = b""  # stands for a node below which every leaf was cut away, where nothing needs it


class Prover:
    """Makes proofs about the first `size` leaves. Not safe for threads. Raises ValueError where there are fewer.

    `gone` is the frontier of the leaves that were cut away: there are proofs for those after them, and for trees of as
    many leaves or more. What lies to the left of these is a node of it, or made of some (RFC 6962 section 2.1).
    """

    def __init__(self, size: int, leaves: Leaves, gone: Frontier | None = None) -> None:
        self.size = size
        self._leaves = leaves
        self._gone = gone or Frontier()
        self._upper = _levels(self._block_roots(), self._gone, _HEIGHT)
        self._block = -1
        self._lower: list[list[bytes]] = []

    def root(self) -> bytes:
        """Return the root of all leaves."""
        return self._upper[-1][0] if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash at `index`, counted from 0."""
        return self._around(index)[0][index % BLOCK]

    def inclusion(self, index: int) -> list[bytes]:
        """Return the inclusion proof of the leaf at `index`, counted from 0, nearest hash first."""
        return _path(self._around(index), index % BLOCK) + _path(self._upper, index // BLOCK)

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the tree of the first `old` leaves became this one. Raises ValueError for no part."""
        first = max(1, self._gone.size)
        if not first <= old <= self.size:
            raise ValueError(f"`{old}` leaves are no part of `{self.size}`; name a tree of {first} to `{self.size}`")
        return [self._range(begin, end) for begin, end in _subtrees_between(old, self.size)]

    def _around(self, index: int) -> list[list[bytes]]:
        if not self._gone.size <= index < self.size:
            raise ValueError(
                f"leaf `{index}` is not among the `{self.size}` of the tree; name one from {self._gone.size} on"
            )
        self._look_into(index // BLOCK)
        return self._lower

    def _look_into(self, block: int) -> None:
        if block == self._block:
            return
        begin, gone = block * BLOCK, _beginning(self._gone, block)
        leaves = list(self._leaves(begin + gone.size, min(begin + BLOCK, self.size)))
        self._lower = _levels([_GONE] * gone.size + leaves, gone, 0)
        self._block = block

    def _range(self, begin: int, end: int) -> bytes:
        """Return the root of the subtree of [begin, end), which is a whole one, or ends with the tree."""
        height = (end - begin - 1).bit_length()
        if height >= _HEIGHT:
            return self._upper[height - _HEIGHT][begin >> height]
        self._look_into(begin // BLOCK)
        return self._lower[height][begin % BLOCK >> height]

    def _block_roots(self) -> list[bytes]:
        """Return the root of each block of leaves; nothing for those that are gone as a whole."""
        whole = self._gone.size // BLOCK
        stream, tree = iter(self._leaves(self._gone.size, self.size)), _beginning(self._gone, whole)
        roots, found = [_GONE] * whole, whole * BLOCK
        while tree.size or found < self.size:
            for leaf in islice(stream, BLOCK - tree.size):
                tree.append(leaf)
            if not tree.size:
                break
            roots.append(tree.root())
            found, tree = found + tree.size, Frontier()
        if found != self.size:
            raise ValueError(f"the log holds `{found}` of `{self.size}` leaves; run `sluis log verify`")
        return roots


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows `leaf` at `index` of the tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([root, leaf, *proof]):
        return False
    node, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            index, last = _past_full(index, last)
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def goes_on(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the tree of `old` leaves became that of `new` (RFC 9162 section 2.1.4.2).

    A tree of no leaves says nothing about any other, so nothing goes on from it.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not proof or not _are_hashes([old_root, new_root, *proof]):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return _both_roots(path, old - 1, new - 1) == (old_root, new_root)


def _both_roots(path: list[bytes], index: int, last: int) -> tuple[bytes, bytes] | None:
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if index & 1 or index == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            index, last = _past_full(index, last)
        else:
            after = node_hash(after, sibling)
        index, last = index >> 1, last >> 1
    return (before, after) if last == 0 else None


def _past_full(index: int, last: int) -> tuple[int, int]:
    """Go up over the levels on which the last node has no sibling."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def _beginning(gone: Frontier, block: int) -> Frontier:
    """Return the frontier of what is gone of the block where the cut lies; an empty one for any other block."""
    left = gone.size % BLOCK if gone.size // BLOCK == block else 0
    data = gone.to_bytes()
    return Frontier.from_bytes(left, data[len(data) - HASH_SIZE * left.bit_count() :])


def _levels(nodes: list[bytes], gone: Frontier, height: int) -> list[list[bytes]]:
    """Return the tree's levels from `height` on; a last node without a sibling goes up as it is.

    Above leaves that are gone there are the nodes of their frontier: one at each height that is a bit of their number.
    """
    known = dict(gone.subtrees())
    levels: list[list[bytes]] = []
    while True:
        if height in known:
            nodes[(gone.size >> height) - 1] = known[height]
        levels.append(nodes)
        if len(nodes) < 2:
            return levels
        pairs = [_parent(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        nodes, height = pairs + nodes[len(pairs) * 2 :], height + 1


def _parent(left: bytes, right: bytes) -> bytes:
    return node_hash(left, right) if left and right else _GONE


def _path(levels: list[list[bytes]], index: int) -> list[bytes]:
    siblings = ((level, (index >> height) ^ 1) for height, level in enumerate(levels))
    return [level[sibling] for level, sibling in siblings if sibling < len(level)]


def _subtrees_between(old: int, new: int) -> list[tuple[int, int]]:
    """Return what SUBPROOF of RFC 9162 section 2.1.4.1 names, as half-open ranges of leaves."""
    ranges: list[tuple[int, int]] = []
    begin, end, whole = 0, new, True
    while end != old:
        split = begin + (1 << (end - begin - 1).bit_length() - 1)
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((begin, split))
            begin, whole = split, False
    if not whole:
        ranges.append((begin, end))
    return ranges[::-1]

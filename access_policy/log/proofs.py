"""Proofs that a fact is in a signed tree, and that a later tree went on from an earlier one (RFC 9162 section 2.1).

`Prover` makes them: one pass over the stored leaf hashes, O(n) time, keeping one hash per 1,024 leaves; after that a
proof reads the 1,024 leaves around its own, once for all proofs there. For a million leaves that is less than 100 kB.
`includes` and `goes_on` check a proof in O(log n), from what an outsider holds alone (AUD-10). Nothing is signed here.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from access_policy.log.merkle import EMPTY_ROOT, HASH_SIZE, Frontier, node_hash

Leaves = Callable[[int, int], Iterator[bytes]]
"""Gives the leaf hashes from the first index up to, and without, the second, both counted from 0."""

BLOCK = 1_024  # leaves; a power of two, so that each block is a subtree


class Prover:
    """Makes proofs about the first `size` leaves. Not safe for threads. Raises ValueError where there are fewer."""

    def __init__(self, size: int, leaves: Leaves) -> None:
        self.size = size
        self._leaves = leaves
        self._upper = _levels(_block_roots(size, leaves))
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
        if not 0 < old <= self.size:
            raise ValueError(f"`{old}` leaves are no part of `{self.size}`; name a tree of 1 to `{self.size}`")
        return [self._range(begin, end) for begin, end in _subtrees_between(old, self.size)]

    def _around(self, index: int) -> list[list[bytes]]:
        if not 0 <= index < self.size:
            raise ValueError(f"leaf `{index}` is not among the `{self.size}` of the tree; name one from 0 on")
        block = index // BLOCK
        if block != self._block:
            begin = block * BLOCK
            self._lower = _levels(list(self._leaves(begin, min(begin + BLOCK, self.size))))
            self._block = block
        return self._lower

    def _range(self, begin: int, end: int) -> bytes:
        """Return the root of the subtree of [begin, end), which lies in one block or begins with one."""
        if end - begin <= BLOCK:
            first = begin % BLOCK
            return _root(self._around(begin)[0][first : first + end - begin])
        return _root(self._upper[0][begin // BLOCK : -(-end // BLOCK)])


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


def _block_roots(size: int, leaves: Leaves) -> list[bytes]:
    stream = iter(leaves(0, size))
    counted = [(_root(block), len(block)) for block in iter(lambda: list(islice(stream, BLOCK)), [])]
    found = sum(count for _, count in counted)
    if found != size:
        raise ValueError(f"the log holds `{found}` of `{size}` leaves; run `sluis log verify`")
    return [root for root, _ in counted]


def _levels(nodes: list[bytes]) -> list[list[bytes]]:
    """Return the tree's levels, leaves first; a last node without a sibling goes up as it is."""
    levels = [nodes]
    while len(nodes) > 1:
        pairs = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        nodes = pairs + nodes[len(pairs) * 2 :]
        levels.append(nodes)
    return levels


def _path(levels: list[list[bytes]], index: int) -> list[bytes]:
    siblings = ((level, (index >> height) ^ 1) for height, level in enumerate(levels))
    return [level[sibling] for level, sibling in siblings if sibling < len(level)]


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


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

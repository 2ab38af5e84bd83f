"""Proofs: upstream's vectors, a naive oracle, and no mutated proof passes (AUD-10)."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log.merkle import EMPTY_ROOT, Frontier, leaf_hash
from access_policy.log.proofs import BLOCK, Prover, goes_on, includes
from tests.unit.access_policy.log.test_merkle import naive_root

VECTORS = Path(__file__).parents[3] / "vectors" / "merkle"
INCLUSION = sorted(VECTORS.glob("inclusion/**/*.json"))
CONSISTENCY = sorted(VECTORS.glob("consistency/**/*.json"))


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def read(path: Path) -> tuple[dict[str, Any], list[bytes]]:
    vector = json.loads(path.read_text())
    return vector, [b64decode(one) for one in vector["proof"] or []]


def test_vectors_are_there() -> None:
    """No folder of vectors was lost on the way."""
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("path", INCLUSION, ids=name)
def test_inclusion_vectors(path: Path) -> None:
    """Each of upstream's inclusion proofs is accepted or rejected as upstream says (AUD-10)."""
    vector, proof = read(path)
    root, leaf = b64decode(vector["root"]), b64decode(vector["leafHash"])
    assert includes(root, vector["treeSize"], vector["leafIdx"], leaf, proof) is not vector["wantErr"]


@pytest.mark.parametrize("path", CONSISTENCY, ids=name)
def test_consistency_vectors(path: Path) -> None:
    """Each of upstream's consistency proofs is accepted or rejected as upstream says (AUD-10)."""
    vector, proof = read(path)
    old_root, new_root = b64decode(vector["root1"]), b64decode(vector["root2"])
    assert goes_on(vector["size1"], vector["size2"], old_root, new_root, proof) is not vector["wantErr"]


def data(size: int) -> list[bytes]:
    return [b"%d" % number for number in range(size)]


def prover(size: int) -> Prover:
    leaves = [leaf_hash(one) for one in data(size)]
    return Prover(size, lambda begin, end: iter(leaves[begin:end]))


SIZES = [*range(1, 18), 31, 33, 64, 100]


@pytest.mark.parametrize("size", SIZES)
def test_each_leaf_is_proven(size: int) -> None:
    """The proof of each leaf holds against the root of RFC 6962's definition, and is as short as can be."""
    made, root = prover(size), naive_root(data(size))
    assert made.root() == root
    for index in range(size):
        proof = made.inclusion(index)
        assert includes(root, size, index, made.leaf(index), proof)
        assert len(proof) <= (size - 1).bit_length()


@pytest.mark.parametrize("size", SIZES)
def test_each_earlier_tree_is_proven(size: int) -> None:
    """The consistency proof from each earlier tree holds against both roots of the definition."""
    made, root = prover(size), naive_root(data(size))
    for old in range(1, size + 1):
        assert goes_on(old, size, naive_root(data(old)), root, made.consistency(old))


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 77])
def test_trees_of_several_blocks(size: int) -> None:
    """Around the edges of the blocks that a prover keeps, proofs are those of the whole tree."""
    made, leaves = prover(size), data(size)
    root = made.root()
    assert root == naive_root(leaves)
    spots = {0, 1, size - 1, size // 2, *(at + step for at in range(0, size, BLOCK) for step in (-1, 0, 1))}
    for index in sorted(spots & set(range(size))):
        assert includes(root, size, index, made.leaf(index), made.inclusion(index))
        if index:
            assert goes_on(index, size, naive_root(leaves[:index]), root, made.consistency(index))


def mutations(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Give the proof with something lost, added, swapped, or one bit changed."""
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]
    for at, one in enumerate(proof):
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], one[:-1], *proof[at + 1 :]]
        yield [*proof[:at], one, one, *proof[at + 1 :]]
        yield [*proof[:at], bytes([one[0] ^ 1]) + one[1:], *proof[at + 1 :]]
        if at and proof[at - 1] != one:
            yield [*proof[: at - 1], one, proof[at - 1], *proof[at + 1 :]]


@given(st.integers(1, 70), st.data())
def test_mutated_inclusion(size: int, drawn: st.DataObject) -> None:
    """No mutated inclusion proof, index, leaf or root passes (AUD-10)."""
    index = drawn.draw(st.integers(0, size - 1))
    other = drawn.draw(st.integers(-2, 2 * size).filter(lambda number: number != index))
    made = prover(size)
    root, leaf, proof = made.root(), made.leaf(index), made.inclusion(index)
    assert includes(root, size, index, leaf, proof)
    assert not any(includes(root, size, index, leaf, mutated) for mutated in mutations(proof))
    assert not includes(root, size, other, leaf, proof)
    assert not includes(root, size, index, leaf_hash(b"other"), proof)
    assert not includes(leaf_hash(b"other"), size, index, leaf, proof)
    assert not includes(root, 0, 0, leaf, [])


@given(st.integers(1, 70), st.data())
def test_mutated_consistency(new: int, drawn: st.DataObject) -> None:
    """No mutated consistency proof or root passes (AUD-10)."""
    old = drawn.draw(st.integers(1, new))
    made, old_root = prover(new), prover(old).root()
    proof, root = made.consistency(old), made.root()
    assert goes_on(old, new, old_root, root, proof)
    assert not any(goes_on(old, new, old_root, root, mutated) for mutated in mutations(proof))
    assert not goes_on(old, new, leaf_hash(b"other"), root, proof)
    assert not goes_on(old, new, old_root, leaf_hash(b"other"), proof)


def test_nothing_is_proven_of_an_empty_tree() -> None:
    """It has a root and no leaf."""
    made = prover(0)
    assert made.root() == EMPTY_ROOT
    for ask in (made.inclusion, made.consistency):
        with pytest.raises(ValueError, match="name"):
            ask(0)


@pytest.mark.parametrize("index", [-1, 5])
def test_unknown_leaves(index: int) -> None:
    """A leaf outside the tree is refused."""
    with pytest.raises(ValueError, match="not among the `5`"):
        prover(5).inclusion(index)


def test_missing_leaves() -> None:
    """A source with fewer leaves than the tree is told, not hashed."""
    with pytest.raises(ValueError, match="holds `1` of `2` leaves"):
        Prover(2, lambda begin, end: iter([bytes(32)]))


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int]:
    """Draw the size of a tree and how many of its first leaves are gone, often around a block's ends."""
    around = st.sampled_from([1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 5])
    size = draw(st.one_of(st.integers(1, 70), around, st.integers(1, 4 * BLOCK)))
    return size, draw(st.one_of(st.integers(0, size), st.integers(0, size // BLOCK).map(lambda whole: whole * BLOCK)))


@given(cut=cuts(), chosen=st.data())
def test_what_is_left_proves_the_same(cut: tuple[int, int], chosen: st.DataObject) -> None:
    """E48, AUD-10: with the frontier of leaves that are gone, roots and proofs of the others are the same."""
    size, gone = cut
    leaves = [leaf_hash(one) for one in data(size)]
    frontier = Frontier()
    for leaf in leaves[:gone]:
        frontier.append(leaf)
    left = Prover(size, lambda begin, end: iter([leaves[at] for at in range(begin, end) if at >= gone]), frontier)
    whole = prover(size)
    assert left.root() == whole.root()
    old = chosen.draw(st.integers(max(gone, 1), size))
    assert left.consistency(old) == whole.consistency(old)
    if gone < size:
        index = chosen.draw(st.integers(gone, size - 1))
        assert left.inclusion(index) == whole.inclusion(index)
        assert left.leaf(index) == leaves[index]


def test_what_is_gone_is_not_proven() -> None:
    """E48: neither a leaf that was cut away nor a tree that ended before."""
    frontier = Frontier()
    for leaf in map(leaf_hash, data(6)):
        frontier.append(leaf)
    leaves = [leaf_hash(one) for one in data(9)]
    left = Prover(9, lambda begin, end: iter(leaves[max(begin, 6) : end]), frontier)
    with pytest.raises(ValueError, match="name one from 6 on"):
        left.inclusion(5)
    with pytest.raises(ValueError, match="name a tree of 6 to `9`"):
        left.consistency(5)

"""The Merkle tree against the known roots of RFC 6962's reference implementation and a naive oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash

# The eight leaves and their roots that google/certificate-transparency and its successors test with.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """Follow the definition of MTH in RFC 6962 section 2.1 to the letter."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    return frontier


def test_empty_tree() -> None:
    """The root of the empty tree is SHA-256 of nothing."""
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size: int) -> None:
    """Each of the eight known trees has its known root."""
    assert frontier_of([bytes.fromhex(leaf) for leaf in LEAVES[:size]]).root().hex() == ROOTS[size - 1]


@given(st.lists(st.binary(max_size=5), max_size=70))
def test_frontier_equals_definition(leaves: list[bytes]) -> None:
    """Appending leaf by leaf gives the root that the definition gives for all of them."""
    assert frontier_of(leaves).root() == naive_root(leaves)


@given(st.lists(st.binary(max_size=5), max_size=40), st.lists(st.binary(max_size=5), max_size=40))
def test_goes_on_from_bytes(before: list[bytes], after: list[bytes]) -> None:
    """A frontier that was stored and read again goes on as if it had never been away."""
    stored = frontier_of(before)
    frontier = Frontier.from_bytes(stored.size, stored.to_bytes())
    for leaf in after:
        frontier.append(leaf_hash(leaf))
    assert frontier.root() == naive_root(before + after)


@pytest.mark.parametrize(("size", "length"), [(3, 32), (4, 64), (0, 32), (-1, 0), (1, 31)])
def test_refuses_wrong_bytes(size: int, length: int) -> None:
    """Bytes that cannot be the frontier of that size are refused."""
    with pytest.raises(ValueError, match="no frontier"):
        Frontier.from_bytes(size, bytes(length))

"""Packs of a log whose old observations were cut: who checks one offline sees that no more are gone (AUD-10, E48)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from access_policy.log.keys import Keys, load_keys
from access_policy.log.merkle import Frontier
from access_policy.log.proofs import Prover
from hub_config.audit.verify import root_before, sides_of
from hub_config.cli import main
from tests.unit.hub_config.aged_places import OLD, SIGNED, cut, grow_old
from tests.unit.hub_config.audit.conftest import Checked, check_alone
from tests.unit.hub_config.audit.test_verify import Forger, changed, files, first, flip
from tests.unit.hub_config.demo.seeded import copy_of_demo

GONE = SIGNED[-1]
Check = Callable[..., Checked]


class Cut(NamedTuple):
    """Packs of a demo of which eight observations were cut, and its keys."""

    installation: Path
    request: Path
    keys: Keys


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """Packs that nobody may change."""
    folder = tmp_path_factory.mktemp("cut")
    places = copy_of_demo(folder / "state")
    grow_old(places)
    cut(places)
    found = Cut(folder / "installation", folder / "request", load_keys(places.keys))
    shared = ["--state", str(places.state), "--operator", "mia"]
    assert main(["audit", "pack", "--installation", "--out", str(found.installation), *shared]) == 0
    assert main(["audit", "pack", "--request", "DR-10", "--out", str(found.request), *shared]) == 0
    return found


@pytest.fixture
def packs(made_once: Cut, tmp_path: Path) -> Cut:
    """Copies of them."""
    copied = [Path(shutil.copytree(pack, tmp_path / pack.name)) for pack in (made_once.installation, made_once.request)]
    return Cut(copied[0], copied[1], made_once.keys)


def test_a_pack_after_a_cut_is_whole(packs: Cut, check: Check, tmp_path: Path) -> None:
    """E53: alone as well, and it says how many observations went."""
    for pack in (packs.installation, packs.request):
        found = check(pack)
        assert (found.status, found.err) == (0, "")
        assert f"observations (the first {GONE} were cut after their years)" in found.out
    assert check_alone(packs.installation, tmp_path / "away").status == 0


def test_each_changed_byte_of_observations_is_found(packs: Cut, check: Check) -> None:
    """AUD-10: one bit in any file, at a few places each."""
    for path in files(packs.installation):
        size = path.stat().st_size
        for at in {0, size // 3, size - 1} if size else ():
            data = flip(path, at, 0)
            assert check(packs.installation).status == 1, (path, at)
            path.write_bytes(data)


def _observations(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[Forger], dict[str, Any]]:
    def forge(forger: Forger) -> dict[str, Any]:
        lines = change(forger.lines("observations.jsonl"))
        forger.write("observations.jsonl", lines)
        return {"counts": forger.manifest["counts"] | {"observations": len(lines)}}

    return forge


def _trees(**changes: Any) -> Callable[[Forger], dict[str, Any]]:
    def forge(forger: Forger) -> dict[str, Any]:
        trees = forger.manifest["trees"]
        return {"trees": trees | {"observations": trees["observations"] | changes}}

    return forge


FORGERIES: dict[str, tuple[Callable[[Forger], dict[str, Any]], str]] = {
    "the first that stands": (_observations(lambda rows: rows[1:]), "is not the first after those that were cut"),
    "the last": (_observations(lambda rows: rows[:-1]), "does not hold all events of its checkpoint"),
    "a row in between": (_observations(lambda rows: [*rows[:1], *rows[2:]]), "does not hold all events"),
    "more cut, says the manifest": (_trees(cut=GONE + 1), "does not say which observations were cut"),
    "none cut, says the manifest": (_trees(cut=0), "does not say which observations were cut"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_more_than_was_cut_is_missed(packs: Cut, check: Check, name: str) -> None:
    """AUD-02: also by who holds the key and signs the manifest anew."""
    forger = Forger(packs.installation, packs.keys)
    change, problem = FORGERIES[name]
    forger.sign(**change(forger))
    found = check(packs.installation)
    assert (found.status, problem in found.out) == (1, True), found.out


def test_the_fact_of_the_cut_cannot_change(packs: Cut, check: Check) -> None:
    """AUD-10: it is in the tree of the facts."""
    forger = Forger(packs.installation, packs.keys)
    rows = forger.lines("events.jsonl")
    at = first(rows, "ObservationsCut")
    forger.write("events.jsonl", changed(rows, at, at="2026-01-01T00:00:00.000000Z"))
    forger.sign()
    assert "was changed: its content is not what was hashed" in check(packs.installation).out


def test_what_lies_to_the_left_makes_the_root_before() -> None:
    """RFC 6962 section 2.1: the inclusion proof of a leaf holds the tree of all leaves before it."""
    leaves = [bytes([number]) * 32 for number in range(40)]
    for size in range(2, len(leaves) + 1):
        prover = Prover(size, lambda begin, end: iter(leaves[begin:end]))
        for index in range(1, size):
            tree = Frontier()
            for leaf in leaves[:index]:
                tree.append(leaf)
            proof = prover.inclusion(index)
            assert len(sides_of(index, size)) == len(proof)
            assert root_before(index, size, proof) == tree.root()


def test_the_observations_of_the_request_are_those_that_stand(packs: Cut) -> None:
    """E53: of a pack about one request, too."""
    rows = [json.loads(line) for line in (packs.request / "observations.jsonl").read_text().splitlines()]
    assert [row["seq"] for row in rows] == [GONE + 1, OLD]

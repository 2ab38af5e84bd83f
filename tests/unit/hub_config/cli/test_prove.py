"""`sluis log prove`: proofs that hold by the offline verifier's own reading, and clear words where there is none."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from access_policy.log.proofs import goes_on
from hub_config.audit.verify import Key, check_checkpoint, check_row, read_key
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis


@pytest.fixture
def size(sluis: Sluis, people: dict[str, str], tmp_path: Path) -> int:
    """The number of facts that are signed: a pack signs the newest head."""
    assert sluis("audit", "pack", "--request", "DR-1", "--out", str(tmp_path / "pack")).status == 0
    found: int = sluis("log", "head", "--json").json["size"]
    return found


def tree_of(answer: dict[str, Any], folder: Path) -> Any:
    """Read a checkpoint as an outsider does."""
    key: Key = read_key(answer["key"], "the key")
    (folder / "note.txt").write_text(answer["checkpoint"])
    return check_checkpoint(folder, "note.txt", key, key.name)


def test_proof_of_each_end_and_the_middle(sluis: Sluis, size: int, tmp_path: Path) -> None:
    """Row, leaf, index, size, root, proof, checkpoint and key are all that an outsider needs (AUD-10)."""
    for seq in (1, size // 2, size):
        said = sluis("log", "prove", str(seq), "--json")
        answer = said.json
        assert list(answer) == [
            "seq", "at", "actor", "kind", "payload", "leaf", "index", "size", "root", "proof", "checkpoint", "key",
        ]  # fmt: skip
        tree = tree_of(answer, tmp_path)
        assert (said.status, answer["index"], answer["size"], answer["root"]) == (0, seq - 1, size, tree.root.hex())
        assert check_row(answer | {"opened": sealed(answer)}, tree, "the row")


def sealed(answer: dict[str, Any]) -> dict[str, str]:
    fields = json.loads(b64decode(answer["payload"]))
    return {name: "" for name, value in fields.items() if isinstance(value, dict) and "sealed" in value}


def test_proof_for_people(sluis: Sluis, size: int) -> None:
    """Two lines."""
    said = sluis("log", "prove", "3")
    assert (said.status, said.out.count("\n")) == (0, 2)
    assert said.out.startswith(f"fact 3 is in the signed tree of {size} facts, root ")


def test_making_a_proof_is_recorded(sluis: Sluis, size: int) -> None:
    """It shows a row of the log (E51)."""
    sluis("log", "prove", "3", "--operator", "mia")
    reads = sluis("log", "show", "--kind", "LogRead", "--json").lines
    assert any(line["what"] == "log prove 3" and "mia" in line["actor"] for line in reads)


def test_consistency_between_two_checkpoints(sluis: Sluis, size: int, people: dict[str, str], tmp_path: Path) -> None:
    """The earlier signed tree grew into the later one (AUD-03)."""
    assert sluis("do", "end-request", "request=DR-1", "reason=x", "--as", people["rosa"]).status == 0
    assert sluis("audit", "pack", "--request", "DR-2", "--out", str(tmp_path / "later")).status == 0
    answer = sluis("log", "prove", "--from", str(size), "--to", str(size + 1), "--json").json
    old, new = tree_of(answer["from"], tmp_path), tree_of(answer["to"], tmp_path)
    assert (old.size, new.size) == (size, size + 1)
    assert goes_on(old.size, new.size, old.root, new.root, [b64decode(one) for one in answer["proof"]])
    assert sluis("log", "prove", "--from", str(size), "--to", str(size + 1)).out.startswith("the signed tree of ")
    reads = sluis("log", "show", "--kind", "LogRead", "--json").lines
    assert f"log prove --from {size} --to {size + 1}" in [line["what"] for line in reads]  # E51


def test_fact_that_is_not_signed_yet(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """Said, with what to do (2)."""
    (tmp_path / "none").mkdir()
    said = sluis("log", "prove", "5", "--checkpoints", str(tmp_path / "none"))
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert "newer than the newest checkpoint" in said.err
    assert "sluis audit pack" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--from", "1"], ["--to", "1"], ["3", "--from", "1", "--to", "2"], ["0"], ["999999"], ["x"], ["-1"],
        ["--from", "1", "--to", "2"], ["3", "--checkpoints", "/nowhere"],
    ],
)  # fmt: skip
def test_wrong_usage(sluis: Sluis, size: int, arguments: list[str]) -> None:
    """One line that says what it takes (2)."""
    said = sluis("log", "prove", *arguments)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_sizes_the_wrong_way_round(sluis: Sluis, size: int, people: dict[str, str], tmp_path: Path) -> None:
    """The earlier one comes first."""
    sluis("do", "end-request", "request=DR-1", "reason=x", "--as", people["rosa"])
    sluis("audit", "pack", "--request", "DR-2", "--out", str(tmp_path / "later"))
    assert "name the earlier" in sluis("log", "prove", "--from", str(size + 1), "--to", str(size)).err

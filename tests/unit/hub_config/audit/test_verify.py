"""The offline verifier: a whole pack, every changed byte, and packs that were signed anew by somebody else (AUD-10)."""

import ast
import json
import random
import shutil
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from access_policy.log.keys import Keys, load_keys
from access_policy.log.notes import sign_note
from hub_config.audit.signing import Signer, write_manifest
from tests.unit.hub_config.audit.conftest import VERIFIER, Checked, Made, check_alone

Check = Callable[..., Checked]
SEED = 20261122
FLIPS = 200


def files(pack: Path) -> list[Path]:
    return sorted(path for path in pack.rglob("*") if path.is_file())


def test_verifier_needs_nothing_of_ours() -> None:
    """It imports the standard library and `cryptography`, and is short enough to be read."""
    tree = ast.parse(VERIFIER.read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) == {"cryptography"}
    assert len(VERIFIER.read_text().splitlines()) <= 420


def test_pack_is_verified_elsewhere_alone(pack: Path, tmp_path: Path) -> None:
    """With Python and `cryptography` alone, in another place, with or without the key (E53)."""
    key = (pack / "key.txt").read_text().strip()
    found = check_alone(pack, tmp_path / "away", "--key", key)
    assert (found.status, found.err) == (0, "")
    assert found.out.startswith("whole: ")
    assert "about DR-10" in found.out
    assert "compare its key" not in found.out


def test_folder_that_is_not_there_is_said(check: Check, tmp_path: Path) -> None:
    """Not only how it is used (E53)."""
    found = check(tmp_path / "gone")
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith(f"there is no folder '{tmp_path / 'gone'}'")
    assert check("--help").err.startswith("usage: ")


def test_nothing_else_can_be_imported_there(pack: Path, tmp_path: Path) -> None:
    """The environment of the test above is as poor as it says."""
    (pack / "verify.py").write_text("import msgspec\n")
    assert "ModuleNotFoundError" in check_alone(pack, tmp_path / "away").err


def test_both_packs_are_whole(made: Made, check: Check) -> None:
    """About a request, and about the installation with every event."""
    assert check(made.request).status == 0
    found = check(made.installation)
    facts = (made.installation / "events.jsonl").read_bytes().count(b"\n")
    assert (found.status, f"whole: {facts} of {facts} facts" in found.out) == (0, True)


def flip(path: Path, at: int, bit: int) -> bytes:
    """Change one bit of a file; return what it held."""
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
    return data


def test_each_changed_byte_is_found(pack: Path, check: Check) -> None:
    """One bit flipped at random places over all files, and in every file: never whole, never a traceback (AUD-10)."""
    chance = random.Random(SEED)
    found = [path for path in files(pack) if path.stat().st_size]
    places = [(path, chance.randrange(path.stat().st_size)) for path in found for _ in range(1 + FLIPS // len(found))]
    small = [path for path in found if path.name in ("manifest.sig", "key.txt", "checkpoint.txt", "observations.txt")]
    places += [(path, at) for path in small for at in range(path.stat().st_size)]
    for path, at in places:
        data = flip(path, at, chance.randrange(8))
        said = check(pack)
        path.write_bytes(data)
        assert (said.status, said.out.startswith("not whole: "), said.err) == (1, True, ""), (path.name, at)
        assert said.out.count("\n") == 1
    assert check(pack).status == 0


@pytest.mark.parametrize("size", [0, -1])
def test_each_cut_file_is_found(pack: Path, check: Check, size: int) -> None:
    """A file that is empty or lost its last byte."""
    for path in files(pack):
        data = path.read_bytes()
        if data:
            path.write_bytes(data[:size])
            assert check(pack).status == 1, path
            path.write_bytes(data)


def test_each_missing_file_is_found(pack: Path, check: Check) -> None:
    """A file that was removed is named."""
    for path in files(pack):
        data = path.read_bytes()
        path.unlink()
        said = check(pack)
        assert said.status == 1
        assert path.name in said.out
        path.write_bytes(data)


def as_link(path: Path) -> None:
    path.rename(path.parents[1] / "moved")
    path.symlink_to(path.parents[1] / "moved")


ADDED: dict[str, Callable[[Path], object]] = {
    "a file": lambda pack: (pack / "more.txt").write_text(""),
    "a hidden file": lambda pack: (pack / ".more").write_text("x"),
    "a text": lambda pack: (pack / "documents" / "more.txt").write_text("x"),
    "a folder": lambda pack: (pack / "more").mkdir(),
    "a link": lambda pack: (pack / "more").symlink_to("key.txt"),
    "a link in place of a file": lambda pack: as_link(pack / "README.txt"),
}  # fmt: skip


@pytest.mark.parametrize("add", ADDED.values(), ids=ADDED)
def test_each_added_file_is_found(pack: Path, check: Check, add: Callable[[Path], object]) -> None:
    """Nothing can be slipped in."""
    add(pack)
    said = check(pack)
    assert (said.status, "was added" in said.out) == (1, True)


def test_pack_of_another_key_is_found(made: Made, pack: Path, check: Check) -> None:
    """Who gives the key that they have from the installation, is told; a key that is none is told, too."""
    key = (pack / "key.txt").read_text().strip()
    other = key.replace("sluis.dev/", "sluis.dev/0", 1)
    for given in (other, "nonsense", key[:-4] + "AAA="):
        said = check(pack, "--key", given)
        assert (said.status, said.err) == (1, "")
        assert "key" in said.out


@pytest.mark.parametrize("arguments", [["--key"], ["--help"], ["a", "b"], ["/nowhere"], ["--key", "x", "--other"]])
def test_wrong_usage_is_two(check: Check, arguments: list[str]) -> None:
    """One line of usage on standard error."""
    said = check(*arguments)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_empty_folder_is_not_whole(check: Check, tmp_path: Path) -> None:
    """It is a pack with nothing in it."""
    assert check(tmp_path).status == 1


class Forger:
    """Somebody who holds the installation's key and changes what the manifest lists, not the log's checkpoints.

    So that what is found below is found by its own check, and not because a digest differs.
    """

    def __init__(self, pack: Path, keys: Keys) -> None:
        self.pack = pack
        self.manifest: dict[str, Any] = json.loads((pack / "manifest.json").read_text())
        self.signer = Signer(keys, self.manifest["origin"], 0)

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.pack / name).read_text().splitlines()]

    def write(self, name: str, lines: list[dict[str, Any]]) -> None:
        (self.pack / name).write_text("".join(json.dumps(line) + "\n" for line in lines))

    def sign(self, **changes: Any) -> None:
        about = {name: value for name, value in self.manifest.items() if name not in ("format", "files")} | changes
        names = [path.relative_to(self.pack).as_posix() for path in files(self.pack) if path.stem != "manifest"]
        write_manifest(self.pack, about, names, self.signer)


@pytest.fixture
def forger(made: Made, whole_pack: Path) -> Forger:
    return Forger(whole_pack, load_keys(made.places.keys))


def changed(lines: list[dict[str, Any]], row: int, /, **changes: Any) -> list[dict[str, Any]]:
    return [*lines[:row], lines[row] | changes, *(lines[row + 1 :] if row + 1 else [])]


def first(lines: list[dict[str, Any]], kind: str) -> int:
    return next(at for at, line in enumerate(lines) if line["kind"] == kind)


Lines = list[dict[str, Any]]
FORGERIES: dict[str, tuple[str, Callable[[Lines], Lines], str]] = {
    "an event's time": ("events.jsonl", lambda rows: changed(rows, 9, at="2020-01-01T00:00:00.000000Z"), "event 10"),
    "an event's actor": ("events.jsonl", lambda rows: changed(rows, 9, actor="{}"), "event 10 was changed"),
    "an event's leaf": ("events.jsonl", lambda rows: changed(rows, 9, leaf=rows[8]["leaf"]), "event 10 was changed"),
    "an event's proof": ("events.jsonl", lambda rows: changed(rows, 9, proof=rows[8]["proof"]), "event 10 is not in"),
    "a shorter proof": ("events.jsonl", lambda rows: changed(rows, 9, proof=rows[9]["proof"][1:]), "10 is not in"),
    "a second reading": ("events.jsonl", lambda rows: changed(rows, 0, opened={"demo": "no"}), "event 1 does not open"),
    "an event less": ("events.jsonl", lambda rows: rows[:-1], "as many events as the manifest says"),
    "an event twice": ("events.jsonl", lambda rows: [*rows[:5], rows[4], *rows[5:]], "event 5 is out of order"),
    "two events swapped": ("events.jsonl", lambda rows: [rows[1], rows[0], *rows[2:]], "event 1 is out of order"),
    "an observation less": ("observations.jsonl", lambda rows: rows[:-1], "as many events as the manifest says"),
    "an observation": ("observations.jsonl", lambda rows: changed(rows, 0, kind="X"), "event 1 was changed"),
    "a decision less": ("decisions.jsonl", lambda rows: rows[1:], "decisions.jsonl does not quote event"),
    "a decision more": ("decisions.jsonl", lambda rows: [*rows, rows[-1]], "quotes an event that is not in the pack"),
    "a refusal's codes": ("decisions.jsonl", lambda rows: changed(rows, -2, codes="zone"), "of the observations as it"),
    "a decision's answer": ("decisions.jsonl", lambda rows: changed(rows, 0, effect="deny"), "does not quote event"),
    "a decision's words": ("decisions.jsonl", lambda rows: changed(rows, 0, decision={}), "does not quote event"),
    "a signature's party": ("signatures.jsonl", lambda rows: changed(rows, 0, party="x"), "does not quote event"),
    "a signature's text": ("signatures.jsonl", lambda rows: changed(rows, 0, text="key.txt"), "is not the one"),
    "a signature less": ("signatures.jsonl", lambda rows: rows[:-1], "signatures.jsonl does not quote event"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_of_who_holds_the_key(forger: Forger, check: Check, name: str) -> None:
    """The rows, the proofs and the quotes are checked, also where the manifest lists what was changed."""
    file, change, problem = FORGERIES[name]
    forger.write(file, change(forger.lines(file)))
    forger.sign()
    said = check(forger.pack)
    assert (said.status, said.err) == (1, "")
    assert problem in said.out


def test_signed_anew_unchanged_is_whole(forger: Forger, check: Check) -> None:
    """The forger's signature by itself is none of the things found above."""
    forger.sign()
    assert check(forger.pack).status == 0


def test_installation_without_its_last_events(forger: Forger, check: Check) -> None:
    """Cut off with the manifest's count: the checkpoint knows how many there are (AUD-02)."""
    lines = forger.lines("events.jsonl")[:-1]
    forger.write("events.jsonl", lines)
    forger.sign(counts=forger.manifest["counts"] | {"facts": len(lines)})
    assert "does not hold all events of its checkpoint" in check(forger.pack).out


def test_checkpoint_of_another_log(forger: Forger, check: Check, pack: Path) -> None:
    """The checkpoint of the observations does not stand in for that of the facts (AUD-03)."""
    shutil.copyfile(forger.pack / "observations.txt", forger.pack / "checkpoint.txt")
    forger.sign()
    assert "checkpoint.txt is not signed by" in check(forger.pack).out


def test_second_signature_under_the_manifest(forger: Forger, check: Check) -> None:
    """AUD-10: a line more, our own once again or another's, is a change, too."""
    note = forger.pack / "manifest.sig"
    once = note.read_text()
    note.write_text(once + once.rpartition("\n\n")[2])
    assert "manifest.sig was changed: it has more than one signature" in check(forger.pack).out


def test_text_under_a_wrong_name(forger: Forger, check: Check) -> None:
    """A text has the digest that it is named for (S25)."""
    path = sorted((forger.pack / "documents").iterdir())[0]
    path.write_text("other words")
    forger.sign()
    assert "does not have the digest that it is named for" in check(forger.pack).out


def test_future_format(forger: Forger, check: Check) -> None:
    """A pack of a later form is told as such, not read wrongly."""
    data = json.dumps(json.loads((forger.pack / "manifest.json").read_text()) | {"format": 2}).encode()
    (forger.pack / "manifest.json").write_bytes(data)
    note = (forger.pack / "manifest.sig").read_text().split("\n")
    body = f"{note[0]}\n{sha256(data).hexdigest()}\n"
    (forger.pack / "manifest.sig").write_text(sign_note(body, forger.signer.keys, forger.signer.name))
    assert "a format that this verify.py does not know" in check(forger.pack).out

"""Packs made after rotations: an older key leads to the newest, but not past a lost one (AUD-12, AUD-10)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from access_policy.log.checkpoints import log_origin
from access_policy.log.keys import load_keys
from access_policy.log.notes import VerifierKey, read_verifier_key, sign_note
from access_policy.log.signers import KeyNote, Reach
from hub_config.audit.signing import Signer, write_manifest
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.places import Places
from tests.unit.hub_config.audit.conftest import Checked
from tests.unit.hub_config.demo.seeded import copy_of_demo

Check = Callable[..., Checked]


class Rotated(NamedTuple):
    """A state whose key was rotated, rotated, lost; its packs before the loss and after; and its four keys."""

    places: Places
    before: Path
    after: Path
    keys: list[str]


def run(places: Places, *arguments: str) -> None:
    assert main([*arguments, "--state", str(places.state)]) == 0


def key_of(places: Places) -> str:
    policy = open_policy(places)
    with policy.reading() as state:
        origin = log_origin(state.installation)
    policy.store.close()
    return str(VerifierKey(origin, load_keys(places.keys).public))


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Rotated:
    """Packs that nobody may change."""
    folder = tmp_path_factory.mktemp("rotated")
    places = copy_of_demo(folder / "state")
    keys = [key_of(places)]
    for _ in range(2):
        run(places, "keys", "rotate")
        keys.append(key_of(places))
    run(places, "audit", "pack", "--request", "DR-10", "--out", str(folder / "before"))
    (places.keys / "checkpoint.key").unlink()
    run(places, "keys", "rotate", "--lost", "--former", keys[-1])
    run(places, "audit", "pack", "--installation", "--out", str(folder / "after"))
    return Rotated(places, folder / "before", folder / "after", [*keys, key_of(places)])


def test_the_chain_is_in_the_pack(rotated: Rotated) -> None:
    """AUD-12: the key notes are those beside the checkpoints, and the manifest lists them."""
    for pack, count in ((rotated.before, 2), (rotated.after, 3)):
        notes = sorted(pack.glob("key-*.txt"))
        assert [path.name for path in notes] == [f"key-{number:012}.txt" for number in range(1, count + 1)]
        for path in notes:
            assert path.read_bytes() == (rotated.places.checkpoints / path.name).read_bytes()
            assert f'"{path.name}"' in (pack / "manifest.json").read_text()


@pytest.mark.parametrize(("place", "steps"), [(0, 2), (1, 1), (2, 0)])
def test_an_older_key_leads_to_the_newest(rotated: Rotated, check: Check, place: int, steps: int) -> None:
    """AUD-12: with any key since the beginning the pack is whole, and it is said how it was come to."""
    found = check(rotated.before, "--key", rotated.keys[place])
    assert found.status == 0
    assert (f"from the key that you gave, `{steps}` of its rotations lead" in found.out) == bool(steps)


def test_a_lost_key_leads_nowhere(rotated: Rotated, check: Check) -> None:
    """AUD-12: a key that was not there to agree proves nothing about the next; that is said, as it is without a key."""
    for key in rotated.keys[:3]:
        found = check(rotated.after, "--key", key)
        assert (found.status, "rotation 3 replaced a lost key" in found.out) == (1, True)
    for given in ([], ["--key", rotated.keys[3]]):
        found = check(rotated.after, *given)
        assert (found.status, "rotation 3 replaced a lost key, on the installation's word" in found.out) == (0, True)


def named(key: str, suffix: str) -> str:
    """Write a verifier key under its name with a history's number behind it, as a pack of that history has it."""
    found = read_verifier_key(key)
    return str(VerifierKey(found.name + suffix, found.public))


def in_history(rotated: Rotated, folder: Path, suffix: str) -> Path:
    """Make the newest pack again, as one of another history: its checkpoints and its key have the number in them."""
    pack = Path(shutil.copytree(rotated.after, folder / "pack"))
    keys, key = load_keys(rotated.places.keys), read_verifier_key(named(rotated.keys[3], suffix))
    for file, name in (("checkpoint.txt", key.name), ("observations.txt", f"{key.name}/observations")):
        _, *lines = (pack / file).read_text().partition("\n\n")[0].split("\n")
        (pack / file).write_text(sign_note("".join(f"{line}\n" for line in [name, *lines]), keys, name))
    return relisted(pack, Signer(keys, key.name, 0))


@pytest.mark.parametrize("given", ["", "/1", "/2", "/12"])
def test_a_key_of_another_history_is_the_same(rotated: Rotated, check: Check, tmp_path: Path, given: str) -> None:
    """AUD-10, AUD-02: `key.txt` of a pack that was made before or after an accepted loss checks any other one."""
    packs = [rotated.before, rotated.before, rotated.after, in_history(rotated, tmp_path, "/2")]
    for pack, place in zip(packs, (0, 2, 3, 3), strict=True):
        found = check(pack, "--key", named(rotated.keys[place], given))
        assert (found.status, found.out[:7]) == (0, "whole: "), found.out


@pytest.mark.parametrize("given", ["/0", "/1/1", "/x", "x", "/"])
def test_a_key_of_another_name_is_another(rotated: Rotated, check: Check, given: str) -> None:
    """AUD-10: nothing but the number of a history is left out of account."""
    found = check(rotated.before, "--key", named(rotated.keys[2], given))
    assert (found.status, "not signed with the key that you gave" in found.out) == (1, True)


def test_a_later_key_says_nothing_of_an_older_pack(rotated: Rotated, check: Check) -> None:
    """AUD-12: a pack proves by the keys up to its own."""
    found = check(rotated.before, "--key", rotated.keys[3])
    assert (found.status, "not signed with the key that you gave" in found.out) == (1, True)


def test_each_changed_byte_of_a_key_note_is_found(rotated: Rotated, check: Check, tmp_path: Path) -> None:
    """AUD-10: with or without a key."""
    pack = Path(shutil.copytree(rotated.before, tmp_path / "pack"))
    for path in sorted(pack.glob("key-*.txt")):
        whole = path.read_bytes()
        for place in range(0, len(whole), 7):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert check(pack, "--key", rotated.keys[0]).status == 1, place
            assert check(pack).status == 1, place
        path.write_bytes(whole)
    assert check(pack, "--key", rotated.keys[0]).status == 0


def forged(rotated: Rotated, folder: Path, signers: str) -> Path:
    """Make a pack whose last key note is another's, listed in a manifest that the newest key signs anew."""
    pack = Path(shutil.copytree(rotated.before, folder / "pack"))
    keys = load_keys(rotated.places.keys)
    name = rotated.keys[0].split("+")[0]
    former, new = VerifierKey(name, keys.public), VerifierKey(name, keys.public)
    note = KeyNote(2, former, new, Reach(0, 1, 1, 0), "5a" * 32, lost=signers == "lost")
    (pack / note.name).write_bytes(note.signed(name, *[keys.checkpoint] * (1 if signers == "lost" else 2)))
    return relisted(pack, Signer(keys, name, 0))


def relisted(pack: Path, signer: Signer) -> Path:
    """Give a pack its key and its manifest anew."""
    (pack / "key.txt").write_text(f"{VerifierKey(signer.name, signer.keys.public)}\n")
    for path in pack.glob("*.sig"):
        path.unlink()
    names = [path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()]
    about = json.loads((pack / "manifest.json").read_text())
    write_manifest(pack, about, [one for one in names if one != "manifest.json"], signer)
    return pack


@pytest.mark.parametrize("signers", ["both", "lost"])
def test_a_note_that_does_not_follow_is_found(rotated: Rotated, check: Check, tmp_path: Path, signers: str) -> None:
    """AUD-10: the newest key alone cannot put itself into a chain that ends elsewhere."""
    found = check(forged(rotated, tmp_path, signers), "--key", rotated.keys[0])
    assert (found.status, "does not follow the key note before it" in found.out) == (1, True)


def test_a_chain_without_its_end(rotated: Rotated, check: Check, tmp_path: Path) -> None:
    """AUD-10: key notes that end before the pack's key are none of it."""
    pack = Path(shutil.copytree(rotated.before, tmp_path / "pack"))
    (pack / "key-000000000002.txt").unlink()
    found = check(pack, "--key", rotated.keys[0])
    assert (found.status, "do not lead to the pack's key" in found.out) == (1, True)

"""Checkpoints: C2SP signed notes that say how the log was."""

from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log import Head, Keys, LogStore, LogUnavailable, UntrustedCheckpoint
from access_policy.log.checkpoints import (
    Checkpoint,
    _key_id,
    _verify,
    all_checkpoints,
    difference,
    newest_checkpoint,
    read_checkpoint,
    sign_checkpoint,
    write_checkpoint,
)
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, add, registered

HEAD = Head(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", NOON)
NOTE = sign_checkpoint(HEAD, KEYS, ORIGIN).encode()
OTHER_KEYS = Keys(b"m" * 32, b"l" * 32, Ed25519PrivateKey.from_private_bytes(b"d" * 32))


def test_form() -> None:
    """A checkpoint is origin, size and base64 root, an empty line, and one signature line (C2SP tlog-checkpoint)."""
    body, signature = NOTE.decode().split("\n\n")
    assert body == f"{ORIGIN}\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    assert signature.startswith(f"\N{EM DASH} {ORIGIN} ")
    assert signature.endswith("\n")
    raw = b64decode(signature.split()[-1])
    assert raw[:4] == _key_id(KEYS.checkpoint.public_key(), ORIGIN)
    KEYS.checkpoint.public_key().verify(raw[4:], f"{body}\n".encode())


def test_note_of_another_implementation() -> None:
    """The note and the key in the documentation of Go's sumdb/note have the key id and signature that we compute."""
    key_line = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, key_id, encoded = key_line.split("+", 2)
    key = Ed25519PublicKey.from_public_bytes(b64decode(encoded)[1:])
    body = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = (
        "\N{EM DASH} PeterNeumann x08go/"
        "ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert _key_id(key, name).hex() == key_id
    _verify(body.encode(), signature, key, name)


def test_read_back() -> None:
    """What was signed reads back."""
    assert read_checkpoint(NOTE, KEYS, ORIGIN) == Checkpoint(ORIGIN, 8, HEAD.root)


def test_other_signatures_are_ignored() -> None:
    """Lines of keys that we do not know, such as witnesses, are passed over (C2SP signed-note)."""
    witness = sign_checkpoint(HEAD, OTHER_KEYS, "witness.example").encode().split(b"\n\n")[1]
    body, ours = NOTE.split(b"\n\n")
    note = body + b"\n\n" + witness + ours + witness
    assert read_checkpoint(note, KEYS, ORIGIN).size == 8


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_any_changed_byte(position: int, change: int) -> None:
    """A checkpoint with any byte changed is refused (AUD-10)."""
    changed = NOTE[:position] + bytes([NOTE[position] ^ change]) + NOTE[position + 1 :]
    with pytest.raises(UntrustedCheckpoint):
        read_checkpoint(changed, KEYS, ORIGIN)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.integers(0, len(NOTE) - 1).map(lambda end: NOTE[:end])))
def test_junk(note: bytes) -> None:
    """Anything else is refused, in one line."""
    with pytest.raises(UntrustedCheckpoint, match="do not trust it"):
        read_checkpoint(note, KEYS, ORIGIN)


def test_other_key_or_origin() -> None:
    """A checkpoint of another key or another log is refused (AUD-03)."""
    for note in (sign_checkpoint(HEAD, OTHER_KEYS, ORIGIN), sign_checkpoint(HEAD, KEYS, "other.example/log")):
        with pytest.raises(UntrustedCheckpoint, match="no valid signature"):
            read_checkpoint(note.encode(), KEYS, ORIGIN)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_origins_that_name_nothing(origin: str) -> None:
    """An origin that the note's form cannot hold is refused."""
    with pytest.raises(ValueError, match="cannot name a log"):
        sign_checkpoint(HEAD, KEYS, origin)


def test_folder(store: LogStore, tmp_path: Path) -> None:
    """The newest checkpoint of a folder is the one of the largest size; writing one again changes nothing."""
    folder = tmp_path / "checkpoints"
    assert newest_checkpoint(folder, KEYS, ORIGIN) is None
    for number in range(1, 12):
        add(store, registered(number))
        write_checkpoint(folder, store.head(), KEYS, ORIGIN)
    assert write_checkpoint(folder, store.head(), KEYS, ORIGIN) == folder / "checkpoint-000000000011.txt"
    assert newest_checkpoint(folder, KEYS, ORIGIN) == Checkpoint(ORIGIN, 11, store.head().root)
    assert [each.size for each in all_checkpoints(folder, KEYS, ORIGIN)] == list(range(1, 12))
    assert len(list(folder.iterdir())) == 11


def test_never_signs_a_contradiction(tmp_path: Path) -> None:
    """A head that is shorter than or different from the newest checkpoint is not signed (C2SP tlog-checkpoint)."""
    write_checkpoint(tmp_path, HEAD, KEYS, ORIGIN)
    for head in (HEAD._replace(size=7), HEAD._replace(root="00" * 32)):
        with pytest.raises(UntrustedCheckpoint, match="contradicts the signed checkpoint `8`; not signed"):
            write_checkpoint(tmp_path, head, KEYS, ORIGIN)


def test_misnamed_file(tmp_path: Path) -> None:
    """An old checkpoint under a newer one's name is refused."""
    (tmp_path / "checkpoint-000000000009.txt").write_bytes(NOTE)
    with pytest.raises(UntrustedCheckpoint, match="holds the checkpoint of size `8`"):
        newest_checkpoint(tmp_path, KEYS, ORIGIN)


def test_folder_that_is_none(tmp_path: Path) -> None:
    """A folder that cannot be read or written is one line, not a folder without checkpoints."""
    (tmp_path / "file").touch()
    with pytest.raises(LogUnavailable, match="cannot be read"):
        newest_checkpoint(tmp_path / "file", KEYS, ORIGIN)
    with pytest.raises(LogUnavailable, match="cannot be"):
        write_checkpoint(tmp_path / "file" / "below", HEAD, KEYS, ORIGIN)


def test_difference(store: LogStore) -> None:
    """A start sees at once that the log is behind its newest checkpoint, or different from it (AUD-02, AUD-03)."""
    for number in (1, 2):
        add(store, registered(number))
    root = store.root_at(1) or ""
    cases = {
        Checkpoint(ORIGIN, 1, root): None,
        Checkpoint(ORIGIN, 2, store.head().root): None,
        Checkpoint(ORIGIN, 3, root): "the log is shorter than its newest checkpoint: `2` facts, not `3`",
        Checkpoint(ORIGIN, 2, root): "the log is different from its newest checkpoint at fact `2`",
    }
    assert {each: difference(each, store.newest(), store.root_at) for each in cases} == cases

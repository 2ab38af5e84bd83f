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
    Series,
    Signing,
    all_checkpoints,
    binding,
    difference,
    is_excused,
    newest_checkpoint,
    read_checkpoint,
    sign_checkpoint,
    write_checkpoint,
)
from access_policy.log.notes import _is_signed as is_signed
from access_policy.log.notes import key_id
from access_policy.log.signers import Signers
from access_policy.log.targets import Folder, Target
from access_policy.state import Loss
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, add, registered

HEAD = Head(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", NOON)
NOTE = sign_checkpoint(HEAD, KEYS, ORIGIN).encode()
SIGNERS = Signers(KEYS.public)
OTHER_KEYS = Keys(b"m" * 32, b"l" * 32, Ed25519PrivateKey.from_private_bytes(b"d" * 32))


def test_form() -> None:
    """A checkpoint is origin, size and base64 root, an empty line, and one signature line (C2SP tlog-checkpoint)."""
    body, signature = NOTE.decode().split("\n\n")
    assert body == f"{ORIGIN}\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    assert signature.startswith(f"\N{EM DASH} {ORIGIN} ")
    assert signature.endswith("\n")
    raw = b64decode(signature.split()[-1])
    assert raw[:4] == key_id(KEYS.checkpoint.public_key(), ORIGIN)
    KEYS.checkpoint.public_key().verify(raw[4:], f"{body}\n".encode())


def test_note_of_another_implementation() -> None:
    """The note and the key in the documentation of Go's sumdb/note have the key id and signature that we compute."""
    key_line = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, expected, encoded = key_line.split("+", 2)
    key = Ed25519PublicKey.from_public_bytes(b64decode(encoded)[1:])
    body = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = (
        "\N{EM DASH} PeterNeumann x08go/"
        "ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert key_id(key, name).hex() == expected
    assert is_signed(body.encode(), signature, key, name)


def test_read_back() -> None:
    """What was signed reads back."""
    assert read_checkpoint(NOTE, SIGNERS, ORIGIN) == Checkpoint(ORIGIN, 8, HEAD.root)


def test_other_signatures_are_ignored() -> None:
    """Lines of keys that we do not know, such as witnesses, are passed over (C2SP signed-note)."""
    witness = sign_checkpoint(HEAD, OTHER_KEYS, "witness.example").encode().split(b"\n\n")[1]
    body, ours = NOTE.split(b"\n\n")
    note = body + b"\n\n" + witness + ours + witness
    assert read_checkpoint(note, SIGNERS, ORIGIN).size == 8


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_any_changed_byte(position: int, change: int) -> None:
    """A checkpoint with any byte changed is refused (AUD-10)."""
    changed = NOTE[:position] + bytes([NOTE[position] ^ change]) + NOTE[position + 1 :]
    with pytest.raises(UntrustedCheckpoint):
        read_checkpoint(changed, SIGNERS, ORIGIN)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.integers(0, len(NOTE) - 1).map(lambda end: NOTE[:end])))
def test_junk(note: bytes) -> None:
    """Anything else is refused, in one line."""
    with pytest.raises(UntrustedCheckpoint, match="do not trust it"):
        read_checkpoint(note, SIGNERS, ORIGIN)


def test_other_key_or_origin() -> None:
    """A checkpoint of another key or another log is refused (AUD-03); a key file that was replaced is named, too."""
    with pytest.raises(UntrustedCheckpoint, match=r"another key than `checkpoint\.key`"):
        read_checkpoint(sign_checkpoint(HEAD, OTHER_KEYS, ORIGIN).encode(), SIGNERS, ORIGIN)
    with pytest.raises(UntrustedCheckpoint, match="no valid signature"):
        read_checkpoint(sign_checkpoint(HEAD, KEYS, "other.example/log").encode(), SIGNERS, ORIGIN)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_origins_that_name_nothing(origin: str) -> None:
    """An origin that the note's form cannot hold is refused."""
    with pytest.raises(ValueError, match="cannot name a log"):
        sign_checkpoint(HEAD, KEYS, origin)


SIGNING = Signing(KEYS, ORIGIN)


def write(where: Path | Target, store: LogStore, signing: Signing = SIGNING) -> str | None:
    """Write the checkpoint of a log's newest facts."""
    return write_checkpoint(where, store.head(), signing, store.root_at)


def test_folder(store: LogStore, tmp_path: Path) -> None:
    """The newest checkpoint of a folder is the one of the largest size; writing one again changes nothing."""
    folder = tmp_path / "checkpoints"
    assert newest_checkpoint(folder, KEYS, ORIGIN) is None
    for number in range(1, 12):
        add(store, registered(number))
        write(folder, store)
    assert write(folder, store) == "checkpoint-000000000011.txt"
    assert newest_checkpoint(folder, KEYS, ORIGIN) == Checkpoint(ORIGIN, 11, store.head().root)
    assert [each.size for each in all_checkpoints(folder, KEYS, ORIGIN)] == list(range(1, 12))
    assert len(list(folder.iterdir())) == 11


def test_never_signs_a_contradiction(tmp_path: Path) -> None:
    """A head that is shorter than or different from the newest checkpoint is not signed (C2SP tlog-checkpoint)."""
    write_checkpoint(tmp_path, HEAD, SIGNING, lambda _: None)
    for head in (HEAD._replace(size=7), HEAD._replace(root="00" * 32), HEAD._replace(size=9)):
        with pytest.raises(UntrustedCheckpoint, match="contradicts the signed checkpoint `checkpoint-000000000008"):
            write_checkpoint(tmp_path, head, SIGNING, {8: "11" * 32}.get)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


def test_a_smaller_head_that_fits_is_not_written(store: LogStore, folder: Path) -> None:
    """Of two processes that sign at once the later head stays the newest, and the earlier adds nothing."""
    add(store, registered(1))
    early = store.head()
    add(store, registered(2))
    write(folder, store)
    assert write_checkpoint(folder, early, SIGNING, store.root_at) is None
    assert [path.name for path in folder.iterdir()] == ["checkpoint-000000000002.txt"]


def test_histories_and_streams(store: LogStore, folder: Path) -> None:
    """Each history and stream is a log of its own: another origin and other names; the last history counts."""
    for number in (1, 2, 3):
        add(store, registered(number))
        write(folder, store)
    head = store.head()._replace(size=1, root=store.root_at(1) or "")
    assert write_checkpoint(folder, head, SIGNING._replace(epoch=2), store.root_at) == "checkpoint-2-000000000001.txt"
    observed = SIGNING._replace(epoch=2, series=Series.OBSERVATIONS)
    assert write_checkpoint(folder, HEAD, observed, lambda _: None) == "observations-2-000000000008.txt"
    origins = {path.name: path.read_text().split("\n")[0] for path in folder.iterdir()}
    assert origins["checkpoint-2-000000000001.txt"] == f"{ORIGIN}/2"
    assert origins["observations-2-000000000008.txt"] == f"{ORIGIN}/2/observations"
    assert newest_checkpoint(folder, KEYS, ORIGIN) == Checkpoint(f"{ORIGIN}/2", 1, head.root, 2)
    assert [(one.epoch, one.size) for one in all_checkpoints(folder, KEYS, ORIGIN)] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (2, 1),
    ]
    with pytest.raises(UntrustedCheckpoint, match="contradicts"):
        write(folder, store)  # nobody goes on with a history that has ended


def test_old_checkpoints_stay_verifiable() -> None:
    """AUD-02: those up to what a loss kept still bind, what it lost is excused, once its history is signed."""
    old = [Checkpoint(ORIGIN, size, f"{size:064x}") for size in (4, 6, 8)]
    new = Checkpoint(f"{ORIGIN}/1", 7, "7" * 64, 1)
    losses = [Loss(1, 5, 8, 0, NOON)]
    assert binding([*old, new], losses, Series.FACTS) == {4: old[0].root, 7: new.root}
    assert binding(old, losses, Series.FACTS) == {one.size: one.root for one in old}
    assert binding([*old, new], [], Series.FACTS).keys() == {4, 6, 7, 8}
    assert [is_excused(one, losses, Series.OBSERVATIONS) for one in (*old, new)] == [True, True, True, False]


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
        write_checkpoint(tmp_path / "file" / "below", HEAD, SIGNING, lambda _: None)


def test_folder_on_a_disk_that_is_not_there(tmp_path: Path) -> None:
    """A folder outside the state that is missing is a disk that is not mounted, not one without checkpoints."""
    away = Folder(tmp_path / "away", made=False)
    with pytest.raises(LogUnavailable, match="cannot be read"):
        newest_checkpoint(away, KEYS, ORIGIN)
    with pytest.raises(LogUnavailable, match="cannot be written"):
        away.write("checkpoint-000000000001.txt", NOTE)
    away.path.mkdir()
    assert newest_checkpoint(away, KEYS, ORIGIN) is None


def test_what_stands_there_is_never_replaced(tmp_path: Path) -> None:
    """A target only takes new files: a second one of a name changes nothing and leaves nothing."""
    target = Folder(tmp_path)
    target.write("one", b"first")
    target.write("one", b"second")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"first"}


@pytest.mark.parametrize("name", ["checkpoint-8.txt", "checkpoint-x.txt", "checkpoint-0-000000000008.txt"])
def test_a_name_that_is_none(name: str, tmp_path: Path) -> None:
    """A file that looks like a checkpoint and is named like none is refused, whatever is in it."""
    (tmp_path / name).write_bytes(NOTE)
    with pytest.raises(UntrustedCheckpoint, match=name):
        newest_checkpoint(tmp_path, KEYS, ORIGIN)


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

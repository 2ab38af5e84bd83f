"""Key notes: how a chain of rotations says which key signs, and how far each former one binds (AUD-12)."""

import secrets
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_policy.events import CheckpointKeyRotated
from access_policy.log import Head, Keys, LogStore, UntrustedCheckpoint
from access_policy.log.checkpoints import (
    Series,
    Signing,
    all_checkpoints,
    newest_checkpoint,
    sign_checkpoint,
    write_checkpoint,
)
from access_policy.log.erased import read_erased, write_erased
from access_policy.log.errors import KeyRetired
from access_policy.log.notes import NOTE_NAME, VerifierKey, read_verifier_key, sign_note
from access_policy.log.signers import KeyNote, Known, Reach, key_notes, refuse_retired, signers_of
from access_policy.log.targets import Folder
from access_policy.log.witness import Named, Witness
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, SetClock, Where, add, open_log, registered

SECOND, THIRD, STRANGE = (
    replace(KEYS, checkpoint=Ed25519PrivateKey.from_private_bytes(seed * 32)) for seed in (b"2", b"3", b"x")
)
REACH = Reach(0, 5, 3, 1)
ROOT = "5a" * 32


def vkey(keys: Keys) -> VerifierKey:
    return VerifierKey(ORIGIN, keys.public)


def rotated(
    folder: Path, former: Keys, new: Keys, number: int = 1, reach: Reach = REACH, lost: bool = False, root: str = ROOT
) -> KeyNote:
    """Leave the key note of a rotation, as `sluis keys rotate` does."""
    note = KeyNote(number, vkey(former), vkey(new), reach, root, lost)
    folder.mkdir(exist_ok=True)
    signers = [new.checkpoint] if lost else [former.checkpoint, new.checkpoint]
    (folder / note.name).write_bytes(note.signed(ORIGIN, *signers))
    return note


def head(size: int) -> Head:
    return Head(size, f"{size:064x}", NOON)


def signed(folder: Path, keys: Keys, size: int, epoch: int = 0, stream: str = "") -> None:
    """Lay a checkpoint there that a key signed, whether or not it may."""
    name = f"{ORIGIN}/{epoch}" if epoch else ORIGIN
    file = f"{stream or 'checkpoint'}-{f'{epoch}-' if epoch else ''}{size:012}.txt"
    (folder / file).write_text(sign_checkpoint(head(size), keys, f"{name}/observations" if stream else name))


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """A folder after two rotations, with a checkpoint by each key."""
    rotated(tmp_path, KEYS, SECOND)
    rotated(tmp_path, SECOND, THIRD, 2, Reach(0, 8, 6, 2))
    for keys, size in ((KEYS, 5), (SECOND, 8), (THIRD, 9)):
        signed(tmp_path, keys, size)
    return tmp_path


def test_the_form(tmp_path: Path) -> None:
    """A key note is a C2SP signed note of its own origin, with two signatures; its name is one of a note."""
    note = rotated(tmp_path, KEYS, SECOND)
    text, signatures = (tmp_path / note.name).read_text().split("\n\n")
    assert text.split("\n") == [
        f"{ORIGIN}/key", "1", str(vkey(KEYS)), str(vkey(SECOND)), "epoch 0", "facts 5", "observations 3", "erased 1",
        f"root {b64encode(b'Z' * 32).decode()}",
    ]  # fmt: skip
    assert [line.split()[1] for line in signatures.splitlines()] == [f"{ORIGIN}/key"] * 2
    assert NOTE_NAME.fullmatch(note.name)
    assert read_verifier_key(str(vkey(KEYS))) == vkey(KEYS)


def test_old_notes_go_on_binding(twice: Path) -> None:
    """Checkpoints of every key are read, each as far as its key reached; the newest is the newest key's."""
    assert [one.size for one in all_checkpoints(twice, THIRD, ORIGIN)] == [5, 8, 9]
    assert key_notes(twice, ORIGIN) == signers_of(twice, THIRD, ORIGIN).notes
    assert signers_of(twice, THIRD, ORIGIN).current == THIRD.public


@pytest.mark.parametrize(("keys", "size", "retired"), [(KEYS, 6, 5), (SECOND, 9, 8), (KEYS, 8, 5)])
def test_a_former_key_signs_nothing_newer(twice: Path, keys: Keys, size: int, retired: int) -> None:
    """A leaked former key forges no checkpoint beyond where it was retired: it is named, and nothing is read."""
    (twice / "checkpoint-000000000009.txt").unlink()
    signed(twice, keys, size)
    with pytest.raises(
        UntrustedCheckpoint, match=f"checkpoint-00000000000{size}.*retired at `{retired}` facts by `key-"
    ):
        list(all_checkpoints(twice, THIRD, ORIGIN))


def test_nor_of_a_later_history(twice: Path) -> None:
    """A former key reaches no history after its own, however short that is; of one before it all counts."""
    signed(twice, THIRD, 2, 1)
    assert newest_checkpoint(twice, THIRD, ORIGIN).epoch == 1  # type: ignore[union-attr]
    signed(twice, KEYS, 3, 1)
    with pytest.raises(UntrustedCheckpoint, match="retired at `5` facts"):
        newest_checkpoint(twice, THIRD, ORIGIN)


def test_of_histories_before_all_counts(tmp_path: Path) -> None:
    """After an accepted loss sizes begin lower: what the former key signed of the history before stays valid."""
    rotated(tmp_path, KEYS, SECOND, reach=Reach(1, 4, 3, 0))
    signed(tmp_path, KEYS, 90)
    signed(tmp_path, KEYS, 4, 1)
    assert [one.size for one in all_checkpoints(tmp_path, SECOND, ORIGIN)] == [90, 4]


def test_observations_have_a_reach_of_their_own(twice: Path) -> None:
    """The streams are apart: observations beyond theirs are refused though the facts' reach is further."""
    signed(twice, KEYS, 3, stream="observations")
    assert len(list(all_checkpoints(twice, THIRD, ORIGIN, Series.OBSERVATIONS))) == 1
    signed(twice, KEYS, 4, stream="observations")
    with pytest.raises(UntrustedCheckpoint, match="retired at `3` observations"):
        list(all_checkpoints(twice, THIRD, ORIGIN, Series.OBSERVATIONS))


def test_the_list_of_the_erased(twice: Path) -> None:
    """E50: the newest list counts though a former key signed it, and the newest key goes on from it."""
    listed = sign_note(f"{ORIGIN}/erased\n1\nP-3 0\n", KEYS, f"{ORIGIN}/erased")
    (twice / "erased-000000000001.txt").write_text(listed)
    assert read_erased(twice, THIRD, ORIGIN) == {("P-3", 0)}
    assert write_erased(twice, {("P-4", 0)}, THIRD, ORIGIN) == "erased-000000000002.txt"
    assert read_erased(twice, THIRD, ORIGIN) == {("P-3", 0), ("P-4", 0)}
    longer = sign_note(f"{ORIGIN}/erased\n3\nP-1 0\nP-2 0\nP-3 0\n", KEYS, f"{ORIGIN}/erased")
    (twice / "erased-000000000003.txt").write_text(longer)
    with pytest.raises(UntrustedCheckpoint, match=r"erased-000000000003\.txt.*retired at `1` erased"):
        read_erased(twice, THIRD, ORIGIN)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_any_note_is_found(twice: Path, data: st.DataObject) -> None:
    """AUD-10: of key notes and of checkpoints, by whichever key."""
    path = data.draw(st.sampled_from(sorted(twice.iterdir())))
    note = path.read_bytes()
    place, change = data.draw(st.integers(0, len(note) - 1)), data.draw(st.integers(1, 255))
    path.write_bytes(note[:place] + bytes([note[place] ^ change]) + note[place + 1 :])
    try:
        with pytest.raises(UntrustedCheckpoint):
            list(all_checkpoints(twice, THIRD, ORIGIN))
    finally:
        path.write_bytes(note)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda folder: (folder / "key-000000000001.txt").unlink(), "`key-000000000002.txt` has no place"),
        (lambda folder: (folder / "key-000000000002.txt").unlink(), "names another key than `checkpoint.key`"),
        (lambda folder: (folder / "key-000000000002.txt").rename(folder / "key-000000000003.txt"), "has no place"),
        (lambda folder: (folder / "key-0000000000002.txt").touch(), "`key-0000000000002.txt` has no place"),
        (lambda folder: (folder / "key-1-000000000003.txt").touch(), "`key-1-000000000003.txt` has no place"),
        (lambda folder: (folder / "key-000000000003.txt").touch(), "`key-000000000003.txt` is no key note"),
        (lambda folder: rotated(folder, STRANGE, THIRD, 2), "`key-000000000002.txt` does not follow"),
        (lambda folder: rotated(folder, KEYS, STRANGE, 1), "`key-000000000002.txt` does not follow"),
        (lambda folder: rotated(folder, THIRD, STRANGE, 3, Reach(0, 9, 6, 2), lost=True), "retired the key in"),
        (lambda folder: rotated(folder, STRANGE, STRANGE, 3), "`key-000000000003.txt` does not follow"),
    ],
)  # fmt: skip
def test_a_chain_with_a_flaw_is_named(twice: Path, change: object, named: str) -> None:
    """AUD-03: a key note that is missing, doubled, out of order, forged or another's; all notes are then refused."""
    change(twice)  # type: ignore[operator]
    with pytest.raises(UntrustedCheckpoint, match=named):
        list(all_checkpoints(twice, THIRD, ORIGIN))
    with pytest.raises(UntrustedCheckpoint):
        write_checkpoint(twice, head(10), Signing(THIRD, ORIGIN), lambda _: None)


@pytest.mark.parametrize(
    ("reach", "fits"),
    [
        (Reach(0, 9, 6, 2), True), (Reach(1, 1, 0, 2), True), (Reach(0, 8, 6, 2), False), (Reach(0, 7, 6, 2), False),
        (Reach(0, 9, 5, 2), False), (Reach(0, 9, 6, 1), False), (Reach(1, 1, 0, 1), False),
    ],
)  # fmt: skip
def test_each_rotation_goes_beyond_the_one_before(twice: Path, reach: Reach, fits: bool) -> None:
    """AUD-02, AUD-12: of one history no note tells of fewer facts or observations, and the erased are never fewer."""
    rotated(twice, THIRD, STRANGE, 3, reach)
    if fits:
        assert len(key_notes(twice, ORIGIN)) == 3
        return
    with pytest.raises(UntrustedCheckpoint, match=r"`key-000000000003\.txt` does not follow"):
        key_notes(twice, ORIGIN)


def test_one_signature_alone_is_no_key_note(tmp_path: Path) -> None:
    """A former key agrees, or the note says that it is lost; a new key without the former one takes nothing over."""
    note = KeyNote(1, vkey(KEYS), vkey(SECOND), REACH, ROOT)
    for signers in ([SECOND.checkpoint], [KEYS.checkpoint], [KEYS.checkpoint, STRANGE.checkpoint]):
        (tmp_path / note.name).write_bytes(note.signed(ORIGIN, *signers))
        with pytest.raises(UntrustedCheckpoint, match="is no key note"):
            signers_of(tmp_path, SECOND, ORIGIN)
    rotated(tmp_path, KEYS, SECOND, lost=True)
    assert signers_of(tmp_path, SECOND, ORIGIN).notes[0].lost
    with pytest.raises(UntrustedCheckpoint):
        signers_of(tmp_path, SECOND, "sluis.example/other")


def test_who_holds_a_former_key_signs_nothing(twice: Path) -> None:
    """A process that began before a rotation, or an old key that was put back, is told so and writes no file."""
    before = sorted(path.name for path in twice.iterdir())
    for keys in (KEYS, SECOND):
        with pytest.raises(KeyRetired, match=r"key-000000000002\.txt` retired .*start again"):
            write_checkpoint(twice, head(10), Signing(keys, ORIGIN), lambda _: None)
        with pytest.raises(KeyRetired):
            write_erased(twice, {("P-1", 0)}, keys, ORIGIN)
    assert sorted(path.name for path in twice.iterdir()) == before


def rotation(former: Keys, new: Keys, number: int = 1) -> CheckpointKeyRotated:
    return CheckpointKeyRotated(number=number, former=str(vkey(former)), key=str(vkey(new)))


def test_the_fact_holds_off_the_former_key(store: LogStore, tmp_path: Path) -> None:
    """AUD-12: between the fact and its key note nobody signs with the former key; what is known is not asked again."""
    add(store, registered(1))
    refuse_retired(store.database, KEYS, ORIGIN, Known())
    add(store, rotation(KEYS, SECOND))
    for known in (Known(), Known(1), Known(2, {str(vkey(KEYS))})):
        with pytest.raises(KeyRetired, match="a rotation has retired the key"):
            refuse_retired(store.database, KEYS, ORIGIN, known)
    refuse_retired(store.database, SECOND, ORIGIN, Known())
    refuse_retired(store.database, KEYS, ORIGIN, Known(2))


def test_a_process_with_the_former_key_signs_nothing(
    store: LogStore, where: Where, clock: SetClock, tmp_path: Path
) -> None:
    """AUD-12: whatever it knew before, and whether or not the key note is there by then; its next look denies."""
    notes, log = tmp_path / "notes", Named(ORIGIN, ())
    add(store, registered(1))
    with closing(open_log(where, clock)) as opened:
        old = Witness(opened, Folder(notes), KEYS)
        assert old.export(log) is None
        names = sorted(notes.iterdir())
        add(store, rotation(KEYS, SECOND))
        with pytest.raises(KeyRetired):
            old.export(log)
        assert sorted(notes.iterdir()) == names
        assert old.trouble(log) is None
        rotated(notes, KEYS, SECOND, reach=Reach(0, 1, 0, 0), root=store.root_at(1) or "")
        with pytest.raises(KeyRetired):
            old.export(log)
        assert "start again" in (old.trouble(log) or pytest.fail("it decides on")).text
    new = Witness(store, Folder(notes), SECOND)
    assert (new.trouble(log), new.export(log)) == (None, None)
    assert [one.size for one in all_checkpoints(notes, SECOND, ORIGIN)] == [1, 2]


def test_a_head_that_was_read_before_is_within_reach(store: LogStore, tmp_path: Path) -> None:
    """AUD-12: of two races the slower is honest, too: its head was there before the rotation, so it still counts."""
    add(store, registered(1))
    late, observed = store.head(), store.observation_head()
    refuse_retired(store.database, KEYS, ORIGIN, Known())
    add(store, rotation(KEYS, SECOND))
    note = rotated(tmp_path, KEYS, SECOND, reach=Reach(0, 1, observed.size, 0))
    (tmp_path / "checkpoint-000000000001.txt").write_text(sign_checkpoint(late, KEYS, ORIGIN))
    assert late.size <= note.reach.facts
    assert newest_checkpoint(tmp_path, SECOND, ORIGIN).root == late.root  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "a", "a+b+c", "x+01234567+AbC=", "a+00000000+AQ==", "a+b"])
def test_what_is_no_verifier_key(text: str) -> None:
    """C2SP signed-note: name, key id and key belong together, in one spelling."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part it is that does not fit
        read_verifier_key(text)
    changed = str(vkey(KEYS)).replace(ORIGIN, f"{ORIGIN}/1")
    with pytest.raises(ValueError, match="is no verifier key"):
        read_verifier_key(changed)


def test_random_chains(tmp_path: Path) -> None:
    """However long the chain, each key binds up to its own end, and the next one from there."""
    keys = [replace(KEYS, checkpoint=Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))) for _ in range(12)]
    for number, (former, new) in enumerate(pairwise(keys), 1):
        rotated(tmp_path, former, new, number, Reach(0, number * 10, 0, 0), lost=number % 3 == 0)
    for number, one in enumerate(keys[:-1], 1):
        signed(tmp_path, one, number * 10)
    assert [one.size for one in all_checkpoints(tmp_path, keys[-1], ORIGIN)] == list(range(10, 120, 10))

"""What Sluis signs, read by Go's `golang.org/x/mod/sumdb/note`, which shares no line with ours (AUD-10).

Needs `go` and its module proxy; run by the cluster tier, and by hand: `pytest tests/cluster/notes`.
"""

import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_policy.log.checkpoints import Series, origin_of, sign_checkpoint
from access_policy.log.notes import VerifierKey, sign_note
from access_policy.log.signers import KeyNote, Reach
from access_policy.log.store import Head
from hub_config.audit.signing import vkey
from tests.unit.access_policy.log.samples import KEYS, ORIGIN

BOUND = 300
HEAD = Head(788, "5a" * 32, None)
NAMES = [origin_of(ORIGIN, epoch, series) for epoch in (0, 2) for series in Series]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader, built once."""
    built = tmp_path_factory.mktemp("notes") / "notes"
    command = ["go", "build", "-o", str(built), "."]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=BOUND, check=False
    )
    assert done.returncode == 0, done.stderr
    return built


def read(program: Path, key: str, *notes: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), key, *map(str, notes)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_checkpoints_are_read(program: Path, tmp_path: Path, name: str) -> None:
    """Key and note of each stream and history are what the specification says."""
    (tmp_path / "note.txt").write_text(sign_checkpoint(HEAD, KEYS, name))
    done = read(program, vkey(KEYS, name), tmp_path / "note.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{name}\n788\n{b64encode(b'Z' * 32).decode()}\n"


def test_manifests_are_read(program: Path, tmp_path: Path) -> None:
    """The signature of an audit pack's manifest is a note as well (E53)."""
    (tmp_path / "manifest.sig").write_text(sign_note(f"{ORIGIN}/audit-pack\n{'0' * 64}\n", KEYS, ORIGIN))
    done = read(program, vkey(KEYS, ORIGIN), tmp_path / "manifest.sig")
    assert (done.returncode, done.stdout) == (0, f"{ORIGIN}/audit-pack\n{'0' * 64}\n")


def test_changed_notes_are_refused(program: Path, tmp_path: Path) -> None:
    """It agrees with us about what is no note of ours: each changed bit of the text, another key's name."""
    note = sign_checkpoint(HEAD, KEYS, ORIGIN).encode()
    path = tmp_path / "note.txt"
    for at in range(note.index(b"\n\n")):
        path.write_bytes(note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :])
        assert read(program, vkey(KEYS, ORIGIN), path).returncode == 1, at
    path.write_bytes(note)
    assert read(program, vkey(KEYS, f"{ORIGIN}/1"), path).returncode == 1


def test_key_notes_are_read_by_either_key(program: Path, tmp_path: Path) -> None:
    """AUD-12: whoever has the former or the new key finds both verifier keys in it, and the key note signed by it."""
    keys = [Ed25519PrivateKey.from_private_bytes(seed * 32) for seed in (b"c", b"d")]
    former, new = (VerifierKey(ORIGIN, one.public_key()) for one in keys)
    note = KeyNote(1, former, new, Reach(0, 5, 3, 1), "5a" * 32)
    (tmp_path / note.name).write_bytes(note.signed(ORIGIN, *keys))
    for key in keys:
        done = read(program, str(VerifierKey(f"{ORIGIN}/key", key.public_key())), tmp_path / note.name)
        assert (done.returncode, done.stdout) == (0, note.text(ORIGIN))
    stranger = VerifierKey(f"{ORIGIN}/key", Ed25519PrivateKey.from_private_bytes(b"e" * 32).public_key())
    assert read(program, str(stranger), tmp_path / note.name).returncode == 1

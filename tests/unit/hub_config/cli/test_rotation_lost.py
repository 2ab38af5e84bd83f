"""`sluis keys rotate --lost`: a checkpoint key that is gone is replaced where all that it signed is there (AUD-12)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_policy.log.notes import VerifierKey
from access_policy.log.signers import key_notes
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.hub_config.cli.rotating import bytes_of, key_of, lose, origin_of, rotate_lost, rotations, sign_ahead

pytestmark = pytest.mark.unit


def test_a_lost_key(sluis: Sluis, places: Places) -> None:
    """AUD-12: what it signed is verified with its public half and goes on binding; fact and note say it."""
    assert sluis("keys", "rotate").status == 0
    former = lose(places)
    assert sluis("keys", "rotate").status == 2
    assert rotate_lost(sluis, former).status == 0
    found = rotations(sluis)[-1]
    assert (found["number"], found["former"], found["key"], found["lost"]) == (2, former, key_of(places), True)
    assert [note.lost for note in key_notes(places.checkpoints, origin_of(places))] == [False, True]
    verified = sluis("log", "verify")
    assert (verified.status, "3 checkpoints signed" in verified.out) == (0, True)
    assert sluis("explain", "P-12", "DR-1").status == 0


@pytest.mark.parametrize("damage", [b"", b"x" * 31, b"x" * 32], ids=["empty", "short", "another"])
def test_a_damaged_key(sluis: Sluis, places: Places, damage: bytes) -> None:
    """AUD-12: a file that holds no key, or not the one that signed, is a lost key too."""
    former = lose(places)
    (places.keys / "checkpoint.key").write_bytes(damage)
    (places.keys / "checkpoint.key").chmod(0o600)
    assert sluis("keys", "rotate").status == 2
    assert rotate_lost(sluis, former).status == 0
    assert sluis("log", "verify").status == 0


def cut_back(sluis: Sluis, places: Places) -> None:
    """Put an old log back, and take the newer checkpoints away: only the machine's own mark knows of them."""
    assert sluis("keys", "rotate").status == 0
    old, names = places.log.read_bytes(), {path.name for path in places.checkpoints.iterdir()}
    assert sluis("do", "end-request", "request=DR-1", "reason=misuse", "--as", "P-1").status == 0
    for extra in ("-wal", "-shm"):
        places.log.with_name(places.log.name + extra).unlink(missing_ok=True)
    places.log.write_bytes(old)
    for path in places.checkpoints.iterdir():
        if path.name not in names:
            path.unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("another key", "signed with another key"),
        ("no notes", "was not signed with that key, or is gone"),
        ("a log that is behind", "shorter than its newest checkpoint"),
        ("a log that this machine knows longer", "this machine signed `790` facts"),
        ("no master key", "master.key"),
    ],
)
def test_a_lost_key_is_not_replaced(sluis: Sluis, places: Places, change: str, said: str) -> None:
    """AUD-02, AUD-12: a wrong key, missing notes, a log that differs: 2, and nothing changed."""
    if change == "a log that is behind":
        sign_ahead(places)
    if change == "a log that this machine knows longer":
        cut_back(sluis, places)
    former = lose(places)
    if change == "another key":
        name = former.split("+")[0]
        former = str(VerifierKey(name, Ed25519PrivateKey.from_private_bytes(b"y" * 32).public_key()))
    if change == "no notes":
        for path in places.checkpoints.iterdir():
            path.unlink()
    if change == "no master key":
        (places.keys / "master.key").unlink()
    before = bytes_of(places)
    refused = rotate_lost(sluis, former)
    assert (refused.status, said in refused.err, refused.err.count("\n")) == (2, True, 1)
    assert bytes_of(places) == before


def test_a_key_that_is_not_lost(sluis: Sluis, places: Places) -> None:
    """AUD-12: where it is there and whole, it signs its own end."""
    before = bytes_of(places)
    said = rotate_lost(sluis, key_of(places))
    assert (said.status, "leave --lost out" in said.err, bytes_of(places)) == (2, True, before)

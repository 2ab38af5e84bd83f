"""What the tests of rotations share: whose key it is, what lies there, and ways to lose or to outrun it."""

from pathlib import Path

from access_policy.log.checkpoints import log_origin, sign_checkpoint
from access_policy.log.keys import load_keys
from access_policy.log.notes import VerifierKey
from access_policy.log.store import Head
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Said, Sluis


def origin_of(places: Places) -> str:
    policy = open_policy(places)
    try:
        with policy.reading_behind() as state:
            return log_origin(state.installation)
    finally:
        policy.store.close()


def key_of(places: Places) -> str:
    return str(VerifierKey(origin_of(places), load_keys(places.keys).public))


def bytes_of(places: Places) -> dict[str, bytes]:
    """Return what a refused rotation leaves as it was: the keys and all notes."""
    return {path.name: path.read_bytes() for folder in (places.keys, places.checkpoints) for path in folder.iterdir()}


def rotations(sluis: Sluis, state: Path | None = None) -> list[dict[str, object]]:
    given = {} if state is None else {"state": state}
    found: list[dict[str, object]] = sluis("log", "show", "--kind", "CheckpointKeyRotated", "--json", **given).lines
    return found


def sign_ahead(places: Places) -> None:
    """Sign a checkpoint of facts that the log does not have."""
    keys, origin = load_keys(places.keys), origin_of(places)
    note = sign_checkpoint(Head(900, "5a" * 32, None), keys, origin)
    (places.checkpoints / "checkpoint-000000000900.txt").write_text(note)


def lose(places: Places) -> str:
    """Take the checkpoint key away; return its verifier key, as somebody noted it down."""
    key = key_of(places)
    (places.keys / "checkpoint.key").unlink()
    return key


def rotate_lost(sluis: Sluis, former: str, **given: Path) -> Said:
    return sluis("keys", "rotate", "--lost", "--former", former, **given)

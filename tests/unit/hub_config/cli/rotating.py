"""What the tests of rotations share: whose key it is, what lies there, and ways to lose or to outrun it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from access_policy.actor import Actor, person
from access_policy.events import CheckpointKeyRotated, FactEvent, RoleAppointed
from access_policy.log.checkpoints import log_origin, sign_checkpoint
from access_policy.log.keys import Keys, load_keys
from access_policy.log.notes import VerifierKey
from access_policy.log.store import Head
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from hub_config.bootstrap import open_policy, open_unwitnessed
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Said, Sluis

NOTE = "key-000000000001.txt"
REACH = 788
"""The facts up to which the former key counts: the next one is the rotation."""

SHORT, PADDED = 1, 200
AGAIN = REACH - 600
"""So many facts are forged that the rotation, appended once more, stands where it stood."""


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


def cut(places: Places, left: int, stream: str = "facts") -> None:
    """Take all rows of a stream but the first away, and the triggers that would refuse it."""
    heads = f"{stream[:-1]}_heads"
    with closing(sqlite3.connect(places.log)) as log, log:
        triggers = log.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        (size,) = log.execute(f"SELECT coalesce(max(size), 0) FROM {heads} WHERE size <= ?", (left,)).fetchone()
        for name, _ in triggers:
            log.execute(f"DROP TRIGGER {name}")
        log.execute(f"DELETE FROM {stream} WHERE seq > ?", (size,))
        log.execute(f"DELETE FROM {heads} WHERE size > ?", (size,))
        for _, statement in triggers:
            log.execute(statement)


def rotation_of(places: Places) -> CheckpointKeyRotated:
    """Return the rotation that the log holds."""
    policy = open_policy(places)
    try:
        facts = policy.store.facts_since(REACH)
        return next(fact.event for fact in facts if isinstance(fact.event, CheckpointKeyRotated))
    finally:
        policy.store.close()


def _one(actor: Actor, event: FactEvent, _at: datetime) -> list[tuple[Actor, FactEvent]]:
    return [(actor, event)]


def forge(places: Places, stolen: Keys, count: int) -> None:
    """Cut the log to 600 facts and append an admin who never was, so often; sign it as far as a former key reaches.

    Where that is as long as the log was, append the same rotation, and more.
    """
    rotation = rotation_of(places)
    cut(places, 600)
    origin, policy = origin_of(places), open_unwitnessed(places, stolen)
    forger, until = person(PersonId("P-1"), "ab" * 16), datetime.now(UTC) + timedelta(days=300)
    appointed = RoleAppointed(person=PersonId("P-23"), role=Role.ADMIN, scope=None, until=until)
    store = policy.store
    for event in [appointed] * count + ([rotation, appointed] if count == AGAIN else []):
        store.append(store.newest(), partial(_one, forger, event))
    size = min(store.head().size, REACH)
    signed = store.head()._replace(size=size, root=store.root_at(size) or "")
    store.close()
    for path in places.checkpoints.glob("checkpoint-*"):
        path.unlink()
    places.signed.unlink(missing_ok=True)
    (places.checkpoints / f"checkpoint-{size:012}.txt").write_text(sign_checkpoint(signed, stolen, origin))

"""What a backup and a keys export hold, and how they are made while Sluis runs.

A backup: the log without its sealing keys and logins, `sluis.toml`, the published documents and the newest signed
notes. Not in it: the key files, homes and datasets. A keys export: the key files and the sealing keys. Nothing here
stops who appends: the log is copied in one read view into a folder of its own, and what was copied is verified.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from access_policy.log.archive import Manifest, Source, TreeHead, write_archive
from access_policy.log.backup import check_sealing_keys, copy_log, sealing_keys_of, tree_heads
from access_policy.log.checkpoints import log_origin
from access_policy.log.keys import NAMES, Keys, load_keys
from access_policy.log.migrations import FORM
from access_policy.log.notes import NOTE_NAME
from access_policy.log.sealing import Keyring
from access_policy.log.signers import Known, refuse_retired
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.times import to_text
from access_policy.log.verify import verify
from access_policy.state import retired_keys
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, present
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.places import Places

LOG, SETTINGS, DEMO = "log.sqlite", "sluis.toml", "demo.json"
DOCUMENTS, CHECKPOINTS, KEYS, SEALING_KEYS = "documents", "checkpoints", "keys", "sealing-keys.json"
DOCUMENT = re.compile(r"[0-9a-f]{64}\.txt", re.ASCII)
IN_BACKUP = re.compile(
    rf"{re.escape(LOG)}|{re.escape(SETTINGS)}|{re.escape(DEMO)}|{DOCUMENTS}/{DOCUMENT.pattern}|{CHECKPOINTS}/{NOTE_NAME.pattern}",
    re.ASCII,
)
IN_KEYS = re.compile(rf"{KEYS}/({'|'.join(map(re.escape, NAMES))})|{re.escape(SEALING_KEYS)}", re.ASCII)
_NOTES_KEPT = 1_000  # of each series: a log that holds the newest one holds all before it

Say = Callable[[str], None]
SealingKeys = dict[str, bytes | None]


@dataclass(frozen=True)
class Asked:
    """What is to be made: the file, the age public keys, the release that makes it, and where progress is said."""

    file: Path
    to: list[Any]
    release: str
    say: Say


class Whose(NamedTuple):
    """What the facts say of their log: of which installation it is, of which format, and which keys they retired."""

    installation: str
    format: int
    known: Known


def make_backup(places: Places, policy: Policy, asked: Asked) -> Manifest:
    """Write a backup. Raises LogError or StateProblem: then there is no file, and Sluis goes on as before."""
    keys = load_keys(places.keys)
    whose = _whose(policy)
    with _private_folder(places) as folder:
        signed = checkpoint_folder(places)
        if not signed.is_dir():
            asked.say(f"there is no folder `{signed}`, so no checkpoint is compared, and none is in the backup")
        copy_notes(signed, folder / CHECKPOINTS)  # before the log, so that it is not behind them
        database = SqliteDatabase.create(folder / LOG, present)
        try:
            copy_log(policy.store.database, database, asked.say)
            heads = tree_heads(database)
            refuse_retired(policy.store.database, keys, log_origin(whose.installation), whose.known)
        finally:
            database.close()
        asked.say("checking the copy")
        found = verify(folder / LOG, folder / CHECKPOINTS, keys, log_origin(whose.installation))
        if not found.ok:
            raise StateProblem(f"the log does not verify: {found.problem}; no backup was made; run `sluis log verify`")
        asked.say("encrypting")
        manifest = _manifest("backup", asked, whose, heads)
        return write_archive(asked.file, manifest, list(_sources(places, folder)), keys, asked.to)


def export_keys(places: Places, policy: Policy, asked: Asked) -> Manifest:
    """Write a keys export. Raises LogError where a sealing key does not open: such an export would be worth nothing."""
    keys = load_keys(places.keys)
    whose = _whose(policy)
    database = policy.store.database
    sealing = sealing_keys_of(database)
    check_sealing_keys(sealing, _keyring(keys))
    files = [Source(f"{KEYS}/{name}", (places.keys / name).read_bytes()) for name in NAMES]
    sources = [*files, Source(SEALING_KEYS, msgspec.json.encode(sealing))]
    manifest = _manifest("keys", asked, whose, tree_heads(database))
    refuse_retired(database, keys, log_origin(whose.installation), whose.known)
    return write_archive(asked.file, manifest, sources, keys, asked.to)


def read_sealing_keys(path: Path, keys: Keys) -> Mapping[str, bytes | None]:
    """Return the sealing keys of an export. Raises LogError for one that does not open under the master key."""
    sealing = msgspec.json.decode(path.read_bytes(), type=SealingKeys)
    check_sealing_keys(sealing, _keyring(keys))
    return sealing


def copy_notes(source: Path, target: Path) -> None:
    """Copy the newest signed notes of each series. Raises StateProblem where two of one name say different things."""
    target.mkdir(mode=0o700, exist_ok=True)
    for path in newest_notes(source):
        content, copy = path.read_bytes(), target / path.name
        if copy.exists() and copy.read_bytes() != content:
            raise StateProblem(f"`{path}` says something else than the same note of the backup; do not trust either")
        copy.write_bytes(content)
        copy.chmod(0o600)


def newest_notes(folder: Path) -> Iterator[Path]:
    """Give the newest signed notes of each series in a folder, oldest first; none where it is not there."""
    series: dict[str, list[tuple[int, int, Path]]] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        found = NOTE_NAME.fullmatch(path.name)
        if found:
            series.setdefault(found["series"], []).append((int(found["epoch"] or 0), int(found["size"]), path))
    for name, notes in series.items():
        kept = len(notes) if name == "key" else _NOTES_KEPT  # one key note leads to the one before it
        yield from (path for _, _, path in sorted(notes)[-kept:])


def _sources(places: Places, folder: Path) -> Iterator[Source]:
    yield Source(LOG, folder / LOG)
    yield Source(SETTINGS, places.settings.read_bytes())
    if places.demo.exists():
        yield Source(DEMO, places.demo.read_bytes())
    documents = sorted(places.documents.iterdir()) if places.documents.is_dir() else []
    yield from (Source(f"{DOCUMENTS}/{path.name}", path) for path in documents if DOCUMENT.fullmatch(path.name))
    yield from (Source(f"{CHECKPOINTS}/{path.name}", path) for path in sorted((folder / CHECKPOINTS).iterdir()))


def _whose(policy: Policy) -> Whose:
    with policy.reading() as state:
        return Whose(state.installation, state.format, Known(state.seq, retired_keys(state)))


def _manifest(kind: str, asked: Asked, whose: Whose, heads: tuple[TreeHead, TreeHead]) -> Manifest:
    return Manifest(
        kind=kind, release=asked.release, schema=FORM, format=whose.format, installation=whose.installation,
        origin=log_origin(whose.installation), made_at=to_text(present()), facts=heads[0], observations=heads[1],
    )  # fmt: skip


def _keyring(keys: Keys) -> Keyring:
    return Keyring(keys.master, no_randomness)


def no_randomness(size: int) -> bytes:
    """Stand in for randomness where keys only open what is there."""
    raise AssertionError(f"`{size}` random bytes were asked for where nothing is sealed")


@contextmanager
def _private_folder(places: Places) -> Iterator[Path]:
    """Give an empty folder in the state, one process at a time; what a killed one left there goes first."""
    folder = places.state / ".backup"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _hold(lock)
        try:
            _empty(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _hold(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StateProblem("another backup is being made; wait for its end, then try again") from None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

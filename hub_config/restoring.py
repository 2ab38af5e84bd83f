"""Puts a backup and its keys back into an empty state folder, all or nothing (FLT-10).

Nothing is taken on trust: both files have to be of the same installation and signed with its key, the log has to verify
and to hold every checkpoint that is known. A log that is behind one, or that nothing but its own backup speaks for, is
put back only where that is asked for, and then decides nothing until two admins accept the loss. Whoever was erased
since stays erased, whatever the keys export holds.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from access_policy.log.age import ArchiveProblem
from access_policy.log.archive import Archive, Manifest, read_archive
from access_policy.log.backup import copy_log, put_sealing_keys, sealing_keys_of, tree_heads
from access_policy.log.checkpoints import RootAt, Series, all_checkpoints, binding, signed_losses
from access_policy.log.erased import apply_erased, erased_by_facts, read_erased, still_meant
from access_policy.log.kept import kept_by_losses
from access_policy.log.key_witness import difference_from, unheld_in
from access_policy.log.keys import Keys, load_keys
from access_policy.log.migrations import FORM
from access_policy.log.notes import VerifierKey
from access_policy.log.outbox import doubt_unsent
from access_policy.log.signers import KeyNote, key_notes
from access_policy.log.sqlite import SqliteDatabase, upgrade_file
from access_policy.log.store import Head, LogStore
from access_policy.log.verify import verify
from access_policy.state import Loss, epoch_of
from access_policy.use_cases import Policy
from hub_config.backups import (
    CHECKPOINTS,
    DEMO,
    DOCUMENTS,
    IN_BACKUP,
    IN_KEYS,
    KEYS,
    LOG,
    SEALING_KEYS,
    SETTINGS,
    Say,
    copy_notes,
    no_randomness,
    read_sealing_keys,
)
from hub_config.bootstrap import StateProblem, present, since_boot
from hub_config.checkpoint_folder import leave_no_head, settle_notes
from hub_config.cli.new_state import new_state, nothing_left
from hub_config.cli.settings_text import settings_text
from hub_config.compared import Compared, dated, found_in
from hub_config.databases import open_database, upgrade_database
from hub_config.lock import only_one
from hub_config.makers import LOST_KEY_BEHIND, Maker, check_reach, maker_of
from hub_config.places import Places
from hub_config.settings import Settings, load_settings


@dataclass(frozen=True)
class Wanted:
    """What to restore, and what is accepted: a log that is behind (`behind`), or that nothing but its own backup speaks
    for (`unwitnessed`); keys older than it (`lose_texts`), or than a rotation of the checkpoint key (`lost_key`).
    `database` is the one that the log goes into, empty for a file; None: the one that the restored settings name.
    """

    backup: Path
    keys: Path
    identities: list[Any]
    checkpoints: Path | None
    behind: bool
    unwitnessed: bool
    lose_texts: bool
    lost_key: bool
    database: str | None


@dataclass(frozen=True)
class Restored:
    """What was restored: the backup's manifest; how many facts and observations are missing; how many are erased; and
    with which checkpoints that were not in the backup it was compared.
    """

    manifest: Manifest
    behind: tuple[int, int]
    erased: int
    witnesses: tuple[Compared, ...]
    lost: VerifierKey | None


class BackupBehind(Exception):
    """The backup's log lacks rows that a signed checkpoint knows of, or nothing shows that it lacks none."""


def restore(places: Places, wanted: Wanted, say: Say) -> Restored:
    """Restore. Raises LogError, StateProblem, SettingsProblem, OSError or BackupBehind: then nothing is left behind."""
    _check_folder(wanted)
    with nothing_left(places), only_one(places), new_state(places) as draft:
        say("decrypting")
        backup = _unpack(draft, wanted)
        manifest = backup.manifest
        settings = _settings(draft, wanted.database)
        known = _known_checkpoints(places.state / settings.log.checkpoints, wanted)
        witnesses = tuple(filter(None, map(found_in, known)))
        if not (witnesses or wanted.unwitnessed):
            raise BackupBehind(_nothing_text(wanted))
        for folder in known:
            copy_notes(folder, draft.checkpoints)
        keys = load_keys(draft.keys)
        maker = maker_of(backup, draft.checkpoints, keys, wanted.lost_key)
        erased = _mend(draft, manifest, keys, wanted, maker)
        say("checking the log")
        behind = _check_log(draft, manifest, keys, maker)
        if maker.lost is not None and (any(behind) or not witnesses):
            raise BackupBehind(LOST_KEY_BEHIND)
        if any(behind) and not wanted.behind:
            raise BackupBehind(_behind_text(behind))
        witnesses = dated(draft.log, present, witnesses)
        if not witnesses:
            leave_no_head(draft.checkpoints)
        settle_notes(draft, places, settings.log.checkpoints)
        if settings.log.database:
            _move_to_server(draft, say)
    return Restored(manifest, behind, erased, witnesses, maker.lost)


def _unpack(draft: Places, wanted: Wanted) -> Archive:
    """Decrypt both files into the draft; who made the backup is still to be seen."""
    backup_folder, keys_folder = draft.state / ".backup", draft.state / ".keys"
    for folder in (backup_folder, keys_folder):
        folder.mkdir(mode=0o700)
    export = read_archive(wanted.keys, "keys", wanted.identities, keys_folder, IN_KEYS)
    backup = read_archive(wanted.backup, "backup", wanted.identities, backup_folder, IN_BACKUP)
    (keys_folder / KEYS).rename(draft.keys)
    export.check_signature(load_keys(draft.keys).public)
    manifest = backup.manifest
    if manifest.installation != export.manifest.installation:
        raise ArchiveProblem(f"`{wanted.backup}` is not of the Sluis that these keys are of; give its own")
    if int(manifest.schema) > int(FORM):
        raise ArchiveProblem(f"`{wanted.backup}` was made by the later release `{manifest.release}`; use that one")
    draft.checkpoints.mkdir(mode=0o700)
    for name in (LOG, SETTINGS, DEMO, DOCUMENTS, CHECKPOINTS):
        if (backup_folder / name).exists():
            (backup_folder / name).rename(draft.state / name)
    _open_documents(draft.documents)
    return backup


def _settings(draft: Places, database: str | None) -> Settings:
    """Return the restored settings; where the log goes elsewhere than they say, they are written anew."""
    settings = load_settings(draft.settings)
    if database is None or database == settings.log.database:
        return settings
    moved = replace(settings, log=replace(settings.log, database=database))
    draft.settings.write_text(settings_text(moved, _MOVED), encoding="utf-8")
    return moved


def _open_documents(folder: Path) -> None:
    """Let anybody read the published texts, as where they were published."""
    if folder.exists():
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.chmod(0o644)


def _mend(draft: Places, manifest: Manifest, keys: Keys, wanted: Wanted, maker: Maker) -> int:
    """Put the sealing keys in, and erase again who was erased; return how many those were."""
    upgrade_file(draft.log)
    database = SqliteDatabase(draft.log, present)
    try:
        if tree_heads(database) != (manifest.facts, manifest.observations):
            raise ArchiveProblem(f"the log in `{wanted.backup}` is not the one that it says; do not trust it")
        missing = put_sealing_keys(database, read_sealing_keys(draft.state / ".keys" / SEALING_KEYS, keys))
        if missing and not wanted.lose_texts:
            raise ArchiveProblem(_missing_text(missing, wanted.keys))
        doubt_unsent(database, present())
        known = (draft.checkpoints, maker.trusts, manifest.origin)
        listed = still_meant(database, read_erased(*known), kept_by_losses(database, *known))
        return apply_erased(database, (listed | erased_by_facts(database)) & sealing_keys_of(database).keys())
    finally:
        database.close()
        for name in (".backup", ".keys"):
            shutil.rmtree(draft.state / name, ignore_errors=True)


def _check_folder(wanted: Wanted) -> None:
    if wanted.checkpoints is not None and not wanted.checkpoints.is_dir():
        raise StateProblem(f"there is no folder `{wanted.checkpoints}` with checkpoints; name one, or leave it out")


def _known_checkpoints(of_settings: Path, wanted: Wanted) -> list[Path]:
    """Return the folders whose notes count besides the backup's own: that of the settings, and the one given."""
    found = [folder for folder in (of_settings, wanted.checkpoints) if folder is not None and folder.is_dir()]
    return found[-1:] if len(found) == 2 and found[0].samefile(found[1]) else found


def _missing_text(missing: list[str], keys: Path) -> str:
    first = ", ".join(missing[:3])
    return (
        f"`{keys}` is older than the backup: the sealing keys of `{len(missing)}` are not in it ({first}, …); give a "
        "later keys export, or --lose-texts where there is none: what is written about them reads [erased] then"
    )


def _check_log(draft: Places, manifest: Manifest, keys: Keys, maker: Maker) -> tuple[int, int]:
    """Return by how many facts and observations the log is behind. Raises for one that does not verify or read."""
    found = verify(draft.log, None, keys, manifest.origin)
    if not found.ok:
        raise StateProblem(f"the log of this backup does not verify: {found.problem}; take another backup")
    store = LogStore.open(draft.log, keys, present, no_randomness)
    try:
        with Policy(store).reading() as state:
            if state.installation != manifest.installation:
                raise StateProblem("the log of this backup is of another installation than it says; do not trust it")
            losses, cut = state.losses, state.cut.size if state.cut is not None else 0
        check_reach(maker, manifest, epoch_of(losses))
        signed = [
            binding(all_checkpoints(draft.checkpoints, maker.trusts, manifest.origin, series), losses, series)
            for series in (Series.FACTS, Series.OBSERVATIONS)
        ]
        counted = signed_losses(all_checkpoints(draft.checkpoints, maker.trusts, manifest.origin), losses)
        noted = _behind_notes(store, key_notes(draft.checkpoints, manifest.origin), counted)
        return (
            max(noted, _behind(signed[0], store.head(), store.root_at)),
            _behind(_beyond(signed[1], cut), store.observation_head(), store.observation_root_at),
        )
    finally:
        store.close()


def _beyond(signed: dict[int, str], cut: int) -> dict[int, str]:
    """Return the checkpoints of the observations that the log can still hold: a fact says that the first are gone."""
    return {size: root for size, root in signed.items() if size >= cut}


def _behind(signed: dict[int, str], head: Head, root_at: RootAt) -> int:
    """Return how many rows are missing. Raises StateProblem where the log is another than the one that was signed."""
    for size, root in signed.items():
        if size <= head.size and root_at(size) != root:
            raise StateProblem(f"the log of this backup is different from its checkpoint `{size}`; do not trust it")
    return max(0, max(signed, default=0) - head.size)


def _behind_notes(store: LogStore, notes: Sequence[KeyNote], losses: Sequence[Loss]) -> int:
    """Return how many facts are missing of those that the key notes tell of (AUD-12). Raises as `_behind`."""
    size, behind = store.head().size, 0
    for note in unheld_in(store.database, notes, losses):
        rotation = note.reach.facts + 1
        if size >= rotation or store.root_at(rotation - 1) not in (None, note.root):
            raise StateProblem(f"{difference_from(note, rotation)}; do not trust this backup")
        behind = rotation - size
    return behind


def _move_to_server(draft: Places, say: Say) -> None:
    """Copy the log into the database that the settings name, which has to be empty; the rows go in their order."""
    upgrade_database(draft)
    source = SqliteDatabase(draft.log, present)
    try:
        target = open_database(draft, None, present, since_boot)
        try:
            copy_log(source, target, say, keys=True)
        finally:
            target.close()
    finally:
        source.close()
    draft.log.unlink()


_MOVED = "The settings of this Sluis, written by `sluis restore --database`"


def _nothing_text(wanted: Wanted) -> str:
    known, way_out = "no checkpoint but the backup's own is known", "give --checkpoints DIR"
    if wanted.checkpoints is not None:
        known, way_out = f"`{wanted.checkpoints}` holds no checkpoint of a log", "name the folder that does"
    return (
        f"nothing_to_compare: {known}, so facts may be missing, and what was withdrawn by them would be back; "
        f"{way_out}, or give --unwitnessed: it then decides nothing until two admins agree"
    )


def _behind_text(behind: tuple[int, int]) -> str:
    return (
        f"log_behind: this backup lacks `{behind[0]}` facts and `{behind[1]}` observations that are signed; restore a "
        "later one, or with --behind: it then decides nothing until two admins accept the loss"
    )

"""Where the signed checkpoints of an installation lie: in the state folder, or where the settings say."""

import os
from pathlib import Path

from access_policy.log.targets import Folder
from hub_config.places import Places
from hub_config.settings import load_settings


def checkpoint_folder(places: Places) -> Path:
    """Return the folder of the checkpoints. Raises SettingsProblem."""
    if not places.settings.exists():
        return places.checkpoints
    return places.state / load_settings(places.settings).log.checkpoints


def checkpoint_target(places: Places) -> Folder:
    """Return the folder as a target. One outside the state is never made: where it is missing, a disk is not there."""
    folder = checkpoint_folder(places)
    return Folder(folder, made=folder.resolve().is_relative_to(places.state.resolve()))


def leave_no_head(folder: Path) -> None:
    """Leave no checkpoint, so that the log is not believed until two admins say so: its own backup proves nothing.

    The list of the erased stays, and the key notes by which it is read.
    """
    for path in folder.iterdir():
        if not path.name.startswith(("erased-", "key-")):
            path.unlink()


def settle_notes(draft: Places, places: Places, folder: str) -> None:
    """Put the notes where the settings want them: nobody believes a log without any. A disk that is away is left."""
    wanted = Path(os.path.normpath(places.state / folder))
    if wanted.is_relative_to(places.state):
        within = draft.state / wanted.relative_to(places.state)
        within.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.checkpoints.rename(within)
    elif wanted.is_dir():
        outside = Folder(wanted, made=False)
        for note in sorted(draft.checkpoints.iterdir()):
            outside.write(note.name, note.read_bytes())

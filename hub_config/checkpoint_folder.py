"""Where the signed checkpoints of an installation lie: in the state folder, or where the settings say."""

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

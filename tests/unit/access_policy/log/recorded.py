"""The recorded logs, unpacked: state folders as the release of their format left them."""

import lzma
import shutil
from pathlib import Path

from hub_config.places import Places

RECORDED = sorted(Path(__file__).parents[3].joinpath("vectors", "logs").glob("format-*"))


def format_of(folder: Path) -> int:
    """Return the format that a folder's log was recorded in."""
    return int(folder.name.removeprefix("format-"))


def unpacked(folder: Path, state: Path) -> Places:
    """Return a state folder with a recorded log as it is, and its keys and checkpoints."""
    places = Places(state)
    places.state.mkdir()
    places.log.write_bytes(lzma.decompress((folder / "log.sqlite.xz").read_bytes()))
    shutil.copytree(folder / "checkpoints", places.checkpoints)
    shutil.copytree(folder / "keys", places.keys)
    for private in (places.log, places.keys, *places.keys.iterdir()):
        private.chmod(0o700 if private.is_dir() else 0o600)
    return places

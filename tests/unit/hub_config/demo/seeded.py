"""A demo's state, made once for each run of the tests; each test that changes anything copies it."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from hub_config.demo.seed import seed
from hub_config.places import Places


@functools.cache
def seeded_demo() -> Places:
    """Return the places of a demo that nobody may change."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    places = Places(folder / "state")
    seed(places, lambda _text: None)
    return places


def copy_of_demo(folder: Path) -> Places:
    """Return the places of a copy."""
    shutil.copytree(seeded_demo().state, folder)
    return Places(folder)

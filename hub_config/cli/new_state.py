"""Makes a state folder whole or not at all, whatever kills the process that makes it.

Everything is built in `.new` inside the state folder, under a name that nothing else reads, and moved out once it is
complete, the settings and the log last: without a log there is no Sluis in a folder. A kill before that leaves `.new`,
which the next try takes away; a kill while moving leaves `.new` with its mark, and the next try moves on.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from access_policy.log.files import sync_folder, write_new
from hub_config.bootstrap import StateProblem
from hub_config.places import Places

_DRAFT = ".new"
_COMPLETE = ".complete"


@contextmanager
def nothing_left(places: Places) -> Iterator[None]:
    """Take the state folder away again where it was made for nothing; around the lock in it."""
    there = places.state.exists()
    try:
        yield
    except BaseException:
        if not there:
            places.lock.unlink(missing_ok=True)
            with suppress(OSError):
                places.state.rmdir()
        raise


@contextmanager
def new_state(places: Places) -> Iterator[Places]:
    """Give the places to build in; move all of it into place when the block ends well, and take it away otherwise.

    Raises StateProblem where a Sluis is there already. One process at a time; `sluis run` holds its lock meanwhile.
    """
    carry_on(places)
    draft = Places(places.state / _DRAFT)
    _check_empty(places)
    shutil.rmtree(draft.state, ignore_errors=True)
    _make_folder(places.state)
    draft.state.mkdir(mode=0o700)
    try:
        yield draft
        write_new(draft.state / _COMPLETE, b"")
        sync_folder(draft.state)
    except BaseException:
        shutil.rmtree(draft.state, ignore_errors=True)
        raise
    _move(draft, places)


def carry_on(places: Places) -> bool:
    """Move on where a process was killed while it moved a complete state into place; say whether that was so."""
    draft = Places(places.state / _DRAFT)
    if not (draft.state / _COMPLETE).exists():
        return False
    _move(draft, places)
    return True


def _check_empty(places: Places) -> None:
    taken = [path for path in (places.log, places.keys, places.settings, places.demo) if path.exists()]
    if taken:
        raise StateProblem(f"`{places.state}` holds a Sluis already (`{taken[0].name}`); choose another with --state")


def _make_folder(folder: Path) -> None:
    """Make the state folder where it is not there: open to pass through, so that sandboxes reach what they may."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


def _move(draft: Places, places: Places) -> None:
    last = (draft.settings.name, draft.log.name, _COMPLETE)
    for path in sorted(draft.state.iterdir(), key=lambda path: last.index(path.name) if path.name in last else -1):
        if path.name != _COMPLETE:
            path.rename(places.state / path.name)
            sync_folder(places.state)
    shutil.rmtree(draft.state)

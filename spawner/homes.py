"""Homes on this machine: where a person's work for a request lies, made for the first start and deleted on order.

Which home a workspace has is decided in the log (`access_policy/homes.py`); here is only where it is.
"""

import contextlib
import os
import shutil
from pathlib import Path

from access_policy.state import Home
from spawner.storage import Places, check_owner
from spawner.workspace import Workspace


def prepare_home(places: Places, workspace: Workspace, uid: int | None) -> Path:
    """The home of this person and request with its number, 0700 and the person's own; filled from the skeleton when
    new.
    """
    home = home_folder(places.homes, workspace.person, workspace.request, workspace.home)
    if home.exists():
        check_owner(home, os.geteuid() if uid is None else uid)
        return home
    draft = home.with_name(f"{home.name}.new")  # a kill half-way leaves no home that is not the person's
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    if places.skeleton is not None:
        shutil.copytree(places.skeleton, draft, symlinks=True, dirs_exist_ok=True)
    if uid is not None:
        for path in (draft, *draft.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)
    draft.chmod(0o700)
    draft.rename(home)
    return home


def home_folder(homes: Path, person: str, request: str, home: int) -> Path:
    """Where a home lies: `p-3/dr-12`, and further ones of the same person and request `p-3/dr-12.2`."""
    further = f".{home}" if home != 1 else ""
    return homes / person.lower() / f"{request.lower()}{further}"


def delete_home(homes: Path, person: str, request: str, home: int) -> bool:
    """Delete a home with all that is in it, and say whether it is gone. Raises OSError where that is refused."""
    folder = home_folder(homes, person, request, home)
    doomed = folder.with_name(f"{folder.name}.deleted")  # a kill half-way leaves none that could be opened
    with contextlib.suppress(FileNotFoundError):
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    return not folder.exists() and not doomed.exists()


class FolderHomes:
    """The homes of this machine, for the warden."""

    def __init__(self, homes: Path) -> None:
        self._homes = homes

    def delete(self, home: Home, /) -> bool:
        """Delete its folder, and say whether it is gone. Raises OSError where that is refused."""
        return delete_home(self._homes, home.person, home.request, home.number)

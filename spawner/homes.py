"""Homes on this machine: where a person's work for a request lies, made for the first start and deleted on order.

Which home a workspace has is decided in the log (`access_policy/homes.py`); here is only where it is.
"""

import contextlib
import os
import shutil
import threading
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


class FolderHomes:
    """The homes of this machine, for the warden, which has more to do than to wait for a big one."""

    def __init__(self, homes: Path, patience: float = 0.2) -> None:
        """`patience` is for how many seconds a deletion is waited for."""
        self._homes = homes
        self._patience = patience
        self._deleting: dict[Path, threading.Thread] = {}

    def delete(self, home: Home, /) -> bool:
        """Delete its folder, and say whether it is gone. Raises OSError where that is refused."""
        folder = home_folder(self._homes, home.person, home.request, home.number)
        doomed = folder.with_name(f"{folder.name}.deleted")  # a kill half-way leaves none that could be opened
        with contextlib.suppress(FileNotFoundError):
            folder.rename(doomed)
        if doomed.exists():
            self._empty(doomed)
        return not folder.exists() and not doomed.exists()

    def _empty(self, doomed: Path) -> None:
        """Go on with what a thread deletes, or begin; it ends with the process, and a next one begins again."""
        thread = self._deleting.get(doomed)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=shutil.rmtree, args=(doomed,), kwargs={"ignore_errors": True}, daemon=True)
            self._deleting = {path: one for path, one in self._deleting.items() if one.is_alive()} | {doomed: thread}
            thread.start()
        thread.join(self._patience)

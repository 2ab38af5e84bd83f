"""Dataset folders, manifests, homes and sockets on a real file system."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from spawner.storage import (
    DatasetProblem,
    Places,
    check_dataset_folder,
    check_manifest,
    location_components,
    manifest,
    open_dataset_folder,
    prepare_run_folder,
    socket_folder,
)
from spawner.workspace import Profile, Workspace

WORKSPACE = Workspace("P-3", "DR-12", 7, None, (), Profile("s", "S", 1.0, 1, 1, 1, 1))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A datasets' folder with one dataset of two files."""
    folder = tmp_path / "datasets/trial/v1/sub"
    folder.mkdir(parents=True)
    (folder.parent / "a.csv").write_text("a\n")
    (folder / "b.csv").write_text("b\n")
    return tmp_path / "datasets"


BAD = [
    "",
    "/",
    "..",
    "../other",
    "/abs",
    "a//b",
    "a/",
    "a/../b",
    "a/%2e%2e/b",
    "%2e%2e",
    "a ",
    " a",
    "a\u2215b",
    "a\uff0fb",
]
BAD += ["a\x00b", "a\n", ".", "./a", ".hidden", "a\\b", "x" * 129, "a/" * 600 + "a"]


@pytest.mark.parametrize("location", BAD)
def test_a_location_with_two_readings_is_refused(location: str) -> None:
    """DAT-05."""
    with pytest.raises(DatasetProblem, match="no folder below"):
        location_components(location)


def test_a_plain_location_opens_its_folder(root: Path) -> None:
    """The descriptor is the folder's, whatever happens to its path afterwards (DAT-10)."""
    folder = open_dataset_folder(root, "trial/v1")
    try:
        (root / "trial").rename(root / "moved")
        (root / "trial").symlink_to("/etc")
        assert sorted(path.name for path in Path(f"/proc/self/fd/{folder}").iterdir()) == ["a.csv", "sub"]
        check_dataset_folder(folder, "trial/v1")
    finally:
        os.close(folder)


def test_a_missing_folder_is_one_clear_line(root: Path) -> None:
    """It says what and what to do."""
    with pytest.raises(
        DatasetProblem, match=r"^dataset folder `gone` is not there; put it back or withdraw the dataset$"
    ):
        open_dataset_folder(root, "gone")


@pytest.mark.parametrize("location", ["link", "link/v1", "trial/v1/a.csv"])
def test_a_symlink_or_a_file_in_the_way_is_not_followed(root: Path, location: str) -> None:
    """DAT-10: at any component."""
    (root / "link").symlink_to("trial")
    with pytest.raises(DatasetProblem, match="plain folder"):
        open_dataset_folder(root, location)


def setuid(path: Path) -> None:
    """A setuid program."""
    path.write_text("x")
    path.chmod(0o4755)


def named_socket(path: Path) -> None:
    """A socket left by a program."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "absolute symlink": (lambda path: path.symlink_to("/etc/passwd"), "a symlink out"),
    "relative symlink out": (lambda path: path.symlink_to("../../../other"), "a symlink out"),
    "fifo": (os.mkfifo, "a device, FIFO or socket"),
    "socket": (named_socket, "a device, FIFO or socket"),
    "setuid": (setuid, "a setuid or setgid file"),
    "hard link": (lambda path: path.hardlink_to(path.parent / "b.csv"), "a hard link"),
}


@pytest.mark.parametrize(("make", "problem"), FOREIGN.values(), ids=FOREIGN)
def test_a_dataset_with_more_than_plain_files_is_refused(
    root: Path, make: Callable[[Path], object], problem: str
) -> None:
    """DAT-09."""
    make(root / "trial/v1/sub/x")
    folder = open_dataset_folder(root, "trial/v1")
    try:
        with pytest.raises(DatasetProblem, match=problem):
            check_dataset_folder(folder, "trial/v1")
    finally:
        os.close(folder)


def test_a_symlink_inside_the_dataset_is_fine(root: Path) -> None:
    """DAT-09: it means the same file inside a workspace."""
    (root / "trial/v1/sub/latest").symlink_to("../a.csv")
    folder = open_dataset_folder(root, "trial/v1")
    try:
        check_dataset_folder(folder, "trial/v1")  # raises where it objects
        assert os.readlink("sub/latest", dir_fd=folder) == "../a.csv"
        assert (root / "trial/v1/sub/latest").samefile(root / "trial/v1/a.csv")
    finally:
        os.close(folder)


def test_a_manifest_names_every_file_and_finds_every_change(root: Path) -> None:
    """Sizes and SHA-256; missing, added and changed files by name, odd names escaped (DAT-11)."""
    folder = root / "trial/v1"
    entries = manifest(folder)
    assert [(entry.path, entry.bytes, entry.sha256[:8]) for entry in entries] == [
        ("a.csv", 2, "87428fc5"),
        ("sub/b.csv", 2, "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f"[:8]),
    ]
    assert check_manifest(folder, entries) == []
    (folder / "a.csv").write_text("A\n")
    (folder / "sub/b.csv").unlink()
    (folder / "new\nline").write_text("")
    changes = ["`sub/b.csv` is missing", "`new\\nline` is not in the manifest", "`a.csv` has changed"]
    assert check_manifest(folder, entries) == changes


def places(top: Path) -> Places:
    """A state folder's places."""
    return Places(homes=top / "homes", run=top / "run", datasets=top / "datasets")


def test_the_run_folder_is_fresh_and_names_nobody_else(tmp_path: Path) -> None:
    """SBX-01: the inside's /etc/passwd knows root and the researcher."""
    folder = prepare_run_folder(places(tmp_path), WORKSPACE, 4711)
    (folder / "old").touch()
    folder = prepare_run_folder(places(tmp_path), WORKSPACE, 4711)
    assert sorted(path.name for path in folder.iterdir()) == ["etc"]
    assert "researcher:x:4711:4711::/home/researcher" in (folder / "etc/passwd").read_text()


def test_sockets_lie_in_the_run_folder_or_in_a_short_private_one(tmp_path: Path) -> None:
    """A path over 107 bytes or with capitals would not work with the hub's HTTP client."""
    run = tmp_path / "State"
    folder = socket_folder(places(run), WORKSPACE)
    assert folder.parent.parent.stat().st_mode & 0o777 == 0o700
    assert len(str(folder / "server.sock")) < 108
    assert str(folder) == str(folder).lower()
    shutil.rmtree(folder.parent.parent)
    assert socket_folder(places(Path("/srv/x")), WORKSPACE) == Path("/srv/x/run/p-3/dr-12")

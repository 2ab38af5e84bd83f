"""Homes on a real file system: made private, one for each number, and deleted whole."""

import shutil
import threading
from pathlib import Path

import msgspec
import pytest

from spawner.homes import FolderHomes, prepare_home
from spawner.storage import Places
from tests.integration.whole import until
from tests.unit.access_policy.test_homes import home_of
from tests.unit.spawner.test_storage import WORKSPACE, places


def test_a_home_is_private_filled_once_and_never_a_link(tmp_path: Path) -> None:
    """DAT-09: a person and request have one home; what stands there instead is not taken over."""
    (tmp_path / "skeleton").mkdir()
    (tmp_path / "skeleton/start.ipynb").write_text("{}")
    there = Places(homes=tmp_path / "homes", run=tmp_path / "run", datasets=tmp_path, skeleton=tmp_path / "skeleton")
    home = prepare_home(there, WORKSPACE, None)
    assert (home.stat().st_mode & 0o777, [path.name for path in home.iterdir()]) == (0o700, ["start.ipynb"])
    (home / "start.ipynb").unlink()
    assert list(prepare_home(there, WORKSPACE, None).iterdir()) == []
    home.rmdir()
    home.symlink_to("/etc")
    with pytest.raises(PermissionError, match="move it away"):
        prepare_home(there, WORKSPACE, None)


def test_each_number_is_a_home_of_its_own(tmp_path: Path) -> None:
    """S46, S78: what lies in one home of a person and request is not in another."""
    second = msgspec.structs.replace(WORKSPACE, home=2)
    (prepare_home(places(tmp_path), second, None) / "derived.csv").write_text("1\n")
    assert list(prepare_home(places(tmp_path), WORKSPACE, None).iterdir()) == []
    assert (prepare_home(places(tmp_path), second, None) / "derived.csv").exists()


def test_a_home_is_deleted_whole_and_alone(tmp_path: Path) -> None:
    """E62: with read-only folders and links in it, which are not followed; its neighbour stays."""
    outside = tmp_path / "kept"
    outside.write_text("1\n")
    first, second = (prepare_home(places(tmp_path), msgspec.structs.replace(WORKSPACE, home=n), None) for n in (1, 2))
    (second / "deep" / "er").mkdir(parents=True)
    (second / "deep" / "er" / "derived.csv").write_text("1\n")
    (second / "link").symlink_to(outside)
    assert FolderHomes(places(tmp_path).homes).delete(home_of(number=2, person="P-3", request="DR-12"))
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    assert outside.exists()
    assert FolderHomes(places(tmp_path).homes).delete(home_of(number=2, person="P-3", request="DR-12"))  # again


def test_a_home_that_was_half_deleted_goes_with_the_next_try(tmp_path: Path) -> None:
    """E62, FLT-06: a kill in the middle leaves none that could be opened, and the rest is found."""
    home = prepare_home(places(tmp_path), WORKSPACE, None)
    (home / "derived.csv").write_text("1\n")
    home.rename(home.with_name(f"{home.name}.deleted"))
    assert FolderHomes(places(tmp_path).homes).delete(home_of(number=1, person="P-3", request="DR-12"))
    assert list(home.parent.iterdir()) == []


def test_a_home_that_takes_long_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DAT-04: whoever deletes ends workspaces as well; one thread deletes, and in the end it is gone."""
    goes_on, begun, real = threading.Event(), [], shutil.rmtree

    def slow(path: Path, *, ignore_errors: bool) -> None:
        begun.append(path)
        goes_on.wait(60)
        real(path, ignore_errors=ignore_errors)

    home = prepare_home(places(tmp_path), WORKSPACE, None)
    monkeypatch.setattr("spawner.homes.shutil.rmtree", slow)
    homes = FolderHomes(places(tmp_path).homes, patience=0.01)
    doomed = home_of(number=1, person="P-3", request="DR-12")
    assert not homes.delete(doomed)
    assert not homes.delete(doomed)
    assert (home.exists(), len(begun)) == (False, 1)
    goes_on.set()
    until(lambda: homes.delete(doomed), 60)
    assert list(home.parent.iterdir()) == []

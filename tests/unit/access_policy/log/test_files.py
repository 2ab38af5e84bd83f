"""Files that somebody else put there: what is none is not waited for, and read as no file."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from access_policy.log.errors import LogUnavailable
from access_policy.log.files import read_regular
from access_policy.log.mark import Mark
from access_policy.log.targets import Folder
from tests.unit.access_policy.log.samples import KEYS, ORIGIN

pytestmark = pytest.mark.unit


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


KINDS = [pipe, link_to_pipe, device, listener, Path.mkdir]


@pytest.fixture(params=KINDS, ids=["pipe", "link to a pipe", "device", "socket", "folder"])
def odd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path under which something lies that is no file."""
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    request.param(Path("checkpoint-000000000001.txt"))
    return tmp_path / "checkpoint-000000000001.txt"


def ended(call: Callable[[], object]) -> object:
    """Return what a call gives or raises; it comes to an end."""
    found: list[object] = []

    def work() -> None:
        try:
            found.append(call())
        except Exception as error:
            found.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert found, "it waits for ever"
    return found[0]


def test_a_checkpoint_that_is_no_file(odd: Path) -> None:
    """AUD-05: it is named at once, and no command waits for who might write into it."""
    found = ended(lambda: Folder(odd.parent).read(odd.name, 10))
    assert isinstance(found, LogUnavailable)
    assert str(found).startswith(f"checkpoint `{odd}` cannot be read (")


def test_a_mark_that_is_no_file(odd: Path, tmp_path: Path) -> None:
    """AUD-02, AUD-05: what this machine signed last is then not known, as where the file is gone."""
    assert ended(lambda: Mark(odd).newest(Folder(tmp_path / "checkpoints"), KEYS, ORIGIN)) is None


def test_no_more_than_was_asked_for(tmp_path: Path) -> None:
    """AUD-05: a file that somebody let grow costs no memory; a link to a file is one."""
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("file")
    assert [read_regular(tmp_path / name, most) for name, most in (("file", 4), ("link", 99))] == [
        b"0123", b"0123456789",
    ]  # fmt: skip

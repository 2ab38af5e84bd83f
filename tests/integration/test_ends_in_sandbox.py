"""What was opened before the end of a workspace is not read after it: no process is left that could.

A dataset is not withdrawn by unmounting: whatever holds a descriptor or a page reads on. So everything inside is
killed, also what has left its parents and its terminal. Real hub, real bubblewrap, real kernels.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spawner.running import RunningSandbox, running_sandboxes
from spawner.warden.machine import LocalMachine
from tests.integration.own_spawner import processes_naming
from tests.integration.sandbox_hub import SandboxHub, holds, running_hub, write_policy

pytestmark = pytest.mark.integration

READERS = ("a descriptor", "a page", "a grandchild's descriptor", "a kernel's own")

# Each reads a byte again and again by what it opened once, and tells that it did in a file of the home.
INSIDE = """
import mmap, os, signal, threading, time
source = open("/data/trial/a.csv", "rb")
page = mmap.mmap(source.fileno(), 0, prot=mmap.PROT_READ)

def tell(name, read):
    out = os.open(os.path.expanduser("~/" + name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        assert read() == b"s"
        os.write(out, b".")
        time.sleep(0.02)

def by_descriptor():
    return os.pread(source.fileno(), 1, 0)

def by_page():
    return page[:1]

def away(name, read, generations):
    '''Become nobody's child, in a session of its own, deaf to what ends programs.'''
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for _ in range(generations):
            if os.fork():
                os._exit(0)
        tell(name, read)

away("a descriptor", by_descriptor, 1)
away("a page", by_page, 1)
away("a grandchild's descriptor", by_descriptor, 3)
threading.Thread(target=tell, args=("a kernel's own", by_descriptor), daemon=True).start()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub's folder, with one dataset."""
    made = tmp_path_factory.mktemp("s")
    (made / "datasets/trial").mkdir(parents=True)
    (made / "datasets/trial/a.csv").write_text("secret\n")
    return made


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[SandboxHub]:
    """A running hub."""
    write_policy(folder, {})
    with running_hub(folder) as running:
        yield running


@pytest.fixture
def readers(hub: SandboxHub, folder: Path) -> Iterator["Readers"]:
    """A workspace in which everything reads."""
    write_policy(folder, {"P-3/DR-12": ["trial"]})
    assert hub.start_server("p-3", "dr-12") == (201, "")
    (sandbox,) = running_sandboxes(folder / "run")
    found = Readers(folder, sandbox)
    found.forget()
    hub.run_cell("p-3/dr-12", hub.new_kernel("p-3/dr-12"), INSIDE)
    assert holds(lambda: found.silent() == []), found.silent()
    yield found
    hub.call("DELETE", "/hub/api/users/p-3/servers/dr-12")


class Readers:
    """What reads inside, as seen from outside: by the files in which each tells that it did."""

    def __init__(self, folder: Path, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self._folder = folder
        self._home = folder / "homes/p-3/dr-12"

    def forget(self) -> None:
        for name in READERS:
            (self._home / name).unlink(missing_ok=True)

    def told(self) -> dict[str, int]:
        """How often each read so far."""
        paths = {name: self._home / name for name in READERS}
        return {name: path.stat().st_size if path.exists() else 0 for name, path in paths.items()}

    def silent(self) -> list[str]:
        """Who has not read twice yet."""
        return [name for name, times in self.told().items() if times < 2]

    def are_over(self) -> bool:
        """Whether nothing is left, and nobody reads any more, for the time of ten more reads."""
        return holds(lambda: processes_naming(self._folder / "run") == []) and not holds(self._more(), 0.2)

    def _more(self) -> Callable[[], bool]:
        before = self.told()
        return lambda: self.told() != before


def test_the_readers_read_while_it_runs(readers: Readers) -> None:
    """The other tests see something: all of them go on by what was opened once."""
    before = readers.told()
    assert holds(lambda: all(now > before[name] for name, now in readers.told().items()))
    assert processes_naming(readers._folder / "run")


def test_after_the_wardens_end_nothing_that_was_opened_before_is_read(readers: Readers, folder: Path) -> None:
    """SBX-04, POL-03: a file, a page and a descriptor passed on; the end is confirmed only once nobody is left."""
    machine = LocalMachine(folder / "run")
    (start,) = machine.running()
    assert machine.end(start)
    before = readers.told()
    assert readers.are_over()
    assert readers.told() == before, "somebody read after the end was confirmed"


def test_after_the_hubs_own_end_nothing_that_was_opened_before_is_read(readers: Readers, folder: Path) -> None:
    """POL-03: the hub's poll ends what may not be kept."""
    write_policy(folder, {})
    assert holds(lambda: not readers.sandbox.alive())
    assert readers.are_over()


def test_after_a_stop_nothing_that_was_opened_before_is_read(readers: Readers, hub: SandboxHub) -> None:
    """The person's own stop, which asks first: those who do not listen end all the same."""
    assert hub.call("DELETE", "/hub/api/users/p-3/servers/dr-12")[0] == 204
    assert readers.are_over()


def test_a_bubblewrap_that_is_killed_from_outside_takes_all_of_it_along(readers: Readers) -> None:
    """SBX-04: as where the machine is out of memory and takes the outermost process."""
    os.kill(readers.sandbox.outer.pid, signal.SIGKILL)
    assert readers.are_over()

"""How long a backup of a running log takes, and how long who appends waits for it.

`python -m tests.bench.backup [COUNT]`: a SQLite log of COUNT facts (500,000) is copied, verified and encrypted, while
another process appends one fact after the other; before that it appends alone for a while. Nothing is asserted.
"""

import secrets
import statistics
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyrage

from access_policy.log.archive import Manifest, Source, write_archive
from access_policy.log.backup import copy_log, tree_heads
from access_policy.log.migrations import FORM
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.verify import verify
from hub_config.bootstrap import present
from tests.bench.verify import fill
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, add, disabled, open_log

_ALONE = 5.0  # seconds


def append_until_told(path: Path, told: Connection) -> None:
    """Append until something arrives; send the seconds that each append took."""
    store, taken = open_log(path), []
    while not told.poll():
        begun = time.perf_counter()
        add(store, disabled(1))
        taken.append(time.perf_counter() - begun)
    store.close()
    told.send(taken)


class Appender:
    """A process that appends, and what its appends took."""

    def __init__(self, path: Path) -> None:
        context = get_context("spawn")
        self._told, theirs = context.Pipe()
        self._process = context.Process(target=append_until_told, args=(path, theirs))
        self._process.start()

    def end(self) -> list[float]:
        """End it; return seconds, one for each append."""
        self._told.send("enough")
        taken: list[float] = self._told.recv()
        self._process.join()
        return taken


def show(label: str, taken: list[float]) -> None:
    """Print how long appends took."""
    high = statistics.quantiles(taken, n=100)[98] if len(taken) > 1 else max(taken)
    milliseconds = (statistics.median(taken) * 1000, high * 1000, max(taken) * 1000)
    print(
        f"{label:22}{len(taken):8} appends; p50, p99, longest: "
        + ", ".join(f"{one:.1f}" for one in milliseconds)
        + " ms"
    )


def back_up(path: Path, folder: Path) -> Path:
    """Make a backup as `sluis backup` does, and print what each part took."""
    begun = time.perf_counter()
    source, target = open_log(path), SqliteDatabase.create(folder / "log.sqlite", present)
    copy_log(source.database, target, lambda text: print(f"  {text}"))
    facts, observations = tree_heads(target)
    target.close()
    copied = time.perf_counter()
    assert verify(folder / "log.sqlite", None, KEYS, ORIGIN).ok
    verified = time.perf_counter()
    manifest = Manifest(
        kind="backup", release="bench", schema=FORM, format=2, installation="bench", origin=ORIGIN, made_at="",
        facts=facts, observations=observations,
    )  # fmt: skip
    to = [pyrage.x25519.Identity.generate().to_public()]
    write_archive(folder / "backup.age", manifest, [Source("log.sqlite", folder / "log.sqlite")], KEYS, to)
    ended = time.perf_counter()
    source.close()
    parts = {"copied": copied - begun, "verified": verified - copied, "encrypted": ended - verified}
    print(", ".join(f"{name} in {seconds:.1f} s" for name, seconds in parts.items()))
    return folder / "backup.age"


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with tempfile.TemporaryDirectory(prefix="sluis-bench-") as name:
        folder = Path(name)
        path = folder / "source.sqlite"
        fill(path, KEYS, count)
        print(f"{count} facts, {path.stat().st_size / 1e6:.0f} MB; run {secrets.token_hex(4)}")
        alone = Appender(path)
        time.sleep(_ALONE)
        show("alone", alone.end())
        beside = Appender(path)
        made = back_up(path, folder)
        show("while a backup is made", beside.end())
        print(f"the backup has {made.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()

"""Several processes on one log, and processes that are killed."""

import multiprocessing
import random
from itertools import islice
from pathlib import Path

import pytest

from access_policy.log import LogStore
from access_policy.log.verify import Verification, verify
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, open_log, received, write_facts

_SPAWN = multiprocessing.get_context("spawn")


def test_two_writers(store: LogStore, path: Path) -> None:
    """Two processes that append at once leave no gap and lose nothing that was acknowledged (FLT-01, AUD-08)."""
    pipes = [_SPAWN.Pipe(duplex=False) for _ in range(2)]
    writers = [_SPAWN.Process(target=write_facts, args=(path, 40, sending)) for _, sending in pipes]
    for writer in writers:
        writer.start()
    for _, sending in pipes:
        sending.close()
    acknowledged = [seq for receiving, _ in pipes for seq in received(receiving)]
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(acknowledged) == [fact.seq for fact in store.facts_since(0)] == list(range(1, 81))
    assert verify(path, None, KEYS, ORIGIN).ok


@pytest.mark.parametrize("seed", range(3))
def test_killed_writer(store: LogStore, path: Path, seed: int) -> None:
    """After kill -9 of a writer the log verifies, holds all that was acknowledged, and takes appends (AUD-08)."""
    receiving, sending = _SPAWN.Pipe(duplex=False)
    writer = _SPAWN.Process(target=write_facts, args=(path, 1_000_000, sending))
    writer.start()
    sending.close()
    acknowledged = list(islice(received(receiving), random.Random(seed).randint(1, 60)))
    writer.kill()
    acknowledged += received(receiving)
    writer.join(60)
    size = store.head().size
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert len(acknowledged) <= size <= len(acknowledged) + 1
    assert verify(path, None, KEYS, ORIGIN) == Verification(True, size, store.head().root)
    receiving, sending = _SPAWN.Pipe(duplex=False)
    write_facts(path, 1, sending)
    assert open_log(path).newest() == size + 1

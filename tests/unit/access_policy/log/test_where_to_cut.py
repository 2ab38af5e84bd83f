"""Up to which checkpoint observations are cut, where few of those that were signed are left in the folder (E48)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy.log import LogStore
from access_policy.log.checkpoints import Checkpoint
from access_policy.log.targets import Folder
from access_policy.log.witness import Named, Witness
from tests.unit.access_policy.log.aged import ORIGIN, Aged, aged
from tests.unit.access_policy.log.samples import KEYS, SetClock, Where

LOOKED_AT = "observations-000000000011.txt"
"""The newest checkpoint, which says of which history the log is."""


class _Counting(Folder):
    """A folder that says what was read from it."""

    taken: list[str]

    def read(self, name: str, most: int) -> bytes:
        self.taken.append(name)
        return super().read(name, most)


@pytest.fixture
def log(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> Iterator[Aged]:
    found = aged(where, clock, store, checkpoints)
    yield found
    found.policy.store.close()


@pytest.mark.parametrize(
    ("after", "near", "sizes"),
    [(0, 9, [9]), (0, 8, [6]), (0, 2, [3]), (3, 4, [6]), (6, 7, [9]), (9, 9, [])],
    ids=["all", "the largest near", "the next", "the next after three", "the next after six", "none"],
)
def test_no_more_is_read_than_is_cut(after: int, near: int, sizes: list[int], log: Aged) -> None:
    """E48: in a thinned folder with any number of later checkpoints only the one that is cut at is read."""
    target = _Counting(log.folder)
    target.taken = []
    found = Witness(log.store, target, KEYS).where_to_cut(Named(ORIGIN, ()), after, near, 9)
    assert [found.size] == sizes if isinstance(found, Checkpoint) else not sizes
    assert target.taken == [LOOKED_AT, *(f"observations-{size:012}.txt" for size in sizes)]

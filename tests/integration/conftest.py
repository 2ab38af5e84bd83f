"""A seeded demo state for the tests of the whole, made once."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.demo.seed import seed
from hub_config.places import Places
from tests.integration.demos import own_demo
from tests.integration.whole import RunningSluis

LONGEST_FIRST = [
    f"test_{name}.py"
    for name in (
        "endings", "networks", "whole", "leash", "wardens", "wall_clock", "leash_bench", "in_cluster", "kills",
        "sandbox", "trouble", "backup",
    )
]  # fmt: skip


IS_ROOT = os.geteuid() == 0
collect_ignore = [] if IS_ROOT else ["test_networks.py"]  # namespaces of a network are root's to make


def pytest_report_header() -> list[str]:
    """Say what is left out."""
    return [] if IS_ROOT else ["left out, since you are not root: tests/integration/test_networks.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes: at the end two processes then wait for a short one only."""
    items.sort(
        key=lambda item: LONGEST_FIRST.index(item.path.name) if item.path.name in LONGEST_FIRST else len(LONGEST_FIRST)
    )


@pytest.fixture(scope="session")
def seeded() -> Iterator[Path]:
    """A demo's state folder that nothing runs on and nobody changes."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-seeded-"))
    seed(Places(folder / "s"), lambda _: None)
    yield folder / "s"
    shutil.rmtree(folder)


@pytest.fixture
def stopped(seeded: Path) -> Iterator[Path]:
    """A demo's state folder of one test's own; nothing runs on it yet."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-"))
    shutil.copytree(seeded, folder / "s")
    yield folder / "s"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """A running demo that the tests of one module share."""
    with own_demo(seeded) as running:
        yield running

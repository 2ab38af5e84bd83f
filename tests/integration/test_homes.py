"""A dataset leaves a live request: the home that had it is set aside, and an admin has it deleted (S46, S94, E62)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.demo.requests import BIOBANK
from tests.integration.demos import own_demo
from tests.integration.whole import RunningSluis, Visitor, text_of, until

pytestmark = pytest.mark.integration

COPY = f"open('copied.csv', 'w').write(open(next(__import__('pathlib').Path('/data/{BIOBANK}').iterdir())).read()[:9])"
LOOK = "print(__import__('os').path.exists('copied.csv'))"


@pytest.fixture(scope="module")
def demo(seeded: Path) -> Iterator[RunningSluis]:
    """Yield a demo of this module's own: a dataset is withdrawn in it."""
    with own_demo(seeded) as running:
        yield running


@pytest.fixture(scope="module")
def lotte(demo: RunningSluis) -> Iterator[Visitor]:
    """Yield a person with a running workspace of two datasets, who copied from one of them into her home."""
    visitor = Visitor(demo, "lotte")
    visitor.log_in()
    visitor.spawn("DR-1", profile="small")
    until(lambda: visitor.reaches("DR-1"))
    kernel = visitor.kernel("DR-1")
    kernel.run(COPY)
    assert kernel.run(LOOK) == "True\n"
    yield visitor
    visitor.close()


def test_what_was_copied_is_not_in_the_next_workspace_and_goes_on_order(demo: RunningSluis, lotte: Visitor) -> None:
    """S46, S94, E62: set aside by the warden, kept on the disk, told to its person, deleted when an admin says so."""
    folder = demo.state / "homes" / lotte.person.lower() / "dr-1"
    steward = next(one["steward"] for one in demo.facts("DatasetRegistered") if one["dataset"] == BIOBANK)
    demo.do("withdraw-dataset", steward, dataset=BIOBANK, reason="a question")
    until(lambda: not demo.has_workspace(lotte.person))
    (aside,) = until(lambda: [one for one in demo.facts("HomeSetAside") if one["request"] == "DR-1"])
    assert (aside["person"], aside["home"], aside["datasets"]) == (lotte.person, 1, [BIOBANK])
    assert "are kept, but not opened" in text_of(lotte.http, "/services/desk/")

    lotte.spawn("DR-1", profile="small")
    until(lambda: lotte.reaches("DR-1"))
    assert lotte.kernel("DR-1").run(LOOK) == "False\n"
    assert (folder / "copied.csv").exists()

    demo.do("delete-home", "P-1", person=lotte.person, request="DR-1", home="1", reason="its consent was withdrawn")
    until(lambda: demo.facts("HomeDeleted"))
    assert not folder.exists()
    assert [path.name for path in folder.parent.iterdir()] == ["dr-1.2"]
    assert lotte.reaches("DR-1")

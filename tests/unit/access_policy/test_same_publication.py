"""A publication is recorded once, by its title or its link, however they are written."""

from datetime import timedelta

import pytest

from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.notices import NoticeKind
from tests.unit.access_policy.world import (
    OPEN,
    RESEARCHER,
    everything_holds,
)

HORIZON = timedelta(days=800)
K = NoticeKind


PAPER = {"request": OPEN, "title": "Survival of rats.", "acknowledgement": ACKNOWLEDGEMENT}


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("survival  of RATS", "https://journal.example/2"),
        ("\uff33urvival of rats", "https://journal.example/2"),
        ("Another title", "10.5555/RATS-2027-Y"),
        ("Another title", "doi:10.5555/rats-2027-y"),
        ("Another title", "https://doi.org/10.5555/rats-2027-y"),
    ],
    ids=["other letters and gaps", "a wide letter", "a DOI in capitals", "a DOI with its name", "behind the resolver"],
)
def test_the_same_publication_is_recorded_once(title: str, link: str) -> None:
    """S69: by its title or by its link, however they are written."""
    world = everything_holds()
    world.do("record-publication", RESEARCHER, **PAPER | {"link": "10.5555/rats-2027-y"})
    again = PAPER | {"title": title, "link": link}
    assert world.refusal("record-publication", RESEARCHER, **again) == "already_exists"


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://journal.example/a#results", True),
        ("https://journal.example/a/", True),
        ("https://journal.example/A", False),
        ("https://journal.example/a?page=2", False),
    ],
    ids=["a part of the page", "a last slash", "another path", "another query"],
)
def test_a_link_is_the_same_where_it_leads_to_the_same(link: str, same: bool) -> None:
    """S69: a page is the same with a slash or a fragment; its path and query count."""
    world = everything_holds()
    world.do("record-publication", RESEARCHER, **PAPER | {"link": "https://journal.example/a"})
    outcome = world.attempt("record-publication", RESEARCHER, **PAPER | {"title": "Another", "link": link})
    assert isinstance(outcome, tuple) is not same

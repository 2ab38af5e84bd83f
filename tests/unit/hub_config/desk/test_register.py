"""The register of approved requests: anybody reads it, searched and paged like every list (S47, E65)."""

import re

import pytest

from access_policy.model.enums import Route
from access_policy.model.ids import RequestId
from access_policy.model.instants import Term
from access_policy.overview import RegisterEntry, approved_requests
from hub_config.desk.pages import register
from tests.unit.hub_config.desk.seed import DESK, NOON, XSS, World

pytestmark = pytest.mark.unit


def rows(page: str) -> list[list[str]]:
    """Return the texts of the table's cells, row by row."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = (re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in body.split("<tr>")[1:])
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


@pytest.mark.parametrize("who", [None, "stranger", "admin"])
def test_anybody_reads_what_was_approved_and_nothing_else(world: World, who: str | None) -> None:
    """S47, E65: permit, title, institution, datasets, term and status; neither a draft nor what waits for the board."""
    with world.policy.reading() as state:
        request = state.requests[RequestId("DR-1")]
        permit, term = request.permits[-1].identifier, request.term
    assert term is not None
    days = f"{term.begins:%Y-%m-%d %H:%M} UTC to {term.ends:%Y-%m-%d %H:%M} UTC"
    page = world.client(who).get("/register").text
    assert rows(page) == [[permit, "Survival after surgery", "Hospital", "clinical", days, "granted"]]
    assert "For the board" not in page
    assert "A draft" not in page


def test_a_permit_that_was_revoked_stays_with_its_status(world: World) -> None:
    """E65, E18."""
    world.do("end-request", "admin", request="DR-1", reason="a secret reason")
    page = world.client().get("/register").text
    assert rows(page)[0][-1] == "revoked"
    assert "a secret reason" not in page


def test_nobody_is_named(world: World) -> None:
    """POL-09: applicants and contacts are not in the register."""
    page = world.client().get("/register").text
    assert "The researcher" not in page
    assert "researcher@hospital.example" not in page


def test_clinical_requests_are_not_in_it(world: World) -> None:
    """S47: they can be about one patient."""
    with world.policy.reading() as state:
        state.requests[RequestId("DR-1")].route = Route.CLINICAL
    assert rows(world.client().get("/register").text) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [("surgery", 1), ("HOSPITAL clinical", 1), ("granted", 1), ("nothing-like-it", 0), (XSS, 0)],
    ids=["title", "institution and dataset", "status", "no such words", "a script"],
)
def test_it_is_searched(world: World, words: str, found: int) -> None:
    """S47: by everything that it shows; where nothing fits it says so."""
    page = world.client().get("/register", params={"q": words}).text
    assert len(rows(page)) == found
    assert ("No approved request fits" in page) is (found == 0)
    assert "<script>alert" not in page


def test_it_is_paged_newest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """S47: twenty a page, with the words kept in the addresses of the pages."""
    with world.policy.reading() as state:
        (one,) = approved_requests(state, NOON)
    many = tuple(_numbered(one, number) for number in range(1, 26))
    monkeypatch.setattr(register, "approved_requests", lambda *_: many)
    first, second = (world.client().get("/register", params={"q": "hospital", "number": n}).text for n in (1, 2))
    assert [row[1] for row in rows(first) + rows(second)] == [f"title {number}" for number in range(25, 0, -1)]
    assert "q=hospital&amp;number=2" in first


def _numbered(entry: RegisterEntry, number: int) -> RegisterEntry:
    term = Term(entry.term.begins, entry.term.ends)
    return RegisterEntry(
        RequestId(f"DR-{number}"), f"title {number}", "", entry.institution, (), term, NOON, f"P{number}", entry.status
    )


def test_an_empty_register_says_so(empty: World) -> None:
    """S47: and is linked below every page."""
    assert "No request is approved yet" in empty.client().get("/register").text
    for path in ("/documents", "/reasons", "/intake"):
        assert f'href="{DESK}/register"' in empty.client().get(path).text

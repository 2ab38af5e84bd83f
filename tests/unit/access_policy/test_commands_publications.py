"""Publications: each with the whole acknowledgement, and a link that can be followed (S69)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.model.enums import RequestStatus
from tests.unit.access_policy.situations import office, reached
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER, STRANGER, everything_holds, kinds

PAPER = {
    "request": OPEN, "title": "Survival", "link": "https://journal.example/1", "acknowledgement": ACKNOWLEDGEMENT,
}  # fmt: skip


def test_the_text_is_the_one_that_is_asked_for() -> None:
    """S69: word for word."""
    assert ACKNOWLEDGEMENT == (
        "This publication and the underlying research are partly facilitated by Hartwig Medical Foundation and the "
        "Center for Personalized Cancer Treatment (CPCT) which have generated, analysed and made available data for "
        "this research."
    )


def test_a_publication_is_recorded_once() -> None:
    """S69: with its acknowledgement as it stands in it."""
    world = everything_holds()
    text = f"Thanks. {ACKNOWLEDGEMENT} And to Cas."
    (event,) = world.do("record-publication", RESEARCHER, **PAPER | {"acknowledgement": text})
    assert event == e.PublicationRecorded(
        request=OPEN, title="Survival", link="https://journal.example/1", acknowledgement=text
    )
    assert world.state.requests[OPEN].publications == ["Survival"]
    assert world.refusal("record-publication", office(world), **PAPER) == "already_exists"


@pytest.mark.parametrize(
    "text",
    [ACKNOWLEDGEMENT.replace(" ", "\n"), ACKNOWLEDGEMENT.replace(" ", " \t "), f"\n{ACKNOWLEDGEMENT}\n"],
    ids=["a line for each word", "wide gaps", "lines around it"],
)
def test_lines_may_be_broken_anywhere(text: str) -> None:
    """S69: the words count, not the white space between them."""
    world = everything_holds()
    arguments = PAPER | {"acknowledgement": text}
    assert kinds(world.do("record-publication", RESEARCHER, **arguments)) == [e.PublicationRecorded]


@pytest.mark.parametrize(
    "text",
    ["Thanks.", ACKNOWLEDGEMENT[:-1], ACKNOWLEDGEMENT.replace("partly ", ""), ACKNOWLEDGEMENT.lower()],
    ids=["another text", "no full stop", "a word less", "small letters"],
)
def test_at_least_the_whole_text_is_there(text: str) -> None:
    """S69: "at least the text": nothing of it is left out or changed."""
    assert everything_holds().refusal("record-publication", RESEARCHER, **PAPER | {"acknowledgement": text}) == (
        "not_complete"
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://journal.example", "https://journal.example:8443/a?b=c#d", "10.1038/s41586-019-1689-y",
        "doi:10.1038/s41586-019-1689-y", "10.1000.10/123", "https://doi.org/10.1038/s41586-019-1689-y",
    ],
)  # fmt: skip
def test_a_link_can_be_followed(link: str) -> None:
    """S69: an https address or a DOI."""
    world = everything_holds()
    assert kinds(world.do("record-publication", RESEARCHER, **PAPER | {"link": link})) == [e.PublicationRecorded]


@pytest.mark.parametrize(
    "link",
    [
        "http://journal.example/1", "ftp://journal.example/1", "javascript:alert(1)", "journal.example/1", "https://",
        "https://journal/1", "https://rosa:secret@journal.example/1", "https://journal.example@evil.example/1",
        "https://journal.example/a b", "https://j\u043eurnal.example/1", "10.1/1", "11.1038/1", "doi: 10.1038/1",
        "https://-journal.example/1", "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/",
        "https://169.254.169.254/", "https://[::1]/", "https://localhost/", "https://10.0.0.0x1/",
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_no_link(link: str) -> None:
    """S69, NET-09: pages show it as a link, so it is one that is safe to follow, and names no machine by its number."""
    code = everything_holds().refusal("record-publication", RESEARCHER, **PAPER | {"link": link})
    assert code == "not_allowed_value"


def test_what_comes_out_after_the_end_is_recorded_too() -> None:
    """S69: the text is owed for good."""
    world = everything_holds()
    world.do("end-request", ADMIN, request=OPEN, reason="over")
    assert kinds(world.do("record-publication", RESEARCHER, **PAPER)) == [e.PublicationRecorded]


def test_nothing_comes_out_of_a_request_without_data() -> None:
    """S69: a publication belongs to a grant that was used; a stranger records none."""
    world, request = reached(RequestStatus.APPROVED)
    arguments: dict[str, Any] = PAPER | {"request": request}
    assert world.refusal("record-publication", RESEARCHER, **arguments) == "wrong_state"
    assert world.refusal("record-publication", STRANGER, **PAPER) == "not_permitted"

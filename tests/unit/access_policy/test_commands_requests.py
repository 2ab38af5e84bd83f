"""The request on the applicant's side: opened, filled in, signed, withdrawn, and what is refused (S3, S12-S18, S27)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.requests import MOST_OPEN_REQUESTS, form_digest
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    INSTALLATION,
    NOBODY,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    World,
    everything_holds,
    kinds,
)

NEXT = RequestId("DR-3")
TITLE = {"title": "Survival", "purpose": "Which treatment helps"}


def _draft() -> World:
    world = everything_holds()
    world.do("open-request", RESEARCHER, **TITLE)
    return world


def test_a_request_is_opened_for_the_applicants_institution() -> None:
    """S12: it has a number, an applicant, and the institution that the applicant works at."""
    world = _draft()
    request = world.state.requests[NEXT]
    assert (request.applicant, request.institution, request.status) == (RESEARCHER, "hospital", RequestStatus.DRAFT)


def test_a_part_of_the_program_opens_no_request() -> None:
    """S12: a request has a person as its applicant."""
    assert everything_holds().refusal("open-request", INSTALLATION, **TITLE) == "not_permitted"


def test_requests_in_progress_are_bounded() -> None:
    """REQ-14: nobody floods the board; what is over makes room, and being others' contact takes none."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    while len(world.state.requests) < MOST_OPEN_REQUESTS:
        world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_allowed_value"
    world.do("open-request", COLLEAGUE, **TITLE)
    world.do("withdraw-request", RESEARCHER, request=request)
    world.do("open-request", RESEARCHER, **TITLE)


@pytest.mark.parametrize("field", ["title", "purpose"])
def test_a_text_of_a_megabyte_is_no_command(field: str) -> None:
    """REQ-14: texts are bounded."""
    with pytest.raises(ValueError, match="open-request"):
        everything_holds().attempt("open-request", RESEARCHER, **TITLE | {field: "x" * 1_000_000})


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["a NUL", "half a character"])
def test_a_broken_text_is_no_command(text: str) -> None:
    """POL-05: what cannot be stored as text never reaches a handler."""
    with pytest.raises(ValueError, match="purpose"):
        everything_holds().attempt("open-request", RESEARCHER, **TITLE | {"purpose": text})


def test_each_dataset_has_its_own_necessity() -> None:
    """S3: a dataset is asked for with why the research needs it, and the grant holds no other."""
    world = _draft()
    world.do("request-dataset", RESEARCHER, request=NEXT, dataset="tumours", necessity="the outcome")
    assert world.state.requests[NEXT].datasets == {"tumours": "the outcome"}
    with pytest.raises(ValueError, match="necessity"):
        world.attempt("request-dataset", RESEARCHER, request=NEXT, dataset="scans")


def test_a_withdrawn_dataset_looks_like_one_that_never_was() -> None:
    """POL-09, REQ-10: the same code, and the same words but for the name."""
    world = _draft()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    answers = [
        str(world.attempt("request-dataset", RESEARCHER, request=NEXT, dataset=name, necessity="x")).replace(name, "?")
        for name in ("tumours", "nothing")
    ]
    assert "not_found" in answers[0]
    assert answers[0] == answers[1]


def test_a_contact_is_named_with_one_form_of_the_address() -> None:
    """S15, S16: the address in the form is kept in the same form as that of an account."""
    world = _draft()
    world.do("name-contact", RESEARCHER, request=NEXT, person=COLLEAGUE, email="Cas@Hospital.Example.")
    assert world.state.requests[NEXT].contacts[COLLEAGUE].email == "cas@hospital.example"


@pytest.mark.parametrize(
    ("who", "email", "code"),
    [
        (STRANGER, "vera@hospital.example", None),
        (STEWARD, "dora@centre.example", "not_found"),
        (NOBODY, "nobody@hospital.example", "not_found"),
        (COLLEAGUE, "cas at hospital", "not_allowed_value"),
    ],
    ids=["a colleague", "somebody of another organisation", "nobody", "no address"],
)
def test_a_contact_works_in_the_applicants_organisation(who: PersonId, email: str, code: str | None) -> None:
    """S33: a contact is a person of the organisation that asks."""
    world = _draft()
    arguments = {"request": NEXT, "person": who, "email": email}
    if code is None:
        assert kinds(world.do("name-contact", RESEARCHER, **arguments)) == [e.ContactNamed]
    else:
        assert world.refusal("name-contact", RESEARCHER, **arguments) == code


@pytest.mark.parametrize("who", [SIGNATORY, ADMIN], ids=["the signatory", "an admin"])
def test_a_contact_is_removed(who: PersonId) -> None:
    """S27: with the contact goes the access."""
    world = everything_holds()
    assert kinds(world.do("remove-contact", who, request=OPEN, person=RESEARCHER)) == [e.ContactRemoved]
    assert world.refusal("remove-contact", who, request=OPEN, person=RESEARCHER) == "not_found"


def test_a_form_is_submitted_when_it_is_complete() -> None:
    """S18: not without a dataset, not without a contact; then with the hash of what was signed."""
    world = _draft()
    assert world.refusal("submit-request", RESEARCHER, request=NEXT) == "not_complete"
    world.do("request-dataset", RESEARCHER, request=NEXT, dataset="tumours", necessity="the outcome")
    assert world.refusal("submit-request", RESEARCHER, request=NEXT) == "not_complete"
    world.do("name-contact", RESEARCHER, request=NEXT, person=RESEARCHER, email="rosa@hospital.example")
    digest = form_digest(world.state.requests[NEXT])
    assert world.do("submit-request", RESEARCHER, request=NEXT) == (e.RequestSubmitted(request=NEXT, digest=digest),)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("request-dataset", {"dataset": "scans", "necessity": "more"}),
        ("name-contact", {"person": COLLEAGUE, "email": "cas@hospital.example"}),
        ("submit-request", {}),
    ],
    ids=["a dataset more", "a contact more", "again"],
)
@pytest.mark.parametrize("status", [one for one in RequestStatus if one is not RequestStatus.DRAFT])
def test_nothing_in_the_form_changes_after_it_was_signed(
    status: RequestStatus, name: str, arguments: dict[str, Any]
) -> None:
    """REQ-04: neither between review and approval nor after it."""
    world = everything_holds()
    request = world.ask(status)
    assert world.refusal(name, RESEARCHER, request=request, **arguments) == "wrong_state"


@pytest.mark.parametrize("status", RequestStatus)
def test_what_is_not_active_yet_can_be_taken_back(status: RequestStatus) -> None:
    """The applicant withdraws a request until the data are made available; what is decided otherwise stays so."""
    world = everything_holds()
    request = world.ask(status)
    over = {RequestStatus.ACTIVE, RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED}
    if status in over:
        assert world.refusal("withdraw-request", RESEARCHER, request=request) == "wrong_state"
    else:
        assert kinds(world.do("withdraw-request", RESEARCHER, request=request)) == [e.RequestWithdrawn]


@pytest.mark.parametrize("name", ["submit-request", "withdraw-request"])
@pytest.mark.parametrize("who", [COLLEAGUE, ADMIN, SIGNATORY], ids=["a contact", "an admin", "the signatory"])
def test_only_the_applicant_speaks_for_the_request(name: str, who: PersonId) -> None:
    """REQ-03, S35: nobody signs or withdraws another's request."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    assert world.refusal(name, who, request=request) == "not_permitted"

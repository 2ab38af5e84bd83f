"""A request of one's own: opened, a contact removed, unchanged once it was signed, taken back (S12, S18, S27)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from tests.unit.access_policy.parties import exclude
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    INSTALLATION,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    description,
    everything_holds,
    kinds,
)

NEXT = RequestId("DR-3")
HOSPITAL = InstitutionName("hospital")
TITLE = {"title": "Survival", "purpose": "Which treatment helps"}
TAKEN_UP = [one for one in RequestStatus if one not in (RequestStatus.INTAKE, RequestStatus.INVITED)]
"""What a request with an applicant can be."""


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


def test_only_a_trusted_institution_opens_requests() -> None:
    """S72, S73, REQ-08: an agreement is in force, and not any more at the instant of its end; the centre needs none."""
    world = everything_holds()
    agreement = world.state.institutions[HOSPITAL].agreement
    assert agreement is not None
    world.at = agreement.ends - TICK
    assert kinds(world.do("open-request", RESEARCHER, **TITLE)) == [e.RequestOpened]
    world.at = agreement.ends
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_permitted"
    assert kinds(world.do("open-request", STEWARD, **TITLE)) == [e.RequestOpened]


def test_where_the_agreement_was_ended_nobody_opens_a_request() -> None:
    """S72: at once; the text says what is left to do."""
    world = everything_holds()
    world.do("end-agreement", ADMIN, institution="hospital")
    outcome = world.attempt("open-request", RESEARCHER, **TITLE)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, "intake" in outcome.text) == ("not_permitted", True)


def test_an_excluded_organisation_opens_no_request() -> None:
    """E59, REQ-08: new requests are refused too, until the very instant at which the exclusion ends."""
    world = everything_holds()
    until = exclude(world, HOSPITAL)
    world.at = until - TICK
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_permitted"
    world.at = until
    assert kinds(world.do("open-request", RESEARCHER, **TITLE)) == [e.RequestOpened]


def test_who_left_their_institution_opens_no_request() -> None:
    """S12, S73: a request is for the institution that its applicant works at."""
    world = everything_holds()
    world.append([(person(ADMIN), e.PersonLeft(person=RESEARCHER))])
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_permitted"


def test_requests_in_progress_are_bounded() -> None:
    """REQ-14: fifty, so that nobody floods the board; what is over a month makes room, others' requests take none."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    while len(world.state.requests) < 50:
        world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_allowed_value"
    world.do("open-request", COLLEAGUE, **TITLE)
    withdrawn = world.at
    world.do("withdraw-request", RESEARCHER, request=request)
    world.at = withdrawn + 30 * DAY - TICK
    assert world.refusal("open-request", RESEARCHER, **TITLE) == "not_allowed_value"
    world.at = withdrawn + 30 * DAY
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


@pytest.mark.parametrize("who", [SIGNATORY, ADMIN], ids=["the signatory", "an admin"])
def test_a_contact_is_removed(who: PersonId) -> None:
    """S27: with the contact goes the access."""
    world = everything_holds()
    assert kinds(world.do("remove-contact", who, request=OPEN, person=RESEARCHER)) == [e.ContactRemoved]
    assert world.refusal("remove-contact", who, request=OPEN, person=RESEARCHER) == "not_found"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("request-dataset", {"dataset": "scans", "necessity": "more"}),
        ("name-contact", {"person": COLLEAGUE, "email": "cas@hospital.example"}),
        ("describe-request", description()),
        ("drop-dataset", {"dataset": "tumours"}),
        ("name-entity", {"institution": "centre"}),
        ("confirm-protection", {"institution": "hospital", "confirmations": "no-onward-transfer"}),
        ("submit-request", {}),
    ],
    ids=["a dataset more", "a contact more", "described anew", "a dataset less", "an organisation more",
         "confirmed anew", "again"],
)  # fmt: skip
@pytest.mark.parametrize("status", [one for one in TAKEN_UP if one is not RequestStatus.DRAFT])
def test_nothing_in_the_form_changes_after_it_was_signed(
    status: RequestStatus, name: str, arguments: dict[str, Any]
) -> None:
    """REQ-04: neither between review and approval nor after it."""
    world = everything_holds()
    request = world.ask(status)
    assert world.refusal(name, RESEARCHER, request=request, **arguments) == "wrong_state"


@pytest.mark.parametrize("status", TAKEN_UP)
def test_what_is_not_active_yet_can_be_taken_back(status: RequestStatus) -> None:
    """The applicant withdraws a request until the data are made available; what is decided otherwise stays so."""
    world = everything_holds()
    request = world.ask(status)
    over = {RequestStatus.ACTIVE, RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED}
    if status in over:
        assert world.refusal("withdraw-request", RESEARCHER, request=request) == "wrong_state"
    else:
        assert kinds(world.do("withdraw-request", RESEARCHER, request=request)) == [e.RequestWithdrawn]


@pytest.mark.parametrize("name", ["describe-request", "submit-request", "withdraw-request"])
@pytest.mark.parametrize("who", [COLLEAGUE, ADMIN, SIGNATORY], ids=["a contact", "an admin", "the signatory"])
def test_only_the_applicant_speaks_for_the_request(name: str, who: PersonId) -> None:
    """REQ-03, S35: nobody signs or withdraws another's request."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    arguments = description() if name == "describe-request" else {}
    assert world.refusal(name, who, request=request, **arguments) == "not_permitted"

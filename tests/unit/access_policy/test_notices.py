"""Who is told what when something happened to a request."""

from datetime import UTC, datetime
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Capacity, InvestigatorPlace, Route
from access_policy.model.ids import PersonId
from access_policy.notices import Notice, NoticeKind, notices_from
from tests.unit.access_policy.happenings import (
    ASKED,
    HOSPITAL,
    INVITATION,
    NEW,
    approval,
    happens,
    intake,
    submitted,
)
from tests.unit.access_policy.telling import EVERYBODY, LICENSEE, three_parts, told
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    everything_holds,
)

K = NoticeKind
LATER = datetime(2028, 1, 1, tzinfo=UTC)
REASON = (("reason", "because"),)
WHY: dict[str, Any] = {"request": OPEN, "reason": "because"}
AMENDED = (("amendment", "1"), *REASON)


@pytest.mark.parametrize(
    ("event", "kind", "people", "values"),
    [
        (e.RequestReturned(**WHY), K.REQUEST_RETURNED, {RESEARCHER}, REASON),
        (e.DecisionDeferred(**WHY), K.DECISION_DEFERRED, {RESEARCHER}, REASON),
        (e.RequestRefused(**WHY), K.REQUEST_REFUSED, LICENSEE, REASON),
        (e.RequestSuspended(**WHY), K.REQUEST_SUSPENDED, EVERYBODY, REASON),
        (e.RequestReinstated(**WHY), K.REQUEST_REINSTATED, EVERYBODY, REASON),
        (e.RequestEnded(**WHY), K.REQUEST_ENDED, EVERYBODY, REASON),
        (e.RequestMadeAvailable(request=OPEN), K.REQUEST_MADE_AVAILABLE, {COLLEAGUE}, ()),
        (e.AmendmentRefused(amendment=1, **WHY), K.AMENDMENT_REFUSED, LICENSEE, AMENDED),
        (e.ExtensionRefused(**WHY), K.EXTENSION_REFUSED, LICENSEE, REASON),
        (
            e.ExtensionGranted(ends=LATER, **WHY),
            K.EXTENSION_GRANTED,
            LICENSEE,
            (("ends", "2028-01-01T00:00:00Z"), *REASON),
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, NoticeKind) else "",
)
def test_who_is_told_about_a_request(
    event: e.FactEvent, kind: NoticeKind, people: set[PersonId], values: tuple[tuple[str, str], ...]
) -> None:
    """S45, S52, E7, E8, E19, E58: each outcome, with its reasons; an extension both ways to the licensee."""
    world = three_parts()
    at = world.at
    found = told(world, event, REPRESENTATIVE)
    assert {one.to for one in found} == people
    assert len(found) == len(people)
    assert {(one.kind, one.about, one.at, one.values) for one in found} == {(kind, OPEN, at, values)}
    assert len({one.key for one in found}) == len(found)


def test_an_approval_is_told_to_everybody_who_has_a_part() -> None:
    """S22, S23: those who sign next, and those who will have the data; each once, whatever their parts."""
    world, _ = submitted()
    happens(world, e.ContactNamed(request=NEW, person=RESEARCHER, email="rosa@hospital.example"))
    happens(world, e.ContactNamed(request=NEW, person=COLLEAGUE, email="cas@hospital.example"))
    found = told(world, approval(world), BOARD_MEMBER)
    assert [one.to for one in found] == [RESEARCHER, SIGNATORY, COLLEAGUE]
    assert {one.kind for one in found} == {K.REQUEST_APPROVED}


def test_an_approved_amendment_is_told_to_the_licensee() -> None:
    """E19: with the number of the amendment."""
    world = three_parts()
    happens(world, e.AmendmentProposed(request=OPEN, amendment=1, datasets=(), contacts=(), reason="help"))
    found = told(world, e.AmendmentApproved(amendment=1, **WHY), BOARD_MEMBER)
    assert {one.to for one in found} == LICENSEE
    assert {(one.kind, one.values) for one in found} == {(K.AMENDMENT_APPROVED, AMENDED)}


def test_the_second_approval_of_a_clinical_request_is_the_approval() -> None:
    """S49, S50: after the first one nobody is told anything."""
    world, _ = submitted(route=Route.CLINICAL)
    counts = []
    for place in InvestigatorPlace:
        event = e.InvestigatorApproved(request=NEW, place=place, person=ASSESSOR, begins=world.at, ends=LATER)
        counts.append([one.kind for one in told(world, event, ASSESSOR)])
    assert counts == [[], [K.REQUEST_APPROVED, K.REQUEST_APPROVED]]


def test_who_asks_for_a_contact_gets_a_receipt() -> None:
    """S37: the signatory who asked, and no one else."""
    world = everything_holds()
    asked = e.ContactAsked(request=OPEN, person=COLLEAGUE, name="Cas", position="nurse", email="cas@hospital.example")
    (receipt,) = told(world, asked, SIGNATORY)
    assert receipt == Notice(
        f"contact_received:DR-1:{SIGNATORY}:{world.state.seq}", K.CONTACT_RECEIVED, SIGNATORY, OPEN,
        world.facts[-1].at, (("person", COLLEAGUE),),
    )  # fmt: skip


def test_who_asks_for_an_extension_gets_a_receipt() -> None:
    """S37, S40: and the answer goes to the licensee (S44)."""
    world = three_parts()
    assert [(one.kind, one.to) for one in told(world, ASKED, SIGNATORY)] == [(K.EXTENSION_RECEIVED, SIGNATORY)]
    answer = told(world, e.ExtensionAnswered(request=OPEN))
    assert {one.kind for one in answer} == {K.EXTENSION_ANSWERED}
    assert {one.to for one in answer} == LICENSEE


@pytest.mark.parametrize(
    ("email", "to"),
    [("cas@hospital.example", COLLEAGUE), ("new@hospital.example", "new@hospital.example"), ("[erased]", None)],
    ids=["with an account", "without one", "erased"],
)
def test_the_main_applicant_of_a_renewal_is_told_how_to_submit_it(email: str, to: str | None) -> None:
    """S43, S44: as the person, or at the address of the intake; no key holds an address."""
    world = everything_holds()
    happens(world, e.ExtensionAsked(request=OPEN, name="Cas", surname="Berg", email=email), by=SIGNATORY)
    answer = told(world, e.ExtensionAnswered(request=OPEN))
    assert {one.to for one in answer} - LICENSEE == ({to} if to else set())
    assert len({one.key for one in answer}) == len(answer)
    assert not any("@" in one.key for one in answer)


def test_an_invitation_goes_to_its_address() -> None:
    """S13, REQ-13: with what the page needs to find it, and nothing that would open anything."""
    world = everything_holds()
    intake(world)
    (invited,) = told(world, INVITATION)
    assert (invited.kind, invited.to, invited.about) == (K.INVITED, "nel@hospital.example", NEW)
    assert dict(invited.values) == {"invitation": "1", "capacity": Capacity.APPLICANT, "institution": HOSPITAL}
    assert "@" not in invited.key


def test_an_erased_address_is_told_nothing() -> None:
    """E50: where the log holds an address no more, nobody can be invited at it."""
    world = everything_holds()
    intake(world)
    erased = e.InvitationSent(
        invitation=1, request=NEW, capacity=Capacity.APPLICANT, email="[erased]", institution=HOSPITAL
    )
    assert told(world, erased) == ()


def test_two_invitations_are_two_notices() -> None:
    """S13: to the same request and the same address, if need be."""
    world = everything_holds()
    intake(world)
    assert told(world, INVITATION)[0].key != told(world, INVITATION)[0].key


def test_who_left_their_institution_is_told_nothing() -> None:
    """S73: the address is theirs no more."""
    world = three_parts()
    happens(world, e.PersonLeft(person=COLLEAGUE))
    assert {one.to for one in told(world, e.RequestSuspended(**WHY))} == LICENSEE


def test_what_concerns_nobody_is_told_to_nobody() -> None:
    """S37: a fact without a notice of its own gives none."""
    world = everything_holds()
    assert told(world, e.PersonEnabled(person=RESEARCHER)) == ()
    assert told(world, e.RequestWithdrawn(request=OPEN)) == ()


def test_the_same_fact_gives_the_same_keys_and_another_fact_gives_others() -> None:
    """S37: so that whoever sends can tell what went out already."""
    world = everything_holds()
    first = told(world, e.RequestSuspended(**WHY))
    assert notices_from(world.state, world.facts[-1]) == first
    happens(world, e.RequestReinstated(**WHY))
    again = told(world, e.RequestSuspended(**WHY))
    assert not {one.key for one in first} & {one.key for one in again}

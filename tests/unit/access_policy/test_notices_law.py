"""Who is told of what concerns many: law, texts, consent, training, and who signs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import DocumentKind, LicenceReading, Role, Route
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, PersonId
from access_policy.notices import NoticeKind
from tests.unit.access_policy.happenings import (
    HOSPITAL,
    NEW,
    OVERSEAS,
    adequacy_ended,
    happens,
    joins,
    settings_adopted,
    signs_for,
    submitted,
)
from tests.unit.access_policy.telling import three_parts, to_whom, told
from tests.unit.access_policy.world import (
    COLLEAGUE,
    DAY,
    DIGEST,
    INSTALLATION,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    STRANGER,
    World,
    everything_holds,
)

K = NoticeKind
LATER = datetime(2028, 1, 1, tzinfo=UTC)
REASON = (("reason", "because"),)
WHY: dict[str, Any] = {"request": OPEN, "reason": "because"}


def test_the_end_of_an_adequacy_decision_is_told_to_those_it_concerns() -> None:
    """S67: signatories of every organisation and applicant of each live request with one in that country."""
    world = everything_holds()
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    found = told(world, adequacy_ended(world, ends=LATER))
    assert to_whom(found) == sorted((one, OPEN) for one in (RESEARCHER, SIGNATORY, STRANGER))
    assert {one.kind for one in found} == {K.ADEQUACY_ENDED}
    assert dict(found[0].values) == {
        "country": "KR", "scope": "full", "ends": "2028-01-01T00:00:00Z", "act": "a judgment",
    }  # fmt: skip


def _over(world: World) -> None:
    world.wait(400 * DAY)


def _ended(world: World) -> None:
    happens(world, e.RequestEnded(request=OPEN, reason="done"))
    happens(world, e.RequestEnded(request=RESTRICTED, reason="done"))


@pytest.mark.parametrize("end", [_over, _ended], ids=["by its term", "by the centre"])
@pytest.mark.parametrize("what", ["adequacy", "text", "licence", "consent"])
def test_only_live_requests_are_told_of_what_concerns_live_ones(what: str, end: Callable[[World], None]) -> None:
    """S67, S79, S25, S82: a request whose term is over, or that was ended, is not concerned."""
    world = everything_holds()
    joins(world)
    end(world)
    event = {
        "adequacy": adequacy_ended(world),
        "text": published(DocumentKind.CODE_OF_CONDUCT),
        "licence": published(DocumentKind.LICENCE_EEA),
        "consent": e.ConsentWithdrawn(dataset=DatasetName("tumours"), subject=DIGEST),
    }[what]
    assert told(world, event) == ()


def test_another_country_is_not_concerned() -> None:
    """S67: nor is a request of parties within the EEA."""
    world = everything_holds()
    joins(world)
    assert told(world, adequacy_ended(world, country="JP")) == ()


def published(document: DocumentKind, binding: bool = True, language: str = "en") -> e.DocumentPublished:
    """Return the second version of a text."""
    return e.DocumentPublished(
        document=document, version="2", language=language, title="Title", digest=DIGEST, binding=binding
    )


@pytest.mark.parametrize("document", [DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION])
def test_a_new_binding_text_is_told_to_everybody_with_a_live_grant(document: DocumentKind) -> None:
    """S79, S84, REQ-09: once to each contact, of however many requests; the applicant alone accepts nothing."""
    world = three_parts()
    found = told(world, published(document))
    assert to_whom(found) == [(RESEARCHER, document), (COLLEAGUE, document)]
    assert {(one.kind, dict(one.values)["version"]) for one in found} == {(K.DOCUMENT_PUBLISHED, "2")}


def test_a_text_is_told_once_for_all_its_languages() -> None:
    """S29: a translation of the version that is in force already says nothing new."""
    world = everything_holds()
    assert len(told(world, published(DocumentKind.CODE_OF_CONDUCT))) == 1
    assert told(world, published(DocumentKind.CODE_OF_CONDUCT, language="nl")) == ()


@pytest.mark.parametrize(
    "event",
    [
        published(DocumentKind.CODE_OF_CONDUCT, binding=False),
        published(DocumentKind.LICENCE_EEA, binding=False),
        published(DocumentKind.FAQ),
    ],
    ids=["a mended text", "a mended licence", "questions and answers"],
)
def test_what_binds_nobody_anew_is_told_to_nobody(event: e.DocumentPublished) -> None:
    """S29, REQ-09: wording that was mended, and texts that nobody is bound by."""
    assert told(everything_holds(), event) == ()


def test_a_new_licence_is_told_to_the_three_parties() -> None:
    """S23, S25, REQ-09: of each live request that it binds: applicant, signatory and representative sign anew."""
    world = everything_holds()
    found = told(world, published(DocumentKind.LICENCE_EEA))
    parties = (RESEARCHER, SIGNATORY, REPRESENTATIVE)
    assert to_whom(found) == sorted((party, request) for party in parties for request in (OPEN, RESTRICTED))
    assert {one.kind for one in found} == {K.LICENCE_PUBLISHED}


def test_a_licence_concerns_the_organisations_that_it_binds() -> None:
    """S62, S63, S68: the other licence concerns the other organisation's signatory only, and on its request."""
    world = everything_holds()
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    assert told(world, published(DocumentKind.LICENCE_NON_EEA)) == ()
    happens(world, settings_adopted(licence_for_adequate=LicenceReading.NON_EEA), by=INSTALLATION)
    third = e.DocumentPublished(
        document=DocumentKind.LICENCE_NON_EEA, version="3", language="en", title="T", digest=DIGEST, binding=True
    )
    assert to_whom(told(world, third)) == sorted((one, OPEN) for one in (RESEARCHER, STRANGER, REPRESENTATIVE))


def test_the_clinical_route_has_no_licence_to_hear_of() -> None:
    """S54."""
    world = everything_holds()
    for request in world.state.requests.values():
        request.route = Route.CLINICAL
    assert told(world, published(DocumentKind.LICENCE_EEA)) == ()


def test_a_withdrawn_consent_is_told_to_those_who_have_the_data() -> None:
    """S82: the contacts of the requests that it was granted to; whose consent it was is not said."""
    world = three_parts()
    found = told(world, e.ConsentWithdrawn(dataset=DatasetName("expressions"), subject=DIGEST))
    assert to_whom(found) == [(COLLEAGUE, OPEN)]
    assert found[0].values == (("dataset", "expressions"),)
    assert [one.about for one in told(world, e.ConsentWithdrawn(dataset=DatasetName("scans"), subject=DIGEST))] == [
        RESTRICTED
    ]


def test_a_revoked_certification_is_told_to_the_person() -> None:
    """S74."""
    world = everything_holds()
    event = e.CertificationRevoked(person=RESEARCHER, course=CourseName("privacy"), reason="because")
    (found,) = told(world, event)
    assert (found.kind, found.to, found.about, found.values) == (K.CERTIFICATION_REVOKED, RESEARCHER, "privacy", REASON)


@pytest.mark.parametrize(
    "event",
    [
        e.PersonLeft(person=SIGNATORY),
        e.PersonMoved(person=SIGNATORY, institution=InstitutionName("centre"), email="sara@centre.example"),
        e.PersonDisabled(person=SIGNATORY, reason="a question"),
        e.RoleEnded(person=SIGNATORY, role=Role.SIGNATORY),
    ],
    ids=["left", "moved", "stopped", "role ended"],
)
def test_applicants_hear_that_nobody_signs_for_them_any_more(event: e.FactEvent) -> None:
    """S31, S34: of each request that is in progress or live, unless somebody else signs."""
    world, _ = submitted()
    happens(world, e.RequestEnded(request=RESTRICTED, reason="done"))
    other = world.copy()
    found = tuple(one for one in told(world, event) if one.kind is not K.PERSON_DISABLED)
    assert to_whom(found) == [(RESEARCHER, OPEN), (RESEARCHER, NEW)]
    assert {(one.kind, one.values) for one in found} == {(K.NO_SIGNATORY, (("institution", HOSPITAL),))}
    signs_for(other, STRANGER, HOSPITAL)
    assert [one for one in told(other, event) if one.kind is not K.PERSON_DISABLED] == []


@pytest.mark.parametrize(
    "event",
    [
        e.PersonLeft(person=COLLEAGUE),
        e.RoleEnded(person=REPRESENTATIVE, role=Role.REPRESENTATIVE),
        e.PersonLeft(person=PersonId("P-11")),
    ],
    ids=["a colleague", "a representative", "a former signatory"],
)
def test_nobody_hears_of_who_did_not_sign(event: e.FactEvent) -> None:
    """S34: the departure of somebody else, also of one whose time as signatory was over long before."""
    world = everything_holds()
    signs_for(world, STRANGER, HOSPITAL, world.at + DAY)
    happens(world.wait(2 * DAY), e.RoleEnded(person=SIGNATORY, role=Role.SIGNATORY))
    assert told(world, event) == ()

"""The licence: three parties for each organisation, three people, the version that binds (S23-S26, S62-S64, S68)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import DocumentKind, Party, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from tests.unit.access_policy.situations import ABROAD, Clinical, ask_with_abroad, basis, office, reached
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DIGEST,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    World,
    appoint,
    approval,
    everything_holds,
    find,
    kinds,
    publish,
    sign,
)

PARTIES = ("researcher", "licensee", "representative")


def test_a_signature_says_what_was_signed() -> None:
    """S23, S25: for whom, by whom, which licence, in which version, and the hash of its text."""
    world, request = reached(RequestStatus.APPROVED)
    (event,) = world.do("sign-licence", SIGNATORY, request=request, party="licensee")
    assert event == e.LicenceSigned(
        request=request, institution=InstitutionName("hospital"), party=Party.LICENSEE, person=SIGNATORY,
        licence=DocumentKind.LICENCE_EEA, version="1", digest=DIGEST,
    )  # fmt: skip


def test_three_people_sign_and_only_then_the_data_follow() -> None:
    """S23, S26: with two of three signatures nothing is mounted and nothing can be made available."""
    world, request = reached(RequestStatus.APPROVED)
    for party in ("representative", "researcher"):
        sign(world, request, party)
        assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
        assert world.decide(world.query(request=request)).datasets == ()
    sign(world, request, "licensee")
    assert world.state.requests[request].status is RequestStatus.LICENSED
    assert world.decide(world.query(request=request)).datasets == ()


def test_one_person_signs_for_one_party() -> None:
    """S23: three distinct people; who is applicant and signatory at once signs one of the three."""
    world, request = reached(RequestStatus.APPROVED)
    appoint(world, RESEARCHER, "signatory", "hospital")
    world.do("sign-licence", RESEARCHER, request=request, party="licensee")
    assert world.refusal("sign-licence", RESEARCHER, request=request, party="researcher") == "four_eyes"


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize(
    "who", [RESEARCHER, SIGNATORY, REPRESENTATIVE], ids=["applicant", "signatory", "representative"]
)
def test_each_party_is_signed_for_by_who_stands_for_it(who: PersonId, party: Party) -> None:
    """S23: the researcher, the licensee's signatory and the centre's representative, each for their own party."""
    world, request = reached(RequestStatus.APPROVED)
    own = {RESEARCHER: Party.RESEARCHER, SIGNATORY: Party.LICENSEE, REPRESENTATIVE: Party.REPRESENTATIVE}[who]
    if party is own:
        assert kinds(world.do("sign-licence", who, request=request, party=party)) == [e.LicenceSigned]
        assert world.refusal("sign-licence", who, request=request, party=party) == "already_exists"
    else:
        assert world.refusal("sign-licence", who, request=request, party=party) == "not_permitted"


def test_the_signatory_of_another_institution_signs_nothing() -> None:
    """S34: a signatory signs for an organisation of the request only."""
    world, request = reached(RequestStatus.APPROVED)
    appoint(world, STEWARD, "signatory", "centre")
    assert world.refusal("sign-licence", STEWARD, request=request, party="licensee") == "not_permitted"


def test_an_applicant_who_is_no_contact_signs_and_gets_nothing() -> None:
    """S28: being the main applicant opens no data."""
    world = everything_holds()
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    assert "researcher" in world.state.requests[request].entities[InstitutionName("hospital")].signatures
    assert "not_a_contact" in world.decide(world.query(request=request)).codes


def test_a_clinical_request_has_no_licence() -> None:
    """S54: there is nothing to sign on the clinical route."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    code = clinical.world.refusal("sign-licence", RESEARCHER, request=clinical.request, party="researcher")
    assert code == "wrong_state"


def test_after_a_binding_version_all_sign_again() -> None:
    """REQ-09, S25: access stops until the three parties have signed the new text, also while the grant is active."""
    world = everything_holds()
    assert world.decide().allowed
    publish(world, "licence-eea", "2")
    assert world.decide().codes == ("licence_superseded",)
    for party in PARTIES:
        assert not world.decide().allowed
        sign(world, OPEN, party)
    assert world.decide().allowed
    signatures = world.state.requests[OPEN].entities[InstitutionName("hospital")].signatures
    assert {one.version for one in signatures.values()} == {"2"}
    assert world.refusal("sign-licence", SIGNATORY, request=OPEN, party="licensee") == "already_exists"


def test_after_a_binding_version_a_person_may_sign_for_another_party_than_before() -> None:
    """S23, REQ-09: old signatures bind nobody; three distinct people are asked for among the new ones."""
    world = everything_holds()
    appoint(world, SIGNATORY, "representative")
    publish(world, "licence-eea", "2")
    world.do("sign-licence", SIGNATORY, request=OPEN, party="representative")
    assert world.refusal("sign-licence", SIGNATORY, request=OPEN, party="licensee") == "four_eyes"


def test_a_mended_wording_is_not_signed_again() -> None:
    """S25: a version that binds nobody anew asks for no signature, and stops nothing."""
    world = everything_holds()
    publish(world, "licence-eea", "2", binding=False)
    assert world.decide().allowed
    assert world.refusal("sign-licence", SIGNATORY, request=OPEN, party="licensee") == "already_exists"


def test_signatures_of_two_versions_make_nothing_available() -> None:
    """S26, S100, REQ-09: the third party signed the new text, the two others an old one."""
    world, request = reached(RequestStatus.APPROVED)
    sign(world, request, "researcher", "licensee")
    publish(world, "licence-eea", "2")
    sign(world, request, "representative")
    assert world.refusal("make-available", STEWARD, request=request) == "not_complete"
    sign(world, request, "researcher", "licensee")
    assert kinds(world.do("make-available", STEWARD, request=request)) == [e.RequestMadeAvailable]


def _with_abroad(**ground: Any) -> tuple[World, RequestId, PersonId]:
    world = everything_holds()
    request = ask_with_abroad(world, RequestStatus.ASSESSED)
    world.do("record-transfer-basis", office(world), **basis(world, request, **ground))
    find(world, request)
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request))
    world.do("register-person", ADMIN, name="Mia", email="mia@mercy.example", institution=ABROAD)
    signatory = world.state.emails["mia@mercy.example"]
    appoint(world, signatory, "signatory", ABROAD)
    world.let_sign(signatory)
    return world, request, signatory


ADEQUATE = {"basis": "adequacy", "scope": "data-privacy-framework", "clauses": None, "concluded": None}


@pytest.mark.parametrize(
    ("ground", "licence"),
    [({}, DocumentKind.LICENCE_NON_EEA), (ADEQUATE, DocumentKind.LICENCE_EEA)],
    ids=["S63 without a decision", "S64 with one"],
)
def test_each_organisation_signs_the_licence_of_its_country(ground: dict[str, Any], licence: DocumentKind) -> None:
    """S24, S62-S64, S68: each legal entity for itself; the request is licensed when all of them have signed."""
    world, request, signatory = _with_abroad(**ground)
    sign(world, request, *PARTIES)
    assert world.state.requests[request].status is RequestStatus.APPROVED
    for who, party in ((RESEARCHER, "researcher"), (signatory, "licensee"), (REPRESENTATIVE, "representative")):
        (event,) = world.do("sign-licence", who, request=request, party=party, institution=ABROAD)
        assert isinstance(event, e.LicenceSigned)
        assert (event.institution, event.licence) == (ABROAD, licence)
    assert world.state.requests[request].status is RequestStatus.LICENSED


def test_when_another_licence_binds_all_sign_that_one() -> None:
    """S24, S63, S67: the decision on adequacy ended; what was signed before counts for the other licence only."""
    world, request, signatory = _with_abroad(**ADEQUATE)
    world.do("sign-licence", signatory, request=request, party="licensee", institution=ABROAD)
    scope = AdequacyScope.DATA_PRIVACY_FRAMEWORK
    world.append([(person(ADMIN), e.AdequacyEnded(country="US", scope=scope, ends=world.at, act="a judgment"))])
    arguments = {"request": request, "party": "licensee", "institution": ABROAD}
    (event,) = world.do("sign-licence", signatory, **arguments)
    assert isinstance(event, e.LicenceSigned)
    assert event.licence is DocumentKind.LICENCE_NON_EEA


def test_a_signature_at_the_very_instant_of_a_version_is_on_it() -> None:
    """REQ-08, REQ-09: half-open; the version binds from its instant on."""
    world, request = reached(RequestStatus.APPROVED)
    publish(world, "licence-eea", "2")
    world.at -= MINUTE
    sign(world, request, "licensee")
    assert world.refusal("sign-licence", SIGNATORY, request=request, party="licensee") == "already_exists"


def test_a_signatory_signs_for_their_own_organisation_only() -> None:
    """S34, S68: the hospital's signatory does not sign for another party of the same request."""
    world, request, _ = _with_abroad()
    arguments = {"request": request, "party": "licensee", "institution": ABROAD}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "not_permitted"


def test_an_organisation_that_takes_no_part_signs_nothing() -> None:
    """S68: the organisation is one of the request's."""
    world, request = reached(RequestStatus.APPROVED)
    arguments = {"request": request, "party": "representative", "institution": "centre"}
    assert world.refusal("sign-licence", REPRESENTATIVE, **arguments) == "not_found"


def test_without_a_published_text_nothing_is_signed() -> None:
    """S24, S25: what nobody can read nobody signs."""
    world, request = reached(RequestStatus.APPROVED)
    del world.state.documents[DocumentKind.LICENCE_EEA]
    assert world.refusal("sign-licence", SIGNATORY, request=request, party="licensee") == "wrong_state"

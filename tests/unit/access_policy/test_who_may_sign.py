"""Who signs, under which text, and who has no part in a request: signatories, applicants, auditors, ties."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.sizes import MOST_CONTACTS, MOST_DATASETS
from access_policy.model.enums import DocumentKind, Party, RequestStatus, Role
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, PersonId, RequestId
from access_policy.state import Contact
from tests.unit.access_policy.situations import ask_under_ehds, office, reached
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    HUB,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STRANGER,
    TICK,
    TRAINER,
    World,
    appoint,
    approval,
    everything_holds,
    find,
    kinds,
    name_investigator,
    publish,
    sign,
    study,
)

HOSPITAL = InstitutionName("hospital")
ENGLISH, DUTCH = "1" * 64, "2" * 64
SIGNERS = {"researcher": RESEARCHER, "licensee": SIGNATORY, "representative": REPRESENTATIVE}


def _approved_in_two_languages() -> tuple[World, RequestId]:
    world, request = reached(RequestStatus.APPROVED)
    publish(world, "licence-eea", "2", digest=ENGLISH)
    publish(world, "licence-eea", "2", language="nl", digest=DUTCH)
    return world, request


def _sign(world: World, request: RequestId, party: str, **read: Any) -> e.LicenceSigned:
    (signed,) = world.do("sign-licence", SIGNERS[party], request=request, party=party, **read)
    assert isinstance(signed, e.LicenceSigned)
    return signed


@pytest.mark.parametrize(("language", "digest"), [("en", ENGLISH), ("nl", DUTCH)])
def test_the_hash_is_that_of_the_language_that_was_read(language: str, digest: str) -> None:
    """S25, REQ-04: who reads the Dutch text signs the Dutch text, and the signature keeps its hash."""
    world, request = _approved_in_two_languages()
    assert _sign(world, request, "licensee", version="2", language=language).digest == digest
    signature = world.state.requests[request].entities[HOSPITAL].signatures[Party.LICENSEE]
    assert (signature.version, signature.digest) == ("2", digest)


def test_a_language_that_is_not_published_is_not_signed() -> None:
    """S25: what nobody published nobody signs."""
    world, request = _approved_in_two_languages()
    arguments = {"request": request, "party": "licensee", "language": "fr"}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "not_found"


def test_the_first_signature_fixes_the_language() -> None:
    """S23, S25: the three parties sign one text; the next is told which, and without a choice signs that one."""
    world, request = _approved_in_two_languages()
    _sign(world, request, "researcher", language="nl")
    arguments = {"request": request, "party": "licensee", "version": "2", "language": "en"}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "changed_meanwhile"
    assert _sign(world, request, "licensee", version="2", language="nl").digest == DUTCH
    assert _sign(world, request, "representative").digest == DUTCH
    assert world.state.requests[request].status is RequestStatus.LICENSED


def test_the_first_signature_fixes_the_version() -> None:
    """S23, S25: a mended wording that binds nobody anew splits no licence; the text to sign stays that of the first."""
    world, request = reached(RequestStatus.APPROVED)
    first = _sign(world, request, "researcher", version="1")
    publish(world, "licence-eea", "2", digest=ENGLISH, binding=False)
    arguments = {"request": request, "party": "licensee", "version": "2"}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "changed_meanwhile"
    for party in ("licensee", "representative"):
        signed = _sign(world, request, party, version="1")
        assert (signed.version, signed.digest) == (first.version, first.digest)


def test_a_binding_version_frees_the_next_signature() -> None:
    """S25, REQ-09: what was signed before binds nobody, so the first one under the new text fixes that one."""
    world, request = reached(RequestStatus.APPROVED)
    _sign(world, request, "researcher")
    publish(world, "licence-eea", "2", digest=ENGLISH)
    arguments = {"request": request, "party": "licensee", "version": "1"}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "changed_meanwhile"
    assert _sign(world, request, "licensee", version="2").digest == ENGLISH
    assert _sign(world, request, "researcher", version="2").digest == ENGLISH


def test_a_signature_under_another_text_than_the_first_is_given_again() -> None:
    """S23, S25: an old log may hold two texts; the later signature counts only together with the first one's text."""
    world, request = _approved_in_two_languages()
    first = _sign(world, request, "researcher", language="nl")
    other = e.LicenceSigned(
        request=request, institution=HOSPITAL, party=Party.LICENSEE, person=SIGNATORY, licence=first.licence,
        version="2", digest=ENGLISH,
    )  # fmt: skip
    world.append([(person(SIGNATORY), other)])
    assert _sign(world, request, "licensee").digest == DUTCH


@pytest.mark.parametrize(
    ("change", "code"),
    [("withdrawn", "not_complete"), ("over", "not_complete"), ("a tick left", None)],
    ids=["withdrawn", "at its end", "a tick before its end"],
)
def test_who_signs_is_verified_now(change: str, code: str | None) -> None:
    """S23, S73, S76: beside the factor it takes a verification in force, up to its last microsecond."""
    world, request = reached(RequestStatus.APPROVED)
    verification = world.state.people[SIGNATORY].verification
    assert verification is not None
    if change == "withdrawn":
        world.do("withdraw-verification", ADMIN, person=SIGNATORY, reason="another's passport")
    else:
        world.at = verification.until - (TICK if code is None else 0 * TICK)
    arguments = {"request": request, "party": "licensee"}
    if code is None:
        assert kinds(world.do("sign-licence", SIGNATORY, **arguments)) == [e.LicenceSigned]
    else:
        assert world.refusal("sign-licence", SIGNATORY, **arguments) == code


def test_who_sends_the_form_has_a_second_factor_and_needs_no_verification() -> None:
    """S18, S76: the form is signed, so the factor is confirmed; an applicant who gets no data need not be verified."""
    world, request = reached(RequestStatus.DRAFT)
    world.agree("reset-factors", person=RESEARCHER)
    assert world.refusal("submit-request", RESEARCHER, request=request) == "not_complete"
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="again", kind="totp")
    assert world.refusal("submit-request", RESEARCHER, request=request) == "not_complete"
    world.do("confirm-factor", ADMIN, person=RESEARCHER, factor="again")
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="a copy of a passport")
    assert kinds(world.do("submit-request", RESEARCHER, request=request)) == [e.RequestSubmitted]


@pytest.mark.parametrize("scope", [None, "hospital"], ids=["without a scope", "of where they work"])
def test_admins_appoint_no_signatory(scope: str | None) -> None:
    """S34, S35: the representative alone records who signs for an institution; the refusal names the command."""
    world = everything_holds()
    arguments = {"person": COLLEAGUE, "role": "signatory", "until": world.at + DAY}
    outcome = world.attempt("appoint-role", ADMIN, **arguments | ({} if scope is None else {"scope": scope}))
    assert getattr(outcome, "code", None) == "not_allowed_value"
    assert "`appoint-signatory`" in getattr(outcome, "text", "")
    assert kinds(world.do("appoint-signatory", REPRESENTATIVE, person=COLLEAGUE, until=world.at + DAY)) == [
        e.RoleAppointed
    ]


def _auditor(world: World, who: PersonId) -> PersonId:
    """Let an old log hold an auditor who takes part in something."""
    until = world.at + 1000 * DAY
    appointed = e.RoleAppointed(person=who, role=Role.AUDITOR, scope=None, until=until)
    world.append([(person(ADMIN), appointed)])
    return who


def _ask(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    named = {"name": "Cas", "position": "analyst", "email": "cas@hospital.example"}
    return "ask-contact", SIGNATORY, {"request": OPEN, "person": COLLEAGUE, **named}


def _check(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    name, who, arguments = _ask(world)
    world.do(name, who, **arguments)
    return "check-contact", office(world), {"request": OPEN, "person": COLLEAGUE}


def _amend(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    return "propose-amendment", RESEARCHER, {"request": request, "reason": "more hands", "contacts": COLLEAGUE}


def _decide(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    name, who, arguments = _amend(world)
    world.do(name, who, **arguments)
    return "approve-amendment", BOARD_MEMBER, {"request": arguments["request"], "amendment": 1, "reason": "needed"}


def _name(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    request = world.ask(RequestStatus.DRAFT)
    named = {"person": COLLEAGUE, "email": "cas@hospital.example"}
    return "name-contact", RESEARCHER, {"request": request, **named}


def _accept(world: World) -> tuple[str, PersonId, dict[str, Any]]:
    named = {"capacity": "signatory", "institution": "hospital", "email": "cas@hospital.example"}
    world.do("invite-party", RESEARCHER, request=OPEN, **named)
    return "accept-invitation", COLLEAGUE, {"invitation": len(world.state.invitations)}


@pytest.mark.parametrize("way", [_ask, _check, _amend, _decide, _name, _accept], ids=lambda way: way.__name__[1:])
def test_an_auditor_comes_into_no_request(way: Any) -> None:
    """S92, E56: by no way in is an auditor a contact or an invited party; without the role each way is open."""
    for auditor in (True, False):
        world = everything_holds()
        name, who, arguments = way(world)
        if auditor:
            _auditor(world, COLLEAGUE)
            assert world.refusal(name, who, **arguments) == "not_permitted"
        else:
            world.do(name, who, **arguments)


def test_an_auditor_is_no_investigator() -> None:
    """S92, S49: who examines answers for no data."""
    world = everything_holds()
    name = study(world)
    _auditor(world, COLLEAGUE)
    arguments = {"study": name, "person": COLLEAGUE, "until": world.at + DAY, "hospital": "hospital"}
    assert world.refusal("name-investigator", ADMIN, **arguments) == "not_permitted"


def test_an_auditor_sends_in_no_form() -> None:
    """S92: also not one that was begun before the role."""
    world, request = reached(RequestStatus.DRAFT)
    _auditor(world, RESEARCHER)
    assert world.refusal("submit-request", RESEARCHER, request=request) == "not_permitted"


def _as_contact(world: World) -> None:
    world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)


def _as_asked(world: World) -> None:
    name, who, arguments = _ask(world)
    world.do(name, who, **arguments)


def _as_applicant(world: World) -> None:
    world.do("open-request", COLLEAGUE, title="Survival", purpose="a question")


def _as_invited(world: World) -> None:
    name, who, arguments = _accept(world)
    world.do(name, who, **arguments)


def _as_investigator(world: World) -> None:
    name_investigator(world, study(world), COLLEAGUE, "hospital")


@pytest.mark.parametrize(
    "part", [_as_contact, _as_asked, _as_applicant, _as_invited, _as_investigator], ids=lambda part: part.__name__[1:]
)
def test_who_takes_part_is_not_appointed_auditor(part: Any) -> None:
    """S92, E56: who has a part in a request that is not over, or answers for data, does not examine the others."""
    world = everything_holds()
    arguments = {"person": COLLEAGUE, "role": "auditor", "until": world.at + 10 * DAY}
    part(world)
    assert world.refusal("appoint-role", ADMIN, **arguments) == "wrong_state"


def test_who_took_part_in_what_is_over_may_be_auditor() -> None:
    """S92: a request that was withdrawn ties nobody's hands."""
    world = everything_holds()
    request = world.ask(RequestStatus.WITHDRAWN, contact=COLLEAGUE)
    assert COLLEAGUE in world.state.requests[request].contacts
    arguments = {"person": COLLEAGUE, "role": "auditor", "until": world.at + 10 * DAY}
    assert kinds(world.agree("appoint-role", **arguments))[1:] == [e.RoleAppointed]


def _onto_the_board(world: World, who: PersonId, name: str) -> None:
    world.do("move-person", ADMIN, person=who, institution="centre", email=f"{name}@centre.example")
    appoint(world, who, "board-member")


def test_who_signed_for_the_licensee_has_a_tie() -> None:
    """S20, S23: also years later, from another house; somebody else decides."""
    world = everything_holds()
    _onto_the_board(world, SIGNATORY, "sara")
    proposed = {"reason": "more", "datasets": "scans", "necessities": "the outcome"}
    world.do("propose-amendment", RESEARCHER, request=OPEN, **proposed)
    decided = {"request": OPEN, "amendment": 1, "reason": "needed"}
    assert world.refusal("approve-amendment", SIGNATORY, **decided) == "four_eyes"
    assert kinds(world.do("approve-amendment", BOARD_MEMBER, **decided)) == [e.AmendmentApproved]


def test_the_tie_outlasts_the_signature() -> None:
    """S20, REQ-09: another one signed the new text for the licensee; the first signatory is as close as before."""
    world = everything_holds()
    appoint(world, COLLEAGUE, "signatory", "hospital")
    world.let_sign(COLLEAGUE)
    publish(world, "licence-eea", "2")
    world.do("sign-licence", COLLEAGUE, request=OPEN, party="licensee")
    sign(world, OPEN, "researcher", "representative")
    assert world.state.requests[OPEN].signed_by == {RESEARCHER, SIGNATORY, COLLEAGUE}
    _onto_the_board(world, SIGNATORY, "sara")
    vote = {"approve": True, "reason": "good", "digest": world.state.requests[OPEN].digest, "amendment": 1}
    world.do("propose-amendment", RESEARCHER, request=OPEN, reason="more", datasets="scans", necessities="the outcome")
    assert world.refusal("vote-on-request", SIGNATORY, request=OPEN, **vote) == "four_eyes"


def test_who_took_an_invitation_up_has_a_tie() -> None:
    """S20, S31: who came in by an invitation to the request does not decide on it, wherever they work by then."""
    world, request = reached(RequestStatus.ASSESSED)
    find(world, request)
    named = {"capacity": "signatory", "institution": "hospital", "email": "cas@hospital.example"}
    world.do("invite-party", RESEARCHER, request=request, **named)
    world.do("accept-invitation", COLLEAGUE, invitation=len(world.state.invitations))
    _onto_the_board(world, COLLEAGUE, "cas")
    _onto_the_board(world, STRANGER, "vera")
    vote = {"approve": True, "reason": "good", "digest": world.state.requests[request].digest}
    assert world.refusal("vote-on-request", COLLEAGUE, request=request, **vote) == "four_eyes"
    assert kinds(world.do("vote-on-request", STRANGER, request=request, **vote)) == [e.BoardVoted]


def test_an_assessor_declares_a_tie_too() -> None:
    """S19, S20: from then on they assess nothing of it, and what they assessed before counts no more."""
    world, request = reached(RequestStatus.ASSESSED)
    find(world, request)
    assert kinds(world.do("declare-conflict", ASSESSOR, request=request, reason="my sister")) == [e.ConflictDeclared]
    assert world.refusal("assess-request", ASSESSOR, request=request, assessment="sound") == "four_eyes"
    assert world.refusal("approve-request", BOARD_MEMBER, request=request, **approval(world, request)) == "not_complete"


@pytest.mark.parametrize(
    ("email", "code"),
    [("cas@gmail.example", "not_allowed_value"), ("cas@mail.hospital.example", "not_allowed_value"), (None, None)],
    ids=["another provider", "a domain below", "a declared domain"],
)
def test_a_contact_is_named_with_an_institutional_address(email: str | None, code: str | None) -> None:
    """S15, S16, ID-01: the address is of a domain that an organisation of the request declared."""
    world, request = reached(RequestStatus.DRAFT)
    arguments = {"request": request, "person": COLLEAGUE, "email": email or "cas@hospital.example"}
    if code is None:
        assert kinds(world.do("name-contact", RESEARCHER, **arguments)) == [e.ContactNamed]
    else:
        assert world.refusal("name-contact", RESEARCHER, **arguments) == code


def test_a_form_holds_a_hundred_contacts() -> None:
    """REQ-14: one more is refused; who stands there may be named again, with another address."""
    world, request = reached(RequestStatus.DRAFT)
    contacts = world.state.requests[request].contacts
    for number in range(MOST_CONTACTS - len(contacts)):
        contacts[PersonId(f"P-{1000 + number}")] = Contact("x@hospital.example", world.at, HOSPITAL)
    named = {"request": request, "person": COLLEAGUE, "email": "cas@hospital.example"}
    assert world.refusal("name-contact", RESEARCHER, **named) == "not_allowed_value"
    world.do("name-contact", RESEARCHER, request=request, person=RESEARCHER, email="rosa2@hospital.example")
    del contacts[PersonId("P-1000")]
    world.do("name-contact", RESEARCHER, **named)


def test_a_form_holds_fifty_datasets() -> None:
    """REQ-14, S3: one more is refused; the necessity of one that stands there may be written anew."""
    world, request = reached(RequestStatus.DRAFT)
    datasets = world.state.requests[request].datasets
    datasets |= {DatasetName(f"d{number}"): "the outcome" for number in range(MOST_DATASETS - len(datasets))}
    asked = {"request": request, "necessity": "the size"}
    assert world.refusal("request-dataset", RESEARCHER, dataset="scans", **asked) == "not_allowed_value"
    assert kinds(world.do("request-dataset", RESEARCHER, dataset="tumours", **asked)) == [e.DatasetRequested]
    del datasets[DatasetName("d0")]
    assert kinds(world.do("request-dataset", RESEARCHER, dataset="scans", **asked)) == [e.DatasetRequested]


def _trusting() -> tuple[World, dict[str, Any]]:
    world = everything_holds()
    until = world.at + 300 * DAY
    world.agree("trust-provider", provider="academy", name="Academy", course="privacy", until=until)
    return world, {"person": COLLEAGUE, "course": "privacy", "provider": "academy", "ends": world.at + 100 * DAY}


@pytest.mark.parametrize("binding", [True, False], ids=["a binding version", "one that binds nobody anew"])
def test_a_certificate_counts_for_the_version_it_was_passed_under(binding: bool) -> None:
    """S74, E28, REQ-07: what was passed before a binding version is not accepted for it, as none of ours counts."""
    world, certificate = _trusting()
    before = world.at
    world.wait(MINUTE).do("revise-course", ADMIN, course="privacy", version="2", binding=binding)
    revised = world.state.courses[CourseName("privacy")].binding_since
    if binding:
        for passed in (before, revised - TICK):
            assert world.refusal("accept-certificate", TRAINER, **certificate, passed_on=passed) == "not_allowed_value"
        before = revised
    (certified,) = world.do("accept-certificate", TRAINER, **certificate, passed_on=before)
    assert isinstance(certified, e.PersonCertified)
    assert certified.passed_on == before


def test_a_certificate_was_passed_already() -> None:
    """S74, REQ-07: nobody accepts an examination of tomorrow."""
    world, certificate = _trusting()
    passed = world.at + TICK
    assert world.refusal("accept-certificate", TRAINER, **certificate, passed_on=passed) == "not_allowed_value"
    assert kinds(world.do("accept-certificate", TRAINER, **certificate, passed_on=world.at)) == [e.PersonCertified]


def test_what_was_begun_under_the_stricter_licence_is_finished_under_it() -> None:
    """S24, S63: where a decision on adequacy comes between two signatures, the third party signs the same text."""
    world, request = reached(RequestStatus.APPROVED)
    publish(world, "licence-non-eea", "7", digest=DUTCH)
    first = e.LicenceSigned(
        request=request, institution=HOSPITAL, party=Party.RESEARCHER, person=RESEARCHER,
        licence=DocumentKind.LICENCE_NON_EEA, version="7", digest=DUTCH,
    )  # fmt: skip
    world.append([(person(RESEARCHER), first)])
    signed = [_sign(world, request, party) for party in ("licensee", "representative")]
    assert [(one.licence, one.digest) for one in signed] == [(DocumentKind.LICENCE_NON_EEA, DUTCH)] * 2
    assert world.state.requests[request].status is RequestStatus.LICENSED

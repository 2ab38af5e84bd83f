"""Who acts where they should not any more, or twice: an applicant who left, an assessor who decides, an auditor."""

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import CENTRE, InstitutionName, PersonId
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    World,
    appoint,
    approval,
    description,
    everything_holds,
    find,
    kinds,
    publish,
)

HOSPITAL = InstitutionName("hospital")


def moved(world: World, who: PersonId, where: InstitutionName = CENTRE) -> None:
    """Let somebody work elsewhere from now on."""
    name = world.state.people[who].email.partition("@")[0]
    world.append([(person(ADMIN), e.PersonMoved(person=who, institution=where, email=f"{name}@{where}.example"))])


def test_coming_back_does_not_revive_a_grant() -> None:
    """S33, S94: who left the organisation and comes back is no contact of the old grant until asked for anew."""
    world = everything_holds()
    moved(world, RESEARCHER)
    moved(world, RESEARCHER, HOSPITAL)
    decision = world.decide(world.query(Action.KEEP_WORKSPACE))
    assert decision.codes == (R.CONTACT_MOVED,)
    world.do("remove-contact", SIGNATORY, request=OPEN, person=RESEARCHER)
    email = "rosa@hospital.example"
    asked = e.ContactAsked(request=OPEN, person=RESEARCHER, name="Rosa", position="postdoc", email=email)
    world.append([(person(SIGNATORY), asked)])
    world.append([(person(ADMIN), e.ContactChecked(request=OPEN, person=RESEARCHER))])
    world.append([(person(STEWARD), e.ContactMadeAvailable(request=OPEN, person=RESEARCHER))])
    assert world.decide(world.query(Action.KEEP_WORKSPACE)).allowed


@pytest.mark.parametrize("where", [CENTRE, None], ids=["moved", "left"])
def test_an_applicant_who_left_signs_nothing(where: InstitutionName | None) -> None:
    """S23, S33: the researcher's signature is that of somebody who works there."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED, contact=COLLEAGUE)
    if where is None:
        world.append([(person(ADMIN), e.PersonLeft(person=RESEARCHER))])
    else:
        moved(world, RESEARCHER, where)
    assert world.refusal("sign-licence", RESEARCHER, request=request, party="researcher") == "not_permitted"


def test_an_applicant_who_left_and_represents_the_centre_is_no_researcher() -> None:
    """S23: a role of another kind does not bring the part back."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED, contact=COLLEAGUE)
    appoint(world, RESEARCHER, "representative")
    moved(world, RESEARCHER)
    assert world.refusal("sign-licence", RESEARCHER, request=request, party="researcher") == "not_permitted"


@pytest.mark.parametrize("name", ["approve-request", "vote-on-request"])
def test_who_assessed_does_not_decide(name: str) -> None:
    """S19, S20: assessing and deciding are two people's work, whatever roles they hold."""
    world = everything_holds()
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    appoint(world, ASSESSOR, "board-member")
    vote = {"approve": True, "reason": "good", "digest": world.state.requests[request].digest}
    arguments = vote if name == "vote-on-request" else approval(world, request)
    assert world.refusal(name, ASSESSOR, request=request, **arguments) == "four_eyes"
    assert world.do(name, BOARD_MEMBER, request=request, **arguments)


def test_who_signs_has_a_second_factor_that_counts() -> None:
    """S23, S76: without a confirmed factor of their own nobody signs, and with one they do."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    world.agree("reset-factors", person=SIGNATORY)
    sign = {"request": request, "party": "licensee"}
    assert world.refusal("sign-licence", SIGNATORY, **sign) == "not_complete"
    world.give_factor(SIGNATORY)
    assert kinds(world.do("sign-licence", SIGNATORY, **sign)) == [e.LicenceSigned]


def test_a_signature_is_on_the_version_that_was_read() -> None:
    """S25, REQ-04: a version that came out between reading and signing is not signed unread."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    publish(world, "licence-eea", "2")
    sign = {"request": request, "party": "representative"}
    assert world.refusal("sign-licence", REPRESENTATIVE, **sign, version="1") == "changed_meanwhile"
    (signed,) = world.do("sign-licence", REPRESENTATIVE, **sign, version="2")
    assert isinstance(signed, e.LicenceSigned)
    assert signed.version == "2"


@pytest.mark.parametrize(
    ("languages", "expected"), [(("nl", "en"), "2"), (("nl", "fr"), "1")], ids=["with English", "without"]
)
def test_the_hash_of_a_signature_is_of_a_stated_language(languages: tuple[str, str], expected: str) -> None:
    """S25: the English text's, or the first one's where there is none."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    for number, language in enumerate(languages, 1):
        publish(world, "licence-eea", "2", language=language, digest=str(number) * 64)
    (signed,) = world.do("sign-licence", REPRESENTATIVE, request=request, party="representative")
    assert isinstance(signed, e.LicenceSigned)
    assert signed.digest == expected * 64


def test_an_auditor_asks_for_no_data() -> None:
    """S92: an auditor reads; neither a request nor a contact while the role lasts."""
    world = everything_holds()
    world.register("aud", "centre")
    auditor = world.state.emails["aud@centre.example"]
    appoint(world, auditor, "auditor")
    assert world.refusal("open-request", auditor, title="Survival", purpose="a question") == "not_permitted"
    appoint(world, COLLEAGUE, "auditor")
    request = world.ask(RequestStatus.DRAFT)
    named = {"request": request, "person": COLLEAGUE, "email": "cas@hospital.example"}
    assert world.refusal("name-contact", RESEARCHER, **named) == "not_permitted"


def test_the_rules_of_a_request_stay_once_it_came_in() -> None:
    """E1, E7: a form that came back is not taken out of its regime to escape its clock."""
    world = everything_holds()
    request = world.ask(RequestStatus.SUBMITTED)
    world.append([(person(ADMIN), e.RequestReturned(request=request, reason="incomplete"))])
    code = world.refusal("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    assert code == "not_allowed_value"
    assert world.do("describe-request", RESEARCHER, request=request, **description())


def test_a_suspended_grant_is_not_made_available() -> None:
    """E58, S100: what rests is first reinstated."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED)
    world.append([(person(ADMIN), e.RequestSuspended(request=request, reason="a question"))])
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"


def test_who_left_has_no_live_question() -> None:
    """S73: a person without an institution is denied by their institution, and by nothing that follows from it."""
    world = everything_holds()
    world.append([(person(ADMIN), e.PersonLeft(person=RESEARCHER))])
    decision = world.decide(Query(RESEARCHER, OPEN, Action.KEEP_WORKSPACE, world.at))
    assert set(decision.codes) == {R.INSTITUTION_NOT_TRUSTED, R.CONTACT_MOVED}

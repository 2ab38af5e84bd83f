"""An intake: open to strangers and bounded, answered by the office at its own address, or closed (S12, S13)."""

import pytest

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Refusal
from access_policy.model.enums import Capacity, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from tests.unit.access_policy.parties import (
    ASKED,
    CLINIC,
    INTAKE,
    NEL,
    OFFICE,
    TITLE,
    answered,
    asked,
    exclude,
    registered,
    with_office,
)
from tests.unit.access_policy.world import ADMIN, DESK, HUB, MINUTE, RESEARCHER, SIGNATORY, TICK, World, kinds


def test_an_intake_holds_who_asks() -> None:
    """S12: name, surname and the one form of the e-mail address; it is a request without an applicant."""
    world = with_office()
    (event,) = world.do("submit-intake", DESK, **INTAKE | {"email": "Nel@Clinic.Example."})
    assert event == e.IntakeReceived(request=ASKED, name="Nel", surname="Jansen", email="nel@clinic.example")
    request = world.state.requests[ASKED]
    assert (request.status, request.applicant) == (RequestStatus.INTAKE, None)


@pytest.mark.parametrize("field", ["name", "surname", "email"])
def test_an_intake_lacks_nothing(field: str) -> None:
    """S12: neither the name nor the surname nor the address may be left out or blank."""
    with pytest.raises(ValueError, match=field):
        with_office().attempt("submit-intake", DESK, **{key: value for key, value in INTAKE.items() if key != field})
    with pytest.raises(ValueError, match=field):
        with_office().attempt("submit-intake", DESK, **INTAKE | {field: " "})


@pytest.mark.parametrize("email", ["nel", "nel@clinic", "nel@cl\u0456nic.example", "a@b.example,c@d.example"])
def test_an_intake_has_an_address(email: str) -> None:
    """S12, ID-03, ID-04: what is no address cannot be answered."""
    assert with_office().refusal("submit-intake", DESK, **INTAKE | {"email": email}) == "not_allowed_value"


@pytest.mark.parametrize("who", [ADMIN, RESEARCHER, HUB], ids=["an admin", "a researcher", "the hub"])
def test_only_the_desk_passes_an_intake_on(who: PersonId | Actor) -> None:
    """S12, REQ-06: nobody else records who asks."""
    assert with_office().refusal("submit-intake", who, **INTAKE) == "not_permitted"


def test_an_intake_does_not_tell_who_is_known() -> None:
    """ID-12: the answer to a known address is that to an unknown one, and so is the one when too many wait."""
    answers = []
    for email in ("rosa@hospital.example", "nobody@hospital.example"):
        world = with_office()
        outcomes = [world.attempt("submit-intake", DESK, **INTAKE | {"email": email}) for _ in range(5)]
        answers.append(str(outcomes).replace(email, "?"))
    assert answers[0] == answers[1]


def _waiting(world: World, count: int) -> None:
    """Let intakes of so many other people come in."""
    first = len(world.state.requests) + 1
    for number in range(first, first + count):
        event = e.IntakeReceived(request=RequestId(f"DR-{number}"), name="A", surname="B", email=f"a{number}@b.example")
        world.append([(DESK, event)])


def test_intakes_of_one_address_are_bounded() -> None:
    """REQ-14: three wait at most, however the address is written; one that is answered makes room."""
    world = asked()
    for _ in range(2):
        world.do("submit-intake", DESK, **INTAKE)
    assert world.refusal("submit-intake", DESK, **INTAKE | {"email": "NEL@clinic.example"}) == "not_allowed_value"
    world.do("submit-intake", DESK, **INTAKE | {"email": "els@clinic.example"})
    world.do("answer-intake", OFFICE, request=ASKED, institution="clinic")
    world.do("submit-intake", DESK, **INTAKE)


def test_all_intakes_together_are_bounded() -> None:
    """REQ-14, ID-12: a thousand wait at most; the text is that of the other bound; closing one makes room."""
    world = asked()
    _waiting(world, 999)
    full = world.attempt("submit-intake", DESK, **INTAKE | {"email": "els@clinic.example"})
    assert isinstance(full, Refusal)
    assert full.code == "not_allowed_value"
    world.do("withdraw-request", OFFICE, request=ASKED)
    world.do("submit-intake", DESK, **INTAKE)
    one_address = asked()
    outcomes = [one_address.attempt("submit-intake", DESK, **INTAKE) for _ in range(3)]
    assert outcomes[-1] == full


def test_an_intake_is_answered_at_its_own_address() -> None:
    """S13: it invites the main applicant to the form of this request, for a registered institution."""
    world = asked()
    (event,) = world.do("answer-intake", OFFICE, request=ASKED, institution="clinic")
    assert event == e.InvitationSent(
        invitation=1, request=ASKED, capacity=Capacity.APPLICANT, email="nel@clinic.example", institution=CLINIC
    )
    assert world.state.requests[ASKED].answered == world.at - MINUTE
    assert world.state.requests[ASKED].status is RequestStatus.INVITED
    assert world.refusal("answer-intake", OFFICE, request=ASKED, institution="clinic") == "wrong_state"


@pytest.mark.parametrize(
    ("institution", "code"),
    [("nowhere", "not_found"), ("hospital", "not_allowed_value")],
    ids=["an unknown institution", "one that did not declare the domain"],
)
def test_an_intake_is_not_answered_for_another_institution(institution: str, code: str) -> None:
    """S13, S73, ID-01: the institution is registered and declared the domain of the address."""
    assert asked().refusal("answer-intake", OFFICE, request=ASKED, institution=institution) == code


@pytest.mark.parametrize("who", [ADMIN, RESEARCHER, DESK], ids=["an admin", "a researcher", "the desk"])
def test_only_the_office_answers(who: PersonId | Actor) -> None:
    """S13, REQ-06."""
    assert asked().refusal("answer-intake", who, request=ASKED, institution="clinic") == "not_permitted"


def test_an_intake_of_an_excluded_organisation_is_not_answered() -> None:
    """E59, REQ-08: not until the exclusion is over, and then at its very instant."""
    world = asked()
    until = exclude(world, CLINIC)
    world.at = until - TICK
    assert world.refusal("answer-intake", OFFICE, request=ASKED, institution="clinic") == "not_permitted"
    world.at = until
    assert kinds(world.do("answer-intake", OFFICE, request=ASKED, institution="clinic")) == [e.InvitationSent]


@pytest.mark.parametrize("status", [RequestStatus.INTAKE, RequestStatus.INVITED])
def test_the_office_closes_what_nobody_takes_up(status: RequestStatus) -> None:
    """REQ-14: intakes without an applicant do not stay open for ever; nobody else closes them."""
    world = asked() if status is RequestStatus.INTAKE else answered()
    assert world.state.requests[ASKED].status is status
    for who in (ADMIN, RESEARCHER, SIGNATORY):
        assert world.refusal("withdraw-request", who, request=ASKED) == "not_permitted"
    assert kinds(world.do("withdraw-request", OFFICE, request=ASKED)) == [e.RequestWithdrawn]
    assert world.refusal("withdraw-request", OFFICE, request=ASKED) == "wrong_state"


def test_the_office_withdraws_no_request_that_has_an_applicant() -> None:
    """S12, REQ-03: once taken up it is the applicant's to take back."""
    world = registered()
    world.do("accept-invitation", NEL, invitation=1, **TITLE)
    assert world.refusal("withdraw-request", OFFICE, request=ASKED) == "not_permitted"
    assert kinds(world.do("withdraw-request", NEL, request=ASKED)) == [e.RequestWithdrawn]

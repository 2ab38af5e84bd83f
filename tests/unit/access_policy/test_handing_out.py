"""Attacks on handing data out: by whom, to whom, of which files, and on a grant that rests, is over or lapsed."""

from collections.abc import Callable
from typing import Any

import pytest

from access_policy import events as e
from access_policy.clocks import ClockKind, clocks_of
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.rules import Query
from tests.unit.access_policy.parties import exclude
from tests.unit.access_policy.situations import Clinical, office, term_of
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    TRAINER,
    World,
    appoint,
    everything_holds,
    kinds,
    publish,
)

TUMOURS = DatasetName("tumours")
HOSPITAL = InstitutionName("hospital")
CAS: dict[str, Any] = {"request": OPEN, "person": COLLEAGUE}
ASKED = {**CAS, "name": "Cas", "position": "analyst", "email": "cas@hospital.example"}
EXTRACT: dict[str, Any] = {
    "dataset": "tumours", "location": "dr-3/cut", "manifest": "b" * 64, "patients": 4, "attested": True,
}  # fmt: skip
SECOND: dict[str, Any] = {
    "dataset": "tumours", "version": "2", "location": "tumours-2", "manifest": "c" * 64, "attested": True,
}  # fmt: skip


def _with_asked() -> tuple[World, PersonId]:
    world = everything_holds()
    world.do("ask-contact", SIGNATORY, **ASKED)
    return world, office(world)


def _with_new_contact() -> World:
    world, by = _with_asked()
    world.do("check-contact", by, **CAS)
    world.make_ready(COLLEAGUE)
    return world


def _suspended(world: World) -> None:
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")


def _over(world: World) -> None:
    world.at = term_of(world).ends


def _shut_out(world: World) -> None:
    exclude(world, HOSPITAL)


def _superseded(world: World) -> None:
    publish(world, "licence-eea", "2", binding=True)


RESTING = pytest.mark.parametrize(
    ("change", "code"),
    [(_suspended, "wrong_state"), (_over, "wrong_state"), (_shut_out, "not_complete")],
    ids=["E58 suspended", "S46 at the end of its term", "E59 shut out"],
)


@pytest.mark.parametrize("who", [BOARD_MEMBER, ASSESSOR], ids=["who decided", "who assessed"])
def test_who_decided_hands_nothing_out_to_a_new_contact(who: PersonId) -> None:
    """E11: also the step for one contact is taken by somebody else."""
    world = _with_new_contact()
    appoint(world, who, "data-steward")
    assert world.refusal("make-available-to-contact", who, **CAS) == "four_eyes"
    assert kinds(world.do("make-available-to-contact", STEWARD, **CAS)) == [e.ContactMadeAvailable]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_suspended, "wrong_state"), (_over, "wrong_state"), (_shut_out, "not_complete"),
        (_superseded, "not_complete"),
    ],
    ids=["E58 suspended", "S46 over", "E59 shut out", "S25 a newer licence"],
)  # fmt: skip
def test_a_new_contact_gets_data_on_the_conditions_of_all(change: Callable[[World], None], code: str) -> None:
    """S26, S38, S60, S100: what stops the making available stops the one for a new contact."""
    world = _with_new_contact()
    change(world)
    assert world.refusal("make-available-to-contact", STEWARD, **CAS) == code


def test_a_new_contact_gets_data_till_the_last_tick_of_the_term() -> None:
    """S46, REQ-08: the end of the term is the first instant after it."""
    world = _with_new_contact()
    world.at = term_of(world).ends - TICK
    assert kinds(world.do("make-available-to-contact", STEWARD, **CAS)) == [e.ContactMadeAvailable]


@RESTING
def test_nobody_is_asked_for_on_a_grant_that_rests(change: Callable[[World], None], code: str) -> None:
    """S30, E58, S46, E59: a new contact is for a grant that runs."""
    world = everything_holds()
    change(world)
    assert world.refusal("ask-contact", SIGNATORY, **ASKED) == code


@RESTING
def test_nobody_is_checked_on_a_grant_that_rests(change: Callable[[World], None], code: str) -> None:
    """S32, E58, S46, E59: nor is one let in who was asked for before; the office can refuse them."""
    world, by = _with_asked()
    change(world)
    assert world.refusal("check-contact", by, **CAS) == code
    assert kinds(world.do("refuse-contact", by, **CAS, reason="it rests")) == [e.ContactRefused]


def test_a_contact_is_asked_for_and_checked_till_the_last_tick() -> None:
    """S30, S46, REQ-08: the end of the term is the first instant after it."""
    world = everything_holds()
    by = office(world)
    world.at = term_of(world).ends - MINUTE - TICK
    world.do("ask-contact", SIGNATORY, **ASKED)
    assert kinds(world.do("check-contact", by, **CAS)) == [e.ContactChecked]


def _signatory_left(world: World) -> None:
    world.do("record-departure", ADMIN, person=SIGNATORY)


def _signatory_stopped(world: World) -> None:
    world.do("disable-person", ADMIN, person=SIGNATORY, reason="a lost phone")


def _signatory_ended(world: World) -> None:
    world.do("end-role", ADMIN, person=SIGNATORY, role="signatory")


def _bind_signatories(world: World) -> None:
    arguments = {"course": "signing", "title": "Signing", "validity_days": 30}
    world.do("register-course", ADMIN, **arguments, required=False, roles=("signatory",))


@pytest.mark.parametrize(
    "change",
    [_signatory_left, _signatory_stopped, _signatory_ended, _bind_signatories],
    ids=["left", "S94 stopped", "S34 the role ended", "E28 untrained"],
)
def test_who_asked_signs_also_at_the_check(change: Callable[[World], None]) -> None:
    """S31, S34: what the licensee's signatory asked for is let in while they are one."""
    world, by = _with_asked()
    change(world)
    assert world.refusal("check-contact", by, **CAS) == "changed_meanwhile"


def test_who_left_and_came_back_is_asked_for_anew() -> None:
    """S33: the check is of somebody who has worked there since they were asked for."""
    world, by = _with_asked()
    world.do("record-departure", ADMIN, person=COLLEAGUE)
    world.do("move-person", ADMIN, person=COLLEAGUE, institution="hospital", email="cas@hospital.example")
    assert world.refusal("check-contact", by, **CAS) == "changed_meanwhile"
    world.do("refuse-contact", by, **CAS, reason="left in between")
    world.do("ask-contact", SIGNATORY, **ASKED)
    assert kinds(world.do("check-contact", by, **CAS)) == [e.ContactChecked]


def _licensed_with_colleague() -> tuple[World, RequestId]:
    """Return a request with two contacts, of whom the colleague lacks verification and factor."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT)
    world.do("name-contact", RESEARCHER, request=request, person=COLLEAGUE, email="cas@hospital.example")
    world.bring(request, RequestStatus.LICENSED)
    return world, request


def test_data_reach_those_contacts_who_lack_nothing() -> None:
    """S27, S38: who has no verified account and no second factor gets the data by a later step of their own."""
    world, request = _licensed_with_colleague()
    (event,) = world.do("make-available", STEWARD, request=request)
    assert event == e.RequestMadeAvailable(request=request, datasets=(TUMOURS,), contacts=(RESEARCHER,))
    contacts = world.state.requests[request].contacts
    assert (contacts[RESEARCHER].available, contacts[COLLEAGUE].available) == (world.at - MINUTE, None)
    world.make_ready(COLLEAGUE)
    query = Query(COLLEAGUE, request, Action.OPEN_WORKSPACE, world.at, world.login(COLLEAGUE))
    assert world.decide(query).codes == ("not_made_available",)
    world.do("make-available-to-contact", STEWARD, request=request, person=COLLEAGUE)
    assert contacts[COLLEAGUE].available == world.at - MINUTE


def test_an_older_log_says_that_data_reached_everybody() -> None:
    """S38, S100: where it names no contacts, they were all of them."""
    world, request = _licensed_with_colleague()
    world.append([(world.facts[-1].actor, e.RequestMadeAvailable(request=request))])
    assert None not in [one.available for one in world.state.requests[request].contacts.values()]


@pytest.mark.parametrize("left", [True, False], ids=["nobody has a verified account", "no contact is left"])
def test_data_that_reach_nobody_are_not_made_available(left: bool) -> None:
    """S27, S52: a step that reaches nobody is none, and meets no clock."""
    world, request = _licensed_with_colleague()
    world.do("remove-contact", ADMIN, request=request, person=RESEARCHER)
    if not left:
        world.do("remove-contact", ADMIN, request=request, person=COLLEAGUE)
    assert world.refusal("make-available", STEWARD, request=request) == "not_complete"
    assert world.state.requests[request].available is None


def test_an_extract_of_an_old_version_is_not_made_available() -> None:
    """S3, S52, REQ-10: it waits for one of the version in force; what is prepared goes on meanwhile."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED, ("tumours", "expressions"))
    world.do("prepare-extract", STEWARD, request=request, **EXTRACT)
    world.do("release-version", STEWARD, **SECOND)
    (event,) = world.do("make-available", STEWARD, request=request)
    assert event == e.RequestMadeAvailable(
        request=request, datasets=(DatasetName("expressions"),), contacts=(RESEARCHER,)
    )
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
    again = EXTRACT | {"location": "dr-3/again", "manifest": "d" * 64}
    world.do("prepare-extract", STEWARD, request=request, **again)
    assert world.do("make-available", STEWARD, request=request) == (
        e.RequestMadeAvailable(request=request, datasets=(TUMOURS,)),
    )


def test_an_extract_of_an_old_version_meets_no_clock() -> None:
    """S52: a clinical request is served by data that its people can open."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    for who in (clinical.central, clinical.local):
        world.do("approve-clinical", who, **clinical.approval())
    world.do("prepare-extract", STEWARD, request=request, **EXTRACT | {"dataset": "biopsies"})
    world.do("release-version", STEWARD, **SECOND | {"dataset": "biopsies", "location": "biopsies-2"})
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
    clocks = {one.kind: one for one in clocks_of(world.state, world.state.requests[request], world.at)}
    assert clocks[ClockKind.AVAILABILITY].stopped is None


def test_a_signatory_without_the_course_of_the_role_asks_for_nobody() -> None:
    """S74, E28: the signatory acts once they have passed what binds the role."""
    world = everything_holds()
    _bind_signatories(world)
    assert world.refusal("ask-contact", SIGNATORY, **ASKED) == "not_permitted"
    world.do("certify-person", TRAINER, person=SIGNATORY, course="signing")
    assert kinds(world.do("ask-contact", SIGNATORY, **ASKED)) == [e.ContactAsked]


def test_a_signatory_without_the_course_of_the_role_signs_nothing() -> None:
    """S23, E28: nor is the licensee's signature theirs to give; others sign as before."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    _bind_signatories(world)
    arguments = {"request": request, "party": "licensee"}
    assert world.refusal("sign-licence", SIGNATORY, **arguments) == "not_permitted"
    assert kinds(world.do("sign-licence", REPRESENTATIVE, request=request, party="representative")) == [e.LicenceSigned]
    world.do("certify-person", TRAINER, person=SIGNATORY, course="signing")
    assert kinds(world.do("sign-licence", SIGNATORY, **arguments)) == [e.LicenceSigned]

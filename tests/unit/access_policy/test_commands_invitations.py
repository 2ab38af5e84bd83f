"""Invitations: to the parties of a request, for one address, taken up by who proved it (S12-S14, S31)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import name_of
from access_policy.model.enums import Capacity, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.permission_table import TABLE, Standing
from tests.unit.access_policy.parties import (
    ASKED,
    CLINIC,
    INTAKE,
    LOGIN,
    NEL,
    OFFICE,
    PROVED,
    TITLE,
    answered,
    asked,
    exclude,
    registered,
    with_office,
)
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DESK,
    HUB,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STRANGER,
    TICK,
    description,
    kinds,
    on_behalf_of,
)

OVER = [RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED]


def _party(**changed: Any) -> dict[str, Any]:
    party = {"request": OPEN, "capacity": "contact", "institution": "hospital", "email": "els@hospital.example"}
    return party | changed


@pytest.mark.parametrize("who", [OFFICE, RESEARCHER, SIGNATORY], ids=["the office", "the applicant", "the signatory"])
@pytest.mark.parametrize("capacity", [Capacity.CONTACT, Capacity.SIGNATORY])
def test_a_party_is_invited(who: PersonId, capacity: Capacity) -> None:
    """S15, S31: as a contact or as the signatory of an organisation that takes part, at one form of the address."""
    (event,) = with_office().do("invite-party", who, **_party(capacity=capacity, email="Els@Hospital.example"))
    assert event == e.InvitationSent(
        invitation=1, request=OPEN, capacity=capacity, email="els@hospital.example",
        institution=InstitutionName("hospital"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"capacity": "applicant"}, "not_allowed_value"),
        ({"institution": "clinic", "email": "nel@clinic.example"}, "not_found"),
        ({"institution": "nowhere"}, "not_found"),
        ({"email": "els@clinic.example"}, "not_allowed_value"),
        ({"email": "els@sub.hospital.example"}, "not_allowed_value"),
        ({"email": "els"}, "not_allowed_value"),
    ],
    ids=[
        "a second applicant", "of an organisation that takes no part", "of an unknown organisation",
        "at another organisation's domain", "ID-02 at a sub-domain", "at no address",
    ],
)  # fmt: skip
def test_a_party_is_not_invited(changed: dict[str, Any], code: str) -> None:
    """S31, S68, S73: only people of the organisations that take part, and never a second applicant."""
    assert with_office().refusal("invite-party", RESEARCHER, **_party(**changed)) == code


@pytest.mark.parametrize("who", [ADMIN, COLLEAGUE, HUB], ids=["an admin", "a colleague", "the hub"])
def test_strangers_to_a_request_invite_nobody(who: PersonId | Actor) -> None:
    """REQ-03, REQ-06."""
    assert with_office().refusal("invite-party", who, **_party()) == "not_permitted"


@pytest.mark.parametrize("status", [RequestStatus.INTAKE, *OVER], ids=str)
def test_nobody_is_invited_to_what_is_not_there_or_over(status: RequestStatus) -> None:
    """S13, S31: an intake has no parties yet, and what is over has none any more."""
    world = asked() if status is RequestStatus.INTAKE else with_office()
    request = ASKED if status is RequestStatus.INTAKE else world.ask(status)
    assert world.refusal("invite-party", OFFICE, **_party(request=request)) == "wrong_state"


def test_an_address_is_invited_once_in_each_capacity() -> None:
    """REQ-14: nobody is sent the same invitation twice, also after it was taken up."""
    world = with_office()
    world.do("invite-party", RESEARCHER, **_party())
    assert world.refusal("invite-party", SIGNATORY, **_party(email="ELS@hospital.example")) == "already_exists"
    world.do("invite-party", RESEARCHER, **_party(capacity="signatory"))
    world.do("register-invited", HUB, invitation=1, name="Els", email="els@hospital.example", **LOGIN)
    world.do("accept-invitation", NEL, invitation=1)
    assert world.refusal("invite-party", RESEARCHER, **_party()) == "already_exists"
    world.do("invite-party", RESEARCHER, **_party(request="DR-2"))


def test_open_invitations_to_a_request_are_bounded() -> None:
    """REQ-14: twenty, counted for each request; one that is taken up makes room."""
    world = with_office()
    for number in range(20):
        world.do("invite-party", RESEARCHER, **_party(email=f"a{number}@hospital.example"))
    assert world.refusal("invite-party", RESEARCHER, **_party()) == "not_allowed_value"
    world.do("invite-party", RESEARCHER, **_party(request="DR-2"))
    world.do("register-invited", HUB, invitation=1, name="A", email="a0@hospital.example", **LOGIN)
    world.do("accept-invitation", NEL, invitation=1)
    assert kinds(world.do("invite-party", RESEARCHER, **_party())) == [e.InvitationSent]


def test_who_proved_the_invited_address_is_registered() -> None:
    """S16, S31: as a person of the invitation's institution, with one form of the address."""
    events = answered().do("register-invited", HUB, invitation=1, name="Nel", email="NEL@clinic.example.", **LOGIN)
    assert events == (
        e.PersonRegistered(person=NEL, name="Nel", email="nel@clinic.example", institution=CLINIC),
        e.IdentityLinked(person=NEL, identity="id-nel", issuer="https://idp.clinic.example", subject="nel"),
    )


def test_an_identity_of_somebody_else_registers_nobody() -> None:
    """ID-09: a login identity belongs to one person, whatever invitation it comes with."""
    world = answered()
    assert world.refusal("register-invited", HUB, invitation=1, **PROVED | {"identity": "id-1"}) == "already_exists"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"invitation": 2}, "not_found"),
        ({"invitation": 0}, "not_found"),
        ({"email": "els@clinic.example"}, "not_found"),
        ({"email": "nel@clinic.example.evil.example"}, "not_found"),
        ({"email": "nel"}, "not_allowed_value"),
    ],
    ids=["one that was never sent", "number zero", "another's", "ID-02 a longer domain", "no address"],
)
def test_nobody_else_is_registered(changed: dict[str, Any], code: str) -> None:
    """S31, REQ-03: an invitation is for one address; to all others it is not there."""
    arguments = {"invitation": 1, **PROVED} | changed
    assert answered().refusal("register-invited", HUB, **arguments) == code


def test_anothers_invitation_looks_like_one_that_was_never_sent() -> None:
    """REQ-03, ID-12: in code and in words."""
    world = answered()
    arguments = {"name": "Els", "email": "els@clinic.example", **LOGIN}
    answers = [str(world.attempt("register-invited", HUB, invitation=number, **arguments)) for number in (1, 9)]
    assert answers[0].replace("`1`", "?") == answers[1].replace("`9`", "?")


@pytest.mark.parametrize("who", [ADMIN, DESK, OFFICE], ids=["an admin", "the desk", "the office"])
def test_only_the_login_registers_who_was_invited(who: PersonId | Actor) -> None:
    """S31, REQ-06: the address was proved there and nowhere else."""
    assert answered().refusal("register-invited", who, invitation=1, **PROVED) == "not_permitted"


def test_a_known_address_is_not_registered_again() -> None:
    """ID-05: one account for each address."""
    assert registered().refusal("register-invited", HUB, invitation=1, **PROVED) == "already_exists"


@pytest.mark.parametrize("name", ["register-invited", "accept-invitation"])
def test_an_invitation_rests_on_the_declared_domain(name: str) -> None:
    """S73: where the institution does not declare the domain any more, the invitation opens nothing."""
    world = registered() if name == "accept-invitation" else answered()
    world.do("declare-domains", ADMIN, institution="clinic", domains="other.example")
    who, arguments = (NEL, TITLE) if name == "accept-invitation" else (HUB, PROVED)
    assert world.refusal(name, who, invitation=1, **arguments) == "not_found"


@pytest.mark.parametrize("name", ["register-invited", "accept-invitation"])
def test_an_invitation_to_what_is_over_opens_nothing(name: str) -> None:
    """S31, S94: also where it was sent before the end."""
    world = registered() if name == "accept-invitation" else answered()
    world.do("withdraw-request", OFFICE, request=ASKED)
    who, arguments = (NEL, TITLE) if name == "accept-invitation" else (HUB, PROVED)
    assert world.refusal(name, who, invitation=1, **arguments) == "wrong_state"


def test_the_invited_applicant_gets_the_form() -> None:
    """S12, S13, S14: of that request, at the institution of the invitation, with a title and a purpose."""
    world = registered()
    assert world.do("accept-invitation", NEL, invitation=1, **TITLE) == (
        e.InvitationAccepted(invitation=1, request=ASKED, person=NEL),
        e.RequestOpened(
            request=ASKED, applicant=NEL, institution=CLINIC, title="Survival", purpose="Which treatment helps"
        ),
    )
    request = world.state.requests[ASKED]
    assert (request.status, request.applicant, request.institution) == (RequestStatus.DRAFT, NEL, "clinic")
    assert request.answered is not None
    assert world.refusal("accept-invitation", NEL, invitation=1, **TITLE) == "wrong_state"


@pytest.mark.parametrize("field", ["title", "purpose"])
def test_a_form_begins_with_title_and_purpose(field: str) -> None:
    """S12, S14: neither is left out."""
    arguments = {key: value for key, value in TITLE.items() if key != field}
    assert registered().refusal("accept-invitation", NEL, invitation=1, **arguments) == "not_complete"


@pytest.mark.parametrize("capacity", ["contact", "signatory"])
def test_another_party_takes_the_invitation_up(capacity: str) -> None:
    """S31: that alone makes nobody a contact or a signatory, and opens no request; it shows them this one."""
    world = with_office()
    world.do("invite-party", RESEARCHER, **_party(capacity=capacity, email="cas@hospital.example"))
    before = world.state.requests[OPEN].contacts.copy(), list(world.state.people[COLLEAGUE].appointments)
    events = world.do("accept-invitation", COLLEAGUE, invitation=1)
    assert events == (e.InvitationAccepted(invitation=1, request=OPEN, person=COLLEAGUE),)
    assert (world.state.requests[OPEN].contacts, world.state.people[COLLEAGUE].appointments) == before
    assert OPEN in world.state.requests_of[COLLEAGUE]
    assert world.refusal("accept-invitation", COLLEAGUE, invitation=1) == "wrong_state"


@pytest.mark.parametrize("invitation", [1, 2], ids=["another's", "one that was never sent"])
def test_only_the_invited_person_takes_it_up(invitation: int) -> None:
    """S31, REQ-03."""
    assert registered().refusal("accept-invitation", STRANGER, invitation=invitation, **TITLE) == "not_found"


def test_nobody_takes_an_invitation_up_for_somebody_else() -> None:
    """S31: the invited person does it, with both factors; no operator in their name."""
    world = registered()
    assert world.refusal("accept-invitation", on_behalf_of(NEL), invitation=1, **TITLE) == "personal_command"


def test_an_invitation_is_for_the_institution_on_record() -> None:
    """S33, S73: who is on record elsewhere does not come in for an institution that took the domain over."""
    world = with_office()
    world.do("submit-intake", DESK, **INTAKE | {"email": "rosa@hospital.example"})
    world.do("declare-domains", ADMIN, institution="hospital", domains="new.example")
    world.do("declare-domains", ADMIN, institution="clinic", domains="clinic.example,hospital.example")
    world.do("answer-intake", OFFICE, request=ASKED, institution="clinic")
    assert world.refusal("accept-invitation", RESEARCHER, invitation=1, **TITLE) == "not_permitted"


def test_an_excluded_organisation_opens_no_form() -> None:
    """E59, REQ-08: also where the invitation was sent before; at the end of the exclusion it opens again."""
    world = registered()
    until = exclude(world, CLINIC)
    world.at = until - TICK
    assert world.refusal("accept-invitation", NEL, invitation=1, **TITLE) == "not_permitted"
    world.at = until
    world.do("accept-invitation", NEL, invitation=1, **TITLE)


def test_an_erased_address_is_invited_and_taken_up_by_nobody() -> None:
    """E50: what an erased key left behind is the same text everywhere, and never counts as an address."""
    world = registered()
    world.state.invitations[1].email = world.state.people[NEL].email = "[erased]"
    assert world.refusal("accept-invitation", NEL, invitation=1, **TITLE) == "not_found"
    world.do("submit-intake", DESK, **INTAKE)
    world.state.requests[RequestId("DR-4")].intake_email = "[erased]"
    assert world.refusal("answer-intake", OFFICE, request="DR-4", institution="clinic") == "not_allowed_value"


def test_a_person_of_an_untrusted_institution_reaches_one_form_only() -> None:
    """S72, S73, E59: they fill in and send the form that they were invited to, and open no other."""
    world = registered()
    world.do("accept-invitation", NEL, invitation=1, **TITLE)
    world.do("describe-request", NEL, request=ASKED, **description())
    world.do("request-dataset", NEL, request=ASKED, dataset="tumours", necessity="the outcome")
    world.do("name-contact", NEL, request=ASKED, person=NEL, email="nel@clinic.example")
    world.invite_signatory(ASKED, "clinic", NEL)
    world.let_sign(NEL)
    assert kinds(world.do("submit-request", NEL, request=ASKED)) == [e.RequestSubmitted]
    assert world.refusal("open-request", NEL, **TITLE) == "not_permitted"
    assert world.refusal("invite-party", NEL, **_party()) == "not_permitted"


def test_being_a_person_opens_three_commands_only() -> None:
    """S72, REQ-06: one is for an invited address, one asks for a trusted institution, one is for who sent that file."""
    open_to_all = {name_of(row.command) for row in TABLE.values() if Standing.MEMBER in row.standings}
    assert open_to_all == {"open-request", "accept-invitation", "drop-file"}

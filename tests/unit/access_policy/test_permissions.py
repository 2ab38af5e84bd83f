"""The permission table is what happens: every standing by status by command is tried, and every column of the table."""

from functools import cache

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import Actor, person
from access_policy.commands.base import Command, OfPerson, OfRequest, Refusal, RefusalCode, name_of, parse_command
from access_policy.commands.clinical import ApproveClinical
from access_policy.commands.confirmation import IssueConfirmationCode
from access_policy.commands.erasure import ErasePerson
from access_policy.commands.factors import ConfirmFactor
from access_policy.commands.installation import ConfirmProposal
from access_policy.handle import HANDLERS, handle
from access_policy.model.enums import Capacity, RequestStatus, Role
from access_policy.model.ids import InstitutionName, PersonId, RequestId, StudyName
from access_policy.permissions import TABLE, FourEyes, Permission, Standing, authorise, standings_of
from tests.unit.access_policy.samples import COMMANDS, FROM_TEXT, OF_PERSON, OF_REQUEST, sample, sample_arguments
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    DESK,
    HUB,
    INSTALLATION,
    NO_REQUEST,
    NOBODY,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    STRANGER,
    THIRD_ADMIN,
    TRAINER,
    WARDEN,
    World,
    appoint,
    begun,
    dataset_arguments,
    everything_holds,
    kinds,
    on_behalf_of,
)

PERSONAL = tuple(kind for kind in FROM_TEXT if TABLE[kind].personal)
_FOUND_OTHERWISE = (ConfirmProposal, ConfirmFactor, IssueConfirmationCode, ApproveClinical)
NOT_SELF = tuple(
    kind for kind in COMMANDS if TABLE[kind].four_eyes is FourEyes.NOT_SELF and kind not in _FOUND_OTHERWISE
)
"""But those whose people are found through a proposal, a verification or a study; see their own tests."""
TWO_PEOPLE = tuple(
    kind for kind in COMMANDS if TABLE[kind].four_eyes is FourEyes.SECOND_PERSON and kind is not ErasePerson
)
"""But the one that waits for years first; see its own tests."""
FORMER_ADMIN = PersonId("P-13")
CONCERNED = PersonId("P-14")
OFFICE, AUDITOR, INVESTIGATOR = PersonId("P-15"), PersonId("P-16"), PersonId("P-17")
BEFORE_THE_FORM = frozenset({RequestStatus.INTAKE, RequestStatus.INVITED})
"""Statuses in which a request has neither applicant nor organisation nor data yet."""
OF_THE_FORM = frozenset({Standing.APPLICANT, Standing.SIGNATORY, Standing.INVESTIGATOR})

_ACTORS: dict[Standing, Actor] = {
    Standing.ADMIN: person(THIRD_ADMIN),
    Standing.TRAINER: person(TRAINER),
    Standing.ASSESSOR: person(ASSESSOR),
    Standing.BOARD_MEMBER: person(BOARD_MEMBER),
    Standing.DATA_ACCESS_OFFICE: person(OFFICE),
    Standing.AUDITOR: person(AUDITOR),
    Standing.INVESTIGATOR: person(INVESTIGATOR),
    Standing.DESK: DESK,
    Standing.REPRESENTATIVE: person(REPRESENTATIVE),
    Standing.DATA_STEWARD: person(STEWARD),
    Standing.MEMBER: person(STRANGER),
    Standing.SELF: person(CONCERNED),
    Standing.VERIFIER: person(FORMER_ADMIN),
    Standing.APPLICANT: person(RESEARCHER),
    Standing.SIGNATORY: person(SIGNATORY),
    Standing.INSTALLATION: INSTALLATION,
    Standing.HUB: HUB,
    Standing.WARDEN: WARDEN,
}


def _name(kind: object) -> str:
    return name_of(kind) if isinstance(kind, type) else str(kind)


@cache
def _cells() -> tuple[World, dict[RequestStatus, RequestId]]:
    """Return a world with one request in each status, in which each standing is held by somebody who holds no other."""
    world = everything_holds()
    world.register("fred", "centre")
    appoint(world, FORMER_ADMIN, "admin")
    world.register("nel")
    until = world.at + 300 * DAY
    world.do("verify-person", FORMER_ADMIN, person=CONCERNED, method="in-person", evidence="seen", until=until)
    world.do("end-role", ADMIN, person=FORMER_ADMIN, role="admin")
    world.do("appoint-role", ADMIN, person=STRANGER, role="trainer", until=until)
    for name in ("odin", "aud", "ivo"):
        world.register(name, "centre")
    appoint(world, OFFICE, "data-access-office")
    appoint(world, AUDITOR, "auditor")
    _study(world)
    asked = [status for status in RequestStatus if status not in BEFORE_THE_FORM]
    requests = {status: world.ask(status, ("relapses",), contact=COLLEAGUE) for status in asked}
    return world, requests | {status: _before_the_form(world, status) for status in sorted(BEFORE_THE_FORM)}


def _study(world: World) -> None:
    study = StudyName("relapse")
    until = world.at + 1000 * DAY
    registered = e.StudyRegistered(study=study, title="Relapse", purpose="why")
    named = e.InvestigatorNamed(study=study, person=INVESTIGATOR, hospital=None, until=until)
    world.append([(person(STEWARD), registered), (person(STEWARD), named)])
    world.do("register-dataset", STEWARD, **dataset_arguments("relapses") | {"study": "relapse"})


def _before_the_form(world: World, status: RequestStatus) -> RequestId:
    request = RequestId(f"DR-{len(world.state.requests) + 1}")
    email = "nina@hospital.example"
    world.append([(DESK, e.IntakeReceived(request=request, name="Nina", surname="Vos", email=email))])
    if status is RequestStatus.INVITED:
        hospital = InstitutionName("hospital")
        invited = e.InvitationSent(
            invitation=1, request=request, capacity=Capacity.APPLICANT, email=email, institution=hospital
        )
        world.append([(person(OFFICE), invited)])
    return request


def _expected(row: Permission, standing: Standing, status: RequestStatus) -> str:
    """Return what the table says about a cell, for an actor with one standing that acts for nobody's own good."""
    before = status in BEFORE_THE_FORM and issubclass(row.command, OfRequest)
    held = {standing} - (OF_THE_FORM if before else set())
    if not row.standings & (held | ({Standing.MEMBER} if standing not in PARTS else set())):
        return RefusalCode.NOT_PERMITTED
    if row.four_eyes is not FourEyes.NO and _is_concerned(row, standing):
        return RefusalCode.FOUR_EYES
    if row.statuses is not None and status not in row.statuses:
        return RefusalCode.WRONG_STATE
    return "permitted"


PARTS = frozenset({Standing.INSTALLATION, Standing.HUB, Standing.DESK, Standing.WARDEN})


def _is_concerned(row: Permission, standing: Standing) -> bool:
    of_person = standing is Standing.SELF and issubclass(row.command, OfPerson)
    return of_person or (standing is Standing.APPLICANT and issubclass(row.command, OfRequest))


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_every_cell_is_as_the_table_says(kind: type[Command]) -> None:
    """REQ-06: to each standing a command is permitted or refused in each status, exactly as its row says."""
    world, requests = _cells()
    cells = [(standing, status) for standing in Standing for status in requests]
    answered = {
        (standing, status): authorise(
            world.state, sample(kind, CONCERNED, requests[status]), _ACTORS[standing], world.at
        )
        for standing, status in cells
    }
    codes = {cell: str(refused.code) if refused else "permitted" for cell, refused in answered.items()}
    assert codes == {cell: str(_expected(TABLE[kind], *cell)) for cell in cells}


@pytest.mark.parametrize("standing", Standing)
def test_each_standing_is_held_alone(standing: Standing) -> None:
    """The actor of a standing has it for some command, and no other but that of being a person."""
    world, requests = _cells()
    found: set[Standing] = set()
    for kind in COMMANDS:
        command = sample(kind, CONCERNED, requests[RequestStatus.DRAFT])
        found |= standings_of(world.state, command, _ACTORS[standing], world.at)
    assert found - {Standing.MEMBER} == {standing} - {Standing.MEMBER}


def test_every_command_has_a_row_and_a_handler() -> None:
    """REQ-06: a command without a row is permitted to nobody, and there is none; each row has its handler."""
    commands = {kind for kind in Command.registered.values() if kind not in (OfPerson, OfRequest)}
    assert commands == set(TABLE)
    assert set(HANDLERS) | {ConfirmProposal} == set(TABLE)
    assert all(row.command is kind and row.standings for kind, row in TABLE.items())


def test_a_command_without_a_row_is_permitted_to_nobody() -> None:
    """Default deny: an abstract command, which has no row, is refused to an admin."""
    world = everything_holds()
    refused = authorise(world.state, OfPerson(person=RESEARCHER), person(ADMIN), world.at)
    assert refused is not None
    assert refused.code == RefusalCode.NOT_PERMITTED


OUTSIDE = {"an unknown person": person(NOBODY), "nobody": Actor(), "an operator for nobody": Actor(operator="root")}


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_who_stands_nowhere_may_do_nothing(kind: type[Command]) -> None:
    """Default deny: without a standing every command is refused, in the same words."""
    world = everything_holds()
    refused = {name: authorise(world.state, sample(kind), actor, world.at) for name, actor in OUTSIDE.items()}
    same = Refusal(RefusalCode.NOT_PERMITTED, f"`{name_of(kind)}` is not yours to give")
    assert refused == dict.fromkeys(OUTSIDE, same)


@pytest.mark.parametrize("kind", COMMANDS, ids=_name)
def test_a_stopped_person_may_do_nothing(kind: type[Command]) -> None:
    """ID-15, S94: whoever could give a command cannot once they are stopped."""
    world = everything_holds()
    for who in (THIRD_ADMIN, TRAINER, ASSESSOR, BOARD_MEMBER, REPRESENTATIVE, STEWARD, SIGNATORY, RESEARCHER):
        world.do("disable-person", ADMIN, person=who, reason="left")
        refused = authorise(world.state, sample(kind), person(who), world.at)
        assert refused is not None
        assert refused.code == RefusalCode.NOT_PERMITTED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SIGNATORY])
def test_a_role_ends_at_its_instant(role: Role) -> None:
    """REQ-08: a role is held up to its last microsecond, and not at its end."""
    world = everything_holds()
    nora = world.register("nora", "centre")
    until = world.at + 10 * DAY
    world.agree("appoint-role", person=nora, role=role, until=until)
    command = sample(parse_of("certify-person"))
    held = [
        Standing(role) in standings_of(world.state, command, person(nora), at)
        for at in (until - DAY / 86_400_000_000, until)
    ]
    assert held == [True, False]


def parse_of(name: str) -> type[Command]:
    """Return the command of a name."""
    return Command.registered[name]


def test_a_trainer_of_one_course_trains_in_no_other() -> None:
    """REQ-07: a trainer who is bound to a course is none for another."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=365)
    appoint(world, STRANGER, "trainer", "cloud")
    world.do("certify-person", STRANGER, person=RESEARCHER, course="cloud")
    assert world.refusal("certify-person", STRANGER, person=RESEARCHER, course="privacy") == RefusalCode.NOT_PERMITTED


@pytest.mark.parametrize("kind", OF_REQUEST, ids=_name)
def test_a_stranger_cannot_tell_a_request_that_exists_from_one_that_does_not(kind: type[Command]) -> None:
    """REQ-03: authorised before validated, so a stranger gets the same refusal for both."""
    world = everything_holds()
    answers = [
        authorise(world.state, sample(kind, request=one), person(STRANGER), world.at) for one in (OPEN, NO_REQUEST)
    ]
    assert answers[0] is not None
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", OF_PERSON, ids=_name)
def test_a_stranger_cannot_tell_a_person_who_exists_from_one_who_does_not(kind: type[Command]) -> None:
    """ID-12: authorised before validated, for people too."""
    world = everything_holds()
    answers = [authorise(world.state, sample(kind, one), person(STRANGER), world.at) for one in (RESEARCHER, NOBODY)]
    assert answers[0] is not None
    assert answers[0] == answers[1]


def _who_may(kind: type[Command]) -> PersonId:
    """Return somebody who may give a personal command about the colleague, in the world of all cells."""
    standing = sorted(TABLE[kind].standings)[0]
    actor = _ACTORS[standing].person
    assert actor is not None
    return actor


@pytest.mark.parametrize("kind", PERSONAL, ids=_name)
def test_a_personal_command_is_never_done_on_behalf_of_somebody(kind: type[Command]) -> None:
    """S35: an operator signs, votes, verifies, certifies and confirms for nobody, though the person could."""
    world, requests = _cells()
    statuses = TABLE[kind].statuses or {RequestStatus.DRAFT}
    command = sample(kind, CONCERNED, requests[sorted(statuses)[0]])
    who = _who_may(kind)
    assert authorise(world.state, command, person(who), world.at) is None
    refused = authorise(world.state, command, on_behalf_of(who), world.at)
    assert refused is not None
    assert refused.code == RefusalCode.PERSONAL_COMMAND


def test_in_a_demo_an_operator_may_act_for_anybody() -> None:
    """A demo's content is written through the same commands, by an operator on behalf of its people."""
    world = everything_holds(demo=True)
    until = world.at + 300 * DAY
    world.do("verify-person", on_behalf_of(ADMIN), person=COLLEAGUE, method="in-person", evidence="seen", until=until)
    world.do("certify-person", on_behalf_of(TRAINER), person=COLLEAGUE, course="privacy")
    request = world.ask(RequestStatus.DRAFT)
    world.do("submit-request", on_behalf_of(RESEARCHER), request=request)
    assert world.state.requests[request].status is RequestStatus.SUBMITTED


@pytest.mark.parametrize("kind", NOT_SELF, ids=_name)
def test_nobody_does_for_themselves_what_needs_four_eyes(kind: type[Command]) -> None:
    """REQ-01, REQ-07: whatever their roles, the concerned are refused, and so is an operator for them."""
    world = everything_holds(demo=True)
    for role in set(Role) - {Role.AUDITOR}:
        appoint(world, RESEARCHER, role, "hospital" if role is Role.SIGNATORY else None)
    for actor in (person(RESEARCHER), on_behalf_of(RESEARCHER)):
        refused = authorise(world.state, sample(kind, RESEARCHER, OPEN), actor, world.at)
        assert refused is not None
        assert refused.code == RefusalCode.FOUR_EYES


@pytest.mark.parametrize("name", ["assess-request", "approve-request", "refuse-request", "make-available"])
def test_a_download_contact_decides_nothing_about_the_request(name: str) -> None:
    """REQ-02, S20: who would get the data counts as concerned, as the applicant does."""
    world = everything_holds()
    request = world.ask(RequestStatus.DRAFT)
    for role in ("assessor", "board-member", "data-steward"):
        appoint(world, COLLEAGUE, role)
    world.do("name-contact", RESEARCHER, request=request, person=COLLEAGUE, email="cas@hospital.example")
    assert world.refusal(name, COLLEAGUE, **sample_arguments(parse_of(name), request=request)) == RefusalCode.FOUR_EYES


_BEFORE: dict[str, tuple[str, ...]] = {
    "join-identity": ("link-identity",),
    "lift-exclusion": ("exclude-organisation",),
    "name-investigator": ("register-study",),
    "reinstate-request": ("suspend-request",),
    "reopen-dataset": ("withdraw-dataset",),
}
"""What has to have happened before a command for two makes sense."""


@pytest.mark.parametrize("kind", TWO_PEOPLE, ids=_name)
def test_a_command_for_two_is_only_proposed_by_the_first(kind: type[Command]) -> None:
    """Four eyes: the first admin's command changes nothing but that it waits."""
    world = everything_holds()
    for before in _BEFORE.get(name_of(kind), ()):
        world.do(before, SECOND_ADMIN, **sample_arguments(parse_of(before), RESEARCHER))
    who = ADMIN if Standing.ADMIN in TABLE[kind].standings else STEWARD
    events = world.do(name_of(kind), who, **sample_arguments(kind, RESEARCHER))
    assert kinds(events) == [e.CommandProposed]
    assert world.state.proposals[world.state.last_proposal].by == who


def _proposed() -> World:
    """Return a world in which an admin proposed a role for the stranger."""
    world = everything_holds()
    world.do("appoint-role", ADMIN, person=STRANGER, role="trainer", until=world.at + 10 * DAY)
    return world


def test_a_second_admin_confirms_and_it_is_done() -> None:
    """Four eyes: another admin's confirmation carries the proposal out, in the same append, once."""
    world = _proposed()
    number = world.state.last_proposal
    assert kinds(world.do("confirm-proposal", SECOND_ADMIN, proposal=number)) == [e.ProposalConfirmed, e.RoleAppointed]
    assert world.refusal("confirm-proposal", THIRD_ADMIN, proposal=number) == RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    ("who", "code"),
    [(ADMIN, "four_eyes"), (RESEARCHER, "not_permitted"), (TRAINER, "not_permitted"), (NOBODY, "not_permitted")],
    ids=["the proposer", "a researcher", "a trainer", "nobody"],
)
def test_who_may_not_confirm(who: PersonId, code: str) -> None:
    """Four eyes: neither the proposer nor anybody who is no admin confirms."""
    world = _proposed()
    assert world.refusal("confirm-proposal", who, proposal=world.state.last_proposal) == code


def test_an_operator_for_the_proposer_is_the_proposer() -> None:
    """Four eyes: in a demo too, an operator on behalf of the proposer counts as the proposer."""
    world = everything_holds(demo=True)
    world.do("appoint-role", ADMIN, person=STRANGER, role="trainer", until=world.at + 10 * DAY)
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", on_behalf_of(ADMIN), proposal=number) == RefusalCode.FOUR_EYES
    world.do("confirm-proposal", on_behalf_of(SECOND_ADMIN), proposal=number)


def test_the_concerned_person_does_not_confirm() -> None:
    """Four eyes: an admin whose factors another admin wants to reset cannot be the second."""
    world = everything_holds()
    world.make_ready(THIRD_ADMIN)
    world.do("reset-factors", ADMIN, person=THIRD_ADMIN)
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", THIRD_ADMIN, proposal=number) == RefusalCode.FOUR_EYES
    world.do("confirm-proposal", SECOND_ADMIN, proposal=number)


@pytest.mark.parametrize("who", [RESEARCHER, COLLEAGUE], ids=["the applicant", "a download contact"])
def test_whose_request_it_is_does_not_confirm(who: PersonId) -> None:
    """REQ-01, REQ-02: an admin who would get the data again is not the second person who wants it."""
    world = everything_holds()
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    appoint(world, who, "admin")
    world.do("suspend-request", ADMIN, request=request, reason="a question")
    world.do("reinstate-request", ADMIN, request=request, reason="answered")
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", who, proposal=number) == RefusalCode.FOUR_EYES
    world.do("confirm-proposal", SECOND_ADMIN, proposal=number)


def test_nobody_proposes_something_for_themselves() -> None:
    """Four eyes: an admin cannot propose a role of their own, so one confirmation is never their own idea."""
    world = everything_holds()
    until = world.at + 10 * DAY
    code = world.refusal("appoint-role", ADMIN, person=ADMIN, role="board-member", until=until)
    assert code == RefusalCode.FOUR_EYES


def test_a_proposal_dies_with_the_role_of_the_proposer() -> None:
    """Four eyes: what somebody proposed who is no admin any more is not carried out."""
    world = everything_holds()
    world.do("appoint-role", THIRD_ADMIN, person=STRANGER, role="trainer", until=world.at + 10 * DAY)
    number = world.state.last_proposal
    world.do("end-role", ADMIN, person=THIRD_ADMIN, role="admin")
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number) == RefusalCode.NOT_PERMITTED


def test_a_proposal_that_no_longer_fits_is_refused() -> None:
    """A proposal is decided again when it is confirmed: an end that has passed meanwhile is no end."""
    world = _proposed()
    world.wait(11 * DAY)
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number) == RefusalCode.NOT_ALLOWED_VALUE


@pytest.mark.parametrize("who", [ADMIN, SECOND_ADMIN], ids=["the proposer", "another admin"])
def test_a_proposal_can_be_dropped(who: PersonId) -> None:
    """Either of the two can say no; what is dropped cannot be confirmed or dropped again."""
    world = _proposed()
    number = world.state.last_proposal
    assert kinds(world.do("drop-proposal", who, proposal=number)) == [e.ProposalDropped]
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number) == RefusalCode.NOT_FOUND
    assert world.refusal("drop-proposal", SECOND_ADMIN, proposal=number) == RefusalCode.NOT_FOUND


@pytest.mark.parametrize("kind", FROM_TEXT, ids=_name)
def test_every_command_is_read_from_text_and_back(kind: type[Command]) -> None:
    """A command survives being written as JSON and read as text: what a proposal keeps and the command line gives."""
    command = sample(kind)
    assert parse_command(name_of(kind), msgspec.json.decode(msgspec.json.encode(command))) == command


def test_the_first_admins_need_each_other_from_the_beginning() -> None:
    """A new log knows two admins: neither can appoint anybody alone, together they can."""
    world = begun()
    world.do("appoint-role", ADMIN, person=SECOND_ADMIN, role="trainer", until=world.at + 10 * DAY)
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=1) == RefusalCode.FOUR_EYES
    assert isinstance(handle(world.state, ConfirmProposal(proposal=1), person(ADMIN), world.at), Refusal)

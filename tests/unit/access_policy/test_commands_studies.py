"""Studies and their investigators: what is recorded, and what is refused (S10, S49, S50)."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.roles import LONGEST_ROLE_DAYS
from access_policy.model.ids import InstitutionName, PersonId, StudyName
from access_policy.state import Investigator
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    MINUTE,
    NOBODY,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    TICK,
    World,
    everything_holds,
    kinds,
    name_investigator,
)

RELAPSE = StudyName("relapse")
HOSPITAL = InstitutionName("hospital")
STUDY: dict[str, Any] = {"study": "relapse", "title": "Relapse", "purpose": "why it comes back"}
LONGEST = LONGEST_ROLE_DAYS * DAY


def _studied() -> World:
    """Return a world with a study, its central investigator, and the local one of the hospital."""
    world = everything_holds()
    world.do("register-study", STEWARD, **STUDY)
    name_investigator(world, "relapse", ASSESSOR)
    name_investigator(world, "relapse", COLLEAGUE, "hospital")
    return world


def _central(world: World) -> Investigator:
    named = world.state.studies[RELAPSE].central_investigator
    assert named is not None
    return named


def _local(world: World) -> Investigator:
    return world.state.studies[RELAPSE].local_investigators[HOSPITAL]


def test_a_study_is_registered_with_its_purpose_and_without_investigators() -> None:
    """S10, S49: the purpose of the original design stands in the fact; who approves is named by two people."""
    world = everything_holds()
    assert world.do("register-study", STEWARD, **STUDY) == (
        e.StudyRegistered(study=RELAPSE, title="Relapse", purpose="why it comes back"),
    )
    study = world.state.studies[RELAPSE]
    assert (study.central_investigator, study.local_investigators) == (None, {})


@pytest.mark.parametrize(
    ("who", "study", "code"),
    [(STEWARD, "relapse", "already_exists"), (RESEARCHER, "second", "not_permitted")],
    ids=["a name twice", "a researcher"],
)
def test_a_study_is_refused(who: PersonId, study: str, code: str) -> None:
    """S10, REQ-06: once, by those who keep the data."""
    assert _studied().refusal("register-study", who, **STUDY | {"study": study}) == code


def test_a_study_takes_no_investigator_when_it_is_registered() -> None:
    """S49, REQ-01: nobody becomes the one who approves without a second person."""
    with pytest.raises(ValueError, match="central_investigator"):
        everything_holds().attempt("register-study", STEWARD, **STUDY, central_investigator=ASSESSOR)


@pytest.mark.parametrize("hospital", [HOSPITAL, None], ids=["local", "central"])
@pytest.mark.parametrize("proposer", [STEWARD, ADMIN], ids=["a steward proposes", "an admin proposes"])
def test_an_investigator_is_named_by_two_people(proposer: PersonId, hospital: InstitutionName | None) -> None:
    """S49, S50, REQ-01: a steward or an admin proposes, another admin confirms; until then nothing changes."""
    world = everything_holds()
    world.do("register-study", STEWARD, **STUDY)
    until = world.at + 100 * DAY
    arguments = {"study": "relapse", "person": COLLEAGUE, "until": until} | ({"hospital": hospital} if hospital else {})
    assert kinds(world.do("name-investigator", proposer, **arguments)) == [e.CommandProposed]
    study, number = world.state.studies[RELAPSE], world.state.last_proposal
    assert (study.central_investigator, study.local_investigators) == (None, {})
    at = world.at
    assert world.do("confirm-proposal", SECOND_ADMIN, proposal=number) == (
        e.ProposalConfirmed(proposal=number),
        e.InvestigatorNamed(study=RELAPSE, person=COLLEAGUE, hospital=hospital, until=until),
    )
    named = Investigator(COLLEAGUE, at, until)
    expected = (None, {HOSPITAL: named}) if hospital else (named, {})
    assert (study.central_investigator, study.local_investigators) == expected


@pytest.mark.parametrize(
    ("proposer", "person", "second", "code"),
    [
        (ADMIN, COLLEAGUE, ADMIN, "four_eyes"),
        (STEWARD, COLLEAGUE, STEWARD, "not_permitted"),
        (STEWARD, SECOND_ADMIN, SECOND_ADMIN, "four_eyes"),
    ],
    ids=["who proposed", "a steward", "the one who is named"],
)
def test_who_confirms_an_investigator_is_another_admin(
    proposer: PersonId, person: PersonId, second: PersonId, code: str
) -> None:
    """S49, REQ-01: neither who proposed it, nor the one who is to approve, nor somebody who is no admin."""
    world = _studied()
    world.do("name-investigator", proposer, study="relapse", person=person, until=world.at + DAY)
    assert world.refusal("confirm-proposal", second, proposal=world.state.last_proposal) == code


def test_who_moved_before_it_was_confirmed_is_not_named() -> None:
    """S50: the second person confirms what holds then."""
    world = _studied()
    until = world.at + DAY
    world.do("name-investigator", STEWARD, study="relapse", person=RESEARCHER, hospital="hospital", until=until)
    world.do("move-person", ADMIN, person=RESEARCHER, institution="centre", email="rosa@centre.example")
    number = world.state.last_proposal
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number) == "changed_meanwhile"


def test_another_central_investigator_is_named() -> None:
    """S49: without a hospital it is the central one who changes; the local one stays."""
    world = _studied()
    local = _local(world)
    name_investigator(world, "relapse", BOARD_MEMBER)
    assert _central(world).person == BOARD_MEMBER
    assert _local(world) == local


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (STEWARD, {"study": "unheard-of"}, "not_found"),
        (STEWARD, {"person": NOBODY}, "not_found"),
        (STEWARD, {"hospital": "nowhere"}, "not_found"),
        (STEWARD, {"hospital": "centre"}, "not_allowed_value"),
        (STEWARD, {"person": ASSESSOR}, "not_allowed_value"),
        (STEWARD, {"person": STEWARD, "hospital": None}, "four_eyes"),
        (ADMIN, {"person": ADMIN, "hospital": None}, "four_eyes"),
        (RESEARCHER, {}, "not_permitted"),
    ],
    ids=[
        "an unknown study", "an unknown person", "an unknown hospital", "another hospital", "who works elsewhere",
        "the steward themselves", "the admin themselves", "a researcher",
    ],
)  # fmt: skip
def test_an_investigator_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S49, S50, REQ-01: a known person of a known study, the local one of the hospital, and nobody themselves."""
    world = _studied()
    arguments = {"study": "relapse", "person": RESEARCHER, "hospital": "hospital", "until": world.at + DAY} | changed
    assert world.refusal("name-investigator", who, **arguments) == code


@pytest.mark.parametrize(
    ("length", "taken"),
    [(timedelta(0), False), (TICK, True), (LONGEST, True), (LONGEST + TICK, False), (-DAY, False)],
    ids=["now", "a tick on", "the longest", "a tick longer", "past"],
)
def test_the_place_of_an_investigator_ends_in_range(length: timedelta, taken: bool) -> None:
    """S49, REQ-11: it always ends, and no later than a role does."""
    world = _studied()
    arguments = {"study": "relapse", "person": BOARD_MEMBER, "until": world.at + length}
    if taken:
        assert kinds(world.do("name-investigator", STEWARD, **arguments)) == [e.CommandProposed]
    else:
        assert world.refusal("name-investigator", STEWARD, **arguments) == "not_allowed_value"


@pytest.mark.parametrize("place", [{}, {"hospital": "hospital"}], ids=["central", "local"])
def test_an_investigator_is_named_again_for_longer(place: dict[str, str]) -> None:
    """S49, S50: for as long already is refused, a tick longer is not."""
    world = _studied()
    named = _local(world) if place else _central(world)
    arguments = {"study": "relapse", "person": named.person} | place
    assert world.refusal("name-investigator", STEWARD, **arguments, until=named.until) == "already_exists"
    world.agree("name-investigator", **arguments, until=named.until + TICK)
    assert (_local(world) if place else _central(world)).until == named.until + TICK


@pytest.mark.parametrize(
    ("offset", "code"),
    [(-TICK, "already_exists"), (timedelta(0), None), (TICK, None)],
    ids=["a tick before its end", "at its end", "a tick after"],
)
def test_who_is_it_no_more_is_named_anew_for_a_shorter_time(offset: timedelta, code: str | None) -> None:
    """S49: the place is held within the half-open term only; what was ended is held no more."""
    world = _studied()
    world.do("end-investigator", STEWARD, study="relapse", person=ASSESSOR)
    until = world.at + 2 * DAY
    world.agree("name-investigator", study="relapse", person=ASSESSOR, until=until)
    world.at = until + offset
    arguments = {"study": "relapse", "person": ASSESSOR, "until": world.at + TICK}
    if code is None:
        assert kinds(world.do("name-investigator", ADMIN, **arguments)) == [e.CommandProposed]
    else:
        arguments["until"] = until
        assert world.refusal("name-investigator", ADMIN, **arguments) == code


def test_who_left_is_not_named() -> None:
    """S49, S50: an investigator works somewhere, the local one at the hospital."""
    world = _studied()
    world.do("record-departure", ADMIN, person=RESEARCHER)
    arguments = {"study": "relapse", "person": RESEARCHER, "until": world.at + DAY}
    assert world.refusal("name-investigator", STEWARD, **arguments) == "wrong_state"
    assert world.refusal("name-investigator", STEWARD, **arguments, hospital="hospital") == "wrong_state"


@pytest.mark.parametrize("who", [STEWARD, ADMIN], ids=["a steward", "an admin"])
@pytest.mark.parametrize("hospital", [HOSPITAL, None], ids=["local", "central"])
def test_an_investigator_is_ended_at_once(who: PersonId, hospital: InstitutionName | None) -> None:
    """S49, S50, S94: one place, by one person; the other place stays."""
    world = _studied()
    at, person = world.at, COLLEAGUE if hospital else ASSESSOR
    arguments = {"study": "relapse", "person": person} | ({"hospital": hospital} if hospital else {})
    events = world.do("end-investigator", who, **arguments)
    assert events == (e.InvestigatorEnded(study=RELAPSE, person=person, hospital=hospital),)
    ended, other = (_local(world), _central(world)) if hospital else (_central(world), _local(world))
    assert (ended.until, ended.holds(at - TICK), ended.holds(at)) == (at, True, False)
    assert other.holds(world.at)
    assert world.refusal("end-investigator", who, **arguments) == "wrong_state"


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (STEWARD, {"study": "unheard-of"}, "not_found"),
        (STEWARD, {"hospital": "nowhere"}, "not_found"),
        (STEWARD, {"person": NOBODY}, "not_found"),
        (STEWARD, {"person": RESEARCHER}, "wrong_state"),
        (STEWARD, {"person": COLLEAGUE, "hospital": None}, "wrong_state"),
        (STEWARD, {"hospital": "centre"}, "wrong_state"),
        (RESEARCHER, {}, "not_permitted"),
    ],
    ids=[
        "an unknown study", "an unknown hospital", "an unknown person", "somebody else", "not the central one",
        "a hospital without one", "a researcher",
    ],
)  # fmt: skip
def test_an_end_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S49, S50: only who holds that place now loses it."""
    arguments = {"study": "relapse", "person": COLLEAGUE, "hospital": "hospital"} | changed
    assert _studied().refusal("end-investigator", who, **arguments) == code


def test_a_place_that_ran_out_is_not_ended_again() -> None:
    """S49, REQ-08: half-open, so at its end it is over."""
    world = _studied()
    ends = world.at + 5 * DAY
    name_investigator(world, "relapse", BOARD_MEMBER, until=ends)
    world.at = ends
    assert world.refusal("end-investigator", STEWARD, study="relapse", person=BOARD_MEMBER) == "wrong_state"
    world.at = ends - TICK
    assert kinds(world.do("end-investigator", STEWARD, study="relapse", person=BOARD_MEMBER)) == [e.InvestigatorEnded]


def test_moving_away_ends_the_local_place_for_good() -> None:
    """S50: coming back to the hospital does not bring it back; who moved stays the central one."""
    world = _studied()
    name_investigator(world, "relapse", COLLEAGUE)
    for institution in ("centre", "hospital"):
        email = f"cas.b@{institution}.example"
        world.do("move-person", ADMIN, person=COLLEAGUE, institution=institution, email=email)
    assert _local(world).until == world.at - 2 * MINUTE
    assert _central(world).holds(world.at)


def test_leaving_ends_both_places_for_good() -> None:
    """S49, S50: who works nowhere answers for no study, nor once they are back."""
    world = _studied()
    name_investigator(world, "relapse", COLLEAGUE)
    at = world.at
    world.do("record-departure", ADMIN, person=COLLEAGUE)
    world.do("move-person", ADMIN, person=COLLEAGUE, institution="hospital", email="cas.b@hospital.example")
    assert (_local(world).until, _central(world).until) == (at, at)


def test_the_leaving_of_another_ends_no_place() -> None:
    """S49, S50: only who leaves loses it, also where they held it once."""
    world = _studied()
    name_investigator(world, "relapse", RESEARCHER, "hospital")
    world.do("record-departure", ADMIN, person=COLLEAGUE)
    assert _local(world).holds(world.at)
    assert _central(world).holds(world.at)

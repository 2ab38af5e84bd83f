"""Studies and their investigators: what is recorded, and what is refused (S10, S49, S50)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.ids import InstitutionName, PersonId, StudyName
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    NOBODY,
    RESEARCHER,
    STEWARD,
    World,
    everything_holds,
    kinds,
)

RELAPSE = StudyName("relapse")
HOSPITAL = InstitutionName("hospital")
STUDY: dict[str, Any] = {
    "study": "relapse", "title": "Relapse", "purpose": "why it comes back", "central_investigator": ASSESSOR,
}  # fmt: skip


def _studied() -> World:
    world = everything_holds()
    world.do("register-study", STEWARD, **STUDY)
    return world


def test_a_study_is_registered_with_its_purpose_and_its_investigator() -> None:
    """S10, S49: the purpose of the original design and the central investigator stand in the fact."""
    assert everything_holds().do("register-study", STEWARD, **STUDY) == (
        e.StudyRegistered(
            study=RELAPSE, title="Relapse", purpose="why it comes back", central_investigator=ASSESSOR
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (STEWARD, {"study": "relapse"}, "already_exists"),
        (STEWARD, {"central_investigator": NOBODY}, "not_found"),
        (STEWARD, {"central_investigator": STEWARD}, "four_eyes"),
        (ADMIN, {"central_investigator": ADMIN}, "four_eyes"),
        (RESEARCHER, {}, "not_permitted"),
    ],
    ids=["a name twice", "an unknown investigator", "the steward themselves", "the admin themselves", "a researcher"],
)
def test_a_study_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S49, REQ-01: once, with a known investigator, and nobody makes themselves the one who approves."""
    assert _studied().refusal("register-study", who, **STUDY | {"study": "second"} | changed) == code


def test_the_local_investigator_of_a_hospital_is_named() -> None:
    """S50: for a hospital, by its name; the central one stays."""
    world = _studied()
    events = world.do("name-investigator", STEWARD, study="relapse", person=COLLEAGUE, hospital="hospital")
    assert events == (e.InvestigatorNamed(study=RELAPSE, person=COLLEAGUE, hospital=HOSPITAL),)
    study = world.state.studies[RELAPSE]
    assert (study.central_investigator, study.local_investigators) == (ASSESSOR, {HOSPITAL: COLLEAGUE})


def test_another_central_investigator_is_named() -> None:
    """S49: without a hospital it is the central one who changes."""
    world = _studied()
    events = world.do("name-investigator", ADMIN, study="relapse", person=BOARD_MEMBER)
    assert events == (e.InvestigatorNamed(study=RELAPSE, person=BOARD_MEMBER, hospital=None),)
    assert world.state.studies[RELAPSE].central_investigator == BOARD_MEMBER
    assert not world.state.studies[RELAPSE].local_investigators


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (STEWARD, {"study": "unheard-of"}, "not_found"),
        (STEWARD, {"person": NOBODY}, "not_found"),
        (STEWARD, {"hospital": "nowhere"}, "not_found"),
        (STEWARD, {"hospital": "centre"}, "not_allowed_value"),
        (STEWARD, {"person": COLLEAGUE}, "already_exists"),
        (STEWARD, {"person": ASSESSOR, "hospital": None}, "already_exists"),
        (STEWARD, {"person": STEWARD, "hospital": None}, "four_eyes"),
        (RESEARCHER, {}, "not_permitted"),
    ],
    ids=[
        "an unknown study", "an unknown person", "an unknown hospital", "who works elsewhere", "the local one again",
        "the central one again", "oneself", "a researcher",
    ],
)  # fmt: skip
def test_an_investigator_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S49, S50, REQ-01: a known person of a known study, the local one of the hospital, and nobody themselves."""
    world = _studied()
    world.do("name-investigator", STEWARD, study="relapse", person=COLLEAGUE, hospital="hospital")
    arguments = {"study": "relapse", "person": RESEARCHER, "hospital": "hospital"} | changed
    assert world.refusal("name-investigator", who, **arguments) == code


def test_who_left_the_hospital_is_not_named_for_it() -> None:
    """S50: the local investigator is of the hospital that the applicant is affiliated with."""
    world = _studied()
    world.append([(world.facts[0].actor, e.PersonLeft(person=COLLEAGUE))])
    arguments = {"study": "relapse", "person": COLLEAGUE}
    assert world.refusal("name-investigator", STEWARD, **arguments, hospital="hospital") == "not_allowed_value"
    assert kinds(world.do("name-investigator", STEWARD, **arguments)) == [e.InvestigatorNamed]

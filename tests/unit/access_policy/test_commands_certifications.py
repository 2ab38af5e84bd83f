"""Certifications, exemptions, and taking them back: what is recorded, and what is refused (S74, REQ-07)."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import CertificationKind
from access_policy.model.ids import CourseName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    CERTIFIED_DAYS,
    COLLEAGUE,
    DAY,
    NOBODY,
    RESEARCHER,
    STEWARD,
    STRANGER,
    TICK,
    TRAINER,
    World,
    appoint,
    everything_holds,
    kinds,
)

PRIVACY = CourseName("privacy")
CLOUD: dict[str, Any] = {"course": "cloud", "title": "Cloud", "validity_days": 30}


def test_a_certification_holds_from_now_for_the_validity() -> None:
    """REQ-07, S74: neither the beginning nor the end can be chosen."""
    world = everything_holds()
    at = world.at
    (event,) = world.do("certify-person", TRAINER, person=COLLEAGUE, course="privacy")
    assert event == e.PersonCertified(person=COLLEAGUE, course=PRIVACY, ends=at + 365 * DAY)


@pytest.mark.parametrize("name", ["ends", "begins", "at"])
def test_a_date_cannot_be_given(name: str) -> None:
    """REQ-07: a back-dated or post-dated certification is no command at all."""
    world = everything_holds()
    with pytest.raises(ValueError, match=name):
        world.attempt("certify-person", TRAINER, person=COLLEAGUE, course="privacy", **{name: world.at})


def test_nobody_certifies_themselves() -> None:
    """REQ-07: a trainer is certified by another one."""
    assert everything_holds().refusal("certify-person", TRAINER, person=TRAINER, course="privacy") == "four_eyes"


@pytest.mark.parametrize("who", [RESEARCHER, ADMIN], ids=["a researcher", "an admin"])
def test_only_a_trainer_certifies(who: PersonId) -> None:
    """REQ-06, REQ-07: not a colleague, not an admin."""
    assert everything_holds().refusal("certify-person", who, person=COLLEAGUE, course="privacy") == "not_permitted"


def test_a_trainer_of_another_course_neither_certifies_nor_revokes() -> None:
    """REQ-07: the trainer of course A does not mark course B."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=30)
    appoint(world, COLLEAGUE, "trainer", "cloud")
    about = {"person": RESEARCHER, "course": "privacy"}
    assert world.refusal("certify-person", COLLEAGUE, **about) == "not_permitted"
    assert world.refusal("revoke-certification", COLLEAGUE, **about, reason="copied") == "not_permitted"


def test_an_unknown_course_is_not_found() -> None:
    """S74: nobody passes a course that is not registered."""
    assert everything_holds().refusal("certify-person", TRAINER, person=COLLEAGUE, course="cooking") == "not_found"


def _exemption(world: World, **changed: Any) -> dict[str, Any]:
    return {"person": STRANGER, "course": "privacy", "until": world.at + 30 * DAY, "reason": "wrote it"} | changed


def test_an_exemption_is_wanted_by_two_admins_and_ends() -> None:
    """S74, REQ-07: one proposes it with a reason and an end, another confirms, and it says that it is an exemption."""
    world = everything_holds()
    until = world.at + 30 * DAY
    events = world.agree("exempt-person", **_exemption(world))
    exempted = e.PersonCertified(
        person=STRANGER, course=PRIVACY, ends=until, kind=CertificationKind.EXEMPTED, reason="wrote it"
    )
    assert events == (e.ProposalConfirmed(proposal=world.state.last_proposal), exempted)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        (timedelta(0), "not_allowed_value"),
        (TICK, None),
        (CERTIFIED_DAYS * DAY, None),
        (CERTIFIED_DAYS * DAY + TICK, "not_allowed_value"),
    ],
    ids=["now", "a tick on", "as long as the course holds", "a tick longer"],
)
def test_an_exemption_ends_within_the_validity(span: timedelta, code: str | None) -> None:
    """S74, REQ-08, REQ-11: after now, and never later than a certification of today would."""
    world = everything_holds()
    arguments = _exemption(world, until=world.at + span)
    if code is None:
        assert kinds(world.do("exempt-person", ADMIN, **arguments)) == [e.CommandProposed]
    else:
        assert world.refusal("exempt-person", ADMIN, **arguments) == code


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (ADMIN, {"course": "cooking"}, "not_found"),
        (ADMIN, {"person": NOBODY}, "not_found"),
        (ADMIN, {"person": ADMIN}, "four_eyes"),
        (TRAINER, {}, "not_permitted"),
    ],
    ids=["an unknown course", "an unknown person", "oneself", "a trainer"],
)
def test_an_exemption_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S74, REQ-07: nobody exempts themselves, and no trainer exempts anybody."""
    world = everything_holds()
    assert world.refusal("exempt-person", who, **_exemption(world, **changed)) == code


def test_a_certification_is_revoked_once() -> None:
    """S74: all certifications of the course are taken back; there is nothing to take back twice, or from others."""
    world = everything_holds()
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    arguments = {"person": RESEARCHER, "course": "privacy", "reason": "copied"}
    assert kinds(world.do("revoke-certification", ADMIN, **arguments)) == [e.CertificationRevoked]
    assert world.refusal("revoke-certification", ADMIN, **arguments) == "wrong_state"
    assert world.refusal("revoke-certification", ADMIN, **arguments | {"person": COLLEAGUE}) == "wrong_state"
    assert not world.decide().allowed


def _taught() -> tuple[World, list[Any]]:
    """Return a world where two trainers certified, and the instants at which the first of them did."""
    world = everything_holds()
    world.do("register-course", ADMIN, **CLOUD, required=False)
    appoint(world, STRANGER, "trainer")
    instants = []
    for who, course in ((COLLEAGUE, "privacy"), (COLLEAGUE, "cloud"), (COLLEAGUE, "cloud"), (STEWARD, "cloud")):
        instants.append(world.at)
        world.do("certify-person", STRANGER, person=who, course=course)
    world.do("certify-person", TRAINER, person=ADMIN, course="cloud")
    return world, instants


def _revoked(*pairs: tuple[PersonId, str]) -> tuple[e.CertificationRevoked, ...]:
    return tuple(
        e.CertificationRevoked(person=person, course=CourseName(course), reason="sold") for person, course in pairs
    )


_ALL = _revoked((COLLEAGUE, "privacy"), (COLLEAGUE, "cloud"), (STEWARD, "cloud"))


@pytest.mark.parametrize(
    ("number", "later", "expected"),
    [
        (0, timedelta(0), _ALL),
        (0, TICK, _ALL[1:]),
        (3, timedelta(0), _ALL[2:]),
        (3, TICK, None),
    ],
    ids=["since the first", "a tick after the first", "since the last", "a tick after the last"],
)
def test_all_that_a_trainer_issued_is_taken_back(number: int, later: timedelta, expected: Any) -> None:
    """S74, REQ-07: what they issued from an instant on, once for each person and course, and nobody else's work."""
    world, instants = _taught()
    arguments = {"person": STRANGER, "since": instants[number] + later, "reason": "sold"}
    if expected is None:
        assert world.refusal("revoke-trainer", ADMIN, **arguments) == "wrong_state"
        return
    assert world.do("revoke-trainer", ADMIN, **arguments) == expected
    assert world.decide().allowed
    assert world.refusal("revoke-trainer", ADMIN, **arguments) == "wrong_state"


def test_what_a_trainer_issued_anew_is_taken_back_and_what_is_revoked_already_is_not() -> None:
    """S74: only what still counts is taken back; a person whose certification is gone is not named again."""
    world, instants = _taught()
    world.do("revoke-certification", ADMIN, person=COLLEAGUE, course="cloud", reason="copied")
    events = world.do("revoke-trainer", ADMIN, person=STRANGER, since=instants[0], reason="sold")
    assert events == (_ALL[0], _ALL[2])


@pytest.mark.parametrize("who", [TRAINER, STRANGER], ids=["another trainer", "the trainer"])
def test_only_an_admin_takes_a_trainers_work_back(who: PersonId) -> None:
    """REQ-06: neither a trainer nor the concerned one."""
    world, instants = _taught()
    assert world.refusal("revoke-trainer", who, person=STRANGER, since=instants[0], reason="sold") == "not_permitted"

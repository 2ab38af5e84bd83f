"""Verification and second factors: what is recorded, and what is refused (S17, S73, S76, E26)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Assurance, VerificationMethod
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    RESEARCHER,
    SECOND_ADMIN,
    STRANGER,
    TICK,
    TRAINER,
    World,
    everything_holds,
    kinds,
    on_behalf_of,
)


def test_a_person_is_verified_by_somebody_until_a_date() -> None:
    """S73: by whom, how, and until when; two years at most, and never for oneself."""
    world = everything_holds()
    until = world.at + 731 * DAY
    world.do("verify-person", SECOND_ADMIN, person=COLLEAGUE, method="signatory-letter", evidence="seen", until=until)
    verification = world.state.people[COLLEAGUE].verification
    assert verification is not None
    assert (verification.by, verification.until) == (SECOND_ADMIN, until)


@pytest.mark.parametrize("days", [0, -1, 732], ids=["now", "in the past", "beyond two years"])
def test_a_verification_needs_an_end_in_range(days: int) -> None:
    """S73, REQ-11: a verification that never ends, or has ended, is none."""
    world = everything_holds()
    assert world.refusal("verify-person", ADMIN, **_verify(world, until=world.at + days * DAY)) == "not_allowed_value"


def test_a_verification_is_withdrawn_once() -> None:
    """S73: there is nothing to withdraw where there is none."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "reason": "another person"}
    assert kinds(world.do("withdraw-verification", ADMIN, **arguments)) == [e.VerificationWithdrawn]
    assert world.refusal("withdraw-verification", ADMIN, **arguments) == "wrong_state"


def test_a_person_has_one_factor_until_it_is_reset() -> None:
    """S17, S76: a second one is refused; after a reset by two admins the next one is enrolled."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "factor": "second", "kind": "totp"}
    assert world.refusal("enrol-factor", HUB, **arguments) == "already_exists"
    assert kinds(world.agree("reset-factors", person=RESEARCHER)) == [e.ProposalConfirmed, e.FactorsReset]
    assert kinds(world.do("enrol-factor", HUB, **arguments)) == [e.FactorEnrolled]


def test_nothing_is_reset_where_there_is_nothing() -> None:
    """S76: a person without a factor has none to reset."""
    assert everything_holds().refusal("reset-factors", ADMIN, person=STRANGER) == "wrong_state"


def _enrolled() -> World:
    world = everything_holds()
    world.do("verify-person", ADMIN, person=COLLEAGUE, method="in-person", evidence="seen", until=world.at + 100 * DAY)
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    return world


def test_only_the_verifier_confirms_a_factor_and_once() -> None:
    """S76: not another admin, not a factor that is not there, not twice."""
    world = _enrolled()
    arguments = {"person": COLLEAGUE, "factor": "first"}
    assert world.refusal("confirm-factor", SECOND_ADMIN, **arguments) == "not_permitted"
    assert world.refusal("confirm-factor", ADMIN, **arguments | {"factor": "other"}) == "not_found"
    assert kinds(world.do("confirm-factor", ADMIN, **arguments)) == [e.FactorConfirmed]
    assert world.refusal("confirm-factor", ADMIN, **arguments) == "wrong_state"


def test_a_verifier_who_is_no_admin_any_more_confirms_nothing() -> None:
    """S76: the right to confirm goes with the role; another admin verifies the person again first."""
    world = _enrolled()
    world.do("end-role", SECOND_ADMIN, person=ADMIN, role="admin")
    assert world.refusal("confirm-factor", ADMIN, person=COLLEAGUE, factor="first") == "not_permitted"


@pytest.mark.parametrize("who", [COLLEAGUE, ADMIN, STRANGER], ids=["the person", "an admin", "a stranger"])
def test_only_the_login_enrols_a_factor(who: PersonId) -> None:
    """S17, MFA-13: no person records a factor, not even their own; the login does when it was proved."""
    world = everything_holds()
    code = world.refusal("enrol-factor", who, person=COLLEAGUE, factor="first", kind="totp")
    assert code == "not_permitted"


def _verify(world: World, **changed: Any) -> dict[str, Any]:
    fixed = {"person": COLLEAGUE, "method": "in-person", "until": world.at + 100 * DAY, "evidence": "a passport"}
    return fixed | changed


@pytest.mark.parametrize(
    ("method", "level", "expected"),
    [
        ("in-person", "low", None),
        ("in-person", "substantial", None),
        ("in-person", "high", None),
        ("video-call", "low", None),
        ("video-call", "substantial", None),
        ("video-call", "high", "not_allowed_value"),
        ("signatory-letter", "low", None),
        ("signatory-letter", "substantial", None),
        ("signatory-letter", "high", "not_allowed_value"),
    ],
)
def test_how_surely_somebody_was_checked_depends_on_the_method(method: str, level: str, expected: str | None) -> None:
    """E26: only with the person in the room is the level high."""
    world = everything_holds()
    arguments = _verify(world, method=method, assurance=level)
    if expected is not None:
        assert world.refusal("verify-person", ADMIN, **arguments) == expected
        return
    (event,) = world.do("verify-person", ADMIN, **arguments)
    assert event == e.PersonVerified(
        person=COLLEAGUE, method=VerificationMethod(method), until=arguments["until"], assurance=Assurance(level),
        evidence=arguments["evidence"],
    )  # fmt: skip
    verification = world.state.people[COLLEAGUE].verification
    assert verification is not None
    assert verification.assurance == level


def test_a_level_that_nobody_names_is_substantial() -> None:
    """E26: a verification as it was recorded before there were levels is never the highest."""
    world = everything_holds()
    (event,) = world.do("verify-person", ADMIN, **_verify(world))
    assert isinstance(event, e.PersonVerified)
    assert event.assurance is Assurance.SUBSTANTIAL


def test_the_factors_that_were_looked_at_count_from_now_on() -> None:
    """S76: verification and confirmation in one step, each factor once, and only what was not confirmed before."""
    world = everything_holds()
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    at = world.at
    verified, *confirmed = world.do("verify-person", ADMIN, **_verify(world, factors="first, first"))
    assert isinstance(verified, e.PersonVerified)
    assert verified.factors == (FactorId("first"),)
    assert confirmed == [e.FactorConfirmed(person=COLLEAGUE, factor=FactorId("first"))]
    assert world.state.people[COLLEAGUE].factors[FactorId("first")].confirmed == at
    again = _verify(world, factors="first", until=world.at + 200 * DAY)
    assert kinds(world.do("verify-person", ADMIN, **again)) == [e.PersonVerified]
    assert world.state.people[COLLEAGUE].factors[FactorId("first")].confirmed == at


def test_nobody_looks_at_a_factor_that_is_not_there() -> None:
    """S76: neither where there is none, nor at another one than the person's; then nothing is verified either."""
    world = everything_holds()
    assert world.refusal("verify-person", ADMIN, **_verify(world, factors="first")) == "not_found"
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    assert world.refusal("verify-person", ADMIN, **_verify(world, factors="first, second")) == "not_found"
    assert world.state.people[COLLEAGUE].verification is None
    assert world.state.people[COLLEAGUE].factors[FactorId("first")].confirmed is None


def test_a_verification_lasts_two_years_at_most() -> None:
    """S73, REQ-08: up to the very end of the bound, and from the first microsecond on."""
    world = everything_holds()
    for until in (world.at, world.at + 731 * DAY + TICK):
        assert world.refusal("verify-person", ADMIN, **_verify(world, until=until)) == "not_allowed_value"
    world.do("verify-person", ADMIN, **_verify(world, until=world.at + TICK))
    world.do("verify-person", ADMIN, **_verify(world, until=world.at + 731 * DAY))


def test_a_verification_is_not_shortened_by_another_one() -> None:
    """S73, REQ-08: while one is in force a new one ends no earlier; taking it back is a step of its own."""
    world = everything_holds()
    until = world.at + 100 * DAY
    world.do("verify-person", ADMIN, **_verify(world, until=until))
    assert world.refusal("verify-person", SECOND_ADMIN, **_verify(world, until=until - TICK)) == "not_allowed_value"
    world.do("verify-person", SECOND_ADMIN, **_verify(world, until=until))
    world.do("withdraw-verification", ADMIN, person=COLLEAGUE, reason="another look")
    world.do("verify-person", ADMIN, **_verify(world, until=until - TICK))


def test_after_a_verification_any_other_may_follow() -> None:
    """S73, REQ-08: at its end it is over, and the next one has an end of its own."""
    world = everything_holds()
    until = world.at + DAY
    world.do("verify-person", ADMIN, **_verify(world, until=until))
    world.at = until
    world.do("verify-person", ADMIN, **_verify(world, until=until + TICK))


def test_a_verification_is_personal_and_never_of_oneself() -> None:
    """S73, E23: an admin checks in person, no operator does for them, and nobody checks themselves."""
    world = everything_holds()
    assert world.refusal("verify-person", on_behalf_of(ADMIN), **_verify(world)) == "personal_command"
    assert world.refusal("verify-person", ADMIN, **_verify(world, person=ADMIN)) == "four_eyes"
    assert world.refusal("verify-person", TRAINER, **_verify(world)) == "not_permitted"


def test_a_reset_ends_sessions_and_asks_for_a_new_confirmation() -> None:
    """S76: what the verifier saw is gone with the factor; the next one counts only once somebody looked at it."""
    world = everything_holds()
    session = world.login()
    world.agree("reset-factors", person=RESEARCHER)
    void = world.state.people[RESEARCHER].sessions_void
    assert void is not None
    assert session.begun <= void
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")
    assert world.state.people[RESEARCHER].factors[FactorId("second")].confirmed is None

"""Codes that a verifier hands over: with one a factor counts from afar, once and in its week (S76)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.fold import fold
from access_policy.model.codes import CODE_LENGTH, digest_of, normal_code, shown_code
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DESK,
    HUB,
    RESEARCHER,
    SECOND_ADMIN,
    SIGNATORY,
    STRANGER,
    TICK,
    World,
    everything_holds,
    kinds,
    of_format_2,
    on_behalf_of,
)

CODE, OTHER = "ABCD" * 5, "BCDE" * 5
ISSUED = {"person": COLLEAGUE, "digest": digest_of(CODE)}
GIVEN: dict[str, Any] = {"person": COLLEAGUE, "factor": "first", "code": CODE}


def _enrolled(by: PersonId = ADMIN) -> World:
    """Return a world in which the colleague is verified and has a factor that nobody confirmed."""
    world = everything_holds()
    until, evidence = world.at + 100 * DAY, "the register of the hospital"
    world.do("verify-person", by, person=COLLEAGUE, method="video-call", until=until, evidence=evidence)
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    return world


def _confirmed(world: World, factor: str = "first") -> bool:
    return world.state.people[COLLEAGUE].factors[FactorId(factor)].confirmed is not None


@pytest.mark.parametrize("typed", [CODE, "abcd-abcd-abcd-abcd-abcd", " abcd ABCD abcd  abcd abcd "])
def test_a_code_confirms_one_factor_once(typed: str) -> None:
    """S76, MFA-10: handed over by the verifier, given by the person, however they write its signs."""
    world = _enrolled()
    assert kinds(world.do("issue-confirmation-code", ADMIN, **ISSUED)) == [e.ConfirmationCodeIssued]
    (done,) = world.do("redeem-confirmation-code", COLLEAGUE, **GIVEN | {"code": typed})
    assert done == e.ConfirmationCodeRedeemed(person=COLLEAGUE, factor=FactorId("first"), code=CODE)
    assert _confirmed(world)
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="provider-x", kind="provider")
    again = GIVEN | {"factor": "provider-x"}
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **again) == "not_allowed_value"
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "wrong_state"


@pytest.mark.parametrize("code", [OTHER, "abc", "1" * CODE_LENGTH, CODE + "A", "\u0391BCD" + "ABCD" * 4])
def test_another_code_confirms_nothing(code: str) -> None:
    """S76, MFA-10: neither a wrong one, nor what is no code."""
    world = _enrolled()
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN | {"code": code}) == "not_allowed_value"


def test_a_code_holds_for_a_week() -> None:
    """S76, REQ-08: half-open, to the microsecond."""
    world = _enrolled()
    issued_at = world.at
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    late = World.of(world.facts, issued_at + 7 * DAY)
    assert late.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    World.of(world.facts, issued_at + 7 * DAY - TICK).do("redeem-confirmation-code", COLLEAGUE, **GIVEN)


def test_the_newest_code_counts() -> None:
    """S76: an earlier one is dead, and no digest is issued twice in a row."""
    world = _enrolled()
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    assert world.refusal("issue-confirmation-code", ADMIN, **ISSUED) == "already_exists"
    world.do("issue-confirmation-code", ADMIN, **ISSUED | {"digest": digest_of(OTHER)})
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    world.do("redeem-confirmation-code", COLLEAGUE, **GIVEN | {"code": OTHER})


def test_without_a_code_none_is_given() -> None:
    """S76: nothing is open where nothing was issued; and a factor that is not there is none."""
    world = _enrolled()
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN | {"factor": "other"}) == "not_found"


def test_only_the_verifier_issues_a_code() -> None:
    """S76: not another admin, not the person, no operator for the verifier."""
    world = _enrolled()
    for who in (SECOND_ADMIN, COLLEAGUE, STRANGER, SIGNATORY):
        assert world.refusal("issue-confirmation-code", who, **ISSUED) == "not_permitted"
    assert world.refusal("issue-confirmation-code", on_behalf_of(ADMIN), **ISSUED) == "personal_command"
    assert world.refusal("issue-confirmation-code", ADMIN, **ISSUED | {"person": ADMIN}) == "not_permitted"


def test_only_the_person_gives_the_code() -> None:
    """S76: who intercepts a code has no login of the person's; the hub and an operator give it for nobody."""
    world = _enrolled()
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    for who in (ADMIN, RESEARCHER, HUB, DESK):
        assert world.refusal("redeem-confirmation-code", who, **GIVEN) == "not_permitted"
    assert world.refusal("redeem-confirmation-code", on_behalf_of(COLLEAGUE), **GIVEN) == "personal_command"


def _reset(world: World) -> None:
    world.agree("reset-factors", person=COLLEAGUE)
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")


def _withdrawn(world: World) -> None:
    world.do("withdraw-verification", ADMIN, person=COLLEAGUE, reason="another person")


def _withdrawn_and_verified_again(world: World) -> None:
    _withdrawn(world)
    world.do("verify-person", ADMIN, person=COLLEAGUE, method="in-person", evidence="seen", until=world.at + 100 * DAY)


def _verified_by_another(world: World) -> None:
    world.do(
        "verify-person", SECOND_ADMIN, person=COLLEAGUE, method="in-person", evidence="seen", until=world.at + 100 * DAY
    )


def _verifier_ended(world: World) -> None:
    world.do("end-role", SECOND_ADMIN, person=ADMIN, role="admin")


def _verifier_stopped(world: World) -> None:
    world.do("disable-person", SECOND_ADMIN, person=ADMIN, reason="left")


@pytest.mark.parametrize(
    "happens",
    [_reset, _withdrawn, _withdrawn_and_verified_again, _verified_by_another, _verifier_ended, _verifier_stopped],
    ids=lambda one: one.__name__.strip("_"),
)
def test_a_code_goes_with_what_it_rests_on(happens: Any) -> None:
    """S76: it was handed over by somebody who verified the person, may still do so, and saw these factors."""
    world = _enrolled()
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    happens(world)
    assert world.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    assert not _confirmed(world)


def test_a_signatory_who_verified_hands_a_code_over() -> None:
    """S73, S76: who signs for the institution, as long as they do, and the person works there."""
    world = _enrolled(SIGNATORY)
    world.do("issue-confirmation-code", SIGNATORY, **ISSUED)
    left = world.copy()
    left.do("record-departure", ADMIN, person=SIGNATORY)
    assert left.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    moved = world.copy()
    moved.do("move-person", ADMIN, person=COLLEAGUE, institution="centre", email="cas@centre.example")
    assert moved.refusal("redeem-confirmation-code", COLLEAGUE, **GIVEN) == "not_allowed_value"
    world.do("redeem-confirmation-code", COLLEAGUE, **GIVEN)
    assert _confirmed(world)


@pytest.mark.parametrize(
    ("code", "factor", "after"),
    [(OTHER, "first", 0), (digest_of(CODE), "first", 0), (CODE, "other", 0), (CODE, "first", 7)],
    ids=["another code", "the digest that the log shows", "no factor of theirs", "too late"],
)
def test_a_forged_row_confirms_nothing(code: str, factor: str, after: int) -> None:
    """AUD-11, MFA-07: a part that is broken into reads the digest of a code in the log, and cannot make the code up."""
    world = of_format_2(_enrolled())
    issued_at = world.at
    world.do("issue-confirmation-code", ADMIN, **ISSUED)
    forged = e.ConfirmationCodeRedeemed(person=COLLEAGUE, factor=FactorId(factor), code=code)
    at = issued_at + after * DAY
    with pytest.raises((ValueError, LookupError)):
        fold(world.state, e.Fact(world.state.seq + 1, at, person(COLLEAGUE, "a-proof"), forged))
    assert not _confirmed(world)


def test_a_code_in_its_one_form() -> None:
    """MFA-10: upper case, without gaps, of 100 bits; shown in groups of four."""
    assert normal_code(shown_code(CODE).lower()) == CODE
    assert shown_code(CODE) == "ABCD-ABCD-ABCD-ABCD-ABCD"
    assert CODE_LENGTH * 5 == 100
    assert [normal_code(text) for text in ("", "-", CODE[:-1], CODE[:-1] + "1", CODE + "\u00a0")] == [None] * 5

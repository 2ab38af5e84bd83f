"""More than one factor, what vouches for one, and who verifies besides an admin (S17, S73, S76, MFA-08)."""

import re
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.model.enums import FactorKind
from access_policy.model.factors import MOST_OF_KIND, PHISHING_RESISTANT
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    RESEARCHER,
    SIGNATORY,
    TRAINER,
    World,
    everything_holds,
    kinds,
    on_behalf_of,
)


def _verify(world: World, **changed: Any) -> dict[str, Any]:
    fixed = {"person": COLLEAGUE, "method": "in-person", "until": world.at + 100 * DAY, "evidence": "a passport"}
    return fixed | changed


def _enrolled() -> World:
    """Return a world in which the colleague is verified and has a factor that nobody confirmed."""
    world = everything_holds()
    world.do("verify-person", ADMIN, **_verify(world))
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    return world


def _more(**changed: Any) -> dict[str, Any]:
    return {"person": RESEARCHER, "factor": "second", "kind": "passkey", "vouched_by": "first"} | changed


def _is_confirmed(world: World, factor: str, who: PersonId = RESEARCHER) -> bool:
    return world.state.people[who].factors[FactorId(factor)].confirmed is not None


@pytest.mark.parametrize("kind", FactorKind)
def test_a_further_factor_counts_where_one_that_counts_was_given_for_it(kind: str) -> None:
    """S76, MFA-08: a fresh proof of a confirmed factor vouches for another one, at once."""
    world = everything_holds()
    (event,) = world.do("enrol-factor", HUB, **_more(kind=kind))
    second, first = FactorId("second"), FactorId("first")
    assert event == e.FactorEnrolled(person=RESEARCHER, factor=second, kind=FactorKind(kind), vouched_by=first)
    assert _is_confirmed(world, "second")


def test_what_does_not_count_vouches_for_nothing() -> None:
    """S76: vouched by a factor that nobody confirmed, the next one waits as well; both are confirmed on their own."""
    world = _enrolled()
    world.do("enrol-factor", HUB, **_more(person=COLLEAGUE))
    assert not _is_confirmed(world, "second", COLLEAGUE)
    world.do("confirm-factor", ADMIN, person=COLLEAGUE, factor="first")
    assert not _is_confirmed(world, "second", COLLEAGUE)


@pytest.mark.parametrize("kind", ["totp", "passkey", "recovery"])
def test_a_further_factor_needs_one_to_vouch_for_it(kind: str) -> None:
    """MFA-08: a stolen session or password alone enrols nothing beside what is there."""
    world = everything_holds()
    assert world.refusal("enrol-factor", HUB, **_more(kind=kind, vouched_by=None)) == "already_exists"
    assert world.refusal("enrol-factor", HUB, **_more(kind=kind, vouched_by="nowhere")) == "not_found"
    assert world.refusal("enrol-factor", HUB, **_more(kind=kind, factor="first")) == "already_exists"


def test_what_the_provider_proved_waits_for_its_confirmation() -> None:
    """S76: the hub records it without another factor, and it opens nothing; one for each provider."""
    world = everything_holds()
    world.do("enrol-factor", HUB, **_more(factor="provider-home", kind="provider", vouched_by=None))
    assert not _is_confirmed(world, "provider-home")
    again = _more(factor="provider-home", kind="provider", vouched_by=None)
    assert world.refusal("enrol-factor", HUB, **again) == "already_exists"


def test_recovery_codes_are_no_first_factor() -> None:
    """S17, MFA-12: they stand in for something that is there."""
    arguments = {"person": COLLEAGUE, "factor": "codes", "kind": "recovery"}
    assert everything_holds().refusal("enrol-factor", HUB, **arguments) == "wrong_state"


def test_recovery_codes_made_anew_take_the_place_of_the_old() -> None:
    """MFA-12, S76: the same factor, vouched for by another one, never by a code of the set that goes."""
    world = everything_holds()
    codes = _more(factor="codes", kind="recovery")
    world.do("enrol-factor", HUB, **codes)
    made, known = world.at, world.state.people[RESEARCHER].factors
    world.at += DAY
    assert kinds(world.do("enrol-factor", HUB, **codes)) == [e.FactorEnrolled]
    assert (list(known), known[FactorId("codes")].enrolled > made) == ([FactorId("first"), FactorId("codes")], True)
    assert _is_confirmed(world, "codes")
    assert world.refusal("enrol-factor", HUB, **codes | {"vouched_by": "codes"}) == "already_exists"
    assert world.refusal("enrol-factor", HUB, **codes | {"vouched_by": None}) == "already_exists"
    assert world.refusal("enrol-factor", HUB, **codes | {"kind": "passkey"}) == "already_exists"


@pytest.mark.parametrize(("kind", "most"), [("totp", 1), ("passkey", 10), ("recovery", 1), ("provider", 10)])
def test_nobody_has_too_many_factors_of_a_kind(kind: str, most: int) -> None:
    """REQ-14: so many beside the code that the researcher has, and not one more."""
    world = everything_holds()
    for number in range(most):
        world.do("enrol-factor", HUB, **_more(factor=f"f-{number}", kind=kind))
    assert world.refusal("enrol-factor", HUB, **_more(factor="one-more", kind=kind)) == "not_allowed_value"


def test_a_factor_is_removed_by_its_person_only() -> None:
    """S17, MFA-08: no admin, no part of the program, no operator takes one away; an admin resets, with another."""
    world = everything_holds()
    world.do("enrol-factor", HUB, **_more())
    for who in (ADMIN, COLLEAGUE, HUB):
        assert world.refusal("remove-factor", who, person=RESEARCHER, factor="first") == "not_permitted"
    arguments = {"person": RESEARCHER, "factor": "first"}
    assert world.refusal("remove-factor", on_behalf_of(RESEARCHER), **arguments) == "personal_command"
    assert kinds(world.do("remove-factor", RESEARCHER, **arguments)) == [e.FactorRemoved]
    assert list(world.state.people[RESEARCHER].factors) == [FactorId("second")]
    assert world.refusal("remove-factor", RESEARCHER, **arguments) == "not_found"


def test_the_last_factor_stays() -> None:
    """S17, S76: recovery codes are no other one; what nobody confirmed is none for what counts."""
    world = everything_holds()
    first = {"person": RESEARCHER, "factor": "first"}
    assert world.refusal("remove-factor", RESEARCHER, **first) == "wrong_state"
    world.do("enrol-factor", HUB, **_more(factor="codes", kind="recovery"))
    assert world.refusal("remove-factor", RESEARCHER, **first) == "wrong_state"
    world.do("remove-factor", RESEARCHER, person=RESEARCHER, factor="codes")
    world.do("enrol-factor", HUB, **_more(factor="provider-home", kind="provider", vouched_by=None))
    assert world.refusal("remove-factor", RESEARCHER, **first) == "wrong_state"
    world.do("confirm-factor", ADMIN, person=RESEARCHER, factor="provider-home")
    world.do("remove-factor", RESEARCHER, **first)


@pytest.mark.parametrize("vouched_by", ["", "second", "nowhere", "unconfirmed", "codes-of-another"])
def test_a_forged_row_vouches_for_nothing(vouched_by: str) -> None:
    """AUD-11, S76: whatever a row says, only a confirmed factor of the same person makes another one count."""
    world = everything_holds()
    world.do("enrol-factor", HUB, **_more(factor="unconfirmed", kind="provider", vouched_by=None))
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="codes-of-another", kind="totp")
    forged = e.FactorEnrolled(
        person=RESEARCHER, factor=FactorId("second"), kind=FactorKind.TOTP, vouched_by=FactorId(vouched_by)
    )
    world.append([(HUB, forged)])
    assert not _is_confirmed(world, "second")


def _by_signatory(world: World, **changed: Any) -> dict[str, Any]:
    return _verify(world, method="signatory-letter", evidence="a letter of the dean") | changed


def test_who_signs_for_an_institution_verifies_its_people() -> None:
    """S73, E26: with evidence and an end, and their word confirms a factor as well."""
    world = everything_holds()
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    (event,) = world.do("verify-person", SIGNATORY, **_by_signatory(world))
    assert isinstance(event, e.PersonVerified)
    assert event.evidence == "a letter of the dean"
    world.do("confirm-factor", SIGNATORY, person=COLLEAGUE, factor="first")
    assert _is_confirmed(world, "first", COLLEAGUE)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"assurance": "high", "method": "in-person"}, "not_allowed_value"),
        ({"person": SIGNATORY}, "four_eyes"),
        ({"person": TRAINER}, "not_permitted"),
    ],
    ids=["to the highest level", "themselves", "somebody of another institution"],
)
def test_what_a_signatory_does_not_verify(changed: dict[str, Any], code: str) -> None:
    """S73, E23, E26: their own people only, on record, and never as surely as an admin does."""
    world = everything_holds()
    assert world.refusal("verify-person", SIGNATORY, **_by_signatory(world, **changed)) == code


@pytest.mark.parametrize("who", [ADMIN, SIGNATORY], ids=["an admin", "a signatory"])
@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (msgspec.UNSET, "`verify-person`: `evidence` is missing; it needs `person`, `method`, `until`, `evidence`"),
        (None, "`verify-person`: `evidence` has to be a text"),
        ("", "`verify-person`: `evidence` has to have at least 1 characters"),
        (" \n", "`evidence` is blank; write something"),
    ],
    ids=["none", "null", "empty", "blank"],
)
def test_nobody_verifies_without_evidence(who: PersonId, evidence: Any, told: str) -> None:
    """S73: whoever does it says what it rests on, else it is no command; one line names what is missing."""
    world = everything_holds()
    given = {name: value for name, value in _verify(world, evidence=evidence).items() if value is not msgspec.UNSET}
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        world.attempt("verify-person", who, **given)


def test_who_signs_no_more_verifies_and_confirms_nobody() -> None:
    """S73, S34: with the role, and with the person's place at the institution, the right goes."""
    world = _enrolled()
    world.do("verify-person", SIGNATORY, **_by_signatory(world))
    moved = world.copy()
    moved.do("move-person", ADMIN, person=COLLEAGUE, institution="centre", email="cas@centre.example")
    assert moved.refusal("confirm-factor", SIGNATORY, person=COLLEAGUE, factor="first") == "not_permitted"
    world.do("end-role", ADMIN, person=SIGNATORY, role="signatory")
    assert world.refusal("confirm-factor", SIGNATORY, person=COLLEAGUE, factor="first") == "not_permitted"
    assert world.refusal("verify-person", SIGNATORY, **_by_signatory(world)) == "not_permitted"


def test_what_the_provider_states_is_a_method() -> None:
    """E26: a level that the provider states is taken by a person, and is never the highest by itself."""
    world = everything_holds()
    assert world.refusal("verify-person", ADMIN, **_verify(world, method="provider", assurance="high")) == (
        "not_allowed_value"
    )
    world.do("verify-person", ADMIN, **_verify(world, method="provider"))


def test_only_a_passkey_resists_phishing() -> None:
    """S76: a code, and what the provider says, can be passed on by somebody's page."""
    assert {FactorKind.PASSKEY} == PHISHING_RESISTANT
    assert set(MOST_OF_KIND) == set(FactorKind)

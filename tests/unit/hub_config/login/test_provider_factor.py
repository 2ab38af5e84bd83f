"""What follows on a login at a provider: all cases of what it proved and of what somebody has."""

from datetime import UTC, datetime

import pytest

from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, InstitutionName, PersonId
from access_policy.state import Factor, Person
from hub_config.login.claims import Mfa
from hub_config.login.provider_factor import Next, factor_of, next_of

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHO = PersonId("P-7")
MINE = factor_of("hospital", WHO)
TOTP, PASSKEY, CODES = FactorId("totp"), FactorId("passkey"), FactorId("codes")
KINDS = {
    TOTP: FactorKind.TOTP, PASSKEY: FactorKind.PASSKEY, CODES: FactorKind.RECOVERY, MINE: FactorKind.PROVIDER,
    factor_of("north", WHO): FactorKind.PROVIDER,
}  # fmt: skip
ELSEWHERE = factor_of("north", WHO)


def somebody(**confirmed: bool) -> Person:
    """Somebody with factors, each confirmed or not: `totp`, `passkey`, `codes`, `mine`, `elsewhere`."""
    names = {"totp": TOTP, "passkey": PASSKEY, "codes": CODES, "mine": MINE, "elsewhere": ELSEWHERE}
    person = Person(WHO, "Rosa", "rosa@hospital.nl", InstitutionName("hospital"), NOW, NOW, NOW)
    for name, holds in confirmed.items():
        person.factors[names[name]] = Factor(KINDS[names[name]], NOW, NOW if holds else None)
    return person


def following(person: Person, mfa: Mfa, *, can_ask: bool = True) -> Next:
    """What follows."""
    return next_of(person, MINE, mfa, can_ask=can_ask)


PROVED = {
    "nothing yet": ({}, Next.IN_FOR_THE_FIRST_TIME),
    "a factor here, to vouch for it": ({"totp": True}, Next.OURS),
    "one here that waits": ({"passkey": False}, Next.OURS),
    "the provider's, confirmed": ({"mine": True}, Next.IN),
    "the provider's, confirmed, beside ours": ({"mine": True, "totp": True}, Next.IN),
    "the provider's, which waits": ({"mine": False}, Next.IN),
    "the provider's waits, and ours counts": ({"mine": False, "totp": True}, Next.OURS),
    "both wait": ({"mine": False, "totp": False}, Next.IN),
    "another provider's": ({"elsewhere": True}, Next.IN_FOR_THE_FIRST_TIME),
}


@pytest.mark.parametrize(("has", "expected"), PROVED.values(), ids=PROVED.keys())
def test_after_a_proof(has: dict[str, bool], expected: Next) -> None:
    """MFA-16, S76: a factor that does not count yet never stands in the place of one that does."""
    assert following(somebody(**has), Mfa.PROVED) is expected
    assert following(somebody(**has), Mfa.PROVED, can_ask=False) is expected


UNPROVED = {
    "nothing yet": ({}, Next.AGAIN, Next.ENROL),
    "a factor here": ({"totp": True}, Next.OURS, Next.OURS),
    "the provider's": ({"mine": True}, Next.AGAIN, Next.NOTHING),
    "the provider's and ours": ({"mine": True, "passkey": True}, Next.AGAIN, Next.OURS),
    "another provider's": ({"elsewhere": True}, Next.NOTHING, Next.NOTHING),
    "another provider's and codes": ({"elsewhere": True, "codes": True}, Next.NOTHING, Next.NOTHING),
}


@pytest.mark.parametrize("mfa", [Mfa.STALE, Mfa.NONE])
@pytest.mark.parametrize(("has", "asking", "asked"), UNPROVED.values(), ids=UNPROVED.keys())
def test_without_a_proof(has: dict[str, bool], asking: Next, asked: Next, mfa: Mfa) -> None:
    """MFA-16, MFA-08: back once where that helps; nobody enrols a factor beside those that they did not give."""
    assert following(somebody(**has), mfa) is asking
    assert following(somebody(**has), mfa, can_ask=False) is asked


def test_factors_of_two_people_never_meet() -> None:
    """MFA-11: the id holds provider and person."""
    ids = {factor_of(provider, PersonId(who)) for provider in ("a", "a-p") for who in ("P-1", "P-11")}
    assert len(ids) == 4

"""The second factor that a login provider proved: when it stands in for ours, and when not (S76, MFA-16)."""

from enum import StrEnum

from access_policy.commands.base import Refusal
from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Records
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.state import Person
from access_policy.use_cases import Policy
from hub_config.login.claims import Mfa
from hub_config.login.sessions import HUB

_OURS = frozenset((FactorKind.TOTP, FactorKind.PASSKEY))
"""What the hub can ask for; recovery codes stand in for one of these."""


class Next(StrEnum):
    """What follows on a login at a provider."""

    IN = "in"
    IN_FOR_THE_FIRST_TIME = "in_for_the_first_time"
    OURS = "ours"
    ENROL = "enrol"
    AGAIN = "again"
    NOTHING = "nothing"


def factor_of(provider: str, person: PersonId) -> FactorId:
    """Return the id of the factor that stands for a provider's word about somebody."""
    return FactorId(f"provider-{provider}-{person.lower()}")


def next_of(person: Person, factor: FactorId, mfa: Mfa, *, can_ask: bool) -> Next:
    """Return what follows. A proof that does not count yet stands in for nothing where one of ours would count.

    `NOTHING`: the factors of this person are elsewhere, and whoever is here did not give one.
    """
    standing = person.factors.get(factor)
    ours = [one for one in person.factors.values() if one.kind in _OURS]
    if mfa is Mfa.PROVED:
        waits = standing is None or standing.confirmed is None
        if ours and waits and (standing is None or any(one.confirmed is not None for one in ours)):
            return Next.OURS
        return Next.IN_FOR_THE_FIRST_TIME if standing is None else Next.IN
    if can_ask and (standing is not None or not person.factors):
        return Next.AGAIN
    if ours:
        return Next.OURS
    return Next.NOTHING if person.factors else Next.ENROL


def enrol(policy: Policy, provider: str, person: PersonId, vouched_by: FactorId | None = None) -> bool:
    """Leave the fact that a provider proves a second factor of somebody; say whether it did (S17, S76).

    It counts at once where a factor that counts was given just now, and else once the verifier confirmed it.
    """
    factor = factor_of(provider, person)

    def activate(records: Records) -> None:
        records.delete_factor(factor)
        records.save_pending_factor(factor, person, FactorKind.PROVIDER, provider, policy.now())
        records.activate_factor(factor)

    command = EnrolFactor(person=person, factor=factor, kind=FactorKind.PROVIDER, vouched_by=vouched_by)
    return not isinstance(policy.handle(command, HUB, activate), Refusal)

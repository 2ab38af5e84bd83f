"""A person's second factors as their page shows them: each in words, whether it counts, what can be done (S17, S76).

Whether one can be removed is asked of the core, so the page offers nothing that is refused. Knows nothing of HTTP.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from access_policy.actor import person as acting
from access_policy.commands.base import Refusal
from access_policy.commands.factors import RemoveFactor, remove_factor
from access_policy.log.records import Factor, Records, Session
from access_policy.model.enums import FactorKind
from access_policy.model.factors import MOST_OF_KIND
from access_policy.model.ids import FactorId
from access_policy.state import Factor as Known
from access_policy.state import Person, State
from hub_config.login.factors import CODES
from hub_config.login.second_factor import longest_run

KINDS = {
    FactorKind.TOTP: "Authenticator app",
    FactorKind.PASSKEY: "Passkey",
    FactorKind.RECOVERY: "Recovery codes",
    FactorKind.PROVIDER: "Second factor of your login provider",
}
FEW = 3
"""So many recovery codes or fewer are too few."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One factor. `stays` is why it cannot be removed, `gives` whether this login can give a code that confirms it.

    `left` is how many recovery codes were not used yet; None for every other kind.
    """

    factor: FactorId
    kind: FactorKind
    words: str
    name: str
    added: datetime
    used: datetime | None
    counts: datetime | None
    here: bool
    gives: bool
    shut: bool
    stays: str
    left: int | None = None


class Kept(msgspec.Struct, frozen=True):
    """What the records know of a person's factors, by id."""

    factors: Mapping[FactorId, Factor]
    names: Mapping[FactorId, str]
    left: Mapping[FactorId, int]


def kept(records: Records, session: Session) -> Kept:
    """Read what the records know of the factors of a session's person. Raises UnreadableLog for damage."""
    found = {one.factor: one for one in records.factors_of(session.person)}
    codes = [one.factor for one in found.values() if one.kind is FactorKind.RECOVERY]
    return Kept(found, records.factor_names(session.person), {one: records.recovery_codes_left(one) for one in codes})


def lines(state: State, session: Session, known: Kept, at: datetime) -> list[Line]:
    """Return a session's person's factors, oldest first; those that no fact names are none."""
    person = state.people[session.person]
    most = longest_run(sum(one.kind is FactorKind.TOTP for one in person.factors.values()))
    return [
        Line(
            factor=factor, kind=one.kind, words=KINDS[one.kind], name=known.names.get(factor, ""), added=one.enrolled,
            used=_used(known, factor, session), counts=one.confirmed, here=session.factor == factor,
            gives=one.confirmed is None and session.factor == factor and person.verification is not None,
            shut=_is_shut(known.factors.get(factor), most), stays=_stays(state, person, factor, at),
            left=known.left.get(factor, 0) if one.kind is FactorKind.RECOVERY else None,
        )
        for factor, one in sorted(person.factors.items(), key=_order)
    ]  # fmt: skip


def room(person: Person) -> dict[FactorKind, bool]:
    """Say of which kinds a person can have one more (REQ-14); recovery codes are made anew in place of the old ones."""
    kinds = [one.kind for one in person.factors.values()]
    return {kind: kind is FactorKind.RECOVERY or kinds.count(kind) < most for kind, most in MOST_OF_KIND.items()}


def standing_codes(person: Person) -> FactorId | None:
    """Return the id of a person's set of recovery codes, where there is one."""
    return next((factor for factor, one in person.factors.items() if one.kind is FactorKind.RECOVERY), None)


def _order(item: tuple[FactorId, Known]) -> tuple[datetime, FactorId]:
    return item[1].enrolled, item[0]


def _used(known: Kept, factor: FactorId, session: Session) -> datetime | None:
    """Return when it was given last; what a provider proves is known of this login alone."""
    record = known.factors.get(factor)
    used = record.last_used if record is not None else None
    return session.factor_at if used is None and session.factor == factor else used


def _is_shut(record: Factor | None, most: int) -> bool:
    return record is not None and record.kind in CODES and record.failures >= most


def _stays(state: State, person: Person, factor: FactorId, at: datetime) -> str:
    outcome = remove_factor(state, RemoveFactor(person=person.person, factor=factor), acting(person.person), at)
    return outcome.text if isinstance(outcome, Refusal) else ""

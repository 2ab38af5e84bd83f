"""What happened to a person's own account, and that they are told: whoever else did it cannot hide it (S73, S76)."""

from collections.abc import Callable, Iterator
from typing import Any

from access_policy import events as e
from access_policy.model.enums import Component
from access_policy.model.instants import format_instant
from access_policy.model.texts import ERASED
from access_policy.notices.base import Notice, NoticeKind, reachable
from access_policy.state import State

Values = tuple[tuple[str, str], ...]


def account_notices(state: State, fact: e.Fact) -> Iterator[Notice]:
    """Return the notice to the person whose account a fact changed; `state` is that after the fact."""
    found = _ACCOUNTS.get(type(fact.event))
    if found is None:
        return
    kind, values = found
    event: Any = fact.event
    said = values(state, event)
    if said is None or fact.actor.component is Component.INSTALLATION:
        return
    for person in reachable(state, [event.person]):
        yield Notice(f"{kind}:{person}:{person}:{fact.seq}", kind, person, person, fact.at, said)


def _enrolled(state: State, event: e.FactorEnrolled) -> Values:
    """S17, S76: of which kind it is, and whether it counts yet."""
    known = state.people[event.person].factors.get(event.factor)
    return (("factor", event.kind), ("counts", "yes" if known is not None and known.confirmed is not None else "no"))


def _counts(state: State, event: Any) -> Values | None:
    """S76: the kind of the factor that counts from now on; nothing where a code was given for one that is gone."""
    known = state.people[event.person].factors.get(event.factor)
    return None if known is None or known.confirmed is None else (("factor", known.kind),)


def _linked(_state: State, event: e.IdentityLinked) -> Values:
    """ID-05: at which provider they can log in from now on."""
    return () if event.issuer == ERASED else (("provider", event.issuer),)


def _verified(_state: State, event: e.PersonVerified) -> Values:
    """S73: until when."""
    return (("until", format_instant(event.until)),)


def _nothing(_state: State, _event: Any) -> Values:
    return ()


_ACCOUNTS: dict[type[e.Event], tuple[NoticeKind, Callable[[State, Any], Values | None]]] = {
    e.FactorEnrolled: (NoticeKind.FACTOR_ADDED, _enrolled),
    e.FactorRemoved: (NoticeKind.FACTOR_REMOVED, _nothing),
    e.FactorsReset: (NoticeKind.FACTORS_RESET, _nothing),
    e.FactorConfirmed: (NoticeKind.FACTOR_CONFIRMED, _counts),
    e.ConfirmationCodeRedeemed: (NoticeKind.FACTOR_CONFIRMED, _counts),
    e.IdentityLinked: (NoticeKind.LOGIN_ADDED, _linked),
    e.PersonVerified: (NoticeKind.PERSON_VERIFIED, _verified),
}
"""What is said to a person about their own account."""

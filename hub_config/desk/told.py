"""What a fact says that the state does not keep: read from the log for the page that shows it, and kept nowhere."""

from collections.abc import Iterator
from datetime import datetime

from access_policy import events as e
from access_policy.log.store import LogStore
from access_policy.model.enums import RequestStatus
from access_policy.state import Request
from hub_config.desk.desk import Visit

_WINDOW = 2_000
_WINDOWS = 10
_NEAR = 1_000
"""The store reads that many facts at once, so looking closer costs more than it saves."""


def intake_name(visit: Visit, request: Request) -> str:
    """Return first name and surname of who asked to apply, empty where it was no intake (S12)."""
    if request.intake is None:
        return ""
    store = visit.desk.policy.store
    for fact in store.facts_since(_before(store, request.intake)):
        if fact.at > request.intake:
            return ""
        if isinstance(fact.event, e.IntakeReceived) and fact.event.request == request.request:
            return f"{fact.event.name} {fact.event.surname}"
    return ""


def _before(store: LogStore, at: datetime) -> int:
    """Return a sequence number soon before an instant: facts stand in the order of their time."""
    low, high = 0, store.newest()
    while high - low > _NEAR:
        middle = (low + high) // 2
        if next(store.facts_since(middle)).at < at:
            low = middle
        else:
            high = middle
    return low


def amendment_reasons(visit: Visit, request: Request) -> dict[int, str]:
    """Return why each amendment that waits was proposed, where that is among the newest facts (E19)."""
    waiting, found = set(request.amendments), dict[int, str]()
    if not waiting:
        return {}
    for fact in _newest_first(visit.desk.policy.store):
        if waiting <= found.keys() or (request.approved is not None and fact.at < request.approved):
            break
        if isinstance(fact.event, e.AmendmentProposed) and fact.event.request == request.request:
            found.setdefault(fact.event.amendment, fact.event.reason)
    return {number: reason for number, reason in found.items() if number in waiting}


def _newest_first(store: LogStore) -> Iterator[e.Fact]:
    """Give the newest facts, newest first; bounded, so that a page of a large log stays fast."""
    top = store.newest()
    for _ in range(_WINDOWS):
        bottom = max(0, top - _WINDOW)
        rows = []
        for fact in store.facts_since(bottom):
            rows.append(fact)
            if fact.seq == top:
                break
        yield from reversed(rows)
        top = bottom
        if top == 0:
            return


_DECISIONS = (e.RequestApproved, e.RequestRefused, e.InvestigatorApproved)


def decision_of(visit: Visit, request: Request) -> e.Fact | None:
    """Return the fact that decided on a request, None where nobody has yet; of two investigators, the second (S49)."""
    refused = request.status_since if request.status is RequestStatus.REFUSED else None
    at = request.approved or refused
    if at is None:
        return None
    found, store = None, visit.desk.policy.store
    for fact in store.facts_since(_before(store, at)):
        if fact.at > at:
            break
        if isinstance(fact.event, _DECISIONS) and fact.event.request == request.request:
            found = fact
    return found

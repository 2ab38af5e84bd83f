"""The decision a second time, as plainly as it can be said: one function per reason, each a walk through the facts.

It is an oracle: written from the requirements and not from the rules, slow on purpose, and without any state. Where
the two agree on every history, both would have to be wrong in the same way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Action
from access_policy.model.jurisdictions import ADEQUACY, EEA, MODEL_CLAUSES
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import law, matters, person_reasons, request_reasons, session_reasons

_R = ReasonCode


class NaiveAnswer(NamedTuple):
    """What the oracle says: `effect` is `allow` or `deny`, `until` the first instant at which an allow lapses."""

    effect: str
    failing: frozenset[ReasonCode]
    datasets: tuple[str, ...]
    until: datetime | None


def naive_decide(facts: Sequence[Fact], query: Query) -> NaiveAnswer:
    """Answer a query from the whole history."""
    failing = failing_codes(facts, query)
    if failing:
        return NaiveAnswer("deny", failing, (), None)
    names = tuple(str(what.dataset) for what in matters.that_open(facts, query))
    return NaiveAnswer("allow", failing, names, _lapses(facts, query))


def naive_list(facts: Sequence[Fact], query: Query) -> list[str]:
    """Return the requests in which the person of a query may open a workspace, coming as the query does."""
    opened = [one.request for _, one in h.told(facts, e.RequestOpened)]
    asked = [Query(query.person, request, Action.OPEN_WORKSPACE, query.at, query.session) for request in opened]
    return [str(one.request) for one in asked if not failing_codes(facts, one)]


def failing_codes(facts: Sequence[Fact], query: Query) -> frozenset[ReasonCode]:
    """Return the conditions of a question that do not hold."""
    unknown = unknown_codes(facts, query)
    return frozenset(code for code in asked_codes(query.action) if code in unknown or FAILS[code](facts, query))


def unknown_codes(facts: Sequence[Fact], query: Query) -> set[ReasonCode]:
    """Return all that fails because it speaks of somebody, or of a request, that nobody knows."""
    codes = list(ReasonCode)
    of_contact = {_R.NOT_A_CONTACT, _R.CONTACT_EMAIL_DIFFERS, _R.CONTACT_MOVED}
    of_person = {*codes[: codes.index(_R.REQUEST_NOT_APPROVED)], *of_contact}
    of_request = set(codes[codes.index(_R.REQUEST_NOT_APPROVED) : codes.index(_R.DATASET_WITHDRAWN)])
    known_request = bool(h.told(facts, e.RequestOpened, request=query.request))
    return (set() if h.is_known(facts, query.person) else of_person) | (set() if known_request else of_request)


def asked_codes(action: Action) -> list[ReasonCode]:
    """Return the conditions of an action: opening looks at no workspace, keeping at no session and no network."""
    of_session = {
        _R.SESSION_MISSING, _R.SESSION_OVER, _R.SESSION_WITHOUT_FACTOR, _R.SESSION_FACTOR_NOT_CONFIRMED, _R.ZONE,
    }  # fmt: skip
    of_workspace = {_R.DATASET_WITHDRAWN, _R.RUN_TIME_OVER}
    left_out = {Action.OPEN_WORKSPACE: of_workspace, Action.KEEP_WORKSPACE: of_session}.get(action, set())
    return [code for code in ReasonCode if code not in left_out]


def _lapses(facts: Sequence[Fact], query: Query) -> datetime | None:
    """Return when an allow ends: something fails then, or a dataset that matters now can be had no more."""
    matter = matters.that_matter(facts, query)
    for instant in instants(facts, query):
        later = Query(query.person, query.request, query.action, instant, query.session)
        if instant > query.at and (failing_codes(facts, later) or matters.that_matter(facts, later) != matter):
            return instant
    return None


def instants(facts: Sequence[Fact], query: Query | None = None) -> list[datetime]:
    """Return every instant that any fact, any table or the session speaks of, in order."""
    spans = [(one.begins, one.ends) for one in (*EEA.values(), *MODEL_CLAUSES.values())]
    spans += [(one.begins, one.ends) for one in ADEQUACY]
    found = {law.EHDS_CLINICAL, law.EHDS_OTHERS, *(instant for span in spans for instant in span if instant)}
    for fact in facts:
        values = (getattr(fact.event, name) for name in fact.event.__struct_fields__)
        found.update(value for value in values if isinstance(value, datetime))
    if query is not None and query.session is not None:
        found.add(query.session.ends)
        found.add(query.session.ended or query.session.ends)
        if query.session.active is not None:
            found.add(query.session.active + timedelta(minutes=h.idle_minutes(facts)))
    return sorted(found)


_BY_NAME = {**vars(person_reasons), **vars(request_reasons), **vars(session_reasons)}
FAILS: dict[ReasonCode, Callable[[Sequence[Fact], Query], bool]] = {code: _BY_NAME[code.value] for code in ReasonCode}

"""One function per reason about the running workspace, the session and the network: true where it denies."""

from collections.abc import Sequence
from datetime import timedelta

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Action, Zone
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import law, matters


def dataset_withdrawn(facts: Sequence[Fact], query: Query) -> bool:
    """S3, S82, S94: every dataset in the running workspace is offered, and was since it started, with nobody less."""
    workspace = d.workspace_of(facts, query.request, query.person)
    if workspace is None:
        return False
    since, started = workspace
    open_now = all(d.is_open(facts, query.request, name) for name in started.datasets)
    return not open_now or any(d.was_taken_away(facts, query.request, name, since) for name in started.datasets)


def run_time_over(facts: Sequence[Fact], query: Query) -> bool:
    """S86."""
    workspace = d.workspace_of(facts, query.request, query.person)
    return workspace is not None and workspace[1].run_ends <= query.at


def session_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S76: a session, and one's own."""
    return query.session is None or query.session.person != query.person


def session_over(facts: Sequence[Fact], query: Query) -> bool:
    """S76, S94: within its hours, not logged out, not idle, not ended by a stop, a reset or the loss of its factor."""
    session = query.session
    if session is None or session_missing(facts, query):
        return False
    if not law.lies_in(query.at, session.begun, session.ends) or (session.ended and session.ended <= query.at):
        return True
    idle = timedelta(minutes=h.idle_minutes(facts))
    if session.active is not None and session.active + idle <= query.at:
        return True
    kinds = (e.FactorsReset, e.PersonDisabled)
    ends = [seq for kind in kinds for seq, _ in h.told(facts, kind, person=query.person)]
    ends += [seq for seq, _ in h.told(facts, e.FactorRemoved, person=query.person, factor=session.given)]
    return any(session.begun <= h.at_of(facts, seq) for seq in ends)


def session_without_factor(facts: Sequence[Fact], query: Query) -> bool:
    """S76: every session, none without."""
    return not session_missing(facts, query) and query.session is not None and query.session.factor is None


def session_factor_not_confirmed(facts: Sequence[Fact], query: Query) -> bool:
    """S76: where it is known which factor was given, that one counts."""
    if session_missing(facts, query) or query.session is None or query.session.given is None:
        return False
    return not h.factors_of(facts, query.person).get(query.session.given, False)


def zone(facts: Sequence[Fact], query: Query) -> bool:
    """S77, S78: from outside nothing restricted is reached, nor what began as the institute's.

    What opens is the rest, if there is any.

    Without a session nobody knows the network.
    """
    restricted = [d.is_restricted(what) for what in matters.that_matter(facts, query)]
    if query.action is Action.OPEN_WORKSPACE:
        return bool(restricted) and all(restricted) and not matters.is_inside(query)
    workspace = d.workspace_of(facts, query.request, query.person)
    begun_inside = workspace is not None and workspace[1].zone is Zone.INSTITUTE
    return (begun_inside or any(restricted)) and not matters.is_inside(query)

"""How long a grant may be: its beginning, its end, and both bounds by regime (S39, E17, REQ-11)."""

from collections.abc import Iterable
from datetime import datetime

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.ids import DatasetName
from access_policy.model.instants import Term, days, years_after
from access_policy.rules.particulars import binds_from
from access_policy.state import Request, State

LATEST_BEGINNING_DAYS = 731
LONGEST_PERMIT_YEARS = 10


Names = Iterable[str]


def latest_end(state: State, request: Request, begins: datetime, at: datetime, named: Names | None = None) -> datetime:
    """Return when a term that begins at `begins` has to be over: 10 years on under the EHDS, else as settings say.

    E17: a permit lasts 10 years at most. An extension is counted from the end that it moves. E2: until the rules of the
    EHDS bind, at `at`, the institute's own bound holds besides, so that naming the regime early lengthens nothing.
    `named` are the datasets that it is about, where they are not granted yet.
    """
    own, permitted = begins + days(state.settings.term_days_longest), years_after(begins, LONGEST_PERMIT_YEARS)
    about = map(DatasetName, named or request.granted or request.datasets)
    binds = binds_from(request, [state.datasets[one] for one in about if one in state.datasets])
    if binds is None:
        return own
    return permitted if binds <= at else min(own, permitted)


def term_problem(
    state: State, request: Request, term: Term, at: datetime, named: Names | None = None
) -> Refusal | None:
    """Refuse a term that is empty, inverted, over, too far ahead or too long (S39, E17, REQ-11)."""
    in_reach = at - days(1) <= term.begins <= at + days(LATEST_BEGINNING_DAYS)
    if in_reach and max(term.begins, at) < term.ends <= latest_end(state, request, term.begins, at, named):
        return None
    longest = latest_end(state, request, term.begins, at, named) - term.begins
    return Refusal(
        RefusalCode.NOT_ALLOWED_VALUE,
        f"a term begins now or in `{LATEST_BEGINNING_DAYS}` days at most, and ends `{longest.days}` days later at most",
    )

"""How long a grant may be: its beginning, its end, and both bounds by regime (S39, E17, REQ-11)."""

from datetime import datetime

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import Regime
from access_policy.model.instants import Term, days, years_after
from access_policy.state import Request, State

LATEST_BEGINNING_DAYS = 731
LONGEST_PERMIT_YEARS = 10


def latest_end(state: State, request: Request, begins: datetime) -> datetime:
    """Return when a term that begins at `begins` has to be over: 10 years on under the EHDS, else as settings say.

    E17: a permit lasts 10 years at most. An extension is counted from the end that it moves.
    """
    if request.regime is Regime.EHDS:
        return years_after(begins, LONGEST_PERMIT_YEARS)
    return begins + days(state.settings.term_days_longest)


def term_problem(state: State, request: Request, term: Term, at: datetime) -> Refusal | None:
    """Refuse a term that is empty, inverted, over, too far ahead or too long (S39, E17, REQ-11)."""
    in_reach = at - days(1) <= term.begins <= at + days(LATEST_BEGINNING_DAYS)
    if in_reach and max(term.begins, at) < term.ends <= latest_end(state, request, term.begins):
        return None
    longest = latest_end(state, request, term.begins) - term.begins
    return Refusal(
        RefusalCode.NOT_ALLOWED_VALUE,
        f"a term begins now or in `{LATEST_BEGINNING_DAYS}` days at most, and ends `{longest.days}` days later at most",
    )

"""What the pages and programs show of training that runs out: the months, one of them with its people, and the plot."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from access_policy.forecast import Lapse, Month, lapses_ahead
from hub_config.desk.desk import View
from hub_config.desk.listing import Listing, listing

# how an address names a month; none: the first in which anybody loses access
MonthName = Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2})?$", description="a month such as 2027-03")]

WIDTH = 200
"""Width of the longest bar of the plot, in its units."""


@dataclass(frozen=True)
class Expiry:
    """The months ahead, and of the chosen one the people on a page of their list."""

    months: tuple[Month, ...]
    chosen: Month | None
    people: Listing[Lapse]

    @property
    def worst(self) -> Month | None:
        """Return the month in which most lose access, the first of equal ones; None where nobody does."""
        most = max(self.months, key=lambda one: len(one.lapses))
        return most if most.lapses else None


def expiry(view: View, month: str, words: str, number: int) -> Expiry:
    """Return what runs out; `words` search names and numbers of the chosen month's people."""
    months = lapses_ahead(view.state, view.at)
    if month:
        chosen = next((one for one in months if one.name == month), None)
    else:
        chosen = next((one for one in months if one.lapses), None)
    lapses = chosen.lapses if chosen is not None else ()
    return Expiry(months, chosen, listing(lapses, words, number, lambda one: _text(view, one)))


def bars(months: tuple[Month, ...]) -> list[tuple[Month, float]]:
    """Return each month with the length of its bar; the worst one has all of the room."""
    most = max((len(one.lapses) for one in months), default=0) or 1
    return [(one, round(WIDTH * len(one.lapses) / most, 1)) for one in months]


def _text(view: View, lapse: Lapse) -> str:
    return f"{lapse.person} {view.state.people[lapse.person].name} {' '.join(lapse.courses)}"

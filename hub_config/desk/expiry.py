"""What the pages and programs show of training that runs out: the months, one of them with its people, and the plot."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from access_policy.forecast import Lapse, Month, lapses_ahead
from hub_config.desk.desk import View
from hub_config.desk.listing import Listing, listing

# how an address names a month; none: the first in which anybody loses access
MonthName = Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2})?$", description="a month such as 2027-03")]

ROW = 24
"""Height of a row of the plot, in its units."""
WIDTH = 320
_BARS_FROM, _BARS_WIDE = 84, 186


@dataclass(frozen=True)
class Bar:
    """A row of the plot: the month, how many, and where its bar stands; lengths in the plot's units."""

    month: str
    count: int
    top: int
    left: int
    wide: float


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


def bars(months: tuple[Month, ...]) -> list[Bar]:
    """Return the rows of the plot; the longest bar is as wide as there is room."""
    most = max((len(one.lapses) for one in months), default=0) or 1
    return [
        Bar(one.name, len(one.lapses), row * ROW, _BARS_FROM, round(_BARS_WIDE * len(one.lapses) / most, 1))
        for row, one in enumerate(months)
    ]


def _text(view: View, lapse: Lapse) -> str:
    return f"{lapse.person} {view.state.people[lapse.person].name} {' '.join(lapse.courses)}"

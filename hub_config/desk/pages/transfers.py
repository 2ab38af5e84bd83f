"""Transfers outside the EEA: the parties with their grounds, and what follows if a decision ends (S58-S67)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from access_policy import events as e
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.transfers_ahead import Lost, if_it_ended, parties_outside
from hub_config.desk.desk import PREFIX, View, Visiting
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=PREFIX)
Short = Annotated[str, Query(max_length=40)]


def supposed(view: View, decision: str, on: str) -> list[Lost]:
    """Return who would lose what if `decision`, a country and a scope, ended at the beginning of the day `on`, in UTC.

    Raises ValueError with one line for what is no decision or no day.
    """
    country, _, scope = decision.partition(" ")
    try:
        ends = datetime.combine(date.fromisoformat(on), time(), UTC)
    except ValueError:
        raise ValueError("give the day as year-month-day, such as 2027-01-31") from None
    if scope not in set(AdequacyScope):
        raise ValueError("choose one of the decisions")
    end = e.AdequacyEnded(country=country, scope=AdequacyScope(scope), ends=ends, act="supposed")
    return if_it_ended(view.state, end, view.actor, view.at)


@dataclass(frozen=True)
class Asked:
    """What if this decision, a country and a scope, ended on this day; empty where nothing is asked."""

    decision: Short = ""
    on: Short = ""


@router.get("/transfers")
def transfers(
    request: Request, visit: Visiting, asked: Annotated[Asked, Depends()], q: Words = "", number: Number = 1
) -> Response:
    """List the parties outside the EEA to live grants, and answer what if a decision ended on a day (S60, S67)."""
    with visit.reading() as view:
        need(view, Area.INSTITUTIONS)
        problem, lost = "", None
        if asked.decision or asked.on:
            try:
                lost = supposed(view, asked.decision, asked.on)
            except ValueError as error:
                problem = str(error)
        parties = parties_outside(view.state, view.at)
        found = listing(parties, q, number, lambda one: f"{one.request} {one.institution} {one.country} {one.basis}")
        held = sorted({f"{one.country} {one.scope}" for one in view.state.adequacy if one.holds(view.at)})
        return page(
            request, "transfers.html", view, parties=found, decisions=held, asked=asked, lost=lost, problem=problem,
        )  # fmt: skip

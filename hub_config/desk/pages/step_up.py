"""`/step-up`: back from the hub with a second factor for one command, which is carried out now, once.

A GET that changes something, as the end of a login is one: its address holds a random token that was given to this
session, it counts only after this person gave a factor at the hub for exactly this command, and only once (SES-06).
"""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy import events as e
from access_policy.commands.base import Refusal, name_of
from access_policy.use_cases import Done
from hub_config.desk.desk import PREFIX, Visit, VisitingBehind
from hub_config.desk.give import refused, said_of, target_of
from hub_config.desk.pages.loss import ACCEPTED, PROPOSED
from hub_config.desk.render import said
from hub_config.desk.step_up import finish, waiting
from hub_config.desk.words import command_label
from hub_config.step_ups import Waiting

router = APIRouter(prefix=f"{PREFIX}/step-up")


@router.get("")
def back(request: Request, visit: VisitingBehind, ask: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Carry out what the visitor gave their second factor for, and show what it changed."""
    one = waiting(visit, ask)
    outcome = finish(visit, one, ask)
    if isinstance(outcome, Refusal):
        raise refused(visit, one.command, outcome)
    if any(isinstance(fact.event, e.LossAccepted) for fact in outcome.facts):
        return said(request, f"{PREFIX}/requests", ACCEPTED)
    if visit.desk.policy.trouble() is not None:
        return said(request, f"{PREFIX}/loss", PROPOSED)
    return said(request, _target(visit, one, outcome), said_of(outcome, command_label(name_of(type(one.command)))))


def _target(visit: Visit, one: Waiting, done: Done) -> str:
    with visit.reading() as view:
        return f"{PREFIX}/{target_of(view, done, msgspec.to_builtins(one.command))}"

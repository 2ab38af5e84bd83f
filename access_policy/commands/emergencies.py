"""Emergency access: two admins let one operator look into the workspaces of a request, for minutes (E37).

It opens `exec` and its like at the cluster's API to one user name, and nothing else: nobody gets a workspace or data by
it. It ends by the clock, and before that by one admin.
"""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import OfRequest, Outcome, Refusal, RefusalCode, Text, writer_of
from access_policy.model.instants import format_instant
from access_policy.overview import open_emergencies
from access_policy.state import State

MOST_OPEN = 10
"""How many operators may have emergency access to one request at once: few identifiable persons."""

UserName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,199}\Z")]


class GrantEmergencyAccess(OfRequest, frozen=True, kw_only=True):
    """Let one operator run commands in the workspaces of a request for some minutes; another admin confirms.

    `operator` is the user name that the cluster's API knows, such as `ops@example.org`.
    """

    operator: UserName
    minutes: Annotated[int, Meta(ge=5, le=240)]
    reason: Text


class EndEmergencyAccess(OfRequest, frozen=True, kw_only=True):
    """End the emergency access of an operator now."""

    operator: UserName


def grant_emergency_access(state: State, c: GrantEmergencyAccess, actor: Actor, at: datetime) -> Outcome:
    """E37: for a person, never a part of the cluster; it may be made longer and is made shorter by its end."""
    if c.operator.startswith("system:"):
        text = f"`{c.operator}` is a part of the cluster; name the user name of one person"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    until, there = at + timedelta(minutes=c.minutes), open_emergencies(state.requests[c.request], at)
    held = there.get(c.operator)
    if held is not None and held.until >= until:
        return Refusal(
            RefusalCode.ALREADY_EXISTS, f"`{c.operator}` has it until `{format_instant(held.until)}` already"
        )
    if held is None and len(there) >= MOST_OPEN:
        text = f"`{len(there)}` operators have emergency access to `{c.request}` now; end one of them first"
        return Refusal(RefusalCode.WRONG_STATE, text)
    granted = e.EmergencyAccessGranted(
        request=c.request, operator=c.operator, until=until, writer=writer_of(actor), reason=c.reason
    )
    return (granted,)


def end_emergency_access(state: State, c: EndEmergencyAccess, actor: Actor, at: datetime) -> Outcome:
    """E37: at once; where its time is over there is nothing to end."""
    if c.operator not in open_emergencies(state.requests[c.request], at):
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.operator}` has no emergency access to `{c.request}` now")
    return (e.EmergencyAccessEnded(request=c.request, operator=c.operator),)

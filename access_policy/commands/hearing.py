"""The user of a suspended grant is heard (E58). What follows, reinstated or ended, is decided elsewhere."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.state import State


class RecordHearing(OfRequest, frozen=True, kw_only=True):
    """Record that the user of a suspended grant was heard, and what they said."""

    heard: Text


def record_hearing(state: State, c: RecordHearing, actor: Actor, at: datetime) -> Outcome:
    """E58: once for each suspension. It meets the clock of the hearing, and decides nothing."""
    request = state.requests[c.request]
    if request.suspended is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is not suspended; nobody has to be heard about it")
    if request.heard is not None:
        text = f"the hearing about `{c.request}` is on record; reinstate or end it now"
        return Refusal(RefusalCode.ALREADY_EXISTS, text)
    return (e.HearingRecorded(request=c.request, heard=c.heard),)

"""The request under review: complete or returned, assessed, found about, and the clock of its decision."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.independence import has_tie, tie
from access_policy.model.enums import Criterion, PauseReason, Regime, RequestStatus, Role, Route
from access_policy.standing import acts_as
from access_policy.state import Recorded, Request, State

WHO_FIND = (Role.ASSESSOR, Role.BOARD_MEMBER, Role.DATA_ACCESS_OFFICE)


class ReturnRequest(OfRequest, frozen=True, kw_only=True):
    """Send an incomplete form back to the applicant, with what is missing."""

    reason: Text


class AssessRequest(OfRequest, frozen=True, kw_only=True):
    """Record the scientific assessment."""

    assessment: Text


class RecordFinding(OfRequest, frozen=True, kw_only=True):
    """Record whether the request meets a criterion, and why."""

    criterion: Criterion
    met: bool
    reason: Text


class PauseClock(OfRequest, frozen=True, kw_only=True):
    """Let the review clock of a request stand still, for a reason."""

    why: PauseReason
    note: Line


class ResumeClock(OfRequest, frozen=True, kw_only=True):
    """Let the review clock of a request go on."""


class DeferDecision(OfRequest, frozen=True, kw_only=True):
    """Take three months more to decide under the EHDS, once, with notice and reasons."""

    reason: Text


def return_request(state: State, c: ReturnRequest, actor: Actor, at: datetime) -> Outcome:
    """E7: an incomplete form goes back with what is missing. What was found about it counts no more (REQ-04)."""
    return (e.RequestReturned(request=c.request, reason=c.reason),)


def assess_request(state: State, c: AssessRequest, actor: Actor, at: datetime) -> Outcome:
    """S19, S20: by somebody without a tie. S54: a clinical request does not wait for it.

    Anew only where who assessed it has a tie by now, whose word counts no more.
    """
    request = state.requests[c.request]
    if request.status is RequestStatus.ASSESSED and not has_tie(state, request, request.assessed_by):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is assessed already")
    problem = for_the_board(request) or tie(state, request, actor)
    return problem or (e.RequestAssessed(request=c.request, assessment=c.assessment),)


def for_the_board(request: Request) -> Refusal | None:
    """Refuse what belongs to the board's route where a request has the clinical one (S5, S54)."""
    if request.route is Route.DATA_ACCESS:
        return None
    text = f"`{request.request}` is a clinical request; the investigators of its study decide on it"
    return Refusal(RefusalCode.WRONG_STATE, text)


def record_finding(state: State, c: RecordFinding, actor: Actor, at: datetime) -> Outcome:
    """S8, S20, S22, S55, E10: by somebody without a tie; a later finding takes the place of an earlier one.

    Not where it would turn what another person found not met into met: who decides would so do alone.
    """
    request = state.requests[c.request]
    finding = e.FindingRecorded(request=c.request, criterion=c.criterion, met=c.met, reason=c.reason)
    problem = tie(state, request, actor)
    if problem is None and c.met and _found_otherwise(state, request, request.findings.get(c.criterion), actor, at):
        text = f"somebody else found `{c.criterion}` not met; only they find otherwise, or the request is returned"
        problem = Refusal(RefusalCode.FOUR_EYES, text)
    return problem or (finding,)


def _found_otherwise(state: State, request: Request, found: Recorded | None, actor: Actor, at: datetime) -> bool:
    """Say whether another person, who could still find so, found a criterion not met (S20, E11)."""
    if found is None or found.met or found.by == actor.person or has_tie(state, request, found.by):
        return False
    return any(acts_as(state, found.by, role, at) for role in WHO_FIND)


def pause_clock(state: State, c: PauseClock, actor: Actor, at: datetime) -> Outcome:
    """S21: the clock stands still once at a time."""
    if state.requests[c.request].route is Route.CLINICAL:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is a clinical request; no review clock runs for it")
    if _stands_still(state.requests[c.request]):
        return Refusal(RefusalCode.WRONG_STATE, f"the clock of `{c.request}` stands still already")
    return (e.ClockPaused(request=c.request, why=c.why, note=c.note),)


def resume_clock(state: State, c: ResumeClock, actor: Actor, at: datetime) -> Outcome:
    """S21: only a clock that stands still goes on."""
    if not _stands_still(state.requests[c.request]):
        return Refusal(RefusalCode.WRONG_STATE, f"the clock of `{c.request}` runs already")
    return (e.ClockResumed(request=c.request),)


def _stands_still(request: Request) -> bool:
    return bool(request.pauses) and request.pauses[-1].ends is None


def defer_decision(state: State, c: DeferDecision, actor: Actor, at: datetime) -> Outcome:
    """E8: three months more, once, and only under the EHDS."""
    request = state.requests[c.request]
    if request.regime is not Regime.EHDS:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` does not run under the EHDS; decide in its time")
    if request.deferred is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the decision on `{c.request}` was put off already; once is all")
    return (e.DecisionDeferred(request=c.request, reason=c.reason),)

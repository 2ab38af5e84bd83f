"""The request under review: complete or returned, assessed, found about, and the clock of its decision."""

from collections.abc import Mapping
from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.clocks import ClockKind, ClockState, clocks_of
from access_policy.commands.base import Line, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.independence import has_tie, tie
from access_policy.model.enums import Criterion, PausableClock, PauseReason, Regime, RequestStatus, Role, Route
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
    """Record whether the request meets a criterion, and why; or, with `extension`, whether its open renewal does."""

    criterion: Criterion
    met: bool
    reason: Text
    extension: bool = False


class PauseClock(OfRequest, frozen=True, kw_only=True):
    """Let a clock of a request stand still, for a reason: that of its review, or the `clock` that is named."""

    why: PauseReason
    note: Line
    clock: PausableClock = PausableClock.REVIEW


class ResumeClock(OfRequest, frozen=True, kw_only=True):
    """Let a clock of a request go on: that of its review, or the `clock` that is named."""

    clock: PausableClock = PausableClock.REVIEW


class AccelerateRequest(OfRequest, frozen=True, kw_only=True):
    """Have a request of the EHDS decided faster, before it comes in; the reason says why the law wants that."""

    reason: Text


class DeferDecision(OfRequest, frozen=True, kw_only=True):
    """Take more time to decide under the EHDS, once, with notice and reasons.

    Three months, or one where the request is accelerated.
    """

    reason: Text


def return_request(state: State, c: ReturnRequest, actor: Actor, at: datetime) -> Outcome:
    """E7: an incomplete form goes back with what is missing, also once it is assessed.

    REQ-04: its assessment, what was found about it and the votes on it count no more. S61: so can an organisation that
    lies outside the EEA by now confirm what is asked of it.
    """
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

    S42: about a renewal after it was submitted. Not where it would turn what another person found not met into met:
    who decides would so do alone.
    """
    request = state.requests[c.request]
    findings = _findings_of(request, c.extension)
    if isinstance(findings, Refusal):
        return findings
    problem = tie(state, request, actor)
    if problem is None and c.met and _found_otherwise(state, request, findings.get(c.criterion), actor, at):
        text = f"somebody else found `{c.criterion}` not met; only they find otherwise, or it is returned or refused"
        problem = Refusal(RefusalCode.FOUR_EYES, text)
    return problem or (
        e.FindingRecorded(
            request=c.request, criterion=c.criterion, met=c.met, reason=c.reason, extension=c.extension
        ),
    )  # fmt: skip


def _findings_of(request: Request, extension: bool) -> Mapping[Criterion, Recorded] | Refusal:
    """Return the findings about what is under review: the request, or its renewal (S42)."""
    if not extension and request.status in (RequestStatus.SUBMITTED, RequestStatus.ASSESSED):
        return request.findings
    if extension and request.extension is not None and request.extension.submitted is not None:
        return request.extension.findings
    text = f"`{request.request}` is not under review; a finding about a renewal that was submitted names `extension`"
    return Refusal(RefusalCode.WRONG_STATE, text)


def _found_otherwise(state: State, request: Request, found: Recorded | None, actor: Actor, at: datetime) -> bool:
    """Say whether another person, who could still find so, found a criterion not met (S20, E11)."""
    if found is None or found.met or found.by == actor.person or has_tie(state, request, found.by):
        return False
    return any(acts_as(state, found.by, role, at) for role in WHO_FIND)


def pause_clock(state: State, c: PauseClock, actor: Actor, at: datetime) -> Outcome:
    """S13, S21, S44, S52: a clock that runs, and is not breached, stands still once at a time.

    E8: not under the EHDS, whose clock knows no pause.
    """
    request = state.requests[c.request]
    if request.regime is Regime.EHDS:
        text = f"`{c.request}` runs under the EHDS, which knows no pause; put the decision off, or return the form"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if request.open_pause(c.clock) is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"the clock `{c.clock}` of `{c.request}` stands still already")
    if _state_of(state, request, c.clock.value, at) is not ClockState.RUNNING:
        return Refusal(RefusalCode.WRONG_STATE, f"no clock `{c.clock}` of `{c.request}` runs in time; look what is due")
    return (e.ClockPaused(request=c.request, why=c.why, note=c.note, clock=c.clock),)


def _state_of(state: State, request: Request, kind: str, at: datetime) -> ClockState | None:
    """Return how the newest clock of a kind stands, None where there is none."""
    found = [one.state for one in clocks_of(state, request, at) if one.kind.value == kind and one.stopped is None]
    return found[-1] if found else None


def resume_clock(state: State, c: ResumeClock, actor: Actor, at: datetime) -> Outcome:
    """S13, S21, S44, S52: only a clock that stands still goes on."""
    if state.requests[c.request].open_pause(c.clock) is None:
        return Refusal(RefusalCode.WRONG_STATE, f"the clock `{c.clock}` of `{c.request}` does not stand still")
    return (e.ClockResumed(request=c.request, clock=c.clock),)


def accelerate_request(state: State, c: AccelerateRequest, actor: Actor, at: datetime) -> Outcome:
    """E8: two months and once one more, where the law speeds it up, such as in an emergency of public health; once."""
    request = state.requests[c.request]
    if request.regime is not Regime.EHDS:
        text = f"the form of `{c.request}` does not name the EHDS, whose decisions alone are accelerated"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if request.accelerated is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the decision on `{c.request}` is accelerated already")
    return (e.RequestAccelerated(request=c.request, reason=c.reason),)


def defer_decision(state: State, c: DeferDecision, actor: Actor, at: datetime) -> Outcome:
    """E8: three months more, or one where it is accelerated; once, before the clock is breached, under the EHDS."""
    request = state.requests[c.request]
    if request.regime is not Regime.EHDS:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` does not run under the EHDS; decide in its time")
    if request.deferred is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the decision on `{c.request}` was put off already; once is all")
    if _state_of(state, request, ClockKind.DECISION, at) is not ClockState.RUNNING:
        return Refusal(RefusalCode.WRONG_STATE, f"the time to decide on `{c.request}` is over; decide, it is late")
    return (e.DecisionDeferred(request=c.request, reason=c.reason),)

"""The fold of facts on the deciding side of a request."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.fold.requests import add_decider, add_permit, end_pause, set_status
from access_policy.model.enums import InvestigatorPlace, PausableClock, PermitStatus, RequestStatus
from access_policy.model.ids import PersonId
from access_policy.model.instants import Term
from access_policy.state import Pause, Recorded, Request, State, Transfer


def _returned(s: State, f: e.Fact, v: e.RequestReturned) -> None:
    request = set_status(s, f, v.request, RequestStatus.DRAFT)
    request.returned = f.at
    _begin_review_anew(request, f)


def _begin_review_anew(request: Request, f: e.Fact) -> None:
    """Forget what was found about a form that may change now (REQ-04), and let its clock no longer stand still."""
    request.assessed_by = None
    request.findings.clear()
    request.votes.clear()
    request.investigators.clear()
    request.investigators_term = None
    request.deferred = None
    end_pause(request, f, PausableClock.REVIEW)


def _assessed(s: State, f: e.Fact, v: e.RequestAssessed) -> None:
    """S19, S20: votes on an earlier assessment are no votes on this one. E11: who gave it hands nothing out."""
    request = add_decider(set_status(s, f, v.request, RequestStatus.ASSESSED), f)
    request.assessed_by = f.actor.person
    request.votes.clear()


def _finding_recorded(s: State, f: e.Fact, v: e.FindingRecorded) -> None:
    request = add_decider(s.requests[v.request], f)
    findings = request.extension.findings if v.extension and request.extension is not None else request.findings
    findings[v.criterion] = Recorded(v.met, f.actor.person, f.at, v.reason)


def _conflict_declared(s: State, f: e.Fact, v: e.ConflictDeclared) -> None:
    request = s.requests[v.request]
    request.conflicts[v.person] = f.at
    request.votes.pop(v.person, None)


def _voted(s: State, f: e.Fact, v: e.BoardVoted) -> None:
    _votes(add_decider(s.requests[v.request], f), v)[v.person] = v.approve


def _votes(request: Request, v: e.BoardVoted) -> dict[PersonId, bool]:
    if v.amendment is not None:
        return request.amendments[v.amendment].votes
    return request.extension.votes if v.extension and request.extension is not None else request.votes


def _basis_recorded(s: State, f: e.Fact, v: e.TransferBasisRecorded) -> None:
    measures = v.protection_adequate and v.contractual_measures and v.technical_measures
    entity = s.requests[v.request].entities[v.institution]
    entity.transfer = Transfer(v.basis, v.scope, v.clauses, v.concluded, measures, f.at)


def _approved(s: State, f: e.Fact, v: e.RequestApproved) -> None:
    request = add_decider(set_status(s, f, v.request, RequestStatus.APPROVED), f)
    granted = v.datasets if v.datasets is not None else tuple(request.datasets)
    request.granted = dict.fromkeys(granted, f.at)
    request.opt_out_exception, request.decided_by = v.opt_out_exception, f.actor.person
    request.decision_reason, request.conditions, request.fees = v.reason, v.conditions, v.fees
    _grant(request, f, Term(v.begins, v.ends))


def _grant(request: Request, f: e.Fact, term: Term) -> None:
    request.approved, request.term, request.term_set = f.at, term, f.at
    end_pause(request, f, PausableClock.REVIEW)
    add_permit(request, f, PermitStatus.GRANTED)


def _refused(s: State, f: e.Fact, v: e.RequestRefused) -> None:
    request = set_status(s, f, v.request, RequestStatus.REFUSED)
    request.decided_by, request.end_reason = f.actor.person, v.reason


def _investigator_approved(s: State, f: e.Fact, v: e.InvestigatorApproved) -> None:
    request = s.requests[v.request]
    request.investigators[v.place] = v.person
    request.deciders.add(v.person)
    request.investigators_term = Term(v.begins, v.ends)
    if len(request.investigators) == len(InvestigatorPlace):
        set_status(s, f, v.request, RequestStatus.LICENSED)
        request.granted = dict.fromkeys(request.datasets, f.at)
        _grant(request, f, Term(v.begins, v.ends))


def _clock_paused(s: State, f: e.Fact, v: e.ClockPaused) -> None:
    s.requests[v.request].pauses.append(Pause(v.why, f.at, None, v.note, v.clock))


def _clock_resumed(s: State, f: e.Fact, v: e.ClockResumed) -> None:
    end_pause(s.requests[v.request], f, v.clock)


def _accelerated(s: State, f: e.Fact, v: e.RequestAccelerated) -> None:
    s.requests[v.request].accelerated = f.at


def _hearing_recorded(s: State, f: e.Fact, v: e.HearingRecorded) -> None:
    s.requests[v.request].heard = f.at


def _deferred(s: State, f: e.Fact, v: e.DecisionDeferred) -> None:
    s.requests[v.request].deferred = f.at


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.RequestReturned: _returned,
    e.RequestAssessed: _assessed,
    e.FindingRecorded: _finding_recorded,
    e.ConflictDeclared: _conflict_declared,
    e.BoardVoted: _voted,
    e.TransferBasisRecorded: _basis_recorded,
    e.RequestApproved: _approved,
    e.RequestRefused: _refused,
    e.InvestigatorApproved: _investigator_approved,
    e.ClockPaused: _clock_paused,
    e.ClockResumed: _clock_resumed,
    e.RequestAccelerated: _accelerated,
    e.HearingRecorded: _hearing_recorded,
    e.DecisionDeferred: _deferred,
}

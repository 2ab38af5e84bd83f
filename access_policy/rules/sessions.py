"""Conditions on the session that a browser comes with, and on the time that a workspace has run."""

from datetime import datetime, timedelta

from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, Session, earlier, later


def run_time_over(case: Case, code: ReasonCode = ReasonCode.RUN_TIME_OVER) -> Finding:
    """S86: a workspace of this size may run for so long."""
    if case.workspace is None:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    if case.at >= case.workspace.run_ends:
        return Finding(code, False, case.workspace.run_ends)
    return Finding(code, True, case.workspace.started, case.workspace.run_ends)


def session_missing(case: Case, code: ReasonCode = ReasonCode.SESSION_MISSING) -> Finding:
    """S76: the person is logged in."""
    if case.session is None:
        return Finding(code, False)
    return Finding(code, True, case.session.begun)


def session_over(case: Case, code: ReasonCode = ReasonCode.SESSION_OVER) -> Finding:
    """S76, ID-15, SES-12: a session ends by logout, by its age, by idleness, and when the person is disabled, the
    factors are reset, or the one that it began with is removed."""
    session = case.session
    if session is None:
        return Finding(code, True)
    if session.begun > case.at:
        return Finding(code, False, None, None, session.begun)
    first = session.ends
    if session.ended is not None:
        first = earlier(session.ended, first)
    if session.active is not None:
        first = earlier(session.active + timedelta(minutes=case.state.settings.idle_minutes), first)
    for voided in _voided(case, session):
        if voided is not None and session.begun <= voided:
            first = earlier(voided, first)
    if case.at >= first:
        return Finding(code, False, first)
    return Finding(code, True, session.begun, first)


def _voided(case: Case, session: Session) -> tuple[datetime | None, ...]:
    """Return when all sessions of the person were ended, and when the factor of this one was taken away."""
    person = case.person
    if person is None:
        return ()
    return person.sessions_void, person.factors_removed.get(session.given) if session.given is not None else None


def session_without_factor(case: Case, code: ReasonCode = ReasonCode.SESSION_WITHOUT_FACTOR) -> Finding:
    """S76: always multi-factor, in every session."""
    if case.session is None:
        return Finding(code, True)
    return Finding(code, case.session.factor is not None, case.session.begun)


def session_factor_not_confirmed(case: Case, code: ReasonCode = ReasonCode.SESSION_FACTOR_NOT_CONFIRMED) -> Finding:
    """S76: it is the factor of this session that somebody confirmed, and not just another one of the person's."""
    session, person = case.session, case.person
    if session is None or session.given is None:
        return Finding(code, True, None if session is None else session.begun)
    factor = person.factors.get(session.given) if person is not None else None
    if person is None or factor is None:
        gone = person.factors_removed.get(session.given) if person is not None else None
        return Finding(code, False, later(gone, session.begun))
    if factor.confirmed is None:
        return Finding(code, False, later(factor.enrolled, session.begun))
    return Finding(code, True, later(factor.confirmed, session.begun))

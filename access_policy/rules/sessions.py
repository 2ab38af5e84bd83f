"""Conditions on the session that a browser comes with, and on the time that a workspace has run."""

from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, earlier


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
    """S76, ID-15: a session ends by logout, by its age, and when the person is disabled or the factors are reset."""
    session = case.session
    if session is None:
        return Finding(code, True)
    if session.begun > case.at:
        return Finding(code, False, None, None, session.begun)
    first, voided = session.ends, case.person.sessions_void if case.person is not None else None
    if session.ended is not None:
        first = earlier(session.ended, first)
    if voided is not None and session.begun <= voided:
        first = earlier(voided, first)
    if case.at >= first:
        return Finding(code, False, first)
    return Finding(code, True, session.begun, first)


def session_without_factor(case: Case, code: ReasonCode = ReasonCode.SESSION_WITHOUT_FACTOR) -> Finding:
    """S76: always multi-factor, in every session."""
    if case.session is None:
        return Finding(code, True)
    return Finding(code, case.session.factor is not None, case.session.begun)

"""The conditions, one small function each, with its requirement id. Nothing else in the product decides.

A rule looks at a `Case` and answers with a `Finding`: does the condition hold, since when, and until when by itself.
All terms are half-open and UTC (REQ-08). What is missing or unknown fails (POL-05): when in doubt, deny. A rule
about something that comes later than a missing step (an expired verification where there is none) holds, so that one
lack gives one reason.

Each rule's `code` is a parameter that nobody gives: a default is looked up once, and looking up a member of an enum is
slow in Python 3.11, so that this alone makes `decide` a fifth faster (`tests/bench/decide.py`). Rules are called
one by one, not in a loop: Python prepares each call for the one function that it meets there, a tenth faster again.
"""

from collections.abc import Callable

import msgspec

from access_policy.model.enums import Action
from access_policy.reasons import ReasonCode
from access_policy.rules import data, parties, people, requests, sessions, training
from access_policy.rules.case import Case, Finding, Query, Session, case_of


class Rule(msgspec.Struct, frozen=True):
    """A condition and the questions that it belongs to."""

    code: ReasonCode
    evaluate: Callable[[Case], Finding]
    actions: frozenset[Action]


Findings = tuple[Finding, ...]

_RUNNING = frozenset({Action.REACH_WORKSPACE, Action.KEEP_WORKSPACE})
WITH_SESSION = frozenset({Action.OPEN_WORKSPACE, Action.REACH_WORKSPACE})
"""The questions that a browser comes with."""


def of_ground(case: Case) -> Findings:
    """Ask the conditions that do not look at the session."""
    found = _of_person(case) + _of_request(case)
    return found + _of_workspace(case) if case.query.action in _RUNNING else found


def _of_person(case: Case) -> Findings:
    return (
        people.person_disabled(case),
        people.institution_not_trusted(case),
        people.organisation_excluded(case),
        people.email_not_institutional(case),
        people.person_not_verified(case),
        people.verification_expired(case),
        people.assurance_too_low(case),
        people.factor_missing(case),
        people.factor_not_confirmed(case),
        people.conduct_not_accepted(case),
        people.reidentification_not_accepted(case),
        training.training_missing(case),
        training.training_revoked(case),
        training.training_outdated(case),
        training.training_expired(case),
    )


def _of_request(case: Case) -> Findings:
    return (
        requests.request_not_approved(case),
        requests.request_refused(case),
        requests.request_withdrawn(case),
        requests.request_ended(case),
        requests.request_suspended(case),
        requests.not_a_contact(case),
        requests.contact_email_differs(case),
        requests.contact_moved(case),
        parties.country_not_eligible(case),
        parties.transfer_basis_missing(case),
        parties.transfer_basis_lapsed(case),
        parties.licence_not_signed(case),
        parties.licence_superseded(case),
        requests.not_made_available(case),
        requests.term_not_begun(case),
        requests.term_over(case),
        data.no_dataset_open(case),
        data.opt_out_ignored(case),
    )


def _of_workspace(case: Case) -> Findings:
    return data.dataset_withdrawn(case), sessions.run_time_over(case)


def of_session(case: Case) -> Findings:
    """Ask the conditions that look at the session: worked out anew for every question."""
    return (
        sessions.session_missing(case),
        sessions.session_over(case),
        sessions.session_without_factor(case),
        sessions.session_factor_not_confirmed(case),
        data.zone(case),
    )


_ACTIONS = {
    ReasonCode.DATASET_WITHDRAWN: _RUNNING,
    ReasonCode.RUN_TIME_OVER: _RUNNING,
    ReasonCode.SESSION_MISSING: WITH_SESSION,
    ReasonCode.SESSION_OVER: WITH_SESSION,
    ReasonCode.SESSION_WITHOUT_FACTOR: WITH_SESSION,
    ReasonCode.SESSION_FACTOR_NOT_CONFIRMED: WITH_SESSION,
    ReasonCode.ZONE: WITH_SESSION,
}
_NAMED = {
    name: each for one in (people, training, requests, parties, data, sessions) for name, each in vars(one).items()
}

RULES: tuple[Rule, ...] = tuple(Rule(code, _NAMED[code], _ACTIONS.get(code, frozenset(Action))) for code in ReasonCode)
"""All of them, in order: the rule of a code is the function of that name."""

__all__ = ["RULES", "WITH_SESSION", "Case", "Finding", "Query", "Rule", "Session", "case_of", "of_ground", "of_session"]

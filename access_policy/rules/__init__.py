"""The conditions, one small function each, with its requirement id. Nothing else in the product decides.

A rule looks at a `Case` and answers with a `Finding`: does the condition hold, since when, and until when by itself.
All terms are half-open and UTC (REQ-08). What is missing or unknown fails (POL-05): when in doubt, deny. A rule
about something that comes later than a missing step (an expired verification where there is none) holds, so that one
lack gives one reason.

Each rule's `code` is a parameter that nobody gives: a default is looked up once, and looking up a member of an enum is
slow in Python 3.11, so that this alone makes `decide` a fifth faster (`tests/bench/decide.py`).
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


_ALWAYS = frozenset(Action)
_WITH_SESSION = frozenset({Action.OPEN_WORKSPACE, Action.REACH_WORKSPACE})
_RUNNING = frozenset({Action.REACH_WORKSPACE, Action.KEEP_WORKSPACE})

_GROUND: tuple[Callable[[Case], Finding], ...] = (
    people.person_disabled,
    people.institution_not_trusted,
    people.organisation_excluded,
    people.email_not_institutional,
    people.person_not_verified,
    people.verification_expired,
    people.assurance_too_low,
    people.factor_missing,
    people.factor_not_confirmed,
    people.conduct_not_accepted,
    people.reidentification_not_accepted,
    training.training_missing,
    training.training_revoked,
    training.training_outdated,
    training.training_expired,
    requests.request_not_approved,
    requests.request_refused,
    requests.request_withdrawn,
    requests.request_ended,
    requests.request_suspended,
    requests.not_a_contact,
    requests.contact_email_differs,
    requests.contact_moved,
    parties.country_not_eligible,
    parties.transfer_basis_missing,
    parties.transfer_basis_lapsed,
    parties.licence_not_signed,
    parties.licence_superseded,
    requests.not_made_available,
    requests.term_not_begun,
    requests.term_over,
    data.no_dataset_open,
    data.opt_out_ignored,
)
_RUNNING_RULES = (data.dataset_withdrawn, sessions.run_time_over)
_SESSION_RULES = (sessions.session_missing, sessions.session_over, sessions.session_without_factor, data.zone)


def _rules(evaluators: tuple[Callable[[Case], Finding], ...], actions: frozenset[Action]) -> tuple[Rule, ...]:
    return tuple(Rule(ReasonCode(rule.__name__), rule, actions) for rule in evaluators)


SESSION: tuple[Rule, ...] = _rules(_SESSION_RULES, _WITH_SESSION)
"""The conditions that look at the session: worked out anew for every question."""

RULES: tuple[Rule, ...] = (*_rules(_GROUND, _ALWAYS), *_rules(_RUNNING_RULES, _RUNNING), *SESSION)

__all__ = ["RULES", "SESSION", "Case", "Finding", "Query", "Rule", "Session", "case_of"]

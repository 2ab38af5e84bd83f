"""`decide`: the one function that says who may open, reach or keep which workspace, why, and until when.

Pure: state and query in, decision out. The hub, the pages, the warden and the tests call it; none repeats a rule.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from access_policy.model.enums import Action, FactorKind, Zone
from access_policy.model.ids import DatasetName, PersonId
from access_policy.model.instants import format_instant
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import RULES, Case, Finding, Query, Session, case_of
from access_policy.state import State

RULES_VERSION = "2026-11"


class Effect(StrEnum):
    """The two answers."""

    ALLOW = "allow"
    DENY = "deny"


class GrantedDataset(msgspec.Struct, frozen=True):
    """A dataset that a decision opens, and where it stands in the workspace. Always read-only."""

    name: DatasetName
    version: str
    mount: str
    access: str = "read"


class Decision(msgspec.Struct, frozen=True):
    """The answer with everything that determined it. `until` is the first instant at which a condition lapses."""

    effect: Effect
    query: Query
    seq: int
    installation: str
    until: datetime | None
    findings: tuple[Finding, ...]
    datasets: tuple[GrantedDataset, ...]

    @property
    def allowed(self) -> bool:
        """Say whether the answer is allow."""
        return self.effect is Effect.ALLOW

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Return the findings that do not hold, in the order in which they are to be mended."""
        return tuple(finding for finding in self.findings if not finding.holds)

    @property
    def codes(self) -> tuple[ReasonCode, ...]:
        """Return the codes of the failing findings."""
        return tuple(finding.code for finding in self.failing)


_RULES_OF: dict[Action, tuple[Callable[[Case], Finding], ...]] = {
    action: tuple(rule.evaluate for rule in RULES if action in rule.actions) for action in Action
}


def decide(state: State, query: Query) -> Decision:
    """Answer a query on the given state. Allow needs every condition of the question to hold; there is no override."""
    case = case_of(state, query)
    findings = tuple([evaluate(case) for evaluate in _RULES_OF[query.action]])
    allowed = False not in [finding.holds for finding in findings]
    return Decision(
        Effect.ALLOW if allowed else Effect.DENY,
        query,
        state.seq,
        state.installation,
        _first_end(findings) if allowed else None,
        findings,
        _granted(case) if allowed else (),
    )


def _first_end(findings: tuple[Finding, ...]) -> datetime | None:
    return min([finding.until for finding in findings if finding.until is not None], default=None)


def _granted(case: Case) -> tuple[GrantedDataset, ...]:
    return tuple(
        [GrantedDataset(dataset.dataset, dataset.version, f"/data/{dataset.dataset}") for dataset in case.offered]
    )


def shown(state: State, decision: Decision) -> tuple[Finding, ...]:
    """Return the failing findings that the person themselves may read (POL-09, REQ-03).

    Of a request that they have no part in they learn nothing but that, whether it exists or not.
    """
    request = state.requests.get(decision.query.request)
    if request is not None and decision.query.person in (request.applicant, *request.contacts):
        return decision.failing
    return tuple(finding for finding in decision.failing if finding.code is ReasonCode.NOT_A_CONTACT)


def supposed_session(state: State, person: PersonId, at: datetime, zone: Zone) -> Session:
    """Return the session that a fresh login with both factors would give: what `explain` and the pages ask with."""
    ends = at + timedelta(hours=state.settings.session_hours)
    return Session("supposed", person, at, ends, FactorKind.TOTP, zone, supposed=True)


def next_steps(decision: Decision) -> list[dict[str, Any]]:
    """Return the steps that are left, in order, each with its owner; empty where the answer is allow."""
    return [
        {
            "step": number,
            "code": str(finding.code),
            "text": REASONS[finding.code].failing,
            "next_step": REASONS[finding.code].next_step,
            "owner": str(REASONS[finding.code].owner),
            "requirement": REASONS[finding.code].requirement,
        }
        for number, finding in enumerate(decision.failing, 1)
    ]


def as_json(decision: Decision) -> dict[str, Any]:
    """Return a decision in the form that docs/reference/command-line.md promises (plain JSON values)."""
    query = decision.query
    return {
        "effect": str(decision.effect),
        "person": query.person,
        "request": query.request,
        "action": str(query.action),
        "at": format_instant(query.at),
        "zone": str(query.session.zone if query.session is not None else Zone.ANYWHERE),
        "session": _session_json(query.session),
        "seq": decision.seq,
        "rules": RULES_VERSION,
        "installation": decision.installation,
        "until": _instant(decision.until),
        "reasons": [_reason_json(finding) for finding in decision.findings],
        "datasets": [msgspec.to_builtins(dataset) for dataset in decision.datasets],
    }


def _reason_json(finding: Finding) -> dict[str, Any]:
    text = REASONS[finding.code]
    return {
        "code": str(finding.code),
        "holds": finding.holds,
        "since": _instant(finding.since),
        "until": _instant(finding.until),
        "requirement": text.requirement,
        "text": text.held if finding.holds else text.failing,
        "next_step": "" if finding.holds else text.next_step,
        "owner": str(text.owner),
    }


def _session_json(session: Session | None) -> dict[str, Any] | None:
    if session is None:
        return None
    return {
        "id": session.session[:16],
        "supposed": session.supposed,
        "begun": format_instant(session.begun),
        "ends": format_instant(session.ends),
        "factor": str(session.factor) if session.factor is not None else None,
        "zone": str(session.zone),
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)

"""`decide`: the one function that says who may open, reach or keep which workspace, why, and until when.

Pure: state and query in, decision out. The hub, the pages, the warden and the tests call it; none repeats a rule.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import WITH_SESSION, Case, Finding, Query, Session, of_ground, of_session
from access_policy.rules.case import asked_with, case_of, earlier, is_inside
from access_policy.state import Dataset, State
from access_policy.state.memo import Kept

RULES_VERSION = "2026-11"


class Effect(StrEnum):
    """The two answers."""

    ALLOW = "allow"
    DENY = "deny"


_ALLOW, _DENY = Effect.ALLOW, Effect.DENY


class GrantedDataset(msgspec.Struct, frozen=True):
    """A dataset that a decision opens, and where it stands in the workspace. Always read-only."""

    name: DatasetName
    version: str
    mount: str
    access: str = "read"


class Decision(msgspec.Struct, frozen=True):
    """The answer with everything that determined it. `until` is the first instant at which a condition lapses.

    `ground` are the findings that do not depend on the session, `coming` those about the session.
    """

    effect: Effect
    query: Query
    seq: int
    installation: str
    until: datetime | None
    ground: tuple[Finding, ...]
    coming: tuple[Finding, ...]
    datasets: tuple[GrantedDataset, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings; put together only where they are read, for most askers read the effect alone."""
        return self.ground + self.coming

    @property
    def allowed(self) -> bool:
        """Say whether the answer is allow."""
        return self.effect is _ALLOW

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Return the findings that do not hold, in the order in which they are to be mended."""
        return tuple(finding for finding in self.findings if not finding.holds)

    @property
    def codes(self) -> tuple[ReasonCode, ...]:
        """Return the codes of the failing findings."""
        return tuple(finding.code for finding in self.failing)


class Ground(msgspec.Struct, frozen=True):
    """What a question rests on besides the session: its findings, whether they all hold, and until when that is so."""

    case: Case
    findings: tuple[Finding, ...]
    holds: bool
    until: datetime | None
    datasets: tuple[GrantedDataset, ...]


def decide(state: State, query: Query) -> Decision:
    """Answer a query on the given state. Allow needs every condition of the question to hold; there is no override."""
    ground = _ground(state, query)
    coming = _coming(ground, query)
    holds, change = _outlook(coming)
    if not (ground.holds and holds):
        return Decision(_DENY, query, state.seq, state.installation, None, ground.findings, coming, ())
    until = ground.until if change is None else earlier(ground.until, change)
    return Decision(_ALLOW, query, state.seq, state.installation, until, ground.findings, coming, ground.datasets)


def asked_about(state: State, query: Query) -> tuple[Dataset, ...]:
    """Return the datasets that a question is about: for an opening what it opens, once nothing else is missing."""
    return _ground(state, query).case.wanted


def _coming(ground: Ground, query: Query) -> tuple[Finding, ...]:
    """Return the findings about the session that the question comes with."""
    if query.action not in WITH_SESSION:
        return ()
    return of_session(ground.case if ground.case.query is query else asked_with(ground.case, query))


def _ground(state: State, query: Query) -> Ground:
    """Work the ground out, or take what was worked out on the same sequence number for an instant like this one."""
    at, key = query.at, (query.person, query.request, query.action, is_inside(query))
    kept = state.memo.get(key)
    if kept is not None and kept.begins <= at and (kept.ends is None or at < kept.ends):
        found: Ground = kept.value
        return found
    case = case_of(state, query)
    findings = of_ground(case)
    holds, change = _outlook(findings)
    ground = Ground(case, findings, holds, change, _granted(case) if holds else ())
    ends = change if case.changes is None else earlier(change, case.changes)
    state.memo.keep(key, Kept(at, ends, ground))
    return ground


def next_change(findings: Iterable[Finding], at: datetime) -> datetime | None:
    """Return the first instant after `at` at which a condition lapses, or begins to hold, by the clock alone."""
    ends = [finding.until for finding in findings if finding.until is not None]
    ends += [finding.holds_from for finding in findings if finding.holds_from is not None]
    return min([one for one in ends if one > at], default=None)


def _outlook(findings: tuple[Finding, ...]) -> tuple[bool, datetime | None]:
    """Say whether all of them hold, and return when the first one lapses, or begins to hold, by the clock alone."""
    holds = True
    change: datetime | None = None
    for finding in findings:
        if finding.until is not None and (change is None or finding.until < change):
            change = finding.until
        if not finding.holds:
            holds = False
            if finding.holds_from is not None:
                change = earlier(change, finding.holds_from)
    return holds, change


def _granted(case: Case) -> tuple[GrantedDataset, ...]:
    extracts = case.request.extracts if case.request is not None else {}
    return tuple([_dataset(one, one.dataset in extracts) for one in case.wanted])


def _dataset(dataset: Dataset, extract: bool) -> GrantedDataset:
    """Return a dataset with the version that is mounted, marked where it is an extract for this request."""
    version = f"{dataset.version}, extract" if extract else dataset.version
    return GrantedDataset(dataset.dataset, version, f"/data/{dataset.dataset}")


def shown(state: State, decision: Decision) -> tuple[Finding, ...]:
    """Return the failing findings that the person themselves may read (POL-09, REQ-03).

    Of a request that they have no part in they learn nothing but that, whether it exists or not.
    """
    if takes_part(state, decision.query.person, decision.query.request):
        return decision.failing
    return tuple(finding for finding in decision.failing if finding.code is ReasonCode.NOT_A_CONTACT)


def takes_part(state: State, person: PersonId, request: RequestId) -> bool:
    """Say whether a request is of this person, as applicant or as download contact (POL-09)."""
    found = state.requests.get(request)
    return found is not None and person in (found.applicant, *found.contacts)


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

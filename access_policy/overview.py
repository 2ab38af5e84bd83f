"""What the pages show of requests: the permit's versions, what needs attention, the register of approved requests.

Pure: it decides nothing, and where a rule says whether something holds it asks the rule.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.clocks import ClockState, clocks_of
from access_policy.model.enums import Action, PermitStatus, RequestStatus, Role, Route
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId, number_of
from access_policy.model.instants import Term, days
from access_policy.rules.case import Case, Query, case_of
from access_policy.rules.parties import transfer_basis_lapsed, transfer_basis_missing
from access_policy.state import Emergency, Entity, Permit, Request, State

SECURITY_TEST_DAYS = 366
"""For how many days a security test counts: a year, a leap year too (S95)."""

LIVE = frozenset({RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE})
"""The statuses of a request from which a grant follows, or can."""

_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})


class FlagKind(StrEnum):
    """What about a request needs somebody's attention."""

    NO_SIGNATORY = "no_signatory"
    AMENDMENT_OPEN = "amendment_open"
    CLOCK_BREACHED = "clock_breached"
    TRANSFER_BASIS_MISSING = "transfer_basis_missing"
    TRANSFER_BASIS_LAPSED = "transfer_basis_lapsed"


class Flag(msgspec.Struct, frozen=True):
    """Something that needs attention, and what it is about: an institution, an amendment's number, a clock's kind."""

    kind: FlagKind
    about: str


class PermitVersion(msgspec.Struct, frozen=True):
    """A version of a permit in [since, until), UTC. A revoked one has no end, and gives nothing (E15, E18).

    `datasets` and `contacts` are what it granted, and to whom.
    """

    identifier: str
    status: PermitStatus
    since: datetime
    until: datetime | None
    datasets: tuple[DatasetName, ...]
    contacts: tuple[PersonId, ...]


class RegisterEntry(msgspec.Struct, frozen=True):
    """A line of the register of approved requests (S47, E64, E66)."""

    request: RequestId
    title: str
    purpose: str
    institution: InstitutionName | None
    datasets: tuple[DatasetName, ...]
    term: Term
    issued: datetime
    permit: str
    status: PermitStatus


def is_live(request: Request, at: datetime) -> bool:
    """Say whether a request is approved, not ended, and its term not over (S46)."""
    return request.status in LIVE and not _term_over(request, at)


def is_open(request: Request, at: datetime) -> bool:
    """Say whether a request is still in progress or live: somebody has to care for it."""
    return request.status not in _OVER and not _term_over(request, at)


def suspended_since(request: Request) -> datetime | None:
    """Return since when a grant that still lives is suspended, or None (E58)."""
    return request.suspended if request.status not in _OVER else None


def _term_over(request: Request, at: datetime) -> bool:
    return request.term is not None and at >= request.term.ends


def open_emergencies(request: Request, at: datetime) -> dict[str, Emergency]:
    """Return which operators have emergency access to a request at `at`, in the order of their names (E37)."""
    return {name: one for name, one in sorted(request.emergencies.items()) if one.since <= at < one.until}


def signatories(state: State, at: datetime) -> dict[str, tuple[PersonId, ...]]:
    """Return who signs for which institution at `at` (S34). One who is stopped signs for nobody (ID-15)."""
    found: dict[str, tuple[PersonId, ...]] = {}
    for person in state.people.values():
        for one in person.appointments:
            if one.role is Role.SIGNATORY and one.scope is not None and one.holds(at) and person.disabled is None:
                found[one.scope] = (*found.get(one.scope, ()), person.person)
    return found


def permit_status(request: Request, at: datetime) -> PermitStatus | None:
    """Return the status of the permit at `at`, None where there is none yet (E18)."""
    versions = permit_versions(request, at)
    return versions[-1].status if versions else None


def permit_versions(request: Request, at: datetime) -> tuple[PermitVersion, ...]:
    """Return every version of the permit up to `at`, oldest first; at the end of the term it expires (E18)."""
    permits = _permits(request, at)
    ends = [one.since for one in permits[1:]]
    versions = [_version(one, end) for one, end in zip(permits, ends, strict=False)]
    return (*versions, *[_newest(request, one, at) for one in permits[-1:]])


def _permits(request: Request, at: datetime) -> list[Permit]:
    """Return the versions from the log. What was taken back is revoked; what has expired is revoked no more."""
    permits = list(request.permits)
    if permits and request.status is RequestStatus.WITHDRAWN:
        permits.append(replace(permits[-1], status=PermitStatus.REVOKED, since=request.status_since))
    return [
        one
        for one in permits
        if one.since <= at and not (one.status is PermitStatus.REVOKED and _term_over(request, one.since))
    ]


def _newest(request: Request, permit: Permit, at: datetime) -> PermitVersion:
    if permit.status is PermitStatus.REVOKED:
        return _version(permit, None)
    status = PermitStatus.EXPIRED if _term_over(request, at) else permit.status
    return _version(replace(permit, status=status), request.term.ends if request.term is not None else None)


def _version(permit: Permit, until: datetime | None) -> PermitVersion:
    return PermitVersion(permit.identifier, permit.status, permit.since, until, permit.datasets, permit.contacts)


def flags(state: State, request: Request, at: datetime) -> tuple[Flag, ...]:
    """Return what about a request needs attention at `at` (S13, S21, S34, S67, E19)."""
    found = [Flag(FlagKind.CLOCK_BREACHED, kind) for kind in _breached(state, request, at)]
    if is_open(request, at):
        found += [Flag(FlagKind.NO_SIGNATORY, name) for name in _unsigned(state, request, at)]
        found += [Flag(FlagKind.AMENDMENT_OPEN, str(number)) for number in request.amendments]
        found += [flag for entity in request.entities.values() for flag in _transfer(state, request, entity, at)]
    return tuple(found)


def _breached(state: State, request: Request, at: datetime) -> list[str]:
    clocks = clocks_of(state, request, at)
    return [str(one.kind) for one in clocks if one.state is ClockState.BREACHED and one.stopped is None]


def _unsigned(state: State, request: Request, at: datetime) -> list[InstitutionName]:
    """S34, S54: the organisations that nobody signs for; the clinical route has no licence to sign."""
    if request.route is Route.CLINICAL:
        return []
    signing = signatories(state, at)
    return [name for name in request.entities if name not in signing]


def _transfer(state: State, request: Request, entity: Entity, at: datetime) -> list[Flag]:
    """S60, S67: a ground that lapsed, and a live grant without one. Before the approval a missing one is no news."""
    if entity.institution not in state.institutions:
        return []
    case = case_of_entity(state, request, entity, at)
    lapsed = not transfer_basis_lapsed(case).holds
    missing = is_live(request, at) and not transfer_basis_missing(case).holds
    kinds = {FlagKind.TRANSFER_BASIS_MISSING: missing, FlagKind.TRANSFER_BASIS_LAPSED: lapsed}
    return [Flag(kind, entity.institution) for kind, raised in kinds.items() if raised]


def live_parties(state: State, at: datetime) -> Iterator[tuple[Request, Entity]]:
    """Give each party that is known to a grant that lives at `at` (S68)."""
    for request in state.requests.values():
        if is_live(request, at):
            yield from ((request, one) for one in request.entities.values() if one.institution in state.institutions)


def case_of_entity(state: State, request: Request, entity: Entity, at: datetime) -> Case:
    """Return the case that a contact of this entity would be in (S68)."""
    query = Query(request.applicant or PersonId(""), request.request, Action.KEEP_WORKSPACE, at)
    return msgspec.structs.replace(case_of(state, query), entity=entity)


def security_test_overdue(state: State, at: datetime) -> bool:
    """Say whether the yearly security test is overdue: none, or the last one 366 days ago or more (S95)."""
    return state.security_tested is None or at >= state.security_tested + days(SECURITY_TEST_DAYS)


def approved_requests(state: State, at: datetime) -> tuple[RegisterEntry, ...]:
    """Return the register: every data access request that was ever approved, with what became of it (S47, E66).

    Clinical requests are not in it: they can be about one patient.
    """
    asked = (one for one in state.requests.values() if one.route is Route.DATA_ACCESS)
    entries = (_entry(request, at) for request in asked)
    return tuple(sorted((one for one in entries if one is not None), key=lambda one: number_of(one.request)))


def _entry(request: Request, at: datetime) -> RegisterEntry | None:
    versions = permit_versions(request, at)
    if not versions or request.approved is None or request.term is None:
        return None
    newest = versions[-1]
    return RegisterEntry(
        request.request, request.title, request.purpose, request.institution, tuple(request.granted), request.term,
        request.approved, newest.identifier, newest.status,
    )  # fmt: skip

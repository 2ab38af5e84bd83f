"""Whether the controls of the centre hold now, since when, until when by the clock alone, and what shows it.

Pure: each check reads the state of the log and nothing else. What the log cannot tell is no check here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from access_policy.clocks import Clock, ClockState, clocks_of
from access_policy.model.enums import DocumentKind, Role, Route
from access_policy.model.instants import days
from access_policy.overview import SECURITY_TEST_DAYS, case_of_entity, live_parties
from access_policy.rules.parties import transfer_basis_lapsed, transfer_basis_missing
from access_policy.state import Appointment, Dataset, Institution, State


class Shown(msgspec.Struct, frozen=True):
    """One thing that a check looked at: whether it is as it has to be in [since, until), UTC, as far as is known."""

    about: str
    holds: bool
    since: datetime | None = None
    until: datetime | None = None


class Held(msgspec.Struct, frozen=True):
    """Whether a control holds, since and until when, and all that was looked at, what fails first.

    `since` is None where nothing tells it; `until` where no end is known, and where the control does not hold.
    """

    holds: bool
    since: datetime | None
    until: datetime | None
    evidence: tuple[Shown, ...]


class _Time(NamedTuple):
    begins: datetime
    ends: datetime


def held(evidence: Iterable[Shown]) -> Held:
    """Sum up: a control holds where everything that belongs to it does. What it had to look at may be nothing."""
    found = tuple(sorted(evidence, key=lambda one: one.holds))
    failing = [one for one in found if not one.holds]
    if failing:
        return Held(False, min((one.since for one in failing if one.since), default=None), None, found)
    since = max((one.since for one in found if one.since), default=None)
    return Held(True, since, min((one.until for one in found if one.until), default=None), found)


def security_test(state: State, at: datetime) -> Iterator[Shown]:
    """S95: weak spots were tested for within a year."""
    tested = state.security_tested
    if tested is None:
        yield Shown("no security test is recorded", False, state.begun)
        return
    over = tested + days(SECURITY_TEST_DAYS)
    yield Shown("the newest security test", at < over, tested if at < over else over, over)


def provider_audit(state: State, _at: datetime) -> Iterator[Shown]:
    """S103: an audit of the provider is on record."""
    audited = state.provider_audited
    about = "the provider's newest audit" if audited else "no audit of the provider is recorded"
    yield Shown(about, audited is not None, audited or state.begun)


def agreements(state: State, at: datetime) -> Iterator[Shown]:
    """S72: every organisation with a live grant is the centre, or has an agreement in force."""
    for name in dict.fromkeys(entity.institution for _, entity in live_parties(state, at)):
        yield agreement(state.institutions[name], at)


def agreement(one: Institution, at: datetime) -> Shown:
    """Return how the agreement of an institution stands (S72); the centre needs none."""
    term = one.agreement
    if one.centre or term is None:
        return Shown(one.institution, one.centre, one.since)
    ends = min(term.ends, one.agreement_ended or term.ends)
    since = term.begins if one.trusted_at(at) else ends if at >= ends else one.since
    return Shown(one.institution, one.trusted_at(at), since, ends if one.trusted_at(at) else None)


def transfers(state: State, at: datetime) -> Iterator[Shown]:
    """S60, S67, S101: every party to a live grant has a ground for its transfer, and it did not lapse."""
    for request, entity in live_parties(state, at):
        case = case_of_entity(state, request, entity, at)
        for finding in (transfer_basis_missing(case), transfer_basis_lapsed(case)):
            about = f"{request.request}, {entity.institution}: {finding.code}" if not finding.holds else None
            yield Shown(
                about or f"{request.request}, {entity.institution}", finding.holds, finding.since, finding.until
            )


def signatories(state: State, at: datetime) -> Iterator[Shown]:
    """S34: somebody signs for every organisation with a live grant; the clinical route has no licence (S54)."""
    parties = (entity for request, entity in live_parties(state, at) if request.route is not Route.CLINICAL)
    for name in dict.fromkeys(entity.institution for entity in parties):
        yield _filled(state, Role.SIGNATORY, at, scope=name)


def stewards(state: State, at: datetime) -> Iterator[Shown]:
    """S99: every dataset that is offered has a data steward who holds the role."""
    return (_steward(state, one, at) for one in state.datasets.values() if one.open)


def _steward(state: State, one: Dataset, at: datetime) -> Shown:
    person = state.people.get(one.steward) if one.steward is not None else None
    mine = [] if person is None else [row for row in person.appointments if row.role is Role.DATA_STEWARD]
    now = [row for row in mine if row.holds(at)]
    if person is None or person.disabled is not None or not now:
        over = person.disabled if person is not None else None
        return Shown(one.dataset, False, over or _last_end(mine, at) or one.since)
    return Shown(one.dataset, True, min(row.since for row in now), max(row.until for row in now))


def clocks(state: State, at: datetime) -> Iterator[Shown]:
    """S13, S21, S44, S52, E58: nothing that has a clock is late. What came late counts until it came."""
    for request in state.requests.values():
        for clock in clocks_of(state, request, at):
            if clock.state is ClockState.BREACHED:
                yield _late(clock)


def _late(clock: Clock) -> Shown:
    about = f"{clock.request}: {clock.kind} ({clock.requirement})"
    return Shown(about, clock.stopped is not None, clock.stopped or clock.due)


def texts(*kinds: DocumentKind) -> Callable[[State, datetime], Iterator[Shown]]:
    """Return the check that texts of these kinds are published (S4, S29, S56, S65, S70, S79, S84, S102)."""

    def check(state: State, _at: datetime) -> Iterator[Shown]:
        for kind in kinds:
            document = state.documents.get(kind)
            about = kind.value if document is None else f"{kind.value}, version {document.current.version}"
            yield Shown(about, document is not None, document.versions[0].at if document else state.begun)

    return check


def training(state: State, _at: datetime) -> Iterator[Shown]:
    """S74: there is a course that everybody has to pass."""
    if not state.required_courses:
        yield Shown("no course is required", False, state.begun)
    for course in state.required_courses[:1]:
        yield Shown(f"{course.course}, version {course.version}", True, course.since)


def filled(role: Role, needed: int = 1) -> Callable[[State, datetime], Iterator[Shown]]:
    """Return the check that so many people hold a role (S92, E37)."""

    def check(state: State, at: datetime) -> Iterator[Shown]:
        yield _filled(state, role, at, needed=needed)

    return check


def board(state: State, at: datetime) -> Iterator[Shown]:
    """S20: the board has at least as many members as it needs to decide."""
    yield _filled(state, Role.BOARD_MEMBER, at, needed=state.settings.board_quorum)


def _filled(state: State, role: Role, at: datetime, *, scope: str | None = None, needed: int = 1) -> Shown:
    about = f"{role.value} of {scope}" if scope else role.value
    times, ended = [], []
    for person in state.people.values():
        mine = [one for one in person.appointments if one.role is role and one.scope == scope]
        now = [one for one in mine if one.holds(at)]
        if now and person.disabled is None:
            times.append(_Time(min(one.since for one in now), max(one.until for one in now)))
        ended += [instant for instant in (_last_end(mine, at), person.disabled if now else None) if instant]
    about = f"{about}: {len(times)} of at least {needed}"
    if len(times) < needed:
        return Shown(about, False, max(ended, default=state.begun))
    begins, ends = sorted(one.begins for one in times), sorted((one.ends for one in times), reverse=True)
    return Shown(about, True, begins[needed - 1], ends[needed - 1])


def _last_end(appointments: Iterable[Appointment], at: datetime) -> datetime | None:
    return max((one.until for one in appointments if one.until <= at), default=None)


def ends(state: State, _at: datetime) -> Iterator[Shown]:
    """S94, E57: of every workspace that had to end, the end is confirmed; one may run on where a machine is silent."""
    for one in state.workspaces.values():
        if one.unconfirmed is not None:
            yield Shown(f"{one.person}, {one.request}: {one.unconfirmed} does not answer", False, one.stop_asked)


_D = DocumentKind

CHECKS: Mapping[str, Callable[[State, datetime], Iterable[Shown]]] = {
    "agreements": agreements,
    "auditor": filled(Role.AUDITOR),
    "board": board,
    "clocks": clocks,
    "ends": ends,
    "licences": texts(_D.LICENCE_EEA, _D.LICENCE_NON_EEA),
    "privacy-notice": texts(_D.PRIVACY_NOTICE),
    "procedure": texts(
        _D.GUIDING_PRINCIPLES, _D.RULES_OF_PROCEDURE, _D.FAQ, _D.DATA_GUIDE, _D.REQUEST_INSTRUCTIONS,
        _D.CLINICAL_FORM, _D.PUBLICATION_POLICY, _D.ACCOUNT_HELP,
    ),
    "promises": texts(_D.CODE_OF_CONDUCT, _D.NO_REIDENTIFICATION),
    "provider-audit": provider_audit,
    "second-person": filled(Role.ADMIN, 2),
    "security-test": security_test,
    "signatories": signatories,
    "stewards": stewards,
    "training": training,
    "transfers": transfers,
}  # fmt: skip
"""Every check, by the name under which the list of controls names it."""


def check(name: str, state: State, at: datetime) -> Held:
    """Return how a control stands at `at`. Raises KeyError for a name that is no check."""
    return held(CHECKS[name](state, at))

"""The way to data: the steps that are left, in order, each with who can take it now.

Made from the failing conditions of a decision and from how far the request is; it decides nothing. A step that hides
another one behind it (a factor that is enrolled still has to be confirmed) is followed by that one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from access_policy.commands.licences import licence_to_sign
from access_policy.decision import Decision, next_steps
from access_policy.model.enums import Party, Regime, RequestStatus, Route
from access_policy.reasons import REASONS, Owner, ReasonCode
from access_policy.rules.case import Case, case_of
from access_policy.rules.particulars import newest
from access_policy.rules.parties import transfer_basis_missing
from access_policy.state import Certification, Course, Entity, Request, State

_R = ReasonCode
_BEFORE = frozenset({RequestStatus.INTAKE, RequestStatus.INVITED, RequestStatus.DRAFT})


class _Way(NamedTuple):
    """What to do, and who can do it."""

    next_step: str
    owner: Owner


_SUBMIT = _Way("the applicant fills in the form, signs it and sends it in", Owner.APPLICANT)
_ASSESS = _Way("the request is assessed, with its findings", Owner.ASSESSOR)
_DECIDE = _Way("the data access board decides", Owner.BOARD)
_APPROVE = _Way("the central and the local investigator of the study approve", Owner.INVESTIGATORS)
_NAME = _Way("the applicant names the person as a download contact in the form", Owner.APPLICANT)
_AMEND = _Way("the applicant or the signatory proposes an amendment", Owner.SIGNATORY)
_DECIDE_AMENDMENT = _Way("the data access board decides on the amendment", Owner.BOARD)
_OWN = _Way("open a request of your own: a clinical one is for those whom its form names", Owner.YOU)
_CHECK = _Way("the data access office checks the new contact", Owner.DATA_ACCESS_OFFICE)
_GIVE = _Way("a data steward makes the data available to the new contact", Owner.DATA_STEWARD)
_ADDRESS = _Way(
    "an admin corrects the address of the account; or the contact is removed, and the signatory asks anew", Owner.ADMIN
)


_FINAL = frozenset({_R.REQUEST_REFUSED, _R.REQUEST_WITHDRAWN, _R.REQUEST_ENDED})
"""After these nothing is left to do for the request: a new one has steps of its own."""

_GROUNDS = frozenset({_R.COUNTRY_NOT_ELIGIBLE, _R.TRANSFER_BASIS_MISSING, _R.TRANSFER_BASIS_LAPSED})
"""What the board's decision waits for (S60, E13)."""

_SIGNING: dict[Party, _Way] = {
    Party.RESEARCHER: _Way("the researcher", Owner.APPLICANT),
    Party.LICENSEE: _Way("the licensee's signatory", Owner.SIGNATORY),
    Party.REPRESENTATIVE: _Way("the centre's representative", Owner.PARTIES),
}


def plan(state: State, decision: Decision) -> list[dict[str, Any]]:
    """Return the steps to data; empty where the answer is allow. `step` counts from one."""
    case = case_of(state, decision.query)
    bases = _to_the_end(next_steps(decision))
    steps = [step for base in bases for step in _steps(base, case)]
    seen = {_R(base["code"]) for base in bases}
    steps = _grounds_first([step for step in steps if step.pop("of", None) not in seen])
    return [step | {"step": number} for number, step in enumerate(steps, 1)]


def _to_the_end(bases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """S22, S94: of a request that is over nothing is signed or made available any more."""
    last = next((number for number, base in enumerate(bases, 1) if _R(base["code"]) in _FINAL), len(bases))
    return bases[:last]


def _grounds_first(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """S60: the grounds of the parties are on record before the decision, which is refused without them."""
    decides = {_DECIDE.next_step, _APPROVE.next_step}
    where = next((number for number, step in enumerate(steps) if step["next_step"] in decides), len(steps))
    late = [step for step in steps[where:] if _R(step["code"]) in _GROUNDS]
    return [*steps[:where], *late, *[step for step in steps[where:] if step not in late]]


def _steps(base: dict[str, Any], case: Case) -> Iterator[dict[str, Any]]:
    """Yield the steps of one failing condition. `of` marks a step that another failing condition brings itself."""
    code = _R(base["code"])
    ways = _ways(code, case)
    if ways is None:
        yield dict(base)
    else:
        yield from (base | {"next_step": way.next_step, "owner": str(way.owner)} for way in ways)
    if code is _R.FACTOR_MISSING:
        yield _following(_R.FACTOR_NOT_CONFIRMED)
    if code is _R.REQUEST_NOT_APPROVED and case.request is not None and _ground_of_another(case, case.request):
        yield _following(_R.TRANSFER_BASIS_MISSING)


def _ground_of_another(case: Case, request: Request) -> bool:
    """S68: the decision waits for the ground of each party, also where the person's own needs none."""
    others = [one for one in request.entities.values() if one.institution in case.state.institutions]
    return not all(transfer_basis_missing(msgspec.structs.replace(case, entity=one)).holds for one in others)


def _following(code: ReasonCode) -> dict[str, Any]:
    text = REASONS[code]
    return {
        "step": 0, "code": str(code), "text": text.failing, "next_step": text.next_step, "owner": str(text.owner),
        "requirement": text.requirement, "of": code,
    }  # fmt: skip


def _ways(code: ReasonCode, case: Case) -> tuple[_Way, ...] | None:
    """Return what has to happen now, where that depends on what has happened so far."""
    if code in _COURSES:
        return _course(code, case)
    return None if case.request is None else _ways_of_request(code, case, case.request)


def _ways_of_request(code: ReasonCode, case: Case, request: Request) -> tuple[_Way, ...] | None:
    if code is _R.REQUEST_NOT_APPROVED:
        return _to_approval(request)
    if code is _R.NOT_A_CONTACT:
        return _to_contact(request)
    if code is _R.CONTACT_EMAIL_DIFFERS and request.status not in _BEFORE:
        return (_ADDRESS,)
    if code in _LICENCES and case.entity is not None:
        return _signing(code, case.state, case.entity, case.at)
    return None


_COURSES = frozenset({_R.TRAINING_MISSING, _R.TRAINING_REVOKED, _R.TRAINING_OUTDATED, _R.TRAINING_EXPIRED})
_LICENCES = frozenset({_R.LICENCE_NOT_SIGNED, _R.LICENCE_SUPERSEDED})


def _course(code: ReasonCode, case: Case) -> tuple[_Way, ...] | None:
    """S74: by the names of the courses."""
    titles = [course.title for course in case.courses if _lacks(code, course, case)]
    if not titles:
        return None
    return (_Way(f"{', '.join(titles)}: {REASONS[code].next_step}", REASONS[code].owner),)


def _lacks(code: ReasonCode, course: Course, case: Case) -> bool:
    passed: list[Certification] = case.person.certifications.get(course.course, []) if case.person is not None else []
    if not passed or code is _R.TRAINING_MISSING:
        return not passed and code is _R.TRAINING_MISSING
    counts = newest(passed, course)
    return {
        _R.TRAINING_REVOKED: counts.revoked is not None,
        _R.TRAINING_OUTDATED: counts.begins < course.binding_since,
        _R.TRAINING_EXPIRED: counts.ends <= case.at,
    }[code]


def _signing(code: ReasonCode, state: State, entity: Entity, at: datetime) -> tuple[_Way, ...] | None:
    """S23, S25: who has not signed yet, or not what binds now; where it is all three the general words say it."""
    missing = [party for party in Party if _unsigned(code, state, entity, party, at)]
    if not 0 < len(missing) < len(Party):
        return None
    names = " and ".join(_SIGNING[party].next_step for party in missing)
    owner = _SIGNING[missing[0]].owner if len(missing) == 1 else Owner.PARTIES
    return (_Way(f"{names} {'signs' if len(missing) == 1 else 'sign'} the licence that is in force", owner),)


def _unsigned(code: ReasonCode, state: State, entity: Entity, party: Party, at: datetime) -> bool:
    signed = entity.signatures.get(party)
    if signed is None or code is _R.LICENCE_NOT_SIGNED:
        return signed is None
    licence = licence_to_sign(state, entity, at)
    text = state.documents.get(licence)
    return signed.licence is not licence or text is None or signed.at < text.binding_since


def _to_approval(request: Request) -> tuple[_Way, ...]:
    if request.status is RequestStatus.ASSESSED:
        return (_DECIDE,)
    if request.status is RequestStatus.SUBMITTED:
        return (_APPROVE,) if request.route is Route.CLINICAL else (_ASSESS, _DECIDE)
    return (_SUBMIT, _ASSESS, _DECIDE)


def _to_contact(request: Request) -> tuple[_Way, ...] | None:
    if request.status in _BEFORE:
        return (_NAME,)
    if request.route is Route.CLINICAL:
        return (_OWN,)
    if request.regime is Regime.EHDS:
        return (_AMEND, _DECIDE_AMENDMENT, _GIVE)
    signatory = _Way(REASONS[_R.NOT_A_CONTACT].next_step, REASONS[_R.NOT_A_CONTACT].owner)
    return (signatory, _CHECK, _GIVE)

"""The way to data: the steps that are left, in order, each with who can take it now.

Made from the failing conditions of a decision and from how far the request is; it decides nothing. A step that hides
another one behind it (a factor that is enrolled still has to be confirmed) is followed by that one.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from access_policy.decision import Decision, next_steps
from access_policy.model.enums import Regime, RequestStatus, Route
from access_policy.reasons import REASONS, Owner, ReasonCode
from access_policy.state import Request, State

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
_AMEND = _Way("the applicant or the signatory proposes an amendment, and the board decides", Owner.BOARD)
_OWN = _Way("open a request of your own: a clinical one is for those whom its form names", Owner.YOU)
_CHECK = _Way("the data access office checks the new contact", Owner.DATA_ACCESS_OFFICE)
_GIVE = _Way("a data steward makes the data available to the new contact", Owner.DATA_STEWARD)
_ADDRESS = _Way(
    "an admin corrects the address of the account; or the contact is removed, and the signatory asks anew", Owner.ADMIN
)


def plan(state: State, decision: Decision) -> list[dict[str, Any]]:
    """Return the steps to data; empty where the answer is allow. `step` counts from one."""
    request = state.requests.get(decision.query.request)
    steps = [step for base in next_steps(decision) for step in _steps(base, request)]
    seen = {_R(base["code"]) for base in next_steps(decision)}
    steps = [step for step in steps if step.pop("of", None) not in seen]
    return [step | {"step": number} for number, step in enumerate(steps, 1)]


def _steps(base: dict[str, Any], request: Request | None) -> Iterator[dict[str, Any]]:
    """Yield the steps of one failing condition. `of` marks a step that another failing condition brings itself."""
    code = _R(base["code"])
    ways = _ways(code, request)
    if ways is None:
        yield dict(base)
    else:
        yield from (base | {"next_step": way.next_step, "owner": str(way.owner)} for way in ways)
    if code is _R.FACTOR_MISSING:
        yield _following(_R.FACTOR_NOT_CONFIRMED)


def _following(code: ReasonCode) -> dict[str, Any]:
    text = REASONS[code]
    return {
        "step": 0, "code": str(code), "text": text.failing, "next_step": text.next_step, "owner": str(text.owner),
        "requirement": text.requirement, "of": code,
    }  # fmt: skip


def _ways(code: ReasonCode, request: Request | None) -> tuple[_Way, ...] | None:
    """Return what has to happen now, where that depends on how far the request is."""
    if request is None:
        return None
    if code is _R.REQUEST_NOT_APPROVED:
        return _to_approval(request)
    if code is _R.NOT_A_CONTACT:
        return _to_contact(request)
    if code is _R.CONTACT_EMAIL_DIFFERS and request.status not in _BEFORE:
        return (_ADDRESS,)
    return None


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
        return (_AMEND, _GIVE)
    signatory = _Way(REASONS[_R.NOT_A_CONTACT].next_step, REASONS[_R.NOT_A_CONTACT].owner)
    return (signatory, _CHECK, _GIVE)

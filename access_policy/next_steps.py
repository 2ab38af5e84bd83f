"""The way to data: the steps that are left, in order, each with who can take it now.

Made from the failing conditions of a decision and from how far the request is; it decides nothing. A step that hides
another one behind it (a factor that is enrolled still has to be confirmed) is followed by that one.
"""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import Any

import msgspec

from access_policy.commands.clinical import standing_approvals
from access_policy.commands.licences import licence_to_sign
from access_policy.decision import Decision, next_steps
from access_policy.left_out import left_out
from access_policy.model.enums import InvestigatorPlace, Party, Regime, RequestStatus, Route
from access_policy.model.ids import DatasetName, PersonId
from access_policy.reasons import REASONS, Owner, ReasonCode
from access_policy.rules.case import Case, about, case_of
from access_policy.rules.particulars import newest
from access_policy.rules.parties import transfer_basis_missing
from access_policy.state import Certification, Course, Entity, Request, State
from access_policy.ways_to_datasets import EXTRACT, IN_THE_MAKING, Way, ways_anew, ways_to_dataset

_R = ReasonCode

_FILL = Way("the applicant fills in the form", Owner.APPLICANT)
_SUBMIT = Way("the applicant signs the form and sends it in", Owner.APPLICANT)
_ASSESS = Way("the request is assessed, with its findings", Owner.ASSESSOR)
_DECIDE = Way("the data access board decides", Owner.BOARD)
_APPROVE = Way(
    "the central and the local investigator of the study approve", Owner.INVESTIGATORS,
    "the investigators of the study have not approved this request yet",
)  # fmt: skip
_NAME = Way("the applicant names the person as a download contact in the form", Owner.APPLICANT)
_AMEND = Way("the applicant or the signatory proposes an amendment", Owner.SIGNATORY)
_DECIDE_AMENDMENT = Way("the data access board decides on the amendment", Owner.BOARD)
_OWN = Way("open a request of your own: a clinical one is for those whom its form names", Owner.YOU)
_CHECK = Way("the data access office checks the new contact", Owner.DATA_ACCESS_OFFICE)
_GIVE = Way("a data steward makes the data available to the new contact", Owner.DATA_STEWARD)
_REINSTATE = Way(
    "the centre reinstates or ends the grant: the hearing is on record", Owner.ADMIN,
    "the grant is suspended, and what was said at the hearing is looked at",
)  # fmt: skip
_ADDRESS = Way(
    "an admin corrects the address of the account; or the contact is removed, and the signatory asks anew", Owner.ADMIN
)


_FINAL = frozenset({_R.REQUEST_REFUSED, _R.REQUEST_WITHDRAWN, _R.REQUEST_ENDED})
"""After these nothing is left to do for the request: a new one has steps of its own."""

_GROUNDS = frozenset({_R.COUNTRY_NOT_ELIGIBLE, _R.TRANSFER_BASIS_MISSING, _R.TRANSFER_BASIS_LAPSED})
"""What the board's decision waits for (S60, E13)."""

_IN_THE_FORM = frozenset({_R.NOT_A_CONTACT, _R.CONTACT_EMAIL_DIFFERS, _R.NO_DATASET_OPEN})
"""What a draft has to have before it can be sent in (S5, S15)."""

_SIGNING: dict[Party, Way] = {
    Party.RESEARCHER: Way("the researcher", Owner.APPLICANT),
    Party.LICENSEE: Way("the licensee's signatory", Owner.SIGNATORY),
    Party.REPRESENTATIVE: Way("the centre's representative", Owner.PARTIES),
}


def plan(state: State, decision: Decision) -> list[dict[str, Any]]:
    """Return the steps to all data of the request; of an allowed opening, those to what it leaves out (S3).

    `step` counts from one.
    """
    case = case_of(state, decision.query)
    bases = _to_the_end(next_steps(decision))
    steps = [step for base in bases for step in _steps(base, case)]
    seen = {_R(base["code"]) for base in bases}
    steps = _in_order([step for step in steps if step.pop("of", None) not in seen], case)
    return [step | {"step": number} for number, step in enumerate(steps or _to_the_rest(case), 1)]


def _to_the_rest(case: Case) -> Iterator[dict[str, Any]]:
    """Yield, by the name of each dataset that an allowed opening leaves out, the steps to it."""
    for one in left_out(case.state, case.query):
        for code in one.reasons:
            yield from (_named(one.name, step) for step in _steps_of_dataset(code, one.name, case))


def _named(name: DatasetName, step: dict[str, Any]) -> dict[str, Any]:
    return step | {"text": f"{name}: {step['text']}", "next_step": f"{name}: {step['next_step']}"}


def _steps_of_dataset(code: ReasonCode, name: DatasetName, case: Case) -> Iterator[dict[str, Any]]:
    base, request = _following(code), case.request
    del base["of"]
    dataset = next((one for one in case.datasets if one.dataset == name), None)
    ways = None if dataset is None or code is _R.NO_DATASET_OPEN else _ways(code, about(case, dataset))
    if code is _R.REQUEST_NOT_APPROVED and request is not None:
        ways = ways_anew(case.state, request, [name])
    if code is _R.NOT_MADE_AVAILABLE and request is not None and name in request.available_datasets:
        ways = (EXTRACT,)
    yield from _taken(base, ways)


def _taken(base: dict[str, Any], ways: tuple[Way, ...] | None) -> Iterator[dict[str, Any]]:
    """Yield the step of a reason once for each way; without one, as the reason itself has it."""
    if ways is None:
        yield dict(base)
        return
    for way in ways:
        yield base | {"next_step": way.next_step, "owner": str(way.owner), "text": way.text or base["text"]}


def _to_the_end(bases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """S22, S94: of a request that is over nothing is signed or made available any more."""
    last = next((number for number, base in enumerate(bases, 1) if _R(base["code"]) in _FINAL), len(bases))
    return bases[:last]


def _in_order(steps: list[dict[str, Any]], case: Case) -> list[dict[str, Any]]:
    """Bring forward what a step waits for.

    S5, S15: a form is sent in with its datasets and contacts. S60: the grounds of the parties are on record before
    the decision, which is refused without them. S100: what is made available has been granted.
    """
    steps = _before(steps, _R.REQUEST_NOT_APPROVED, {Owner.BOARD, Owner.INVESTIGATORS}, _GROUNDS)
    if case.request is not None and case.request.status in IN_THE_MAKING:
        return _before(steps, _R.REQUEST_NOT_APPROVED, {Owner.APPLICANT}, _IN_THE_FORM)
    if case.request is not None and case.request.lapsed and not case.request.granted:
        return _before(steps, _R.NOT_MADE_AVAILABLE, {Owner.DATA_STEWARD}, {_R.NO_DATASET_OPEN})
    return steps


def _before(
    steps: list[dict[str, Any]], code: ReasonCode, owners: set[Owner], first: Container[ReasonCode]
) -> list[dict[str, Any]]:
    """Move the steps of the codes in `first` before the first step of that code that one of these owners takes."""
    found = (number for number, step in enumerate(steps) if step["code"] == code and Owner(step["owner"]) in owners)
    where = next(found, len(steps))
    late = [step for step in steps[where:] if _R(step["code"]) in first]
    return [*steps[:where], *late, *[step for step in steps[where:] if step not in late]]


def _steps(base: dict[str, Any], case: Case) -> Iterator[dict[str, Any]]:
    """Yield the steps of one failing condition. `of` marks a step that another failing condition brings itself."""
    code = _R(base["code"])
    yield from _taken(base, _ways(code, case))
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


def _ways(code: ReasonCode, case: Case) -> tuple[Way, ...] | None:
    """Return what has to happen now, where that depends on what has happened so far."""
    if code in _COURSES:
        return _course(code, case)
    return None if case.request is None else _ways_of_request(code, case, case.request)


def _ways_of_request(code: ReasonCode, case: Case, request: Request) -> tuple[Way, ...] | None:
    if code in _LICENCES:
        return None if case.entity is None else _signing(code, case.state, case.entity, case.at)
    if code is _R.CONTACT_EMAIL_DIFFERS:
        return None if request.status in IN_THE_MAKING else (_ADDRESS,)
    if code is _R.REQUEST_SUSPENDED:
        return None if request.heard is None else (_REINSTATE,)
    if code is _R.REQUEST_NOT_APPROVED:
        return _to_approval(case, request)
    if code is _R.NOT_A_CONTACT:
        return _to_contact(request, case.query.person)
    return ways_to_dataset(case, request) if code is _R.NO_DATASET_OPEN else None


_COURSES = frozenset({_R.TRAINING_MISSING, _R.TRAINING_REVOKED, _R.TRAINING_OUTDATED, _R.TRAINING_EXPIRED})
_LICENCES = frozenset({_R.LICENCE_NOT_SIGNED, _R.LICENCE_SUPERSEDED})


def _course(code: ReasonCode, case: Case) -> tuple[Way, ...] | None:
    """S74: by the names of the courses."""
    titles = [course.title for course in case.courses if _lacks(code, course, case)]
    if not titles:
        return None
    return (Way(f"{', '.join(titles)}: {REASONS[code].next_step}", REASONS[code].owner),)


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


def _signing(code: ReasonCode, state: State, entity: Entity, at: datetime) -> tuple[Way, ...] | None:
    """S23, S25: who has not signed yet, or not what binds now; where it is all three the general words say it."""
    missing = [party for party in Party if _unsigned(code, state, entity, party, at)]
    if not 0 < len(missing) < len(Party):
        return None
    names = " and ".join(_SIGNING[party].next_step for party in missing)
    owner = _SIGNING[missing[0]].owner if len(missing) == 1 else Owner.PARTIES
    return (Way(f"{names} {'signs' if len(missing) == 1 else 'sign'} the licence that is in force", owner),)


def _unsigned(code: ReasonCode, state: State, entity: Entity, party: Party, at: datetime) -> bool:
    signed = entity.signatures.get(party)
    if signed is None or code is _R.LICENCE_NOT_SIGNED:
        return signed is None
    licence = licence_to_sign(state, entity, at)
    text = state.documents.get(licence)
    return signed.licence is not licence or text is None or signed.at < text.binding_since


def _to_approval(case: Case, request: Request) -> tuple[Way, ...]:
    if request.status is RequestStatus.ASSESSED:
        return (_DECIDE,)
    if request.status is RequestStatus.SUBMITTED:
        return (_investigators(case, request),) if request.route is Route.CLINICAL else (_ASSESS, _DECIDE)
    filled = () if request.form is not None else (_FILL,)
    return (*filled, _SUBMIT, _ASSESS, _DECIDE)


def _investigators(case: Case, request: Request) -> Way:
    """S49, S50: who of the two has not approved yet."""
    given = standing_approvals(case.state, request, case.at)
    missing = [place for place in InvestigatorPlace if place not in given]
    if len(missing) != 1:
        return _APPROVE
    text = f"the {missing[0]} investigator of the study has not approved this request yet"
    return Way(f"the {missing[0]} investigator of the study approves as well", Owner.INVESTIGATORS, text)


def _to_contact(request: Request, person: PersonId) -> tuple[Way, ...] | None:
    if request.status in IN_THE_MAKING:
        return (_NAME,)
    if request.route is Route.CLINICAL:
        return (_OWN,)
    if request.regime is Regime.EHDS:
        proposed = any(person in one.contacts for one in request.amendments.values())
        return (_DECIDE_AMENDMENT, _GIVE) if proposed else (_AMEND, _DECIDE_AMENDMENT, _GIVE)
    if person in request.contacts_asked:
        return (_CHECK, _GIVE)
    signatory = Way(REASONS[_R.NOT_A_CONTACT].next_step, REASONS[_R.NOT_A_CONTACT].owner)
    return (signatory, _CHECK, _GIVE)

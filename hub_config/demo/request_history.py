"""The course of each of the demo's requests, from its opening or its intake to where it stands now, as commands."""

from collections.abc import Iterator

from access_policy.model.enums import Confirmation, Criterion, Party, PurposeKind, RequestStatus, Role, TransferBasis
from access_policy.model.jurisdictions import ModelClauses
from hub_config.demo.chronicle import DESK, Chronicle, Step
from hub_config.demo.people import ALPINE, CAST, CENTRE, INSTITUTIONS, NORTH, DemoPerson
from hub_config.demo.requests import INTAKES, REQUESTS, DemoIntake, DemoRequest

_OFFICE, _STEWARD, _REPRESENTATIVE = "femke", "daan", "rosa"
_PRINCIPLES = {
    Criterion.SOCIAL: "the results can improve the treatment of cancer",
    Criterion.ETHICAL: "nobody is traced or harmed",
    Criterion.LEGAL: "there is a ground in law, and no more data than needed",
    Criterion.CONTRACTUAL: "the organisation can keep the licence",
}
_INTAKE_DAY = -3


def requests_history(c: Chronicle) -> Iterator[tuple[int, Step]]:
    """Give every step of every request with its day."""
    for number, request in enumerate(REQUESTS, 1):
        yield from _request(c, f"DR-{number}", request)
    for number, intake in enumerate(INTAKES, len(REQUESTS) + 1):
        yield from _intake(c, f"DR-{number}", intake)


def _request(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    yield from _form(c, name, one)
    if one.reached is RequestStatus.DRAFT:
        return
    yield one.opened + one.pace.submitted, c.later(one.applicant, "submit-request", request=name)
    if one.purpose is not PurposeKind.RESEARCH:
        yield from _clinical(c, name, one)
    elif one.reached is not RequestStatus.SUBMITTED:
        yield from _assessed(c, name, one)
        yield from _decided(c, name, one)
        yield from _afterwards(c, name, one)


def _form(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    who, day, home = one.applicant, one.opened, _person(one.applicant).institution
    purpose = f"{one.title}: to treat cancer better, the question is studied on data that exist already."
    yield day, c.later(who, "open-request", title=one.title, purpose=purpose)
    yield day, c.later(
        who, "describe-request", request=name, purpose_kind=one.purpose, field_of_work="childhood cancer",
        tests_treatment="false", controller=_name_of(home), processor=_name_of(CENTRE),
    )  # fmt: skip
    for dataset in one.datasets:
        necessity = "the question cannot be answered with aggregated or synthetic data"
        yield day, c.later(who, "request-dataset", request=name, dataset=dataset, necessity=necessity)
    emails = {person.login: person.email for person in CAST} | dict(one.addresses)
    for contact in one.contacts:
        yield day, c.later(who, "name-contact", request=name, person=contact, email=emails[contact])
    if home == ALPINE:
        yield day, c.later(
            who, "confirm-protection", request=name, institution=home, confirmations=list(Confirmation)
        )  # fmt: skip


def _person(login: str) -> DemoPerson:
    return next(person for person in CAST if person.login == login)


def _name_of(institution: str) -> str:
    return next(each.name for each in INSTITUTIONS if each.institution == institution)


def _clinical(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    begins, ends = (c.clock.morning(bound) for bound in one.term)

    def approve(who: str) -> Step:
        return lambda: _give(c, who, "approve-clinical", request=name, begins=begins, ends=ends, digest=c.digest(name))

    for investigator in ("irene", "lars"):
        yield one.opened + one.pace.decided, approve(investigator)
    yield one.opened + one.pace.available, c.later(_STEWARD, "make-available", request=name)


def _give(c: Chronicle, who: str, command: str, **arguments: object) -> None:
    c.give(who, command, **arguments)


def _assessed(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    """By an assessor without a tie to the applicant's institution."""
    day, assessor = one.opened + one.pace.assessed, "tessa" if _person(one.applicant).institution == NORTH else "arjen"
    sound = "sound in design; the data fit the question"
    yield day, c.later(assessor, "assess-request", request=name, assessment=sound)
    traced = one.reached is RequestStatus.REFUSED
    for criterion, reason in _PRINCIPLES.items():
        met = not (traced and criterion is Criterion.ETHICAL)
        why = reason if met else "joining the data with a register would trace people"
        yield day, c.later(
            assessor, "record-finding", request=name, criterion=criterion, met=str(met).lower(), reason=why
        )  # fmt: skip
    if _person(one.applicant).institution == ALPINE:
        yield day, _ground(c, name)


def _ground(c: Chronicle, name: str) -> Step:
    concluded = c.clock.morning(-30)
    return c.later(
        _OFFICE, "record-transfer-basis", request=name, institution=ALPINE, basis=TransferBasis.MODEL_CLAUSES,
        clauses=ModelClauses.GDPR_2021, concluded=concluded, protection_adequate="true", contractual_measures="true",
        technical_measures="true",
    )  # fmt: skip


def _decided(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    board, day = "nils" if _person(one.applicant).institution == CENTRE else "bea", one.opened + one.pace.decided
    if one.reached is RequestStatus.REFUSED:
        reason = "matching with a register would make single persons traceable"
        yield day, c.later(board, "refuse-request", request=name, reason=reason)
    elif one.reached is not RequestStatus.ASSESSED:
        begins, ends = (c.clock.morning(bound) for bound in one.term)
        yield day, lambda: _give(
            c, board, "approve-request", request=name, improves_treatment="true", public_interest="true",
            reason="relevant for treatment, in the public interest, and no more data than needed",
            begins=begins, ends=ends, digest=c.digest(name),
        )  # fmt: skip
        yield from _licensed(c, name, one)


def _licensed(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    home = _person(one.applicant).institution
    signatory = next(each.login for each in CAST if each.role is Role.SIGNATORY and each.institution == home)
    signers = {Party.RESEARCHER: one.applicant, Party.LICENSEE: signatory, Party.REPRESENTATIVE: _REPRESENTATIVE}
    for wait, party in zip(one.pace.signed, one.signed, strict=False):
        yield one.opened + wait, c.later(signers[party], "sign-licence", request=name, party=party)
    if one.reached in (RequestStatus.ACTIVE, RequestStatus.ENDED):
        yield one.opened + one.pace.available, c.later(_STEWARD, "make-available", request=name)


def _afterwards(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    if one.reached is RequestStatus.ENDED and one.closed is not None:
        reason = "the licensee reported that the study will not be carried on"
        yield one.closed, c.later(_REPRESENTATIVE, "end-request", request=name, reason=reason)
    if one.reached is RequestStatus.WITHDRAWN and one.closed is not None:
        yield one.closed, c.later(one.applicant, "withdraw-request", request=name)
    if one.suspended is not None:
        reason = "results that may show single persons; the applicant is asked"
        yield one.suspended, c.later(_OFFICE, "suspend-request", request=name, reason=reason)
    if one.ground_gone is not None:
        yield one.ground_gone, c.later(
            _OFFICE, "record-transfer-basis", request=name, institution=ALPINE, basis=TransferBasis.NONE
        )  # fmt: skip


def _intake(c: Chronicle, name: str, one: DemoIntake) -> Iterator[tuple[int, Step]]:
    values = {"name": one.name, "surname": one.surname, "email": one.email}

    def receive() -> None:
        c.carry_out(DESK, "submit-intake", values)

    yield _INTAKE_DAY, receive
    if one.invited is not None:
        yield _INTAKE_DAY + 1, c.later(_OFFICE, "answer-intake", request=name, institution=one.invited)


__all__ = ["requests_history"]

"""Studies, and who answers for their data: the central investigator, and a local one per hospital (S10, S49, S50)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import (
    Command,
    Instant,
    Line,
    Name,
    OfPerson,
    Outcome,
    Refusal,
    RefusalCode,
    Text,
)
from access_policy.commands.independence import reads_only
from access_policy.commands.roles import LONGEST_ROLE_DAYS
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, StudyName
from access_policy.model.instants import days
from access_policy.state import Investigator, State, Study

_UNDECIDED = frozenset({RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.ASSESSED})


class RegisterStudy(Command, frozen=True, kw_only=True):
    """Register a study with the purpose of its original design; its investigators are named afterwards."""

    study: Name
    title: Line
    purpose: Text


class NameInvestigator(OfPerson, frozen=True, kw_only=True):
    """Name the investigator of a study until a date; an admin confirms.

    It is the central one, or with `hospital` the local one of a hospital. Who was it before is it no more.
    """

    study: Name
    until: Instant
    hospital: Name | None = None


class EndInvestigator(OfPerson, frozen=True, kw_only=True):
    """Take the place of an investigator away now: the central one, or with `hospital` the local one."""

    study: Name
    hospital: Name | None = None


def register_study(state: State, c: RegisterStudy, actor: Actor, at: datetime) -> Outcome:
    """S10: with the purpose of its original design, once."""
    if StudyName(c.study) in state.studies:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"study `{c.study}` is registered already")
    return (e.StudyRegistered(study=StudyName(c.study), title=c.title, purpose=c.purpose),)


def name_investigator(state: State, c: NameInvestigator, actor: Actor, at: datetime) -> Outcome:
    """S49, S50, REQ-01, REQ-11: the central one, or the local one of a hospital, who works there; until a date.

    REQ-02: nobody who waits for its data names who decides about them. S92: an auditor answers for none.
    """
    study = _study(state, c)
    if isinstance(study, Refusal):
        return study
    problem = _asks_for_its_data(state, study, actor) or reads_only(state, c.person, at)
    problem = problem or _work_problem(state, c) or _until_problem(study, c, at)
    if problem is not None:
        return problem
    return (e.InvestigatorNamed(study=study.study, person=c.person, hospital=_hospital(c), until=c.until),)


def _asks_for_its_data(state: State, study: Study, actor: Actor) -> Refusal | None:
    if actor.person not in waiting_for(state, study.study):
        return None
    text = f"you take part in a request for data of `{study.study}`; ask somebody who does not"
    return Refusal(RefusalCode.FOUR_EYES, text)


def waiting_for(state: State, study: StudyName) -> frozenset[PersonId]:
    """Return the applicants and contacts of undecided requests for data of a study (REQ-02)."""
    datasets = {one.dataset for one in state.datasets.values() if one.study == study}
    asked = [one for one in state.requests.values() if one.status in _UNDECIDED and datasets & one.datasets.keys()]
    return frozenset(person for one in asked for person in (one.applicant, *one.contacts) if person is not None)


def end_investigator(state: State, c: EndInvestigator, actor: Actor, at: datetime) -> Outcome:
    """S49, S50, S94: at once; the study has then nobody in that place until another one is named."""
    study = _study(state, c)
    if isinstance(study, Refusal):
        return study
    named = _named(study, c)
    if named is None or named.person != c.person or not named.holds(at):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` is not that investigator of `{c.study}`")
    return (e.InvestigatorEnded(study=study.study, person=c.person, hospital=_hospital(c)),)


def _study(state: State, c: NameInvestigator | EndInvestigator) -> Study | Refusal:
    study, hospital = state.studies.get(StudyName(c.study)), _hospital(c)
    if study is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no study is named `{c.study}`")
    if hospital is not None and hospital not in state.institutions:
        return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{hospital}`")
    return study


def _work_problem(state: State, c: NameInvestigator) -> Refusal | None:
    works, hospital = state.people[c.person].institution, _hospital(c)
    if works is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.person}` left; record first where they work now")
    if hospital is not None and works != hospital:
        text = f"`{c.person}` does not work at `{hospital}`; a local investigator does"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _until_problem(study: Study, c: NameInvestigator, at: datetime) -> Refusal | None:
    if not at < c.until <= at + days(LONGEST_ROLE_DAYS):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`until` lies between now and {LONGEST_ROLE_DAYS} days on")
    named = _named(study, c)
    if named is not None and named.person == c.person and named.holds(at) and c.until <= named.until:
        text = f"`{c.person}` is that investigator of `{c.study}` for as long already"
        return Refusal(RefusalCode.ALREADY_EXISTS, text)
    return None


def _hospital(c: NameInvestigator | EndInvestigator) -> InstitutionName | None:
    return InstitutionName(c.hospital) if c.hospital is not None else None


def _named(study: Study, c: NameInvestigator | EndInvestigator) -> Investigator | None:
    hospital = _hospital(c)
    return study.central_investigator if hospital is None else study.local_investigators.get(hospital)

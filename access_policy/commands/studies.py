"""Studies, and who answers for their data: the central investigator, and a local one per hospital (S10, S49, S50)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import (
    Command,
    Line,
    Name,
    OfPerson,
    Outcome,
    PersonRef,
    Refusal,
    RefusalCode,
    Text,
)
from access_policy.model.ids import InstitutionName, PersonId, StudyName
from access_policy.state import State, Study


class RegisterStudy(Command, frozen=True, kw_only=True):
    """Register a study with its central investigator and the purpose of its original design."""

    study: Name
    title: Line
    purpose: Text
    central_investigator: PersonRef


class NameInvestigator(OfPerson, frozen=True, kw_only=True):
    """Name the investigator of a study: the central one, or with `hospital` the local one of a hospital."""

    study: Name
    hospital: Name | None = None


def register_study(state: State, c: RegisterStudy, actor: Actor, at: datetime) -> Outcome:
    """S10, S49: with the purpose of its original design; nobody makes themselves the one who approves."""
    if StudyName(c.study) in state.studies:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"study `{c.study}` is registered already")
    investigator = PersonId(c.central_investigator)
    if investigator == actor.person:
        return Refusal(RefusalCode.FOUR_EYES, "nobody names themselves; let somebody else register the study")
    if investigator not in state.people:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no person `{investigator}`")
    return (
        e.StudyRegistered(
            study=StudyName(c.study), title=c.title, purpose=c.purpose, central_investigator=investigator
        ),
    )


def name_investigator(state: State, c: NameInvestigator, actor: Actor, at: datetime) -> Outcome:
    """S49, S50: the central one, or the local one of a hospital, who works there."""
    study = state.studies.get(StudyName(c.study))
    if study is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no study is named `{c.study}`")
    hospital = InstitutionName(c.hospital) if c.hospital is not None else None
    problem = _hospital_problem(state, c.person, hospital)
    if problem is not None:
        return problem
    if _named(study, hospital) == c.person:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.person}` is that investigator of `{c.study}` already")
    return (e.InvestigatorNamed(study=study.study, person=c.person, hospital=hospital),)


def _hospital_problem(state: State, person: PersonId, hospital: InstitutionName | None) -> Refusal | None:
    if hospital is None:
        return None
    if hospital not in state.institutions:
        return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{hospital}`")
    if state.people[person].institution != hospital:
        text = f"`{person}` does not work at `{hospital}`; a local investigator does"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _named(study: Study, hospital: InstitutionName | None) -> PersonId | None:
    return study.central_investigator if hospital is None else study.local_investigators.get(hospital)

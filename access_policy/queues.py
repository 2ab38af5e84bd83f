"""What waits for those who answer requests: the office, assessors, the board, investigators, and who signs.

Each queue is made of the requests as they are, overdue first; nothing of it is stored. Who sees a task is who the
permission table lets give the first of its commands (REQ-03). It decides nothing: the handlers do.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.actor import Actor
from access_policy.clocks import Clock, ClockKind, ClockState, clocks_of
from access_policy.commands.amendments import ApproveAmendment, RefuseAmendment
from access_policy.commands.base import Command, OfRequest, Refusal
from access_policy.commands.board import ApproveRequest, DeclareConflict, RefuseRequest, VoteOnRequest
from access_policy.commands.clinical import ApproveClinical
from access_policy.commands.contacts import CheckContact, RefuseContact
from access_policy.commands.extensions import AnswerExtension, AssessExtension, GrantExtension, RefuseExtension
from access_policy.commands.hearing import RecordHearing
from access_policy.commands.independence import assessed_it, tie
from access_policy.commands.intake import AnswerIntake
from access_policy.commands.licences import SignLicence, parties_signed
from access_policy.commands.review import AssessRequest, RecordFinding, ReturnRequest
from access_policy.model.enums import Party, RequestStatus, Route
from access_policy.model.ids import InstitutionName, RequestId
from access_policy.permissions import TABLE, Standing, standings_of
from access_policy.standing import signs_for
from access_policy.state import Request, State


class TaskKind(StrEnum):
    """What has to be done."""

    INTAKE = "intake"
    CONTACT = "contact"
    EXTENSION_QUESTION = "extension-question"
    HEARING = "hearing"
    ASSESSMENT = "assessment"
    EXTENSION_ASSESSMENT = "extension-assessment"
    DECISION = "decision"
    AMENDMENT = "amendment"
    EXTENSION_DECISION = "extension-decision"
    CLINICAL = "clinical"
    LICENSEE_SIGNATURE = "licensee-signature"
    REPRESENTATIVE_SIGNATURE = "representative-signature"


GIVEN_BY: dict[TaskKind, tuple[type[Command], ...]] = {
    TaskKind.INTAKE: (AnswerIntake,),
    TaskKind.CONTACT: (CheckContact, RefuseContact),
    TaskKind.EXTENSION_QUESTION: (AnswerExtension,),
    TaskKind.HEARING: (RecordHearing,),
    TaskKind.ASSESSMENT: (AssessRequest, RecordFinding, ReturnRequest, DeclareConflict),
    TaskKind.EXTENSION_ASSESSMENT: (AssessExtension, RecordFinding, DeclareConflict),
    TaskKind.DECISION: (VoteOnRequest, ApproveRequest, RecordFinding, DeclareConflict, RefuseRequest),
    TaskKind.AMENDMENT: (VoteOnRequest, ApproveAmendment, DeclareConflict, RefuseAmendment),
    TaskKind.EXTENSION_DECISION: (VoteOnRequest, GrantExtension, DeclareConflict, RefuseExtension),
    TaskKind.CLINICAL: (ApproveClinical, RefuseRequest),
    TaskKind.LICENSEE_SIGNATURE: (SignLicence,),
    TaskKind.REPRESENTATIVE_SIGNATURE: (SignLicence,),
}
"""The commands with which a task is done; the first one says whose it is."""

PARTIES = {TaskKind.LICENSEE_SIGNATURE: Party.LICENSEE, TaskKind.REPRESENTATIVE_SIGNATURE: Party.REPRESENTATIVE}
"""For which party a signature is given."""

_SIGNS = {TaskKind.LICENSEE_SIGNATURE: Standing.SIGNATORY, TaskKind.REPRESENTATIVE_SIGNATURE: Standing.REPRESENTATIVE}
_REVIEW = (ClockKind.REVIEW, ClockKind.DECISION)
_CLOCKS: dict[TaskKind, tuple[ClockKind, ...]] = {
    TaskKind.INTAKE: (ClockKind.INTAKE,),
    TaskKind.EXTENSION_QUESTION: (ClockKind.EXTENSION,),
    TaskKind.HEARING: (ClockKind.HEARING,),
    TaskKind.ASSESSMENT: _REVIEW,
    TaskKind.DECISION: _REVIEW,
    TaskKind.CLINICAL: _REVIEW,
}
_LIVE = frozenset({RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE})


_BY_THE_INDEPENDENT = frozenset(
    {
        TaskKind.ASSESSMENT, TaskKind.EXTENSION_ASSESSMENT, TaskKind.DECISION, TaskKind.AMENDMENT,
        TaskKind.EXTENSION_DECISION,
    }
)  # fmt: skip


class Task(msgspec.Struct, frozen=True):
    """One thing to do. `about` is the person, amendment or organisation it is about, empty where it is the request.

    `since` is when it came up, where that is known apart from the request; `due` is None where no clock runs for it.
    Both are UTC.
    """

    kind: TaskKind
    request: RequestId
    about: str
    since: datetime
    due: datetime | None
    overdue: bool
    paused: bool
    requirement: str


class _Open(msgspec.Struct, frozen=True):
    kind: TaskKind
    since: datetime
    about: str = ""


def tasks_for(state: State, actor: Actor, at: datetime) -> list[Task]:
    """Return what the actor can do something about, overdue first, then what is due next, then the oldest (S13, S21).

    Who declared a tie keeps seeing the request in the queue; the handlers refuse what they do about it (S20).
    """
    found = [
        _task(state, request, one, at)
        for request in state.requests.values()
        for one in _theirs(state, request, actor, at)
    ]
    return sorted(found, key=_first)


def barred(state: State, task: Task, actor: Actor) -> Refusal | None:
    """Say why the actor stays out of a task: a tie, or an assessment of their own that they would decide on (S20)."""
    if task.kind not in _BY_THE_INDEPENDENT:
        return None
    request = state.requests[task.request]
    own = assessed_it(request, actor) if task.kind is TaskKind.DECISION else None
    return tie(state, request, actor) or own


def _first(task: Task) -> tuple[bool, datetime, datetime]:
    return task.due is None, task.due or task.since, task.since


def _theirs(state: State, request: Request, actor: Actor, at: datetime) -> list[_Open]:
    there = list(_open(state, request, at))
    if not there:
        return []
    mine = standings_of(state, OfRequest(request=request.request), actor, at)
    signs = signs_for(state, request, actor.person, at)
    return [one for one in there if _is_theirs(one, mine, signs)]


def _is_theirs(one: _Open, mine: frozenset[Standing], signs: frozenset[InstitutionName]) -> bool:
    if one.kind is TaskKind.LICENSEE_SIGNATURE:
        return InstitutionName(one.about) in signs
    return has_kind(one.kind, mine)


def has_kind(kind: TaskKind, standings: frozenset[Standing]) -> bool:
    """Say whether tasks of this kind are for somebody who stands so."""
    givers = TABLE[GIVEN_BY[kind][0]].standings
    return bool(standings & (givers & {_SIGNS[kind]} if kind in _SIGNS else givers))


def _open(state: State, request: Request, at: datetime) -> Iterator[_Open]:
    since = request.status_since
    if request.status is RequestStatus.INTAKE:
        yield _Open(TaskKind.INTAKE, request.intake or since)
    elif request.status is RequestStatus.SUBMITTED:
        clinical = request.route is Route.CLINICAL
        yield _Open(TaskKind.CLINICAL if clinical else TaskKind.ASSESSMENT, request.submitted or since)
    elif request.status is RequestStatus.ASSESSED:
        yield _Open(TaskKind.DECISION, since)
    elif request.status in _LIVE:
        yield from _changes(request)
        yield from _signatures(state, request, at)


def _changes(request: Request) -> Iterator[_Open]:
    """S36, S44, E19, E58: what is asked about a grant that lives."""
    for person, asked in request.contacts_asked.items():
        yield _Open(TaskKind.CONTACT, asked.asked, person)
    if request.suspended is not None and request.heard is None:
        yield _Open(TaskKind.HEARING, request.suspended)
    for number in request.amendments:
        yield _Open(TaskKind.AMENDMENT, request.status_since, str(number))
    extension = request.extension
    if extension is None:
        return
    if extension.assessed is not None:
        yield _Open(TaskKind.EXTENSION_DECISION, extension.assessed)
    elif extension.submitted is not None:
        yield _Open(TaskKind.EXTENSION_ASSESSMENT, extension.submitted)
    elif extension.answered is None:
        yield _Open(TaskKind.EXTENSION_QUESTION, extension.asked)


def _signatures(state: State, request: Request, at: datetime) -> Iterator[_Open]:
    """S23: the licensee of each organisation; the representative is the third. S54: a clinical request has none."""
    if request.route is Route.CLINICAL:
        return
    for name, entity in request.entities.items():
        signed = parties_signed(state, entity, at)
        if Party.LICENSEE not in signed:
            yield _Open(TaskKind.LICENSEE_SIGNATURE, request.approved or entity.since, name)
        elif signed == {Party.LICENSEE, Party.RESEARCHER}:
            yield _Open(TaskKind.REPRESENTATIVE_SIGNATURE, request.approved or entity.since, name)


def _task(state: State, request: Request, one: _Open, at: datetime) -> Task:
    clock = _clock(state, request, one.kind, at)
    if clock is None:
        return Task(one.kind, request.request, one.about, one.since, None, False, False, "")
    overdue, paused = clock.state is ClockState.BREACHED, clock.state is ClockState.PAUSED
    return Task(one.kind, request.request, one.about, one.since, clock.due, overdue, paused, clock.requirement)


def _clock(state: State, request: Request, kind: TaskKind, at: datetime) -> Clock | None:
    """Return the clock of a task that goes on and is due first."""
    if kind not in _CLOCKS:
        return None
    going = (one for one in clocks_of(state, request, at) if one.kind in _CLOCKS[kind] and one.stopped is None)
    return min(going, key=lambda one: one.due, default=None)

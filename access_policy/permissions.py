"""Whether an actor may give a command: how they stand to it, four eyes, the request's status, their own training.

The table itself is `permission_table.py`. Authorisation comes before any other check, so that strangers learn nothing.
"""

from datetime import datetime

from access_policy.actor import Actor
from access_policy.commands.base import Command, OfPerson, OfRequest, Refusal, RefusalCode, name_of
from access_policy.commands.installation import ConfirmProposal
from access_policy.events.step_up import SINCE
from access_policy.model.enums import Component, Role
from access_policy.model.ids import PersonId, RequestId
from access_policy.permission_table import TABLE, FourEyes, Permission, Standing
from access_policy.rules.training import trained_for
from access_policy.standing import places_of, signing_at, signs_for
from access_policy.state import Person, Request, State

_OF_COMPONENT: dict[Component, frozenset[Standing]] = {
    Component.INSTALLATION: frozenset({Standing.INSTALLATION}),
    Component.HUB: frozenset({Standing.HUB}),
    Component.DESK: frozenset({Standing.DESK}),
    Component.WARDEN: frozenset({Standing.WARDEN}),
}


def standings_of(state: State, command: Command, actor: Actor, at: datetime) -> frozenset[Standing]:
    """Return how the actor stands to the command at `at`. A stopped or unknown person stands nowhere (ID-15)."""
    if actor.component is not None and actor.person is None:
        return _OF_COMPONENT.get(actor.component, frozenset())
    person = state.people.get(actor.person) if actor.person is not None else None
    if person is None or person.disabled is not None:
        return frozenset()
    return frozenset({Standing.MEMBER} | _appointed(state, command, person, at) | _related(state, command, person, at))


def _appointed(state: State, command: Command, person: Person, at: datetime) -> set[Standing]:
    course = _course_of(state, command)
    return {
        Standing(one.role)
        for one in person.appointments
        if one.holds(at)
        and one.role is not Role.SIGNATORY
        and (one.role is not Role.TRAINER or one.scope is None or one.scope == course)
        and trained_for(state, person, one.role, at)
    }


def _course_of(state: State, command: Command) -> str | None:
    training = state.trainings.get(getattr(command, "training", 0))
    return training.course if training is not None else getattr(command, "course", None)


def _related(state: State, command: Command, person: Person, at: datetime) -> set[Standing]:
    request = request_of(state, command)
    concerned = state.people.get(_person_of(command) or PersonId(""))
    relations = {
        Standing.SELF: concerned is person,
        Standing.VERIFIER: concerned is not None and _verified_by(concerned) == person.person,
        Standing.APPLICANT: request is not None and _applies(request, person),
        Standing.SIGNATORY: _signs(state, command, person, at),
        Standing.INVESTIGATOR: request is not None and bool(places_of(state, request, person.person, at)),
    }
    return {standing for standing, holds in relations.items() if holds}


def _signs(state: State, command: Command, person: Person, at: datetime) -> bool:
    """Say whether somebody signs for an organisation of the request, or for where the person works (S34, S73)."""
    if isinstance(command, OfRequest):
        request = request_of(state, command)
        return request is not None and bool(signs_for(state, request, person.person, at))
    concerned = state.people.get(_person_of(command) or PersonId(""))
    return concerned is not None and concerned.institution in signing_at(state, person.person, at)


def _applies(request: Request, person: Person) -> bool:
    """Who left the institution of the request is no applicant of it any more (S23, S33)."""
    return request.applicant == person.person and request.institution == person.institution


def _verified_by(person: Person) -> PersonId | None:
    return person.verification.by if person.verification is not None else None


def request_of(state: State, command: Command) -> Request | None:
    """Return the request that a command is about, if there is one."""
    return state.requests.get(command.request) if isinstance(command, OfRequest) else None


def _person_of(command: Command) -> PersonId | None:
    return command.person if isinstance(command, OfPerson) else None


def authorise(state: State, command: Command, actor: Actor, at: datetime) -> Refusal | None:
    """Say why the actor may not give the command at `at`, or None. Unknown commands are permitted to nobody."""
    return permits(state, command, actor, at) or _step_up(state, command, actor)


def _step_up(state: State, command: Command, actor: Actor) -> Refusal | None:
    if state.format < SINCE or not actor.unproven or not TABLE[type(command)].proven:
        return None
    text = f"`{name_of(type(command))}` needs your second factor; log in again, then do it"
    return Refusal(RefusalCode.STEP_UP_NEEDED, text)


def permits(state: State, command: Command, actor: Actor, at: datetime) -> Refusal | None:
    """Say why the actor may not give the command, whatever they proved with it: for what writes nothing in their name.

    A supposed command, and one that was proposed with a step-up of its own.
    """
    row = TABLE.get(type(command))
    name = name_of(type(command))
    if row is None or not row.standings & standings_of(state, command, actor, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"`{name}` is not yours to give")
    if row.personal and actor.operator is not None and not state.demo:
        return Refusal(RefusalCode.PERSONAL_COMMAND, f"`{name}` is never done on behalf of somebody")
    if isinstance(command, OfPerson) and command.person not in state.people:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no person `{command.person}`")
    if erased := _erased(state, command):
        return Refusal(RefusalCode.WRONG_STATE, f"`{erased}` was erased; nothing about them is recorded any more")
    return _four_eyes(state, row, command, actor) or _status(state, row, command)


def _erased(state: State, command: Command) -> str | None:
    """Return whom or what a command names that was erased: no key is left to seal a text about it with (E50)."""
    if not state.erased:
        return None
    values = (getattr(command, name) for name in command.__struct_fields__)
    named = (one for value in values for one in (value if isinstance(value, tuple) else (value,)))
    return next((one for one in named if isinstance(one, str) and one in state.erased), None)


def _four_eyes(state: State, row: Permission, command: Command, actor: Actor) -> Refusal | None:
    if row.four_eyes is FourEyes.NO:
        return None
    request = request_of(state, command)
    concerned: set[PersonId | None] = {getattr(command, "person", None)}
    if request is not None:
        concerned |= {request.applicant, *request.contacts}
    if isinstance(command, ConfirmProposal) and command.proposal in state.proposals:
        concerned.add(state.proposals[command.proposal].by)
    if actor.person is not None and actor.person in concerned:
        return Refusal(RefusalCode.FOUR_EYES, f"`{name_of(row.command)}` needs another person than `{actor.person}`")
    return None


def _status(state: State, row: Permission, command: Command) -> Refusal | None:
    if not isinstance(command, OfRequest):
        return None
    request = state.requests.get(RequestId(command.request))
    if request is None:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no request `{command.request}`")
    if row.statuses is not None and request.status not in row.statuses:
        needed = ", ".join(sorted(row.statuses))
        text = f"`{request.request}` is {request.status}; `{name_of(row.command)}` needs: {needed}"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return None


__all__ = ["TABLE", "FourEyes", "Permission", "Standing", "authorise", "permits", "standings_of", "trained_for"]

"""Giving a command: from a form's or a program's values to facts, or to why not. The desk's one door to changes."""

from typing import Any

import msgspec

from access_policy import events as e
from access_policy.commands.base import Command, Refusal, RefusalCode, name_of, parse_command
from access_policy.model.ids import PersonId, RequestId
from access_policy.permissions import authorise
from access_policy.step_ups import needs_step_up
from access_policy.use_cases import Done
from hub_config.desk import step_up
from hub_config.desk.desk import NotYours, View, Visit
from hub_config.desk.errors import Refused
from hub_config.desk.kinds import kinds
from hub_config.desk.sight import COMMANDS, sees_person, sees_request, stands
from hub_config.subjects import with_hidden_subjects

_STATUS: dict[str, int] = {
    RefusalCode.NOT_PERMITTED: 403,
    RefusalCode.PERSONAL_COMMAND: 403,
    RefusalCode.FOUR_EYES: 403,
    RefusalCode.STEP_UP_NEEDED: 403,
    RefusalCode.WRONG_STATE: 409,
    RefusalCode.ALREADY_EXISTS: 409,
    RefusalCode.CHANGED_MEANWHILE: 409,
    RefusalCode.UPGRADE_FIRST: 409,
    RefusalCode.CLOCK_JUMPED: 503,
}
_HIDDEN = (RefusalCode.NOT_PERMITTED, RefusalCode.NOT_FOUND)
WITH_IDENTITY = kinds("link-identity", "join-identity")
"""Commands whose login identity the desk makes from issuer and subject."""


def command_named(name: str) -> type[Command]:
    """Return the command that people can give under this name. Raises NotYours."""
    kind = COMMANDS.get(name)
    if kind is None:
        raise NotYours
    return kind


def refused_status(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return _STATUS.get(refusal.code, 422)


def check_stands(view: View, kind: type[Command], known: dict[str, Any]) -> None:
    """Raise NotYours unless the command could be this visitor's, about things that they see (REQ-03, POL-09)."""
    fields = kind.__struct_fields__
    person, request = known.get("person"), known.get("request")
    if "person" in fields and person is not None and person not in view.state.people:
        raise NotYours
    if "request" in fields and request is not None and not _visible(view, str(request)):
        raise NotYours
    if not stands(view, kind, known):
        raise NotYours


def _visible(view: View, request: str) -> bool:
    found = view.state.requests.get(RequestId(request))
    return found is not None and sees_request(view, found)


class FromProgram(msgspec.Struct, frozen=True):
    """A command that a program sends; `step_up` is what it was told to bring once its person gave a second factor."""

    step_up: str = ""


def give(visit: Visit, name: str, arguments: dict[str, Any], program: FromProgram | None = None) -> Done:
    """Carry a command out for the visitor. Raises NotYours where it hides what it is about, else Refused.

    Raises StepUpNeeded for one that takes a fresh second factor.
    """
    kind = command_named(name)
    try:
        command = parse_command(name, _completed(visit, kind, arguments))
    except ValueError as error:
        raise _unreadable(visit, kind, arguments, str(error)) from None
    with visit.reading() as view:
        command = with_hidden_subjects(command, view.state, visit.desk.identity)
    return carry_out(visit, command, program)


def carry_out(visit: Visit, command: Command, program: FromProgram | None = None, *, behind: bool = False) -> Done:
    """Carry a command out, or have the visitor give a second factor for it first; raises as `give`."""
    outcome: Done | Refusal | None
    if not needs_step_up(type(command)):
        outcome = visit.desk.policy.handle(command, visit.actor)
    elif program is not None and program.step_up:
        outcome = step_up.finish_with(visit, command, program.step_up)
    else:
        outcome = _refused_before(visit, command, behind=behind)
    if isinstance(outcome, Refusal):
        raise refused(visit, command, outcome)
    if outcome is None:
        raise step_up.ask(visit, command, program=program is not None)
    return outcome


def _refused_before(visit: Visit, command: Command, *, behind: bool) -> Refusal | None:
    """Nobody gives a second factor for what is refused anyway; the refusal goes on record as any other does."""
    with visit.reading_behind() if behind else visit.reading() as view:
        found = step_up.refusal_now(view, command)
    if found is not None:
        _observe(visit, type(command), found.code)
    return found


def _completed(visit: Visit, kind: type[Command], arguments: dict[str, Any]) -> dict[str, Any]:
    """Add the HMAC of a login identity: nobody sends one, the desk makes it from issuer and subject (ID-04)."""
    if kind not in WITH_IDENTITY:
        return arguments
    if "identity" in arguments:
        raise ValueError("`identity` is made here; send `issuer` and `subject` only")
    identity = visit.desk.identity(str(arguments.get("issuer", "")), str(arguments.get("subject", "")))
    return {**arguments, "identity": identity}


def _unreadable(visit: Visit, kind: type[Command], arguments: dict[str, Any], text: str) -> Exception:
    """Authorised before validated, so that a stranger learns nothing; a field too many is recorded (ID-14)."""
    known = {key: value for key, value in arguments.items() if key in kind.__struct_fields__ and isinstance(value, str)}
    extra = set(arguments) - set(kind.__struct_fields__)
    code = "forbidden_field" if extra else "bad_request"
    try:
        with visit.reading() as view:
            check_stands(view, kind, known)
    except NotYours as hidden:
        _observe(visit, kind, RefusalCode.NOT_PERMITTED)
        return hidden
    if extra:
        _observe(visit, kind, code)
    return Refused(422, code, text)


def _observe(visit: Visit, kind: type[Command], code: str) -> None:
    visit.desk.policy.refused(visit.actor, name_of(kind), code)


def refused(visit: Visit, command: Command, refusal: Refusal) -> Exception:
    """Return what a refused command raises: NotYours where it hides what it is about, else Refused."""
    with visit.reading_behind() as view:
        first = authorise(view.state, command, view.actor, view.at)
    if first is not None and first.code in _HIDDEN and refusal.code in _HIDDEN:
        return NotYours()
    return Refused(refused_status(refusal), refusal.code, refusal.text)


def target_of(view: View, done: Done, command: dict[str, Any]) -> str:
    """Return the page, below the desk, that shows what a command changed."""
    opened = [fact.event.request for fact in done.facts if isinstance(fact.event, e.RequestOpened)]
    if any(isinstance(fact.event, e.CommandProposed) for fact in done.facts) or "proposal" in command:
        return "proposals"
    if opened:
        return f"requests/{opened[0]}"
    if any(isinstance(fact.event, e.WorkspaceStopAsked) for fact in done.facts):
        return "" if command.get("person") == view.visit.person else "workspaces"
    return _page_of(view, command)


def _page_of(view: View, command: dict[str, Any]) -> str:
    request = command.get("request")
    if request is not None:
        return f"requests/{request}" if _visible(view, str(request)) else ""
    person = command.get("person")
    if person == view.visit.person:
        return "me"
    if person is not None:
        return f"people/{person}" if sees_person(view, PersonId(str(person))) else ""
    if "email" in command:
        return "people"
    return next((page for field, page in _PAGES.items() if field in command), "")


_PAGES = {
    "course": "courses", "training": "courses", "provider": "courses", "dataset": "datasets", "study": "datasets",
    "institution": "institutions", "country": "countries", "document": "documents", "tester": "log", "auditor": "log",
}  # fmt: skip
"""The page that lists what a command was about, by the field that names it."""


def said_of(done: Done, label: str) -> str:
    """Return the message after a command: what happened, or that a second person has to confirm it."""
    if any(isinstance(fact.event, e.CommandProposed) for fact in done.facts):
        return f"{label}: proposed. It happens once another admin confirms it."
    return f"{label}: done." if done.facts else f"{label}: nothing had to change."

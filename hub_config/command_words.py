"""A command in words, for the page on which somebody gives a second factor for it: what is shown is what is done."""

from typing import Any

import msgspec

from access_policy.commands.base import Command, name_of
from access_policy.commands.factors import EnrolFactor
from access_policy.model.enums import FactorKind
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.state import State
from hub_config.desk.words import command_label, field_label, instant

_ENROLLING = {
    FactorKind.TOTP: "Add an authenticator app",
    FactorKind.PASSKEY: "Add a passkey",
    FactorKind.RECOVERY: "Make new recovery codes",
}


class Said(msgspec.Struct, frozen=True):
    """What a command does, and with which values: a label and a text each."""

    label: str
    rows: tuple[tuple[str, str], ...]


def said_of_command(state: State, command: Command) -> Said:
    """Return a command in words. Nothing that it holds is left out, but what is empty."""
    if isinstance(command, EnrolFactor):
        return Said(_ENROLLING.get(command.kind, "Add a second factor"), ())
    name = name_of(type(command))
    values = ((field, getattr(command, field)) for field in type(command).__struct_fields__)
    rows = (
        (field_label(field, name), _text(state, field, value)) for field, value in values if value not in (None, ())
    )
    return Said(command_label(name), tuple(rows))


def _text(state: State, field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_text(state, field, one) for one in value)
    text = instant(value) if hasattr(value, "tzinfo") else str(value)
    title = _title(state, field, text)
    return f"{title} ({text})" if title else text


def _title(state: State, field: str, text: str) -> str:
    """Return what an id is called, so that nobody confirms a mere number."""
    if field == "request" and text in state.requests:
        return state.requests[RequestId(text)].title
    if field == "institution" and text in state.institutions:
        return state.institutions[InstitutionName(text)].name
    if text in state.people:
        return state.people[PersonId(text)].name
    if field == "proposal" and text.isdigit() and int(text) in state.proposals:
        return command_label(state.proposals[int(text)].command)
    return ""

"""What all commands share: their form, their name, how they are read from text, and what a handler may answer."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from access_policy.actor import Actor
from access_policy.events import FactEvent
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import parse_instant
from access_policy.plain_words import plain_words

Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
Name = Annotated[str, Meta(pattern=r"^[a-z](-?[a-z0-9]){0,39}\Z")]
PersonRef = Annotated[str, Meta(pattern=r"^P-[1-9][0-9]{0,8}\Z")]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
RequestRef = Annotated[str, Meta(pattern=r"^DR-[1-9][0-9]{0,8}\Z")]


class RefusalCode(StrEnum):
    """Why a command that was understood is refused. The codes of `ReasonCode` come on top, for workspaces."""

    NOT_PERMITTED = "not_permitted"
    PERSONAL_COMMAND = "personal_command"
    FOUR_EYES = "four_eyes"
    WRONG_STATE = "wrong_state"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    NOT_COMPLETE = "not_complete"
    NOT_ALLOWED_VALUE = "not_allowed_value"
    CHANGED_MEANWHILE = "changed_meanwhile"
    ACCESS_DENIED = "access_denied"
    CLOCK_JUMPED = "clock_jumped"
    STEP_UP_NEEDED = "step_up_needed"
    UPGRADE_FIRST = "upgrade_first"


class Refusal(msgspec.Struct, frozen=True):
    """A command was understood and refused by a rule; no fact changed. `text` is one line that says what to do."""

    code: str
    text: str


Outcome = tuple[FactEvent, ...] | Refusal


def writer_of(actor: Actor) -> PersonId:
    """Return with whose key a text is sealed that the actor writes about a thing (E50); there has to be somebody."""
    return actor.person or PersonId("")


def name_of(command: type["Command"]) -> str:
    """Return the name that people type: `approve-request` for `ApproveRequest`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", command.__name__).lower()


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all commands share. A subclass is registered under its name: `approve-request`."""

    registered: ClassVar[dict[str, type["Command"]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Register the command under its name."""
        super().__init_subclass__(**options)
        Command.registered[name_of(cls)] = cls


class OfPerson(Command, frozen=True, kw_only=True):
    """A command about one person."""

    person: Annotated[PersonId, Meta(pattern=r"^P-[1-9][0-9]{0,8}\Z")]


class OfRequest(Command, frozen=True, kw_only=True):
    """A command about one data access request."""

    request: Annotated[RequestId, Meta(pattern=r"^DR-[1-9][0-9]{0,8}\Z")]


def parse_command(name: str, arguments: dict[str, Any]) -> Command:
    """Read a command by its name from text values. Raises ValueError with one line that names what is wrong."""
    kind = Command.registered.get(name)
    if kind is None or kind in (OfPerson, OfRequest):
        raise ValueError(f"no command is named `{ascii(name[:60])[1:-1]}`; `sluis do --help` lists them")
    try:
        command = msgspec.convert(read_values(kind, arguments), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"`{name}`: {plain_words(error, kind)}") from None
    _check_values(command)
    return command


def read_values(kind: type[msgspec.Struct], arguments: dict[str, Any]) -> dict[str, Any]:
    """Read the times and lists that stand as text where `kind` has such. Raises ValueError for what is no instant."""
    types = {field.name: str(field.type) for field in msgspec.structs.fields(kind)}
    return {key: _read_value(key, types.get(key, ""), value) for key, value in arguments.items()}


def _read_value(name: str, type_name: str, value: Any) -> Any:
    if "datetime" in type_name and value is not None and not isinstance(value, datetime):
        try:
            return parse_instant(value if isinstance(value, str) else repr(value))
        except ValueError as error:
            raise ValueError(f"`{name}`: {error}") from None
    if "tuple" in type_name and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _is_hidden(sign: str) -> bool:
    """Say whether a character is a control, a direction or zero-width mark, or half a character (ID-07, AUD-06)."""
    return sign not in "\n\r\t" and unicodedata.category(sign) in {"Cc", "Cf", "Cs"}


LARGEST_NUMBER = 10**12
MOST_IN_A_LIST = 200
"""The bound of every list whose type does not carry a bound of its own."""


def _check_values(command: Command) -> None:
    for field in msgspec.structs.fields(command):
        value = getattr(command, field.name)
        if isinstance(value, tuple) and len(value) > MOST_IN_A_LIST and not hasattr(field.type, "__metadata__"):
            raise ValueError(f"`{field.name}` lists more than {MOST_IN_A_LIST} things; give fewer at a time")
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise ValueError(f"`{field.name}` is no number that anything has here; look it up")
        for text in value if isinstance(value, tuple) else (value,):
            _check_text(field.name, text)


def _check_text(name: str, text: object) -> None:
    if isinstance(text, str) and not text.strip():
        raise ValueError(f"`{name}` is blank; write something")
    refuse_hidden(name, text)


def refuse_hidden(name: str, text: object) -> None:
    """Raise ValueError for a text with a character that nobody sees (ID-07, AUD-06)."""
    if isinstance(text, str) and any(_is_hidden(sign) for sign in text):
        raise ValueError(f"`{name}` holds a character that cannot be seen, such as a NUL; take it out")

"""The one mechanism of all forms: a command's fields, read from its msgspec struct, as what a browser can show."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import inspect
from starlette.datastructures import FormData

from access_policy.commands.base import Command, name_of
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from hub_config.desk.choices import IN_PART, Options, choices
from hub_config.desk.desk import View
from hub_config.desk.give import WITH_IDENTITY
from hub_config.desk.kinds import kinds
from hub_config.desk.words import answers, field_label

_FIXED = frozenset(
    {
        "amendment", "country", "course", "dataset", "digest", "document", "factor", "institution", "invitation",
        "issuer", "party", "person", "proposal", "provider", "request", "scope", "study", "subject", "training",
        "version",
    }
)  # fmt: skip
BOUND_TO_FORM = kinds("approve-request", "vote-on-request", "approve-clinical")
"""Commands that name, by its hash, the form that was read (REQ-04)."""
_CONFIRMED = frozenset({"attested", "improves_treatment", "public_interest"})
"""What has to be ticked: left empty it decides nothing, for the command is then refused (S1, S2)."""
_TERM = timedelta(days=365)
_AT_PRESENT = frozenset({"begins", "on", "since"})


@dataclass(frozen=True)
class Field:
    """One field of a form. `kind` is text, area, select, ticks, choice, checkbox, instant, number or fixed.

    `note` explains it.
    """

    name: str
    label: str
    kind: str
    value: str
    required: bool
    options: Options = ()
    most: int | None = None
    pattern: str | None = None
    note: str = ""


def fields_of(view: View, kind: type[Command], values: dict[str, str], given: frozenset[str]) -> list[Field]:
    """Return a command's fields with `values` in them; the ids among `given` (from the address) stand fast."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"`{kind.__name__}` is no struct")
    names = {field.name: field for field in info.fields}
    if kind in WITH_IDENTITY:
        del names["identity"]  # the desk makes it from the other two
    return [_field(view, kind, field, values, given) for field in names.values()]


def _field(
    view: View, kind: type[Command], field: inspect.Field, values: dict[str, str], given: frozenset[str]
) -> Field:
    name, value = field.name, values.get(field.name, "")
    basic, most, pattern = _basic(field.type)
    if name == "digest" and kind in BOUND_TO_FORM:
        return Field(name, "SHA-256 of the form that you read", "fixed", value, True)
    label = field_label(name, name_of(kind))
    if name in _FIXED and name in given and value:
        return Field(name, label, "fixed", value, True, note=_title(view, name, value))
    if basic == "checkbox" and _decides(name, field.required):
        return Field(name, label, "choice", "" if name in given else value, True, answers(name))
    options = choices(view, kind, name, values) or _enum_options(_bare(field.type))
    required = (field.required and basic != "checkbox") or (name == "datasets" and kind in IN_PART)
    shape = ("ticks" if _is_list(field.type) else "select") if options else basic
    value = value or _default(view, field, basic)
    return Field(name, label, shape, value, required, options, most, pattern, _hint(_bare(field.type)))


def _decides(name: str, required: bool) -> bool:
    """Say whether yes or no is a decision: both are chosen by hand, and neither by leaving the field alone (REQ-13)."""
    return required and name not in _CONFIRMED


def unanswered(kind: type[Command], arguments: dict[str, str]) -> str | None:
    """Return the label of the first decision that nobody took."""
    for field in msgspec.structs.fields(kind):
        boolean = _basic(inspect.type_info(field.type))[0] == "checkbox"
        if boolean and _decides(field.name, field.required) and field.name not in arguments:
            return field_label(field.name, name_of(kind))
    return None


def _bare(of: inspect.Type) -> inspect.Type:
    """Return a type without the None that says that it may be left out."""
    if isinstance(of, inspect.UnionType):
        return next(one for one in of.types if not isinstance(one, inspect.NoneType))
    return of


def _is_list(of: inspect.Type) -> bool:
    return isinstance(_bare(of), inspect.VarTupleType)


def _hint(of: inspect.Type) -> str:
    """Return what a list may hold, since it is written as one line."""
    if not isinstance(of, inspect.VarTupleType):
        return ""
    words = ", ".join(value for value, _ in _enum_options(of.item_type))
    return f"with commas between: {words}" if words else "with commas between"


def _basic(of: inspect.Type) -> tuple[str, int | None, str | None]:
    """Return the kind of input of a type, and for texts the length and pattern."""
    of = _bare(of)
    if isinstance(of, inspect.BoolType):
        return "checkbox", None, None
    if isinstance(of, inspect.DateTimeType):
        return "instant", None, None
    if isinstance(of, inspect.IntType):
        return "number", None, None
    if isinstance(of, inspect.StrType):
        long = (of.max_length or 0) > 1000
        # a browser knows no `\Z`, and no line end at the end of a field of one line
        pattern = of.pattern.replace(r"\Z", "$") if of.pattern and "\\x" not in of.pattern else None
        return ("area" if long else "text"), of.max_length, pattern
    return "text", None, None


def _enum_options(of: inspect.Type) -> Options:
    if not isinstance(of, inspect.EnumType):
        return ()
    return tuple((str(member.value), str(member.value).replace("-", " ")) for member in of.cls)


def _title(view: View, name: str, value: str) -> str:
    """Return the name that belongs to a fixed id, so that nobody confirms a mere number."""
    state = view.state
    if name == "person" and value in state.people:
        return state.people[PersonId(value)].name
    if name == "request" and value in state.requests:
        return state.requests[RequestId(value)].title
    if name == "institution" and value in state.institutions:
        return state.institutions[InstitutionName(value)].name
    titles: dict[str, dict[Any, Any]] = {"course": state.courses, "dataset": state.datasets, "study": state.studies}
    found = titles.get(name, {}).get(value)
    return found.title if found is not None else ""


def _default(view: View, field: inspect.Field, basic: str) -> str:
    name = field.name
    if isinstance(field.default, (str, bool)):
        return str(field.default).lower()
    if isinstance(field.default, tuple):
        return ", ".join(str(one) for one in field.default)
    if basic == "instant":
        return _instant(view, name) if field.required else ""
    return {"validity_days": "365", "issuer": view.visit.desk.issuer}.get(name, "")


def _instant(view: View, name: str) -> str:
    at = view.at if name in _AT_PRESENT else view.at + _TERM
    return at.strftime("%Y-%m-%dT%H:%M")


def hashed(kind: type[Command], arguments: dict[str, str]) -> dict[str, str]:
    """Return the arguments with the attendance code of a planned training as its SHA-256: no fact holds a code."""
    if kind not in kinds("plan-training") or "code" not in arguments:
        return arguments
    return {**arguments, "code": hashlib.sha256(arguments["code"].encode()).hexdigest()}


def arguments_of(kind: type[Command], form: FormData) -> dict[str, str]:
    """Return the command's arguments from a posted form: empty ones left out, instants in UTC, unticked boxes false.

    A decision that was not taken stays left out.

    Names that start with `_` belong to the page; every other name goes on, so that one too many is refused (ID-14).
    """
    fields = msgspec.structs.fields(kind)
    lists = {field.name for field in fields if _is_list(inspect.type_info(field.type))}
    posted = {
        name: ", ".join(map(str, form.getlist(name))) if name in lists else value
        for name, value in form.items()
        if isinstance(value, str) and not name.startswith("_")
    }
    shapes = {field.name: _basic(inspect.type_info(field.type))[0] for field in fields}
    decisions = {field.name for field in fields if _decides(field.name, field.required)}
    boxes = [name for name, shape in shapes.items() if shape == "checkbox" and name not in decisions]
    ticked = {name: str(name in posted).lower() for name in boxes}
    return {
        **{name: _value(shapes.get(name, "text"), value) for name, value in posted.items() if value != ""},
        **ticked,
    }


def _value(shape: str, value: str) -> str:
    if shape == "instant" and len(value) in (16, 19):
        return f"{value}Z" if len(value) == 19 else f"{value}:00Z"
    return value.replace("\r\n", "\n")

"""The one mechanism of all forms: a command's fields, read from its msgspec struct, as what a browser can show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import inspect
from starlette.datastructures import FormData

from access_policy.commands.base import Command, OfRequest
from access_policy.commands.board import ApproveRequest
from access_policy.commands.data import ReopenDataset
from access_policy.commands.people import LinkIdentity
from access_policy.commands.requests import NameContact
from access_policy.model.ids import PersonId, RequestId
from hub_config.desk.desk import View
from hub_config.desk.words import field_label

Options = tuple[tuple[str, str], ...]
_FIXED = frozenset({"person", "request", "course", "dataset", "institution", "proposal", "party", "factor", "digest"})
_MOST_OPTIONS = 500
_TERM = timedelta(days=365)


@dataclass(frozen=True)
class Field:
    """One field of a form. `kind` is text, area, select, checkbox, instant, number, fixed or hidden."""

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
    if kind is LinkIdentity:
        del names["identity"]  # the desk makes it from the other two
    return [_field(view, kind, field, values, given) for field in names.values()]


def _field(
    view: View, kind: type[Command], field: inspect.Field, values: dict[str, str], given: frozenset[str]
) -> Field:
    name, value = field.name, values.get(field.name, "")
    basic, most, pattern = _basic(field.type)
    if name == "digest" and kind is ApproveRequest:
        return Field(name, "SHA-256 of the form that you read", "fixed", value, True)
    if name in _FIXED and name in given and value:
        return Field(name, field_label(name), "fixed", value, True, note=_title(view, name, value))
    options = _choices(view, kind, name, values) or _enum_options(field.type)
    required = field.required and basic != "checkbox"
    shape = "select" if options else basic
    value = value or _default(view, field, basic)
    return Field(name, field_label(name), shape, value, required, options, most, pattern)


def _basic(of: inspect.Type) -> tuple[str, int | None, str | None]:
    """Return the kind of input of a type, and for texts the length and pattern."""
    if isinstance(of, inspect.UnionType):
        of = next(one for one in of.types if not isinstance(one, inspect.NoneType))
    if isinstance(of, inspect.BoolType):
        return "checkbox", None, None
    if isinstance(of, inspect.DateTimeType):
        return "instant", None, None
    if isinstance(of, inspect.IntType):
        return "number", None, None
    if isinstance(of, inspect.StrType):
        long = (of.max_length or 0) > 1000
        pattern = of.pattern if of.pattern and "\\x" not in of.pattern else None
        return ("area" if long else "text"), of.max_length, pattern
    return "text", None, None


def _enum_options(of: inspect.Type) -> Options:
    if not isinstance(of, inspect.EnumType):
        return ()
    return tuple((str(member.value), str(member.value).replace("-", " ")) for member in of.cls)


def _choices(view: View, kind: type[Command], name: str, values: dict[str, str]) -> Options:
    """Return what the field may name, where that is short enough to choose from."""
    state = view.state
    found: list[tuple[str, str]] = []
    if name == "course":
        found = [(course.course, course.title) for course in state.courses.values()]
    elif name == "dataset" and "title" not in kind.__struct_fields__:
        closed = kind is ReopenDataset
        found = [(one.dataset, f"{one.dataset}: {one.title}") for one in state.datasets.values() if one.open != closed]
    elif name == "institution" and "country" not in kind.__struct_fields__:
        found = [(one.institution, one.name) for one in state.institutions.values()]
    elif name == "licence" and issubclass(kind, OfRequest):
        found = [(licence.licence, licence.title) for licence in state.licences.values()]
    elif name == "person" and kind is NameContact:
        found = _colleagues(view, values.get("request", ""))
    return tuple(sorted(found)) if len(found) <= _MOST_OPTIONS else ()


def _colleagues(view: View, request_id: str) -> list[tuple[str, str]]:
    request = view.state.requests.get(RequestId(request_id))
    if request is None or request.applicant != view.visit.person:
        return []
    people = view.state.people.values()
    return [(one.person, f"{one.name} ({one.person})") for one in people if one.institution == request.institution]


def _title(view: View, name: str, value: str) -> str:
    """Return the name that belongs to a fixed id, so that nobody confirms a mere number."""
    state = view.state
    if name == "person" and value in state.people:
        return state.people[PersonId(value)].name
    if name == "request" and value in state.requests:
        return state.requests[RequestId(value)].title
    titles: dict[str, dict[Any, Any]] = {"course": state.courses, "dataset": state.datasets}
    found = titles.get(name, {}).get(value)
    return found.title if found is not None else ""


def _default(view: View, field: inspect.Field, basic: str) -> str:
    name = field.name
    if isinstance(field.default, (str, bool)):
        return str(field.default).lower()
    if basic == "instant":
        at = view.at if name == "begins" else view.at + _TERM
        return at.strftime("%Y-%m-%dT%H:%M")
    return {"validity_days": "365", "issuer": view.visit.desk.issuer}.get(name, "")


def arguments_of(kind: type[Command], form: FormData) -> dict[str, str]:
    """Return the command's arguments from a posted form: empty ones left out, instants in UTC, unticked boxes false.

    Names that start with `_` belong to the page; every other name goes on, so that one too many is refused (ID-14).
    """
    posted = {name: value for name, value in form.items() if isinstance(value, str) and not name.startswith("_")}
    shapes = {field.name: _basic(inspect.type_info(field.type))[0] for field in msgspec.structs.fields(kind)}
    ticked = {name: str(name in posted).lower() for name, shape in shapes.items() if shape == "checkbox"}
    return {
        **{name: _value(shapes.get(name, "text"), value) for name, value in posted.items() if value != ""},
        **ticked,
    }


def _value(shape: str, value: str) -> str:
    if shape == "instant" and len(value) in (16, 19):
        return f"{value}Z" if len(value) == 19 else f"{value}:00Z"
    return value.replace("\r\n", "\n")

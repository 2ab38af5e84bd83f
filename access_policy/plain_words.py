"""What msgspec says of a value that does not fit, in the words of this program: the value, and what would fit."""

import re
from enum import StrEnum
from typing import Any, get_args, get_type_hints

import msgspec

_TYPES = {
    "int": "a whole number", "float": "a number", "bool": "`true` or `false`", "str": "a text", "array": "a list",
    "object": "a table", "datetime": "a time such as `2026-11-22T08:30:00Z`", "null": "nothing",
}  # fmt: skip


def plain_words(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    """Return what is wrong with a value of `kind`, in one line."""
    text = str(error)
    if found := re.search(r"missing required field `([^`]+)`", text):
        return f"`{found[1]}` is missing; it needs {_names(kind, required=True)}"
    if found := re.search(r"unknown field `([^`]{1,60})", text):
        return f"unknown key `{found[1]}`; known are {_names(kind, required=False)}"
    return _value(text, kind)


def _value(text: str, kind: type[msgspec.Struct]) -> str:
    where = found[1] if (found := re.search(r"at `\$\.?([^`]*)`", text)) else "it"
    if found := re.search(r"Invalid enum value '?([^' ]{0,60})'?", text):
        return f"`{found[1]}` is no {where}; choose {_choices(kind, where)}"
    if found := re.search(r"Expected `([a-z]+)(?: \| null)?`, got", text):
        return f"`{where}` has to be {_TYPES.get(found[1], found[1])}"
    if found := re.search(r"`str` of length (>=|<=) (\d+)", text):
        return f"`{where}` has to have {'at least' if found[1] == '>=' else 'at most'} {found[2]} characters"
    if "matching regex" in text:
        return f"`{where}` is not of the right form; look at an existing one, such as `P-1`, `DR-1` or `north-hospital`"
    told = re.sub(r" - at .*", "", text)
    return f"`{where}`: {told[:1].lower()}{told[1:200]}"


def _names(kind: type[msgspec.Struct], required: bool) -> str:
    fields = [field for field in msgspec.structs.fields(kind) if not required or field.required]
    return ", ".join(f"`{field.encode_name}`" for field in fields) or "none"


def _choices(kind: type[msgspec.Struct], where: str) -> str:
    hint = get_type_hints(kind).get(where)
    options: list[Any] = [hint, *get_args(hint)]
    enums = [option for option in options if isinstance(option, type) and issubclass(option, StrEnum)]
    return ", ".join(f"`{one}`" for one in enums[0]) if enums else "one of those in docs/reference/commands.md"

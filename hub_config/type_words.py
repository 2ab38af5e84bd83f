"""The types of settings, commands and events in words that a reader of the documents knows."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta


def or_default(field: msgspec.structs.FieldInfo) -> str:
    """Return what stands behind an argument that may be left out."""
    return "" if field.required else f" (default {default_of(field)})"


def default_of(field: msgspec.structs.FieldInfo) -> str:
    """Return a default as JSON, or nothing where there is none."""
    if field.default is NODEFAULT:
        return ""
    return "none" if field.default is None else f"`{msgspec.json.encode(field.default).decode()}`"


_PLAIN_TYPES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "time",
}


def type_in_words(hint: Any) -> str:
    """Return a type in words a reader of the documents knows, with its bounds."""
    return f"{_type_name(hint)}{_bounds(hint)}"


def _type_name(hint: Any) -> str:
    plain = bare(hint)
    if get_origin(plain) in (Union, UnionType):
        return type_in_words(next(one for one in get_args(plain) if one is not NoneType))
    if get_origin(plain) is dict:
        return f"table of {type_in_words(get_args(plain)[1])}"
    if get_origin(plain) is tuple:
        return f"list of {type_in_words(get_args(plain)[0])}"
    if isinstance(plain, type) and issubclass(plain, Enum):
        return " · ".join(str(one.value) for one in plain)
    return _PLAIN_TYPES.get(plain, getattr(plain, "__name__", str(plain)).lower())


def _bounds(hint: Any) -> str:
    limits = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    metas = [part for part in metadata_of(hint) if isinstance(part, Meta)]
    words = [
        f"{word} {value:g}" for key, word in limits.items() for m in metas if (value := getattr(m, key)) is not None
    ]
    return f", {' '.join(words)}" if words else ""


def description_of(hint: Any) -> str:
    """Return the description that a type carries, or nothing."""
    return next((part.description for part in metadata_of(hint) if isinstance(part, Meta) and part.description), "")


def metadata_of(hint: Any) -> tuple[Any, ...]:
    """Return what a type is annotated with."""
    return hint.__metadata__ if get_origin(hint) is Annotated else ()


def bare(hint: Any) -> Any:
    """Return a type without what is annotated, and a new type as what it is made of."""
    if get_origin(hint) is Annotated:
        return bare(get_args(hint)[0])
    return hint.__supertype__ if isinstance(hint, NewType) else hint


def leaves_of(hint: Any) -> Iterator[Any]:
    """Yield the types that a type is made of."""
    plain = bare(hint)
    if get_args(plain):
        for one in get_args(plain):
            yield from leaves_of(one)
    else:
        yield plain


def is_struct(kind: Any) -> bool:
    """Say whether a type has fields of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)

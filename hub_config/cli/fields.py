"""What fields a command has, in words that say what to type, read from the command's own type."""

from typing import Any

from msgspec import inspect

from access_policy.commands.base import Command


def fields_json(command: type[Command]) -> list[dict[str, Any]]:
    """Return name, form, and whether it has to be given, for each field."""
    kind = inspect.type_info(command)
    assert isinstance(kind, inspect.StructType)  # noqa: S101 (every command is a Struct)
    return [{"name": one.name, "form": _form(one.type), "required": one.required} for one in kind.fields]


def field_words(field: dict[str, Any]) -> str:
    """Return `name=form`, in brackets where it may be left out."""
    words = f"{field['name']}={field['form']}"
    return words if field["required"] else f"[{words}]"


def _form(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.EnumType):
        return "|".join(str(value.value) for value in kind.cls)
    if isinstance(kind, inspect.UnionType):
        return "|".join(_form(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.VarTupleType):
        return "A,B,…"
    return _PLAIN.get(type(kind), "…")


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true|false",
    inspect.DateTimeType: "TIME",
    inspect.IntType: "N",
    inspect.StrType: "TEXT",
    inspect.StructType: "{…}",
}

"""Writes `sluis.toml`: every key with its value, and above it what the `Settings` struct says about it.

The comments are the struct's own descriptions, so the file and `docs/reference/settings.md` say the same.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from hub_config.settings import Settings
from hub_config.type_words import is_struct, leaves_of


def settings_text(settings: Settings, heading: str) -> str:
    """Return the file's text. Reading it again gives the same settings."""
    lines = [f"# {heading}", "# Every key is described in docs/reference/settings.md; an unknown key stops the start."]
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if value is None:  # a table that is left out says something by that
            continue
        for header, section in _sections(name, value):
            lines += ["", *_section(header, section)]
    return "\n".join(lines) + "\n"


def _sections(name: str, value: Any) -> Iterator[tuple[str, msgspec.Struct]]:
    if isinstance(value, tuple):
        yield from ((f"[[{name}]]", each) for each in value)
    else:
        yield f"[{name}]", value


def _section(header: str, section: msgspec.Struct) -> Iterator[str]:
    yield f"# {(type(section).__doc__ or '').partition(chr(10))[0]}"
    yield header
    inner = []
    properties = msgspec.json.schema(type(section))["$defs"][type(section).__name__]["properties"]
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if _is_tables(section, name):
            inner += list(_sections(f"{header.strip('[]')}.{name}", value))
            continue
        yield f"# {properties[name].get('description', '')}"
        yield f"{name} = {_value(value)}"
    for inner_header, each in inner:
        yield ""
        yield from _section(inner_header, each)


def _is_tables(section: msgspec.Struct, name: str) -> bool:
    """Say whether a key is a list of tables, which stand behind the section's own keys."""
    field = next(one for one in msgspec.structs.fields(section) if one.name == name)
    return any(is_struct(one) for one in leaves_of(field.type))


def _value(value: str | float | tuple[int, ...] | dict[str, str]) -> str:
    """Return a TOML value: basic strings are JSON's but for DEL, which no setting may hold."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_value(key)} = {_value(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""The forms of text values: nothing is a name, an id or a line that only begins like one."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from access_policy.commands.base import Command, name_of, parse_command
from access_policy.model.instants import format_instant, parse_instant
from hub_config.desk.forms import _basic
from tests.unit.access_policy.samples import FROM_TEXT, sample_arguments

_EXAMPLES = ("a-name", "P-3", "DR-1", "NL", "nl", "0" * 64, f"sluis.example+{'0' * 8}+{'A' * 44}")


def _patterned(of: inspect.Type) -> tuple[str, bool] | None:
    """Return the pattern of a type of text, and whether it is that of the members of a list."""
    if isinstance(of, inspect.UnionType):
        return next(filter(None, map(_patterned, of.types)), None)
    if isinstance(of, inspect.VarTupleType):
        inner = _patterned(of.item_type)
        return inner and (inner[0], True)
    return (of.pattern, False) if isinstance(of, inspect.StrType) and of.pattern else None


def _fields() -> Iterator[tuple[type[Command], str, str, bool]]:
    for kind in FROM_TEXT:
        info = inspect.type_info(kind)
        assert isinstance(info, inspect.StructType)
        for field in info.fields:
            if found := _patterned(field.type):
                yield kind, field.name, *found


FIELDS = list(_fields())


def _matching(pattern: str) -> str:
    return next(one for one in _EXAMPLES if re.search(pattern, one))


@pytest.mark.parametrize(
    ("kind", "name", "pattern", "listed"), FIELDS, ids=[f"{name_of(kind)} {name}" for kind, name, *_ in FIELDS]
)
def test_no_form_takes_a_line_end_with_it(kind: type[Command], name: str, pattern: str, listed: bool) -> None:
    """ID-07, REQ-11: a value is read as it stands, and refused with a line end after it."""
    value = _matching(pattern)
    sound: dict[str, Any] = msgspec.to_builtins(kind(**sample_arguments(kind)))
    parse_command(name_of(kind), sound | {name: [value] if listed else value})
    with pytest.raises(ValueError, match=name):
        parse_command(name_of(kind), sound | {name: [f"{value}\n"] if listed else f"{value}\n"})


def test_the_walk_finds_the_forms() -> None:
    """ID-07: the walk above is not empty, and sees what hides in lists and behind a None."""
    assert len(FIELDS) > 100
    assert any(listed for *_, listed in FIELDS)


def test_a_browser_gets_a_pattern_that_it_knows() -> None:
    """REQ-11: the `pattern` of an input is no Python."""
    info = inspect.type_info(Command.registered["appoint-role"])
    assert isinstance(info, inspect.StructType)
    shown = _basic(info.fields[0].type)
    assert shown == ("text", None, "^P-[1-9][0-9]{0,8}$")


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00+14:00", "2199-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_an_instant_lies_in_its_years_in_utc(text: str) -> None:
    """REQ-11: what an instant becomes in UTC is what is kept, so that is what has to lie within the years."""
    with pytest.raises(ValueError, match="lies outside the years 1970 to 2199"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "1970-01-01T02:00:00+02:00", "2199-12-31T23:59:59Z"])
def test_what_is_read_can_be_read_again(text: str) -> None:
    """REQ-11: an instant that is written is read as the same one."""
    instant = parse_instant(text)
    assert parse_instant(format_instant(instant)) == instant
    assert instant.year in (1970, 2199)

"""Bad input, in every field of every command: refused in one line that names the field, and nothing appended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest

from access_policy.commands.base import Command, name_of, parse_command
from access_policy.handle import HANDLERS
from access_policy.permissions import TABLE
from tests.unit.access_policy.samples import FROM_TEXT, sample_arguments
from tests.unit.access_policy.world import INSTALLATION, World, everything_holds

TEXTS = {
    "a NUL": "a\x00b",
    "half a character": "a\ud800b",
    "a direction mark": "a\u202eb",
    "a megabyte": "x" * 1_000_000,
    "blank": "   ",
}
TIMES = {
    "year 9999": "9999-12-31T00:00:00Z",
    "no time zone": "2027-01-01T00:00:00",
    "no time": "NaN",
    "beyond all years": "+275760-09-13T00:00:00Z",
    "seconds": "1800000000",
    "a megabyte": "2" * 1_000_000,
}
NUMBERS = {"no number": "seven", "a fraction": "1.5", "too big": "9" * 400, "a truth": "true"}
WORDS = {"unknown": "unheard-of", "another case": "OWN ", "a list": ["own"]}
LISTS = {"too many": ["x"] * 201, "a NUL inside": ["a\x00b"], "a megabyte inside": ["x" * 1_000_000]}


class Bad(NamedTuple):
    """A value that no field of the kind takes."""

    kind: type[Command]
    field: str
    why: str
    value: Any

    def __str__(self) -> str:
        """Return a readable id."""
        return f"{name_of(self.kind)} {self.field}: {self.why}"


def _bad() -> Iterator[Bad]:
    for kind in FROM_TEXT:
        for field, hint in get_type_hints(kind, include_extras=True).items():
            if field == "registered":
                continue
            yield from (Bad(kind, field, why, value) for why, value in _values(hint).items())


def _values(hint: Any) -> dict[str, Any]:
    """Return what a field of a type refuses."""
    parts = {hint, *_parts(hint)}
    if tuple in parts or any(getattr(one, "__origin__", None) is tuple for one in parts):
        return LISTS
    if datetime in parts:
        return TIMES
    if bool in parts:
        return {"no truth": "perhaps"}
    if int in parts:
        return NUMBERS
    if any(isinstance(one, type) and issubclass(one, str) and one is not str for one in parts):
        return WORDS
    return TEXTS


def _parts(hint: Any) -> Iterator[Any]:
    supertype = getattr(hint, "__supertype__", None)
    for part in (*get_args(hint), *([supertype] if supertype is not None else [])):
        yield part
        yield from _parts(part)


def _refusal(bad: Bad) -> str:
    """Return the words in which a value is refused; none where it is taken."""
    try:
        parse_command(name_of(bad.kind), sample_arguments(bad.kind) | {bad.field: bad.value})
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", FROM_TEXT, ids=name_of)
def test_a_bad_value_is_refused_before_anything_happens(kind: type[Command]) -> None:
    """REQ-11, REQ-14, ID-08, POL-05: one line that names the field, and no line longer than a screen."""
    said = {str(bad): (bad.field, _refusal(bad)) for bad in _bad() if bad.kind is kind}
    poor = {bad: text for bad, (field, text) in said.items() if field not in text or "\n" in text or len(text) >= 600}
    assert poor == {}


def test_there_are_bad_values_for_most_commands() -> None:
    """POL-05: the walk above is not empty; what has no field takes no value at all."""
    assert len([*_bad()]) > 1500
    assert {bad.kind for bad in _bad()} >= {kind for kind in FROM_TEXT if kind.__struct_fields__}


@pytest.mark.parametrize("kind", FROM_TEXT, ids=name_of)
def test_a_field_that_nobody_knows_is_refused(kind: type[Command]) -> None:
    """ID-14: mass assignment; every command is closed."""
    with pytest.raises(ValueError, match="role_of_admin"):
        parse_command(name_of(kind), sample_arguments(kind) | {"role_of_admin": "1"})


@pytest.mark.parametrize("name", ["", "unheard-of", "of-person", "OPEN-REQUEST", "a\x00b", "x" * 1_000_000])
def test_an_unknown_command_is_refused(name: str) -> None:
    """POL-05: an unknown kind is no command, and its name is not repeated at length."""
    with pytest.raises(ValueError, match="no command is named") as caught:
        parse_command(name, {})
    assert len(str(caught.value)) < 200


_INVERTED = (
    ("record-agreement", {"institution": "hospital"}, "begins", "ends"),
    ("record-adequacy", {"country": "GE", "scope": "full", "act": "an act"}, "begins", "ends"),
    ("list-country", {"country": "GE", "act": "an act"}, "begins", "ends"),
)


@pytest.mark.parametrize(("name", "arguments", "begins", "ends"), _INVERTED, ids=lambda value: str(value)[:20])
def test_a_term_that_ends_before_it_begins_is_refused(
    name: str, arguments: dict[str, Any], begins: str, ends: str
) -> None:
    """REQ-11: inverted and empty terms."""
    world = everything_holds()
    who = next(row for kind, row in TABLE.items() if name_of(kind) == name)
    assert who.standings
    for first, second in (("2027-06-01T00:00:00Z", "2027-05-01T00:00:00Z"), ("2027-06-01T00:00:00Z",) * 2):
        assert world.refusal(name, _admin(world), **arguments, **{begins: first, ends: second}) == "not_allowed_value"


def _admin(world: World) -> Any:
    return next(person.person for person in world.state.people.values() if person.appointments)


_TWICE = (
    ("register-institution", {"institution": "hospital", "name": "H", "country": "NL", "domains": "h.example"}),
    ("register-person", {"name": "Rosa", "email": "rosa@hospital.example", "institution": "hospital"}),
    ("register-course", {"course": "privacy", "title": "Privacy", "validity_days": 1}),
)


@pytest.mark.parametrize(("name", "arguments"), _TWICE, ids=lambda value: str(value)[:20])
def test_an_id_that_is_there_is_refused(name: str, arguments: dict[str, Any]) -> None:
    """ID-05: what exists is not registered a second time under its id."""
    world = everything_holds()
    assert world.refusal(name, _admin(world), **arguments) == "already_exists"


def test_the_settings_are_bounded() -> None:
    """E48: a shorter retention than a year is refused, before anything is adopted."""
    with pytest.raises(ValueError, match="retention_years"):
        parse_command("adopt-settings", {"session_hours": 8, "term_days_longest": 365, "retention_years": 0})
    assert "adopt-settings" in {name_of(kind) for kind in HANDLERS}
    assert everything_holds().attempt("adopt-settings", INSTALLATION, session_hours=9, term_days_longest=365)

"""The generated documents in `docs/reference/`: written from the program by `--write`, compared with it by `--check`.

Nothing here is written by hand but the sentence above each table, so a table cannot say what the program does not do.
A test runs the comparison; another refuses a gap: a rule without a requirement, a fact that flips it, or a test.
"""

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterator
from inspect import getdoc
from pathlib import Path
from typing import NamedTuple, get_origin, get_type_hints

import msgspec

from access_policy.commands.base import Command, name_of
from access_policy.events import FACTS, OBSERVATIONS, Event
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.texts import Seal
from access_policy.permissions import TABLE, FourEyes, Standing
from access_policy.reasons import REASONS, ReasonCode
from access_policy.rules import RULES, Rule
from hub_config.markdown import page
from hub_config.requirement_ids import ids_in
from hub_config.requirements_table import requirements_page
from hub_config.settings import Settings
from hub_config.type_words import (
    bare,
    default_of,
    description_of,
    is_struct,
    leaves_of,
    metadata_of,
    or_default,
    type_in_words,
)

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
TESTS = ROOT / "tests" / "unit" / "access_policy"

_LISTED = re.compile(r"^\s*(Denial|Edge)\(R\.([A-Z_]+), _(\w+)", re.MULTILINE)
_TEST_OF = {
    "Denial": ("denials.py", "one_flipped_fact_denies_with_exactly_its_reason"),
    "Edge": ("test_rules.py", "terms_are_half_open_to_the_microsecond"),
}


class Row(NamedTuple):
    """One line of the table requirement, rule, reason, fact, test."""

    requirement: str
    rule: Rule
    flips: tuple[str, ...]
    tests: tuple[str, ...]


def rows() -> list[Row]:
    """Return the table requirement by rule, in the order of the requirements."""
    tests = _tests_by_code()
    found = [
        Row(requirement, rule, _flips_of(rule.code), tests.get(rule.code, ()))
        for rule in RULES
        for requirement in requirements_of(rule) or ("",)
    ]
    return sorted(found, key=lambda row: (row.requirement[:1], int(row.requirement[1:] or 0)))


def requirements_of(rule: Rule) -> tuple[str, ...]:
    """Return the requirement ids that a rule's docstring names."""
    return ids_in(getdoc(rule.evaluate) or "")


def _flips_of(code: ReasonCode) -> tuple[str, ...]:
    return (*(kind.__name__ for kind in FLIPPED_BY.get(code, ())), *(("the clock",) if code in BY_CLOCK else ()))


def _tests_by_code() -> dict[ReasonCode, tuple[str, ...]]:
    """Return the tests that name each reason code: those of the parametrised lists first, then by their source."""
    found: dict[ReasonCode, list[str]] = {code: [] for code in ReasonCode}
    for kind, (file, test) in _TEST_OF.items():
        for listed, name, way in _LISTED.findall((TESTS / file).read_text(encoding="utf-8")):
            if listed == kind:
                found[ReasonCode[name]].append(f"{test}[{ReasonCode[name]}: {way}]")
    for name, source in _test_functions():
        for code in ReasonCode:
            if re.search(rf"\bR(?:easonCode)?\.{code.name}\b" + (rf"|\b{code}\b" if "_" in code else ""), source):
                found[code].append(name)
    return {code: tuple(tests) for code, tests in found.items()}


def _test_functions() -> Iterator[tuple[str, str]]:
    for file in sorted(TESTS.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        lines = text.split("\n")  # once a file: `ast.get_source_segment` would split it anew for each function
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name.removeprefix("test_"), "\n".join(lines[node.lineno - 1 : node.end_lineno])


def rules_page() -> str:
    """Return the table requirement, rule, reason, fact that flips it, test."""
    return page(
        "Rules",
        "Every condition that `decide` looks at, by the requirement that it meets. *Questions*: which of open, reach"
        " and keep it belongs to. *Flipped by*: the events, or the passing of time, that change whether it holds.",
        ("requirement", "rule and reason", "denied because", "questions", "flipped by", "tests"),
        (
            (
                row.requirement, f"`{row.rule.code}`", REASONS[row.rule.code].failing, _questions(row.rule),
                ", ".join(row.flips), "<br>".join(test.replace("_", " ") for test in row.tests),
            )
            for row in rows()
        ),
    )  # fmt: skip


def _questions(rule: Rule) -> str:
    return (
        "all" if rule.actions == frozenset(Action) else ", ".join(_short(one) for one in Action if one in rule.actions)
    )


def _short(action: Action) -> str:
    return action.removesuffix("_workspace")


def reasons_page() -> str:
    """Return every reason code with its texts, in the order of mending."""
    return page(
        "Reasons",
        "Every reason code, in the order in which a person mends things; the failing ones of a decision, read from the"
        " top, are the next steps to data.",
        ("code", "requirement", "when it holds", "when it fails", "next step", "who can take it"),
        (
            (f"`{code}`", text.requirement, text.held, text.failing, text.next_step, str(text.owner))
            for code, text in REASONS.items()
        ),
    )


def permissions_page() -> str:
    """Return the matrix of commands and standings."""
    return page(
        "Permissions",
        "Who may give which command. A cell that is empty is refused. *Personal*: never on behalf of somebody, outside"
        " a demo, and with the second factor that allowed it named in the log. *Four eyes*: nobody for themselves, or"
        " a second admin confirms. *Step-up*: a fresh second factor. *In status*: of the request, where that matters.",
        ("command", *(str(standing) for standing in Standing), "personal", "four eyes", "step-up", "in status"),
        (
            (
                f"`{name_of(row.command)}`", *("yes" if standing in row.standings else "" for standing in Standing),
                _yes(row.personal), "" if row.four_eyes is FourEyes.NO else str(row.four_eyes), _yes(row.step_up),
                ", ".join(status for status in RequestStatus if row.statuses is not None and status in row.statuses),
            )
            for row in TABLE.values()
        ),
    )  # fmt: skip


def _yes(value: bool) -> str:
    return "yes" if value else ""


def settings_rows(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield each settings key with its type, default and description; the description is empty where there is none."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        section = next((one for one in leaves_of(hint) if is_struct(one)), None)
        if section is None:
            yield f"{prefix}{field.name}", type_in_words(hint), default_of(field), description_of(hint)
        else:
            name = f"{prefix}{field.name}[]" if get_origin(bare(hint)) is tuple else f"{prefix}{field.name}"
            yield from settings_rows(section, f"{name}.")


def settings_page() -> str:
    """Return every key of `sluis.toml`."""
    return page(
        "Settings",
        "Every key of `sluis.toml`; another one stops the start. `[]` marks a list of tables.",
        ("key", "type", "default", "what it is"),
        ((f"`{key}`", kind, default, text) for key, kind, default, text in settings_rows()),
    )


def events_page() -> str:
    """Return every event type with its fields."""
    named = [*(("fact", kind) for kind in FACTS.values()), *(("observation", kind) for kind in OBSERVATIONS.values())]
    return page(
        "Events",
        "Everything that the log can hold. Facts are folded into what is decided on; observations are evidence only."
        " *Sealed*: with the key of that person or request, which can be erased.",
        ("event", "stream", "v", "what happened", "fields", "sealed"),
        (
            (
                f"`{kind.__name__}`",
                stream,
                _version(kind),
                _summary(kind),
                _names(kind),
                _sealed(kind),
            )
            for stream, kind in named
        ),
    )


def _fields(kind: type[msgspec.Struct]) -> list[msgspec.structs.FieldInfo]:
    return [field for field in msgspec.structs.fields(kind) if field.name != "v"]


def _version(kind: type[Event]) -> str:
    return next(str(field.default) for field in msgspec.structs.fields(kind) if field.name == "v")


def _names(kind: type[Event]) -> str:
    return ", ".join(f"`{field.name}`" for field in _fields(kind))


def _sealed(kind: type[Event]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    seals = ((name, part) for name, hint in hints.items() for part in metadata_of(hint) if isinstance(part, Seal))
    return ", ".join(f"`{name}` ({seal.value})" for name, seal in seals)


def commands_page() -> str:
    """Return every command with its fields and its help."""
    return page(
        "Commands",
        "What `sluis do COMMAND KEY=VALUE …` and the desk can give. Times are RFC 3339; lists are written with commas."
        " Who may give which stands in `permissions.md`.",
        ("command", "what it does", "arguments"),
        ((f"`{name_of(kind)}`", _summary(kind), _arguments(kind)) for kind in TABLE),
    )


def _arguments(kind: type[Command]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    return "<br>".join(
        f"`{field.name}`: {type_in_words(hints[field.name])}{or_default(field)}"
        for field in msgspec.structs.fields(kind)
    )


def _summary(kind: type) -> str:
    return " ".join((getdoc(kind) or "").split("\n\n")[0].split())


PAGES: dict[str, Callable[[], str]] = {
    "requirements.md": requirements_page,
    "rules.md": rules_page,
    "permissions.md": permissions_page,
    "reasons.md": reasons_page,
    "settings.md": settings_page,
    "events.md": events_page,
    "commands.md": commands_page,
}


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of the documents that are missing or say something else than the program."""
    texts = {name: (folder / name).read_text(encoding="utf-8") if (folder / name).is_file() else "" for name in PAGES}
    return [name for name, make in PAGES.items() if texts[name] != make()]


def write(folder: Path = FOLDER) -> None:
    """Write every document anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write the documents, or say which are stale: exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m hub_config.reference", description=(__doc__ or "").split("\n")[0])
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write docs/reference/")
    choice.add_argument("--check", action="store_true", help="compare docs/reference/ with the program")
    if parser.parse_args(arguments).write:
        write()
        return 0
    names = stale()
    sys.stdout.write("".join(f"docs/reference/{name} is stale; run `make docs`\n" for name in names))
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())

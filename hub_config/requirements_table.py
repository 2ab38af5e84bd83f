"""The table of requirements: for each one what enforces it, its reasons, the facts that flip it, and its tests.

A *gap* is what a row lacks: a place that enforces it, a test, or, where only commands enforce it, the event that says
so. A place enforces by what it is: a rule, a command, a clock, a notice, a permission; or, of what no command could
refuse, a document, a workspace, a login, the log. What only holds, shows or foresees enforces nothing. Where a
requirement has no reason, for it is no rule's, or no fact, its kind stands instead, so that no cell of the table is
empty but for a gap; `tests/unit/test_requirements_table.py` refuses those.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from access_policy.commands.base import name_of
from access_policy.events import FACTS, OBSERVATIONS
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.permissions import TABLE
from access_policy.reasons import REASONS, ReasonCode
from hub_config.markdown import page
from hub_config.quotes import Place, Proof, places, proofs
from hub_config.requirement_ids import ROOT, Requirement, enforced_by_software, ids_in

_COMMANDS = {name: name_of(kind) for kind in TABLE for name in (kind.__name__, name_of(kind).replace("-", "_"))}
_EVENTS = frozenset(kind.__name__ for kind in (*FACTS.values(), *OBSERVATIONS.values()))
_CODES = frozenset(str(code) for code in ReasonCode)
_KINDS: dict[str, tuple[str, ...]] = {
    "command": ("access_policy.commands", "access_policy.scenarios"),
    "clock": ("access_policy.clocks",),
    "notice": ("access_policy.notices",),
    "permission": ("access_policy.permissions", "access_policy.standing", "access_policy.handle"),
    "log": ("access_policy.log", "hub_config.desk.pages.watch"),
    "document": ("hub_config.desk.pages", "hub_config.desk.render"),
    "login": ("hub_config.login", "hub_config.gate"),
    "workspace": ("spawner",),
}
"""What functions enforce where they stand, the first that fits; a page of the login may be a class."""
_PAGES = ("hub_config", "spawner")
_SHOWN = 3


class Row(NamedTuple):
    """One line of the table. `others` are functions and pages that are neither a rule nor a command, by their kind."""

    requirement: Requirement
    rules: tuple[str, ...]
    commands: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    reasons: tuple[ReasonCode, ...]
    facts: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return by what it is enforced: `rule`, `command`, `clock`, `notice`, `document` and the like."""
        first = (*(("rule",) if self.rules else ()), *(("command",) if self.commands else ()))
        return tuple(dict.fromkeys((*first, *(kind for kind, _ in self.others))))

    @property
    def gaps(self) -> tuple[str, ...]:
        """Return what is missing; nothing where the requirement is enforced and tested."""
        lacks = {
            "an enforcing place": not self.kinds,
            "an event": bool(self.commands) and not self.rules and not self.facts,
            "a test": not self.tests,
        }
        return tuple(what for what, missing in lacks.items() if missing)


@cache
def rows() -> tuple[Row, ...]:
    """Return a line for each requirement that software enforces, in the order of the lists."""
    quoting, testing = places(ROOT), proofs(ROOT)
    return tuple(row_of(requirement, quoting, testing) for requirement in enforced_by_software())


def row_of(requirement: Requirement, quoting: Iterable[Place], testing: Iterable[Proof]) -> Row:
    """Return the line of one requirement, from everything that quotes any."""
    here = [place for place in quoting if requirement.id in place.ids]
    rules = _sorted(place.name for place in here if _is_rule(place))
    reasons = _reasons_of(requirement.id, rules)
    return Row(
        requirement,
        rules,
        _sorted(_COMMANDS[place.name] for place in here if _is_command(place)),
        tuple(sorted({(kind, f"{place.module}.{place.name}") for place in here if (kind := _kind_of(place))})),
        reasons,
        (*_sorted((*_flipping(reasons), *_told(here))), *(("the clock",) if BY_CLOCK & {*reasons} else ())),
        _tests_of(requirement.id, testing),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _is_rule(place: Place) -> bool:
    return place.is_in("access_policy.rules") and place.name in _CODES


def _is_command(place: Place) -> bool:
    return place.is_in("access_policy.commands") and place.name in _COMMANDS


def _kind_of(place: Place) -> str | None:
    """Return what a place enforces beside the rules and commands; None where it only holds, shows or foresees."""
    if _is_rule(place) or _is_command(place) or (place.is_class and not any(map(place.is_in, _PAGES))):
        return None
    return next((kind for kind, packages in _KINDS.items() if any(map(place.is_in, packages))), None)


def _reasons_of(requirement: str, rules: Iterable[str]) -> tuple[ReasonCode, ...]:
    return tuple(code for code, text in REASONS.items() if code in rules or requirement in ids_in(text.requirement))


def _flipping(reasons: Iterable[ReasonCode]) -> Iterator[str]:
    return (kind.__name__ for code in reasons for kind in FLIPPED_BY.get(code, ()))


def _told(here: Iterable[Place]) -> Iterator[str]:
    return (place.name for place in here if place.is_in("access_policy.events") and place.name in _EVENTS)


def _tests_of(requirement: str, testing: Iterable[Proof]) -> tuple[str, ...]:
    """Return the tests whose docstring names an id: those that name few others first."""
    found = (proof for proof in testing if requirement in proof.ids)
    return tuple(proof.test for proof in sorted(found, key=lambda one: (len(one.ids), one.test)))


def requirements_page() -> str:
    """Return the table requirement, place, reason, fact, test."""
    return page(
        "Requirements",
        "Every requirement that software must enforce, by its id. *Enforced by*: the rules of `decide`, the commands,"
        " and the clocks, notices, permissions, documents and the like that quote it. *Reasons*: of the rules; where"
        " none denies, what enforces it instead: *command*, *clock*, *notice*, *document*. *Facts*: the events, or the"
        " passing of time, that change whether it is met; else the same. *Tests*: those whose docstring names it, the"
        " most particular first.",
        ("id", "requirement", "enforced by", "reasons", "facts", "tests"),
        (_cells(row) for row in rows()),
    )


def _cells(row: Row) -> tuple[str, ...]:
    others = (f"{kind} `{name}`" for kind, name in row.others)
    places = (*_labelled("rule", row.rules), *_labelled("command", row.commands), *others)
    kinds = ", ".join(f"*{kind}*" for kind in row.kinds)
    more = len(row.tests) - _SHOWN
    tests = (*_code(row.tests[:_SHOWN]), *((f"+{more}",) if more > 0 else ()))
    return (
        row.requirement.id,
        row.requirement.short,
        "<br>".join(places),
        ", ".join(_code(row.reasons)) or kinds,
        ", ".join(row.facts) or kinds,
        "<br>".join(tests),
    )


def _labelled(label: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{label}{'s' if len(names) > 1 else ''} {', '.join(_code(names))}",) if names else ()


def _code(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"`{name}`" for name in names)

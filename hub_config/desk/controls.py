"""The controls as the desk shows them: a list in a file of the package, each with what shows it."""

from functools import cache
from pathlib import Path

import msgspec

from access_policy.controls import Held, Shown, agreement, check
from hub_config.desk.desk import View


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A control: the ids of its requirements, what has to hold, and the check of the log or the test that shows it."""

    ids: tuple[str, ...]
    text: str
    check: str | None = None
    test: str | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    control: tuple[Control, ...]


@cache
def controls() -> tuple[Control, ...]:
    """Return every control, in the order of the file."""
    content = Path(__file__).with_name("controls.toml").read_bytes()
    return msgspec.toml.decode(content, type=_File).control


def standing(view: View, control: Control) -> Held | None:
    """Return how a control stands now; None where a test shows it and the log cannot."""
    return None if control.check is None else check(control.check, view.state, view.at)


def agreements(view: View) -> list[Shown]:
    """Return how the agreement of each institution stands, what is missing or over first (S72, S91)."""
    found = (agreement(one, view.at) for one in view.state.institutions.values() if not one.centre)
    return sorted(found, key=lambda one: (one.holds, one.about))

"""`sluis simulate FILE`: who would gain or lose what, and when, by these commands and facts.

Nothing is written. The file is a JSON list; each item is a command or a fact, with the instant at which it happens:
`{"command": "end-request", "as": "P-1", "at": "2027-01-01T00:00:00Z", "fields": {"request": "DR-1", "reason": "…"}}` or
`{"fact": "AdequacyEnded", "at": "…", "fields": {…}}`. Without `at` it happens now.
"""

import argparse
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from access_policy.actor import component, person
from access_policy.commands.base import Command, parse_command
from access_policy.events import FactEvent
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant, parse_instant
from access_policy.notices import Notice
from access_policy.simulate import Change, Outlook, Step, StepRefused, simulate
from access_policy.supposed import read_fact
from hub_config.cli.answers import show_json, show_line
from hub_config.cli.do import CommandRefused
from hub_config.cli.input_files import read_json
from hub_config.cli.options import Call, Parser, UsageProblem, leaf
from hub_config.cli.reading import opened

_LOOK_AHEAD = timedelta(days=731)
_LONGEST_LOOK = timedelta(days=3653)


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"by": "as"}):
    """One item of the file."""

    command: str | None = None
    fact: str | None = None
    by: str | None = None
    at: str | None = None
    fields: dict[str, Any] = {}


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command."""
    parser = leaf(commands, "simulate", carry_out, "say who would gain or lose what, and when; nothing is written")
    parser.add_argument("file", metavar="FILE", help="a JSON list of commands and dated facts")
    parser.add_argument("--until", metavar="TIME", help="how far to look ahead; two years where it is left out")


def carry_out(call: Call) -> int:
    """Print the changes. Raises UsageProblem for a file that cannot be read, CommandRefused for a refused command."""
    items = read_json(Path(call.arguments.file), list[Item], "JSON list of commands and facts")
    with opened(call.places) as policy, policy.reading() as state:
        now = policy.now()
        until = _until(call.arguments.until, now)
        steps = [_step(number, item, now) for number, item in enumerate(items, 1)]
        try:
            found = simulate(state, steps, now, until)
        except StepRefused as refused:
            raise CommandRefused(f"{refused.refusal.code}: {refused}") from None
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise UsageProblem(f"these steps do not fit what is known: {error}") from None
    _show(call, now, until, found)
    return 0


def _until(text: str | None, now: datetime) -> datetime:
    until = now + _LOOK_AHEAD if text is None else _instant("--until", text)
    if not now < until <= now + _LONGEST_LOOK:
        raise UsageProblem("--until lies in the future, ten years at most")
    return until


def _instant(name: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise UsageProblem(f"{name}: {error}") from None


def _step(number: int, item: Item, now: datetime) -> Step:
    at = now if item.at is None else _instant(f"step {number}", item.at)
    if (item.command is None) == (item.fact is None):
        raise UsageProblem(f"step {number} is either a `command` or a `fact`")
    if item.command is not None and item.by is None:
        raise UsageProblem(f'step {number}: a command has somebody who gives it; write `"as": "P-1"`')
    actor = component(Component.INSTALLATION) if item.by is None else person(PersonId(item.by))
    try:
        return Step(at, actor, _what(item))
    except (ValueError, OverflowError) as error:
        raise UsageProblem(f"step {number}: {error}") from None


def _what(item: Item) -> Command | FactEvent:
    if item.command is not None:
        return parse_command(item.command, item.fields)
    return read_fact(item.fact or "", item.fields)


def _show(call: Call, now: datetime, until: datetime, found: Outlook) -> None:
    if call.json:
        changes, letters = [_change_json(one) for one in found.changes], [_letter_json(one) for one in found.letters]
        show_json({"at": format_instant(now), "until": format_instant(until), "changes": changes, "letters": letters})
        return
    for one in found.changes:
        _show_change(one)
    for letter in found.letters:
        show_line(f"{letter.to} would be told: {letter.kind} about {letter.about}, at {format_instant(letter.at)}")
    if not found.changes:
        show_line(f"nobody would gain or lose anything until {format_instant(until)}")


def _letter_json(letter: Notice) -> dict[str, Any]:
    return {"to": letter.to, "kind": str(letter.kind), "about": letter.about, "at": format_instant(letter.at)}


def _change_json(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(change)
    ends = None if change.until is None else format_instant(change.until)
    return found | {"at": format_instant(change.at), "until": ends}


def _show_change(change: Change) -> None:
    ends = "" if change.until is None else f" until {format_instant(change.until)}"
    when = f"{format_instant(change.at)}{ends}"
    if change.loses:
        running = "; a workspace runs on it now" if change.running else ""
        why = f" because of {', '.join(change.codes)}" if change.codes else ""
        show_line(f"{change.person} loses {', '.join(change.loses)} of {change.request} from {when}{why}{running}")
    if change.gains:
        show_line(f"{change.person} gains {', '.join(change.gains)} of {change.request} from {when}")

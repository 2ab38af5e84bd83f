"""`sluis do COMMAND`: any command of the permission table, given by an operator on behalf of a person.

The table decides; nothing is checked here but the form. `link-identity` is the one command whose argument is made here:
the HMAC of issuer and subject needs the installation's key, which nobody types.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from access_policy.actor import operator
from access_policy.commands.base import Command, Refusal, name_of, parse_command
from access_policy.events import CommandProposed, Fact
from access_policy.log.keys import identity_digest, load_keys
from access_policy.permissions import TABLE, Permission
from hub_config.bootstrap import identity_of
from hub_config.cli.answers import quoted, say, show_json, show_line
from hub_config.cli.fields import field_words, fields_json
from hub_config.cli.input_files import read_json
from hub_config.cli.options import Call, Parser, UsageProblem, group
from hub_config.cli.reading import known_person, opened
from hub_config.cli.shown import fact_json, fact_line
from hub_config.subjects import with_hidden_subjects

_LINK = "link-identity"
_CONFIRMED = "another person confirms: sluis do confirm-proposal proposal={} --as PERSON"


class CommandRefused(Exception):
    """A rule refused the command: exit status 3. The text is `CODE: why`."""


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command; its `--help` lists what can be given."""
    parser = group(commands, "do", "give any command on behalf of a person; --list shows them all", helped=False)
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="such as end-request")
    parser.add_argument("pairs", nargs="*", metavar="KEY=VALUE", help="its fields; lists are joined by commas")
    parser.add_argument("--input", metavar="FILE", help="a JSON object with fields")
    parser.add_argument("--as", dest="person", metavar="PERSON", help="on whose behalf, such as P-1")
    parser.add_argument("-h", "--help", "--list", action="store_true", dest="listed", help="list the commands")
    parser.set_defaults(carry_out=give)


def give(call: Call) -> int:
    """Give the command; print the events that it left. Raises CommandRefused where a rule says no."""
    given = call.arguments
    if given.listed:
        return _list(call)
    if given.command is None or given.person is None:
        raise UsageProblem("write `sluis do COMMAND KEY=VALUE … --as PERSON`; `sluis do --list` shows the commands")
    command = _command(call, given.command, _fields(given.pairs, given.input))
    with opened(call.places, behind=True) as policy:
        with policy.reading_behind() as state:
            person = known_person(state, given.person)
            command = with_hidden_subjects(command, state, partial(identity_digest, load_keys(call.places.keys)))
        try:
            outcome = policy.handle(command, operator(call.operator, person))
        except ValueError as error:  # an event that has no place in the log; nothing was written
            raise UsageProblem(f"`{given.command}`: {error}") from None
    if isinstance(outcome, Refusal):
        raise CommandRefused(f"{outcome.code}: {outcome.text}")
    show_facts(call, outcome.facts)
    return 0


def _fields(pairs: list[str], file: str | None) -> dict[str, Any]:
    fields = read_json(Path(file), dict[str, Any], "JSON object of fields") if file is not None else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageProblem(f"{quoted(pair)} is no KEY=VALUE; quote values with spaces: 'reason=two words'")
        if name in fields:
            raise UsageProblem(f"{quoted(name)} is given twice; leave one out")
        fields[name] = value
    return fields


def _command(call: Call, name: str, fields: dict[str, Any]) -> Command:
    try:
        if name == _LINK:
            fields = _with_identity(call, fields)
        return parse_command(name, fields)
    except (ValueError, OverflowError) as error:
        raise UsageProblem(str(error)) from None


def _with_identity(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    issuer, subject = fields.get("issuer"), fields.get("subject")
    if "identity" in fields or not isinstance(issuer, str) or not isinstance(subject, str):
        raise UsageProblem(f"`{_LINK}` takes person=, issuer= and subject=; the identity is computed from them")
    return fields | {"identity": identity_of(call.places, issuer, subject)}


def show_facts(call: Call, facts: tuple[Fact, ...], confirmed: str = _CONFIRMED) -> None:
    """Print what a command left; `confirmed` says how a proposal, whose number it takes, is confirmed."""
    if call.json:
        show_json({"events": [fact_json(fact) for fact in facts]})
        return
    for fact in facts:
        show_line(fact_line(fact))
        if isinstance(fact.event, CommandProposed):
            say(confirmed.format(fact.event.proposal))


def _list(call: Call) -> int:
    rows = sorted(TABLE.values(), key=lambda row: name_of(row.command))
    if call.json:
        show_json([_as_json(row) for row in rows])
        return 0
    show_line("usage: sluis do COMMAND [KEY=VALUE…] [--input FILE] --as PERSON")
    for row in rows:
        _show_row(row)
    return 0


def _as_json(row: Permission) -> dict[str, Any]:
    return {
        "command": name_of(row.command),
        "about": _about(row),
        "fields": [field for field in fields_json(row.command) if not _computed(row, field["name"])],
        "given_by": sorted(row.standings),
        "statuses": None if row.statuses is None else sorted(row.statuses),
        "personal": row.personal,
        "four_eyes": str(row.four_eyes),
        "step_up": row.step_up,
    }


def _show_row(row: Permission) -> None:
    shown = _as_json(row)
    show_line("")
    show_line(f"{shown['command']}  {' '.join(field_words(field) for field in shown['fields'])}".rstrip())
    show_line(f"    {shown['about']}")
    marks = [f"given by: {', '.join(shown['given_by'])}"]
    marks += ["personal: not by an operator, outside a demo"] if shown["personal"] else []
    marks += [] if shown["four_eyes"] == "no" else [f"four eyes: {shown['four_eyes']}"]
    show_line(f"    {'; '.join(marks)}")


def _about(row: Permission) -> str:
    return " ".join((row.command.__doc__ or "").split())


def _computed(row: Permission, name: str) -> bool:
    return name_of(row.command) == _LINK and name == "identity"

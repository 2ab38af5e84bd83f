"""`sluis keys export`: the key files and the sealing keys, encrypted, in a file of their own."""

import argparse

from access_policy.actor import Actor
from access_policy.events import LogRead
from hub_config.backups import export_keys
from hub_config.cli.answers import say, show_json, show_line
from hub_config.cli.backup import asked_of
from hub_config.cli.options import Call, Parser, commands_of, group, leaf
from hub_config.cli.reading import opened
from hub_config.settings import load_settings


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "keys", "the keys of this installation"))
    about = "write key files and sealing keys into one file, encrypted to [backup] key_recipients"
    parser = leaf(inner, "export", export, about)
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not be there")


def export(call: Call) -> int:
    """Write the file. That somebody took the keys is recorded first (E51)."""
    settings = load_settings(call.places.settings).backup
    asked = asked_of(call, settings.key_recipients, "`key_recipients` below [backup]")
    with opened(call.places) as policy:
        policy.observe(Actor(operator=call.operator), LogRead(what="keys export"))
        made = export_keys(call.places, policy, asked)
    if call.json:
        show_json({"file": str(asked.file), "made_at": made.made_at})
    else:
        show_line(f"wrote `{asked.file}`: the keys as of {made.made_at}")
    if set(settings.recipients) & set(settings.key_recipients):
        say("backups are encrypted to the same age key: whoever has it and both files reads everything; use two")
    say("destroy older exports: they hold the keys of people who were erased since")
    return 0

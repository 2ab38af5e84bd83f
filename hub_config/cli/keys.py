"""`sluis keys export` and `keys rotate`: the keys in an encrypted file of their own, and another checkpoint key."""

import argparse

from access_policy.actor import Actor
from access_policy.events import LogRead
from access_policy.log.notes import VerifierKey, read_verifier_key
from access_policy.log.signers import KeyNote
from hub_config.backups import export_keys
from hub_config.cli.answers import quoted, say, show_json, show_line
from hub_config.cli.backup import asked_of
from hub_config.cli.do import CommandRefused
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.reading import opened
from hub_config.rotating import Rotated, RotationRefused
from hub_config.rotating import rotate as change_key
from hub_config.settings import load_settings


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "keys", "the keys of this installation"))
    about = "write key files and sealing keys into one file, encrypted to [backup] key_recipients"
    parser = leaf(inner, "export", export, about)
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not be there")
    parser = leaf(inner, "rotate", rotate, "let a new key sign checkpoints; what the former one signed stays valid")
    parser.add_argument("--lost", action="store_true", help="`checkpoint.key` is gone; --former says which it was")
    parser.add_argument(
        "--former", type=_verifier_key, metavar="VKEY",
        help="with --lost: the public key that signed last, as in a pack's key.txt or from `sluis check`",
    )  # fmt: skip


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


def rotate(call: Call) -> int:
    """Replace the checkpoint key (AUD-12). Raises CommandRefused where a rule stands against it."""
    given = call.arguments
    if given.lost != (given.former is not None):
        raise UsageProblem("--lost and --former VKEY go together: a key that is not lost needs neither")
    try:
        rotated = change_key(call.places, call.operator, given.former)
    except RotationRefused as refused:
        raise CommandRefused(str(refused)) from None
    _show(call, rotated)
    return 0


def _show(call: Call, rotated: Rotated) -> None:
    note, problem = rotated
    if call.json:
        show_json(_json(note) | {"signed": problem is None})
    else:
        show_line(f"rotation {note.number}: checkpoints are signed with another key from now on")
        show_line(f"its public half is {note.key}")
        show_line(f"the former one, {note.former}, counts up to fact {note.reach.facts}")
    if problem is not None:
        say(f"nothing is signed with it yet, `sluis run` does so at its start: {problem}")
    say("now: `sluis keys export`, destroy older exports; tell auditors the new public key by another way than a pack")


def _json(note: KeyNote) -> dict[str, object]:
    keys = {"former": str(note.former), "key": str(note.key)}
    return {"rotation": note.number, **keys, "lost": note.lost, "reach": note.reach._asdict(), "note": note.name}


def _verifier_key(text: str) -> VerifierKey:
    try:
        return read_verifier_key(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} is no verifier key, such as `sluis.dev/…+01234567+AbC…=`"
        ) from None

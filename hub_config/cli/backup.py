"""`sluis backup` and `sluis restore`: one encrypted file while Sluis runs, and a state folder from it."""

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

from access_policy.actor import Actor
from access_policy.events import LogRead
from access_policy.log.age import identities_of, recipients_of
from hub_config.backups import Asked, make_backup
from hub_config.cli.answers import quoted, say, show_json, show_line
from hub_config.cli.do import CommandRefused
from hub_config.cli.options import Call, Parser, UsageProblem, database, leaf
from hub_config.cli.reading import opened
from hub_config.compared import Compared, doubt, in_words
from hub_config.restoring import BackupBehind, Restored, Wanted
from hub_config.restoring import restore as put_back
from hub_config.settings import load_settings


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    about = "write log, settings, documents and checkpoints into one file, encrypted to [backup] recipients"
    parser = leaf(commands, "backup", backup, about)
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not be there")
    parser = leaf(commands, "restore", restore, "make a state folder of a backup and its keys (3: facts are missing)")
    parser.add_argument("file", metavar="FILE", help="what `sluis backup` wrote")
    parser.add_argument(
        "--identity", action="append", required=True, metavar="FILE",
        help="the age private key; give it twice where the keys have another one",
    )  # fmt: skip
    parser.add_argument("--keys", required=True, metavar="FILE", help="what `sluis keys export` wrote")
    parser.add_argument("--checkpoints", metavar="DIR", help="signed checkpoints (those that the settings name)")
    parser.add_argument("--behind", action="store_true", help="restore a log that lacks facts; two admins accept that")
    parser.add_argument(
        "--unwitnessed", action="store_true",
        help="restore with no checkpoint but the backup's own; two admins accept that",
    )  # fmt: skip
    parser.add_argument(
        "--database", type=_database, metavar="URL",
        help="put the log into this empty PostgreSQL database, or into a `file` (where the restored settings say)",
    )  # fmt: skip
    parser.add_argument(
        "--lost-key", action="store_true", help="restore with keys of before a rotation; `keys rotate --lost` follows"
    )
    parser.add_argument("--lose-texts", action="store_true", help="restore without the sealing keys that are missing")


def _database(text: str) -> str:
    return "" if text == "file" else database(text)


def backup(call: Call) -> int:
    """Write the file. That somebody took a copy is recorded first (E51)."""
    settings = load_settings(call.places.settings)
    asked = asked_of(call, settings.backup.recipients, "`recipients` below [backup]")
    with opened(call.places) as policy:
        policy.observe(Actor(operator=call.operator), LogRead(what="backup"))
        made = make_backup(call.places, policy, asked)
    if call.json:
        show_json(
            {"file": str(asked.file), "facts": made.facts, "observations": made.observations, "made_at": made.made_at}
        )
    else:
        show_line(f"wrote `{asked.file}`: {made.facts.size} facts and {made.observations.size} observations")
    say("keys, homes and datasets are not in it; `sluis keys export` writes the keys into a file of their own")
    return 0


def restore(call: Call) -> int:
    """Make the state folder. Raises CommandRefused for a log that is behind its newest checkpoint, or may well be."""
    given = call.arguments
    wanted = Wanted(
        backup=Path(given.file),
        keys=Path(given.keys),
        identities=[one for name in given.identity for one in identities_of(Path(name))],
        checkpoints=None if given.checkpoints is None else Path(given.checkpoints),
        behind=given.behind,
        unwitnessed=given.unwitnessed,
        lose_texts=given.lose_texts,
        lost_key=given.lost_key,
        database=given.database,
    )
    try:
        restored = put_back(call.places, wanted, say)
    except BackupBehind as behind:
        raise CommandRefused(str(behind)) from None
    _show(call, restored)
    return 0


def _show(call: Call, restored: Restored) -> None:
    made, (facts, observations) = restored.manifest, restored.behind
    if call.json:
        show_json({
            "state": str(call.places.state), "facts": made.facts.size, "made_at": made.made_at,
            "missing_facts": facts, "missing_observations": observations, "erased_again": restored.erased,
            "witnessed": bool(restored.witnesses), "compared": list(map(_compared, restored.witnesses)),
        })  # fmt: skip
    else:
        show_line(f"restored `{call.places.state}`: {made.facts.size} facts, as of {made.made_at}")
        for one in restored.witnesses:
            show_line(in_words(one))
    if (doubted := doubt(restored.witnesses, made.facts.size)) is not None:
        say(doubted)
    if restored.erased:
        say(f"{restored.erased} people and requests were erased since; they are erased here too")
    if not restored.witnesses:
        say("no checkpoint but its own was compared: it decides nothing until two admins have accepted that")
    if facts or observations:
        say(f"the log lacks {facts} facts and {observations} observations; two admins have to accept that loss")
    if restored.lost is not None:
        say(f"its checkpoint key is retired, so first of all: sluis keys rotate --lost --former {restored.lost}")
    say("homes and datasets were not in it: put them back, then `sluis check` and `sluis run`; people log in again")


def _compared(one: Compared) -> dict[str, Any]:
    folder = str(one.folder)
    return {"folder": folder, "checkpoints": one.checkpoints, "newest": one.newest, "days": one.days}


def asked_of(call: Call, recipients: tuple[str, ...], setting: str) -> Asked:
    """Return what is to be made. Raises LogError for wrong recipients, UsageProblem for a file that is there."""
    file = Path(call.arguments.file)
    to = recipients_of(recipients, setting)
    if file.exists():
        raise UsageProblem(f"{quoted(str(file))} is there already; name a new file")
    return Asked(file, to, version("sluis"), say)

"""`sluis upgrade`, `upgrade back` and `upgrade finish`: the steps to a new release, the last for good (FLT-10).

The first brings the tables to this release's form and writes no fact: everything is still written as the release before
did, so that `back` leads back to it. The last lets the log be of this release's format from then on; the release before
refuses it.
"""

import argparse

from access_policy.actor import Actor
from access_policy.commands.base import Refusal
from access_policy.commands.installation import FinishUpgrade
from access_policy.events import FORMAT
from access_policy.log.migrations.back import FORMER, go_back
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.bootstrap import upgrade_tables
from hub_config.cli.answers import say, show_json, show_line
from hub_config.cli.do import CommandRefused
from hub_config.cli.options import Call, Parser, UsageProblem, leaf
from hub_config.cli.reading import opened
from hub_config.lock import only_one


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    parser = leaf(commands, "upgrade", upgrade, "bring the log's tables to this release; `finish` leaves no way back")
    parser.add_argument(
        "step", nargs="?", metavar="STEP", choices=["finish", "back"],
        help="`finish`: let the log be of this release's format; `back`: go back to the tables of the release before",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="with `finish`: a backup is made, and nobody goes back")


def upgrade(call: Call) -> int:
    """Take the step that was asked for."""
    if call.arguments.step is not None:
        return _finish(call) if call.arguments.step == "finish" else _back(call)
    with only_one(call.places):
        tables = upgrade_tables(call.places)
    with opened(call.places, behind=True) as policy:
        log_format = _format(policy)
    _show(call, tables.before, tables.now, log_format)
    return 0


def _show(call: Call, before: str, now: str, log_format: int) -> None:
    if call.json:
        show_json({"tables": {"before": before, "now": now}, "format": log_format, "newest_format": FORMAT})
        return
    same = "nothing to do" if log_format == FORMAT else "nothing left to do but to finish"
    show_line(f"the tables had form {before} and have form {now}" if before != now else f"{same}: form {now}")
    show_line(f"the log is of format {log_format}; this release's is {FORMAT}")
    if log_format < FORMAT:
        say("once it runs well and a backup is made: sluis upgrade finish --yes")


def _finish(call: Call) -> int:
    """Write that the log is of this release's format. Raises CommandRefused where it is, or cannot be."""
    with opened(call.places, behind=True) as policy:
        before = _format(policy)
        if before < FORMAT and not call.arguments.yes:
            raise UsageProblem(
                f"the release before cannot read a log of format {FORMAT}, and there is no way back; make a backup "
                "with `sluis backup`, then: sluis upgrade finish --yes"
            )
        if before < FORMAT:
            outcome = policy.handle(
                FinishUpgrade(format=FORMAT), Actor(operator=call.operator, component=Component.INSTALLATION)
            )
            if isinstance(outcome, Refusal):
                raise CommandRefused(f"{outcome.code}: {outcome.text}")
    if call.json:
        show_json({"before": before, "now": FORMAT})
    elif before < FORMAT:
        show_line(f"the log was of format {before} and is of format {FORMAT} from now on")
    else:
        show_line(f"nothing to do: the log is of format {FORMAT} already")
    return 0


def _back(call: Call) -> int:
    """Make the tables those of the release before again. Raises UnreadableLog where its format is not the log's."""
    with only_one(call.places), opened(call.places) as policy:
        log_format = _format(policy)
        with policy.store.database.write() as connection:
            go_back(policy.store.database.name, connection, log_format)
    if call.json:
        show_json({"tables": FORMER, "format": log_format})
    else:
        show_line(f"the tables have form {FORMER} again; install the release before, or run `sluis upgrade`")
    return 0


def _format(policy: Policy) -> int:
    with policy.reading_behind() as state:
        return state.format

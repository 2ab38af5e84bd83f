"""`sluis run`: hands over to the supervisor."""

import argparse

from hub_config.cli.answers import say
from hub_config.cli.options import Call, Parser, UsageProblem, database, leaf
from hub_config.cli.people import people

PART_FAILED = 4  # unexpected failure


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command."""
    parser = leaf(commands, "run", run, "start everything in the foreground; Ctrl-C ends it")
    parser.add_argument("--demo", action="store_true", help="make a demo in an empty state folder, and run it")
    parser.add_argument(
        "--database", type=database, metavar="URL",
        help="with --demo: make the demo's log in this empty PostgreSQL database, such as postgresql:///sluis",
    )  # fmt: skip
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help="the port that browsers use (8000)")
    parser.add_argument(
        "--institute-port", type=_port, metavar="N",
        help="the port of the institute's own address, where the settings have a table [network] (a demo: N + 1)",
    )  # fmt: skip
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="the address that it listens on (loopback)")


def run(call: Call) -> int:
    """Run until SIGINT or SIGTERM; the supervisor checks everything before it starts anything."""
    from hub_config.supervisor import PartFailed, RunOptions
    from hub_config.supervisor import run as supervise

    given = call.arguments
    if given.database and not given.demo:
        raise UsageProblem("--database is for a new demo; the settings' `log.database` says where a log is")
    options = RunOptions(
        state=call.places.state, demo=given.demo, port=given.port, bind=given.bind, database=given.database or "",
        institute_port=given.institute_port,
    )  # fmt: skip
    try:
        return supervise(options, (lambda: people(call)) if given.demo and not call.json else (lambda: None))
    except PartFailed as failed:
        say(str(failed))
        return PART_FAILED


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536):
        raise argparse.ArgumentTypeError(f"`{text[:20]}` is no port; use a number from 1 to 65535")
    return int(text)

"""`sluis`: the command line. Commands, exit statuses and JSON are promises; here are the statuses.

0: done, or yes. 1: the answer is no, and it stands on standard output. 2: wrong usage, settings or surroundings. 3: a
rule refused. 4: nothing can be said. 130: interrupted. Each of 2, 3 and 4 leaves one line on standard error.
"""

import io
import os
import sys
import traceback
from collections.abc import Sequence

from access_policy.log.errors import LogError
from hub_config.bootstrap import StateProblem
from hub_config.cli import (
    audit,
    backup,
    checks,
    clients,
    datasets,
    do,
    erasure,
    init,
    keys,
    lists,
    log,
    notices,
    people,
    persons,
    questions,
    run,
    sessions,
    simulate,
    upgrade,
)
from hub_config.cli.answers import one_line, say
from hub_config.cli.options import Call, UsageProblem, call_of, commands_of, root_parser
from hub_config.demo.data import DemoDataProblem
from hub_config.proxy import ProxyMissingError
from hub_config.settings import SettingsProblem
from spawner.storage import DatasetProblem

NO, SURROUNDINGS, REFUSED, UNEXPECTED, INTERRUPTED = 1, 2, 3, 4, 130

_AREAS = (
    init, run, people, persons, sessions, clients, lists, erasure, questions, simulate, do, datasets, notices, log,
    audit, checks, backup, keys, upgrade,
)  # fmt: skip
_PROBLEMS = (UsageProblem, StateProblem, SettingsProblem, LogError, DatasetProblem, DemoDataProblem, ProxyMissingError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; return the exit status. The console script `sluis` calls this."""
    _take_any_character()
    try:
        call = _read(sys.argv[1:] if arguments is None else arguments)
        status: int = call.arguments.carry_out(call)
        sys.stdout.flush()
    except SystemExit as end:  # argparse has answered `--help`
        return int(end.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # the edge of the program: one line for whatever it is
        return _failed(error)
    return status


def _read(arguments: Sequence[str]) -> Call:
    parser = root_parser()
    commands = commands_of(parser)
    for area in _AREAS:
        area.add(commands)
    found, rest = parser.parse_known_args(arguments)
    if found.carry_out is do.give and not any(text.startswith("-") for text in rest):
        found.pairs += rest  # argparse stops at the first option; KEY=VALUE may stand on both sides of one
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return call_of(found)


def _failed(error: Exception) -> int:
    if os.environ.get("SLUIS_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, do.CommandRefused):
        print(one_line(f"refused: {error}"), file=sys.stderr)
        return REFUSED
    if isinstance(error, (*_PROBLEMS, OSError)):
        say(_words(error))
        return SURROUNDINGS
    say(f"unexpected failure, nothing can be said: {type(error).__name__}: {error}; SLUIS_DEBUG=1 shows where")
    return UNEXPECTED


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"`{error.filename or 'a file'}` cannot be used ({error.strerror or error}); check it and its rights"
    return str(error)


def _reader_gone() -> int:
    """Nobody reads the answer any more (`sluis … | head`); say nothing, and above all not "yes"."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNEXPECTED


def _take_any_character() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

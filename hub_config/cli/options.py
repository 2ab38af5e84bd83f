"""What can be typed: the parser, the options that all commands share, and what a command is called with.

`--state`, `--json` and `--operator` stand before or after the command. Each area adds its own commands
with `leaf`. What cannot be read is a UsageProblem: one line, exit status 2.
"""

import argparse
import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from hub_config.places import Places


class UsageProblem(Exception):
    """What was typed cannot be understood or is about nothing that exists. The text says in one line what to do."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of printing its usage and ending the process."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse for whatever it cannot read."""
        raise UsageProblem(f"{message}; `{self.prog} --help` shows how")


@dataclass(frozen=True)
class Call:
    """One call of a command: its own arguments, and the shared options."""

    arguments: argparse.Namespace
    places: Places
    json: bool
    operator: str


Action = Callable[[Call], int]


def root_parser() -> Parser:
    """Return the parser without commands, with the defaults of the shared options."""
    about = "Sluis: from an approved data access request to a running workspace, and back."
    parser = Parser(prog="sluis", description=about, allow_abbrev=False)
    _add_shared(parser, state=None, json=False, operator=None)
    return parser


def leaf(commands: "argparse._SubParsersAction[Parser]", name: str, action: Action, about: str) -> Parser:
    """Add a command that `action` carries out; return its parser."""
    parser = group(commands, name, about)
    parser.set_defaults(carry_out=action)
    return parser


def group(commands: "argparse._SubParsersAction[Parser]", name: str, about: str, *, helped: bool = True) -> Parser:
    """Add a parser that takes the shared options too; `helped` gives it the usual `--help`."""
    parser: Parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False, add_help=helped)
    unset = argparse.SUPPRESS
    _add_shared(parser, state=unset, json=unset, operator=unset)
    return parser


def commands_of(parser: Parser) -> "argparse._SubParsersAction[Parser]":
    """Give a parser commands of its own, one of which has to be named."""
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)


def _add_shared(parser: Parser, *, state: object, json: object, operator: object) -> None:
    parser.add_argument("--state", metavar="DIR", default=state, help="the state folder ($SLUIS_STATE, then .sluis/)")
    parser.add_argument("--json", action="store_true", default=json, help="answer in JSON")
    parser.add_argument("--operator", metavar="NAME", default=operator, help="who types this (the login name)")


def call_of(arguments: argparse.Namespace) -> Call:
    """Return what a command is called with. Raises UsageProblem for an operator's name that cannot stand in the log."""
    state = arguments.state or os.environ.get("SLUIS_STATE") or ".sluis"
    operator = _login_name() if arguments.operator is None else arguments.operator
    if not 0 < len(operator) <= 100 or not operator.isprintable():
        raise UsageProblem("--operator takes a name of 1 to 100 printable characters")
    return Call(arguments, Places(Path(state)), arguments.json, operator)


def database(text: str) -> str:
    """Return the URL of a database, for argparse. A URL with a password in it is not repeated."""
    from access_policy.log.postgres import url_problem

    problem = url_problem(text)
    if problem is not None:
        raise argparse.ArgumentTypeError(f"that is {problem}")
    return text


def _login_name() -> str:
    """Return the name of the user whose process this is; the environment could claim any."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"

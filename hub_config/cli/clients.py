"""`sluis client add|list|end`: other systems that ask the decision function (OpenID AuthZEN 1.0).

A secret is made here and shown once; the log holds its digest. The permission table decides who may register one.
"""

import argparse
import secrets
from typing import Any

from access_policy.actor import operator
from access_policy.commands.base import Refusal, parse_command
from access_policy.model.enums import ResourceType
from access_policy.state import Client
from hub_config.cli.answers import instant, say, show_json, show_line, show_table
from hub_config.cli.do import CommandRefused
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.reading import known_person, opened
from hub_config.desk.access.secrets import digest_of

_COLUMNS = ("client", "title", "resource_types", "rights", "since", "ended")


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "client", "programs that ask the decision function: who may, and about what"))
    parser = leaf(inner, "add", register, "register a program; prints its secret once")
    parser.add_argument("client", metavar="NAME", help="a short name, such as bucket-proxy")
    parser.add_argument("--title", required=True, metavar="TEXT", help="what it is, for people")
    parser.add_argument(
        "--type", dest="types", action="append", required=True, choices=[*map(str, ResourceType)],
        help="what it may ask about; repeatable",
    )  # fmt: skip
    parser.add_argument("--search", action="store_true", help="it may ask who or what is allowed; recorded each time")
    parser.add_argument("--whole-reasons", action="store_true", help="it is told whole reasons, not codes alone")
    parser.add_argument("--zone-authority", action="store_true", help="what it says of a browser's place counts")
    _as(parser)
    leaf(inner, "list", show, "list the programs, the ended ones too")
    parser = leaf(inner, "end", end, "answer a program no more, at once")
    parser.add_argument("client", metavar="NAME", help="which")
    _as(parser)


def _as(parser: Parser) -> None:
    parser.add_argument("--as", dest="admin", metavar="PERSON", required=True, help="on whose behalf, such as P-1")


def register(call: Call) -> int:
    """Register a program and print its secret. Raises CommandRefused where a rule says no."""
    given, secret = call.arguments, secrets.token_urlsafe(32)
    fields = {
        "client": given.client, "title": given.title, "resource_types": sorted(set(given.types)),
        "digest": digest_of(secret), "searches": given.search, "reads_reasons": given.whole_reasons,
        "tells_zone": given.zone_authority,
    }  # fmt: skip
    _give(call, "register-client", fields)
    token = f"{given.client}.{secret}"
    if call.json:
        show_json({"client": given.client, "token": token})
    else:
        say("the program sends this as `Authorization: Bearer …`; it is shown this once, and nobody can read it again")
        show_line(token)
    return 0


def end(call: Call) -> int:
    """End a program. Raises CommandRefused for one that is not registered."""
    _give(call, "end-client", {"client": call.arguments.client})
    if call.json:
        show_json({"ended": call.arguments.client})
    else:
        show_line(f"{call.arguments.client} is answered no more")
    return 0


def _give(call: Call, name: str, fields: dict[str, Any]) -> None:
    try:
        command = parse_command(name, fields)
    except ValueError as error:
        raise UsageProblem(str(error)) from None
    with opened(call.places) as policy:
        with policy.reading() as state:
            person = known_person(state, call.arguments.admin)
        outcome = policy.handle(command, operator(call.operator, person))
    if isinstance(outcome, Refusal):
        raise CommandRefused(f"{outcome.code}: {outcome.text}")


def show(call: Call) -> int:
    """List programs. Raises StateProblem or LogError."""
    with opened(call.places) as policy, policy.reading() as state:
        rows = [row(one) for one in state.clients.values()]
    if call.json:
        show_json(rows)
    elif rows:
        show_table([*_COLUMNS], [[_cell(each[name]) for name in _COLUMNS] for each in rows])
    else:
        say("no program is registered; `sluis client add` registers one")
    return 0


def row(one: Client) -> dict[str, Any]:
    """Return what stands about a program; nothing of its secret."""
    rights = {"search": one.searches, "whole-reasons": one.reads_reasons, "zone-authority": one.tells_zone}
    return {
        "client": one.client,
        "title": one.title,
        "resource_types": sorted(map(str, one.resource_types)),
        "rights": [name for name, given in rights.items() if given],
        "since": instant(one.since),
        "ended": instant(one.ended),
    }


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else value

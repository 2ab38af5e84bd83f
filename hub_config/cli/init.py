"""`sluis init`: a state folder for real use, once: settings to fill in, keys, and a log that names two admins.

A start without `--demo` then serves the first-day checklist. Two admins, because appointments need four eyes.
"""

import argparse
import secrets

from access_policy.log.keys import identity_digest, load_keys
from access_policy.use_cases import Beginning, FirstAdmin
from hub_config.bootstrap import begin_log, create_state
from hub_config.cli.answers import quoted, say, show_json, show_line
from hub_config.cli.new_state import new_state, nothing_left
from hub_config.cli.options import Call, Parser, UsageProblem, database, leaf
from hub_config.cli.settings_text import settings_text
from hub_config.lock import only_one
from hub_config.login_settings import Login, is_issuer
from hub_config.places import Places
from hub_config.settings import Log, Settings

_HEADING = "The settings of this Sluis, made by `sluis init`. Fill in [login], [origins] and [contact], then: sluis run"
_LONGEST = 200


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command."""
    parser = leaf(commands, "init", init, "make settings, keys and an empty log that names the first two admins; once")
    parser.add_argument(
        "--admin", nargs=2, action="append", metavar=("ISS", "SUB"), default=[],
        help="issuer and subject of an admin at the OpenID Connect provider; give it twice",
    )  # fmt: skip
    parser.add_argument(
        "--database", type=database, metavar="URL",
        help="keep the log in this empty PostgreSQL database, such as postgresql:///sluis (a file in the state folder)",
    )  # fmt: skip


def init(call: Call) -> int:
    """Make the state folder. Raises UsageProblem or StateProblem before anything is made."""
    first, second = _admins(call.arguments.admin)
    settings = Settings(login=Login(issuer=first[0]), log=Log(database=call.arguments.database or ""))
    with nothing_left(call.places), only_one(call.places), new_state(call.places) as draft:
        create_state(draft, settings_text(settings, _HEADING))
        admins = (_first_admin(draft, *first), _first_admin(draft, *second))
        begin_log(draft, Beginning(installation=secrets.token_hex(16), demo=False, admins=admins))
    if call.json:
        show_json({"state": str(call.places.state), "settings": str(call.places.settings), "admins": ["P-1", "P-2"]})
    else:
        show_line(f"made `{call.places.state}`; the admins are P-1 and P-2")
        say(f"next: fill in `{call.places.settings}` and start with `sluis run`")
    return 0


def _first_admin(draft: Places, issuer: str, subject: str) -> FirstAdmin:
    """Name an admin by their subject; nothing else is known of them yet, and an e-mail address least of all."""
    return FirstAdmin(subject, "", identity_digest(load_keys(draft.keys), issuer, subject), issuer, subject)


def _admins(given: list[list[str]]) -> tuple[tuple[str, str], tuple[str, str]]:
    if len(given) != 2 or given[0] == given[1]:
        raise UsageProblem("give `--admin ISS SUB` exactly twice, for two different people (four eyes)")
    for issuer, subject in given:
        if not is_issuer(issuer):
            raise UsageProblem(f"{quoted(issuer)} is no issuer; write it as https://login.example.org")
        if not 0 < len(subject) <= _LONGEST or not subject.isprintable() or subject.strip() != subject:
            raise UsageProblem(f"{quoted(subject)} is no subject; take the `sub` that the provider gives the person")
    return (given[0][0], given[0][1]), (given[1][0], given[1][1])

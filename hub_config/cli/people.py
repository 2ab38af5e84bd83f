"""`sluis demo people`: who to log in as, with the second factors' secrets and present codes. A demo's state only."""

import argparse
from typing import Any

import pyotp

from access_policy.model.ids import PersonId
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, present
from hub_config.cli.answers import show_json, show_table
from hub_config.cli.options import Call, Parser, commands_of, group, leaf
from hub_config.cli.reading import opened
from hub_config.demo.logins import DemoLogin, demo_logins
from hub_config.demo.people import CAST


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command."""
    inner = commands_of(group(commands, "demo", "the demo's people"))
    leaf(inner, "people", people, "who to log in as, each with the present code of the second factor")


def people(call: Call) -> int:
    """Print the demo's people. Raises StateProblem for a state that is no demo's."""
    with opened(call.places, behind=True) as policy, policy.reading_behind() as state:  # they have to log in
        if not state.demo:
            raise StateProblem(f"`{call.places.state}` is no demo; its people's second factors are their own")
        logins = demo_logins(call.places)
        rows = [_row(policy, state, login) for login in logins]
    if call.json:
        show_json(rows)
        return 0
    shows = {one.login: one.shows for one in CAST}
    columns = ("login", "person", "name", "roles", "institution", "totp_secret", "code", "shows")
    show_table(columns, [_cells(row | {"shows": shows.get(row["login"])}, columns) for row in rows])
    return 0


def _row(policy: Policy, state: State, login: DemoLogin) -> dict[str, Any]:
    person, now = state.people[login.person], policy.now()
    secret = _secret(policy, login.person)
    return {
        "person": login.person,
        "login": login.login,
        "name": person.name,
        "roles": [str(one.role) for one in person.appointments if one.holds(now)],
        "institution": person.institution,
        "totp_secret": secret,
        "code": pyotp.TOTP(secret).at(present()) if secret is not None else None,
    }


def _secret(policy: Policy, person: PersonId) -> str | None:
    """Return the secret of the person's present factor, also of one that was enrolled in the running demo."""
    factors = [factor for factor in policy.records.factors_of(person) if not factor.pending]
    return policy.records.factor_secret(factors[-1].factor) if factors else None


def _cells(row: dict[str, Any], columns: tuple[str, ...]) -> list[object]:
    return [", ".join(row[name]) or None if name == "roles" else row[name] for name in columns]

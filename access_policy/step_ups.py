"""What a fresh second factor is given for: one command, by the hash of its one form, and with which factors (S76).

Who gives a factor sees what for, and it counts for nothing else: neither for another command nor for other values of
the same. Pure.
"""

import hashlib
from typing import Any

import msgspec

from access_policy.commands.base import Command, name_of, parse_command
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.permission_table import TABLE
from access_policy.state import Person, State

ASKED_FOR = frozenset({FactorKind.TOTP, FactorKind.PASSKEY})
"""The kinds that are given for a command; a recovery code lets its person in, and look after their factors."""


def needs_step_up(kind: type[Command]) -> bool:
    """Say whether a command takes a fresh second factor of who gives it."""
    row = TABLE.get(kind)
    return row is not None and row.step_up


def canonical(command: Command) -> bytes:
    """Return a command in its one form: JSON, its name and all its values, keys in order, nothing left out."""
    whole = {"command": name_of(type(command)), "arguments": msgspec.to_builtins(command)}
    return msgspec.json.encode(whole, order="deterministic")


def digest_of(form: bytes) -> str:
    """Return the SHA-256 in hex of a command's one form."""
    return hashlib.sha256(form).hexdigest()


class _Whole(msgspec.Struct):
    command: str
    arguments: dict[str, Any]


def read_canonical(form: bytes) -> Command:
    """Read a command back. Raises ValueError where that does not give the same form again."""
    whole = msgspec.json.decode(form, type=_Whole)
    given = {name: value for name, value in whole.arguments.items() if value is not None}
    command = parse_command(whole.command, given)
    if canonical(command) != form:
        raise ValueError(f"`{whole.command}` is not in its one form; ask for it anew")
    return command


def proving(state: State, person: PersonId) -> frozenset[FactorId]:
    """Return the factors with which somebody may give a command that takes one: those that count (S76).

    Before anybody's counts, on the first days, an unconfirmed one does: else nobody could ever confirm another's.
    """
    found = state.people[person]
    return caring(found) if _counting(found) or not any(map(_counting, state.people.values())) else frozenset()


def caring(person: Person) -> frozenset[FactorId]:
    """Return the factors with which somebody may look after their factors: those that count, else all of theirs."""
    return frozenset(_counting(person) or person.factors)


def _counting(person: Person) -> frozenset[FactorId]:
    return frozenset(factor for factor, one in person.factors.items() if one.confirmed is not None)

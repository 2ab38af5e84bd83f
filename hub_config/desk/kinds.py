"""Commands by the names that people type: the desk names them as its addresses do, wherever their classes stand."""

from access_policy.commands.base import Command, name_of
from access_policy.permissions import TABLE

_BY_NAME = {name_of(kind): kind for kind in TABLE}


def kind_of(name: str) -> type[Command]:
    """Return the command of that name. Raises KeyError, when the desk starts, for a name that is none."""
    return _BY_NAME[name]


def kinds(*names: str) -> tuple[type[Command], ...]:
    """Return the commands of these names, in this order. Raises KeyError as `kind_of` does."""
    return tuple(kind_of(name) for name in names)

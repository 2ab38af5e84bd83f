"""What the hub's tables keep of servers that do not run, over a real database of JupyterHub's."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub import orm

from hub_config.old_servers import OldServers

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore:TypeDecorator JSONDict"),  # of JupyterHub's own tables
]


class Gate:
    """Gives ground to `P-3/DR-1` alone; `silent` has no answer."""

    silent = False

    def has_ground(self, person: str, request: str) -> bool:
        """As told."""
        if self.silent:
            raise OSError("the log is locked")
        return (person, request) == ("P-3", "DR-1")


class Users(dict[int, Any]):
    """The hub's users: those who are loaded, and the database of all."""

    def __init__(self, database: Any) -> None:
        super().__init__()
        self.db = database


@pytest.fixture
def users() -> Iterator[Users]:
    database = orm.new_session_factory("sqlite:///:memory:")()
    for name in ("p-3", "p-4"):
        database.add(orm.User(name=name))
    database.commit()
    yield Users(database)
    database.close()


def add(users: Users, user: str, server: str, options: object = None, *, runs: bool = False) -> None:
    row = orm.Spawner(name=server, user_options=options, user=orm.User.find(users.db, user))
    if runs:
        row.server = orm.Server(proto="http", ip="127.0.0.1", port=1, base_url="/")
    users.db.add(row)
    users.db.commit()


def names(users: Users) -> list[str]:
    return sorted(f"{row.user.name}/{row.name}" for row in users.db.query(orm.Spawner))


def load(users: Users, user: str, server: str, **standing: bool) -> None:
    """Let a user be loaded, with a server in the state that is given."""
    found = orm.User.find(users.db, user)
    spawner = SimpleNamespace(**{"active": False, "pending": False, **standing})
    users[found.id] = SimpleNamespace(spawners={server: spawner})


def test_servers_without_ground_are_forgotten_at_the_second_look(users: Users) -> None:
    """SPW-03, SPW-09: what could start stays, and so do the unnamed server's row and what runs."""
    for user, server in (("p-3", "dr-1"), ("p-3", "dr-2"), ("p-3", "other"), ("p-3", ""), ("p-4", "dr-1")):
        add(users, user, server)
    add(users, "p-4", "dr-9", runs=True)
    look = OldServers(Gate(), ["small"])
    look(users)
    assert len(names(users)) == 6
    look(users)
    assert names(users) == ["p-3/", "p-3/dr-1", "p-4/dr-9"]


@pytest.mark.parametrize("standing", ["active", "pending"])
def test_a_server_that_starts_or_stops_is_left_alone(users: Users, standing: str) -> None:
    """The spawner decides about it; once it is over, its row goes."""
    add(users, "p-3", "dr-2")
    load(users, "p-3", "dr-2", **{standing: True})
    look = OldServers(Gate(), ["small"])
    for _ in range(3):
        look(users)
    assert names(users) == ["p-3/dr-2"]
    load(users, "p-3", "dr-2")
    look(users)
    look(users)
    assert names(users) == []
    (loaded,) = users.values()
    assert loaded.spawners == {}


POISON: tuple[object, ...] = (
    {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}, {"x": b"\x00"}, {"profile": "huge"}, {"profile": ["small"]},
    {"profile": "small", "image": "x"}, [1], "small", {"profile": {"__jupyterhub_bytes__": True, "data": "AAAA"}},
)  # fmt: skip


@pytest.mark.parametrize("poison", POISON, ids=lambda value: repr(value)[:30])
@pytest.mark.parametrize("runs", [False, True])
def test_options_that_are_none_of_ours_do_not_stay(users: Users, poison: object, runs: bool) -> None:
    """SPW-01: whatever stands there from before, one look and no listing of users can fail on it; ours stay."""
    add(users, "p-3", "dr-1", poison, runs=runs)
    add(users, "p-3", "", {"profile": "small"})
    OldServers(Gate(), ["small"])(users)
    users.db.expire_all()
    assert {row.name: row.user_options for row in users.db.query(orm.Spawner)} == {"dr-1": {}, "": {"profile": "small"}}


def test_without_an_answer_nothing_is_forgotten(users: Users) -> None:
    """POL-04: a silent log takes nothing away; the next look goes on."""
    add(users, "p-4", "dr-1")
    gate = Gate()
    look = OldServers(gate, ["small"])
    look(users)
    gate.silent = True
    look(users)
    assert names(users) == ["p-4/dr-1"]
    gate.silent = False
    look(users)
    assert names(users) == []

"""Senders that are killed, and senders that race, each a process of its own on a real log (FLT-10, AUD-08)."""

import multiprocessing
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from access_policy import events as e
from access_policy.log.outbox import Standing
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import DESK, OPERATOR
from access_policy.log.store import LogStore
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.use_cases import Beginning, FirstAdmin, Policy, begin
from hub_config.notices.schedule import CLAIM
from hub_config.notices.sender import Loop, Post, collecting
from hub_config.notices.smtp import Answer, Envelope
from tests.postgres import drop_database, new_database
from tests.unit.hub_config.desk.seed import KEYS, SetClock
from tests.unit.hub_config.notices.conftest import ADMIN, ORIGIN, post_to
from tests.unit.hub_config.notices.mail_server import Handler, MailServer

Where = Path | str
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.unit.hub_config.notices.test_kills"])
_PEOPLE = 12
_BEGUN = SetClock().at


def open_policy(where: Where, at: timedelta = timedelta(), role: str = DESK.name) -> Policy:
    clock = SetClock(_BEGUN + at)
    if isinstance(where, Path):
        return Policy(LogStore.open(where, KEYS, clock, secrets.token_bytes), clock)
    return Policy(LogStore(PostgresDatabase(where, role, time.monotonic, clock), KEYS, secrets.token_bytes), clock)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Where]:
    """A log in which nobody was told yet of a login that was added: to people P-3 and on."""
    place: Where = tmp_path / "log.sqlite" if request.param == "sqlite" else new_database()
    if isinstance(place, Path):
        LogStore.create(place, KEYS, SetClock(), secrets.token_bytes).close()
    policy = open_policy(place, role=OPERATOR.name)
    admins = [FirstAdmin(f"Admin {n}", f"admin{n}@centre.example", f"hmac:{n}", "iss", f"sub{n}") for n in "12"]
    begin(policy.store, Beginning(installation="test", demo=False, admins=(admins[0], admins[1])))
    policy.store.close()
    yield place
    if isinstance(place, str):
        drop_database(place)


def people(where: Where, count: int) -> None:
    """Let so many people be registered, each with a login."""
    facts: list[e.FactEvent] = []
    for number in range(3, 3 + count):
        who, email = PersonId(f"P-{number}"), f"p{number}@centre.example"
        facts += [
            e.PersonRegistered(person=who, name="Ada", email=email, institution=InstitutionName("centre")),
            e.IdentityLinked(person=who, identity=f"hmac:{who}", issuer="https://login.example", subject=email),
        ]
    with closing(open_policy(where, role=OPERATOR.name).store) as store:
        store.append(store.newest(), lambda _at: [(ADMIN, one) for one in facts])


def stop_there(where: Where, port: int, point: str, reached: Connection) -> None:
    """Send one notice, up to a point at which this process waits to be killed."""
    real = post_to(port)

    def here() -> None:
        reached.send(point)
        threading.Event().wait(600)  # nobody sets it: here this process is killed

    def deliver(envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        if point == "claimed":
            here()
        if point == "handed over":
            assert hand_over()
            here()
        answer = real.deliver(envelope, hand_over)
        here()
        return answer

    policy = open_policy(where)
    Loop(policy, collecting(policy), Post(ORIGIN, deliver)).turn()


@pytest.mark.parametrize(
    ("point", "mails", "standing"),
    [("claimed", 1, Standing.SENT), ("handed over", 0, Standing.UNCERTAIN), ("sent", 1, Standing.UNCERTAIN)],
)
def test_a_killed_sender_doubles_nothing(
    point: str, mails: int, standing: Standing, where: Where, handler: Handler, server: MailServer
) -> None:
    """FLT-10: killed between claim and mark, before the server has it, while it may, and after it said so."""
    people(where, 1)
    mine, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=stop_there, args=(where, server.port, point, theirs))
    process.start()
    try:
        assert mine.poll(60), "the sender never came to its point"
        assert mine.recv() == point
    finally:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
    policy = open_policy(where, CLAIM)
    with closing(policy.store):
        loop = Loop(policy, collecting(policy), post_to(server.port))
        while loop.turn():
            pass
        assert [one.state for one in policy.records.outbox.entries()] == [standing]
    assert len(handler.received) == mails


def race(where: Where, port: int, until: int) -> None:
    """Send until so many notices are settled, or this takes too long."""
    policy = open_policy(where)
    loop = Loop(policy, collecting(policy), post_to(port))
    for _ in range(5_000):
        if not loop.turn():
            time.sleep(0.01)
        if policy.records.outbox.counts().get(Standing.SENT, 0) >= until:
            return
    raise AssertionError("the notices were never sent")


def test_senders_that_race_send_each_notice_once(where: Where, handler: Handler, server: MailServer) -> None:
    """S37: three processes read the same facts and empty the same outbox, as the database's role of the desk."""
    people(where, _PEOPLE)
    processes = [_PROCESSES.Process(target=race, args=(where, server.port, _PEOPLE)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(150)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    expected = {f"p{number}@centre.example": 1 for number in range(3, 3 + _PEOPLE)}
    assert Counter(one.to[0] for one in handler.received) == expected

"""Processes that are killed at random instants while they give commands: nothing that was acknowledged is lost.

On PostgreSQL the servers are killed too: the one that serves a connection, and the one that started them all.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal, parse_command
from access_policy.log import LogError
from access_policy.log.postgres import upgrade_server
from access_policy.log.records import Records, Session
from access_policy.log.verify import verify
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import PersonId
from access_policy.use_cases import Done, Policy
from tests.postgres import OWNER, Server
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import KEYS, ORIGIN, SetClock, Where, open_log
from tests.unit.access_policy.world import ADMIN, COLLEAGUE, RESEARCHER, everything_holds, of_format_2

pytestmark = [pytest.mark.timeout(900), pytest.mark.counted]
KILLS = 200 if os.environ.get("SLUIS_LONG") else 20
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.unit.access_policy.log.test_kills"])
PEOPLE = (RESEARCHER, COLLEAGUE)
WORLD = of_format_2(everything_holds())
FIRST = len(WORLD.facts)

Acknowledged = tuple[int, str, str]
"""A fact's number, its kind, and who it is about."""


def stop_or_let_in(policy: Policy, who: PersonId) -> Done | Refusal:
    """Stop a person who is not stopped, let them in otherwise; write a record named like the fact beside it."""
    with policy.reading() as state:
        stopped = state.people[who].disabled is not None
    reason = {} if stopped else {"reason": "a question"}
    command = parse_command("enable-person" if stopped else "disable-person", {"person": who, **reason})

    def beside(records: Records) -> None:
        with policy.reading() as state:
            name, at = str(state.seq + 1), policy.now()
        records.begin_session(
            Session(
                session=name,
                person=who,
                begun=at,
                factor_kind=FactorKind.TOTP,
                factor_at=at,
                zone=Zone.ANYWHERE,
                ends=at + timedelta(days=1),
            )
        )

    return policy.handle(command, person(ADMIN, "a-proof"), beside)


def work(where: Where, who: PersonId, acknowledged: Connection) -> None:
    """Give commands until killed; send what each wrote once it is acknowledged. Trouble with the log is waited out."""
    policy = Policy(open_log(where, SetClock(WORLD.at)))
    while True:
        try:
            done = stop_or_let_in(policy, who)
        except LogError:
            time.sleep(0.05)
            continue
        assert isinstance(done, Done), done
        (fact,) = done.facts
        acknowledged.send((fact.seq, type(fact.event).__name__, who))


class Worker:
    """A process that gives commands about one person; what it was acknowledged is kept here."""

    def __init__(self, where: Where, who: PersonId, kept: list[Acknowledged]) -> None:
        self._where, self._who, self._kept = where, who, kept
        self.start()

    def start(self) -> None:
        """Start the process."""
        self._receiving, sending = _PROCESSES.Pipe(duplex=False)
        self._process: BaseProcess = _PROCESSES.Process(target=work, args=(self._where, self._who, sending))
        self._process.start()
        sending.close()

    def take(self, patience: float = 0.0) -> bool:
        """Keep what was acknowledged next, if anything is within so many seconds."""
        try:
            if not self._receiving.poll(patience):
                return False
            self._kept.append(self._receiving.recv())
        except EOFError:
            return False
        return True

    def waits_for(self, count: int) -> None:
        """Keep so many more than are there already; at most a minute for each."""
        while self.take():
            pass
        assert all(self.take(60) for _ in range(count)), "the process gave no more commands"

    def kill(self) -> None:
        """Kill the process by its pid, and keep all that it was acknowledged before."""
        self._process.kill()
        self._process.join(60)
        while not self._receiving.closed and self.take():
            pass
        self._receiving.close()

    @property
    def ready(self) -> Connection:
        """What is readable once something was acknowledged."""
        return self._receiving


@pytest.fixture
def kept() -> list[Acknowledged]:
    return []


@pytest.fixture
def workers(where: Where, kept: list[Acknowledged]) -> Iterator[list[Worker]]:
    keep(WORLD, where)[0].store.close()
    started = [Worker(where, who, kept) for who in PEOPLE]
    yield started
    for worker in started:
        worker.kill()


def check(where: Where, kept: list[Acknowledged]) -> None:
    """No acknowledged event is lost, no number is left out, the tree is whole, and the records agree with the facts."""
    with closing(open_log(where, SetClock(WORLD.at))) as store:
        assert verify(store.database, None, KEYS, ORIGIN).problem is None
        facts = {fact.seq: fact for fact in store.facts_since(0)}
        assert list(facts) == list(range(1, len(facts) + 1))
        assert len({seq for seq, _, _ in kept}) == len(kept)
        for seq, kind, who in kept:
            event = facts[seq].event
            assert (type(event).__name__, getattr(event, "person", "")) == (kind, who)
        theirs = {seq: fact for seq, fact in facts.items() if seq > FIRST}
        with Policy(store).reading() as state:
            assert state.seq == len(facts)
            for who in PEOPLE:
                last = [fact for fact in theirs.values() if getattr(fact.event, "person", "") == who][-1]
                assert (state.people[who].disabled is not None) == isinstance(last.event, e.PersonDisabled)
        with store.database.read() as connection:
            beside = connection.exec_driver_sql("SELECT session FROM sessions").scalars().all()
        assert sorted(map(int, beside)) == list(theirs)


def test_processes_that_are_killed_lose_nothing(where: Where, kept: list[Acknowledged], workers: list[Worker]) -> None:
    """AUD-08, FLT-01: kill -9 of one of two processes at random instants, again and again; the other goes on."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    chance = random.Random(seed)
    for _ in range(KILLS):
        victim = chance.choice(workers)
        victim.waits_for(1)
        _let_pass(workers, chance.uniform(0.0, 0.02))
        victim.kill()
        victim.start()
    for worker in workers:
        worker.waits_for(2)
        worker.kill()
    check(where, kept)


def _let_pass(workers: list[Worker], seconds: float) -> None:
    """Keep what is acknowledged while a little time passes."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        readable = wait([worker.ready for worker in workers], left)
        for worker in workers:
            if worker.ready in readable and not worker.take():
                return


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that nobody else uses, for it is killed; it waits for the disk, as one should."""
    monkeypatch.setenv("PGUSER", OWNER)
    one = Server(safe=True)
    yield one
    one.end()


def _kill_a_backend(server: Server) -> None:
    """Kill the process that serves one of our connections: the server then ends all others, and recovers."""
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'sluis' ORDER BY random() LIMIT 1"
    with server.connect() as connection:
        found = connection.execute(query).fetchone()
    if found is not None:
        os.kill(int(found[0]), signal.SIGKILL)


def _kill_the_postmaster(server: Server) -> None:
    """Kill the process that started all others, and start the server again."""
    server.kill()
    server.start()


def test_servers_that_are_killed_lose_nothing(own_server: Server, kept: list[Acknowledged]) -> None:
    """FLT-02: kill -9 of a backend and of the postmaster while two processes write: they go on, by themselves."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    chance = random.Random(seed)
    own_server.do("CREATE DATABASE killed")
    upgrade_server(own_server.url("killed"))
    where = own_server.url("killed")
    keep(WORLD, where)[0].store.close()
    workers = [Worker(where, who, kept) for who in PEOPLE]
    try:
        for turn in range(max(4, KILLS // 10)):
            for worker in workers:
                worker.waits_for(2)
            _let_pass(workers, chance.uniform(0.0, 0.02))
            (_kill_a_backend, _kill_the_postmaster)[turn % 2](own_server)
            _let_pass(workers, 0.1)
        for worker in workers:
            worker.waits_for(2)
    finally:
        for worker in workers:
            worker.kill()
    check(where, kept)

"""Observations go after their years, and what is left proves as much as before; on both databases (E48, E50)."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from sqlalchemy import Connection

from access_policy.actor import component
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.installation import CutObservations
from access_policy.events import Event, ObservationsCut, PolicySettingsAdopted
from access_policy.log import LogStore, LogUnavailable
from access_policy.log import erased as beside_facts
from access_policy.log.backup import copy_log
from access_policy.log.clock import ClockWatch, SteadyClock
from access_policy.log.cutting import cut_away, due, frontier_at
from access_policy.log.proofs import Prover, includes
from access_policy.log.rows import leaves_of
from access_policy.log.sqlite import SqliteDatabase
from access_policy.log.verify import verify
from access_policy.model.enums import Component
from access_policy.use_cases import Done, Policy, cut_observations
from tests.postgres import drop_database, new_database
from tests.unit.access_policy.log.aged import DAY, OLD, ORIGIN, YEARS, Aged, aged, as_role, begin_log, warden
from tests.unit.access_policy.log.samples import KEYS, SetClock, Where, add, open_log, registered

WARDEN = component(Component.WARDEN)


@pytest.fixture
def log(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> Iterator[Aged]:
    found = aged(where, clock, store, checkpoints)
    yield found
    found.policy.store.close()


def cut(log: Aged, most: int = 100) -> ObservationsCut:
    """Cut what is due; it works."""
    outcome = cut_observations(log.policy, most)
    assert isinstance(outcome, Done), outcome
    (fact,) = outcome.facts
    assert isinstance(fact.event, ObservationsCut)
    return fact.event


def test_what_is_left_proves_as_before(log: Aged) -> None:
    """E48, AUD-02: the old rows go with a fact; heads, roots, proofs and verification go on as if they were there."""
    before, rows = log.store.observation_head(), list(log.store.observations_since(9))
    event = cut(log)
    assert (event.size, event.since) == (9, rows[0].at)
    assert log.store.observation_head() == before
    assert list(log.store.observations_since(0)) == rows
    assert log.store.observation_root_at(9) == event.root
    assert [log.store.observation_root_at(size) for size in (3, 6, 8)] == [None] * 3
    found = log.verified()
    assert (found.ok, found.problem, found.cut) == (True, None, 9)
    log.observe(5)
    log.sign()
    assert log.store.observation_head().root == log.root()
    found = log.verified()
    assert (found.ok, found.problem, found.cut) == (True, None, 9)
    assert Policy(log.store).trouble() is None


def test_proofs_after_a_cut(log: Aged) -> None:
    """AUD-10: rows that stand are proven under the newest head by what is left, and heads from the cut on go on."""
    cut(log)
    log.observe(5)
    size = len(log.leaves)
    prover = Prover(size, leaves_of(log.store.database, "observations"), frontier_at(log.store.database, 9))
    whole = Prover(size, lambda begin, end: iter(log.leaves[begin:end]))
    assert prover.root() == whole.root() == bytes.fromhex(log.root())
    for index in range(9, size):
        proof = prover.inclusion(index)
        assert proof == whole.inclusion(index)
        assert includes(prover.root(), size, index, log.leaves[index], proof)
    assert [prover.consistency(old) for old in range(9, size)] == [whole.consistency(old) for old in range(9, size)]


def test_another_cut_follows(log: Aged) -> None:
    """E48: rows that become old later go later, up to a later checkpoint; both cuts stand in the facts."""
    cut(log)
    log.observe(3)
    log.sign()
    log.clock.go((YEARS + 2 * DAY).total_seconds())
    log.observe()
    log.sign()
    assert cut(log).size == 11, "the checkpoint before the last that is over"
    log.sign()
    found = log.verified()
    assert (found.ok, found.problem, found.cut) == (True, None, 11)
    assert log.seqs() == [12, 13, 14, 15]


def test_kept_to_the_instant(log: Aged) -> None:
    """E48: a row goes once the one behind it is as old as the years, and not a microsecond before."""
    seventh = next(iter(log.store.observations_since(6))).at
    log.clock.at = seventh + YEARS - timedelta(microseconds=1)
    assert due(log.store.database, log.clock.at - YEARS) == 5
    (too_early,) = [log.policy.handle(_command(log, 6), WARDEN)]
    assert isinstance(too_early, Refusal)
    assert "are kept until" in too_early.text
    assert due(log.store.database, seventh) == 6


def _command(log: Aged, size: int) -> CutObservations:
    (after, *_) = log.store.observations_since(size)
    return CutObservations(size=size, root=log.store.observation_root_at(size) or "", since=after.at)


def test_nothing_is_due(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> None:
    """E48: neither of an empty stream nor of a young one."""
    assert due(store.database, clock.at) == 0
    begin_log(store)
    found = Aged(where, clock, store, warden(where, clock, checkpoints), checkpoints, [])
    for _ in range(3):
        found.observe(3)
        found.sign()
    assert cut_observations(found.policy) is None
    assert found.seqs() == list(range(1, 10))
    found.policy.store.close()


@pytest.mark.parametrize(("most", "sizes"), [(100, [9]), (7, [6, 9]), (4, [3, 6, 9]), (2, [3, 6, 9]), (1, [3, 6, 9])])
def test_a_bounded_number_at_a_time(log: Aged, most: int, sizes: list[int]) -> None:
    """E48: at most so many rows in one transaction, or as many as the next checkpoint signs."""
    log.clock.at += DAY
    found = []
    while isinstance(outcome := cut_observations(log.policy, most), Done):
        found += [fact.event.size for fact in outcome.facts if isinstance(fact.event, ObservationsCut)]
        log.clock.at += DAY
    assert found == sizes
    log.sign()
    assert log.verified().ok


def test_once_a_day(log: Aged) -> None:
    """E48: one fact a day, however often somebody looks, also after a restart."""
    (fact,) = (cut(log, 4),)
    assert fact.size == 3
    other = warden(log.where, log.clock, log.folder)
    assert cut_observations(other, 100) is None
    log.clock.at += DAY
    assert isinstance(cut_observations(other, 100), Done)
    other.store.close()


def test_nothing_is_cut_that_cannot_be_signed(log: Aged) -> None:
    """AUD-02: where the checkpoints' folder does not answer, all stays."""
    away = log.folder.with_name("away")
    log.observe()
    log.folder.rename(away)
    log.folder.write_text("no folder")
    with pytest.raises(LogUnavailable, match="is not signed"):
        cut_observations(log.policy)
    log.folder.unlink()
    away.rename(log.folder)
    assert log.seqs() == list(range(1, OLD + 3))


def test_a_log_of_format_1_is_never_cut(where: Where, clock: SetClock, store: LogStore, checkpoints: Path) -> None:
    """FLT-10: the release before could not read it any more."""
    log = aged(where, clock, store, checkpoints, log_format=1)
    assert cut_observations(log.policy) is None
    outcome = log.policy.handle(_command(log, 9), WARDEN)
    assert isinstance(outcome, Refusal)
    assert outcome.code == RefusalCode.UPGRADE_FIRST
    assert log.seqs()[0] == 1
    log.policy.store.close()


def test_nothing_is_cut_while_the_clock_is_off(log: Aged) -> None:
    """FLT-12: a clock that jumped ahead ends no years."""
    steady = SetClock(log.clock.at)
    machine = SteadyClock(log.clock, steady.at.timestamp)
    log.clock.at += 100 * YEARS
    policy = warden(log.where, log.clock, log.folder, ClockWatch(log.clock, machine))
    outcome = cut_observations(policy)
    assert isinstance(outcome, Refusal)
    assert outcome.code == RefusalCode.CLOCK_JUMPED
    assert log.seqs()[0] == 1
    policy.store.close()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"root": "0" * 64}, "not those that were to be cut"),
        ({"since": -1}, "not those that were to be cut"),
        ({"size": 11}, "not those that were to be cut"),
        ({"size": 99}, "not those that were to be cut"),
    ],
    ids=["another root", "another time", "all of them", "more than there are"],
)
def test_the_log_holds_what_the_fact_says(log: Aged, changes: dict[str, object], problem: str) -> None:
    """AUD-08: neither fact nor cut where the rows are others than the command speaks of."""
    command = _command(log, 9)
    given = {"size": command.size, "root": command.root, "since": command.since, **changes}
    if given["since"] == -1:
        given["since"] = command.since - DAY
    newest = log.store.newest()
    with pytest.raises(ValueError, match=problem):
        log.policy.handle(CutObservations(**given), WARDEN)  # type: ignore[arg-type]  # of the table above
    assert (log.store.newest(), log.seqs()[0]) == (newest, 1)


def test_longer_years_keep_longer(log: Aged) -> None:
    """E48: the floor is that of the settings in force."""
    add(log.store, PolicySettingsAdopted(session_hours=8, term_days_longest=365, retention_years=7))
    assert cut_observations(log.policy) is None
    add(log.store, PolicySettingsAdopted(session_hours=8, term_days_longest=365, retention_years=1))
    assert cut(log).size == 9
    log.sign()
    assert log.verified().ok


def cut_and_wait(where: Where, folder: Path, at: SetClock, told: Pipe) -> None:
    """Cut, and hang within the transaction once the rows are gone."""

    def hang(connection: Connection, event: Event) -> None:
        cut_away(connection, event)
        told.send("deleted")
        signal.pause()

    beside_facts.cut_away = hang  # type: ignore[attr-defined]  # a name that it imports; in a process of its own
    cut_observations(warden(where, at, folder))


def test_killed_in_between(log: Aged) -> None:
    """AUD-08, FLT-01: a warden that is killed with the rows deleted has cut nothing; the next one cuts all."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=cut_and_wait, args=(log.where, log.folder, log.clock, theirs)
    )
    newest = log.store.newest()
    process.start()
    assert process.pid is not None
    try:
        assert ours.poll(60)
        assert ours.recv() == "deleted"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
    assert (log.store.newest(), log.seqs()) == (newest, list(range(1, OLD + 2)))
    assert log.verified().ok
    assert cut(log).size == 9
    assert log.verified().ok


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[Where]]:
    """An empty log of each kind."""
    url = new_database()
    file = tmp_path / "copy.db"
    SqliteDatabase.create(file, SetClock()).close()
    yield [file, url]
    drop_database(url)


def test_a_copy_is_cut_alike(log: Aged, others: list[Where]) -> None:
    """FLT-10: a log that was cut is copied into either database, verifies there, goes on, and is cut again."""
    cut(log)
    log.sign()
    for other in others:
        copy = open_log(other, log.clock)
        copy_log(log.store.database, copy.database, lambda _text: None, keys=True)
        assert (copy.head(), copy.observation_head()) == (log.store.head(), log.store.observation_head())
        found = verify(other if isinstance(other, Path) else copy.database, log.folder, KEYS, ORIGIN)
        assert (found.ok, found.problem, found.cut) == (True, None, 9)
        add(copy, registered(7))
        copy.close()
        again = warden(other, log.clock, log.folder)
        assert cut_observations(again) is None
        again.store.close()


def test_an_older_copy_is_cut_again(log: Aged, others: list[Where]) -> None:
    """E48: a log that was put back from before a cut holds the rows again, and is cut by the same rule."""
    copies = [open_log(other, log.clock) for other in others]
    for copy in copies:
        copy_log(log.store.database, copy.database, lambda _text: None, keys=True)
        copy.close()
    cut(log)
    for other in others:
        found = Policy(as_role(other, log.clock), log.clock)
        assert [one.seq for one in found.store.observations_since(0)] == list(range(1, OLD + 2))
        again = log._replace(where=other, policy=warden(other, log.clock, log.folder))
        assert cut(again).size == 9
        again.policy.store.close()
        found.store.close()

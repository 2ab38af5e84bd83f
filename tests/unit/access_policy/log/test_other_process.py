"""What one process writes, another knows: asked for thousands of answers while a second process changes the log."""

import multiprocessing
import os
import secrets
import time
from multiprocessing.connection import Connection
from pathlib import Path

from access_policy.actor import person
from access_policy.commands.base import Command, Refusal, parse_command
from access_policy.log import LogStore
from access_policy.model.enums import Action
from access_policy.use_cases import Policy
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import KEYS, SetClock
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER, World, everything_holds

_SPAWN = multiprocessing.get_context("spawn")
ASKS = 10_000 if os.environ.get("SLUIS_LONG") else 3_000
SEEN = 12
CHANGES = ("disable-person", "enable-person")


def _command(name: str) -> Command:
    reason = {"reason": "a question"} if name == "disable-person" else {}
    return parse_command(name, {"person": RESEARCHER} | reason)


def change(path: Path, world_at: SetClock, acknowledged: Connection, stop: Connection) -> None:
    """Stop the researcher and let them in again, in turns, until told to end; send the number of each fact."""
    policy = Policy(LogStore.open(path, KEYS, world_at, secrets.token_bytes), world_at)
    turn = 0
    while not stop.poll():
        done = policy.handle(_command(CHANGES[turn % 2]), person(ADMIN))
        assert not isinstance(done, Refusal), done
        acknowledged.send(done.facts[-1].seq)
        turn += 1
    acknowledged.close()


def _newest(acknowledged: Connection, seq: int) -> int:
    """Return the number of the newest fact that the other process knows to be written."""
    while acknowledged.poll():
        seq = acknowledged.recv()
    return seq


def _ask(policy: Policy, acknowledged: Connection, first: int) -> set[int]:
    """Ask again and again; each answer rests on all that was written before it was asked. Return what was seen.

    However slowly the other process comes to write: the asking goes on until enough of its changes were seen.
    """
    seen, written, asked, given_up = {first}, first, 0, time.monotonic() + 120
    while (asked < ASKS or len(seen) < SEEN) and time.monotonic() < given_up:
        asked += 1
        written = _newest(acknowledged, written)
        decision = policy.decide(RESEARCHER, OPEN, Action.KEEP_WORKSPACE)
        assert decision.seq >= written
        assert decision.allowed == ((decision.seq - first) % 2 == 0)
        seen.add(decision.seq)
    return seen


def test_no_answer_is_stale_while_another_process_changes_the_log(tmp_path: Path) -> None:
    """POL-08: of some thousand answers none is older than what another process had written when it was asked."""
    world: World = everything_holds()
    policy, clock = keep(world, tmp_path / "log.db")
    acknowledged, sending = _SPAWN.Pipe(duplex=False)
    stopping, stop = _SPAWN.Pipe(duplex=False)
    writer = _SPAWN.Process(target=change, args=(tmp_path / "log.db", clock, sending, stopping))
    writer.start()
    sending.close()
    assert acknowledged.poll(60), "the other process never began"
    seen = _ask(policy, acknowledged, world.state.seq)
    stop.send(None)
    writer.join(60)
    assert writer.exitcode == 0
    assert len(seen) >= SEEN, "the other process hardly changed anything meanwhile"


def test_what_was_revoked_in_another_process_is_denied_by_the_very_next_answer(tmp_path: Path) -> None:
    """POL-08: each of two policies on one log sees the other's change at once, in turns, with nothing kept between."""
    ours, clock = keep(everything_holds(), tmp_path / "log.db")
    theirs = Policy(LogStore.open(tmp_path / "log.db", KEYS, clock, secrets.token_bytes), clock)
    for turn in range(50):
        writer, reader = (ours, theirs) if turn % 2 else (theirs, ours)
        for name in CHANGES:
            assert not isinstance(writer.handle(_command(name), person(ADMIN)), Refusal)
            answers = {reader.decide(RESEARCHER, OPEN, Action.KEEP_WORKSPACE).allowed for _ in range(5)}
            assert answers == {name == "enable-person"}

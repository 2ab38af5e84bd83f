"""What one process writes, another knows: asked for thousands of answers while a second process changes the log."""

import multiprocessing
import os
import time
from multiprocessing.connection import Connection

import pytest

from access_policy.actor import person
from access_policy.commands.base import Command, Refusal, parse_command
from access_policy.model.enums import Action
from access_policy.use_cases import Policy
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import SetClock, Where, open_log
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER, World, everything_holds

pytestmark = [pytest.mark.timeout(900), pytest.mark.counted]
_SPAWN = multiprocessing.get_context("spawn")
ASKS = 10_000 if os.environ.get("SLUIS_LONG") else 1_500
PAIRS = 10_000 if os.environ.get("SLUIS_LONG") else 200
SEEN = 12
CHANGES = ("disable-person", "enable-person")


def _command(name: str) -> Command:
    reason = {"reason": "a question"} if name == "disable-person" else {}
    return parse_command(name, {"person": RESEARCHER} | reason)


def change(where: Where, world_at: SetClock, acknowledged: Connection, stop: Connection) -> None:
    """Stop the researcher and let them in again, in turns, until told to end; send the number of each fact."""
    policy = Policy(open_log(where, world_at), world_at)
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


def test_no_answer_is_stale_while_another_process_changes_the_log(where: Where) -> None:
    """POL-08: of some thousand answers none is older than what another process had written when it was asked."""
    world: World = everything_holds()
    policy, clock = keep(world, where)
    acknowledged, sending = _SPAWN.Pipe(duplex=False)
    stopping, stop = _SPAWN.Pipe(duplex=False)
    writer = _SPAWN.Process(target=change, args=(where, clock, sending, stopping))
    writer.start()
    sending.close()
    assert acknowledged.poll(60), "the other process never began"
    seen = _ask(policy, acknowledged, world.state.seq)
    stop.send(None)
    writer.join(60)
    policy.store.close()
    assert writer.exitcode == 0
    assert len(seen) >= SEEN, "the other process hardly changed anything meanwhile"


def obey(where: Where, world_at: SetClock, orders: Connection) -> None:
    """Carry out what is ordered, one command at a time, and send the number of its fact, until nobody orders more."""
    policy = Policy(open_log(where, world_at), world_at)
    while (name := orders.recv()) is not None:
        done = policy.handle(_command(name), person(ADMIN))
        assert not isinstance(done, Refusal), done
        orders.send(done.facts[-1].seq)


def test_what_was_revoked_in_another_process_is_denied_by_the_very_next_answer(where: Where) -> None:
    """POL-08: hundreds of times a second process takes access away and gives it; the next answer knows, each time."""
    policy, clock = keep(everything_holds(), where)
    ours, theirs = _SPAWN.Pipe()
    other = _SPAWN.Process(target=obey, args=(where, clock, theirs))
    other.start()
    theirs.close()
    stale = 0
    for turn in range(2 * PAIRS):
        ours.send(CHANGES[turn % 2])
        assert ours.poll(60), "the other process does not answer"
        written = ours.recv()
        decision = policy.decide(RESEARCHER, OPEN, Action.KEEP_WORKSPACE)
        stale += decision.seq != written or decision.allowed != (turn % 2 == 1)
    ours.send(None)
    other.join(60)
    policy.store.close()
    assert other.exitcode == 0
    assert stale == 0

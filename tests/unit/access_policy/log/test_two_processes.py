"""Two processes that append at once: one starts a workspace while the other ends the request that it rests on."""

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from access_policy.actor import Actor, component
from access_policy.commands.base import Command, Refusal, parse_command
from access_policy.commands.workspaces import StartWorkspace
from access_policy.events import RequestEnded, WorkspaceStarted
from access_policy.model.enums import Component, RequestStatus
from access_policy.model.ids import RequestId
from access_policy.rules import Session
from access_policy.use_cases import Done, Policy
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import SetClock, Where, open_log
from tests.unit.access_policy.world import ADMIN, RESEARCHER, everything_holds

_SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 45  # nobody may have more than 50 requests at once
BOUND = 60.0
HUB = component(Component.HUB)


def race(policy: Policy, line: Barrier, command: Command, actor: Actor) -> Done | Refusal:
    """Give a command, and wait for the other one between what it is decided on and its append."""
    append, waiting = policy.store.append, [line]

    def late(*given: Any, **named: Any) -> Any:
        if waiting:
            waiting.pop().wait(BOUND)
        return append(*given, **named)

    policy.store.append = late  # type: ignore[method-assign]
    try:
        return policy.handle(command, actor)
    finally:
        policy.store.append = append  # type: ignore[method-assign]


def start_all(where: Where, asked: list[RequestId], session: Session, line: Barrier, told: Connection) -> None:
    """Start the workspace of each request; tell for each whether it started."""
    clock = SetClock(session.begun)
    policy = Policy(open_log(where, clock), clock)
    for request in asked:
        command = StartWorkspace(
            person=RESEARCHER, request=request, profile="small", max_run_seconds=3600, session=session
        )
        told.send(isinstance(race(policy, line, command, HUB), Done))
    policy.store.close()


def test_no_start_after_the_withdrawal(where: Where) -> None:
    """POL-10, S75: both are decided on the same fact, again and again; the log never holds a start after the end."""
    world = everything_holds()
    asked = [world.ask(RequestStatus.ACTIVE, ("tumours",)) for _ in range(ROUNDS)]
    policy, _ = keep(world, where)
    line, (hearing, telling) = _SPAWN.Barrier(2), _SPAWN.Pipe(duplex=False)
    starter = _SPAWN.Process(target=start_all, args=(where, asked, world.login(), line, telling))
    starter.start()
    telling.close()
    started = []
    for request in asked:
        end = parse_command("end-request", {"request": request, "reason": "misuse"})
        assert isinstance(race(policy, line, end, world.acting(ADMIN)), Done)
        assert hearing.poll(BOUND), "the other process does not answer"
        started.append(hearing.recv())
    starter.join(BOUND)
    assert starter.exitcode == 0
    found = [fact.event for fact in policy.store.facts_since(world.state.seq)]
    policy.store.close()
    order = [(type(one), one.request) for one in found if isinstance(one, RequestEnded | WorkspaceStarted)]
    for request, did in zip(asked, started, strict=True):
        both = [(WorkspaceStarted, request), (RequestEnded, request)]
        assert [one for one in order if one[1] == request] == (both if did else both[1:])

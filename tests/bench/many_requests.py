"""A log with many active requests of the same people, their data in buckets: what hub and warden of a cluster work on.

The commands make the first request, the others are its facts under other numbers, since nobody may have so many. The
facts are of the past; the clock that goes on from there is the machine's, as that of the cluster's API server.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from access_policy.events import Fact, FactEvent
from access_policy.log.records import Session, token_digest
from access_policy.model.enums import FactorKind, RequestStatus, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.use_cases import Policy
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import SetClock, Where, open_log
from tests.unit.access_policy.world import COLLEAGUE, RESEARCHER, World, everything_holds, of_format_2
from tests.unit.spawner.warden.cluster_room import in_buckets

INSTALLATION = "an-installation"
DATASETS = ("tumours", "expressions")
_AGO = timedelta(days=60)
_AT_ONCE = 500


class Many(NamedTuple):
    """The log, its requests, and who may have a workspace for each of them."""

    policy: Policy
    requests: tuple[str, ...]
    people: tuple[str, ...]


class Present(SetClock):
    """The machine's clock, where a test's own is asked for."""

    def __call__(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)


def many(where: Where, requests: int) -> Many:
    """Write a log with so many active requests of the same three people; the first of them is logged in."""
    present = Present()
    world = of_format_2(everything_holds(at=present() - _AGO))
    written, third = len(world.facts), world.register("tom")
    people = (RESEARCHER, COLLEAGUE, third)
    for one in people[1:]:
        world.make_ready(one)
    begun = len(world.facts)
    _ask(world, people)
    _repeat(world, world.facts[begun:], requests - 1)
    world = in_buckets(world)
    first, clock = keep(World.of(world.facts[:written], world.at), where)
    _write(first, clock, world.facts[written:])
    first.store.close()
    policy = Policy(open_log(where, present), present)
    log_in(policy, RESEARCHER)
    first_number = len(world.state.requests) - requests + 1
    return Many(policy, tuple(f"DR-{first_number + more}" for more in range(requests)), people)


def _ask(world: World, people: Sequence[PersonId]) -> RequestId:
    """Let the researcher ask for two datasets with the others, and take every step until it is active."""
    request = world.ask(RequestStatus.DRAFT, DATASETS)
    for one in people[1:]:
        world.do("name-contact", RESEARCHER, request=request, person=one, email=world.state.people[one].email)
    world.bring(request, RequestStatus.ACTIVE)
    return request


def _repeat(world: World, facts: Sequence[Fact], times: int) -> None:
    """Let the facts of one request be there again for further ones, a minute later each."""
    for _ in range(times):
        request = RequestId(f"DR-{len(world.state.requests) + 1}")
        events = [(fact.actor, _of(fact.event, request)) for fact in facts]
        world.append(events)


def _of(event: object, request: RequestId) -> FactEvent:
    assert isinstance(event, FactEvent)
    return msgspec.structs.replace(event, request=request)


def _write(policy: Policy, clock: SetClock, facts: Sequence[Fact]) -> None:
    """Write many facts at once, at the instant of the last of them."""
    for begin in range(0, len(facts), _AT_ONCE):
        some = facts[begin : begin + _AT_ONCE]
        clock.at = some[-1].at
        events = [(fact.actor, fact.event) for fact in some if isinstance(fact.event, FactEvent)]
        assert len(events) == len(some)
        policy.store.append(some[0].seq - 1, lambda _, events=events: events, log_format=2)  # type: ignore[misc]


def log_in(policy: Policy, who: PersonId) -> None:
    """Give somebody a full login, as the hub does after the second factor."""
    at = policy.now()
    session = Session(
        session=token_digest("a-token"), person=who, begun=at, factor_kind=FactorKind.TOTP, factor_at=at,
        zone=Zone.ANYWHERE, ends=at + timedelta(hours=10), proof="a-proof",
    )  # fmt: skip
    policy.records.begin_session(session)

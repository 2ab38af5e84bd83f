"""Sessions that end by idleness, and step-ups that are given for one command and used once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from access_policy.log import LogStore
from access_policy.log.records import Records, Session, StepUp, StepUpAsked, token_digest
from access_policy.model.enums import Assurance, FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.log.samples import NOON

ADA, BOB = PersonId("P-1"), PersonId("P-2")
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def records(store: LogStore) -> Records:
    return store.records


def session(name: str, person: PersonId = ADA, idle: timedelta | None = HOUR) -> Session:
    return Session(
        session=token_digest(name), person=person, begun=NOON, factor_kind=FactorKind.PASSKEY, factor_at=NOON,
        zone=Zone.INSTITUTE, ends=NOON + 12 * HOUR, proof="p" * 32, provider="home", factor=FactorId("passkey-1"),
        assurance=Assurance.SUBSTANTIAL, last_activity=NOON, idle_ends=None if idle is None else NOON + idle,
    )  # fmt: skip


def live(records: Records, at: datetime) -> list[str]:
    return [one.session for one in records.live_sessions(at)]


def test_a_session_is_kept_whole(records: Records) -> None:
    """E26, S76: with its provider, the level that it stated, and which factor was given."""
    records.begin_session(session("a"))
    assert records.session(token_digest("a")) == session("a")


@pytest.mark.parametrize(("idle", "holds"), [(HOUR, HOUR), (None, 12 * HOUR), (24 * HOUR, 12 * HOUR)])
def test_a_session_is_over_once_it_was_idle(idle: timedelta | None, holds: timedelta, records: Records) -> None:
    """SES-12, REQ-08: half-open; without an idle end, and before it, its age ends it."""
    records.begin_session(session("a", idle=idle))
    for at, there in ((NOON + holds - TICK, True), (NOON + holds, False)):
        assert (records.newest_live_session(ADA, at) is not None) is there
        assert bool(live(records, at)) is there
    assert records.end_overdue_sessions(NOON + holds - TICK, "idle") == []
    assert [one.session for one in records.end_overdue_sessions(NOON + holds, "idle")] == [token_digest("a")]


def test_activity_puts_the_end_off(records: Records) -> None:
    """SES-12: while it is live, and forward only; what ended or was idle for too long comes back no more."""
    records.begin_session(session("a"))
    a, half = token_digest("a"), NOON + HOUR / 2
    assert records.note_activity(a, half, half + HOUR)
    assert records.note_activity(a, NOON + TICK, NOON + HOUR), "it is live, and what came later stands"
    found = records.session(a)
    assert found is not None
    assert (found.last_activity, found.idle_ends) == (half, half + HOUR)
    late = half + HOUR
    assert not records.note_activity(a, late, late + HOUR)
    assert records.end_session(a, half, "logout") == found
    assert not records.note_activity(a, half, half + HOUR)
    assert not records.note_activity(token_digest("none"), half, half + HOUR)


def test_activity_never_goes_beyond_the_age(records: Records) -> None:
    """SES-12: the absolute limit holds whatever is done."""
    records.begin_session(session("a"))
    at = NOON
    while records.note_activity(token_digest("a"), at, at + HOUR):
        at += HOUR - TICK
    assert NOON + 12 * HOUR <= at < NOON + 13 * HOUR


def test_one_session_ends(records: Records) -> None:
    """S76, SES-11: one of two goes alone, and once."""
    for name in ("a", "b"):
        records.begin_session(session(name))
    ended = records.end_session(token_digest("a"), NOON, "logout")
    assert ended == session("a")
    assert records.end_session(token_digest("a"), NOON, "logout") is None
    assert live(records, NOON) == [token_digest("b")]


def test_all_sessions_but_one_end(records: Records) -> None:
    """MFA-08: a changed factor ends the person's other sessions, and nobody else's."""
    for name, who in (("a", ADA), ("b", ADA), ("c", ADA), ("d", BOB)):
        records.begin_session(session(name, who))
    ended = records.end_sessions_of(ADA, NOON, "factors_changed", keep=token_digest("b"))
    assert {one.session for one in ended} == {token_digest("a"), token_digest("c")}
    assert set(live(records, NOON)) == {token_digest("b"), token_digest("d")}
    assert [one.person for one in records.live_sessions(NOON, BOB)] == [BOB]


ASKED = StepUpAsked(token=token_digest("t"), person=ADA, session=token_digest("a"), command="c" * 64)


def step_up() -> StepUp:
    return StepUp(
        **msgspec.structs.asdict(ASKED), proof="p" * 32, factor=FactorId("F-1"), created=NOON, expires=NOON + HOUR / 12
    )


Use = Callable[[Records, StepUpAsked, datetime], str | None]
both_ways = pytest.mark.parametrize("use", [Records.use_step_up, Records.take_step_up], ids=["marked", "taken away"])


@both_ways
def test_a_step_up_is_used_once(records: Records, use: Use) -> None:
    """S76, MFA-01: it gives its proof to one, also in parallel."""
    records.create_step_up(step_up())
    barrier, found = threading.Barrier(8), list[str | None]()

    def once() -> None:
        barrier.wait(60)
        found.append(use(records, ASKED, NOON))

    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found, key=str) == [None] * 7 + ["p" * 32]


@both_ways
@pytest.mark.parametrize(
    "changed",
    [{"token": "x"}, {"person": BOB}, {"session": "x"}, {"command": "d" * 64}],
    ids=["another token", "another person", "another session", "another command"],
)
def test_a_step_up_is_for_one_command_in_one_session(changed: dict[str, str], records: Records, use: Use) -> None:
    """S76, REQ-06: for nothing else, and it is not used up by the try."""
    records.create_step_up(step_up())
    assert use(records, msgspec.structs.replace(ASKED, **changed), NOON) is None
    assert use(records, ASKED, NOON) == "p" * 32


@both_ways
def test_a_step_up_holds_for_minutes(records: Records, use: Use) -> None:
    """S76, REQ-08: half-open; then it goes."""
    records.create_step_up(step_up())
    ends = NOON + HOUR / 12
    assert [use(records, ASKED, at) for at in (NOON - TICK, ends)] == [None, None]
    assert [records.delete_overdue_step_ups(at) for at in (ends - TICK, ends)] == [0, 1]
    assert use(records, ASKED, NOON) is None

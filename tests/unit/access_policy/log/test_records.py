"""Records: used once, counted right, and over exactly when they end."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from access_policy.log import LogStore, LogUnavailable, UnreadableLog
from access_policy.log.records import Factor, PendingKind, PendingLogin, Records, Session, token_digest
from access_policy.log.tables import factors
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.log.raw import stored_bytes
from tests.unit.access_policy.log.samples import NOON, Where, open_log

ADA, BOB = PersonId("P-1"), PersonId("P-2")
ONE, TWO = FactorId("F-1"), FactorId("F-2")
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def records(store: LogStore) -> Records:
    return store.records


def save(records: Records, factor: FactorId = ONE, person: PersonId = ADA, secret: str = "SECRET") -> None:
    records.save_pending_factor(factor, person, FactorKind.TOTP, secret, NOON)


def session(name: str, person: PersonId = ADA, begun: timedelta = timedelta()) -> Session:
    return Session(
        session=token_digest(name),
        person=person,
        begun=NOON + begun,
        factor_kind=FactorKind.TOTP,
        factor_at=NOON,
        zone=Zone.ANYWHERE,
        ends=NOON + HOUR,
    )


def pending(name: str = "nonce") -> PendingLogin:
    return PendingLogin(nonce=token_digest(name), person=ADA, created=NOON, expires=NOON + HOUR, kind=PendingKind.ENROL)


def test_factor(records: Records) -> None:
    """A factor is pending until it is activated, once."""
    save(records)
    expected = Factor(ONE, ADA, FactorKind.TOTP, None, 0, NOON, True)
    assert (records.factors_of(ADA), records.factors_of(BOB)) == ([expected], [])
    assert [records.activate_factor(ONE), records.activate_factor(ONE), records.activate_factor(TWO)] == [
        True,
        False,
        False,
    ]
    assert [factor.pending for factor in records.factors_of(ADA)] == [False]


def test_secret(records: Records, path: Path) -> None:
    """A secret opens in any process that has the keys; an unknown factor has none."""
    save(records)
    assert (open_log(path).records.factor_secret(ONE), records.factor_secret(TWO)) == ("SECRET", None)


@pytest.mark.parametrize("other", [ADA, BOB])
def test_swapped_secrets(store: LogStore, other: PersonId) -> None:
    """Two factors' secrets, swapped in the database, do not open (MFA-11)."""
    save(store.records)
    save(store.records, TWO, other, "OTHER")
    with store._database.write() as connection:
        secret = connection.scalar(select(factors.c.secret).where(factors.c.factor == TWO))
        connection.execute(update(factors).where(factors.c.factor == ONE).values(secret=secret))
    with pytest.raises(UnreadableLog, match="does not open"):
        store.records.factor_secret(ONE)


def test_step_once(records: Records) -> None:
    """A time step is accepted once, no earlier one after it, and it clears the failures (MFA-01)."""
    save(records)
    records.count_failure(ONE)
    assert [records.accept_step(ONE, step) for step in (10, 10, 9, 11)] == [True, False, False, True]
    assert [(factor.last_step, factor.failures) for factor in records.factors_of(ADA)] == [(11, 0)]
    assert not records.accept_step(TWO, 12)


def test_step_once_in_parallel(records: Records) -> None:
    """Of many that give the same code at once, one gets in (MFA-01)."""
    save(records)
    barrier = threading.Barrier(8)
    accepted: list[bool] = []

    def work() -> None:
        barrier.wait(60)
        accepted.append(records.accept_step(ONE, 10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(accepted) == [False] * 7 + [True]


def test_failures(records: Records) -> None:
    """Wrong codes are counted until a right one."""
    save(records)
    assert [records.count_failure(ONE), records.count_failure(ONE), records.count_failure(TWO)] == [1, 2, 0]
    assert records.accept_step(ONE, 10)
    assert records.count_failure(ONE) == 1


def test_delete_factor(records: Records) -> None:
    """A factor goes with its secret, and no other goes with it."""
    save(records)
    save(records, TWO)
    assert [records.delete_factor(ONE), records.delete_factor(ONE)] == [True, False]
    assert (records.factor_secret(ONE), records.factor_secret(TWO)) == (None, "SECRET")


def test_session_is_half_open(records: Records) -> None:
    """A session is live from its beginning up to, and not at, its end (S76)."""
    records.begin_session(session("a"))
    instants = [NOON - TICK, NOON, NOON + HOUR - TICK, NOON + HOUR]
    assert [records.newest_live_session(ADA, at) is not None for at in instants] == [False, True, True, False]
    assert records.newest_live_session(BOB, NOON) is None


def test_newest_session(records: Records) -> None:
    """Of several live sessions the one that began last counts."""
    records.begin_session(session("newer", begun=TICK))
    records.begin_session(session("older"))
    assert records.newest_live_session(ADA, NOON + TICK) == session("newer", begun=TICK)
    assert records.session(token_digest("older")) == session("older")
    assert records.session(token_digest("none")) is None


def test_end_sessions(records: Records) -> None:
    """A session ends once; ending a person's ends theirs only."""
    for each in (session("b"), session("c"), session("d", BOB)):
        records.begin_session(each)
    assert [each.session for each in records.end_sessions_of(ADA, NOON, "disabled")] == [
        each.session for each in sorted((session("b"), session("c")), key=lambda each: each.session)
    ]
    assert records.end_sessions_of(ADA, NOON + TICK, "again") == []
    ended = records.session(token_digest("b"))
    assert ended is not None
    assert (ended.ended_at, ended.ended_why) == (NOON, "disabled")
    assert [records.newest_live_session(who, NOON) for who in (ADA, BOB)] == [None, session("d", BOB)]


def test_overdue_sessions(records: Records) -> None:
    """Sessions whose time is over are handed out once, at the exact instant."""
    records.begin_session(session("a"))
    assert records.end_overdue_sessions(NOON + HOUR - TICK, "over") == []
    assert records.end_overdue_sessions(NOON + HOUR, "over") == [session("a")]
    assert records.end_overdue_sessions(NOON + HOUR, "over") == []


def test_pending_login(records: Records) -> None:
    """A pending login is found until it expires, and is used once."""
    records.create_pending_login(pending())
    digest = token_digest("nonce")
    assert records.pending_login(digest, NOON + HOUR - TICK) == pending()
    assert records.pending_login(digest, NOON + HOUR) is None
    assert records.pending_login("nonce", NOON) is None
    assert [records.delete_pending_login(digest), records.delete_pending_login(digest)] == [True, False]


def test_overdue_logins(records: Records) -> None:
    """Pending logins go when their time is over."""
    records.create_pending_login(pending())
    assert [records.delete_overdue_logins(NOON + HOUR - TICK), records.delete_overdue_logins(NOON + HOUR)] == [0, 1]


def test_tokens_are_not_stored(records: Records, where: Where) -> None:
    """What is stored holds the digest of a token and never the token (MFA-11)."""
    records.begin_session(session("a-session-token"))
    records.create_pending_login(pending("a-pending-nonce"))
    found = stored_bytes(where)
    assert token_digest("a-session-token").encode() in found
    assert (b"a-session-token" in found, b"a-pending-nonce" in found) == (False, False)


def test_same_token_twice(records: Records) -> None:
    """A token that is there already is refused in one line, and nothing changes."""
    records.begin_session(session("a"))
    with pytest.raises(LogUnavailable, match=r"UNIQUE constraint failed|duplicate key value"):
        records.begin_session(session("a", BOB))
    assert records.newest_live_session(BOB, NOON) is None

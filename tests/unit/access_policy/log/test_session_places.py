"""Where the browser of a session sits, as far as the records go: up to when it counts as inside."""

import threading
from datetime import timedelta

import msgspec
import pytest

from access_policy.log import LogStore
from access_policy.log.records import Records, Session, token_digest
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import PersonId
from tests.unit.access_policy.log.samples import NOON

ADA = PersonId("P-1")
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
A, B = token_digest("a"), token_digest("b")


@pytest.fixture
def records(store: LogStore) -> Records:
    """Return records with two sessions: one began inside, the other did not."""
    begun = Session(
        session=A, person=ADA, begun=NOON, factor_kind=FactorKind.TOTP, factor_at=NOON, zone=Zone.INSTITUTE,
        ends=NOON + 60 * MINUTE, last_activity=NOON, inside_until=NOON + MINUTE,
    )  # fmt: skip
    store.records.begin_session(begun)
    store.records.begin_session(msgspec.structs.replace(begun, session=B, zone=Zone.ANYWHERE, inside_until=None))
    return store.records


def inside_until(records: Records, digest: str = A) -> object:
    found = records.session(digest)
    assert found is not None
    return found.inside_until


def test_a_look_is_noted(records: Records) -> None:
    """NET-05: of one session, forward and back; where it began stays as it was."""
    assert (inside_until(records), inside_until(records, B)) == (NOON + MINUTE, None)
    assert records.note_place(A, NOON + MINUTE / 2, NOON + 2 * MINUTE)
    assert (inside_until(records), inside_until(records, B)) == (NOON + 2 * MINUTE, None)
    assert records.note_place(A, NOON + MINUTE, None)
    assert inside_until(records) is None
    found = records.session(A)
    assert found is not None
    assert found.zone is Zone.INSTITUTE


def test_a_session_that_is_over_is_nowhere_any_more(records: Records) -> None:
    """SES-11: neither one that ended nor one whose time is over, nor one that never was."""
    records.end_session(A, NOON, "logout")
    assert not records.note_place(A, NOON, NOON + 2 * MINUTE)
    assert not records.note_place(B, NOON + 60 * MINUTE, NOON + 61 * MINUTE)
    assert not records.note_place(token_digest("c"), NOON, NOON + MINUTE)
    assert (inside_until(records), inside_until(records, B)) == (NOON + MINUTE, None)


def test_a_session_of_an_older_release_has_no_place_yet(records: Records) -> None:
    """NET-05: the first thing that is done in it gives it one; PostgreSQL would refuse the row before."""
    c = token_digest("c")
    records.begin_session(
        Session(
            session=c, person=ADA, begun=NOON, factor_kind=FactorKind.TOTP, factor_at=NOON, zone=Zone.ANYWHERE,
            ends=NOON + 60 * MINUTE,
        )
    )  # fmt: skip
    assert not records.note_place(c, NOON, NOON + MINUTE)
    assert records.note_activity(c, NOON, NOON + 30 * MINUTE)
    assert records.note_place(c, NOON, NOON + MINUTE)


def test_a_stay_is_over_at_its_instant(records: Records) -> None:
    """NET-05: half-open, and told once; who was not inside, or ended, does not leave."""
    records.note_place(B, NOON, NOON + MINUTE)
    records.end_session(B, NOON, "logout")
    assert records.end_stays(NOON + MINUTE - TICK) == []
    assert [one.session for one in records.end_stays(NOON + MINUTE)] == [A]
    assert records.end_stays(NOON + 5 * MINUTE) == []
    assert inside_until(records) is None
    assert records.live_sessions(NOON + 5 * MINUTE) == [records.session(A)], "the session itself goes on"


def test_one_caller_is_told(records: Records) -> None:
    """NET-05: a move is on record once, also where two look at the same time."""
    told: list[Session] = []
    threads = [threading.Thread(target=lambda: told.extend(records.end_stays(NOON + MINUTE))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert [one.session for one in told] == [A]

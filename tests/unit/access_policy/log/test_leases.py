"""A lease has one holder, and who lost it writes nothing any more, on both databases (FLT-03)."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_policy.events import LogRead
from access_policy.log import LogStore
from access_policy.log.errors import LeaseLost
from tests.unit.access_policy.log.samples import ADMIN, SetClock, Where, add, open_log, registered

NAME, SECONDS = "warden", 5.0


@pytest.fixture
def other(store: LogStore, where: Where, clock: SetClock) -> Iterator[LogStore]:
    """Another process on the same log."""
    opened = open_log(where, clock)
    yield opened
    opened.close()


def _takes(store: LogStore, holder: str) -> bool:
    return store.leases.take(NAME, holder, SECONDS)


def test_a_lease_is_held_by_one_until_it_lapses(store: LogStore, other: LogStore, clock: SetClock) -> None:
    """POL-03: renewed, it goes on; not renewed, the next one has it from that instant on."""
    assert _takes(store, "one")
    assert not _takes(other, "other")
    clock.go(SECONDS - 1)
    assert _takes(store, "one")
    clock.go(SECONDS - 0.001)
    assert not _takes(other, "other")
    clock.go(0.001)
    assert _takes(other, "other")
    assert not _takes(store, "one")


def test_who_lost_it_writes_nothing(store: LogStore, other: LogStore, clock: SetClock) -> None:
    """FLT-03: neither facts nor observations nor records, however late; the new holder goes on."""
    assert _takes(store, "one")
    add(store, registered(1))
    clock.go(SECONDS)
    assert _takes(other, "other")
    with pytest.raises(LeaseLost, match="another process's by now"):
        add(store, registered(2))
    with pytest.raises(LeaseLost):
        store.observe(ADMIN, LogRead(what="all"))
    with pytest.raises(LeaseLost):
        store.records.end_overdue_sessions(clock(), "session_over")
    add(other, registered(2))
    assert (store.newest(), store.observation_head().size) == (2, 0)


def test_who_asks_for_it_in_vain_writes_nothing(store: LogStore, other: LogStore) -> None:
    """FLT-03: one that stands by."""
    assert _takes(other, "other")
    assert not _takes(store, "one")
    with pytest.raises(LeaseLost):
        add(store, registered(1))


def test_a_lapsed_lease_that_nobody_took_is_still_its_holders(store: LogStore, clock: SetClock) -> None:
    """FLT-03: there is nobody else who could have written."""
    assert _takes(store, "one")
    clock.go(10 * SECONDS)
    add(store, registered(1))
    assert _takes(store, "one")


def test_one_that_is_given_up_is_free_at_once(store: LogStore, other: LogStore) -> None:
    """POL-03: an orderly end costs no wait; and who gave it up writes nothing any more."""
    assert _takes(store, "one")
    store.leases.give_up()
    assert _takes(other, "other")
    with pytest.raises(LeaseLost):
        add(store, registered(1))


@pytest.mark.parametrize("orderly", [True, False], ids=["given up", "killed"])
def test_a_lease_of_a_clock_that_was_ahead_keeps_nobody_waiting(
    store: LogStore, other: LogStore, clock: SetClock, orderly: bool
) -> None:
    """FLT-12: once that clock is right again the next one acts at once, not when the time has come."""
    clock.go(10 * 3600.0)
    assert _takes(store, "one")
    if orderly:
        store.leases.give_up()
    clock.go(-10 * 3600.0)
    assert _takes(other, "other")
    with pytest.raises(LeaseLost):
        add(store, registered(1))


def test_who_acts_under_no_lease_is_not_held_to_one(store: LogStore, other: LogStore) -> None:
    """The hub and the desk write whoever the warden is."""
    assert _takes(other, "other")
    add(store, registered(1))
    assert store.newest() == 1


@given(steps=st.lists(st.tuples(st.sampled_from(["one", "other"]), st.floats(0, 2 * SECONDS), st.booleans())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_at_most_one_can_write(
    store: LogStore, other: LogStore, clock: SetClock, steps: list[tuple[str, float, bool]]
) -> None:
    """FLT-03: at any step of two processes that take, renew, stand still and write, whoever had it last can, alone."""
    stores = {"one": store, "other": other}
    last = _able(stores)  # what an earlier example left
    for who, passed, takes in steps:
        clock.go(passed)
        if takes and _takes(stores[who], who):
            last = [who]
        assert _able(stores) == last


def _able(stores: dict[str, LogStore]) -> list[str]:
    """Return who of those that asked for the lease can write; each tries."""
    return [who for who, each in stores.items() if each.leases.is_bound and _writes(each)]


def _writes(store: LogStore) -> bool:
    try:
        store.observe(ADMIN, LogRead(what="all"))
    except LeaseLost:
        return False
    return True

"""Erasures in the log: the key goes with the fact, from every process and from the files, and stays gone (E50)."""

import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, parse_command
from access_policy.log import LogStore, UntrustedCheckpoint
from access_policy.log.erased import apply_erased, erased_owners, read_erased, write_erased
from access_policy.log.keys import Keys
from access_policy.log.records import PendingKind, PendingLogin, Session, token_digest
from access_policy.log.tables import factors, pending_logins, sealing_keys, sessions
from access_policy.log.verify import verify
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from access_policy.model.texts import ERASED
from access_policy.use_cases import Done, Policy
from tests.unit.access_policy.erasing import asked_long_ago
from tests.unit.access_policy.log.samples import KEYS, NOON, ORIGIN, SetClock, add, disabled, open_log, registered
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    SIGNATORY,
    World,
    stepped_up,
)

WORDS = ("Rosa", "rosa@hospital.example")


def give(policy: Policy, name: str, who: PersonId, **arguments: object) -> Done:
    actor = stepped_up(Actor(person=who))
    outcome = policy.handle(parse_command(name, dict(arguments)), actor)
    assert not isinstance(outcome, Refusal), outcome
    return outcome


def erase(policy: Policy, who: PersonId) -> None:
    give(policy, "erase-person", ADMIN, person=who)
    with policy.reading() as state:
        waiting = state.last_proposal
    give(policy, "confirm-proposal", SECOND_ADMIN, proposal=waiting)


@pytest.fixture
def world() -> World:
    return asked_long_ago(RESEARCHER, SIGNATORY)


@pytest.fixture
def policy(world: World, store: LogStore, clock: SetClock) -> Policy:
    """Return a policy on a log with the facts of the world, and with the researcher's records beside it."""
    for fact in world.facts:
        clock.at = fact.at
        store.append(store.newest(), lambda at, fact=fact: [(fact.actor, fact.event)])  # type: ignore[misc]
    clock.at = world.at
    keep_records(store)
    return Policy(store)


def keep_records(store: LogStore) -> None:
    factor = FactorId("second")
    store.records.save_pending_factor(factor, RESEARCHER, FactorKind.TOTP, "JBSWY3DPEHPK3PXP", NOON)
    store.records.begin_session(
        Session(
            session=token_digest("t"),
            person=RESEARCHER,
            begun=NOON,
            factor_kind=FactorKind.TOTP,
            factor_at=NOON,
            zone=Zone.ANYWHERE,
            ends=NOON + DAY,
        )
    )
    store.records.create_pending_login(
        PendingLogin(
            nonce=token_digest("n"), person=RESEARCHER, created=NOON, expires=NOON + DAY, kind=PendingKind.LOGIN
        )
    )


def stored_key(store: LogStore, owner: str) -> bytes:
    with store.database.read() as connection:
        return bytes(connection.scalar(select(sealing_keys.c.wrapped).where(sealing_keys.c.owner == owner)) or b"")


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_everything_that_opens_the_name_goes(policy: Policy, store: LogStore, path: Path) -> None:
    """E50, MFA-11: key, factors, sessions and pending logins go with the fact, and none is left in the files."""
    key = stored_key(store, RESEARCHER)
    assert key in bytes_of(path)
    erase(policy, RESEARCHER)
    assert stored_key(store, RESEARCHER) == b""
    with store.database.read() as connection:
        for table in (factors, sessions, pending_logins):
            assert connection.execute(select(table).where(table.c.person == RESEARCHER)).all() == []
    found = bytes_of(path)
    assert [word for word in (key, *(word.encode() for word in WORDS)) if word in found] == []


def test_the_log_verifies_and_reads_on(policy: Policy, store: LogStore, path: Path) -> None:
    """E50: every row keeps its hash; whoever reads the log afterwards reads `[erased]` where the texts stood."""
    size = store.newest()
    erase(policy, RESEARCHER)
    erase(policy, SIGNATORY)
    assert verify(path, None, KEYS, ORIGIN).ok
    with Policy(open_log(path)).reading() as state:
        assert state.seq == size + 6
        assert state.people[RESEARCHER].name == ERASED
        assert (state.requests[OPEN].title, state.requests[OPEN].purpose) == (ERASED, ERASED)


def texts_of(policy: Policy) -> str:
    with policy.reading() as state:
        return repr(state)


def test_every_running_process_forgets(policy: Policy, path: Path, clock: SetClock) -> None:
    """E50: also a process that had read the name before, from its state and from its keys."""
    other = Policy(open_log(path, clock))
    assert all(word in texts_of(other) for word in WORDS)
    erase(policy, RESEARCHER)
    erase(policy, SIGNATORY)
    for one in (policy, other):
        assert [word for word in WORDS if word in texts_of(one)] == []
        assert one.store._keyring.known(RESEARCHER) is None
    with Policy(open_log(path, clock)).reading() as fresh, other.reading() as known:
        assert known == fresh


def test_nothing_personal_is_written_afterwards(policy: Policy, store: LogStore) -> None:
    """E50: a writer that overlooked the erasure is refused, and nothing is appended."""
    erase(policy, RESEARCHER)
    size = store.newest()
    with pytest.raises(ValueError, match="was erased"):
        add(store, disabled(3, "again"))
    assert store.newest() == size


def test_an_owner_without_a_key_gets_none_later(store: LogStore) -> None:
    """E50: whoever had no text yet, and so no key, is erased for good all the same."""
    assert apply_erased(store.database, ["P-1"]) == 1
    with pytest.raises(ValueError, match="was erased"):
        add(store, registered())


def test_the_list_is_applied_to_what_is_restored(policy: Policy, store: LogStore, path: Path, tmp_path: Path) -> None:
    """E50: back up, erase, restore with the keys of then: the list beside the checkpoints takes the name away again."""
    before = path.read_bytes()
    erase(policy, RESEARCHER)
    erase(policy, SIGNATORY)
    folder = tmp_path / "checkpoints"
    write_erased(folder, erased_owners(store.database), KEYS, ORIGIN)
    store.close()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.write_bytes(before)
    restored = open_log(path)
    owners = read_erased(folder, KEYS, ORIGIN)
    assert owners == {RESEARCHER, SIGNATORY, OPEN, RESTRICTED}
    apply_erased(restored.database, owners)
    assert apply_erased(restored.database, owners) == 0
    assert [word for word in WORDS if word in texts_of(Policy(restored))] == []


def test_the_list_only_grows(tmp_path: Path) -> None:
    """E50: who was listed once stays listed, and nothing is written where nothing is new."""
    first = write_erased(tmp_path, {"P-3"}, KEYS, ORIGIN)
    assert write_erased(tmp_path, set(), KEYS, ORIGIN) is None
    second = write_erased(tmp_path, {"P-4", "DR-1"}, KEYS, ORIGIN)
    assert first is not None and second is not None  # noqa: PT018
    assert read_erased(tmp_path, KEYS, ORIGIN) == {"P-3", "P-4", "DR-1"}
    assert (tmp_path / second).read_text().startswith(f"{ORIGIN}/erased\n3\nDR-1\nP-3\nP-4\n\n")


@pytest.mark.parametrize("place", [0, 20, 30, 60, -5], ids=["origin", "size", "owner", "signature", "end"])
def test_a_changed_list_is_not_trusted(tmp_path: Path, place: int) -> None:
    """AUD-03, AUD-10: one changed byte anywhere, and the list is refused."""
    path = tmp_path / str(write_erased(tmp_path, {"P-3"}, KEYS, ORIGIN))
    changed = bytearray(path.read_bytes())
    changed[place] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(UntrustedCheckpoint):
        read_erased(tmp_path, KEYS, ORIGIN)


def test_a_list_of_another_log_is_not_trusted(tmp_path: Path) -> None:
    """AUD-03: another installation's key, or another origin, makes another list."""
    write_erased(tmp_path, {"P-3"}, KEYS, ORIGIN)
    with pytest.raises(UntrustedCheckpoint):
        read_erased(tmp_path, KEYS, "sluis.example/other")
    others = Keys(b"m" * 32, b"l" * 32, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(UntrustedCheckpoint):
        read_erased(tmp_path, others, ORIGIN)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40))
def test_no_stored_byte_opens_to_the_name(scratch: Path, name: str) -> None:
    """E50: whatever the name is, after the erasure neither the files nor anything that opens holds it."""
    path, name = scratch / f"{secrets.token_hex(8)}.db", f"Ada Lovelace {name}"
    store = LogStore.create(path, KEYS, SetClock(), secrets.token_bytes)
    add(store, registered(1, name), disabled(1, name), registered(2, "Bram"))
    apply_erased(store.database, ["P-1"])
    with LogStore.open(path, KEYS, SetClock(), secrets.token_bytes).database.read() as connection:
        keys = connection.execute(select(sealing_keys.c.owner, sealing_keys.c.wrapped)).all()
    assert [owner for owner, wrapped in keys if wrapped is not None] == ["P-2"]
    events = [fact.event for fact in open_log(path).facts_since(0)]
    assert [event for event in events if name in repr(event)] == []
    assert name.encode() not in bytes_of(path)
    store.close()

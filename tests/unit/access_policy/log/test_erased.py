"""Erasures in the log: the key goes with the fact, from every process and from the files, and stays gone (E50)."""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, parse_command
from access_policy.events import LossAccepted, PersonErased
from access_policy.log import LogStore, UntrustedCheckpoint
from access_policy.log.database import unavailable
from access_policy.log.erased import (
    apply_erased,
    entries,
    erased_by_facts,
    lost_keys,
    read_erased,
    still_meant,
    write_erased,
)
from access_policy.log.keys import Keys
from access_policy.log.notes import sign_note
from access_policy.log.records import PendingKind, PendingLogin, Session, token_digest
from access_policy.log.tables import factors, pending_logins, sealing_keys, sessions
from access_policy.log.verify import verify
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from access_policy.model.texts import ERASED
from access_policy.state import Loss
from access_policy.use_cases import Done, Policy
from tests.unit.access_policy.erasing import asked_long_ago
from tests.unit.access_policy.log.samples import ADMIN as ADMIN_ACTOR
from tests.unit.access_policy.log.samples import (
    KEYS,
    NOON,
    ORIGIN,
    SetClock,
    Where,
    add,
    disabled,
    open_log,
    registered,
)
from tests.unit.access_policy.log.tampering import sql, tamper
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
    add(store, PersonErased(person=PersonId("P-1")))
    with pytest.raises(ValueError, match="was erased"):
        add(store, registered())


def test_the_list_is_applied_to_what_is_restored(policy: Policy, store: LogStore, path: Path, tmp_path: Path) -> None:
    """E50: back up, erase, restore with the keys of then: the list beside the checkpoints takes the name away again."""
    before = path.read_bytes()
    erase(policy, RESEARCHER)
    erase(policy, SIGNATORY)
    folder = tmp_path / "checkpoints"
    with policy.reading() as state:
        write_erased(folder, entries(state.erased, state.losses), KEYS, ORIGIN)
    store.close()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.write_bytes(before)
    restored = open_log(path)
    owners = still_meant(restored.database, read_erased(folder, KEYS, ORIGIN), {})
    assert owners == {RESEARCHER, SIGNATORY, OPEN, RESTRICTED}
    apply_erased(restored.database, owners)
    assert apply_erased(restored.database, owners) == 0
    assert [word for word in WORDS if word in texts_of(Policy(restored))] == []


def test_the_list_only_grows(tmp_path: Path) -> None:
    """E50: who was listed once stays listed, and nothing is written where nothing is new."""
    first = write_erased(tmp_path, {("P-3", 0)}, KEYS, ORIGIN)
    assert write_erased(tmp_path, set(), KEYS, ORIGIN) is None
    second = write_erased(tmp_path, {("P-3", 1), ("DR-1", 0)}, KEYS, ORIGIN)
    assert first is not None and second is not None  # noqa: PT018
    assert read_erased(tmp_path, KEYS, ORIGIN) == {("P-3", 0), ("P-3", 1), ("DR-1", 0)}
    assert (tmp_path / second).read_text().startswith(f"{ORIGIN}/erased\n3\nDR-1 0\nP-3 0\nP-3 1\n\n")


@pytest.mark.parametrize("line", ["P-3", "P-3 ", "P-3 00", "P-3 -1", "P-3 1 ", "X-3 0", " 0", "P-3 1000000"])
def test_a_line_of_another_form_is_not_trusted(tmp_path: Path, line: str) -> None:
    """AUD-03: also where it is signed."""
    note = sign_note(f"{ORIGIN}/erased\n1\n{line}\n", KEYS, f"{ORIGIN}/erased")
    (tmp_path / "erased-000000000001.txt").write_text(note)
    with pytest.raises(UntrustedCheckpoint, match="is no list of"):
        read_erased(tmp_path, KEYS, ORIGIN)


def test_a_key_that_somebody_took_is_not_signed_as_erased(policy: Policy, store: LogStore, where: Where) -> None:
    """AUD-11, E50: the list holds who was erased by a fact; a key that is gone without one is found, and not signed."""
    erase(policy, RESEARCHER)
    tamper(where, sql(f"UPDATE sealing_keys SET wrapped = NULL WHERE owner = '{SIGNATORY}'"))
    with policy.reading() as state:
        erased, losses = state.erased, state.losses
    assert entries(erased, losses) == {(RESEARCHER, 0)}
    assert erased_by_facts(store.database) == {RESEARCHER}
    assert lost_keys(store.database, erased) == [SIGNATORY]
    tamper(where, sql(f"DELETE FROM sealing_keys WHERE owner = '{SIGNATORY}'"))
    assert lost_keys(store.database, erased) == [SIGNATORY]


def test_the_instant_tells_in_which_history_somebody_was_erased() -> None:
    """AUD-02: a number may be given again after an accepted loss, so an entry says which history it is of."""
    losses = [Loss(epoch, 5, 9, 0, NOON + epoch * DAY) for epoch in (1, 2)]
    erased = {f"P-{number}": NOON + number * DAY - DAY / 2 for number in (1, 2, 3)}
    assert entries(erased, losses) == {("P-1", 0), ("P-2", 1), ("P-3", 2)}


def test_a_number_that_was_given_again_is_not_erased(store: LogStore) -> None:
    """E50, AUD-02: who got a lost number after an accepted loss is another one; whoever was kept is still meant."""
    loss = LossAccepted(kept=1, lost=2, epoch=1, observations=0)
    add(store, registered(1))
    listed = {("P-1", 0), ("P-2", 0), ("P-9", 0)}
    assert still_meant(store.database, listed, {}) == {"P-1", "P-2", "P-9"}
    add(store, loss)
    add(store, registered(2), registered(9))
    assert still_meant(store.database, {*listed, ("P-9", 1)}, {1: 1}) == {"P-1", "P-9"}
    assert still_meant(store.database, listed, {1: 1}) == {"P-1"}


def test_a_reader_only_puts_it_off(store: LogStore, path: Path) -> None:
    """E50: an erased key goes from the write-ahead log once nobody reads there, by the next look or at the close."""
    add(store, registered())
    key = stored_key(store, "P-1")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM facts").fetchone()
        add(store, PersonErased(person=PersonId("P-1")))
        store.scrub()
        assert key in bytes_of(path)
        other = open_log(path)
        assert len(list(other.facts_since(0))) == 2
        reader.execute("COMMIT")
        other.scrub()
        assert key not in bytes_of(path)
    other.close()


def test_it_is_put_off_to_the_close_at_most(store: LogStore, path: Path) -> None:
    """E50: whoever erased looks again when it closes the log, also while another one has it open."""
    add(store, registered())
    key, erasing, other = stored_key(store, "P-1"), open_log(path), sqlite3.connect(path, isolation_level=None)
    with closing(other):
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM facts").fetchone()
        add(erasing, PersonErased(person=PersonId("P-1")))
        other.execute("COMMIT")
        assert key in bytes_of(path)
        erasing.close()
        assert key not in bytes_of(path)


def test_a_disk_that_fails_afterwards_undoes_nothing(
    store: LogStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """E50, FLT-02: the erasure stands in the log, so it is told as done; the scrubbing is logged and tried again."""

    def fails() -> bool:
        raise unavailable("log", "disk I/O error", "check its disk")

    scrubbed: list[bool] = []

    def works() -> bool:
        scrubbed.append(True)
        return True

    add(store, registered())
    monkeypatch.setattr(store.database, "scrub", fails)
    (fact,) = store.append(1, lambda _at: [(ADMIN_ACTOR, PersonErased(person=PersonId("P-1")))])
    assert (fact.seq, store.newest()) == (2, 2)
    assert "what was erased may still lie in the log's files" in caplog.text
    monkeypatch.setattr(store.database, "scrub", works)
    store.scrub()
    store.scrub()
    assert scrubbed == [True]


@pytest.mark.parametrize("place", [0, 20, 30, 60, -5], ids=["origin", "size", "owner", "signature", "end"])
def test_a_changed_list_is_not_trusted(tmp_path: Path, place: int) -> None:
    """AUD-03, AUD-10: one changed byte anywhere, and the list is refused."""
    path = tmp_path / str(write_erased(tmp_path, {("P-3", 0)}, KEYS, ORIGIN))
    changed = bytearray(path.read_bytes())
    changed[place] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(UntrustedCheckpoint):
        read_erased(tmp_path, KEYS, ORIGIN)


def test_a_list_of_another_log_is_not_trusted(tmp_path: Path) -> None:
    """AUD-03: another installation's key, or another origin, makes another list."""
    write_erased(tmp_path, {("P-3", 0)}, KEYS, ORIGIN)
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

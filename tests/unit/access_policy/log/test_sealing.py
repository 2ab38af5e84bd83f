"""Seals: what is personal opens only where it belongs, and not at all once its key is gone."""

import secrets

import pytest
from sqlalchemy import delete, select, update

from access_policy.log import LogStore, UnreadableLog
from access_policy.log.sealing import Keyring, Sealer
from access_policy.log.tables import sealing_keys
from access_policy.model.texts import ERASED
from tests.unit.access_policy.log.raw import raw
from tests.unit.access_policy.log.samples import KEYS, Where, add, disabled, registered
from tests.unit.access_policy.log.tampering import tamper

PLACE = ("PersonDisabled", "reason")


def fresh(store: LogStore) -> LogStore:
    """Return the same log as a process sees it that remembers no key."""
    return LogStore(store._database, KEYS, secrets.token_bytes)


def test_seals_differ_each_time(store: LogStore) -> None:
    """The same text is never sealed into the same bytes, and opens to itself."""
    with store._database.write() as connection:
        sealer = store._keyring.on(connection)
        first, second = (sealer.seal("hush", "P-1", *PLACE) for _ in range(2))
        assert first != second
        assert sealer.open(first, "P-1", *PLACE) == sealer.open(second, "P-1", *PLACE) == "hush"


@pytest.mark.parametrize(
    ("owner", "place"),
    [
        ("P-2", PLACE),
        ("P-1", ("PersonRegistered", "reason")),
        ("P-1", ("PersonDisabled", "name")),
        ("P-1", ("PersonDisabledreason",)),
    ],
    ids=["person", "kind", "field", "joined"],
)
def test_moved_ciphertext_does_not_open(store: LogStore, owner: str, place: tuple[str, ...]) -> None:
    """A ciphertext under another person, kind or field does not open (MFA-11)."""
    with store._database.write() as connection:
        sealer = store._keyring.on(connection)
        sealer.seal("other", "P-2", *PLACE)
        sealed = sealer.seal("hush", "P-1", *PLACE)
        with pytest.raises(UnreadableLog, match="does not open"):
            sealer.open(sealed, owner, *place)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(40)])
def test_damaged_ciphertext(store: LogStore, sealed: bytes) -> None:
    """Damaged bytes are an error, never a blank text."""
    with store._database.write() as connection:
        sealer = store._keyring.on(connection)
        sealer.seal("hush", "P-1", *PLACE)
        with pytest.raises(UnreadableLog, match="`P-1 PersonDisabled reason` does not open"):
            sealer.open(sealed, "P-1", *PLACE)


@pytest.mark.parametrize("how", ["row gone", "key gone"])
def test_erased_owner(store: LogStore, where: Where, how: str) -> None:
    """Without their key a person's texts read as erased, and everybody else's stay."""
    add(store, registered(1), registered(2))
    mine = sealing_keys.c.owner == "P-1"
    change = update(sealing_keys).values(wrapped=None) if how == "key gone" else delete(sealing_keys)
    tamper(where, lambda connection: connection.execute(change.where(mine)))
    texts = [(fact.event.name, fact.event.email) for fact in fresh(store).facts_since(0)]  # type: ignore[attr-defined]
    assert texts == [(ERASED, ERASED), ("Ada Lovelace", "ada@hospital.example")]


def test_no_new_key_for_the_erased(store: LogStore, where: Where) -> None:
    """About an erased person nothing personal is written again, also by a process that remembers the key."""
    add(store, registered(1))
    tamper(where, lambda connection: connection.execute(update(sealing_keys).values(wrapped=None)))
    with pytest.raises(ValueError, match="`P-1` was erased"):
        add(store, disabled(1))
    assert store.newest() == 1


def test_swapped_sealing_keys(store: LogStore, where: Where) -> None:
    """Two people's wrapped keys, swapped in the database, do not open (MFA-11)."""
    add(store, registered(1), registered(2))
    with raw(where) as connection:
        rows = connection.execute(select(sealing_keys).order_by(sealing_keys.c.owner)).all()
        for owner, wrapped in (("P-1", rows[1].wrapped), ("P-2", rows[0].wrapped)):
            connection.execute(update(sealing_keys).where(sealing_keys.c.owner == owner).values(wrapped=wrapped))
    with pytest.raises(UnreadableLog, match="sealing key of `P-1` does not open"):
        list(fresh(store).facts_since(0))


def test_other_master_key(store: LogStore) -> None:
    """With another installation's keys the log does not open, and says so."""
    add(store, registered(1))
    with store._database.read() as connection, pytest.raises(UnreadableLog, match="use the key files of this log"):
        Sealer(Keyring(b"x" * 32, secrets.token_bytes), connection).open(b"", "P-1", *PLACE)


def test_keys_of_a_rolled_back_append(store: LogStore) -> None:
    """A key that was made in an append that failed is not remembered."""
    with pytest.raises(ValueError, match="holds a"):
        add(store, registered(1), disabled(1, "\x00"))
    add(store, registered(1))
    assert [fact.event for fact in fresh(store).facts_since(0)] == [registered(1)]

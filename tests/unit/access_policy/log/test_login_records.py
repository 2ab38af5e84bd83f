"""Half-finished logins: what a provider said opens for the browser that holds the nonce, and for nobody else."""

from datetime import timedelta

import msgspec
import pytest

from access_policy.log import LogStore
from access_policy.log.records import PendingKind, PendingLogin, Records, open_claims, token_digest
from access_policy.model.ids import PersonId
from tests.unit.access_policy.log.raw import stored_bytes
from tests.unit.access_policy.log.samples import NOON, Where

NONCE, CLAIMS = "a-random-nonce", '{"email": "noor@hospital.example"}'


@pytest.fixture
def records(store: LogStore) -> Records:
    return store.records


def waiting(records: Records, nonce: str = NONCE) -> PendingLogin:
    return PendingLogin(
        nonce=token_digest(nonce), person=PersonId(""), created=NOON, expires=NOON + timedelta(minutes=5),
        kind=PendingKind.WHO, provider="home", identity="id-noor", claims=records.seal_claims(nonce, CLAIMS),
    )  # fmt: skip


def test_what_the_provider_said_opens_with_the_nonce(records: Records, where: Where) -> None:
    """MFA-07, MFA-11: nothing of somebody whom nobody knows yet stands in clear, or in a cookie."""
    records.create_pending_login(waiting(records))
    found = records.pending_login(token_digest(NONCE), NOON)
    assert found is not None
    assert (found.provider, found.identity, found.person) == ("home", "id-noor", "")
    assert open_claims(NONCE, found) == CLAIMS
    stored = stored_bytes(where)
    assert (b"noor@hospital.example" in stored, NONCE.encode() in stored) == (False, False)


def test_nobody_else_opens_it(records: Records) -> None:
    """MFA-11: neither another browser, nor claims that were moved to another login, nor bytes that were changed."""
    mine, other = waiting(records), waiting(records, "another-nonce")
    assert open_claims("another-nonce", mine) is None
    assert open_claims(NONCE, msgspec.structs.replace(mine, claims=other.claims)) is None
    assert open_claims(NONCE, msgspec.structs.replace(mine, nonce=other.nonce)) is None
    for claims in (None, b"", b"short", (mine.claims or b"")[:-1] + b"\0"):
        assert open_claims(NONCE, msgspec.structs.replace(mine, claims=claims)) is None


def test_tries_are_counted(records: Records) -> None:
    """MFA-05: for each half login; one that is gone has none."""
    records.create_pending_login(waiting(records))
    assert [records.count_try(token_digest(NONCE)) for _ in range(3)] == [1, 2, 3]
    assert records.count_try(token_digest("none")) == 0

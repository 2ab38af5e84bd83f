"""Second factors as records: passkeys with their counters, recovery codes used once, names that are sealed."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.log import LogStore, LogUnavailable
from access_policy.log.records import NewFactor, Records, StepUp, StepUpAsked, token_digest
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from tests.unit.access_policy.log.raw import stored_bytes
from tests.unit.access_policy.log.samples import NOON, Where, add, registered

ADA, BOB = PersonId("P-1"), PersonId("P-2")
KEY, CODES = FactorId("passkey-1"), FactorId("recovery-1")
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def records(store: LogStore) -> Records:
    return store.records


def passkey(factor: FactorId = KEY, person: PersonId = ADA, credential: str = "c" * 64) -> NewFactor:
    return NewFactor(
        factor=factor, person=person, kind=FactorKind.PASSKEY, secret="A PUBLIC KEY", name="my telephone",
        credential=credential, sign_count=0,
    )  # fmt: skip


def in_parallel(work: Callable[[], bool]) -> list[bool]:
    """Do the same from eight threads at once; return the answers, sorted."""
    barrier, answers = threading.Barrier(8), list[bool]()

    def once() -> None:
        barrier.wait(60)
        answers.append(work())

    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(answers)


def test_a_passkey_is_found_by_its_credential(records: Records) -> None:
    """MFA-15: whoever's it is, so that nobody registers another one's; its public key opens as it was kept."""
    records.save_factor(passkey(), NOON)
    (factor,) = records.factors_of(ADA)
    assert records.factor_of_credential("c" * 64) == factor
    assert (factor.kind, factor.sign_count, factor.pending) == (FactorKind.PASSKEY, 0, True)
    assert records.factor_secret(KEY) == "A PUBLIC KEY"
    assert records.factor_of_credential("d" * 64) is None
    with pytest.raises(LogUnavailable, match=r"UNIQUE constraint failed|duplicate key value"):
        records.save_factor(passkey(FactorId("passkey-2"), BOB), NOON)


@pytest.mark.parametrize(
    ("before", "count", "accepted"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False), (None, 0, True)],
)
def test_a_counter_that_does_not_grow_is_a_copy(
    before: int | None, count: int, accepted: bool, records: Records
) -> None:
    """MFA-15, WebAuthn Level 3 6.1.1: only an authenticator that counts nothing stays at 0."""
    records.save_factor(NewFactor(factor=KEY, person=ADA, kind=FactorKind.PASSKEY, secret="K", sign_count=before), NOON)
    records.count_failure(KEY, NOON)
    assert records.accept_count(KEY, count, LATER) is accepted
    (factor,) = records.factors_of(ADA)
    assert (factor.sign_count, factor.failures, factor.last_used) == (
        (count, 0, LATER) if accepted else (before, 1, None)
    )


def test_a_counter_counts_once_in_parallel(records: Records) -> None:
    """MFA-15: of many that give the same signature at once, one gets in."""
    records.save_factor(passkey(), NOON)
    assert in_parallel(lambda: records.accept_count(KEY, 7, NOON)) == [False] * 7 + [True]


def test_failures_say_when(records: Records) -> None:
    """MFA-05: what backs off knows when the newest wrong answer came; a right one clears the run."""
    records.save_factor(passkey(), NOON)
    assert [records.count_failure(KEY, NOON), records.count_failure(KEY, LATER)] == [1, 2]
    assert [one.failed_at for one in records.factors_of(ADA)] == [LATER]
    assert [records.note_use(KEY, LATER), records.note_use(FactorId("other"), LATER)] == [True, False]
    assert [(one.failures, one.last_used) for one in records.factors_of(ADA)] == [(0, LATER)]
    assert records.count_failure(KEY, LATER) == 1
    records.forget_failures(KEY)
    assert [(one.failures, one.last_used) for one in records.factors_of(ADA)] == [(0, LATER)]


def test_a_time_step_says_when(records: Records) -> None:
    """MFA-01: a code that is accepted notes when the factor was used."""
    records.save_factor(NewFactor(factor=KEY, person=ADA, kind=FactorKind.TOTP, secret="S"), NOON)
    assert [records.accept_step(KEY, 9, LATER), records.accept_step(KEY, 9, LATER)] == [True, False]
    assert [one.last_used for one in records.factors_of(ADA)] == [LATER]


def test_names_are_sealed(records: Records, where: Where) -> None:
    """MFA-11, E50: what somebody calls a factor opens for their page, and stands nowhere in clear."""
    records.save_factor(passkey(), NOON)
    records.save_factor(NewFactor(factor=CODES, person=ADA, kind=FactorKind.RECOVERY, secret=""), NOON)
    assert records.factor_names(ADA) == {KEY: "my telephone"}
    assert [records.rename_factor(KEY, ADA, "the old one"), records.rename_factor(KEY, BOB, "mine")] == [True, False]
    assert (records.factor_names(ADA), records.factor_names(BOB)) == ({KEY: "the old one"}, {})
    found = stored_bytes(where)
    assert [text in found for text in (b"my telephone", b"the old one", b"A PUBLIC KEY")] == [False] * 3


def _codes(records: Records, *codes: str) -> None:
    records.save_recovery_codes(CODES, ADA, [token_digest(code) for code in codes])


def test_a_recovery_code_is_used_once(records: Records) -> None:
    """MFA-12: also in parallel; a code of another factor, or of nobody, is none."""
    records.save_factor(NewFactor(factor=CODES, person=ADA, kind=FactorKind.RECOVERY, secret=""), NOON)
    _codes(records, "one", "two")
    assert records.recovery_codes_left(CODES) == 2
    one = token_digest("one")
    assert in_parallel(lambda: records.accept_recovery_code(CODES, one, LATER)) == [False] * 7 + [True]
    assert records.recovery_codes_left(CODES) == 1
    assert not records.accept_recovery_code(KEY, token_digest("two"), LATER)
    assert not records.accept_recovery_code(CODES, token_digest("three"), LATER)
    assert [one.last_used for one in records.factors_of(ADA)] == [LATER]


def test_an_old_set_is_dead(records: Records, where: Where) -> None:
    """MFA-12, MFA-11: after a new one, and with the factor; no code stands in clear."""
    records.save_factor(NewFactor(factor=CODES, person=ADA, kind=FactorKind.RECOVERY, secret=""), NOON)
    _codes(records, "a-recovery-code")
    _codes(records, "another-recovery-code")
    assert not records.accept_recovery_code(CODES, token_digest("a-recovery-code"), NOON)
    assert b"another-recovery-code" not in stored_bytes(where)
    assert records.delete_factor(CODES)
    assert not records.accept_recovery_code(CODES, token_digest("another-recovery-code"), NOON)
    assert records.recovery_codes_left(CODES) == 0


def test_what_is_erased_leaves_no_factor(store: LogStore) -> None:
    """E50, MFA-11: recovery codes and step-ups go with the person's key, as their factors do; nobody else's do."""
    records = store.records
    for who, factor, credential in ((ADA, KEY, "c" * 64), (BOB, FactorId("passkey-2"), "d" * 64)):
        records.save_factor(passkey(factor, who, credential), NOON)
        records.save_recovery_codes(factor, who, [token_digest(who)])
        records.create_step_up(
            StepUp(
                token=token_digest(who), person=who, session="s", command="c", proof="p", factor=factor, created=NOON,
                expires=LATER,
            )
        )  # fmt: skip
    add(store, registered(1), e.PersonErased(person=ADA))
    asked = [StepUpAsked(token=token_digest(who), person=who, session="s", command="c") for who in (ADA, BOB)]
    assert (records.factors_of(ADA), records.recovery_codes_left(KEY)) == ([], 0)
    assert records.recovery_codes_left(FactorId("passkey-2")) == 1
    assert [records.use_step_up(one, NOON) for one in asked] == [None, "p"]

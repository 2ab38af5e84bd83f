"""Uploaded files against the facts that keep them: what is gone or changed is found before anybody reads (AUD-11)."""

import pytest

from access_policy.events import FileDropped, FileKept, PersonErased
from access_policy.log import LogStore, UnreadableLog
from access_policy.log.file_records import file_problems
from access_policy.model.enums import FileMedia, FilePurpose
from access_policy.model.ids import PersonId
from tests.unit.access_policy.log.samples import ADMIN, Where, add, registered
from tests.unit.access_policy.log.tampering import sql, tamper


def keep(store: LogStore, number: int, person: str) -> str:
    """Keep a file of a person; return its digest."""
    sealed = store.records.seal_file(person, "cv.pdf", b"bytes of %d" % number)
    kept = FileKept(
        file=number, person=PersonId(person), request=None, digest=sealed.digest, size=10,
        media=next(iter(FileMedia)), purpose=next(iter(FilePurpose)),
    )  # fmt: skip
    store.append(store.newest(), lambda _at: [(ADMIN, kept)], lambda records: records.store_file(sealed))
    return sealed.digest


@pytest.fixture
def kept(store: LogStore) -> list[str]:
    """The digests of four files of three people; one was taken back, the owner of another is erased."""
    add(store, *(registered(number) for number in (1, 2, 3)))
    digests = [keep(store, number, person) for number, person in enumerate(("P-1", "P-1", "P-2", "P-3"), 1)]
    add(store, FileDropped(file=2, digest=digests[1]))
    add(store, PersonErased(person=PersonId("P-3")))
    return digests


def test_nothing_is_missed_that_went_with_a_fact(store: LogStore, kept: list[str]) -> None:
    """E50: a file that was taken back, or whose owner is erased, is asked for by nobody."""
    assert len(kept) == 4
    assert file_problems(store.database) == []


def test_what_was_changed_or_deleted_is_named(store: LogStore, where: Where, kept: list[str]) -> None:
    """AUD-11: by number and owner, in order."""
    tamper(where, sql(f"UPDATE files SET content = x'' WHERE digest = '{kept[0]}'"))
    assert file_problems(store.database) == ["file `1` of `P-1` has other bytes than those that were sent"]
    tamper(where, sql(f"DELETE FROM files WHERE digest = '{kept[2]}'"))
    assert file_problems(store.database)[1:] == ["file `3` of `P-2` is gone"]


def test_content_of_another_type_is_no_file(store: LogStore, where: Where, kept: list[str]) -> None:
    """AUD-11: also where SQLite took a text for the bytes."""
    tamper(where, sql(f"UPDATE files SET content = 'text' WHERE digest = '{kept[0]}'"))
    assert file_problems(store.database) == ["file `1` of `P-1` has other bytes than those that were sent"]


def test_a_fact_that_cannot_be_read_is_named(store: LogStore, where: Where, kept: list[str]) -> None:
    """AUD-01: then nothing is known about the files."""
    assert kept
    tamper(where, sql("UPDATE facts SET payload = x'' WHERE seq = 4"))
    with pytest.raises(UnreadableLog, match="fact `4` cannot be read"):
        file_problems(store.database)

"""Uploaded files: evidence about a person, letters and CVs of a request (S18, S73, E24). The bytes are records.

The doors look at the bytes (size, kind, hash) before they give these commands; here stands who may, how many and how
much (INP-01), and who may read (REQ-03).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, OfPerson, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.model.enums import FileMedia, FilePurpose, RequestStatus, Role
from access_policy.model.ids import PersonId
from access_policy.standing import acts_as, signs_for
from access_policy.state import Request, State, Upload

LARGEST_FILE = 10_000_000
"""Bytes of one file, as it was sent."""
MOST_FILES = 20
MOST_BYTES = 50_000_000
"""How many files, and how many bytes in all, one person or one request may have."""
Size = Annotated[int, Meta(ge=1, le=LARGEST_FILE)]
_READERS_OF_PEOPLE = (Role.ADMIN, Role.AUDITOR)
_READERS_OF_REQUESTS = (
    Role.ADMIN, Role.AUDITOR, Role.DATA_ACCESS_OFFICE, Role.ASSESSOR, Role.BOARD_MEMBER, Role.REPRESENTATIVE,
)  # fmt: skip


class KeepFile(OfPerson, frozen=True, kw_only=True):
    """Keep a file as evidence about a person. The desk's upload gives it, since the bytes have to be there."""

    digest: Digest
    size: Size
    media: FileMedia
    purpose: FilePurpose = FilePurpose.EVIDENCE


class AttachFile(OfRequest, frozen=True, kw_only=True):
    """Attach a letter or a CV to a request. The desk's upload gives it, since the bytes have to be there."""

    digest: Digest
    size: Size
    media: FileMedia
    purpose: FilePurpose = FilePurpose.LETTER


class DropFile(Command, frozen=True, kw_only=True):
    """Take back a file that you sent, before anything rests on it; its bytes are deleted."""

    file: int


def keep_file(state: State, c: KeepFile, actor: Actor, at: datetime) -> Outcome:
    """S73, E24: by the person, or by an admin who got it."""
    kept = [one for one in state.uploads.values() if one.person == c.person]
    return _over(kept, c.digest, c.size) or (
        e.FileKept(
            file=state.last_upload + 1, person=c.person, request=None, digest=c.digest, size=c.size, media=c.media,
            purpose=c.purpose,
        ),
    )  # fmt: skip


def attach_file(state: State, c: AttachFile, actor: Actor, at: datetime) -> Outcome:
    """S18: by who takes part on the applicant's side."""
    kept = [one for one in state.uploads.values() if one.request == c.request]
    return _over(kept, c.digest, c.size) or (
        e.FileKept(
            file=state.last_upload + 1, person=None, request=c.request, digest=c.digest, size=c.size, media=c.media,
            purpose=c.purpose,
        ),
    )  # fmt: skip


def _over(kept: list[Upload], digest: str, size: int) -> Refusal | None:
    """INP-01: each stored file once, and a bound on number and bytes, however many send them."""
    if digest in {one.digest for one in kept}:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this file is kept already")
    if len(kept) >= MOST_FILES:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{MOST_FILES}` files are kept already; take one back first")
    if sum(one.size for one in kept) + size > MOST_BYTES:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"the files are more than `{MOST_BYTES}` bytes in all; send less")
    return None


def drop_file(state: State, c: DropFile, actor: Actor, at: datetime) -> Outcome:
    """REQ-04: only who sent it, and only while nobody has decided with it at hand; to others it is not there."""
    file = state.uploads.get(c.file)
    if file is None or file.by is None or file.by != actor.person:
        return Refusal(RefusalCode.NOT_FOUND, f"you sent no file `{c.file}`")
    if _rests_on(state, file):
        return Refusal(RefusalCode.WRONG_STATE, f"something rests on file `{c.file}` by now; it stays")
    return (e.FileDropped(file=c.file, digest=file.digest),)


def _rests_on(state: State, file: Upload) -> bool:
    """Say whether a request was handed in since, or a person checked or another login joined."""
    if file.request is not None:
        return state.requests[file.request].status is not RequestStatus.DRAFT
    checked = state.people[file.person].verification_changed if file.person is not None else None
    return checked is not None and checked >= file.kept


def reads_file(state: State, file: Upload, person: PersonId, at: datetime) -> bool:
    """Say whether a person may read a file: who sent it, whom it is about, and who checks such things (REQ-03)."""
    found = state.people.get(person)
    if found is None or found.disabled is not None:
        return False
    if file.person is not None:
        return person in (file.by, file.person) or _acts(state, person, _READERS_OF_PEOPLE, at)
    request = state.requests[file.request] if file.request is not None else None
    if request is None:
        return False
    return person == file.by or _takes_part(state, request, person, at) or _checks(state, request, person, at)


def _takes_part(state: State, request: Request, person: PersonId, at: datetime) -> bool:
    """A CV of one contact is for the applicant and the signatories, not for the other contacts."""
    applies = request.applicant == person and state.people[person].institution == request.institution
    return applies or bool(signs_for(state, request, person, at))


def _checks(state: State, request: Request, person: PersonId, at: datetime) -> bool:
    """A draft is nobody's yet but the applicant's side's."""
    return request.status is not RequestStatus.DRAFT and _acts(state, person, _READERS_OF_REQUESTS, at)


def _acts(state: State, person: PersonId, roles: Iterable[Role], at: datetime) -> bool:
    return any(acts_as(state, person, role, at) for role in roles)

"""Uploaded files: evidence about a person, letters and CVs of a request, and giving them out again (INP-01, REQ-03).

A file is looked at before it is kept, sealed, and stored with the fact that names its hash. It is given out as an
attachment that no page can open, to whom the permission table and `reads_file` let read it; each reading is recorded.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from access_policy import events as e
from access_policy.commands.base import Command, Refusal, name_of, parse_command
from access_policy.commands.files import LARGEST_FILE, reads_file
from access_policy.handle import handle
from access_policy.log.file_records import OpenedFile
from access_policy.model.enums import FileMedia
from access_policy.permissions import authorise
from access_policy.state import Upload
from hub_config.desk.desk import PREFIX, NotYours, View, Visit, Visiting
from hub_config.desk.errors import Refused
from hub_config.desk.give import check_stands, refused
from hub_config.desk.kinds import kind_of
from hub_config.desk.pages.do import check_token
from hub_config.desk.render import said
from hub_config.desk.sight import objection, offers, stands
from hub_config.uploads import FileRefused, inspect

router = APIRouter(prefix=PREFIX, tags=["desk"])

_ABOUT = {"person": "keep-file", "request": "attach-file"}
_MOST_AT_ONCE = asyncio.Semaphore(4)  # files that are held in memory
_SECONDS = 120  # for sending one, so that a slow line keeps nobody else out
_ENDING = {FileMedia.PDF: "pdf", FileMedia.PNG: "png", FileMedia.JPEG: "jpg", FileMedia.TEXT: "txt"}
ALONE = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of a file: where a browser opens it all the same, it runs nothing and loads nothing (INP-01)."""


@router.post("/api/v1/files")
async def send_file(request: Request, visit: Visiting) -> Response:
    """Keep a file: `multipart/form-data` with `file`, `person` or `request`, and `purpose`; answers with its number.

    The token stands in the header `X-CSRF-Token`, or in the field `_csrf`.
    """
    number, _ = await _received(request, visit)
    return JSONResponse({"file": number}, 201)


@router.post("/files", include_in_schema=False)
async def send_from_page(request: Request, visit: Visiting) -> Response:
    """Keep a file that was chosen on a page, and show that page again."""
    number, about = await _received(request, visit)
    return said(request, page_about(visit, about), f"File {number} is kept.")


@router.get("/api/v1/files/{number}")
def give_file(number: int, visit: Visiting) -> Response:
    """Give a file out, as an attachment, to whoever may read it; to anybody else there is none (REQ-03)."""
    with visit.reading() as view:
        file = view.state.uploads.get(number)
        if file is None or not reads_file(view.state, file, visit.person, view.at):
            raise NotYours
    opened = visit.desk.policy.records.file(file.digest)
    if opened is None:
        raise NotYours
    visit.desk.policy.observe(visit.actor, e.FileRead(file=number))
    return Response(opened.content, media_type=file.media.value, headers=_headers(file, opened))


def _headers(file: Upload, opened: OpenedFile) -> dict[str, str]:
    plain = f"file-{file.file}.{_ENDING[file.media]}"
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(opened.name, safe='')}"
    return {"Content-Disposition": disposition, "Content-Security-Policy": ALONE}


def files_of(view: View, **about: str) -> dict[str, Any]:
    """Return what a page shows of the files of a person or a request, and whether the visitor may send one."""
    (field, whose), kind = next(iter(about.items())), kind_of(_ABOUT[next(iter(about))])
    readable = [
        one
        for one in view.state.uploads.values()
        if getattr(one, field) == whose and reads_file(view.state, one, view.visit.person, view.at)
    ]
    names = view.visit.desk.policy.records.file_names([one.digest for one in readable]) if readable else {}
    dropping = {one.file: offers(view, (kind_of("drop-file"),), file=one.file) for one in readable}
    sends = stands(view, kind, about) and objection(view, kind, about) is None
    return {
        "files": readable, "names": names, "dropping": dropping, "sends": about if sends else None,
        "most": LARGEST_FILE,
    }  # fmt: skip


def page_about(visit: Visit, about: dict[str, str]) -> str:
    """Return the address of the page of a request or a person, of the visitor themselves where it is about them."""
    if "request" in about:
        return f"{PREFIX}/requests/{quote(about['request'], safe='')}"
    return f"{PREFIX}/me" if about["person"] == visit.person else f"{PREFIX}/people/{quote(about['person'], safe='')}"


async def _received(request: Request, visit: Visit) -> tuple[int, dict[str, str]]:
    async with _MOST_AT_ONCE:
        form = await _form(request)
        try:
            return await _taken(visit, request, form)
        finally:
            await form.close()


async def _taken(visit: Visit, request: Request, form: FormData) -> tuple[int, dict[str, str]]:
    check_token(visit, request.headers.get("x-csrf-token") or form.get("_csrf"))
    about = {name: str(form[name]) for name in _ABOUT if form.get(name)}
    sent = form.get("file")
    if len(about) != 1 or not isinstance(sent, UploadFile):
        raise Refused(422, "bad_request", "send one `file`, and either the `person` or the `request` it belongs to")
    request.state.back = page_about(visit, about)  # where a page says why it is refused
    content = await sent.read()
    purpose = {"purpose": str(form["purpose"])} if form.get("purpose") else {}
    number = await run_in_threadpool(_kept, visit, about, purpose, sent.filename or "", content)
    return number, about


async def _form(request: Request) -> FormData:
    """Read a form with one file into memory; nothing of it is ever written to a disk in clear."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refused(422, "bad_request", "send `multipart/form-data`")
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=8, max_part_size=8 * 1024)
    parser.spool_max_size = LARGEST_FILE + 1_000_000
    try:
        async with asyncio.timeout(_SECONDS):
            return await parser.parse()
    except (TimeoutError, MultiPartException, KeyError):
        raise Refused(422, "bad_request", "the form could not be read; send it again") from None
    except Exception:  # such as a body that went over its bound, which the parser leaves open
        for file in parser._files_to_close_on_error:
            file.close()
        raise


def _kept(visit: Visit, about: dict[str, str], purpose: dict[str, str], name: str, content: bytes) -> int:
    """Look at a file, seal it, and keep it with the fact that names its hash. Raises NotYours or Refused."""
    (owner,) = about.values()
    kind = kind_of(_ABOUT[next(iter(about))])
    _check_may(visit, kind, about)
    try:
        media = inspect(name, content)
        fields = {**about, **purpose, "size": len(content), "media": media.value}
        _check_wanted(visit, parse_command(name_of(kind), {**fields, "digest": "0" * 64}))
        sealed = visit.desk.policy.records.seal_file(owner, name, content)
        command = parse_command(name_of(kind), {**fields, "digest": sealed.digest})
    except FileRefused as error:
        visit.desk.policy.refused(visit.actor, name_of(kind), "not_allowed_value")
        raise Refused(422, "not_allowed_value", str(error)) from None
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from None
    outcome = visit.desk.policy.handle(command, visit.actor, lambda records: records.store_file(sealed))
    if isinstance(outcome, Refusal):
        raise refused(visit, command, outcome)
    return next(fact.event.file for fact in outcome.facts if isinstance(fact.event, e.FileKept))


def _check_may(visit: Visit, kind: type[Command], about: dict[str, str]) -> None:
    """Before the file is looked at: a stranger learns nothing, and makes nobody work (REQ-03)."""
    with visit.reading() as view:
        check_stands(view, kind, about)


def _check_wanted(visit: Visit, command: Command) -> None:
    """Before anything is sealed: whether it would be kept, a dry run of the pure core."""
    with visit.reading() as view:
        first = authorise(view.state, command, view.actor, view.at)
        outcome = first or handle(view.state, command, view.actor, view.at)
    if isinstance(outcome, Refusal):
        raise refused(visit, command, outcome)

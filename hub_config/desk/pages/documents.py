"""The texts that people are bound by or sent to, in all versions (S4, S29, S65, S70). Anybody may read them."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import PlainTextResponse, Response

from access_policy.model.enums import DocumentKind
from access_policy.state import Document, State
from hub_config.desk.desk import PREFIX, MaybeVisiting, NotYours, View, desk_of
from hub_config.desk.kinds import kind_of, kinds
from hub_config.desk.render import page
from hub_config.desk.sight import Offer, offers
from hub_config.texts import text_of

router = APIRouter(prefix=f"{PREFIX}/documents")


@router.get("")
def documents(request: Request, visit: MaybeVisiting) -> Response:
    """List every text in all versions, with language and hash: help, policies, licences (S4, S29, S70, S102)."""
    if visit is None:
        with desk_of(request).policy.reading() as state:
            return page(request, "documents.html", None, documents=_listed(state), actions=[])
    with visit.reading() as view:
        actions = offers(view, kinds("publish-document", "bind-document"))
        return page(request, "documents.html", view, documents=_listed(view.state), actions=actions)


def _listed(state: State) -> list[Document]:
    return [state.documents[kind] for kind in DocumentKind if kind in state.documents]


@router.get("/{digest}")
def text(request: Request, digest: Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]) -> Response:
    """Give one published text to anybody, licences too (S65). Raises NotYours where none of that hash is published."""
    desk = desk_of(request)
    with desk.policy.reading() as state:
        versions = [version for document in state.documents.values() for version in document.versions]
    if not any(digest in version.digests.values() for version in versions):
        raise NotYours
    found = text_of(desk.documents, digest)
    if found is None:
        return PlainTextResponse("The file of this text is not here; ask the help desk for it by its SHA-256.\n", 404)
    return PlainTextResponse(found)


def acceptances(view: View) -> dict[DocumentKind, list[Offer]]:
    """Return the texts that the visitor can accept, each with the form where its version in force is not accepted."""
    accept, me = kind_of("accept-document"), view.me
    found: dict[DocumentKind, list[Offer]] = {}
    for kind, document in view.state.documents.items():
        version = document.current.version
        offered = offers(view, (accept,), person=me.person, document=kind.value, version=version)
        acceptance = me.accepted.get(kind)
        if offered or acceptance is not None:
            settled = acceptance is not None and acceptance.version == version
            found[kind] = [] if settled else offered
    return found

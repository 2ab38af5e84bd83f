"""Texts that people are bound by or sent to, published in versions (S4, S24, S25, S29, S65, S70)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, Line, Outcome, Refusal, RefusalCode
from access_policy.model.enums import DocumentKind
from access_policy.state import State

_LANGUAGES = "bg|cs|da|de|el|en|es|et|fi|fr|ga|hr|hu|is|it|lt|lv|mt|nl|no|pl|pt|ro|sk|sl|sv"
Language = Annotated[str, Meta(pattern=rf"^({_LANGUAGES})\Z")]
"""A language of the European Economic Area, by ISO 639-1 (S25)."""
_FOR_TWO = frozenset({
    DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION, DocumentKind.LICENCE_EEA,
    DocumentKind.LICENCE_NON_EEA,
})  # fmt: skip
"""The texts of which a new binding version stops people at once."""


class PublishDocument(Command, frozen=True, kw_only=True):
    """Publish a version of a text in a language, by the SHA-256 of its bytes.

    A binding version has to be accepted or signed anew; one that is not only mends the wording. Of a licence, the code
    of conduct and the ban on tracing people only the first version is published as binding; then `bind-document` does.
    """

    document: DocumentKind
    version: Line
    language: Language
    title: Line
    digest: Digest
    binding: bool = True


class BindDocument(Command, frozen=True, kw_only=True):
    """Publish a new binding version of a text, by the SHA-256 of its bytes; another admin confirms.

    What was accepted or signed before counts no more. Further languages of it follow with `publish-document`.
    """

    document: DocumentKind
    version: Line
    language: Language
    title: Line
    digest: Digest


def publish_document(state: State, c: PublishDocument, actor: Actor, at: datetime) -> Outcome:
    """S25, S29: each version once; further languages of the newest version may follow.

    S24, REQ-09: what stops people who hold grants is not one person's to publish.
    """
    document = state.documents.get(c.document)
    versions = [] if document is None else document.versions
    if any(one.version == c.version for one in versions[:-1]):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` was published before")
    if versions and versions[-1].version == c.version and c.language in versions[-1].digests:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` is there in `{c.language}` already")
    if c.binding and c.document in _FOR_TWO and versions and versions[-1].version != c.version:
        text = f"a new version of `{c.document}` that binds needs a second person; use `bind-document`"
        return Refusal(RefusalCode.FOUR_EYES, text)
    return (
        e.DocumentPublished(
            document=c.document, version=c.version, language=c.language, title=c.title, digest=c.digest,
            binding=c.binding,
        ),
    )  # fmt: skip


def bind_document(state: State, c: BindDocument, actor: Actor, at: datetime) -> Outcome:
    """S24, S25, REQ-09: a version of its own, which a second person wanted too."""
    document = state.documents.get(c.document)
    if document is not None and any(one.version == c.version for one in document.versions):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` was published before; name the new one")
    return (
        e.DocumentPublished(
            document=c.document, version=c.version, language=c.language, title=c.title, digest=c.digest, binding=True
        ),
    )

"""Texts that people are bound by or sent to, published in versions (S4, S24, S25, S29, S65, S70)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, Line, Outcome, Refusal, RefusalCode
from access_policy.model.enums import DocumentKind
from access_policy.state import State

Language = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]


class PublishDocument(Command, frozen=True, kw_only=True):
    """Publish a version of a text in a language, by the SHA-256 of its bytes.

    A binding version has to be accepted or signed anew; one that is not only mends the wording.
    """

    document: DocumentKind
    version: Line
    language: Language
    title: Line
    digest: Digest
    binding: bool = True


def publish_document(state: State, c: PublishDocument, actor: Actor, at: datetime) -> Outcome:
    """S25, S29: each version once; further languages of the newest version may follow."""
    document = state.documents.get(c.document)
    versions = [] if document is None else document.versions
    if any(one.version == c.version for one in versions[:-1]):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` was published before")
    if versions and versions[-1].version == c.version and c.language in versions[-1].digests:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"version `{c.version}` is there in `{c.language}` already")
    return (
        e.DocumentPublished(
            document=c.document, version=c.version, language=c.language, title=c.title, digest=c.digest,
            binding=c.binding,
        ),
    )  # fmt: skip

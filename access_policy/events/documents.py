"""Events about texts: published in versions, each with its language and hash."""

from access_policy.events.base import FactEvent
from access_policy.model.enums import DocumentKind
from access_policy.model.texts import DigestText, ThingText, VersionText


class DocumentPublished(FactEvent, frozen=True, kw_only=True):
    """A version of a text in a language (S4, S24, S25, S29). `digest` is the SHA-256 of its bytes.

    `binding` says that what was accepted or signed before does not carry over to it (REQ-09).
    """

    document: DocumentKind
    version: VersionText
    language: VersionText
    title: ThingText
    digest: DigestText
    binding: bool

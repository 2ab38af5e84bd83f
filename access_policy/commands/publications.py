"""What came out of a grant: publications, with the acknowledgement that each has to carry (S69)."""

import re
import unicodedata
from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.email import normal_domain
from access_policy.state import State

ACKNOWLEDGEMENT = (
    "This publication and the underlying research are partly facilitated by Hartwig Medical Foundation and the Center "
    "for Personalized Cancer Treatment (CPCT) which have generated, analysed and made available data for this research."
)
"""What every publication carries at least (S69); pages offer it ready to copy."""

_DOI = re.compile(r"(?:doi:)?10\.[0-9]{4,9}(?:\.[0-9]+)*/[!-~]+", re.ASCII)
_RESOLVER = re.compile(r"^(?:doi:|https://(?:dx\.|www\.)?doi\.org/)", re.ASCII)
_URL = re.compile(r"https://([a-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#][!-~]*)?", re.ASCII)


class RecordPublication(OfRequest, frozen=True, kw_only=True):
    """Record a publication, with the acknowledgement as it stands in it. `link` is an https address or a DOI."""

    title: Line
    link: Line
    acknowledgement: Text


def record_publication(state: State, c: RecordPublication, actor: Actor, at: datetime) -> Outcome:
    """S69: each once, with a link that can be followed and the whole text, however its lines are broken."""
    request = state.requests[c.request]
    if _plain(c.title) in {_plain(title) for title in request.publications}:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"a publication of this title of `{c.request}` is recorded already")
    if not _is_link(c.link):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{c.link}` is neither an https address nor a DOI")
    if _target(c.link) in {_target(link) for link in request.publication_links}:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"a publication of this link of `{c.request}` is recorded already")
    if ACKNOWLEDGEMENT not in " ".join(c.acknowledgement.split()):
        return Refusal(RefusalCode.NOT_COMPLETE, f"the publication has to carry at least: `{ACKNOWLEDGEMENT}`")
    return (e.PublicationRecorded(request=c.request, title=c.title, link=c.link, acknowledgement=c.acknowledgement),)


def _plain(title: str) -> str:
    """Return a title as it is compared: case, white space, full stop and the form of its characters do not count."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split()).rstrip(" .")


def _target(link: str) -> str:
    """Return what a link leads to: a DOI is the same in capitals and behind its resolver; a fragment leads nowhere."""
    doi = _RESOLVER.sub("", link)
    if _DOI.fullmatch(doi):
        return doi.lower()
    return link.partition("#")[0].removesuffix("/")


def _is_link(text: str) -> bool:
    """Say whether a text is a DOI, or an https address of a named host, without a login in it."""
    address = _URL.fullmatch(text)
    if address is None:
        return _DOI.fullmatch(text) is not None
    try:
        normal_domain(address[1])
    except ValueError:
        return False
    return True

"""From a notice to a mail: the words of `templates/<language>/`, as plain text and as HTML of the same paragraphs.

The first line of a template is the subject. No value can bring a header, a second line or markup with it (ID-03,
SES-10): each is one line without control characters before it comes to a template, the HTML escapes all of it, and
headers are made by `email.policy.SMTP`, which refuses line ends. Links begin with the address in the settings, whatever
a request's Host said (SES-14). The same notice gives the same bytes each time, so their digest tells which it was.
"""

import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from access_policy.email import normal_email
from access_policy.log.outbox import Letter
from access_policy.model.ids import PersonId
from access_policy.model.texts import ERASED
from access_policy.notices import Notice, NoticeKind
from access_policy.state import State
from hub_config.settings import Contact

_HERE = Path(__file__).resolve().parent / "templates"
_LONGEST, _WIDTH = 120, 76
LANGUAGE = "en"

PAGES: Mapping[NoticeKind, str] = {
    NoticeKind.FACTOR_ADDED: "/services/desk/me",
    NoticeKind.FACTOR_REMOVED: "/services/desk/me",
    NoticeKind.FACTORS_RESET: "/services/desk/me",
    NoticeKind.FACTOR_CONFIRMED: "/services/desk/me",
    NoticeKind.LOGIN_ADDED: "/services/desk/me",
    NoticeKind.PERSON_VERIFIED: "/services/desk/me",
    NoticeKind.INVITED: "/services/desk/",
}
"""The notices that go out by mail, each with the page that its link leads to; there is a template for each."""


@dataclass(frozen=True)
class Origin:
    """From whom mails are: an address, whom people ask, and where their browsers find the pages (no path).

    `invitation` gives the end of the link to an invitation, by its number.
    """

    address: str
    contact: Contact
    url: str
    invitation: Callable[[int], str] | None = None

    def message_id(self, notice: str) -> str:
        """Return the Message-ID of a notice, the same each time that it is tried (RFC 5322, 3.6.4)."""
        return f"<{notice}@{self.address.rpartition('@')[2]}>"


def letter_of(state: State, notice: Notice, seq: int) -> Letter | None:
    """Return what goes into the outbox for a notice of the fact `seq`; None where nobody is to be reached by mail."""
    if notice.kind not in PAGES:
        return None
    stranger = "@" in notice.to
    person = state.people.get(PersonId(notice.to))
    address = notice.to if stranger else "" if person is None else person.email
    if address in ("", ERASED):
        return None
    content = {**dict(notice.values), "about": notice.about, "at": notice.at.isoformat()}
    owner = notice.about if stranger else notice.to
    return Letter(key=notice.key, seq=seq, owner=owner, template=notice.kind, address=address, content=content)


def mail_of(letter: Letter, notice: str, created: datetime, origin: Origin, language: str = LANGUAGE) -> EmailMessage:
    """Return the mail of a notice. Raises ValueError for an address that is none (ID-03)."""
    subject, paragraphs = _words(letter, origin, language)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(one_line(origin.contact.name), addr_spec=normal_email(origin.address))
    mail["To"] = Address(addr_spec=normal_email(letter.address))
    mail["Reply-To"] = Address(addr_spec=normal_email(origin.contact.email))
    mail["Subject"] = subject
    mail["Date"] = format_datetime(created)
    mail["Message-ID"] = origin.message_id(notice)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, so that no absence answers it
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_plain(paragraphs), cte="quoted-printable")
    mail.add_alternative(_html(subject, paragraphs, language), subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language  # last: what is set before goes with the plain text
    mail.set_boundary(f"=_{notice}")
    return mail


def one_line(text: str) -> str:
    """Return a text as one line, without control, formatting and private characters, and not without bound."""
    kept = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text[: 2 * _LONGEST])
    return " ".join(kept.split())[:_LONGEST]


def _words(letter: Letter, origin: Origin, language: str) -> tuple[str, list[str]]:
    values = {name: one_line(value) for name, value in letter.content.items()}
    link = origin.url.rstrip("/") + _page(letter, origin)
    shared = {"contact": one_line(origin.contact.name), "email": one_line(origin.contact.email), "link": link}
    environment = _environment(language)
    files = (f"{name}.txt" for name in (letter.template, "closing"))
    text = "\n\n".join(environment.get_template(file).render(**shared, **values) for file in files)
    subject, *paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    return subject, paragraphs


def _page(letter: Letter, origin: Origin) -> str:
    """Return where the link leads: that of an invitation to its own page, which nobody finds without it (S13, S31)."""
    number = letter.content.get("invitation", "")
    if letter.template == NoticeKind.INVITED and origin.invitation is not None and number.isdecimal():
        return f"/services/desk/invitation/{origin.invitation(int(number))}"
    return PAGES[NoticeKind(letter.template)]


def _plain(paragraphs: list[str]) -> str:
    filled = [textwrap.fill(one, _WIDTH, break_long_words=False, break_on_hyphens=False) for one in paragraphs]
    return "\n\n".join(filled) + "\n"


def _html(subject: str, paragraphs: list[str], language: str) -> str:
    return _environment(language).get_template("mail.html").render(
        subject=subject, paragraphs=paragraphs, language=language
    )  # fmt: skip


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_HERE / language, _HERE]), autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(time=_time, host=_host)
    return environment


def _time(text: str) -> str:
    """Return an instant as all languages read it."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")


def _host(text: str) -> str:
    """Return the host of a provider's address: that is its name, and no link."""
    try:
        return urlsplit(text).hostname or "the provider"
    except ValueError:
        return "the provider"

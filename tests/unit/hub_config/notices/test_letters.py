"""What a mail says, and that nothing which anybody wrote makes it say more (ID-03, SES-10, SES-14)."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log.outbox import Letter
from access_policy.model.enums import Capacity, FactorKind
from access_policy.notices import NoticeKind
from hub_config.notices.letters import PAGES, Origin, mail_of, one_line
from hub_config.settings import Contact

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = Origin("sluis@centre.example", Contact(name="The desk", email="desk@centre.example"), "https://sluis.example/")
VALUES: dict[NoticeKind, dict[str, str]] = {
    NoticeKind.FACTOR_ADDED: {"factor": "totp", "counts": "no"},
    NoticeKind.FACTOR_CONFIRMED: {"factor": "passkey"},
    NoticeKind.LOGIN_ADDED: {"provider": "https://login.example/realms/a"},
    NoticeKind.PERSON_VERIFIED: {"until": "2027-11-22T12:00:00Z"},
    NoticeKind.INVITED: {"capacity": "contact", "institution": "hospital", "invitation": "1"},
}
NASTY = "Ada\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>\u202e\x00 http://evil.example \u2028 x"


def letter(kind: NoticeKind, address: str = "ada@centre.example", **values: str) -> Letter:
    content = {"about": "DR-1", "at": "2026-11-22T12:00:00+00:00", **VALUES.get(kind, {}), **values}
    return Letter(key="k", seq=1, owner="P-3", template=kind, address=address, content=content)


def sent(kind: NoticeKind, origin: Origin = ORIGIN, **values: str) -> Any:
    """Return a mail as who reads it gets it."""
    return message_from_bytes(mail_of(letter(kind, **values), "abc", AT, origin).as_bytes(), policy=default)


def texts(mail: Any) -> tuple[str, str]:
    plain, html = mail.iter_parts()
    return plain.get_content().replace("\r\n", "\n"), html.get_content()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def links(html: str) -> _Links:
    parser = _Links()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("kind", PAGES, ids=str)
def test_each_notice_is_a_mail_in_two_forms(kind: NoticeKind) -> None:
    """S37: the same words as plain text and as HTML, with headers that say that a program wrote it (RFC 3834)."""
    mail = sent(kind)
    plain, html = texts(mail)
    expected = {
        "From": "The desk <sluis@centre.example>", "To": "ada@centre.example", "Reply-To": "desk@centre.example",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000", "Message-ID": "<abc@centre.example>",
        "Auto-Submitted": "auto-generated", "Content-Language": "en",
    }  # fmt: skip
    assert {name: str(mail[name]) for name in expected} == expected
    link = "https://sluis.example" + PAGES[kind]
    assert [line for line in plain.splitlines() if "://" in line] == [link]
    assert links(html).found == [link]
    assert "The desk" in plain
    assert "desk@centre.example" in plain
    assert " ".join(plain.split())[:40] in " ".join(html.split())
    assert all(len(line) <= 78 for line in plain.splitlines())
    assert "{" not in plain + html
    assert mail["Subject"]


def test_an_invitation_has_a_link_of_its_own() -> None:
    """ID-13, SES-14: below the address in the settings; its bits are the caller's, the same each time."""
    origin = Origin(ORIGIN.address, ORIGIN.contact, ORIGIN.url, lambda number: f"{number}-bits")
    plain, html = texts(sent(NoticeKind.INVITED, origin, invitation="7"))
    assert links(html).found == ["https://sluis.example/services/desk/invitation/7-bits"]
    assert links(html).found[0] in plain
    for odd in ("7/../x", "", "\u0667x", NASTY):
        _, html = texts(sent(NoticeKind.INVITED, origin, invitation=odd))
        assert links(html).found == ["https://sluis.example" + PAGES[NoticeKind.INVITED]]


@pytest.mark.parametrize("kind", PAGES, ids=str)
def test_the_same_notice_is_the_same_bytes(kind: NoticeKind) -> None:
    """AUD-08: so the digest in the log tells which mail it was, however often it was tried."""
    first, second = (mail_of(letter(kind), "abc", AT, ORIGIN).as_bytes() for _ in range(2))
    assert first == second
    assert first.count(b"\n") == first.count(b"\r\n")
    assert first.count(b"\r") == first.count(b"\r\n")


@pytest.mark.parametrize("kind", PAGES, ids=str)
def test_no_value_brings_a_header_or_markup(kind: NoticeKind) -> None:
    """ID-03, SES-10: whatever stands in a value, a name of the settings, or a provider's address."""
    origin = Origin("sluis@centre.example", Contact(name=NASTY, email="desk@centre.example"), ORIGIN.url)
    dates = {"until": "2027-11-22T12:00:00Z"}
    values = dict.fromkeys(VALUES.get(kind, {}), NASTY) | {"about": NASTY}
    mail = sent(kind, origin, **{name: dates.get(name, value) for name, value in values.items()})
    plain, html = texts(mail)
    assert mail["Bcc"] is None
    assert mail.get_all("To") == ["ada@centre.example"]
    assert "\n" not in mail["Subject"]
    assert set(links(html).found) == {"https://sluis.example" + PAGES[kind]}
    assert links(html).tags == {"html", "head", "meta", "title", "body", "p", "a"}
    assert not {"\u202e", "\x00", "\u2028"} & set(plain + html)


@pytest.mark.parametrize(
    "address",
    [
        '"a@hospital.example"@evil.example', "a@hospital.example,b@evil.example", "a@hospital.example\r\nBcc: b@c.nl",
        "a@hospital.example\0.evil.example", "<a@hospital.example>", "a b@hospital.example", "", "nobody",
    ],
)  # fmt: skip
def test_an_address_that_is_none_gets_no_mail(address: str) -> None:
    """ID-03: the attack's own list."""
    with pytest.raises(ValueError, match="is no e-mail"):
        mail_of(letter(NoticeKind.FACTORS_RESET, address), "abc", AT, ORIGIN)


@given(st.text(max_size=300))
def test_a_value_is_one_short_line(text: str) -> None:
    """SES-10."""
    line = one_line(text)
    assert len(line) <= 120
    assert line == " ".join(line.split())
    assert line.isprintable()


@pytest.mark.parametrize("provider", ["https://[", "", "https://user:pass@host.example:8443/path", "no address"])
def test_a_provider_is_named_by_its_host(provider: str) -> None:
    """SES-10: never as a link that anybody could follow."""
    plain, _ = texts(sent(NoticeKind.LOGIN_ADDED, provider=provider))
    assert ("host.example" if "host" in provider else "the provider") in plain
    assert "user:pass" not in plain


def test_every_word_has_its_words() -> None:
    """S76, S31: the kinds of factor and of part in a request are told in plain words."""
    for kind in FactorKind:
        assert "a second factor was added to the ways" not in texts(sent(NoticeKind.FACTOR_ADDED, factor=kind))[0]
    for capacity in Capacity:
        assert "to take part" not in texts(sent(NoticeKind.INVITED, capacity=capacity))[0]
    assert "It counts from now on." in texts(sent(NoticeKind.FACTOR_ADDED, counts="yes"))[0]

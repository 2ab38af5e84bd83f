"""Which mailboxes are nobody's own."""

import pytest

from access_policy.email import normal_domain, normal_email
from access_policy.mailboxes import PUBLIC, SHARED, is_public, is_shared

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "local",
    ["info", "admin", "postmaster", "no-reply", "noreply", "no_reply", "secretariaat", "info+trial", "help-desk"],
)
def test_the_mailbox_of_an_office_is_shared(local: str) -> None:
    """S73: several people read it, so it proves nobody."""
    assert is_shared(f"{local}@hospital.nl")


@pytest.mark.parametrize("local", ["rosa", "r.van.dam", "j.admin", "info.jansen", "testa", "i.t", "rosa+info"])
def test_the_mailbox_of_a_person_is_not(local: str) -> None:
    """S73."""
    assert not is_shared(f"{local}@hospital.nl")


@pytest.mark.parametrize("domain", ["gmail.com", "ziggo.nl", "mail.yahoo.co.uk", "yahoo.co.uk", "alias.fastmail.com"])
def test_a_domain_that_gives_mailboxes_to_anybody_is_public(domain: str) -> None:
    """S73: label by label, and below it too."""
    assert is_public(domain)


@pytest.mark.parametrize("domain", ["hospital.nl", "notgmail.com", "gmail.com.hospital.nl", "co.uk", "nl", "umcg.nl"])
def test_a_domain_of_an_institution_is_not(domain: str) -> None:
    """S73, ID-01: a suffix of letters is none of labels."""
    assert not is_public(domain)


def test_the_lists_are_in_the_form_that_is_compared() -> None:
    """ID-04, ID-05: what stands there otherwise would never be found."""
    assert {normal_domain(one) for one in PUBLIC} == PUBLIC
    assert {normal_email(f"{one}@hospital.nl").partition("@")[0] for one in SHARED} == SHARED

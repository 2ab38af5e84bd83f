"""People: registered, corrected, linked, moved, leaving, stopped, erased: what is recorded, and what is refused."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.base import parse_command
from access_policy.email import domain_of, normal_email
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.reasons import ReasonCode
from access_policy.rules import RULES, case_of
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    NOBODY,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    THIRD_ADMIN,
    World,
    begun,
    everything_holds,
    kinds,
)

NEL = {"name": "Nel", "email": "nel@hospital.example", "institution": "hospital"}


def test_a_person_is_registered_with_one_form_of_the_address() -> None:
    """ID-05, ID-08: the address is kept in one form, and the person is known by a number."""
    (event,) = everything_holds().do("register-person", ADMIN, **NEL | {"email": "Nel@HOSPITAL.example."})
    assert event == e.PersonRegistered(
        person=PersonId("P-13"), name="Nel", email="nel@hospital.example", institution=InstitutionName("hospital")
    )


@pytest.mark.parametrize(
    ("email", "code"),
    [
        (".@hospital.example", "not_allowed_value"),
        ("x@evil-hospital.example", "not_allowed_value"),
        ("x@hospital.example.evil.example", "not_allowed_value"),
        ("x@sub.hospital.example", "not_allowed_value"),
        ('"a@hospital.example"@evil.example', "not_allowed_value"),
        ("a@hospital.example,b@evil.example", "not_allowed_value"),
        ("a@h\u043espital.example", "not_allowed_value"),
        ("x@\uff28\uff2f\uff33\uff30\uff29\uff34\uff21\uff2c.example", "not_allowed_value"),
        ("x@hospita\u2113.example", "not_allowed_value"),
        ("x@ho\u017fpital.example", "not_allowed_value"),
        ("x@xn--hspital-0rf.example", "not_allowed_value"),
        ("x", "not_allowed_value"),
        ("@hospital.example", "not_allowed_value"),
        ("Rosa@Hospital.Example", "already_exists"),
        ("rosa@hospital.example.", "already_exists"),
    ],
    ids=[
        "ID-03 a lone dot", "ID-01 a suffix",
        "ID-02 a longer domain", "ID-02 a sub-domain", "ID-03 quoted", "ID-03 two addresses",
        "ID-04 Cyrillic o", "ID-04 full width", "ID-04 a script l", "ID-04 a long s", "ID-04 punycode", "no domain",
        "no mailbox", "ID-05 capitals", "ID-05 a trailing dot",
    ],
)  # fmt: skip
def test_an_address_is_refused(email: str, code: str) -> None:
    """ID-01 to ID-05, S16, S73: only a whole domain that the institution declared, and one account for an address."""
    assert everything_holds().refusal("register-person", ADMIN, **NEL | {"email": email}) == code


@pytest.mark.parametrize("text", ["a@hospital.example\r\nBcc: b@evil.example", "a@hospital.example\0.evil.example"])
def test_control_characters_never_reach_a_handler(text: str) -> None:
    """ID-03: a line break or a NUL in an address is no command at all."""
    with pytest.raises(ValueError, match="register-person"):
        everything_holds().attempt("register-person", ADMIN, **NEL | {"email": text})


@pytest.mark.parametrize("domain", ["gro\u00df.example", "\u212aelvin.example"], ids=["sharp s", "Kelvin sign"])
def test_a_letter_that_folds_into_ascii_is_another_domain(domain: str) -> None:
    """ID-04: what case folding would turn into ASCII letters is a different domain in IDNA, and is refused."""
    with pytest.raises(ValueError, match="no e-mail"):
        normal_email(f"x@{domain}")


def test_an_erased_address_has_no_domain() -> None:
    """E50: where the address was erased no domain is left that could count as institutional."""
    assert (domain_of("[erased]"), domain_of("x@hospital.example")) == ("", "hospital.example")


def test_a_person_of_an_unknown_institution_is_refused() -> None:
    """S73: people belong to an institution that is registered."""
    assert everything_holds().refusal("register-person", ADMIN, **NEL | {"institution": "nowhere"}) == "not_found"


def _link(**changed: Any) -> dict[str, Any]:
    return {"person": RESEARCHER, "identity": "id-3", "issuer": "https://idp.example", "subject": "rosa"} | changed


def test_an_identity_belongs_to_one_person_and_a_person_has_one() -> None:
    """ID-09: an identity is linked by an admin, once; neither it nor the person can be linked again."""
    world = everything_holds()
    assert kinds(world.do("link-identity", SECOND_ADMIN, **_link())) == [e.IdentityLinked]
    assert world.state.identities["id-3"] == RESEARCHER
    assert world.refusal("link-identity", SECOND_ADMIN, **_link(person=COLLEAGUE)) == "already_exists"
    assert world.refusal("link-identity", SECOND_ADMIN, **_link(identity="id-4")) == "already_exists"


def test_who_links_an_identity_is_not_who_verifies() -> None:
    """REQ-02, S73: one admin alone gives nobody's approval to a login of their own, in whatever order they try."""
    world = everything_holds()
    verification = {"person": RESEARCHER, "method": "in-person", "until": world.at + 400 * DAY, "evidence": "seen"}
    assert world.refusal("link-identity", ADMIN, **_link()) == "four_eyes"
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="who is this?")
    world.do("link-identity", ADMIN, **_link())
    assert world.refusal("verify-person", ADMIN, **verification) == "four_eyes"
    assert kinds(world.do("verify-person", SECOND_ADMIN, **verification)) == [e.PersonVerified]


@pytest.mark.parametrize("name", ["verify-person", "disable-person", "enable-person", "withdraw-verification"])
def test_an_unknown_person_is_not_found(name: str) -> None:
    """An admin is told that nobody has such an id."""
    world = everything_holds()
    arguments: dict[str, Any] = {"reason": "left"} if name in ("disable-person", "withdraw-verification") else {}
    if name == "verify-person":
        arguments = {"method": "in-person", "until": world.at + DAY, "evidence": "a passport"}
    assert world.refusal(name, ADMIN, person=NOBODY, **arguments) == "not_found"


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE], ids=["an admin", "the representative"])
def test_the_centre_stops_a_person_at_once(who: PersonId) -> None:
    """S94, ID-15: by either, once; either lets them act again."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "reason": "a question"}
    assert kinds(world.do("disable-person", who, **arguments)) == [e.PersonDisabled]
    assert world.refusal("disable-person", who, **arguments) == "wrong_state"
    assert kinds(world.do("enable-person", who, person=RESEARCHER)) == [e.PersonEnabled]
    assert world.refusal("enable-person", ADMIN, person=RESEARCHER) == "wrong_state"


def test_the_last_two_admins_cannot_be_stopped() -> None:
    """S94: two are left who can let people act again; nobody stops themselves."""
    world = everything_holds()
    assert world.refusal("disable-person", ADMIN, person=ADMIN, reason="x") == "four_eyes"
    world.do("disable-person", ADMIN, person=THIRD_ADMIN, reason="x")
    for who, admin in ((REPRESENTATIVE, ADMIN), (REPRESENTATIVE, SECOND_ADMIN), (ADMIN, SECOND_ADMIN)):
        assert world.refusal("disable-person", who, person=admin, reason="x") == "four_eyes"


@pytest.mark.parametrize("name", ["   ", "a\u200bb", "a\u202eb", "a\u009bb", "a\ud800"])
def test_a_name_is_seen_as_it_is_written(name: str) -> None:
    """ID-07: blank names, zero-width and direction marks and half characters are no command at all."""
    with pytest.raises(ValueError, match="name"):
        parse_command("register-person", {"name": name, "email": "a@hospital.example", "institution": "hospital"})


def test_an_address_is_put_right() -> None:
    """S16, ID-05: in one form; the old address is free again, and the new one is taken."""
    world = everything_holds()
    at = world.at
    (event,) = world.do("correct-email", ADMIN, person=RESEARCHER, email="Rosa.B@HOSPITAL.example.")
    assert event == e.EmailCorrected(person=RESEARCHER, email="rosa.b@hospital.example")
    assert (world.state.people[RESEARCHER].email, world.state.people[RESEARCHER].email_since) == (event.email, at)
    assert world.state.emails[event.email] == RESEARCHER
    assert "rosa@hospital.example" not in world.state.emails
    assert world.refusal("register-person", ADMIN, **NEL | {"email": event.email}) == "already_exists"
    world.do("register-person", ADMIN, **NEL | {"email": "rosa@hospital.example"})


def _since(world: World, code: ReasonCode) -> Any:
    (rule,) = [rule for rule in RULES if rule.code is code]
    return rule.evaluate(case_of(world.state, world.query())).since


def test_a_corrected_address_is_no_longer_the_one_in_the_form() -> None:
    """S16, S27: the grant rests until the form and the account agree again; both rules say since when."""
    world = everything_holds()
    at = world.at
    world.do("correct-email", ADMIN, person=RESEARCHER, email="rosa.b@hospital.example")
    assert world.decide().codes == (ReasonCode.CONTACT_EMAIL_DIFFERS,)
    assert _since(world, ReasonCode.CONTACT_EMAIL_DIFFERS) == at
    assert _since(world, ReasonCode.EMAIL_NOT_INSTITUTIONAL) == at
    world.do("correct-email", ADMIN, person=RESEARCHER, email="rosa@hospital.example")
    assert world.decide().allowed


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("rosa@centre.example", "not_allowed_value"),
        ("rosa@sub.hospital.example", "not_allowed_value"),
        ("rosa", "not_allowed_value"),
        ("cas@hospital.example", "already_exists"),
        ("CAS@hospital.example.", "already_exists"),
        ("rosa@hospital.example", "wrong_state"),
        ("Rosa@Hospital.example", "wrong_state"),
    ],
    ids=[
        "another institution's domain", "ID-02 a sub-domain", "no address", "somebody else's", "ID-05 somebody else's",
        "the same", "ID-05 the same",
    ],
)  # fmt: skip
def test_a_correction_is_refused(email: str, code: str) -> None:
    """S16, S73, ID-01 to ID-05: to an address of their own institution that is nobody else's, and another one."""
    assert everything_holds().refusal("correct-email", ADMIN, person=RESEARCHER, email=email) == code


def test_nobody_corrects_their_own_address() -> None:
    """S16: what the account rests on is checked by somebody else; a researcher corrects nobody's."""
    world = everything_holds()
    own = {"person": ADMIN, "email": "a@centre.example"}
    assert world.refusal("correct-email", ADMIN, **own) == "four_eyes"
    assert world.refusal("correct-email", RESEARCHER, **own) == "not_permitted"
    assert kinds(world.do("correct-email", SECOND_ADMIN, **own)) == [e.EmailCorrected]


def test_an_address_is_corrected_once_the_institution_is_registered() -> None:
    """S16, S73: the first admins come before the centre; without declared domains no address is institutional."""
    world = begun()
    assert world.refusal("correct-email", ADMIN, person=SECOND_ADMIN, email="b@centre.example") == "wrong_state"


def _join(**changed: Any) -> dict[str, Any]:
    return _link(identity="id-4", subject="r.bakker", evidence="a letter of the hospital") | changed


def test_a_second_identity_is_joined_by_two_with_evidence() -> None:
    """S73, E24: both identities lead to the one person; the evidence stands in the fact."""
    world = everything_holds()
    world.do("link-identity", SECOND_ADMIN, **_link())
    events = world.agree("join-identity", **_join())
    assert events[1:] == (e.IdentityLinked(**_join()),)
    assert (world.state.identities["id-3"], world.state.identities["id-4"]) == (RESEARCHER, RESEARCHER)
    assert world.state.people[RESEARCHER].identities == ["id-3", "id-4"]


def test_the_evidence_of_a_proposed_identity_is_sealed_with_the_persons_key() -> None:
    """E50: nothing personal stands open in the log while the second admin looks at it."""
    world = everything_holds()
    world.do("link-identity", SECOND_ADMIN, **_link())
    (event,) = world.do("join-identity", ADMIN, **_join())
    assert isinstance(event, e.CommandProposed)
    assert event.person == RESEARCHER
    assert "a letter of the hospital" in event.arguments


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"identity": "id-3"}, "already_exists"),
        ({"identity": "id-1"}, "already_exists"),
        ({"person": COLLEAGUE}, "wrong_state"),
        ({"person": NOBODY}, "not_found"),
    ],
    ids=["their own", "another person's", "a first identity", "nobody's"],
)
def test_a_second_identity_is_refused(changed: dict[str, Any], code: str) -> None:
    """S73, E24, ID-09: an identity belongs to one person for ever; the first one is linked, not joined."""
    world = everything_holds()
    world.do("link-identity", SECOND_ADMIN, **_link())
    assert world.refusal("join-identity", ADMIN, **_join(**changed)) == code


def test_an_identity_that_was_linked_meanwhile_is_not_joined() -> None:
    """E24: a proposal is decided again when it is confirmed."""
    world = everything_holds()
    world.do("link-identity", SECOND_ADMIN, **_link())
    world.do("join-identity", ADMIN, **_join())
    number = world.state.last_proposal
    world.do("link-identity", SECOND_ADMIN, **_link(person=COLLEAGUE, identity="id-4"))
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number) == "already_exists"

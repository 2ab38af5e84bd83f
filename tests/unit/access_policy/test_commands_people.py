"""People, identities, verification, stopping, roles and factors: what is recorded, and what is refused."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.base import parse_command
from access_policy.commands.people import is_admin
from access_policy.email import domain_of, normal_email
from access_policy.model.ids import InstitutionName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    NOBODY,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    STRANGER,
    THIRD_ADMIN,
    TRAINER,
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
    assert kinds(world.do("link-identity", ADMIN, **_link())) == [e.IdentityLinked]
    assert world.state.identities["id-3"] == RESEARCHER
    assert world.refusal("link-identity", ADMIN, **_link(person=COLLEAGUE)) == "already_exists"
    assert world.refusal("link-identity", ADMIN, **_link(identity="id-4")) == "already_exists"


@pytest.mark.parametrize("name", ["verify-person", "disable-person", "enable-person", "withdraw-verification"])
def test_an_unknown_person_is_not_found(name: str) -> None:
    """An admin is told that nobody has such an id."""
    world = everything_holds()
    arguments: dict[str, Any] = {"reason": "left"} if name in ("disable-person", "withdraw-verification") else {}
    if name == "verify-person":
        arguments = {"method": "in-person", "until": world.at + DAY}
    assert world.refusal(name, ADMIN, person=NOBODY, **arguments) == "not_found"


def test_a_person_is_verified_by_somebody_until_a_date() -> None:
    """S73: by whom, how, and until when; two years at most, and never for oneself."""
    world = everything_holds()
    until = world.at + 731 * DAY
    world.do("verify-person", SECOND_ADMIN, person=COLLEAGUE, method="signatory-letter", until=until)
    verification = world.state.people[COLLEAGUE].verification
    assert verification is not None
    assert (verification.by, verification.until) == (SECOND_ADMIN, until)


@pytest.mark.parametrize("days", [0, -1, 732], ids=["now", "in the past", "beyond two years"])
def test_a_verification_needs_an_end_in_range(days: int) -> None:
    """S73, REQ-11: a verification that never ends, or has ended, is none."""
    world = everything_holds()
    arguments = {"person": COLLEAGUE, "method": "in-person", "until": world.at + days * DAY}
    assert world.refusal("verify-person", ADMIN, **arguments) == "not_allowed_value"


def test_a_verification_is_withdrawn_once() -> None:
    """S73: there is nothing to withdraw where there is none."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "reason": "another person"}
    assert kinds(world.do("withdraw-verification", ADMIN, **arguments)) == [e.VerificationWithdrawn]
    assert world.refusal("withdraw-verification", ADMIN, **arguments) == "wrong_state"


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE], ids=["an admin", "the representative"])
def test_the_centre_stops_a_person_at_once(who: PersonId) -> None:
    """S94, ID-15: by either, once; an admin lets them act again."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "reason": "a question"}
    assert kinds(world.do("disable-person", who, **arguments)) == [e.PersonDisabled]
    assert world.refusal("disable-person", who, **arguments) == "wrong_state"
    assert kinds(world.do("enable-person", ADMIN, person=RESEARCHER)) == [e.PersonEnabled]
    assert world.refusal("enable-person", ADMIN, person=RESEARCHER) == "wrong_state"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"days": 0}, "not_allowed_value"),
        ({"days": 1828}, "not_allowed_value"),
        ({"role": "signatory"}, "not_allowed_value"),
        ({"role": "signatory", "scope": "centre"}, "not_allowed_value"),
        ({"role": "trainer", "scope": "cooking"}, "not_found"),
        ({"role": "admin", "scope": "privacy"}, "not_allowed_value"),
    ],
    ids=[
        "it ends now", "it ends in more than five years", "a signatory of nowhere",
        "a signatory of another institution", "a trainer of no course", "an admin of something",
    ],
)  # fmt: skip
def test_an_appointment_is_refused(changed: dict[str, Any], code: str) -> None:
    """Roles always end; a signatory signs for the institution that they work at (S34), a trainer trains in a course."""
    world = everything_holds()
    arguments: dict[str, Any] = {"role": "trainer", "days": 100} | changed
    until = world.at + arguments.pop("days") * DAY
    assert world.refusal("appoint-role", ADMIN, person=STRANGER, until=until, **arguments) == code


def test_a_role_ends_by_command() -> None:
    """A role is taken away now, and cannot be taken away twice."""
    world = everything_holds()
    assert kinds(world.do("end-role", ADMIN, person=TRAINER, role="trainer")) == [e.RoleEnded]
    assert world.refusal("end-role", ADMIN, person=TRAINER, role="trainer") == "wrong_state"


def test_two_admins_are_always_left() -> None:
    """Nobody could appoint another one: the last two stay, and one who is stopped does not count as left."""
    world = begun()
    assert world.refusal("end-role", ADMIN, person=SECOND_ADMIN, role="admin") == "four_eyes"
    world = everything_holds()
    world.do("disable-person", ADMIN, person=SECOND_ADMIN, reason="left")
    assert world.refusal("end-role", ADMIN, person=THIRD_ADMIN, role="admin") == "four_eyes"


def test_a_person_has_one_factor_until_it_is_reset() -> None:
    """S17, S76: a second one is refused; after a reset by two admins the next one is enrolled."""
    world = everything_holds()
    arguments = {"person": RESEARCHER, "factor": "second", "kind": "totp"}
    assert world.refusal("enrol-factor", HUB, **arguments) == "already_exists"
    assert kinds(world.agree("reset-factors", person=RESEARCHER)) == [e.ProposalConfirmed, e.FactorsReset]
    assert kinds(world.do("enrol-factor", HUB, **arguments)) == [e.FactorEnrolled]


def test_nothing_is_reset_where_there_is_nothing() -> None:
    """S76: a person without a factor has none to reset."""
    assert everything_holds().refusal("reset-factors", ADMIN, person=STRANGER) == "wrong_state"


def _enrolled() -> World:
    world = everything_holds()
    world.do("verify-person", ADMIN, person=COLLEAGUE, method="in-person", until=world.at + 100 * DAY)
    world.do("enrol-factor", HUB, person=COLLEAGUE, factor="first", kind="totp")
    return world


def test_only_the_verifier_confirms_a_factor_and_once() -> None:
    """S76: not another admin, not a factor that is not there, not twice."""
    world = _enrolled()
    arguments = {"person": COLLEAGUE, "factor": "first"}
    assert world.refusal("confirm-factor", SECOND_ADMIN, **arguments) == "not_permitted"
    assert world.refusal("confirm-factor", ADMIN, **arguments | {"factor": "other"}) == "not_found"
    assert kinds(world.do("confirm-factor", ADMIN, **arguments)) == [e.FactorConfirmed]
    assert world.refusal("confirm-factor", ADMIN, **arguments) == "wrong_state"


def test_a_verifier_who_is_no_admin_any_more_confirms_nothing() -> None:
    """S76: the right to confirm goes with the role; another admin verifies the person again first."""
    world = _enrolled()
    world.agree("appoint-role", person=STRANGER, role="admin", until=world.at + 100 * DAY)
    world.do("end-role", SECOND_ADMIN, person=ADMIN, role="admin")
    assert world.refusal("confirm-factor", ADMIN, person=COLLEAGUE, factor="first") == "not_permitted"


def test_the_last_admin_cannot_be_stopped() -> None:
    """S94: somebody is left who can let people act again; nobody stops themselves."""
    world = everything_holds()
    assert world.refusal("disable-person", ADMIN, person=ADMIN, reason="x") == "four_eyes"
    for admin in [one for one in world.state.people.values() if is_admin(one, world.at) and one.person != ADMIN]:
        world.do("disable-person", ADMIN, person=admin.person, reason="x")
    assert world.refusal("disable-person", REPRESENTATIVE, person=ADMIN, reason="x") == "four_eyes"


@pytest.mark.parametrize("name", ["   ", "a\u200bb", "a\u202eb", "a\u009bb", "a\ud800"])
def test_a_name_is_seen_as_it_is_written(name: str) -> None:
    """ID-07: blank names, zero-width and direction marks and half characters are no command at all."""
    with pytest.raises(ValueError, match="name"):
        parse_command("register-person", {"name": name, "email": "a@hospital.example", "institution": "hospital"})


@pytest.mark.parametrize("who", [COLLEAGUE, ADMIN, STRANGER], ids=["the person", "an admin", "a stranger"])
def test_only_the_login_enrols_a_factor(who: PersonId) -> None:
    """S17, MFA-13: no person records a factor, not even their own; the login does when it was proved."""
    world = everything_holds()
    code = world.refusal("enrol-factor", who, person=COLLEAGUE, factor="first", kind="totp")
    assert code == "not_permitted"

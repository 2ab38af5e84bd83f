"""The first day of a person at the desk: who waits, verifying, codes to hand over, logins of nobody, invitations."""

import re
from dataclasses import replace
from hashlib import sha256
from html import unescape
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import component
from access_policy.arrivals import login_reference
from access_policy.commands.base import Refusal, parse_command
from access_policy.model.codes import digest_of, normal_code
from access_policy.model.enums import Assurance, Component
from access_policy.model.ids import PersonId
from access_policy.state import Person
from hub_config.invitations import invitation_number, invitation_token
from tests.unit.hub_config.desk.seed import DESK, URL, XSS, Client, World

pytestmark = pytest.mark.unit

HUB = component(Component.HUB)
NOOR = {
    "name": "Noor de Vries", "email": "noor@hospital.example", "position": "PhD student", "field": "leukaemia",
    "identity": "a" * 64, "issuer": "https://idp.hospital.example", "subject": "noor",
}  # fmt: skip
EVIDENCE = "passport in a video call"
UNTIL = "2027-11-01T12:00"


def identity(issuer: str, subject: str) -> str:
    """What the desk makes of issuer and subject in these tests."""
    return sha256(f"{issuer} {subject}".encode()).hexdigest()


@pytest.fixture
def noor(world: World) -> str:
    """Somebody who registered at their first login, and has a factor that nobody confirmed."""
    outcome = world.policy.handle(parse_command("register-self", NOOR), HUB)
    assert not isinstance(outcome, Refusal), outcome
    with world.policy.reading() as state:
        number = state.emails["noor@hospital.example"]
    world.enrol(number, "totp-noor")
    return number


def client(world: World, who: str | None) -> Client:
    """A browser of somebody, of a desk that makes real HMACs."""
    made = world.client(who)
    app: Any = made.http.app
    app.state.desk = replace(app.state.desk, identity=identity)
    return made


def person(world: World, number: str) -> Person:
    """What the log knows of somebody."""
    with world.policy.reading() as state:
        return state.people[PersonId(number)]


def verify(browser: Client, number: str, **fields: Any) -> Any:
    """Fill in the form of a verification, and send it."""
    form = {"person": number, "method": "video-call", "assurance": "substantial", "until": UNTIL}
    return browser.post("/do/verify-person", {**form, "evidence": EVIDENCE, "_fixed": "person", **fields})


def test_an_admin_sees_everybody_who_waits(world: World, noor: str) -> None:
    """S73: who registered, what they said, and the way to the form; not who is verified."""
    page = client(world, "admin").get("/verify").text
    assert "Noor de Vries" in page
    assert "PhD student" in page
    assert f'href="{DESK}/do/verify-person?person={noor}"' in page
    assert "The researcher" not in page
    assert "The board" in page


def test_a_signatory_sees_their_own_people(world: World, noor: str) -> None:
    """S73, REQ-03: those of the institution that they sign for, and none of another one; the way is in the menu."""
    browser = client(world, "signatory")
    page = browser.get("/verify").text
    assert "Noor de Vries" in page
    assert "The board" not in page
    assert f'href="{DESK}/verify"' in browser.get("/").text
    assert "PhD student" in browser.get(f"/people/{noor}").text
    assert browser.get("/people/P-4").status_code == 404
    assert browser.get("/people").status_code == 404


@pytest.mark.parametrize("who", ["researcher", "stranger", "board", "office", "auditor", "trainer"])
def test_nobody_else_sees_the_queue(world: World, noor: str, who: str) -> None:
    """REQ-03, REQ-06."""
    browser = client(world, who)
    for path in ("/verify", "/logins", f"/logins/{'0' * 4}-0000-0000"):
        assert browser.get(path).status_code == 404
    assert f'href="{DESK}/verify"' not in browser.get("/").text


def test_the_form_shows_whom_it_is_about(world: World, noor: str) -> None:
    """S73, E26: name, address, what they said of themselves, and the factors to tick that were looked at."""
    page = client(world, "signatory").get(f"/do/verify-person?person={noor}").text
    for told in ("Noor de Vries", "noor@hospital.example", "PhD student", "leukaemia", "one-time codes, enrolled"):
        assert told in page
    assert re.search(r'type="checkbox" id="f-factors-1" name="factors" value="totp-noor">', page)
    assert re.search(r'name="evidence"[^>]* required>', page)


@pytest.mark.parametrize(
    ("who", "stated", "offered"),
    [
        ("admin", Assurance.LOW, "low"),
        ("admin", Assurance.HIGH, "high"),
        ("signatory", Assurance.HIGH, "substantial"),
        ("admin", None, "substantial"),
    ],
)
def test_the_level_begins_with_what_the_provider_stated(
    world: World, noor: str, who: str, stated: Assurance | None, offered: str
) -> None:
    """E26: as far as the verifier may give it; it is offered, and they decide."""
    login = world.log_in(noor)
    record = world.policy.records.session(login.session)
    assert record is not None
    given = msgspec.structs.replace(record, session="f" * 64, provider="hospital", assurance=stated)
    world.policy.records.begin_session(given)
    page = client(world, who).get(f"/do/verify-person?person={noor}").text
    assert f'<option value="{offered}" selected>' in page
    assert ("no level of assurance" if stated is None else stated.value) in page


def test_a_signatory_verifies_with_evidence_and_an_end(world: World, noor: str) -> None:
    """S73, S76, E26: what was looked at counts from now on; the evidence stands in the log."""
    browser = client(world, "signatory")
    answer = verify(browser, noor, factors="totp-noor")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/people/{noor}")
    known = person(world, noor)
    assert known.verification is not None
    assert (known.verification.by, known.verification.factors) == ("P-10", ("totp-noor",))
    assert known.factors["totp-noor"].confirmed is not None  # type: ignore[index]
    facts = [one.event for one in world.policy.store.facts_since(0) if isinstance(one.event, e.PersonVerified)]
    assert facts[-1].evidence == EVIDENCE
    assert "Noor de Vries" not in browser.get("/verify").text


def test_several_ticks_are_one_list(world: World, noor: str) -> None:
    """S76: each factor that was ticked; after a refusal all ticks are still there."""
    command = parse_command(
        "enrol-factor", {"person": noor, "factor": "passkey-1", "kind": "passkey", "vouched_by": "totp-noor"}
    )
    assert not isinstance(world.policy.handle(command, HUB), Refusal)
    browser = client(world, "signatory")
    refused = verify(browser, noor, factors=["totp-noor", "passkey-1"], evidence="", assurance="low")
    assert refused.status_code == 422
    assert refused.text.count('name="factors"') == refused.text.count(' checked><label for="f-factors') == 2
    assert verify(browser, noor, factors=["totp-noor", "passkey-1"]).status_code == 303
    assert all(one.confirmed is not None for one in person(world, noor).factors.values())


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"assurance": "high", "method": "in-person"}, "substantial"), ({"evidence": ""}, "evidence"),
     ({"until": "2036-01-01T12:00"}, "until"), ({"factors": "totp-other"}, "totp-other")],
    ids=["the highest level", "no evidence", "for ever", "a factor of nobody"],
)  # fmt: skip
def test_what_a_signatory_cannot_give(world: World, noor: str, fields: dict[str, str], says: str) -> None:
    """S73, E26: the core refuses, and the form says why."""
    answer = verify(client(world, "signatory"), noor, **fields)
    assert answer.status_code in (403, 404, 409, 422)
    assert says in answer.text
    assert person(world, noor).verification is None


@pytest.mark.parametrize("who", ["admin", "signatory"])
def test_nobody_verifies_without_evidence(world: World, noor: str, who: str) -> None:
    """S73: whoever does it, and by a program too; the form says what is missing and keeps the rest; blanks are none."""
    for evidence, told_so in (("", "evidence is missing"), ("   ", "evidence is blank")):
        answer = verify(client(world, who), noor, evidence=evidence)
        assert (answer.status_code, told_so in unescape(answer.text)) == (422, True)
        assert f'value="{UNTIL}"' in answer.text
    browser = client(world, who)
    body = {"person": noor, "method": "video-call", "until": world.until(100)}
    told = browser.http.post(
        f"{DESK}/api/v1/commands/verify-person", json=body, headers={"x-csrf-token": browser.token}
    )
    assert told.status_code == 422
    assert "`evidence` is missing" in told.text
    assert person(world, noor).verification is None


def test_nobody_verifies_people_of_another_institution_or_themselves(world: World, noor: str) -> None:
    """S73, ID-06: a signatory elsewhere sees no form; nobody's own either."""
    assert verify(client(world, "signatory"), "P-4").status_code == 404
    assert person(world, "P-4").verification is None
    assert verify(client(world, "signatory"), "P-10").status_code in (403, 404)


def code_in(page: Any) -> tuple[str, str]:
    """The code that a page shows, and the digest in its form."""
    code = re.search(r'<p class="secret">([A-Z2-7-]+)</p>', page.text)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page.text)
    assert code is not None, page.text
    assert digest is not None
    return code[1], digest[1]


def test_a_code_is_shown_once_and_handed_over(world: World, noor: str) -> None:
    """S76: 100 bits, of which the log learns the digest only; the person confirms their factor with it, once."""
    browser = client(world, "signatory")
    assert verify(browser, noor).status_code == 303
    queue = browser.get("/verify").text
    assert f"/do/issue-confirmation-code?person={noor}" in queue
    assert f"/do/confirm-factor?person={noor}&amp;factor=totp-noor" in unescape(queue).replace("&", "&amp;")
    first, second = (browser.get(f"/do/issue-confirmation-code?person={noor}") for _ in range(2))
    assert code_in(first)[0] != code_in(second)[0]
    code, digest = code_in(second)
    assert re.fullmatch(r"(?:[A-Z2-7]{4}-){4}[A-Z2-7]{4}", code)
    assert digest == digest_of(normal_code(code) or "")
    assert "Noor de Vries" in second.text
    answer = browser.post("/do/issue-confirmation-code", {"person": noor, "digest": digest, "_fixed": "person digest"})
    assert answer.status_code == 303
    assert code not in browser.get(f"/people/{noor}").text
    redeem = {"person": noor, "factor": "totp-noor", "code": code}
    mine = client(world, noor)
    assert mine.post("/do/redeem-confirmation-code", redeem).status_code == 303
    assert person(world, noor).factors["totp-noor"].confirmed is not None  # type: ignore[index]
    assert "No factor waits for you" in browser.get("/verify").text
    assert code_in(first)[1] != digest


def test_only_the_verifier_has_a_code(world: World, noor: str) -> None:
    """S76: another admin sees neither code nor form; before the verification there is nothing to hand over."""
    assert client(world, "admin").get(f"/do/issue-confirmation-code?person={noor}").status_code == 404
    assert verify(client(world, "signatory"), noor).status_code == 303
    assert client(world, "second-admin").get(f"/do/issue-confirmation-code?person={noor}").status_code == 404


def refuse(world: World, why: str, subject: str = "wim") -> str:
    """Let the hub refuse a login; return its reference."""
    mac = identity("https://login.example", subject)
    world.policy.observe(HUB, e.LoginRefused(identity=mac, why=why))
    return login_reference(mac)


def test_logins_of_nobody_are_listed_by_their_reference(world: World) -> None:
    """S73, ID-09: those that were tried and belong to nobody, with no subject; that it was read is recorded (E51)."""
    reference = refuse(world, "not_registered_already_exists")
    other = refuse(world, "unknown_identity", "xi")
    known = refuse(world, "second_factor_wrong", "yan")
    page = client(world, "admin").get("/logins").text
    assert reference in page
    assert other in page
    assert known not in page
    assert "an account that is there" in page
    reads = [one.event for one in world.policy.store.observations_since(0) if isinstance(one.event, e.LogRead)]
    assert reads[-1].what == "logins that belong to nobody"


def test_two_admins_join_a_login_that_was_tried(world: World) -> None:
    """S73, E24: issuer and subject have to be those of that login; then evidence, and another admin."""
    reference = refuse(world, "not_registered_already_exists")
    world.do("link-identity", "second-admin", person="P-9", identity="b" * 64, issuer="https://x", subject="colleague")
    admin = client(world, "admin")
    assert "https://login.example" in admin.get(f"/logins/{reference}").text
    told = {"issuer": "https://login.example", "subject": "wim", "person": "p-9"}
    for wrong in ({"subject": "wim2"}, {"issuer": "https://other.example"}, {"person": "P-99"}, {"person": XSS[:12]}):
        answer = admin.post(f"/logins/{reference}", told | wrong)
        assert answer.status_code == 422, wrong
        assert "<script>" not in answer.text
    answer = admin.post(f"/logins/{reference}", told)
    where = answer.headers["location"].removeprefix(DESK)
    assert where.startswith("/do/join-identity?person=P-9")
    form = admin.get(where)
    fields = dict(re.findall(r'type="hidden" name="(person|issuer|subject)" value="([^"]*)"', form.text))
    assert fields == {"person": "P-9", "issuer": "https://login.example", "subject": "wim"}
    assert admin.post("/do/join-identity", {**fields, "_fixed": "person issuer subject"}).status_code == 422
    proposed = admin.post("/do/join-identity", {**fields, "evidence": "both in the video call"})
    assert proposed.headers["location"] == f"{DESK}/proposals"
    with world.policy.reading() as state:
        number = state.last_proposal
        assert identity("https://login.example", "wim") not in state.identities
    second = client(world, "second-admin")
    assert second.post("/do/confirm-proposal", {"proposal": str(number)}).status_code == 303
    with world.policy.reading() as state:
        assert state.identities[identity("https://login.example", "wim")] == "P-9"
    assert reference not in admin.get("/logins").text
    assert admin.get(f"/logins/{reference}").status_code == 404


def test_a_first_login_is_linked_by_one_admin(world: World) -> None:
    """ID-09: who was registered by an admin, has no login yet and never had a role."""
    reference = refuse(world, "not_registered_already_exists")
    told = {"issuer": "https://login.example", "subject": "wim", "person": "P-11"}
    answer = client(world, "second-admin").post(f"/logins/{reference}", told)
    assert "/do/link-identity?person=P-11" in answer.headers["location"]


def test_the_one_way_to_link_a_login_is_offered(world: World) -> None:
    """ID-09, E24: the first one of somebody without a role; else the one by two admins."""
    admin = client(world, "admin")
    for number, offered, other in (("P-11", "link", "join"), ("P-4", "join", "link")):
        page = admin.get(f"/people/{number}").text
        assert f"/do/{offered}-identity?person={number}" in page
        assert f"/do/{other}-identity" not in page


@pytest.mark.parametrize(
    ("command", "fields", "fact"),
    [
        ("correct-name", {"name": "Chris de Vries"}, e.NameCorrected),
        ("correct-email", {"email": "c.vries@hospital.example"}, e.EmailCorrected),
        ("move-person", {"institution": "centre", "email": "c.vries@centre.example"}, e.PersonMoved),
    ],
)
def test_names_and_addresses_change_by_a_fact(
    world: World, command: str, fields: dict[str, str], fact: type[e.Event]
) -> None:
    """S16, S33, S73: at the desk, by an admin; the person's page says it at once."""
    admin = client(world, "admin")
    assert f'href="{DESK}/do/{command}?person=P-9"' in admin.get("/people/P-9").text
    assert admin.get(f"/do/{command}?person=P-9").status_code == 200
    assert admin.post(f"/do/{command}", {"person": "P-9", **fields}).status_code == 303
    assert isinstance(list(world.policy.store.facts_since(0))[-1].event, fact)
    for value in fields.values():
        assert value in admin.get("/people/P-9").text.lower() or value in admin.get("/people/P-9").text
    assert client(world, "researcher").get(f"/do/{command}?person=P-9").status_code == 404


def test_an_address_that_differs_is_shown_until_it_is_mended(world: World) -> None:
    """S16, S73: to the admins, without the address."""
    world.policy.observe(HUB, e.LoginAddressDiffered(person=PersonId("P-9")))
    admin = client(world, "admin")
    assert "The colleague" in admin.get("/logins").text
    world.clock.go(minutes=1)
    world.do("correct-email", "admin", person="P-9", email="c.colleague@hospital.example")
    assert "The colleague" not in admin.get("/logins").text


def test_what_comes_next_stands_on_the_first_page(world: World, noor: str) -> None:
    """S97: the steps that are left for the person, with who can take each; none where nothing is left."""
    mine = client(world, noor)
    for path in ("/", "/me"):
        page = mine.get(path).text
        assert "What comes next for you" in page
        steps = re.findall(r"<li>(.*?) <div", page.partition('id="ahead"')[2].partition("</ol>")[0])
        assert "Nobody has verified who you are" in steps[0]
        assert any("Your second factor does not count yet" in one for one in steps)
        assert any("course" in one for one in steps)
    assert "What comes next for you" not in world.client("researcher").get("/").text


def test_what_somebody_can_do_themselves_has_a_door(world: World, noor: str) -> None:
    """S97: to the texts, and to their second factors; once a code was handed over, to where it is given."""
    mine = client(world, noor)
    page = mine.get("/").text
    assert f'<a href="{DESK}/me#texts">Read and accept it</a>' in page
    assert f'<a href="{URL}/hub/factors">Your second factors</a>' in page
    assert verify(client(world, "signatory"), noor).status_code == 303
    world.do("issue-confirmation-code", "signatory", person=noor, digest=digest_of("A" * 20))
    assert f'<a href="{URL}/hub/factors">Give the code that you got</a>' in mine.get("/").text
    world.clock.go(days=7)
    assert "Give the code" not in client(world, noor).get("/").text


@pytest.fixture
def invited(world: World) -> int:
    """Somebody of an institution without an agreement whom the office invited; the number of the invitation."""
    world.do("register-institution", "admin", institution="clinic", name="Clinic", country="NL",
             domains=["clinic.example"])  # fmt: skip
    world.intake("nina@clinic.example")
    with world.policy.reading() as state:
        request = list(state.requests)[-1]
    world.do("answer-intake", "office", request=request, institution="clinic")
    with world.policy.reading() as state:
        return list(state.invitations)[-1]


def register_nina(world: World, invited: int) -> str:
    """Let her come in with her invitation."""
    given = {"invitation": invited, "name": "Nina Jansen", "email": "nina@clinic.example", "position": "oncologist",
             "identity": "c" * 64, "issuer": "https://idp.clinic.example", "subject": "nina"}  # fmt: skip
    outcome = world.policy.handle(parse_command("register-invited", given), HUB)
    assert not isinstance(outcome, Refusal), outcome
    with world.policy.reading() as state:
        number = state.emails["nina@clinic.example"]
    world.enrol(number, "totp-nina")
    return number


def test_the_link_of_an_invitation(world: World, invited: int) -> None:
    """S13, S31, ID-13: which request, what comes next; no address, no login needed, and opening it changes nothing."""
    token = invitation_token(identity, invited)
    before = world.policy.store.newest(), world.policy.store.observation_head().size
    page = client(world, None).get(f"/invitation/{token}")
    assert page.status_code == 200
    for told in ("DR-4", "as its applicant", "Clinic", "What comes next"):
        assert told in page.text
    assert "nina@" not in page.text
    assert (world.policy.store.newest(), world.policy.store.observation_head().size) == before


@pytest.mark.parametrize(
    "other",
    [lambda one: one[:-1] + ("0" if one[-1] != "0" else "1"), lambda one: f"2{one[1:]}", lambda one: one[:20],
     lambda one: "1-" + "0" * 32, lambda one: one.upper() + "x", lambda one: "1"],
    ids=["a sign", "another number", "half of it", "a guess", "longer", "no bits"],
)  # fmt: skip
def test_nobody_guesses_a_link(world: World, invited: int, other: Any) -> None:
    """ID-13, REQ-03: at least 128 bits; each other one looks like one that never was."""
    token = invitation_token(identity, invited)
    assert len(token.partition("-")[2]) * 4 == 128
    assert invitation_number(identity, token) == invited
    assert client(world, None).get(f"/invitation/{other(token)}").status_code == 404


def test_an_invitation_that_was_taken_up_says_so(world: World, invited: int) -> None:
    """ID-13: the link opens nothing, before as after; it is no token that could be used twice."""
    nina = register_nina(world, invited)
    mine = client(world, nina)
    form = {"invitation": str(invited), "title": "Survival", "purpose": "which treatment helps"}
    assert mine.post("/do/accept-invitation", form).status_code == 303
    page = client(world, None).get(f"/invitation/{invitation_token(identity, invited)}")
    assert "was taken up" in page.text


def test_who_was_invited_reaches_their_request_and_nothing_else(world: World, invited: int) -> None:
    """S31, S72: of an institution that is not trusted: the form and its signing; no other request, list or area."""
    nina = register_nina(world, invited)
    mine = client(world, nina)
    assert "You are invited to DR-4 as its applicant" in mine.get("/").text
    assert "/do/open-request" not in mine.get("/").text
    answer = mine.post("/do/open-request", {"title": "Mine", "purpose": "more"})
    assert answer.status_code in (403, 404)
    form = {"invitation": str(invited), "title": "Survival", "purpose": "which treatment helps"}
    assert mine.post("/do/accept-invitation", form).headers["location"] == f"{DESK}/requests/DR-4"
    assert mine.get("/requests/DR-4").status_code == 200
    assert mine.get("/do/describe-request?request=DR-4").status_code == 200
    listed = mine.get("/requests").text
    assert "DR-4" in listed
    for other in ("DR-1", "DR-2", "DR-3"):
        assert other not in listed
        assert mine.get(f"/requests/{other}").status_code == 404
    for path in ("/people", "/people/P-8", "/courses", "/institutions", "/countries", "/workspaces", "/proposals",
                 "/log", "/verify", "/logins"):  # fmt: skip
        assert mine.get(path).status_code == 404, path


def test_what_somebody_said_of_themselves_is_only_text(world: World) -> None:
    """SES-10: position and field of work on each page that shows them."""
    given = {**NOOR, "position": XSS, "field": XSS}
    assert not isinstance(world.policy.handle(parse_command("register-self", given), HUB), Refusal)
    with world.policy.reading() as state:
        number = state.emails["noor@hospital.example"]
    admin = client(world, "admin")
    for path in ("/verify", f"/people/{number}", f"/do/verify-person?person={number}"):
        page = admin.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
    assert URL

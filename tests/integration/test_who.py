"""The first day of a person at a real hub: who are you, invitations, and the address of somebody who is known."""

import os
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import httpx
import pyotp
import pytest

from access_policy import events as e
from access_policy.actor import component, person
from access_policy.arrivals import login_reference
from access_policy.commands.base import parse_command
from access_policy.log.records import PendingKind
from access_policy.model.enums import Component, FactorKind
from access_policy.model.ids import PersonId
from access_policy.state import Person
from hub_config.bootstrap import identity_of
from tests.integration import test_providers
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_state import ANNA, BRAM, READY
from tests.integration.several_hub import HOSPITAL, NORTH, SeveralHub, Visitor
from tests.integration.test_providers import address_of, mfa, nobody_came_in, refusals
from tests.same_time import SAMPLES, assert_same_time

pytestmark = pytest.mark.integration
hub = test_providers.hub

NOOR = {"name": "Noor de Vries", "position": "PhD student", "field": "leukaemia"}
XSS = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def north(hub: SeveralHub) -> SeveralHub:
    """The hub with an institution that is not trusted yet, one person of it, and somebody who answers intakes."""
    hub.do("register-institution", person(ANNA), institution="north", name="The North", country="NL",
           domains="north.example")  # fmt: skip
    hub.do("register-person", person(ANNA), name="Nel", email="nel@north.example", institution="north")
    with hub.policy.reading() as state:
        until = state.people[hub.people["assessor"]].appointments[0].until.isoformat()
    hub.do("appoint-role", person(ANNA), person=hub.people["assessor"], role="data-access-office", until=until)
    with hub.policy.reading() as state:
        proposal = state.last_proposal
    hub.do("confirm-proposal", person(BRAM), proposal=proposal)
    return hub


def stranger(hub: SeveralHub, login: str, provider: str = HOSPITAL, **claims: Any) -> Visitor:
    """Somebody whom nobody knows, and what the provider says of them."""
    said = {"email": f"{login}@{provider}.example", "email_verified": True, "name": f"{login.title()} de Vries"}
    hub.says(provider, login, **(said | claims))
    return Visitor(hub, login, provider)


def arrived(visitor: Visitor) -> Visitor:
    """Log in at the provider, and come to the page."""
    answer = back(visitor)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/hub/who"), answer.text
    return visitor


def back(visitor: Visitor) -> httpx.Response:
    """Log in at the provider, which is asked for a second factor once where it brings none; what the hub then says."""
    answer = visitor.arrive()
    if "prompt=login" in answer.headers.get("location", ""):
        answer = visitor.get(visitor.callback(answer.headers["location"]))
    return answer


def refused(visitor: Visitor) -> httpx.Response:
    """Log in at the provider, where that leads nowhere."""
    answer = visitor.arrive()
    assert answer.status_code == 403, answer.headers
    return answer


def say(visitor: Visitor, path: str = "/hub/who", **said: str) -> httpx.Response:
    """Fill in the page, and send it."""
    page = visitor.get("/hub/who")
    assert page.status_code == 200, page.text
    return send(visitor, field(page.text, "_xsrf"), said, path)


def send(visitor: Visitor | Browser, xsrf: str, said: dict[str, str], path: str = "/hub/who") -> httpx.Response:
    """Send what somebody said, with a token."""
    return visitor.http.post(path, data={"_xsrf": xsrf, **said})


def found(hub: SeveralHub, email: str) -> Person | None:
    """The person of an address."""
    with hub.policy.reading() as state:
        return state.people.get(state.emails.get(email, PersonId("")))


def waiting(hub: SeveralHub, visitor: Visitor) -> bool:
    """Say whether a half login of somebody unknown waits in the database under what this browser holds."""
    return "sluis-pending-login" in {cookie.name for cookie in visitor.http.cookies.jar if cookie.value}


def test_the_first_login_of_somebody_of_a_trusted_institution(hub: SeveralHub) -> None:
    """S16, S73: stated institution, name as the provider says it, what comes next; then a factor, then the desk."""
    noor = arrived(stranger(hub, "noor"))
    page = noor.get("/hub/who")
    assert "<strong>noor@hospital.example</strong>" in page.text
    assert "<strong>Hospital</strong>" in page.text
    assert (field_of(page, "name"), field_of(page, "position")) == ("Noor de Vries", "")
    assert not re.search(r'name="(email|institution|identity)"', page.text)
    steps = re.findall(r"<li>(.*?)<span", page.text.partition('id="next"')[2])
    assert "second factor up on the next page" in steps[0]
    assert "checks who you are" in steps[1]
    assert not any("agreement" in one for one in steps)

    answer = say(noor, **NOOR)
    assert (answer.status_code, answer.headers["location"]) == (303, "/hub/enrol")
    known = found(hub, "noor@hospital.example")
    assert known is not None
    assert (known.name, known.position, known.field_of_work, known.institution) == (*NOOR.values(), "hospital")
    assert (known.verification, known.factors, known.appointments) == (None, {}, [])
    assert not noor.is_in()
    assert enrolled(noor).headers["location"] == "/services/desk/"
    assert noor.is_in()
    with hub.policy.reading() as state:
        (factor,) = state.people[known.person].factors.values()
    assert (factor.kind, factor.confirmed) == (FactorKind.TOTP, None)
    assert Visitor(hub, "noor").arrive().status_code in (302, 303)


def field_of(page: httpx.Response, name: str) -> str:
    """What stands in a field of the form."""
    match = re.search(rf'id="{name}" name="{name}" type="text" value="([^"]*)"', page.text)
    assert match is not None, page.text
    return unescape(match[1])


def enrolled(visitor: Visitor) -> httpx.Response:
    """Set up a second factor."""
    page = visitor.get("/hub/enrol")
    secret = re.search(r'id="secret">([A-Z2-7]+)<', page.text)
    assert secret is not None, page.text
    return visitor.post("/hub/enrol", field(page.text, "_xsrf"), code=pyotp.TOTP(secret[1]).now())


def test_nothing_else_is_open_to_somebody_unknown(hub: SeveralHub) -> None:
    """MFA-07, S76: no hub cookie, no user; every other page leads back to the beginning or to this one."""
    visitor = arrived(stranger(hub, "sam"))
    assert not {cookie.name for cookie in visitor.http.cookies.jar} & {"sluis-session", "jupyterhub-hub-login"}
    for path in ("/hub/enrol", "/hub/second-factor"):
        assert visitor.get(path).headers["location"] == "/hub/who"
    for path in ("/hub/home", "/hub/spawn", "/hub/token"):
        assert visitor.get(path).status_code in (302, 303, 404)
        assert not visitor.is_in()
    assert visitor.api("GET", "/hub/api/users").status_code == 403
    assert found(hub, "sam@hospital.example") is None


def test_the_page_belongs_to_one_browser(hub: SeveralHub) -> None:
    """SES-01, SES-06, MFA-11: without the cookie there is no page, without its token nothing is taken."""
    visitor = arrived(stranger(hub, "tom"))
    assert Visitor(hub).get("/hub/who").headers["location"] == "/hub/login"
    thief = Visitor(hub, "tom")
    for cookie in visitor.http.cookies.jar:
        if cookie.name == "sluis-pending-login":
            thief.http.cookies.jar.set_cookie(cookie)
    assert thief.get("/hub/who").headers["location"] == "/hub/login"
    assert send(visitor, "", NOOR).status_code == 403
    assert found(hub, "tom@hospital.example") is None


def test_it_is_used_once(hub: SeveralHub) -> None:
    """ID-05: a second click registers nobody else, and finds no half login."""
    visitor = arrived(stranger(hub, "ute"))
    xsrf = field(visitor.get("/hub/who").text, "_xsrf")
    other = visitor.copy()
    assert send(visitor, xsrf, NOOR).headers["location"] == "/hub/enrol"
    with hub.policy.reading() as state:
        people = len(state.people)
    assert send(other, xsrf, NOOR).headers["location"] == "/hub/login"
    with hub.policy.reading() as state:
        assert len(state.people) == people


@pytest.mark.parametrize("first", ["page", "form"])
def test_who_registered_in_another_browser_meanwhile_logs_in(hub: SeveralHub, first: str) -> None:
    """ID-05, S97: whoever is known by now is led to the login, not told that nobody is; nobody is registered twice."""
    login = f"una-{first}"
    visitor, elsewhere = (arrived(stranger(hub, login)) for _ in range(2))
    xsrf = field(visitor.get("/hub/who").text, "_xsrf")
    assert say(elsewhere, **NOOR).headers["location"] == "/hub/enrol"
    with hub.policy.reading() as state:
        people, identities = len(state.people), dict(state.identities)
    refusals_before = len(refusals(hub))
    wished = "?next=%2Fhub%2Factivity"
    path = f"/hub/who{wished}"
    answer = visitor.get(path) if first == "page" else send(visitor, xsrf, NOOR, path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/hub/login{wished}")
    assert len(refusals(hub)) == refusals_before
    with hub.policy.reading() as state:
        assert (len(state.people), dict(state.identities)) == (people, identities)
    assert back(visitor).headers["location"] == "/hub/enrol"


TOO_MANY = ({"role": "admin"}, {"verified": "1"}, {"is_staff": "true"}, {"email": "x@centre.example"},
            {"institution": "centre"}, {"identity": "x"}, {"person": "P-1"}, {"invitation": "1"})  # fmt: skip


@pytest.mark.parametrize("extra", TOO_MANY, ids=lambda one: next(iter(one)))
@pytest.mark.parametrize("where", ["body", "address"])
def test_no_field_too_many_is_taken(hub: SeveralHub, extra: dict[str, str], where: str) -> None:
    """ID-14: refused as a whole, on record, and nobody is registered."""
    visitor = arrived(stranger(hub, "vera"))
    name = next(iter(extra))
    in_address = f"/hub/who?{name}={extra[name]}"
    answer = say(visitor, **NOOR, **extra) if where == "body" else say(visitor, in_address, **NOOR)
    assert answer.status_code == 422
    assert "does not belong here" in reason(answer)
    assert found(hub, "vera@hospital.example") is None
    assert "forbidden_field" in [one.code for one in hub.observations(e.CommandRefused)]


NAMES = {
    "ID-07 a role": "admin", "ID-07 in other letters": "\u0430dmin", "ID-07 a hidden sign": "admin\u200b",
    "ID-07 a direction": "Vera\u202eadmin", "ID-07 full width": "\uff41\uff44\uff4d\uff49\uff4e",
    "ID-08 a path": "../x", "ID-08 a slash": "a/b", "ID-08 an escape": "a%2Fb", "ID-08 a NUL": "a\x00b",
    "ID-08 a dot": ".", "ID-08 long": "x" * 300, "ID-08 a picture": "\U0001f600", "ID-08 a dash": "-x",
    "SES-10 markup": XSS, "blank": "   ", "ID-03 two lines": "Vera\r\nBcc: x",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_what_a_name_is_made_of(hub: SeveralHub, name: str) -> None:
    """ID-07, ID-08, SES-10: refused with what to do, escaped, what was typed still there."""
    visitor = arrived(stranger(hub, "vera"))
    answer = say(visitor, **NOOR | {"name": name})
    assert answer.status_code == 422
    assert reason(answer)
    assert "<script>" not in answer.text
    assert field_of(answer, "position") == NOOR["position"]
    assert found(hub, "vera@hospital.example") is None


def test_one_name_in_two_forms(hub: SeveralHub) -> None:
    """ID-07: NFC and NFD are one name; the person's number is what the hub's addresses are made of (ID-08)."""
    visitor = arrived(stranger(hub, "zoe", name="Zoe\u0301 O\u2019Neill <b>x</b>"))
    assert "<b>x</b>" not in visitor.get("/hub/who").text
    assert say(visitor, **NOOR | {"name": "Zoe\u0301  O\u2019Neill"}).status_code == 303
    known = found(hub, "zoe@hospital.example")
    assert known is not None
    assert known.name == "Zo\u00e9 O\u2019Neill"
    assert enrolled(visitor).status_code == 303
    assert hub.user_row(known.person)


def test_one_account_for_an_address(hub: SeveralHub) -> None:
    """ID-05, ID-09, ID-12: another login with a person's address sees the same page, and is then told whom to ask."""
    taken = f"{READY[0]}@hospital.example"
    other = stranger(hub, "wim", email=taken.upper(), name="Wim")
    new = stranger(hub, "wim", email="wim@hospital.example", name="Wim")
    with hub.policy.reading() as state:
        people = len(state.people)
    hub.says(HOSPITAL, "wim", email=taken.upper(), email_verified=True, name="Wim")
    arrived(other)
    hub.says(HOSPITAL, "wim", email="wim@hospital.example", email_verified=True, name="Wim")
    arrived(new)
    pages = [one.get("/hub/who") for one in (other, new)]
    assert shorn(pages[0]).replace(taken, "X") == shorn(pages[1]).replace("wim@hospital.example", "X")

    assert_same_time(lambda: seconds(other.get("/hub/who")), lambda: seconds(new.get("/hub/who")))

    answer = say(other, **NOOR)
    assert (answer.status_code, "nobody here is registered" in reason(answer)) == (403, True)
    assert refusals(hub)[-1] == "not_registered_already_exists"
    assert not waiting(hub, other)
    identity = identity_of(hub.places, hub.issuers[HOSPITAL], "wim")
    for told in (login_reference(identity), hub.issuers[HOSPITAL], "wim", "join this login"):
        assert told in answer.text
    with hub.policy.reading() as state:
        assert len(state.people) == people
        assert identity not in state.identities


def seconds(answer: httpx.Response) -> float:
    """How long it took."""
    return answer.elapsed.total_seconds()


def shorn(page: httpx.Response) -> str:
    """A page without its token."""
    return re.sub(r'name="_xsrf" value="[^"]*"', "", page.text)


def test_who_is_known_makes_no_difference_to_who_cannot_register(north: SeveralHub) -> None:
    """ID-12: an institution that is not trusted: the same status, body, cookies, log, for a person's address or not."""
    hub = north
    answers = []
    for email in ("nel@north.example", "nobody@north.example", "x@north.example"):
        hub.says(NORTH, "xi", email=email, email_verified=True, name="Xi")
        before = len(refusals(hub)), hub.policy.store.newest()
        visitor = Visitor(hub, "xi", NORTH)
        answer = refused(visitor)
        cookies = {cookie.name for cookie in visitor.http.cookies.jar if cookie.value}
        answers.append((answer.status_code, shorn(answer), cookies, hub.policy.store.newest() - before[1]))
        assert nobody_came_in(hub, visitor)
        assert email not in answer.text
    assert answers[0] == answers[1] == answers[2]
    assert "<li>Hospital</li>" in answers[0][1]
    assert "North</li>" not in answers[0][1]
    assert "mailto:ask@centre.example" in answers[0][1]


LOGINS = SAMPLES if os.environ.get("SLUIS_LONG") == "1" else 40


def test_who_is_known_takes_no_longer_to_refuse(north: SeveralHub) -> None:
    """ID-12: the answer to who comes back from the provider; each login is one of its own."""

    def login(email: str) -> Callable[[], float]:
        def once() -> float:
            north.says(NORTH, "xi", email=email, email_verified=True, name="Xi")
            visitor = Visitor(north, "xi", NORTH)
            answer = visitor.get(visitor.callback())
            assert answer.status_code == 403
            return seconds(answer)

        return once

    assert_same_time(login("nel@north.example"), login("nobody@north.example"), LOGINS)


def test_nothing_of_the_provider_is_echoed_unescaped(hub: SeveralHub) -> None:
    """SES-10, TOK-04: name, address and subject of a login are only text."""
    visitor = stranger(hub, "yan", name=XSS, position=XSS)
    assert XSS not in arrived(visitor).get("/hub/who").text
    subject = "<script>alert(1)</script>"
    hub.says(NORTH, "sly", email="sly@north.example", email_verified=True, sub=subject)
    assert "<script>alert" not in refused(Visitor(hub, "sly", NORTH)).text


def test_who_proved_a_second_factor_there_is_in_at_once(hub: SeveralHub) -> None:
    """MFA-16, S17: the provider's factor is their first one, and waits for the verifier."""
    visitor = stranger(hub, "abe", **mfa(60))
    assert visitor.arrive().headers["location"] == "/hub/who"
    answer = say(visitor, **NOOR)
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/desk/")
    known = found(hub, "abe@hospital.example")
    assert known is not None
    ((factor, its),) = known.factors.items()
    assert (factor, its.kind, its.confirmed) == (
        f"provider-{HOSPITAL}-{known.person.lower()}",
        FactorKind.PROVIDER,
        None,
    )
    (begun,) = [one for one in hub.observations(e.SessionBegun) if one.person == known.person]
    assert (begun.provider, begun.method) == (HOSPITAL, FactorKind.PROVIDER)


def test_trust_that_ended_meanwhile(hub: SeveralHub) -> None:
    """S72, E59: the institution is looked up again when the form comes; an identity that was linked meanwhile, too."""
    late = arrived(stranger(hub, "bea"))
    xsrf = field(late.get("/hub/who").text, "_xsrf")
    hub.do("declare-domains", person(ANNA), institution="hospital", domains="strict.example")
    try:
        assert send(late, xsrf, NOOR).status_code == 403
        assert late.get("/hub/who").status_code == 403
    finally:
        domains = "hospital.example, med.hospital.example, strict.example"
        hub.do("declare-domains", person(ANNA), institution="hospital", domains=domains)
    assert found(hub, "bea@hospital.example") is None
    assert send(late, xsrf, NOOR).status_code in (303, 403)


def invited(hub: SeveralHub, email: str) -> int:
    """Let the office answer an intake of an institution that is not trusted; return the invitation's number."""
    command = parse_command("submit-intake", {"name": "Nel", "surname": "Jansen", "email": email})
    hub.policy.handle(command, component(Component.DESK))
    with hub.policy.reading() as state:
        request = list(state.requests)[-1]
    hub.do("answer-intake", person(hub.people["assessor"]), request=request, institution="north")
    with hub.policy.reading() as state:
        return list(state.invitations)[-1]


def test_an_invited_address_of_an_institution_that_is_not_trusted_yet(north: SeveralHub) -> None:
    """S31, S72: it registers for its request, and the page says what that opens."""
    hub = north
    number = invited(hub, "nina@north.example")
    visitor = stranger(hub, "nina", NORTH)
    assert refused(stranger(hub, "olga", NORTH)).status_code == 403
    hub.says(NORTH, "nina", email="Nina@North.Example", email_verified=True, name="Nina Jansen")
    page = arrived(visitor).get("/hub/who").text
    with hub.policy.reading() as state:
        request = state.invitations[number].request
    assert f"<strong>{request}</strong> as its applicant" in page
    assert "The North</strong>" in page
    assert "sign an agreement" in page.partition('id="next"')[2]
    assert say(visitor, **NOOR | {"name": "Nina Jansen"}).headers["location"] == "/hub/enrol"
    known = found(hub, "nina@north.example")
    assert known is not None
    assert (known.institution, known.position, known.field_of_work) == ("north", NOOR["position"], NOOR["field"])
    outcome = hub.policy.handle(
        parse_command("open-request", {"title": "Mine", "purpose": "more"}), person(known.person, "a-proof")
    )
    assert getattr(outcome, "code", "") == "not_permitted"
    with hub.policy.reading() as state:
        assert state.requests_of[known.person] == {}


def test_another_address_of_ones_institution(hub: SeveralHub) -> None:
    """S16, S73: somebody who is known comes in, and the admins see it; no address stands in the log's observations."""
    visitor = Visitor(hub, READY[15])
    hub.says(HOSPITAL, visitor.login, email=f"{visitor.login}@med.hospital.example", email_verified=True)
    assert visitor.arrive().headers["location"] == "/hub/second-factor"
    assert [one.person for one in hub.observations(e.LoginAddressDiffered)] == [visitor.person]
    hub.says(HOSPITAL, visitor.login, **address_of(visitor.login))
    assert Visitor(hub, visitor.login).arrive().headers["location"] == "/hub/second-factor"
    assert len(hub.observations(e.LoginAddressDiffered)) == 1


def test_an_address_of_no_domain_of_ones_institution(hub: SeveralHub) -> None:
    """S73, ID-15: the provider knows them somewhere else, so an admin records it first."""
    visitor = Visitor(hub, READY[16])
    with hub.policy.reading() as state:
        domains = ", ".join(sorted(state.institutions["hospital"].domains - {"med.hospital.example"}))  # type: ignore[index]
    hub.do("declare-domains", person(ANNA), institution="hospital", domains=domains)
    try:
        hub.says(HOSPITAL, visitor.login, email=f"{visitor.login}@med.hospital.example", email_verified=True)
        answer = visitor.arrive()
    finally:
        both = f"{domains}, med.hospital.example"
        hub.do("declare-domains", person(ANNA), institution="hospital", domains=both)
    assert (answer.status_code, refusals(hub)[-1]) == (403, "address_foreign")
    assert nobody_came_in(hub, visitor)
    assert "med.hospital" not in answer.text


def test_the_address_of_somebody_else(hub: SeveralHub) -> None:
    """ID-05, ID-09: a provider that gives one person's address to another one is not followed."""
    visitor = Visitor(hub, READY[17])
    hub.says(HOSPITAL, visitor.login, email=f"{READY[18]}@hospital.example", email_verified=True)
    answer = visitor.arrive()
    assert (answer.status_code, refusals(hub)[-1]) == (403, "address_of_another")
    assert READY[18] not in answer.text


def test_nothing_waits_longer_than_it_has_to(hub: SeveralHub) -> None:
    """MFA-07, E50: what a provider said about somebody unknown lies sealed, and goes with the half login."""
    arrived(stranger(hub, "cleo"))
    kept = b"".join(file.read_bytes() for file in hub.places.state.glob("log.sqlite*"))
    assert b"cleo@hospital.example" not in kept
    assert hub.policy.records.delete_overdue_logins(hub.policy.now()) == 0
    assert PendingKind.WHO.value.encode() in kept

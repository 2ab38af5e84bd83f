"""What protects every page: tokens, origins, headers, limits, escapes, ends of sessions (SES, REQ-03, ID-14)."""

import logging
from typing import Any

import pytest

from access_policy import events as e
from access_policy.log.errors import LogUnavailable
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from tests.unit.hub_config.desk.seed import DESK, URL, XSS, World

pytestmark = pytest.mark.unit

PAGES = (
    "/", "/status", "/me", "/people", "/people/P-8", "/requests", "/requests/DR-1", "/datasets", "/courses",
    "/institutions", "/documents", "/countries", "/workspaces", "/proposals", "/log", "/reasons", "/reasons/zone",
    "/intake", "/register", "/no-such",
    "/do/register-course", "/static/desk.css", "/api/v1/me", "/api/v1/openapi.json", "/api/v1/no-such",
)  # fmt: skip
CERTIFY = {"person": "P-9", "course": "privacy"}


def certified(world: World) -> bool:
    with world.policy.reading() as state:
        return bool(state.people[PersonId("P-9")].certifications)


def observed(world: World) -> list[Any]:
    return [fact.event for fact in world.policy.store.observations_since(0)]


def give(world: World, **options: Any) -> int:
    status: int = world.client("trainer").post("/do/certify-person", CERTIFY, **options).status_code
    return status


def test_form_of_one_self_is_carried_out(world: World) -> None:
    """The cases below fail for their own reason: the same form passes as it is."""
    assert give(world) == 303
    assert certified(world)


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_form_without_the_logins_token_is_refused(world: World, token: str) -> None:
    """SES-06: no token, or a made-up one."""
    client = world.client("trainer")
    assert client.post("/do/certify-person", {**CERTIFY, "_csrf": token}).status_code == 403
    assert not certified(world)


def test_token_of_another_login_is_refused(world: World) -> None:
    """SES-06: an attacker's own token does not work in somebody else's browser."""
    world.client("researcher")
    fields = {**CERTIFY, "_csrf": world.token("researcher")}
    assert world.client("trainer").post("/do/certify-person", fields).status_code == 403
    assert not certified(world)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.2:8000"}, {"origin": "null"}, {"origin": "http://localhost:8000"},
        {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
    ids=str,
)  # fmt: skip
def test_change_from_another_origin_is_refused(world: World, headers: dict[str, str]) -> None:
    """SES-06: even with the right token."""
    assert give(world, headers=headers) == 403
    assert not certified(world)


@pytest.mark.parametrize("origin", [URL, "null"])
def test_change_from_the_desk_itself_passes(world: World, origin: str) -> None:
    """SES-06: the headers of a browser at the desk; `no-referrer` makes it write its origin as `null` (Fetch 3.2)."""
    assert give(world, headers={"origin": origin, "sec-fetch-site": "same-origin", "sec-fetch-dest": "document"}) == 303


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_api_change_needs_the_token_in_its_header(world: World, kind: str) -> None:
    """SES-06: what another site's form can send is never a change."""
    client = world.client("trainer")
    body = '{"person": "P-9", "course": "privacy"}'
    answer = client.http.post(f"{DESK}/api/v1/commands/certify-person", content=body, headers={"content-type": kind})
    assert answer.status_code in (403, 422)
    assert not certified(world)


def test_get_changes_nothing(world: World) -> None:
    """SES-06: no address changes a fact, whoever opens it."""
    before = world.policy.store.newest()
    for path in PAGES:
        world.client("admin").get(path)
    world.client("trainer").get("/do/certify-person", params=CERTIFY)
    assert world.policy.store.newest() == before


@pytest.mark.parametrize("destination", ["iframe", "empty", "script", "object"])
def test_pages_with_tokens_open_in_a_window_only(world: World, destination: str) -> None:
    """SES-07, SES-09: a script of a notebook on the same origin cannot read a form's token."""
    client = world.client("trainer")
    answer = client.get("/do/certify-person", params=CERTIFY, headers={"sec-fetch-dest": destination})
    assert answer.status_code == 403
    assert client.token not in answer.text


@pytest.mark.parametrize("path", ["/status", "/api/v1/me", "/api/v1/requests"])
def test_what_scripts_may_fetch_holds_no_token(world: World, path: str) -> None:
    """SES-07."""
    client = world.client("researcher")
    assert client.token not in client.get(path, headers={"sec-fetch-dest": "empty"}).text


@pytest.mark.parametrize("path", PAGES)
def test_headers_stand_on_every_answer(world: World, path: str) -> None:
    """SES-09, SES-10: errors included."""
    for client in (world.client("admin"), world.client()):
        found = client.get(path).headers
        assert "unsafe" not in found["content-security-policy"]
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert "default-src 'none'" in found["content-security-policy"]
        assert (found["x-content-type-options"], found["referrer-policy"]) == ("nosniff", "no-referrer")
        assert (found["cache-control"], found["cross-origin-opener-policy"]) == ("no-store", "same-origin")


@pytest.mark.parametrize("path", [one for one in PAGES if not one.startswith(("/api", "/static", "/status"))])
def test_no_page_holds_inline_script_or_style(world: World, path: str) -> None:
    """SES-10: so that the policy without unsafe-inline can stand."""
    text = world.client("admin").get(path).text
    assert "<style" not in text
    assert " style=" not in text
    assert text.count("<script") == text.count('<script src="/services/desk/static/')
    assert "desk@sluis.example" in text, "S97: the contact stands on every page"


def test_foreign_host_is_not_served(world: World) -> None:
    """SES-14."""
    for host in ("evil.example", "127.0.0.1", "127.0.0.1:9"):
        assert world.client("admin").get("/", headers={"host": host}).status_code == 421
    shown = world.client("admin").get("/", headers={"x-forwarded-host": "evil.example"}).text
    assert "evil.example" not in shown


def test_large_body_is_refused(world: World) -> None:
    """SES-13, REQ-14: by its length, and where the length is not said, while it is read."""
    client = world.client("researcher")
    fields = {"title": "x", "purpose": "y" * 100_000}
    assert client.post("/do/open-request", fields).status_code == 413
    pieces = (b"purpose=" + b"y" * 10_000 for _ in range(10))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.http.post(f"{DESK}/do/open-request", content=pieces, headers=kind).status_code == 413


def test_field_too_many_is_refused_and_recorded(world: World) -> None:
    """ID-14: a form or a program that sends more than the form has changes nothing."""
    client = world.client("researcher")
    fields = {"title": "mine", "purpose": "x", "status": "active", "verified": "1", "role": "admin"}
    before = world.policy.store.newest()
    assert client.post("/do/open-request", fields).status_code == 422
    world.clock.go(minutes=1)
    answer = client.http.post(
        f"{DESK}/api/v1/commands/open-request", json=fields, headers={"x-csrf-token": client.token}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_field")
    assert world.policy.store.newest() == before
    assert observed(world).count(e.CommandRefused(command="open-request", code="forbidden_field")) == 2


def test_stored_texts_are_escaped_everywhere(world: World) -> None:
    """SES-10: a title, a purpose, a reason, a name of a person, of a dataset."""
    line = XSS[:200]
    world.do("open-request", "researcher", title=line, purpose=XSS)
    world.do("request-dataset", "researcher", request="DR-4", dataset="clinical", necessity=XSS)
    world.do("register-person", "admin", name=line, email="x@centre.example", institution="centre")
    world.do("register-course", "admin", course="odd", title=line, validity_days=1, required=False)
    world.do("end-request", "admin", request="DR-1", reason=XSS)
    for who, path in (("researcher", "/"), ("researcher", "/requests/DR-4"), ("researcher", "/status"),
                      ("admin", "/people"), ("admin", "/people/P-13"), ("admin", "/log"), ("admin", "/requests"),
                      ("admin", "/requests/DR-1"), ("admin", "/courses"), ("trainer", "/people/P-8"),
                      ("admin", f"/people?q={XSS}"), ("admin", f"/log?person={XSS[:40]}"),
                      ("admin", f"/do/register-course?title={XSS}")):  # fmt: skip
        text = world.client(who).get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text


def test_reading_the_log_is_recorded_on_one_line(world: World) -> None:
    """E50, E51, and log injection: a free text that was typed in is not written down, and so makes no second line."""
    world.client("admin").get("/log", params={"person": "P-1\nfake: line", "about": "DR-1"})
    (read,) = [one for one in observed(world) if isinstance(one, e.LogRead)]
    assert read == e.LogRead(what="facts, person something else, about DR-1")


def test_broken_page_says_a_number_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SES-16: no stack, no path; the process's own record has the detail under the number, on one line."""

    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    client = world.client("admin")
    monkeypatch.setattr("hub_config.desk.pages.people.need", broken)
    with caplog.at_level(logging.ERROR, "sluis.desk"):
        answer = client.get("/people")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    (record,) = [one for one in caplog.records if one.name == "sluis.desk"]
    assert record.getMessage().split()[1] in answer.text
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_unreadable_log_gives_503_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-04: nothing is decided, and the page says so; the process lives but is not ready."""
    client = world.client("admin")

    def gone(_: Policy) -> None:
        raise LogUnavailable("the disk is gone")

    monkeypatch.setattr(Policy, "_refresh", gone)
    for path in ("/", "/people", "/do/register-course"):
        answer = client.get(path)
        assert (answer.status_code, "nothing is decided" in answer.text) == (503, True)
    assert client.get("/api/v1/me").json()["code"] == "log_unavailable"
    assert client.http.get("/livez").status_code == 200
    assert client.http.get("/readyz").status_code == 503


def test_ended_session_counts_at_once(world: World) -> None:
    """SES-11: after a logout the next request leads to the login, and the desk's cookie goes."""
    client = world.client("researcher")
    assert client.get("/").status_code == 200
    world.policy.records.end_sessions_of(PersonId("P-8"), world.policy.now(), "logout")
    for answer in (client.get("/me"), client.post("/do/open-request", {"title": "x", "purpose": "y"})):
        assert answer.headers["location"].startswith(f"{DESK}/login")
        assert "sluis-desk=" in answer.headers["set-cookie"]
    world.logins["again"] = world.logins["researcher"]
    world.log_in("researcher")
    assert world.client("again").get("/me").status_code == 303


@pytest.mark.parametrize("hours", [12, 13])
def test_session_ends_by_its_age(world: World, hours: int) -> None:
    """SES-12: at the exact instant, whatever the browser keeps asking."""
    client = world.client("researcher")
    assert client.get("/status").status_code == 200
    world.clock.go(hours=hours)
    assert client.get("/status").status_code == 401


def test_stopped_person_is_out_at_once(world: World) -> None:
    """ID-15."""
    client = world.client("researcher")
    world.do("disable-person", "admin", person="P-8", reason="lost laptop")
    assert client.get("/me").status_code == 303


@pytest.mark.parametrize("path", ["/requests/{}", "/api/v1/requests/{}/decision", "/do/submit-request?request={}"])
def test_requests_of_others_look_like_none(world: World, path: str) -> None:
    """REQ-03, POL-09: the same answer, byte for byte, for another's request and for none."""
    client = world.client("stranger")
    others, none = (client.get(path.format(number)) for number in ("DR-3", "DR-99"))
    assert (others.status_code, others.text) == (404, none.text.replace("DR-99", "DR-3"))


def test_withdrawn_dataset_looks_like_none(world: World) -> None:
    """POL-09, REQ-10: also in the form of a request."""
    world.do("withdraw-dataset", "steward", dataset="clinical", reason="consent")
    client = world.client("researcher")
    assert "Breast cancer" not in client.get("/datasets").text
    assert "Breast cancer" in world.client("steward").get("/datasets").text
    fields = {"request": "DR-2", "necessity": "x"}
    answers = [client.post("/do/request-dataset", {**fields, "dataset": one}).text for one in ("clinical", "unknown")]
    assert answers[0].replace("clinical", "unknown") == answers[1]

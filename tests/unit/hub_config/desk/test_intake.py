"""The intake: a stranger asks to apply, and learns nothing but that it was sent (S12, ID-12, REQ-14, SES-06)."""

import re
from datetime import timedelta
from html import unescape
from itertools import count
from typing import Any

import pytest

from access_policy.commands.intake import MOST_INTAKES_OF_ONE
from access_policy.model.enums import RequestStatus
from hub_config.desk.pages.intake import COOKIE, LARGEST
from hub_config.desk.throttle import MOST, Throttle
from tests.same_time import SAMPLES, assert_same_time
from tests.unit.hub_config.desk.seed import DESK, NOON, URL, XSS, Client, World

pytestmark = pytest.mark.unit

NEW = {"name": "Nora", "surname": "Comer", "email": "nora@hospital.example"}


class Stranger:
    """A browser without a login that has the form open."""

    def __init__(self, world: World) -> None:
        self.client = Client(world, None)
        self.page = self.client.get("/intake")
        self.token = re.findall(r'name="_csrf" value="([0-9a-f]{64})"', self.page.text)[0]

    def ask(self, **options: Any) -> Any:
        """Send the form; `fields` are the fields that differ from a good one."""
        fields = {"_csrf": self.token, **NEW, **options.pop("fields", {})}
        return self.client.post("/intake", fields, **options)


def intakes(world: World) -> list[str]:
    """Return the addresses of the intakes that came in."""
    with world.policy.reading() as state:
        return [one.intake_email for one in state.requests.values() if one.status is RequestStatus.INTAKE]


def written(world: World) -> tuple[int, int]:
    """Return how many facts and observations there are."""
    return world.policy.store.newest(), len(list(world.policy.store.observations_since(0)))


def answered(answer: Any) -> tuple[int, str, str]:
    """Return what a browser gets to see of an answer, and the text that it carries to the next page."""
    return answer.status_code, answer.headers["location"], answer.cookies["sluis-desk-said"]


def test_an_intake_comes_in_without_a_login(world: World) -> None:
    """S12: name, surname and address; the next page says that it was sent, once."""
    stranger = Stranger(world)
    answer = stranger.ask()
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/intake")
    assert intakes(world) == ["nora@hospital.example"]
    assert "Thank you." in stranger.client.get("/intake").text
    assert "Thank you." not in stranger.client.get("/intake").text


def test_the_office_sees_who_asks(world: World) -> None:
    """S12, S13: what came in through the page waits on the desk of the data access office."""
    Stranger(world).ask()
    assert "nora@hospital.example" in world.client("office").get("/requests/DR-4").text


def test_the_page_leads_to_the_texts_and_stands_below_every_page(world: World) -> None:
    """S12, S4: the instructions name the documents; each public page links to the form."""
    assert f'href="{DESK}/documents"' in Stranger(world).page.text.split("<footer>")[0]
    for path in ("/documents", "/register", "/reasons"):
        assert f'href="{DESK}/intake"' in world.client().get(path).text


def test_who_is_known_here_makes_no_difference(world: World) -> None:
    """ID-12: a person's address, and one that is nobody's, get the same answer."""
    known, unknown = (
        answered(Stranger(world).ask(fields={"email": email}))
        for email in ("researcher@hospital.example", "x@nowhere.example")
    )
    assert known == unknown
    assert intakes(world) == ["researcher@hospital.example", "x@nowhere.example"]


def test_who_is_known_takes_no_longer(world: World) -> None:
    """ID-12: 200 of each, in turns; no address twice, since the bounds of an address and of an hour come before."""
    for number in range(3 * SAMPLES):
        email = f"known{number}@hospital.example"
        world.do("register-person", "admin", name="Some One", email=email, institution="hospital")
    stranger, numbers = Stranger(world), {"known": count(), "unknown": count()}

    def ask(kind: str) -> float:
        world.clock.go(minutes=3)
        email = f"{kind}{next(numbers[kind])}@hospital.example"
        answer = stranger.ask(fields={"email": email})
        assert answer.status_code == 303
        return float(answer.elapsed.total_seconds())

    assert_same_time(lambda: ask("known"), lambda: ask("unknown"))
    assert len(intakes(world)) >= 2 * SAMPLES


@pytest.mark.parametrize(
    "fields",
    [{"email": "nora"}, {"email": "nora@hospital"}, {"email": "n@hospital.example, m@hospital.example"}, {"name": ""},
     {"surname": " "}, {"name": "x" * 201}, {"name": "a\u202eb"}, {"status": "approved"}],
    ids=["no address", "no domain", "two addresses", "no name", "a blank surname", "a long name", "a hidden sign",
         "a field too many"],
)  # fmt: skip
def test_a_malformed_value_is_named_and_leaves_nothing(world: World, fields: dict[str, str]) -> None:
    """S12: in one line, with what was typed still there; the log holds neither a fact nor an observation."""
    stranger, before = Stranger(world), written(world)
    answer = stranger.ask(fields=fields)
    assert answer.status_code == 422
    (problem,) = re.findall(r"<strong>Not sent:</strong> (.*)</p>", answer.text)
    assert f"`{next(iter(fields))}`" in unescape(problem) or "e-mail" in problem
    assert 'value="Comer"' in answer.text or "surname" in fields
    assert written(world) == before


def test_what_was_typed_is_escaped(world: World) -> None:
    """SES-10."""
    text = Stranger(world).ask(fields={"name": XSS, "email": XSS}).text
    assert "<script>alert" not in text
    assert "<img" not in text


def test_the_bound_of_the_core_gives_the_same_answer(world: World) -> None:
    """ID-12, REQ-14: once too many of one address, which leaves no fact."""
    stranger = Stranger(world)
    answers = {answered(stranger.ask()) for _ in range(MOST_INTAKES_OF_ONE + 1)}
    assert len(answers) == 1
    assert len(intakes(world)) == MOST_INTAKES_OF_ONE


def test_the_bound_of_the_hour_gives_the_same_answer(world: World) -> None:
    """ID-12, REQ-14: whoever asks; nothing reaches the log until an hour has passed."""
    stranger = Stranger(world)
    answers = {answered(stranger.ask(fields={"email": f"n{n}@hospital.example"})) for n in range(MOST)}
    before = written(world)
    answers.add(answered(stranger.ask(fields={"email": "late@hospital.example"})))
    assert (len(answers), len(intakes(world)), written(world)) == (1, MOST, before)
    world.clock.go(hours=1)
    answered(stranger.ask(fields={"email": "late@hospital.example"}))
    assert intakes(world)[MOST:] == ["late@hospital.example"]


def test_the_throttle_admits_so_many_in_any_hour() -> None:
    """REQ-14: one tick before an hour has passed nobody more, at the hour as many as have gone."""
    throttle, tick = Throttle(), timedelta(microseconds=1)
    assert [throttle.admits(NOON) for _ in range(MOST - 1)] == [True] * (MOST - 1)
    assert throttle.admits(NOON + tick)
    hour = NOON + timedelta(hours=1)
    assert not throttle.admits(NOON + tick)
    assert not throttle.admits(hour - tick)
    assert [throttle.admits(hour) for _ in range(MOST)] == [True] * (MOST - 1) + [False]


@pytest.mark.parametrize("token", ["", "0" * 64, "é"], ids=["none", "made up", "no ASCII"])
def test_without_the_pages_token_it_is_refused(world: World, token: str) -> None:
    """SES-06: nothing is in the log."""
    stranger, before = Stranger(world), written(world)
    assert stranger.ask(fields={"_csrf": token}).status_code == 403
    assert written(world) == before


def test_a_token_of_another_browser_is_refused(world: World) -> None:
    """SES-06: nor does a token count without its cookie, or a login's own token."""
    mine, other = Stranger(world), Stranger(world)
    before = written(world)
    assert mine.ask(fields={"_csrf": other.token}).status_code == 403
    assert mine.ask(fields={"_csrf": world.client("researcher").token}).status_code == 403
    mine.client.http.cookies.clear()
    assert mine.ask().status_code == 403
    assert written(world) == before


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}],
    ids=str,
)  # fmt: skip
def test_from_another_origin_it_is_refused(world: World, headers: dict[str, str]) -> None:
    """SES-06: even with the right token and cookie; nothing is in the log."""
    stranger, before = Stranger(world), written(world)
    assert stranger.ask(headers=headers).status_code == 403
    assert written(world) == before
    assert stranger.ask(headers={"origin": URL, "sec-fetch-site": "same-origin"}).status_code == 303


def test_a_large_body_is_refused(world: World) -> None:
    """REQ-14, SES-13: far below what other forms may hold, and whether or not its length is said."""
    stranger, before = Stranger(world), written(world)
    assert stranger.ask(fields={"name": "x" * LARGEST}).status_code == 413
    pieces = (b"name=" + b"y" * 1000 for _ in range(10))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert stranger.client.http.post(f"{DESK}/intake", content=pieces, headers=kind).status_code == 413
    assert written(world) == before


def test_the_longest_good_intake_fits(world: World) -> None:
    """S12: two names of 200 signs, each of which a browser writes as twelve."""
    name = "\N{CUNEIFORM SIGN A}" * 200
    assert Stranger(world).ask(fields={"name": name, "surname": name}).status_code == 303
    assert len(intakes(world)) == 1


def test_the_cookie_is_strict_and_stays_while_two_tabs_are_open(world: World) -> None:
    """SES-06: of this page only, hidden from scripts; the form of an older tab still counts."""
    stranger = Stranger(world)
    set_cookie = stranger.page.headers["set-cookie"].lower()
    for part in (f"{COOKIE}=", "httponly", "samesite=strict", f"path={DESK}/intake"):
        assert part in set_cookie
    stranger.client.get("/intake")
    assert stranger.ask().status_code == 303


def test_a_person_who_is_logged_in_sees_it_too(world: World) -> None:
    """S12: with their navigation."""
    page = world.client("researcher").get("/intake")
    assert (page.status_code, "Ask for access" in page.text, "My requests" in page.text) == (200, True, True)

"""The desk's login against the real hub, and what two people see of each other through it."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.whole import RunningSluis, Visitor, sluis, until

pytestmark = pytest.mark.integration

DESK = "/services/desk/"


@pytest.fixture(scope="module")
def lotte(demo: RunningSluis) -> Iterator[Visitor]:
    visitor = Visitor(demo, "lotte")
    with visitor.http:
        visitor.log_in()
        yield visitor


@pytest.fixture(scope="module")
def tessa(demo: RunningSluis) -> Iterator[Visitor]:
    visitor = Visitor(demo, "tessa")
    with visitor.http:
        visitor.log_in()
        yield visitor


def give(visitor: Visitor, command: str, **fields: str) -> httpx.Response:
    """Open a command's form and send it, as a browser does."""
    address = f"{DESK}do/{command}"
    page = visitor.http.get(address, params=fields)
    token = re.search(r'name="_csrf" value="(\w+)"', page.text)
    assert token is not None, page.text
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    return visitor.stepped_up(visitor.http.post(address, data={"_csrf": token[1], **fields}, headers=headers))


def begun(visitor: Visitor) -> httpx.URL:
    """Begin a login at the desk; return the hub's answer to it, which leads to the callback."""
    to_hub = visitor.http.get(f"{DESK}login", follow_redirects=False).headers["location"]
    query = parse_qs(urlsplit(to_hub).query)
    assert query["code_challenge_method"] == ["S256"]
    callback = visitor.http.get(to_hub, follow_redirects=False).headers["location"]
    return httpx.URL(visitor.demo.url).join(callback)


def test_login_at_the_hub_opens_the_desk(lotte: Visitor) -> None:
    """S76: no second question, and the page names who is logged in."""
    page = lotte.http.get(DESK)
    assert (page.status_code, page.url.path) == (200, DESK)
    assert lotte.person in page.text
    cookie = next(one for one in lotte.http.cookies.jar if one.name == "sluis-desk")
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == (DESK, True)


def test_login_works_once_and_in_its_own_browser_only(lotte: Visitor, tessa: Visitor) -> None:
    """SES-02, SES-03: a callback of another browser, one without its state, and one used before are refused."""
    callback = begun(lotte)
    bare = callback.copy_remove_param("state")
    assert tessa.http.get(callback).status_code == 403, "another browser"
    callback = begun(lotte)
    assert lotte.http.get(bare).status_code == 403, "no state"
    assert lotte.http.get(callback).url.path == DESK
    assert lotte.http.get(callback).status_code == 403, "used before"


def test_trainer_certifies_and_the_researcher_sees_it_at_once(tessa: Visitor, demo: RunningSluis) -> None:
    """S74: through the browser's own steps, without anyone logging in again."""
    untrained = Visitor(demo, "milan")
    with untrained.http:
        untrained.log_in()
        assert "training_missing" in untrained.http.get(DESK).text
        for course in demo.facts("CourseRegistered"):
            assert give(tessa, "certify-person", person=untrained.person, course=course["course"]).status_code == 200
        assert "training_missing" not in untrained.http.get(DESK).text


def test_change_from_a_foreign_origin_is_refused(tessa: Visitor) -> None:
    """SES-06: through the proxy, with the cookies of the victim."""
    headers = {"origin": "http://127.0.0.2:8000"}
    fields = {"person": "P-14", "course": "privacy-security"}
    assert tessa.http.post(f"{DESK}do/certify-person", data=fields, headers=headers).status_code == 403


def test_logout_closes_the_desk_at_once(demo: RunningSluis) -> None:
    """SES-11: the desk's own cookie is of no use any more."""
    gijs = Visitor(demo, "gijs")
    with gijs.http:
        gijs.log_in()
        assert gijs.http.get(f"{DESK}me").url.path == f"{DESK}me"
        cookie = {"cookie": f"sluis-desk={gijs.http.cookies.get('sluis-desk')}"}
        gijs.http.get("/hub/logout")
    with httpx.Client(base_url=demo.url, headers=cookie, trust_env=False) as alone:
        until(lambda: alone.get(f"{DESK}me").status_code == 303)


def test_another_system_asks_through_the_proxy(demo: RunningSluis, lotte: Visitor) -> None:
    """S26: a program finds the endpoints where the specification puts them, and gets the decision of the hub's gate."""
    registered = sluis(
        demo.state, "client", "add", "object-store", "--title", "Objects", "--type", "dataset", "--as", "P-1", "--json"
    )
    headers = {"authorization": f"Bearer {json.loads(registered.stdout)['token']}"}
    with httpx.Client(base_url=demo.url) as program:
        found = program.get("/.well-known/authzen-configuration/services/desk").json()
        asked = {
            "subject": {"type": "person", "id": lotte.person}, "action": {"name": "open_workspace"},
            "resource": {"type": "dataset", "id": "gbsg2-clinical", "properties": {"request": "DR-1"}},
        }  # fmt: skip
        answer = program.post(found["access_evaluation_endpoint"], json=asked, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"decision": True})
        assert program.post(found["access_evaluation_endpoint"], json=asked).status_code == 401
        assert sluis(demo.state, "client", "end", "object-store", "--as", "P-1").returncode == 0
        assert program.post(found["access_evaluation_endpoint"], json=asked, headers=headers).status_code == 401

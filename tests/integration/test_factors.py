"""The page of one's second factors at a real hub: each change after a factor, once; what is kept of it (S17, S76)."""

import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import unescape

import pyotp
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.codes import digest_of, normal_code
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId
from hub_config.login.recovery import HOW_MANY
from hub_config.login.second_factor import TRIES
from tests.integration.factor_page import (
    CHANGE,
    PAGE,
    add_app,
    begin,
    confirmed,
    do,
    factors_of,
    log_in_with,
    make_codes,
    secret_on,
    the,
    told,
)
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_hub import LoginHub, running_hub
from tests.integration.login_state import ANNA

pytestmark = pytest.mark.integration
CODE = "ABCDEFGHIJKLMNOPQRST"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """One hub for all."""
    with running_hub(tmp_path_factory.mktemp("factors") / "s") as hub:
        yield hub


@pytest.fixture
def browser(hub: LoginHub) -> Browser:
    """A browser of somebody who has an authenticator app and is logged in."""
    browser = Browser(hub, hub.fresh_login())
    browser.log_in()
    return browser


def test_the_page_names_each_factor(browser: Browser) -> None:
    """S17: kind, name, times with their zone, whether it counts; nobody else sees it, and no frame or script does."""
    name = the(FactorKind.TOTP, browser)
    assert do(browser, "rename", factor=name, name="my <b>phone</b>").headers["location"] == f"{PAGE}?done=named"
    page = browser.get(PAGE)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "Authenticator app: <bdi>my &lt;b&gt;phone&lt;/b&gt;</bdi>" in page.text
    assert re.search(r'Last used</dt><dd><time datetime="\S+\+00:00">\d{4}-\d\d-\d\d \d\d:\d\d UTC</time>', page.text)
    assert "yes, since" in page.text
    assert "It cannot be removed: this is your last factor" in page.text
    assert browser.get(PAGE, **{"Sec-Fetch-Dest": "empty"}).status_code == 403
    assert Browser(browser.hub).get(PAGE).status_code == 302


def test_a_further_app(hub: LoginHub, browser: Browser) -> None:
    """MFA-08, MFA-13: after a code for it, and after its own; it counts at once, and other sessions end."""
    other, first = Browser(hub, browser.login), the(FactorKind.TOTP, browser)
    other.log_in()
    secret = add_app(browser, "new phone")
    assert (browser.is_in(), other.is_in()) == (True, False)
    second = the(FactorKind.TOTP, browser, first)
    with hub.policy.reading() as state:
        assert state.people[browser.person].factors[second].confirmed is not None
    assert "Authenticator app: <bdi>new phone</bdi>" in browser.get(PAGE).text
    assert "2 authenticator apps, and more there cannot be" in browser.get(PAGE).text
    assert do(browser, "app").status_code == 409
    page = begin(browser, "codes")
    assert browser.second_factor(browser.wrong_code(), page=page).status_code == 403
    failures = [one.failures for one in hub.policy.records.factors_of(browser.person)]
    assert failures == [1, 1], "it could have been a code of either (MFA-05)"
    again, answer = log_in_with(hub, browser.login, pyotp.TOTP(secret).at(int(time.time()) + 30))
    assert (answer.status_code, again.is_in()) == (303, True)
    assert [one.failures for one in hub.policy.records.factors_of(browser.person)] == [0, 0]
    assert "factor_added" in told(hub, browser.person)


def test_a_stolen_session_alone_changes_nothing(hub: LoginHub, browser: Browser) -> None:
    """MFA-08: each change asks for a factor, which no session stands for; nor does another session's."""
    name = the(FactorKind.TOTP, browser)
    add_app(browser)
    before, thief = factors_of(browser), browser.copy()
    for what, fields in (("app", {}), ("codes", {}), ("remove", {"factor": name})):
        answer = do(thief, what, **fields)
        if answer.status_code == 409:
            continue
        page = answer.headers["location"]
        change = page.replace("/hub/step-up", CHANGE)
        assert thief.get(change).headers["location"] == page
        assert thief.second_factor(thief.wrong_code(), page=page).status_code == 403
        xsrf = thief.http.cookies.get("_xsrf", path="/hub/") or ""
        assert thief.post(change, xsrf, code="123456").status_code == 404
    assert factors_of(browser) == before
    assert browser.post(PAGE, "forged", do="codes").status_code == 403
    assert do(browser, "remove", factor="f-anna").status_code == 404
    page = confirmed(browser, "codes")
    stranger = Browser(hub, hub.fresh_login())
    stranger.log_in()
    assert stranger.get(page).status_code == 404
    assert factors_of(browser) == before


def test_a_new_app_is_shown_once_and_proved(hub: LoginHub, browser: Browser) -> None:
    """MFA-13, MFA-10: no-store; a reload shows another secret and the first is dead; nothing is enabled unproved."""
    page = confirmed(browser, "app")
    shown = browser.get(page)
    assert shown.headers["cache-control"] == "no-store"
    dead, secret = secret_on(shown), secret_on(browser.get(page))
    assert dead != secret
    xsrf = field(shown.text, "_xsrf")
    for wrong in ("", "000", "\uff11\uff12\uff13\uff14\uff15\uff16", "-12345", "1234567", "1" * 50_000):
        refused = browser.post(page, xsrf, code=wrong)
        assert refused.status_code == 403, hub.log("hub")[-3000:]
        assert secret not in refused.text
    if pyotp.TOTP(dead).now() != pyotp.TOTP(secret).now():
        assert browser.post(page, xsrf, code=pyotp.TOTP(dead).now()).status_code == 403
    assert len(factors_of(browser)) == 1
    stranger = Browser(hub, hub.fresh_login())
    stranger.log_in()
    code = pyotp.TOTP(secret).now()
    xsrf_of_stranger = field(stranger.get(PAGE).text, "_xsrf")
    assert stranger.post(page, xsrf_of_stranger, code=code).status_code == 404
    assert browser.post(page, xsrf, code=f" {code[:3]} {code[3:]}").status_code == 303
    assert len(factors_of(browser)) == 2
    assert browser.get(page).status_code == 404
    assert browser.post(page, xsrf, code=code).status_code == 404


def test_recovery_codes_are_good_once(hub: LoginHub, browser: Browser) -> None:
    """MFA-12, MFA-01: one success of 20 at once; a login with one says how many are left; new ones kill the old."""
    codes = make_codes(browser)
    assert len(set(codes)) == HOW_MANY
    assert all(len(normal_code(code) or "") == 20 for code in codes)
    tries = [Browser(hub, browser.login) for _ in range(20)]
    pages = [one.first_factor().headers["location"] for one in tries]
    forms = [field(one.get(page).text, "_xsrf") for one, page in zip(tries, pages, strict=True)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: tries[n].post(pages[n], forms[n], code=codes[0]), range(20)))
    assert sorted(answer.status_code for answer in answers)[:1] == [303]
    assert [answer.status_code for answer in answers].count(303) == 1
    inside = tries[[answer.status_code for answer in answers].index(303)]
    (answer,) = [answer for answer in answers if answer.status_code == 303]
    assert answer.headers["location"] == PAGE
    assert f"<strong>{HOW_MANY - 1}</strong> are left" in inside.get(PAGE).text


def test_new_codes_kill_the_old_set(hub: LoginHub, browser: Browser) -> None:
    """MFA-12: under the same id, vouched anew; typed as people do; none of the set before counts."""
    old = make_codes(browser)
    name = the(FactorKind.RECOVERY, browser)
    new = make_codes(browser)
    assert the(FactorKind.RECOVERY, browser) == name
    assert not set(old) & set(new)
    assert log_in_with(hub, browser.login, old[0])[1].status_code == 403
    inside, answer = log_in_with(hub, browser.login, f" {new[0].replace('-', ' ').lower()} ")
    assert (answer.status_code, inside.is_in()) == (303, True)
    assert log_in_with(hub, browser.login, new[0])[1].status_code == 403
    assert told(hub, browser.person)[-2:] == ["factor_added"] * 2
    assert browser.get(PAGE).text.count("Recovery codes</h2>") == 1


def test_a_recovery_code_looks_after_factors_and_nothing_else(hub: LoginHub, browser: Browser) -> None:
    """MFA-12, S76: with one, a lost app is removed once another is there; it makes no new codes."""
    codes, first = make_codes(browser), the(FactorKind.TOTP, browser)
    inside, _ = log_in_with(hub, browser.login, codes[0])
    assert do(inside, "remove", factor=first).status_code == 409
    page = begin(inside, "codes")
    assert "recovery code" not in inside.get(page).text.partition("</form>")[0].partition("<form")[2]
    assert inside.second_factor(codes[1], page=page).status_code == 403
    added = inside.second_factor(codes[2], page=begin(inside, "app"))
    shown = inside.get(added.headers["location"])
    secret = secret_on(shown)
    inside.post(added.headers["location"], field(shown.text, "_xsrf"), code=pyotp.TOTP(secret).now())
    removed = inside.second_factor(codes[3], page=begin(inside, "remove", factor=first))
    assert inside.get(removed.headers["location"]).headers["location"] == f"{PAGE}?done=removed"
    assert first not in factors_of(inside)
    assert hub.policy.records.factor_secret(first) is None
    assert told(hub, browser.person)[-1] == "factor_removed"


def test_the_factor_of_this_login_ends_it(hub: LoginHub, browser: Browser) -> None:
    """MFA-08, S76: and a page that is loaded again does nothing twice."""
    first = the(FactorKind.TOTP, browser)
    add_app(browser)
    page = confirmed(browser, "remove", factor=first)
    assert browser.get(page).status_code == 303
    assert not browser.is_in()


def verified(hub: LoginHub, browser: Browser) -> FactorId:
    """Verify a newcomer and log them in with a first app of theirs, which does not count yet."""
    page = browser.first_factor().headers["location"]
    shown = browser.get(page)
    secret = secret_on(shown)
    browser.post(page, field(shown.text, "_xsrf"), code=pyotp.TOTP(secret).now())
    hub.secrets[browser.login] = secret
    until = hub.policy.now().replace(year=hub.policy.now().year + 1).isoformat()
    hub.do("verify-person", person(ANNA), person=browser.person, method="video-call", evidence="seen", until=until)
    return the(FactorKind.TOTP, browser)


def counts(browser: Browser, factor: FactorId) -> bool:
    with browser.hub.policy.reading() as state:
        return state.people[browser.person].factors[factor].confirmed is not None


def test_a_code_of_the_verifier(hub: LoginHub) -> None:
    """S76, ID-13, MFA-05, MFA-10: typed as people do, good once; all that do not count are told in the same words."""
    browser = Browser(hub, "newcomer1")
    factor = verified(hub, browser)
    page = browser.get(PAGE).text
    assert "hands you a code that you give below" in unescape(page)
    unknown = reason(do(browser, "give", factor=factor, code=CODE))
    hub.do("issue-confirmation-code", person(ANNA), person=browser.person, digest=digest_of("B" * 20))
    hub.do("issue-confirmation-code", person(ANNA), person=browser.person, digest=digest_of(CODE))
    assert {unknown} == {reason(do(browser, "give", factor=factor, code=code)) for code in ("B" * 20, "x", "7" * 20)}
    assert not counts(browser, factor)
    answer = do(browser, "give", factor=factor, code="abcd-efgh ijkl-mnop qrst")
    assert answer.headers["location"] == f"{PAGE}?done=given"
    assert counts(browser, factor)
    assert do(browser, "give", factor=factor, code=CODE).status_code == 409
    assert told(hub, browser.person)[-1] == "factor_confirmed"


def test_wrong_codes_of_the_verifier_count_for_the_person(hub: LoginHub) -> None:
    """MFA-05, TOK-06: whatever session and address they come with, the next one waits, and so does the login."""
    browser = Browser(hub, "newcomer2")
    factor = verified(hub, browser)
    xsrf = field(browser.get(PAGE).text, "_xsrf")
    answers = [
        browser.post(PAGE, xsrf, {"X-Forwarded-For": f"192.0.2.{n}"}, do="give", factor=factor, code="Q" * 20)
        for n in range(TRIES + 2)
    ]
    assert [one.status_code for one in answers] == [403] * TRIES + [429] * 2
    other, answer = log_in_with(hub, browser.login, pyotp.TOTP(hub.secrets[browser.login]).at(int(time.time()) + 30))
    assert (answer.status_code, other.is_in()) == (429, False)


def test_wrong_codes_at_a_step_up_count_for_the_person(hub: LoginHub, browser: Browser) -> None:
    """MFA-05: over many sessions, step-ups and forged addresses there is one count."""
    others = [browser]
    for _ in range(2):
        others.append(Browser(hub, browser.login))
        others[-1].log_in()
    pages = [begin(one, "codes") for one in others]
    forms = [field(one.get(page).text, "_xsrf") for one, page in zip(others, pages, strict=True)]
    wrong, statuses = browser.wrong_code(), []
    for n in range(TRIES + 3):
        one = n % 3
        headers = {"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"}
        statuses.append(others[one].post(pages[one], forms[one], headers, code=wrong).status_code)
    assert statuses == [403] * TRIES + [429] * 3
    refused = [one.why for one in hub.observations(e.LoginRefused) if one.why.startswith("step_up_")]
    assert refused[-3:] == ["step_up_wait"] * 3


def test_a_factor_is_given_once_for_a_change(browser: Browser) -> None:
    """S76: a form that is sent twice gives none twice: the browser goes on, and the second code is not spent."""
    page = begin(browser, "codes")
    xsrf = field(browser.get(page).text, "_xsrf")
    first = browser.post(page, xsrf, code=browser.code())
    again = browser.post(page, xsrf, code=browser.wrong_code())
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert browser.get(first.headers["location"]).status_code == 200


def test_nothing_of_it_stands_in_the_database(hub: LoginHub, browser: Browser) -> None:
    """MFA-11: neither secrets, names nor codes in clear; another's ciphertext opens nothing."""
    codes, first = make_codes(browser), the(FactorKind.TOTP, browser)
    secret = add_app(browser, "telephone-of-mine")
    second = the(FactorKind.TOTP, browser, first)
    files = [
        one for one in hub.places.state.rglob("*") if (one.is_file() and ".sqlite" in one.name) or one.suffix == ".db"
    ]
    assert {one.name for one in files} >= {"log.sqlite", "jupyterhub.sqlite"}
    held = b"".join(one.read_bytes() for one in files)
    for clear in (secret, "telephone-of-mine", *codes, *(code.replace("-", "") for code in codes)):
        assert clear.encode() not in held
    assert digest_of(codes[0].replace("-", "")).encode() in held
    stranger = FactorId("f-ready40")
    with closing(sqlite3.connect(hub.places.log)) as base:
        sealed = dict(base.execute("select factor, secret from factors where factor in (?, ?)", (second, stranger)))
        base.execute("update factors set secret = ? where factor = ?", (sealed[stranger], second))
        base.commit()
    answer = log_in_with(hub, browser.login, pyotp.TOTP(hub.secrets["ready40"]).now())[1]
    assert answer.status_code >= 400

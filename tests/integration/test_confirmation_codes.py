"""Codes of a verifier at a real hub: what is over, somebody else's, used, fetched or guessed confirms nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pyotp
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.confirmation import CODE_HOLDS
from access_policy.model.codes import digest_of
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId
from access_policy.use_cases import Policy
from hub_config import bootstrap
from hub_config.bootstrap import present
from hub_config.login.second_factor import TRIES
from tests.integration import login_state
from tests.integration.factor_page import PAGE, do, secret_on, the
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_hub import LoginHub
from tests.integration.login_state import ANNA, NEWCOMERS, LoginState
from tests.integration.test_factors import counts

pytestmark = pytest.mark.integration
LATE, IN_TIME, OTHER, GUESSING = NEWCOMERS[:4]
CODES = {LATE: "LATE" * 5, IN_TIME: "TIME" * 5, OTHER: "SELF" * 5, GUESSING: "REAL" * 5}
HOUR = timedelta(hours=1)


class PastState(LoginState):
    """The same state, made a week ago: `LATE`'s code is over by now, the others hold for an hour more."""

    def make(self) -> Policy:
        """Write it by a clock that is behind, and open it by the right one."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bootstrap, "present", lambda: present() - CODE_HOLDS)
            patch.setattr(login_state, "open_policy", self._behind(CODE_HOLDS))
            super().make().store.close()
        self._issue(CODE_HOLDS, LATE)
        self._issue(CODE_HOLDS - HOUR, IN_TIME, OTHER, GUESSING)
        return bootstrap.open_policy(self.places)

    def _behind(self, back: timedelta) -> partial[Policy]:
        def past() -> datetime:
            return present() - back

        return partial(bootstrap.open_policy, wall=past)

    def _issue(self, back: timedelta, *logins: str) -> None:
        policy = self._behind(back)(self.places)
        try:
            until = (policy.now() + 100 * CODE_HOLDS / 7).isoformat()
            for who, digest in ((self.people[login], digest_of(CODES[login])) for login in logins):
                login_state.do(
                    policy, "verify-person", person(ANNA), person=who, method="video-call", evidence="seen", until=until
                )
                login_state.do(policy, "issue-confirmation-code", person(ANNA), person=who, digest=digest)
        finally:
            policy.store.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginHub]:
    """One hub on that state, by the right clock."""
    hub = LoginHub(tmp_path_factory.mktemp("codes") / "s")
    past = PastState(hub.places)
    hub.state, hub.secrets, hub.people = past, past.secrets, past.people
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


def enrolled(hub: LoginHub, login: str) -> tuple[Browser, FactorId]:
    """Log somebody in who is verified, with a first app, which does not count yet."""
    browser = Browser(hub, login)
    page = browser.first_factor().headers["location"]
    shown = browser.get(page)
    browser.post(page, field(shown.text, "_xsrf"), code=pyotp.TOTP(secret_on(shown)).now())
    factor = the(FactorKind.TOTP, browser)
    assert not counts(browser, factor)
    return browser, factor


def test_a_code_of_last_week_is_over(hub: LoginHub) -> None:
    """ID-13, S76: over by seconds; told in the words of a code that never was; nothing of it is used up."""
    browser, factor = enrolled(hub, LATE)
    with hub.policy.reading() as state:
        issued = state.people[browser.person].confirmation
    assert issued is not None
    assert hub.policy.now() - CODE_HOLDS < issued.until <= hub.policy.now()
    late, unknown = (do(browser, "give", factor=factor, code=code) for code in (CODES[LATE], "Q" * 20))
    assert (late.status_code, reason(late)) == (403, reason(unknown))
    assert not counts(browser, factor)


def test_a_code_is_one_persons_is_given_by_a_form_and_counts_once(hub: LoginHub) -> None:
    """ID-13, SES-06: another's, a fetched address and a second time confirm nothing; an hour before its end it does."""
    browser, factor = enrolled(hub, IN_TIME)
    stranger, theirs = enrolled(hub, OTHER)
    code = CODES[IN_TIME]
    assert do(stranger, "give", factor=theirs, code=code).status_code == 403
    assert do(stranger, "give", factor=factor, code=code).status_code == 404
    fetched = browser.http.get(PAGE, params={"do": "give", "factor": factor, "code": code})
    assert (fetched.status_code, code in fetched.text) == (200, False)
    browser.http.head(PAGE, params={"do": "give", "factor": factor, "code": code})
    assert browser.post(PAGE, "forged", do="give", factor=factor, code=code).status_code == 403
    assert not counts(browser, factor)
    assert not counts(stranger, theirs)
    assert do(browser, "give", factor=factor, code=code).headers["location"] == f"{PAGE}?done=given"
    assert counts(browser, factor)
    assert do(browser, "give", factor=factor, code=code).status_code == 409
    assert do(stranger, "give", factor=theirs, code=code).status_code == 403
    assert not counts(stranger, theirs)


def test_guessing_codes_is_throttled(hub: LoginHub) -> None:
    """TOK-06, MFA-05: by person, the right one waits with the others; each is recorded, none of them in clear."""
    browser, factor = enrolled(hub, GUESSING)
    xsrf, before = field(browser.get(PAGE).text, "_xsrf"), len(hub.observations(e.LoginRefused))
    guesses = ["GUES" * 4 + f"AB{first}{last}" for first in "ABC" for last in "ABCD"]
    answers = [
        browser.post(PAGE, xsrf, {"X-Forwarded-For": f"192.0.2.{n}"}, do="give", factor=factor, code=guess)
        for n, guess in enumerate([*guesses[:TRIES], CODES[GUESSING], *guesses[TRIES:]])
    ]
    assert [one.status_code for one in answers] == [403] * TRIES + [429] * (len(answers) - TRIES)
    assert not counts(browser, factor)
    why = [one.why for one in hub.observations(e.LoginRefused)[before:]]
    assert len(why) == len(answers)
    assert all(one.startswith("confirmation_code_") for one in why)
    kept = hub.log("hub").encode() + b"".join(one.read_bytes() for one in hub.places.state.glob("log.sqlite*"))
    assert not [code for code in (*guesses, CODES[GUESSING]) if code.encode() in kept]

"""Who has nothing but their provider's second factor: how one of ours comes beside it (S76, MFA-08)."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from access_policy.actor import person as acting
from access_policy.model.enums import FactorKind
from tests.integration import test_providers
from tests.integration.factor_page import begin, do, factors_of, secret_on
from tests.integration.login_browser import field
from tests.integration.login_state import ANNA, NEWCOMERS
from tests.integration.several_hub import HOSPITAL, SeveralHub, Visitor
from tests.integration.test_providers import address_of, mfa

pytestmark = pytest.mark.integration
hub = test_providers.hub


def came(hub: SeveralHub, login: str, seconds: int) -> Visitor:
    """Somebody whom the hospital asked for a second factor so many seconds ago; it counts."""
    visitor = Visitor(hub, login)
    hub.says(HOSPITAL, login, **address_of(login), **mfa(seconds))
    visitor.arrive()
    assert visitor.is_in()
    (factor,) = factors_of(visitor)
    with hub.policy.reading() as state:
        counts = state.people[visitor.person].factors[factor].confirmed is not None
    if not counts:
        until = hub.policy.now().replace(year=hub.policy.now().year + 1).isoformat()
        hub.do(
            "verify-person", acting(ANNA), person=visitor.person, method="video-call", evidence="seen", until=until,
            factors=[factor],
        )  # fmt: skip
    return visitor


def confirm(visitor: Visitor, page: str) -> httpx.Response:
    """Say that the login itself is meant."""
    return visitor.post(page, visitor.http.cookies.get("_xsrf", path="/hub/") or "", login="yes")


def test_a_login_of_just_now_stands_for_a_factor_once_there_is_none(hub: SeveralHub) -> None:
    """S76, MFA-08: then the app is what is asked for, and the login stands for nothing any more."""
    visitor = came(hub, NEWCOMERS[0], 5)
    page = begin(visitor, "app")
    assert "Confirm with this login" in visitor.get(page).text
    shown = visitor.get(confirm(visitor, page).headers["location"])
    secret = secret_on(shown)
    added = visitor.post(str(shown.url), field(shown.text, "_xsrf"), code=pyotp.TOTP(secret).now())
    assert added.headers["location"] == "/hub/factors?done=app"
    with hub.policy.reading() as state:
        factors = state.people[visitor.person].factors
    assert {one.kind: one.confirmed is not None for one in factors.values()} == {
        FactorKind.PROVIDER: True, FactorKind.TOTP: True,
    }  # fmt: skip
    page = begin(visitor, "codes")
    assert "Confirm with this login" not in visitor.get(page).text
    assert confirm(visitor, page).status_code == 403


def test_an_older_login_is_sent_to_the_provider_once_more(hub: SeveralHub) -> None:
    """MFA-08, MFA-16: with `prompt=login`; the session that was there stands for nothing."""
    visitor = came(hub, NEWCOMERS[1], 400)
    page = begin(visitor, "app")
    shown = visitor.get(page).text
    assert "Confirm with this login" not in shown
    assert confirm(visitor, page).status_code == 403
    link = unescape(shown.partition('href="/hub/oauth_login?')[2].partition('"')[0])
    away = visitor.get(f"/hub/oauth_login?{link}").headers["location"]
    assert parse_qs(urlsplit(away).query)["prompt"] == ["login"]
    hub.says(HOSPITAL, visitor.login, **address_of(visitor.login), **mfa(1))
    back = visitor.get(visitor.callback(away))
    assert back.headers["location"] == "/hub/factors"
    assert confirm(visitor, begin(visitor, "app")).status_code == 303
    (factor,) = factors_of(visitor)
    assert do(visitor, "remove", factor=factor).status_code == 409

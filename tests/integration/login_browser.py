"""A browser as far as HTTP goes, for the tests that log in, and what stands in the pages that it gets."""

import re
import time
from html import unescape

import httpx
import msgspec
import pyotp

from access_policy.model.ids import PersonId
from tests.integration.login_hub import LoginHub, until


class Browser:
    """One browser: cookies of its own; redirects are followed only where a test says so."""

    def __init__(self, hub: LoginHub, login: str = "") -> None:
        self.hub = hub
        self.login = login
        self.http = hub.browsers.enter_context(httpx.Client(base_url=hub.url, timeout=30, trust_env=False))

    @property
    def person(self) -> PersonId:
        """Who uses it."""
        return self.hub.people[self.login]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Fetch a page of the hub."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, xsrf: str = "", headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Submit a form to the hub."""
        return self.http.post(path, data={"_xsrf": xsrf, **fields}, headers=headers)

    def callback(self, path: str = "/hub/oauth_login") -> str:
        """Go to the provider and log in there; return the address that it sends the browser back to."""
        provider = self.get(path)
        assert provider.status_code == 302, provider.text
        back = self.http.post(provider.headers["location"], data={"sub": self.login})
        assert back.status_code == 302, back.text
        return str(back.headers["location"])

    def first_factor(self, path: str = "/hub/oauth_login") -> httpx.Response:
        """Log in at the provider and come back; the answer to the callback."""
        return self.get(self.callback(path))

    def second_factor(self, code: str | None = None, page: str | None = None) -> httpx.Response:
        """Fetch the page that asks for the code, and give it."""
        page = page or "/hub/second-factor"
        xsrf = field(self.get(page).text, "_xsrf")
        return self.post(page, xsrf, code=self.code() if code is None else code)

    def log_in(self) -> httpx.Response:
        """Log in with both factors; the answer to the code."""
        page = self.first_factor().headers["location"]
        answer = self.second_factor(page=page)
        assert answer.status_code == 303, answer.text
        return answer

    def code(self) -> str:
        """Return a code that was not given yet; waits for the next one after the third within half a minute."""
        step = max(self.hub.steps.get(self.login, 0) + 1, int(time.time()) // 30 - 1)
        self.hub.steps[self.login] = step
        until(lambda: step <= int(time.time()) // 30 + 1)
        return pyotp.TOTP(self.hub.secrets[self.login]).generate_otp(step)

    def wrong_code(self) -> str:
        """Return six digits that are no code of now."""
        now = int(time.time()) // 30
        right = {pyotp.TOTP(self.hub.secrets[self.login]).generate_otp(now + near) for near in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(100000)) if code not in right)

    def copy(self) -> "Browser":
        """Return another browser that was given all cookies of this one."""
        thief = Browser(self.hub, self.login)
        for cookie in self.http.cookies.jar:
            thief.http.cookies.jar.set_cookie(cookie)
        return thief

    def is_in(self) -> bool:
        """Say whether the hub knows this browser's user."""
        return self.api("GET", "/hub/api/user").status_code == 200

    def api(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Call the hub's API as a script in a page of the hub does."""
        token = self.http.cookies.get("_xsrf", path="/hub/") or ""
        content = None if body is None else msgspec.json.encode(body)
        return self.http.request(method, path, content=content, headers={"X-XSRFToken": token, **headers})


def field(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html[:1500]
    return unescape(found[1])


def reason(answer: httpx.Response) -> str:
    """Return the text of the problem that a page shows."""
    found = re.search(r'role="alert"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, answer.text[:1500]
    return unescape(found[1]).strip()

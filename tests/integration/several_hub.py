"""A real hub with several login providers: three that say what a test wants, and one that a certified library makes.

The first three are `oidc-provider-mock`, which puts any claim into its tokens (one plays Google); the last is
`tests/oidc`, which insists on PKCE, nonce, `prompt`, `max_age` and its client's secret.
"""

import contextlib
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import msgspec

from tests.integration.login_browser import Browser
from tests.integration.login_hub import BOUND, LoginHub, until
from tests.integration.login_state import NEWCOMERS, READY
from tests.integration.sandbox_hub import free_ports
from tests.oidc.command import provider_command

REFEDS_MFA = "https://refeds.org/profile/mfa"
HOSPITAL, NORTH, GOOGLE, STRICT = "hospital", "north", "google", "strict"
AT_STRICT = (*NEWCOMERS[2:], *READY[20:])
"""Those whose login is at the strict provider; everybody else's is at the hospital's."""


class SeveralHub(LoginHub):
    """The hub, and its providers by name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        names = (HOSPITAL, NORTH, GOOGLE, STRICT)
        self.issuers = {name: f"http://127.0.0.1:{port}" for name, port in zip(names, free_ports(4), strict=True)}
        self.client_secret = secrets.token_hex(32)
        at = {name: STRICT if name in AT_STRICT else HOSPITAL for name in (*READY, *NEWCOMERS)}
        self.state.issuers = {name: self.issuers[provider] for name, provider in at.items()}
        self.state.domains = {"hospital": ", med.hospital.example, strict.example, google.example"}
        self.state.settings = "".join(_table(name, issuer) for name, issuer in self.issuers.items())
        self.running = msgspec.structs.replace(
            self.running,
            demo=False,
            issuer=self.issuers[HOSPITAL],
            client_secrets=dict.fromkeys(names, self.client_secret),
        )

    def start(self) -> None:
        """Start the providers first, then the hub."""
        for name in (HOSPITAL, NORTH, GOOGLE):
            port = self.issuers[name].rpartition(":")[2]
            self._run(name, [sys.executable, "-m", "oidc_provider_mock", "--port", port, "--no-refresh-token"])
        callback = f"{self.url}/hub/oauth_callback/{STRICT}"
        self._run(STRICT, provider_command(self.issuers[STRICT], ("sluis", self.client_secret), callback))
        super().start()

    def _run(self, name: str, command: list[str]) -> None:
        self.places.state.mkdir(mode=0o711, exist_ok=True)
        log = self.closing.enter_context((self.places.state / f"{name}.log").open("ab"))
        environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1"}
        child = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.closing.callback(_end, child)

        def answers() -> bool:
            assert child.poll() is None, f"provider {name} ended"
            with contextlib.suppress(httpx.HTTPError):
                address = f"{self.issuers[name]}/.well-known/openid-configuration"
                return httpx.get(address, timeout=2, trust_env=False).status_code == 200
            return False

        until(answers)

    def says(self, provider: str, subject: str, **claims: Any) -> None:
        """Let a provider say this about somebody, in its ID token and its userinfo."""
        answer = httpx.put(f"{self.issuers[provider]}/users/{subject}", json=claims, trust_env=False)
        assert answer.status_code == 204, answer.text


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(10)
    child.kill()
    child.wait(BOUND)


def _table(name: str, issuer: str) -> str:
    named = "" if name in (GOOGLE, STRICT) else f"mfa_acr = ['{REFEDS_MFA}']\n"
    named += "kind = 'google'\n" if name == GOOGLE else ""
    domains = "['hospital.example', 'med.hospital.example']" if name == HOSPITAL else f"['{name}.example']"
    return (
        f"\n[[login.providers]]\nname = '{name}'\ntitle = 'The {name.title()}'\nissuer = '{issuer}'\n"
        f"client_id = 'sluis'\ndomains = {domains}\n{named}"
    )


class Visitor(Browser):
    """A browser of somebody with a login at one of the providers."""

    hub: SeveralHub

    def __init__(self, hub: SeveralHub, login: str = "", provider: str = HOSPITAL) -> None:
        super().__init__(hub, login)
        self.provider = provider

    def away(self, query: str = "") -> str:
        """Go to the provider; return the address that the hub sends the browser to."""
        answer = self.get(f"/hub/oauth_login?provider={self.provider}{query}")
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def callback(self, path: str = "") -> str:
        """Log in at a provider that asks nothing; return the address that it sends the browser back to."""
        back = self.http.post(path or self.away(), data={"sub": self.login})
        assert back.status_code == 302, back.text
        return str(back.headers["location"])

    def arrive(self) -> httpx.Response:
        """Log in there and come back; the answer to the callback."""
        return self.get(self.callback())

    def interaction(self, address: str) -> str:
        """Follow the strict provider to where it asks something; return that address."""
        answer = self.http.get(address)
        assert answer.status_code == 303, answer.text
        return urljoin(address, answer.headers["location"])

    def give(self, address: str, **given: str) -> str:
        """Answer it there, and follow it until it sends the browser back to the hub; return that address."""
        where, answer = address, self.http.post(address, data={"login": self.login, **given})
        for _ in range(5):
            where = urljoin(where, answer.headers["location"])
            if where.startswith(self.hub.url):
                return where
            answer = self.http.get(where)
        raise AssertionError(f"{where} leads nowhere")

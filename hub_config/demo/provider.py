"""The demo's login provider: a real OpenID Connect flow (oidc-provider-mock) in which anybody may be anybody.

People choose who they are from a list of the demo's people; nothing is asked, so it must never serve anything but a
demo on loopback. The second factor after it is real. Passwords are not its subject.
"""

import os
from typing import Any
from urllib.parse import urlsplit

import msgspec
import uvicorn

from hub_config.places import Places
from hub_config.running import Running, load_running

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a line in `demo.json` that the provider needs."""

    login: str
    name: str
    email: str
    roles: list[str] = []
    institution: str = ""


NEWCOMERS = (
    DemoPerson(login="noor", name="Noor de Vries", email="noor@centre.example", institution="centre"),
    DemoPerson(login="timo", name="Timo Claes", email="timo@harbour-clinic.example", institution="harbour-clinic"),
)
"""Whom nobody registered: one may register themselves at the first login; the other one's agreement ran out (S16)."""


def main(places: Places) -> None:
    """Serve on the port of the running issuer until the process is ended. Raises FileNotFoundError where none runs."""
    running = load_running(places)
    people = msgspec.json.decode(places.demo.read_bytes(), type=list[DemoPerson])
    serve(running, people)


def serve(running: Running, people: list[DemoPerson]) -> None:
    """Serve these people. Raises ValueError for an issuer that is not on loopback."""
    address = urlsplit(running.issuer)
    if address.hostname not in ("127.0.0.1", "localhost", "::1") or address.port is None:
        raise ValueError(f"the demo's login provider runs on loopback only, and `{running.issuer}` is not")
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # read by authlib; there is no TLS on loopback
    uvicorn.run(
        provider_app(people), interface="wsgi", host=address.hostname, port=address.port,
        log_level="warning", server_header=False, forwarded_allow_ips="",
    )  # fmt: skip


def provider_app(people: list[DemoPerson]) -> Any:
    """Return the provider as a WSGI application, with a login page that names the demo's people."""
    import flask
    import oidc_provider_mock
    from oidc_provider_mock import User

    users = [User(sub=one.login, claims=_claims(one)) for one in (*people, *NEWCOMERS)]
    app = flask.Flask("hub_config.demo", template_folder="templates")
    app.context_processor(lambda: {"people": people, "newcomers": NEWCOMERS})
    oidc_provider_mock.init_app(app, require_nonce=True, issue_refresh_token=False, user_claims=users)
    app.debug = False
    app.after_request(_guarded)
    return app


def _claims(person: DemoPerson) -> dict[str, object]:
    return {"name": person.name, "email": person.email, "email_verified": True}


def _guarded(answer: Any) -> Any:
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer

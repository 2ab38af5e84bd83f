"""The hub's part of the composition root: every setting of JupyterHub that Sluis makes, each beside its reason."""

import logging
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
from jupyterhub.log import log_request

from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.bootstrap import identity_of, open_policy
from hub_config.desk.security import Address
from hub_config.gate import Gate
from hub_config.gated_proxy import GatedProxy
from hub_config.hub_pages import pages
from hub_config.hub_spawner import HubSpawner
from hub_config.login.activity import ActivityPage, noting
from hub_config.login.authenticator import LoginParts, SluisAuthenticator
from hub_config.login.factors import SecondFactors
from hub_config.login.refusals import Refusals
from hub_config.login.second_factor import Throttle
from hub_config.login.sweep import Sweep
from hub_config.login_doors import doors
from hub_config.places import Places
from hub_config.running import Running, load_running
from hub_config.settings import Settings, load_settings
from spawner.storage import Places as WorkspacePlaces
from spawner.storage import find_host

DESK = "/services/desk/"
_TEMPLATES = Path(__file__).with_name("login") / "templates"
_MOST_SERVERS = 100

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
"""What a new home begins with."""

USER_SCOPES = (
    "read:users!user", "users:activity!user", "access:servers!user", "access:services!service=desk", "servers!user",
)  # fmt: skip
"""All that a person may do at the hub: no tokens, no shares (TOK-01)."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On every answer of the hub (SES-09, SES-10): scripts and styles come from files only, nothing to another site."""


def configure(c: Any, places: Places) -> None:
    """Set everything. Raises SettingsProblem, StateProblem and LogError, and FileNotFoundError where nothing runs."""
    settings, running, policy = load_settings(places.settings), load_running(places), open_policy(places, Component.HUB)
    with policy.reading_behind() as state:
        hours = state.settings.session_hours
    given = Given(settings, running, policy)
    _addresses(c, places, given)
    _login(c, places, given, hours)
    _workspaces(c, places, given)
    _rights(c, running)
    _look(c, settings)
    logging.getLogger("tornado.application").addFilter(_without_session_ids)


def _without_session_ids(record: logging.LogRecord) -> bool:
    """JupyterHub logs session and cookie ids when it makes an XSRF cookie; they have no place in a log (TOK-04)."""
    return not str(record.msg).startswith("Setting new xsrf cookie")


class Given:
    """What the parts are made of."""

    def __init__(self, settings: Settings, running: Running, policy: Policy) -> None:
        self.settings = settings
        self.running = running
        self.policy = policy


def _addresses(c: Any, places: Places, given: Given) -> None:
    running = given.running
    if given.settings.cluster is None:
        database = places.hub / "jupyterhub.sqlite"
        database.touch(mode=0o600)
        c.JupyterHub.db_url = f"sqlite:///{database}"
        c.JupyterHub.hub_bind_url = running.hub
    else:
        from hub_config.cluster_setup import addresses_in_cluster

        addresses_in_cluster(c, given.settings.cluster, running)
    c.JupyterHub.cookie_secret_file = str(places.hub / "cookie_secret")
    c.JupyterHub.bind_url = running.url
    c.JupyterHub.public_url = f"{running.url}/"  # never a request's `Host` (SES-14)
    c.JupyterHub.proxy_class = GatedProxy
    c.GatedProxy.should_start = False
    c.GatedProxy.api_url = running.proxy_api
    c.GatedProxy.auth_token = running.proxy_token
    c.JupyterHub.last_activity_interval = 10  # seconds between two checks of the routes


def _login(c: Any, places: Places, given: Given, hours: int) -> None:
    running, policy = given.running, given.policy
    SluisAuthenticator.parts = LoginParts(
        policy=policy,
        factors=SecondFactors(policy, Throttle(), pyotp.random_base32),
        refusals=Refusals(policy),
        identity=partial(identity_of, places),
        doors=doors(given.settings.login, running, policy),
        callback=f"{running.url}/hub/",
        contact=given.settings.contact,
        new_token=partial(secrets.token_urlsafe, 32),
    )
    SluisAuthenticator.pages = pages()
    ActivityPage.origins = Address(running.url).origins
    GatedProxy.sweep = Sweep(policy)
    c.JupyterHub.authenticator_class = SluisAuthenticator
    c.SluisAuthenticator.enable_auth_state = False  # nothing of the provider's is kept
    c.JupyterHub.cookie_max_age_days = hours / 24
    c.JupyterHub.oauth_token_expires_in = hours * 3600
    c.JupyterHub.token_expires_in_max_seconds = 3600
    c.JupyterHub.oauth_require_pkce = True
    c.JupyterHub.tornado_settings = {
        "headers": HEADERS,
        "cookie_options": {"samesite": "Lax", "expires_days": None} | _secure(running.url),
        "log_function": noting(policy, log_request),
    }


def _secure(url: str) -> dict[str, bool]:
    """Cookies go over TLS only where browsers come in by it; the hub itself, behind the proxy, never sees it."""
    return {"secure": True} if url.startswith("https:") else {}


def _workspaces(c: Any, places: Places, given: Given) -> None:
    gate = Gate(given.policy, given.settings.workspace_profiles)
    GatedProxy.gate = gate
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = _MOST_SERVERS  # SPW-09
    c.JupyterHub.default_url = DESK
    c.JupyterHub.redirect_to_server = False
    c.JupyterHub.implicit_spawn_seconds = 0
    c.Spawner.consecutive_failure_limit = 0  # a workspace that fails must not end the hub (fact 10)
    c.Spawner.http_timeout = 60
    if given.settings.cluster is None:
        _sandboxes(c, places, given.settings, gate)
    else:
        from hub_config.cluster_setup import Wired, workspaces_in_cluster

        workspaces_in_cluster(c, Wired(given.settings, given.settings.cluster, given.running, given.policy, gate))


def _sandboxes(c: Any, places: Places, settings: Settings, gate: Gate) -> None:
    gate.ended_with_the_hub()
    HubSpawner.gate = HubSpawner.policy = gate
    HubSpawner.profiles = settings.workspace_profiles
    HubSpawner.host = find_host()
    HubSpawner.places = WorkspacePlaces(
        homes=places.homes,
        run=places.run,
        datasets=places.datasets(settings.data.folder),
        skeleton=NOTEBOOKS,
    )
    c.JupyterHub.spawner_class = HubSpawner
    c.JupyterHub.cleanup_servers = True  # a sandbox dies with the hub; so its end is recorded
    c.Spawner.start_timeout = 60


def _rights(c: Any, running: Running) -> None:
    """No JupyterHub admins: the built-in role cannot be narrowed."""
    c.JupyterHub.load_roles = [
        {"name": "user", "description": "a person and their own workspaces", "scopes": [*USER_SCOPES]},
    ]
    c.JupyterHub.services = [
        {
            "name": "desk",
            "url": running.desk,
            "api_token": running.desk_token,
            "oauth_no_confirm": True,
            "timeout": 10,  # seconds that a start of the hub waits for it
            "oauth_client_allowed_scopes": ["access:services!service=desk", "read:users:name!user"],
        },
        {"name": "warden", "api_token": running.warden_token},
    ]


def _look(c: Any, settings: Settings) -> None:
    c.JupyterHub.template_paths = [str(_TEMPLATES)]
    c.JupyterHub.template_vars = {
        "product": "Sluis",
        "contact_name": settings.contact.name,
        "contact_email": settings.contact.email,
        "desk_url": DESK,
    }

"""The hub's part of the composition root: every setting of JupyterHub that Sluis makes, each beside its reason."""

import logging
import secrets
import time
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyotp
from jupyterhub import orm
from jupyterhub.log import log_request

from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.bootstrap import await_policy, identity_of
from hub_config.desk.access import METADATA
from hub_config.desk.security import Address
from hub_config.gate import Gate
from hub_config.gated_proxy import GatedProxy
from hub_config.host_cookies import keep_cookies_to_the_host
from hub_config.hub_pages import pages
from hub_config.hub_spawner import HubSpawner, WishesOnRecord
from hub_config.leash_pages import LeashPage
from hub_config.leashes import Leashes, Terms
from hub_config.log_lines import logging_config
from hub_config.log_silence import AskingSweep, Heard
from hub_config.login.activity import ActivityPage, noting
from hub_config.login.authenticator import LoginParts, SluisAuthenticator
from hub_config.login.factors import SecondFactors
from hub_config.login.passkey_answers import site_of
from hub_config.login.passkeys import Challenges, Passkeys
from hub_config.login.refusals import Refusals
from hub_config.login.second_factor import Throttle
from hub_config.login.stays import network_of
from hub_config.login.sweep import Sweep
from hub_config.login_doors import doors
from hub_config.old_servers import OldServers
from hub_config.origins import SHARED, Origins, Senders
from hub_config.places import Places
from hub_config.running import Running, load_running
from hub_config.settings import Settings, load_settings
from hub_config.two_doors import TwoDoors
from spawner import sandbox_command, server_in_pod
from spawner.storage import Places as WorkspacePlaces
from spawner.storage import find_host

DESK = "/services/desk/"
"""Below the desk's origin."""
_TEMPLATES = Path(__file__).with_name("login") / "templates"
_MOST_SERVERS = 100

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
"""What a new home begins with."""

USER_SCOPES = (
    "read:users!user", "users:activity!user", "access:servers!user", "access:services!service=desk", "servers!user",
)  # fmt: skip
"""All that a person may do at the hub: no tokens, no shares (TOK-01)."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer of the hub, beside its policy (SES-09, SES-10); no page is kept for the back button (SES-11)."""
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'{}; "
    "frame-ancestors 'none'"
)


def headers(origins: Origins) -> dict[str, str]:
    """Return what stands on every answer: scripts and styles come from files only, and nothing goes to another site.

    A browser holds the answer to a form against the policy, too, and that may lead to the desk or to a workspace.
    """
    further = [one for one in origins.all if one != origins.hub]
    return {"Content-Security-Policy": _POLICY.format("".join(f" {one}" for one in further)), **HEADERS}


def configure(c: Any, places: Places) -> None:
    """Set everything. Raises SettingsProblem, StateProblem and LogError, and FileNotFoundError where nothing runs."""
    settings, running = load_settings(places.settings), load_running(places)
    policy = await_policy(places, Component.HUB)
    with policy.reading_behind() as state:
        hours = state.settings.session_hours
    given = Given(settings, running, policy)
    _addresses(c, places, given)
    _login(c, places, given, hours)
    _workspaces(c, places, given)
    _rights(c, running)
    _look(c, settings, running.web)
    logging.getLogger("tornado.application").addFilter(_without_session_ids)
    c.JupyterHub.logging_config = logging_config()


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
    if not running.institute_url:
        c.JupyterHub.public_url = f"{running.url}/"  # never a request's `Host` (SES-14)
    c.JupyterHub.proxy_class = _proxy_class(running)
    GatedProxy.origins = running.web
    if running.web.own:
        c.JupyterHub.cookie_host_prefix_enabled = True  # the workspaces' servers (SES-07); and the hub itself:
        keep_cookies_to_the_host()
    c.GatedProxy.should_start = False
    c.GatedProxy.api_url = running.proxy_api
    c.GatedProxy.auth_token = running.proxy_token
    c.JupyterHub.last_activity_interval = 10  # seconds between two checks of the routes


def _proxy_class(running: Running) -> type[GatedProxy]:
    """With two addresses every one within is relative, so that a browser stays at the door by which it came.

    A `Host` that is not of a door's own gets no further than that door (SES-14).
    """
    if len(running.doors) == 1:
        return GatedProxy
    TwoDoors.institute_api = running.institute_api
    return TwoDoors


def _login(c: Any, places: Places, given: Given, hours: int) -> None:
    running, policy, network = given.running, given.policy, network_of(given.running, given.settings.network)
    WishesOnRecord.place_of = network.place
    factors = SecondFactors(policy, Throttle(), pyotp.random_base32)
    SluisAuthenticator.parts = LoginParts(
        policy=policy,
        factors=factors,
        passkeys=_passkeys(places, given, factors),
        refusals=Refusals(policy),
        identity=partial(identity_of, places),
        doors=doors(given.settings.login, running, policy),
        network=network,
        contact=given.settings.contact,
        new_token=partial(secrets.token_urlsafe, 32),
    )
    SluisAuthenticator.pages = pages(running.web.own)
    own = frozenset().union(*(Address(url).origins for url in running.addresses))
    ActivityPage.origins = Senders(own, running.web.is_workspace)
    heard = Heard(policy, time.monotonic)
    LeashPage.origins, LeashPage.leashes = own, Leashes(policy, heard, _leash_terms(given))
    GatedProxy.sweep = AskingSweep(heard, Sweep(policy))
    c.JupyterHub.authenticator_class = SluisAuthenticator
    c.SluisAuthenticator.enable_auth_state = False  # nothing of the provider's is kept
    c.JupyterHub.cookie_max_age_days = hours / 24
    c.JupyterHub.oauth_token_expires_in = hours * 3600
    c.JupyterHub.token_expires_in_max_seconds = 3600
    c.JupyterHub.oauth_require_pkce = True
    c.JupyterHub.tornado_settings = {
        "headers": headers(running.web),
        "cookie_options": {"samesite": "Lax", "expires_days": None} | _secure(running.web),
        "log_function": noting(policy, network, log_request),
    }


def _leash_terms(given: Given) -> Terms:
    cluster = given.settings.cluster is not None
    home = server_in_pod.HOME if cluster else sandbox_command.HOME
    return Terms(given.settings.leash.silence, cluster, home, _desk_url(given.running.web), partial(datetime.now, UTC))


def _passkeys(places: Places, given: Given, factors: SecondFactors) -> Passkeys:
    """Passkeys are for the public address alone, never for a request's `Host` (MFA-15, SES-14)."""
    challenges = Challenges(secrets.token_bytes)

    def handle(person: PersonId) -> bytes:
        return sha256(identity_of(places, "passkeys", person).encode()).digest()

    return Passkeys(given.policy, factors, site_of(given.running.url), challenges, handle)


def _desk_url(origins: Origins) -> str:
    """Return where the desk is, as the hub's pages name it."""
    return f"{origins.desk}{DESK}" if origins.own else DESK


def _secure(origins: Origins) -> dict[str, bool]:
    """Cookies go over TLS only where browsers come in by it; the hub itself, behind the proxy, never sees it.

    Browsers take this machine's own names for safe as well, and a `__Host-` cookie has to be secure.
    """
    return {"secure": True} if origins.own or origins.hub.startswith("https:") else {}


def _workspaces(c: Any, places: Places, given: Given) -> None:
    gate = Gate(given.policy, given.settings.workspace_profiles)
    GatedProxy.gate = gate
    GatedProxy.old_servers = OldServers(gate, [profile.name for profile in given.settings.workspace_profiles])
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = _MOST_SERVERS  # SPW-09
    WishesOnRecord.origin_of = given.running.web.own_workspace
    WishesOnRecord.silence = given.settings.leash.silence
    c.JupyterHub.default_url = _desk_url(given.running.web)
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
    orm.new_token = partial(secrets.token_hex, 32)  # 256 bits, where the hub would make a UUID of 122 (TOK-06)
    c.JupyterHub.services = [
        {
            "name": "desk",
            "url": running.desk,
            "api_token": running.desk_token,
            "oauth_no_confirm": True,
            **_callback(running.web),
            "timeout": 10,  # seconds that a start of the hub waits for it
            "oauth_client_allowed_scopes": ["access:services!service=desk", "read:users:name!user"],
        },
        {"name": "warden", "api_token": running.warden_token},
    ]
    c.Proxy.extra_routes = {f"{running.web.desk_host}{METADATA}/": running.desk}  # AuthZEN 1.0, section 9.2


def _callback(origins: Origins) -> dict[str, str]:
    """Where the desk is on another host than the hub's, the hub has to know where its logins come back to."""
    return {"oauth_redirect_uri": f"{origins.desk}{DESK}oauth_callback"} if origins.own else {}


def _look(c: Any, settings: Settings, origins: Origins) -> None:
    c.JupyterHub.template_paths = [str(_TEMPLATES)]
    c.JupyterHub.template_vars = {
        "product": "Sluis",
        "contact_name": settings.contact.name,
        "contact_email": settings.contact.email,
        "desk_url": _desk_url(origins),
        "told": SHARED if origins.told else "",
    }

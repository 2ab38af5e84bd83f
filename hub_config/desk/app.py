"""The desk as a process: an external service of the hub, on loopback beside `sluis run`, in a pod in a cluster."""

import secrets
from functools import partial

import httpx
import uvicorn
from fastapi import FastAPI

from access_policy.model.enums import Component
from hub_config.bootstrap import await_policy, identity_of
from hub_config.desk.application import create_app
from hub_config.desk.desk import Desk
from hub_config.desk.oauth import HubLogin
from hub_config.desk.security import Seals
from hub_config.invitations import invitation_token
from hub_config.notices.post import post_of
from hub_config.notices.sender import Loop, collecting, sending
from hub_config.places import Places
from hub_config.probes import serve_probes
from hub_config.running import Running, load_running
from hub_config.settings import load_settings


def build(places: Places, running: Running) -> FastAPI:
    """Put the desk of one installation together. Raises StateProblem, SettingsProblem or LogError."""
    policy, settings = await_policy(places, Component.DESK), load_settings(places.settings)
    collector = collecting(policy)
    login = HubLogin(running, policy)
    desk = Desk(
        policy=policy, settings=settings, url=running.web.desk, identify=login.identify,
        seals=Seals(secrets.token_bytes(32)), identity=partial(identity_of, places), issuer=running.identity_issuer,
        documents=places.documents, origins=running.web, institute=running.institute_url,
    )  # fmt: skip
    loop = Loop(policy, collector, post_of(settings, running, partial(invitation_token, desk.identity)))
    return create_app(desk, login.router(), running.desk, lambda _app: sending(loop))


def serve(places: Places) -> None:
    """Serve the desk until a signal ends it. Raises FileNotFoundError where Sluis does not run."""
    running = load_running(places)
    host, port = running.listening(running.desk)
    app = build(places, running)
    if running.desk_probes:
        serve_probes(running.listening(running.desk_probes), partial(_lives, port), partial(_ready, port))
    uvicorn.run(
        app, host=host, port=port, access_log=False,
        server_header=False, date_header=False, proxy_headers=False, log_level="warning", timeout_graceful_shutdown=3,
        timeout_keep_alive=10, h11_max_incomplete_event_size=32 * 1024, limit_concurrency=512,
    )  # fmt: skip


def _lives(port: int) -> bool:
    """Say whether the desk answers at all: one that is busy, or whose log is away, is not to be started again."""
    return _asked(port, "livez") is not None


def _ready(port: int) -> bool:
    return _asked(port, "readyz") == httpx.codes.OK


def _asked(port: int, probe: str) -> int | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/{probe}", timeout=4.0, trust_env=False).status_code
    except httpx.HTTPError:
        return None

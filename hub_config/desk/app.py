"""The desk as a process: an external service of the hub on loopback, started by `sluis run`."""

import secrets
from functools import partial
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from access_policy.model.enums import Component
from hub_config.bootstrap import identity_of, open_policy
from hub_config.desk.application import create_app
from hub_config.desk.desk import Desk
from hub_config.desk.oauth import HubLogin
from hub_config.desk.security import Seals
from hub_config.places import Places
from hub_config.running import Running, load_running
from hub_config.settings import load_settings


def build(places: Places, running: Running) -> FastAPI:
    """Put the desk of one installation together. Raises StateProblem, SettingsProblem or LogError."""
    policy = open_policy(places, Component.DESK)
    login = HubLogin(running, policy)
    desk = Desk(
        policy=policy, settings=load_settings(places.settings), url=running.url, identify=login.identify,
        seals=Seals(secrets.token_bytes(32)), identity=partial(identity_of, places), issuer=running.identity_issuer,
        documents=places.documents,
    )  # fmt: skip
    return create_app(desk, login.router(), running.desk)


def serve(places: Places) -> None:
    """Serve the desk until a signal ends it. Raises FileNotFoundError where Sluis does not run."""
    running = load_running(places)
    address = urlsplit(running.desk)
    uvicorn.run(
        build(places, running), host=address.hostname or "127.0.0.1", port=address.port or 0, access_log=False,
        server_header=False, date_header=False, proxy_headers=False, log_level="warning", timeout_graceful_shutdown=3,
        timeout_keep_alive=10, h11_max_incomplete_event_size=32 * 1024, limit_concurrency=512,
    )  # fmt: skip

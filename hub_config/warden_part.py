"""The warden as a part of `sluis run`: the loop of `spawner/warden`, with `/livez` and `/readyz` on a loopback port.

It signs checkpoints of the log as well, since it is the part that is never idle.
"""

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from access_policy.actor import component
from access_policy.log.errors import LogError
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy
from hub_config.clock_alarm import ClockAlarm
from hub_config.gate import Gate
from hub_config.places import Places
from hub_config.proxy_routes import ProxyRoutes
from hub_config.running import load_running
from hub_config.settings import load_settings
from spawner.warden.warden import Warden

PERIOD = 0.5
"""Seconds between two looks."""

_PERIOD_BEHIND = 2.0  # nothing runs then, and each look is a line in the part's log
_LATE = 5.0


class _Heart:
    """When the loop last came round, for the probes."""

    def __init__(self) -> None:
        self.beat = 0.0

    def beats(self) -> bool:
        """Say whether the loop came round lately."""
        return time.monotonic() - self.beat < _LATE


def serve(places: Places) -> None:
    """Run the warden until the process is ended."""
    running = load_running(places)
    policy = open_policy(places, Component.WARDEN)
    settings = load_settings(places.settings)
    gate = Gate(policy, settings.workspace_profiles)
    routes = ProxyRoutes(running.proxy_api, running.proxy_token)
    warden = Warden(policy, places.run, routes, gate.may_reach, time.monotonic)
    heart = _Heart()
    _probes(running.warden, heart)
    logging.getLogger("sluis.warden").info("watching")
    signed = _Signed(policy, settings.log.checkpoint_minutes * 60.0)
    alarm = ClockAlarm(policy, component(Component.WARDEN))
    while True:
        warden.tick()
        alarm.look()
        signed.keep_up(time.monotonic())
        heart.beat = time.monotonic()
        time.sleep(PERIOD if policy.is_whole else _PERIOD_BEHIND)


class _Signed:
    """Signs the log's heads every few minutes, where they have moved on (AUD-02)."""

    def __init__(self, policy: Policy, seconds: float) -> None:
        self._policy = policy
        self._seconds = seconds
        self._sizes = (0, 0)
        self._next = 0.0

    def keep_up(self, now: float) -> None:
        """Write checkpoints where they are due, and scrub what was erased meanwhile (E50).

        What keeps it from doing so is said and tried again.
        """
        if now < self._next:
            return
        self._next = now + self._seconds
        self._policy.store.scrub()
        problem = self._sign()
        if problem is not None:
            logging.getLogger("sluis.warden").error("the log's head is not signed: %s", problem)

    def _sign(self) -> str | None:
        try:
            sizes = self._policy.store.head().size, self._policy.store.observation_head().size
        except LogError as error:
            return str(error)
        if sizes == self._sizes:
            return None
        problem = self._policy.sign()
        self._sizes = sizes if problem is None else (0, 0)
        return problem


def _probes(url: str, heart: _Heart) -> None:
    address = urlsplit(url)

    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in ("/livez", "/readyz")
            self.send_response(404 if not known else 200 if heart.beats() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: the supervisor asks often."""

    server = ThreadingHTTPServer((address.hostname or "127.0.0.1", address.port or 0), Probe)
    threading.Thread(target=server.serve_forever, daemon=True).start()

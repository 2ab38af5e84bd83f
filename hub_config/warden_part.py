"""The warden as a part of `sluis run`: the loop of `spawner/warden`, with `/livez` and `/readyz` on a loopback port.

It signs checkpoints of the log as well, since it is the part that is never idle.
"""

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from access_policy.log.checkpoints import write_checkpoint
from access_policy.log.errors import LogError
from access_policy.log.keys import load_keys
from access_policy.use_cases import Policy
from hub_config.bootstrap import log_origin, open_policy
from hub_config.gate import Gate
from hub_config.places import Places
from hub_config.proxy_routes import ProxyRoutes
from hub_config.running import load_running
from hub_config.settings import load_settings
from spawner.warden.warden import Warden

PERIOD = 0.5
"""Seconds between two looks."""

_LATE = 5.0
_SIGNED_EVERY = 60.0


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
    policy = open_policy(places)
    gate = Gate(policy, load_settings(places.settings).workspace_profiles)
    routes = ProxyRoutes(running.proxy_api, running.proxy_token)
    warden = Warden(policy, places.run, routes, gate.may_reach, time.monotonic)
    heart = _Heart()
    _probes(running.warden, heart)
    logging.getLogger("sluis.warden").info("watching")
    signed = _Signed(places, policy)
    while True:
        warden.tick()
        signed.keep_up(time.monotonic())
        heart.beat = time.monotonic()
        time.sleep(PERIOD)


class _Signed:
    """Signs the log's head about once a minute, where it has moved on (AUD-02)."""

    def __init__(self, places: Places, policy: Policy) -> None:
        self._places = places
        self._policy = policy
        self._size = 0
        self._next = 0.0

    def keep_up(self, now: float) -> None:
        """Write a checkpoint where one is due; what keeps it from doing so is said and tried again."""
        if now < self._next:
            return
        self._next = now + _SIGNED_EVERY
        try:
            self._sign()
        except LogError as error:
            logging.getLogger("sluis.warden").error("the log's head cannot be signed: %s", error)

    def _sign(self) -> None:
        with self._policy.reading() as state:
            origin = log_origin(state.installation)
        head = self._policy.store.head()
        if head.size != self._size:
            write_checkpoint(self._places.checkpoints, head, load_keys(self._places.keys), origin)
            self._size = head.size


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

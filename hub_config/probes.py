"""`/livez` and `/readyz` of a part on a port of its own, and a warden's `/metrics`: for operators, not for browsers."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answers = Callable[[], bool]
Text = Callable[[], bytes]
_PLAIN = "text/plain; version=0.0.4; charset=utf-8"


def serve_probes(
    address: tuple[str, int], live: Answers, ready: Answers, metrics: Text | None = None
) -> ThreadingHTTPServer:
    """Answer in a thread until the process ends. Raises OSError where the port cannot be used."""
    known = {"/livez": live, "/readyz": ready}

    class Probe(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            if self.path == "/metrics" and metrics is not None:
                self._say(200, metrics(), _PLAIN)
                return
            answers = known.get(self.path)
            self._say(404 if answers is None else 200 if answers() else 503)

        def _say(self, status: int, body: bytes = b"", kind: str = "") -> None:
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: they ask often."""

    server = ThreadingHTTPServer(address, Probe)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

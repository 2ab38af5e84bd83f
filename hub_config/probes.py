"""`/livez` and `/readyz` of a part on a port of its own: for who starts it, never for browsers."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answers = Callable[[], bool]


def serve_probes(address: tuple[str, int], live: Answers, ready: Answers) -> ThreadingHTTPServer:
    """Answer in a thread until the process ends. Raises OSError where the port cannot be used."""
    known = {"/livez": live, "/readyz": ready}

    class Probe(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            answers = known.get(self.path)
            self.send_response(404 if answers is None else 200 if answers() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: they ask often."""

    server = ThreadingHTTPServer(address, Probe)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

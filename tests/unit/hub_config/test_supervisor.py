"""When a part counts as ready."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hub_config.children import Child
from hub_config.parts import Part
from hub_config.supervisor import answers


class _Says(BaseHTTPRequestHandler):
    """Answers `/302` with that status, and so on."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server on loopback."""
    server = HTTPServer(("127.0.0.1", 0), _Says)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (302, False), (404, False), (503, False)])
def test_a_part_is_ready_once_it_answers_itself(tmp_path: Path, url: str, status: int, ready: bool) -> None:
    """FLT-14: the hub sends whoever asks for a page that it has no route to yet somewhere else; that is no answer."""
    part = Part("desk", ("true",), {}, f"{url}/{status}")
    assert answers(Child(part, tmp_path, tmp_path)) is ready


def test_what_does_not_listen_is_not_ready(tmp_path: Path) -> None:
    """FLT-14: no answer is no."""
    assert not answers(Child(Part("desk", ("true",), {}, "http://127.0.0.1:1/"), tmp_path, tmp_path))

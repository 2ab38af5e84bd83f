"""Lines of the hub's log, as its own handler prints them."""

import io
import logging

import pytest
from traitlets.config import Application

from hub_config.log_lines import LONGEST, logging_config

pytestmark = pytest.mark.unit


class Program(Application):
    """Logs as JupyterHub does: every line comes out of this one's handler."""


@pytest.fixture
def printed() -> io.StringIO:
    program, stream = Program(logging_config=logging_config()), io.StringIO()
    (handler,) = program.log.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return stream


@pytest.mark.parametrize("length", [LONGEST + 1, 1_000_000])
def test_a_long_line_is_cut(printed: io.StringIO, length: int) -> None:
    """CVE-2026-54338: whatever is put into a message, also by a logger below; how long it was is told."""
    for logger in (logging.getLogger("Program"), logging.getLogger("Program.below")):
        logger.warning("unknown name %s", "x" * length)
    assert len(printed.getvalue()) < 2 * (LONGEST + 200)
    assert f"({length + len('unknown name ')} characters)" in printed.getvalue()


def test_a_short_line_stays(printed: io.StringIO) -> None:
    """Up to the limit nothing is taken."""
    text = "y" * LONGEST
    logging.getLogger("Program").warning(text)
    assert f"{text}\n" in printed.getvalue()

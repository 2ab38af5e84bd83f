"""Lines of the hub's log are short: whoever sends a long name, address or value fills no disk with it (CVE-2026-54338).

JupyterHub and tornado print what was sent, an address up to five times. Here each message is cut; what stands in the
log of facts is none of this.
"""

import logging
from typing import Any

LONGEST = 2_000
"""Characters of one message; a traceback beside it is the program's own."""


class Short(logging.Filter):
    """Cuts the message of each record that comes by; drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Called by a handler for each line."""
        text = record.getMessage()
        if len(text) > LONGEST:
            record.msg, record.args = f"{text[:LONGEST]}… ({len(text)} characters)", ()
        return True


def logging_config() -> dict[str, Any]:
    """Return what traitlets merges into its own (`Application.logging_config`)."""
    return {
        "filters": {"short": {"()": Short}},
        "handlers": {"console": {"filters": ["short"]}},
    }

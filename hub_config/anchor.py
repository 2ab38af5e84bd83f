"""What time it was, for all processes of one state, while `sluis run` runs: its anchor, in a small file (FLT-12).

Without it a command, or a part that is started again, would believe a clock that jumped a minute ago, and what it then
appends would lie in the future for everybody. The file counts as long as the supervisor that wrote it lives, on the
same boot; otherwise the wall clock is believed, as at each start.
"""

import logging
import os
from datetime import datetime
from types import TracebackType
from typing import Self

import msgspec

from access_policy.log.clock import Anchor, SteadyClock
from access_policy.log.files import write_whole
from hub_config.places import Places
from spawner.processes import Process, boot_id, is_running, process_now

_log = logging.getLogger("sluis.clock")


class _Written(msgspec.Struct, frozen=True):
    """The anchor as it stands in the file, and whose it is."""

    at: datetime
    seconds: float
    boot_id: str
    supervisor: Process


def load_anchor(places: Places) -> Anchor | None:
    """Return the anchor of the supervisor that runs, None where none does."""
    try:
        written = msgspec.json.decode(places.anchor.read_bytes(), type=_Written)
    except (OSError, msgspec.MsgspecError):
        return None
    if written.boot_id != boot_id() or not is_running(written.supervisor):
        return None
    return Anchor(written.at, written.seconds)


class AnchorKeeper:
    """Writes this process's anchor down for the others, until the block ends. Raises OSError where it cannot begin."""

    def __init__(self, places: Places, clock: SteadyClock) -> None:
        self._places = places
        self._clock = clock
        self._me = process_now(os.getpid())
        self._written = clock.anchor
        self._write(self._written)

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        """Take the file away: nothing runs any more."""
        self._places.anchor.unlink(missing_ok=True)

    def keep(self) -> None:
        """Write it anew where the clock, being right, moved it; what keeps it from that is tried again."""
        self._clock()
        newest = self._clock.anchor
        if newest == self._written:
            return
        try:
            self._write(newest)
        except OSError as error:
            _log.debug("the anchor of the time cannot be written: %s", error)
            return
        self._written = newest

    def _write(self, anchor: Anchor) -> None:
        written = _Written(anchor.at, anchor.seconds, boot_id(), self._me)
        write_whole(self._places.anchor, msgspec.json.encode(written))

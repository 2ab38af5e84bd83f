"""What is ended while the log is silent: after how long, and what is kept of it until it can be put on record (POL-04).

An end in that time is written to a file of the warden's own, and is on the disk before it counts, so that a warden that
is killed meanwhile loses none. Once the log answers each is recorded with its reason and let go.
"""

import json
import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

STORE_SILENCE = "store_silence"
"""Why a workspace was ended while nobody could say whether it may go on."""

_LOGGER = logging.getLogger("sluis.warden")


class Silence(NamedTuple):
    """Seconds without an answer of the log after which workspaces end: open ones, and the institute's."""

    open: float = 300.0
    restricted: float = 30.0

    def bound(self, restricted: bool) -> float:
        """Return the bound of a workspace; who does not know whether it is restricted says that it is."""
        return self.restricted if restricted else self.open


class Endings:
    """The starts that were ended in silence and are not on record yet, each with how long after its cause, one a line.

    Without a file they live in memory alone, for tests of what comes before and after.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._starts = _read(file) if file is not None else {}

    def add(self, start: int, after_ms: int) -> None:
        """Keep that a start was ended, so long after the log fell silent. Raises OSError where that cannot be kept."""
        if start in self._starts:
            return
        if self._file is not None:
            self._append(self._file, _line(start, after_ms))
        self._starts[start] = after_ms

    def after_ms(self, start: int) -> int | None:
        """Return how long after its cause a start was ended, None where it was not ended in silence."""
        return self._starts.get(start)

    def causes(self) -> Mapping[int, str]:
        """Return why these starts are over."""
        return dict.fromkeys(self._starts, STORE_SILENCE)

    def keep_only(self, known: Collection[int]) -> None:
        """Let those go of which the log knows no running workspace any more: their ends are on record."""
        if self._starts.keys() <= set(known):
            return
        self._starts = {start: after for start, after in self._starts.items() if start in known}
        if self._file is not None:
            _write(self._file, self._starts)

    def _append(self, file: Path, line: str) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _line(start: int, after_ms: int) -> str:
    return f"{json.dumps({'start': start, 'after_ms': after_ms})}\n"


def _read(file: Path) -> dict[int, int]:
    """Return what a former warden kept; a line that its death cut off says nothing, and goes."""
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for line in lines:
        try:
            said = json.loads(line)
            found[int(said["start"])] = int(said["after_ms"])
        except (ValueError, TypeError, KeyError):
            _LOGGER.error("a line of %s cannot be read, and is left out", file.name)
    if len(found) < len(lines):
        _write(file, found)
    return found


def _write(file: Path, starts: Mapping[int, int]) -> None:
    """Write the file anew, whole or not at all; with nothing left it goes."""
    if not starts:
        file.unlink(missing_ok=True)
        return
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text("".join(_line(*one) for one in sorted(starts.items())), encoding="ascii")
    draft.replace(file)

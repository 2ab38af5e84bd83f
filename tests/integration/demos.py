"""A running demo of a test's own: a copy of a seeded one, whose settings may be changed before it starts."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.integration.whole import RunningSluis

Change = Callable[[str, RunningSluis], str]
"""From the text of `sluis.toml`, and the demo that is not started yet, to another text."""


@contextlib.contextmanager
def own_demo(
    seeded: Path, *changes: Change, kind: Callable[[Path], RunningSluis] = RunningSluis
) -> Iterator[RunningSluis]:
    """Run a demo, perhaps of another kind, on a copy of its own, and take both away."""
    with tempfile.TemporaryDirectory(prefix="sluis-") as folder:
        state = Path(folder) / "s"
        shutil.copytree(seeded, state)
        running = kind(state)
        settings = state / "sluis.toml"
        for change in changes:
            settings.write_text(change(settings.read_text(encoding="utf-8"), running), encoding="utf-8")
        try:
            running.start()
            yield running
        finally:
            running.stop()


def with_key(key: str, value: object) -> Change:
    """Return a change of one key, a line of which stands in the settings once."""

    def changed(text: str, _demo: RunningSluis) -> str:
        new, times = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert times == 1, f"`{key}` stands {times} times in the settings"
        return new

    return changed

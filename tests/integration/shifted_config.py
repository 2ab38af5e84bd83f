"""The hub's configuration with a clock that a test sets: the real one, and as many seconds as a file says."""

import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from hub_config import bootstrap, hub_setup
from hub_config.places import Places

places = Places(Path(os.environ["SLUIS_STATE"]))
shift = places.state / "shift"


def wall() -> datetime:
    """Return the present instant, as the test's clock has it."""
    return bootstrap.present() + timedelta(seconds=float(shift.read_text()))


vars(hub_setup)["await_policy"] = partial(bootstrap.await_policy, wall=wall)
hub_setup.configure(c, places)  # type: ignore[name-defined]  # noqa: F821 - JupyterHub gives `c`

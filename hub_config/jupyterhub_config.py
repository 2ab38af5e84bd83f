"""The hub's configuration: reads the settings and what runs now, and hands the parts to JupyterHub's classes.

Started as `python -m jupyterhub -f` this file, with `SLUIS_STATE` set and `<state>/hub` as the working folder.
"""

import os
from pathlib import Path

from hub_config.hub_setup import configure
from hub_config.places import Places

configure(c, Places(Path(os.environ["SLUIS_STATE"])))  # type: ignore[name-defined]  # JupyterHub gives `c`

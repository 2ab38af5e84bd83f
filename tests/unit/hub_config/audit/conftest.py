"""A pack of the demo, made once, and ways to check a copy of it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from access_policy.actor import component
from access_policy.events import SessionBegun, WorkspaceRefused
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId, RequestId
from hub_config.audit import verify
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.places import Places
from tests.unit.hub_config.demo.seeded import copy_of_demo

VERIFIER = Path(verify.__file__)


class Checked(NamedTuple):
    """What the verifier said."""

    status: int
    out: str
    err: str


class Made(NamedTuple):
    """A state, and the packs of it: about one request that has been worked with, and about all."""

    places: Places
    request: Path
    installation: Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Packs that nobody may change."""
    folder = tmp_path_factory.mktemp("audit")
    places = copy_of_demo(folder / "state")
    found = Made(places, folder / "request", folder / "installation")
    refuse(places)
    shared = ["--state", str(places.state), "--operator", "mia"]
    assert main(["audit", "pack", "--request", "DR-10", "--out", str(found.request), *shared]) == 0
    assert main(["audit", "pack", "--installation", "--out", str(found.installation), *shared]) == 0
    return found


def refuse(places: Places) -> None:
    """Let the hub refuse workspaces of two requests, and somebody log in."""
    policy = open_policy(places)
    for request in ("DR-10", "DR-11"):
        refused = WorkspaceRefused(person=PersonId("P-23"), request=RequestId(request), codes="term_over, <zone>")
        policy.observe(component(Component.HUB), refused)
    policy.observe(component(Component.HUB), SessionBegun(person=PersonId("P-23"), session="5e" * 32))
    policy.observe(component(Component.HUB), SessionBegun(person=PersonId("P-1"), session="5f" * 32))
    policy.store.close()


@pytest.fixture
def pack(made: Made, tmp_path: Path) -> Path:
    """A copy of the request's pack, elsewhere."""
    return Path(shutil.copytree(made.request, tmp_path / "elsewhere"))


@pytest.fixture
def whole_pack(made: Made, tmp_path: Path) -> Path:
    """A copy of the installation's pack, elsewhere."""
    return Path(shutil.copytree(made.installation, tmp_path / "all"))


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., Checked]:
    """Run the verifier in this process."""

    def run(*arguments: object) -> Checked:
        capsys.readouterr()
        status = verify.main([str(one) for one in arguments])
        said = capsys.readouterr()
        return Checked(status, said.out, said.err)

    return run


def check_alone(folder: Path, away: Path, *arguments: str) -> Checked:
    """Run a pack's own verifier where nothing can be imported but the standard library and `cryptography`."""
    site = Path(sys.modules["cryptography"].__path__[0]).parent
    away.mkdir()
    for found in site.iterdir():
        if found.name in ("cryptography", "cffi") or found.name.startswith("_cffi_backend"):
            (away / found.name).symlink_to(found)
    code = f"import sys, runpy; sys.path.append({str(away)!r}); sys.argv[:] = sys.argv[1:]; "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", code, str(folder / "verify.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=away)
    return Checked(done.returncode, done.stdout, done.stderr)

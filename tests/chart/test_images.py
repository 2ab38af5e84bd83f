"""The Dockerfiles: pinned, as a plain user, from the same lists as everything else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spawner.manifest import GID, UID, Cluster

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "helm" / "images").glob("*.Dockerfile"))


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_hadolint_finds_nothing(file: Path) -> None:
    """DEP-06: the linter of Dockerfiles, without an exception."""
    done = subprocess.run([_tool("hadolint"), "--no-color", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_the_base_is_named_by_digest_and_without_a_registry(file: Path) -> None:
    """DEP-06: what is built is what was looked at; whose registry it comes from is not ours to say."""
    text = file.read_text(encoding="utf-8")
    (base,) = re.findall(r"^ARG PYTHON=(.*)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base)
    assert {line.split()[1] for line in text.splitlines() if line.startswith("FROM")} == {"${PYTHON}"}


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_packages_come_by_hash(file: Path) -> None:
    """DEP-06: pip with hashes, npm by its lock and without the packages' own scripts."""
    text = file.read_text(encoding="utf-8")
    for line in re.findall(r"pip install.*", text):
        assert (
            "--require-hashes --no-deps -r requirements/" in line or "--no-deps --no-build-isolation --no-index" in line
        )
    assert all(command in ("ci",) for command in re.findall(r"npm-cli\.js\" (\w+)", text))


USERS = {"sluis": "10001:10001", "workspace": f"{UID}:{GID}"}


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_the_last_user_is_a_plain_one(file: Path) -> None:
    """DEP-05: the user that the pods name too."""
    assert re.findall(r"^USER (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)[-1] == USERS[file.stem]


def test_the_images_hold_what_is_started_in_them() -> None:
    """The chart starts the proxy, and the hub a workspace, by these paths."""
    sluis, workspace = (file.read_text(encoding="utf-8") for file in DOCKERFILES)
    assert "/opt/sluis/proxy" in sluis
    assert "/opt/sluis/bin/node" in sluis
    python = Cluster(image="", hub_url="").python
    assert python.removesuffix("/bin/python") in workspace

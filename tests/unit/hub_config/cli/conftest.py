"""Fixtures of the command line's tests: a copy of the demo's state, and `sluis` itself, called in this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub_config.cli import main
from hub_config.places import Places
from tests.unit.hub_config.demo.seeded import copy_of_demo


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Sluis = Callable[..., Said]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return copy_of_demo(tmp_path / "state")


@pytest.fixture
def sluis(places: Places, capsys: pytest.CaptureFixture[str]) -> Sluis:
    """Call `sluis` on the copy; give `state=None` to leave `--state` out."""

    def call(*arguments: str, state: Path | None = places.state) -> Said:
        chosen = [] if state is None else ["--state", str(state)]
        status = main([*arguments, *chosen])
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call


@pytest.fixture
def people(sluis: Sluis) -> dict[str, str]:
    """The ids of the demo's people by their logins."""
    return {one["login"]: one["person"] for one in sluis("demo", "people", "--json").json}

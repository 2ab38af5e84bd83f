"""A plugin for KubeSpawner's own test suite: our spawner in KubeSpawner's place, and each outcome written down.

Loaded by name into a pytest of its own (`run.py`), before the suite imports `KubeSpawner`.
"""

import json
import os
from pathlib import Path

import kubespawner
import pytest

from spawner.kube import ClusterSpawner

kubespawner.KubeSpawner = ClusterSpawner

_OUTCOMES: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Called by pytest after each step of each test; the worst step counts."""
    if report.outcome != "passed" or report.when == "call":
        _OUTCOMES[report.nodeid.removeprefix("tests/")] = report.outcome


def pytest_sessionfinish() -> None:
    """Called by pytest at the end."""
    Path(os.environ["SUITE_OUTCOMES"]).write_text(json.dumps(_OUTCOMES), encoding="utf-8")

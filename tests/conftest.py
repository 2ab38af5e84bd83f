"""How property tests run: the same examples each time, so that a change and not chance turns a test red.

`make test-long` takes the profile "long": the same laws with five times the examples; and the tests marked `slow`.
What is more there than in `make test` can be asked for by the marker `counted`; property tests and slow ones have it.
`pytest --hypothesis-profile=explore` looks for new ones.
"""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow]  # how fast a machine is tells nothing of the law

settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("explore", max_examples=3000, deadline=None, suppress_health_check=_CALM)
settings.register_profile("long", max_examples=500, derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make test-long` what is marked `slow`."""
    for one in items:
        if getattr(getattr(one, "obj", None), "is_hypothesis_test", False) or one.get_closest_marker("slow"):
            one.add_marker("counted")
    if os.environ.get("SLUIS_LONG") != "1":
        slow = [one for one in items if one.get_closest_marker("slow") is not None]
        config.hook.pytest_deselected(items=slow)
        items[:] = [one for one in items if one.get_closest_marker("slow") is None]


def pytest_sessionfinish() -> None:
    """End the private PostgreSQL, if a test of this process started it."""
    postgres = sys.modules.get("tests.postgres")
    if postgres is not None:
        postgres.end_server()

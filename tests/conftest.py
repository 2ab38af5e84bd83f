"""How property tests run: the same examples each time, so that a change and not chance turns a test red.

`make test-long` takes the profile "long": the same laws with five times the examples.
`pytest --hypothesis-profile=explore` looks for new ones.
"""

import sys

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow]  # how fast a machine is tells nothing of the law

settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("explore", max_examples=3000, deadline=None, suppress_health_check=_CALM)
settings.register_profile("long", max_examples=500, derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.load_profile("steady")


def pytest_sessionfinish() -> None:
    """End the private PostgreSQL, if a test of this process started it."""
    postgres = sys.modules.get("tests.postgres")
    if postgres is not None:
        postgres.end_server()

"""How property tests run: the same examples each time, so that a change and not chance turns a test red.

`pytest --hypothesis-profile=explore` looks for new examples, many more of them.
"""

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow]  # how fast a machine is tells nothing of the law

settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("explore", max_examples=3000, deadline=None, suppress_health_check=_CALM)
settings.load_profile("steady")

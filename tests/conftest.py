"""For all tests: how hard Hypothesis tries. `HYPOTHESIS_PROFILE=thorough` looks much longer, and elsewhere each time."""

import os

from hypothesis import HealthCheck, settings

# The same examples each time: a failure that only some runs see is found by the thorough profile, not by whoever pushes next.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "thorough", deadline=None, max_examples=3000, stateful_step_count=80, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

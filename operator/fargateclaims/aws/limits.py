"""Sizes of AWS I/O, each with its why. Delays are in `timing.py`."""

from typing import Final

THREADS_PER_ACCOUNT_REGION: Final = 8
"""Calls at once to EKS in one account and region, and as many to all other services there: at 100 ms a call that is several times the
default rate. A region that hangs occupies its own threads only."""

MESSAGE_LENGTH: Final = 1000
"""Characters of AWS's words that are kept: they end up in conditions and events, and those are read by people."""

"""Delays and sizes of AWS I/O, in seconds where nothing else is said, each with its why."""

from typing import Final

CONNECT_TIMEOUT: Final = 3.0
"""To connect, per address. With `READ_TIMEOUT` it stays below the limit of a mutation, so that botocore itself gives up first in
the common case and tells whether the request had left."""
READ_TIMEOUT: Final = 6.0
"""Between two parts of an answer. EKS answers well within a second; what takes longer is asked again."""
READ_LIMIT: Final = 20.0
"""For a read as a whole: its own time-outs and those of a role that must be assumed first, and an end to answers that only trickle."""
WRONG_ACCOUNT_RECHECK: Final = 300.0
"""Between two looks whether credentials of the wrong account were replaced: only a person can do that."""
QUOTAS_TTL: Final = 540.0
"""How long Service Quotas are taken as read: with the next pass, a raise is seen within ten minutes."""

THREADS_PER_ACCOUNT_REGION: Final = 8
"""Calls at once to one account and region: at 100 ms a call that is several times the default rate. A region that hangs occupies
its own threads only."""

THROTTLE_BACKOFF_BASE: Final = 1.0
"""Upper bound of the first pause after a throttled call. EKS's own buckets refill within seconds."""
THROTTLE_BACKOFF_MAX: Final = 60.0
"""Upper bound of all later pauses."""

MESSAGE_LENGTH: Final = 1000
"""Characters of AWS's words that are kept: they end up in conditions and events, and those are read by people."""

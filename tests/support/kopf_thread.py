"""The thread in which the operator, or an engine of a test, lets kopf watch."""

import threading

from support.waiting import until


async def kopf_has_ended() -> None:
    """Return when no such thread is left in this process.

    An operator does not wait for it as long as it may take: what it logs meanwhile is not to be heard in the next test.
    """
    await until(lambda: not any(thread.name == "kopf" for thread in threading.enumerate()))

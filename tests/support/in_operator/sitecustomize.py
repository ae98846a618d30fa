"""Runs in an operator's process before anything else of it, because PYTHONPATH names this folder: see `support.tampered`."""

import json
import os
import signal

from fargateclaims import timing

for name, seconds in json.loads(os.environ.get("TAMPERED_TIMING", "{}")).items():
    if not hasattr(timing, name):
        raise AttributeError(name)
    setattr(timing, name, seconds)

blocked = float(os.environ.get("TAMPERED_BLOCK", "0"))
if blocked:
    # Before there are other threads, which it would end: it only ever ends the wait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    # The handler runs in the main thread, between two steps of its event loop: nothing of that loop goes on meanwhile.
    signal.signal(signal.SIGUSR1, lambda *_: signal.sigtimedwait({signal.SIGUSR2}, blocked))

"""Runs in an operator's process before anything else of it, because PYTHONPATH names this folder: see `support.tampered`."""

import json
import os
import signal
import time

from fargateclaims import timing

for name, seconds in json.loads(os.environ.get("TAMPERED_TIMING", "{}")).items():
    if not hasattr(timing, name):
        raise AttributeError(name)
    setattr(timing, name, seconds)

blocked = float(os.environ.get("TAMPERED_BLOCK", "0"))
if blocked:
    # The handler runs in the main thread, between two steps of its event loop: nothing of that loop goes on meanwhile.
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(blocked))

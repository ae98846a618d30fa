"""An operator's process with something in it that no setting brings about: other fixed delays, an event loop that blocks.

The code of the operator is as it is shipped; `in_operator/sitecustomize.py` runs before it, as Python does with such a file.
"""

import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "in_operator"


def tampered(timing: Mapping[str, float] | None = None, *, block_seconds: float = 0.0) -> dict[str, str | None]:
    """The environment of such a process.

    :param timing: values of `fargateclaims.timing` by their names.
    :param block_seconds: for how long SIGUSR1 blocks its main event loop.
    """
    return {
        "PYTHONPATH": str(FOLDER),
        "TAMPERED_TIMING": json.dumps(dict(timing or {})),
        "TAMPERED_BLOCK": str(block_seconds),
    }

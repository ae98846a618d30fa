"""An operator's process with something in it that no setting brings about: other fixed delays, an event loop that blocks.

The code of the operator is as it is shipped; `in_operator/sitecustomize.py` runs before it, as Python does with such a file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fargateclaims import timing as shipped

FOLDER = Path(__file__).parent / "in_operator"
# A slow machine is no fault: what a Lease and a call may last stays in proportion, so that all is given up for the same reasons.
_PATIENCE: Final = 2
_PATIENT: Final = (
    *("LEASE_DURATION", "LEASE_RENEW_DEADLINE", "MUTATION_LIMIT", "KUBE_CONNECT_TIMEOUT", "KUBE_REQUEST_TIMEOUT"),
    *("AWS_CONNECT_TIMEOUT", "AWS_READ_TIMEOUT", "AWS_READ_LIMIT"),
)
PATIENT: Final[Mapping[str, float]] = {name: getattr(shipped, name) * _PATIENCE for name in _PATIENT}
AS_SHIPPED: Final[Mapping[str, str | None]] = {"PYTHONPATH": None}
"""The environment of a process with nothing in it, where `tampered` is the rule."""


def tampered(timing: Mapping[str, float] | None = None, *, block_seconds: float = 0.0) -> dict[str, str | None]:
    """The environment of such a process.

    :param timing: values of `fargateclaims.timing` by their names, beside those of `PATIENT`.
    :param block_seconds: for how long SIGUSR1 blocks its main event loop, unless SIGUSR2 ends that.
    """
    return {
        "PYTHONPATH": str(FOLDER),
        "TAMPERED_TIMING": json.dumps({**PATIENT, **(timing or {})}),
        "TAMPERED_BLOCK": str(block_seconds),
    }

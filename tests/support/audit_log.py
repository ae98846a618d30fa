"""What the control planes of a run leave for `tests/audit`: their audit logs, and when their API servers were started."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from support.control_plane import ControlPlane, Start, audited


@dataclass(frozen=True)
class AuditLog:
    """Of one API server.

    :param events: as https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ has them.
    :param starts: the times at which it was started, each with the time at which it was ready.
    """

    events: Sequence[Mapping[str, Any]]
    starts: Sequence[Start] = ()

    def before_ready(self, event: Mapping[str, Any]) -> bool:
        """Whether the API server was not ready yet when it got this request: it may not have known its roles, and forbidden everything."""
        got = datetime.fromisoformat(event["requestReceivedTimestamp"])
        return any(begun <= got <= ready for begun, ready in self.starts)


def keep(plane: ControlPlane, folder: Path, name: str) -> None:
    """Leave the audit log of a control plane in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(plane.audit_log, folder / f"{name}.jsonl")
    times = [[time.isoformat() for time in start] for start in plane.starts]
    (folder / f"{name}.starts.json").write_text(json.dumps(times))


def kept(folder: Path) -> list[AuditLog]:
    """The audit logs that were left in a folder."""
    return [AuditLog(list(audited(log)), _starts(log.with_suffix(".starts.json"))) for log in sorted(folder.glob("*.jsonl"))]


def _starts(path: Path) -> list[Start]:
    return [(datetime.fromisoformat(begun), datetime.fromisoformat(ready)) for begun, ready in json.loads(path.read_text())]

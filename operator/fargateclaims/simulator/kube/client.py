"""A client of the admin API, for tests, benchmarks and the demo. Blocking; standard library only."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from typing import Any, Final

from fargateclaims.simulator.kube.objects import Obj, dumps

# Loading ten thousand objects takes some seconds.
_TIMEOUT_SECONDS: Final = 120.0


class AdminError(Exception):
    """The server refused an admin call; the message is its."""


class KubeAdmin:
    """The admin API of the server at `url`. `resource` is always a plural name; None or ``*`` means all."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def state(self) -> Obj:
        """The present revision, the number of objects by collection, and the open watches."""
        return self._object("GET", "state")

    def reset(self) -> None:
        """Forget all objects (but those given at the start), faults, and the ledger; end all watches."""
        self._call("POST", "reset")

    def load(self, objects: Iterable[Obj]) -> int:
        """Create objects with their status; how many. AdminError at the first that is refused."""
        created: int = self._object("POST", "load", {"objects": list(objects)})["created"]
        return created

    def compact(self, resource: str | None = None) -> None:
        """Forget the history: a watch from an older resourceVersion, or the next page of an older list, gets 410."""
        self._call("POST", "compact", {"resource": resource} if resource else {})

    def expire_watches(self, resource: str = "*") -> int:
        """410 on all open watches, and on whoever comes back with an old resourceVersion; how many were open."""
        self.compact(None if resource == "*" else resource)
        return self.trouble_watches("expire", resource)

    def cut_watches(self, resource: str = "*") -> int:
        """Close the connections of all open watches in mid-stream; how many."""
        return self.trouble_watches("cut", resource)

    def end_watches(self, resource: str = "*") -> int:
        """End all open watches cleanly, as after their time-out; how many."""
        return self.trouble_watches("end", resource)

    def silence_watches(self, resource: str = "*") -> int:
        """Open and future watches stay connected and say nothing, until `resume_watches`; how many were open."""
        return self.trouble_watches("silence", resource)

    def resume_watches(self, resource: str = "*") -> int:
        """Silent watches send what they held back, and go on; how many were open."""
        return self.trouble_watches("resume", resource)

    def trouble_watches(self, action: str, resource: str = "*") -> int:
        """Any action of `watch.Trouble` (``error`` and ``garbage``, too) on all open watches; how many."""
        affected: int = self._object("POST", "watches", {"action": action, "resource": resource})["affected"]
        return affected

    def fail(self, code: int = 0, **fault: Any) -> int:  # noqa: ANN401 - the fields of a fault are of several types
        """Switch a fault on; its id. Fields as in `faults.Fault`, in camelCase.

        ``fail(409, verb="update", subresource="status", times=2)``; ``fail(429, retryAfter=1)``; ``fail(delay=2.5, verb="list")``;
        ``fail(500, verb="create", when="After")``: done, and the answer lost; ``fail(drop=True)``.
        """
        fault_id: int = self._object("POST", "faults", {"code": code, **fault})["id"]
        return fault_id

    def stale_lists(self, resource: str, revision: int, times: int | None = None) -> int:
        """Serve LISTs of a resource as of an older revision (see `state`); the id of the fault."""
        return self.fail(verb="list", resource=resource, asOf=revision, times=times)

    def faults(self) -> list[Obj]:
        """The faults that are on, with their ``hits``."""
        return self._list("GET", "faults")

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Switch one fault off, or all."""
        self._call("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")

    def ledger(self, **wanted: str | int) -> list[Obj]:
        """The requests whose fields (verb, resource, subresource, namespace, name, code …) have the wanted values, oldest first."""
        query = urllib.parse.urlencode(wanted)
        return self._list("GET", f"ledger?{query}")

    def count(self, **wanted: str | int) -> int:
        """How many requests there were, by verb, resource, subresource and code."""
        entries = self._list("GET", "ledger/counts")
        return sum(entry["count"] for entry in entries if all(entry[name] == value for name, value in wanted.items()))

    def counts(self) -> list[Obj]:
        """Totals by verb, resource, subresource and code."""
        return self._list("GET", "ledger/counts")

    def clear_ledger(self) -> None:
        """Start counting afresh."""
        self._call("DELETE", "ledger")

    def _object(self, method: str, path: str, body: Obj | None = None) -> Obj:
        answer = self._call(method, path, body)
        if not isinstance(answer, dict):
            raise AdminError(f"{method} {path} answered with no object")
        return answer

    def _list(self, method: str, path: str) -> list[Obj]:
        answer = self._call(method, path)
        if not isinstance(answer, list):
            raise AdminError(f"{method} {path} answered with no list")
        return answer

    def _call(self, method: str, path: str, body: Obj | None = None) -> object:
        data = None if body is None else dumps(body)
        request = urllib.request.Request(f"{self.url}/_sim/{path}", data=data, method=method, headers={"Content-Type": "application/json"})  # noqa: S310 - an http URL of ours
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - the same
                answer: object = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise AdminError(_message(error.read())) from error
        return answer


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")

"""One EKS request, read safely: whatever a client sends, a wrong type is EKS's InvalidParameterException."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fargateclaims.simulator.eks.backend import FargateEKSBackend
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.errors import EKSError, invalid_parameter
from fargateclaims.simulator.eks.simulation import Simulation

MAX_RESULTS: Final = 100


@dataclass(slots=True)
class EKSCall:
    """An EKS request on its way to its operation.

    Attributes:
        path: The parameters in the URL's path, decoded.
        query: Those in its query; a repeated one keeps all its values.
        body: The JSON object sent.
        caller: ARN of the principal.
        denied: Whether the principal may not do an action of a service.

    """

    backend: FargateEKSBackend
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Mapping[str, Any]
    caller: str = ""
    denied: Callable[[str, str], bool] = field(default=lambda _service, _action: False)

    @property
    def simulation(self) -> Simulation:
        """The shared state."""
        return self.backend.simulation

    def cluster(self) -> SimulatedCluster:
        """Return the cluster that the path names; raise EKSError if there is none."""
        return self.backend.cluster(self.path["clusterName"])

    def text(self, key: str) -> str:
        """Return a required string of the body."""
        value = self.body.get(key)
        if not isinstance(value, str) or not value:
            raise invalid_parameter(f"{key} is required and must be a string")
        return value

    def texts(self, key: str) -> list[str]:
        """Return an optional list of strings of the body."""
        value = self.body.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid_parameter(f"{key} must be a list of strings")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """Return an optional object of the body."""
        value = self.body.get(key) or {}
        if not isinstance(value, dict):
            raise invalid_parameter(f"{key} must be an object")
        return value

    def page(self, key: str, names: Sequence[str]) -> dict[str, Any]:
        """Return one page of sorted names under ``key``, with the token of the next if there is one.

        The token is the last name sent: names that come or go between two pages neither repeat nor hide the others.
        """
        limit = self._limit()
        after = self.query.get("nextToken", [""])[0]
        rest = [name for name in sorted(names) if name > after]
        page: dict[str, Any] = {key: rest[:limit]}
        if len(rest) > limit:
            page["nextToken"] = rest[limit - 1]
        return page

    def _limit(self) -> int:
        raw = self.query.get("maxResults", [str(MAX_RESULTS)])[0]
        if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= MAX_RESULTS:
            raise invalid_parameter(f"maxResults is a number from 1 to {MAX_RESULTS}, not {raw!r}")
        return int(raw)


def parse_body(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a request; raise EKSError (SerializationException) if it is none."""
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise EKSError("SerializationException", "the request's body is not a JSON object")
    return body

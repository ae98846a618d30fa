"""An AWS call as it came in: who makes it, which operation it asks for, and what it is about."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from fargateclaims.simulator.eks import operations, service_quotas
from fargateclaims.simulator.eks.faults import Subject
from fargateclaims.simulator.eks.identity import Principal, Principals, Scope, scope_of
from fargateclaims.simulator.eks.operations.tags import ARN

ACTION: Final = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")
# A request without a signature; moto answers some of those (AssumeRoleWithWebIdentity).
UNSIGNED: Final = Scope("", "us-east-1", "unsigned")


@dataclass(frozen=True, slots=True)
class Arrival:
    """The call.

    Attributes:
        operation: AWS's name of it; for what is not recognised, the HTTP method and path.
        path: The parameters in an EKS request's path.
        for_moto: Whether moto answers it.
        at: Seconds since the epoch on the simulator's clock.
        monotonic: The same moment on the monotonic clock.

    """

    request: web.BaseRequest
    body: bytes
    scope: Scope
    principal: Principal
    operation: str
    path: dict[str, str]
    for_moto: bool
    cluster: str | None
    profile: str | None
    at: float
    monotonic: float

    def subject(self, service: str | None = None, operation: str | None = None) -> Subject:
        """Return what faults are matched against: this call, or another that AWS makes on its behalf."""
        return Subject(
            service or self.scope.service,
            operation or self.operation,
            self.principal.account,
            self.scope.region,
            self.cluster or "",
            self.profile or "",
            self.principal.arn,
        )


async def arrival_of(request: web.BaseRequest, principals: Principals, now: float) -> Arrival:
    """Read a request to its end."""
    monotonic = time.monotonic()
    body = await request.read()
    scope = scope_of(request.headers) or UNSIGNED
    operation, path = _operation(request, scope, body)
    own = scope.service == service_quotas.SERVICE or (scope.service == "eks" and operation in operations.OPERATIONS)
    cluster, profile = _about(operation, path, body)
    return Arrival(request, body, scope, principals.of(scope), operation, path, not own, cluster, profile, now, monotonic)


def _operation(request: web.BaseRequest, scope: Scope, body: bytes) -> tuple[str, dict[str, str]]:
    raw_path = request.raw_path.partition("?")[0]
    if scope.service == "eks":
        return operations.route(request.method, raw_path) or (f"{request.method} {raw_path}", {})
    if scope.service == service_quotas.SERVICE:
        return request.headers.get("X-Amz-Target", "").rpartition(".")[2], {}
    action = ACTION.search(body) or ACTION.search(request.query_string.encode())
    return (action[1].decode() if action else f"{request.method} {raw_path}"), {}


def _about(operation: str, path: dict[str, str], body: bytes) -> tuple[str | None, str | None]:
    """Return the cluster and the profile that an EKS call is about."""
    if "resourceArn" in path:
        match = ARN.fullmatch(path["resourceArn"])
        name = path["resourceArn"].split("/")[2:3] if match and match[3] == "fargateprofile" else []
        return (match[4] if match else None), (name[0] if name else None)
    cluster, profile = path.get("clusterName"), path.get("fargateProfileName")
    if operation == "CreateFargateProfile":
        profile = _text(body, "fargateProfileName")
    elif operation == "CreateCluster":
        cluster = _text(body, "name")
    return cluster, profile


def _text(body: bytes, key: str) -> str | None:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return None
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, str) else None

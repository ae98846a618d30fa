"""ListNodegroups, which moto breaks off for a cluster that is not there; the rest of node groups is moto's."""

from typing import Any

from fargateclaims.simulator.eks.operations.call import EKSCall


def list_nodegroups(call: EKSCall) -> dict[str, Any]:
    """List the names of a cluster's managed node groups."""
    return call.page("nodegroups", list(call.cluster().nodegroups))

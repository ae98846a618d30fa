"""The checks of a class that hold creates: a profile without usable subnets or a usable role cannot be made."""

from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import SubnetSource
from fargateclaims.domain.checks.role import check_role
from fargateclaims.domain.checks.subnets import check_subnets, resolve_subnets
from fargateclaims.domain.iam import Role, RolePermissions, RoleReading
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Inspection
from fargateclaims.domain.unreadable import NOT_YET, Unreadable

_UNKNOWN: Final = RolePermissions(NOT_YET, NOT_YET, NOT_YET)


def class_facts(  # noqa: PLR0913 - what a class names, and each fact by name
    arn: ClusterARN,
    source: SubnetSource,
    role_arn: str,
    cluster: EKSCluster,
    *,
    network: Network,
    role: Role | Unreadable | None,
    inspection: Inspection | None,
) -> ClassFacts:
    """Decide what a class's subnets and role are good for.

    :param role: the pod execution role; None if it does not exist.
    :param inspection: None until the first one has ended: what the role may do, and who else has it, is not known yet.
    """
    permissions = inspection.roles.get(role_arn, _UNKNOWN) if inspection is not None else _UNKNOWN
    node_roles = inspection.access.node_roles if inspection is not None else NOT_YET
    return ClassFacts(
        subnet_ids=resolve_subnets(source, cluster, network),
        subnets=check_subnets(source, cluster, network),
        role=check_role(role_arn, arn, RoleReading.of(role, permissions), node_roles),
    )

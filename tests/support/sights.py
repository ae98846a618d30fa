"""What doctor reads of the cluster that `class_checks.World` is about."""

from typing import Any, Final

from fargateclaims.domain.access import ClusterAccess
from fargateclaims.domain.doctor.sight import InCluster, Known, Sight
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import Inspection, Quotas, active_arns
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import Workloads
from support.builders import ARN, make_class
from support.class_checks import World

HEALTHY: Final = World()


def known_of(world: World = HEALTHY, **changes: Any) -> Known:
    """All of it; keywords are parts of Known, and `pods`, `daemon_sets` of what is in the cluster."""
    reading, workloads = world.reading, world.workloads
    if isinstance(workloads, Unreadable):
        workloads = Workloads(workloads, workloads, workloads)
    role = reading.role
    attached, allowed = (role.attached_policies, role.allowed_actions) if isinstance(role, Role) else (frozenset[str](), frozenset[str]())
    access = ClusterAccess({world.role_arn: world.entry}, world.node_roles, world.addon, world.versions)
    permissions = {world.role_arn: RolePermissions(attached, allowed, reading.service_linked_role)}
    parts: dict[str, Any] = {
        "cluster": world.cluster,
        "network": world.network,
        "roles": {world.role_arn: role},
        "profiles": {profile.name: profile for profile in world.profiles},
        "quotas": Quotas(10, 5, 5),
        "inspection": Inspection(world.network, permissions, access, workloads, active_arns(world.profiles)),
        "inside": InCluster(workloads, changes.pop("pods", ()), changes.pop("daemon_sets", ())),
    }
    return Known(**{**parts, **changes})


def sight_of(world: World = HEALTHY, *, status: dict[str, Any] | None = None, refused: tuple[str, ...] = (), **changes: Any) -> Sight:
    """The same for one class, standard; `status` is its status."""
    cls = make_class(podExecutionRoleARN=world.role_arn, subnets=world.source.to_dict(), status=status)
    return Sight(ARN, (cls,), known_of(world, **changes), refused, "arn:aws:iam::111122223333:role/me")


def closed(barred: NoAccess) -> InCluster:
    """A cluster whose API says this to every question."""
    return InCluster(Workloads(barred, barred, barred), barred, barred)

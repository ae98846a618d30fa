"""One simulated EKS cluster: moto's, with a Fargate control plane, access entries, add-ons and updates."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from moto.eks.models import Cluster
from moto.utilities.utils import get_partition

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane

KUBERNETES_VERSION: Final = "1.35"
PLATFORM_VERSION: Final = "eks.9"


@dataclass(slots=True)
class Update:
    """An entry of ListUpdates; it turns from InProgress to Successful when its time is over."""

    type: str
    params: list[dict[str, str]]
    created_at: float
    ends_at: float
    addon: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    def document(self, now: float) -> dict[str, Any]:
        """Return it as EKS describes it."""
        return {
            "id": self.id,
            "status": "Successful" if now >= self.ends_at else "InProgress",
            "type": self.type,
            "params": self.params,
            "createdAt": self.created_at,
            "errors": [],
        }


NO_KUBERNETES: Final = "https://127.0.0.1:1"
"""Where the Kubernetes API of a cluster is that has none: a port that nobody listens on."""


class SimulatedCluster(Cluster):
    """moto's cluster (its node groups work on it), with what moto lacks.

    Attributes:
        plane: Its Fargate control plane; holds the cluster's status too.
        access_entries: EKS's documents by principal ARN.
        addons: EKS's documents by add-on name.
        updates: By id.
        on_outposts: Whether it is a local cluster on AWS Outposts.

    """

    def __init__(
        self,
        *,
        plane: FargateControlPlane,
        clock: Callable[[], float],
        vpc_id: str,
        security_group_id: str,
        access_config: dict[str, Any],
        **moto: Any,  # noqa: ANN401  (what moto's cluster takes)
    ) -> None:
        super().__init__(**moto)
        self.plane = plane
        self.clock = clock
        self.platformVersion = PLATFORM_VERSION
        self.vpc_id = vpc_id
        self.access_config = access_config
        self.access_entries: dict[str, dict[str, Any]] = {}
        self.addons: dict[str, dict[str, Any]] = {}
        self.updates: dict[str, Update] = {}
        # moto's would be a name of AWS's: nothing here asks for one. Nobody answers until the admin API names a real API server.
        self.endpoint = NO_KUBERNETES
        self.made_at = clock()
        self.security_group_id = security_group_id
        self.on_outposts = False
        self._forced_status: str | None = None

    @property
    def status(self) -> str:
        """EKS's cluster status: what was forced on it, else UPDATING during an update, else ACTIVE."""
        now = self.clock()
        if self._forced_status:
            return self._forced_status
        return "UPDATING" if any(now < update.ends_at for update in self.updates.values() if not update.addon) else "ACTIVE"

    @status.setter
    def status(self, value: str) -> None:
        self._forced_status = None if value == "ACTIVE" else value

    @property
    def is_active(self) -> bool:
        """Whether it takes creates."""
        return self.status == "ACTIVE"

    @property
    def accepts_access_entries(self) -> bool:
        """Whether its authentication mode includes EKS's API."""
        return "API" in self.access_config["authenticationMode"]

    def fargate(self) -> FargateControlPlane:
        """Return the control plane, told of the cluster's status."""
        self.plane.cluster_status = self.status
        return self.plane

    def begin_update(self, kind: str, params: dict[str, str], seconds: float, addon: str | None = None) -> Update:
        """Record an update that ends after ``seconds``."""
        now = self.clock()
        update = Update(kind, [{"type": key, "value": value} for key, value in params.items()], now, now + seconds, addon)
        self.updates[update.id] = update
        return update

    def update(self, update_id: str) -> Update:
        """Return an update; raise EKSError if there is none with this id."""
        if update_id not in self.updates:
            raise errors.EKSError("ResourceNotFoundException", f"No update found for ID: {update_id}")
        return self.updates[update_id]

    def document(self) -> dict[str, Any]:
        """Return it as DescribeCluster does."""
        config = self.resources_vpc_config
        _, _, _, region, account, _ = self.arn.split(":")
        outpost = {"outpostArns": [outpost_arn(region, account)], "controlPlaneInstanceType": "m5.large"}
        return {
            "name": self.name,
            "arn": self.arn,
            "createdAt": self.made_at,
            "version": self.version,
            "endpoint": self.endpoint,
            "roleArn": self.role_arn,
            "resourcesVpcConfig": {
                "subnetIds": config.get("subnetIds", []),
                "securityGroupIds": config.get("securityGroupIds", []),
                "clusterSecurityGroupId": self.security_group_id,
                "vpcId": self.vpc_id,
                "endpointPublicAccess": config.get("endpointPublicAccess", True),
                "endpointPrivateAccess": config.get("endpointPrivateAccess", False),
                "publicAccessCidrs": config.get("publicAccessCidrs", ["0.0.0.0/0"]),
            },
            "kubernetesNetworkConfig": {"ipFamily": "ipv4", **self.kubernetes_network_config},
            "logging": self.logging,
            "identity": self.identity,
            "status": self.status,
            "certificateAuthority": self.certificate_authority,
            "platformVersion": self.platformVersion,
            "tags": self.tags,
            "encryptionConfig": self.encryption_config,
            "health": {"issues": []},
            "accessConfig": self.access_config,
            **({"outpostConfig": outpost} if self.on_outposts else {}),
        }


def outpost_arn(region: str, account: str) -> str:
    """Return the ARN of the one Outpost that there is."""
    return f"arn:{get_partition(region)}:outposts:{region}:{account}:outpost/op-0123456789abcdef0"

"""The bodies of the admin API's requests."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fargateclaims.simulator.eks.faults import FaultKind
from fargateclaims.simulator.eks.lifecycle import DEFAULT_ACCOUNT, DEFAULT_REGION
from fargateclaims.simulator.eks.model import HealthIssue, Operation, ProfileStatus

Seconds = Annotated[float, Field(ge=0)]


class Body(BaseModel):
    """A request body; a misspelt field is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class Target(Body):
    """Which clusters are meant; shell patterns, by default all."""

    account: str = "*"
    region: str = "*"
    cluster: str = "*"


class Issue(Body):
    """A health issue."""

    code: str = "InternalFailure"
    message: str = "The operation failed for an internal reason."
    resource_ids: list[str] = []

    def issue(self) -> HealthIssue:
        """Return it as the control plane takes it."""
        return HealthIssue(self.code, self.message, tuple(self.resource_ids))


class Seed(Body):
    """Make an account's network and roles, and clusters by name, or ``count`` of them named ``prefix``-1 and so on."""

    account: str = Field(DEFAULT_ACCOUNT, pattern=r"^\d{12}$")
    region: str = DEFAULT_REGION
    clusters: list[str] = []
    count: int = Field(0, ge=0, le=10_000)
    prefix: str = "cluster"
    authentication_mode: Literal["CONFIG_MAP", "API", "API_AND_CONFIG_MAP"] = "API_AND_CONFIG_MAP"


class ClusterChange(Target):
    """Change how clusters behave; what is not given stays."""

    status: Literal["CREATING", "ACTIVE", "DELETING", "FAILED", "UPDATING", "PENDING"] | None = None
    version: str | None = Field(None, pattern=r"^1\.\d+$")
    platform_version: str | None = Field(None, pattern=r"^eks\.\d+$")
    on_outposts: bool | None = None
    hidden_update_seconds: Seconds | None = None
    hidden_update_after_create: Seconds | None = None
    describe_lag: Seconds | None = None
    list_lag: Seconds | None = None


class TimingChange(Target):
    """Change how long operations take, on these clusters and on those made later."""

    create_seconds: Seconds
    delete_seconds: Seconds
    jitter: float = Field(0.0, ge=0, le=1)


class Outcomes(Target):
    """Decide how the next ``count`` creates or deletes of each of the clusters will go."""

    operation: Operation
    count: int = Field(1, ge=1)
    seconds: Seconds | None = None
    never_ends: bool = False
    issue: Issue | None = None


class Finish(Target):
    """End the operations in flight now, with a failure if an issue is given."""

    issue: Issue | None = None


class Foreign(Body):
    """Do one create or delete as someone else, if the slot is not free within ``wait_seconds`` with EKS's refusal."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    cluster: str
    name: str
    seconds: Seconds | None = None
    never_ends: bool = False
    tags: dict[str, str] = {"managed-by": "terraform"}
    selectors: list[dict[str, Any]] = [{"namespace": "someone-elses"}]
    subnets: list[str] = []
    role: str | None = None
    wait_seconds: Seconds = 0.0


class Actor(Target):
    """Let someone else create and delete on its own on each of these clusters, until the actors are removed."""

    seed: int = 0
    mean_pause: float = Field(10.0, gt=0)
    max_profiles: int = Field(2, ge=1)


class Placed(Body):
    """A profile that has long been there."""

    name: str
    selectors: list[dict[str, Any]] = [{"namespace": "default"}]
    role: str | None = None
    subnets: list[str] = []
    tags: dict[str, str] = {}
    status: ProfileStatus = ProfileStatus.ACTIVE
    issues: list[Issue] = []


class Place(Body):
    """Put profiles there without any operation."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    cluster: str
    profiles: list[Placed]


class Health(Body):
    """Set the health issues that a profile shows."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    cluster: str
    name: str
    issues: list[Issue]


class FaultBody(Body):
    """A fault; see ``faults.Fault`` for the fields. ``for_seconds`` counts from now."""

    kind: FaultKind
    when: Literal["before", "after"] = "before"
    calls: int | None = Field(None, ge=1)
    skip: int = Field(0, ge=0)
    ratio: float = Field(1.0, gt=0, le=1)
    seconds: Seconds = 0.0
    for_seconds: Seconds | None = None
    code: str = "ServerException"
    message: str | None = None
    status: int | None = Field(None, ge=400, le=599)
    service: str = "*"
    operation: str = "*"
    account: str = "*"
    region: str = "*"
    cluster: str = "*"
    profile: str = "*"
    caller: str = "*"


class QuotaChange(Body):
    """Change the quotas of an account in a region; what is not given stays."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    profiles: int | None = Field(None, ge=0)
    selectors: int | None = Field(None, ge=0)
    labels: int | None = Field(None, ge=0)


class InternetRoute(Body):
    """Give a subnet of a seeded network a route to the internet."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    subnet: str


class SubnetChange(Body):
    """Change what cannot be changed of a subnet; what is not given stays."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    subnet: str
    zone: str | None = None
    on_outpost: bool | None = None
    free_addresses: int | None = Field(None, ge=0)


class Kubernetes(Body):
    """Say where a cluster's Kubernetes API is: its URL, and the certificates that it is known by, PEM in base64."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    cluster: str
    endpoint: str
    certificate_authority: str = ""


class Zones(Body):
    """The availability zones that a create is refused for."""

    without_fargate: list[str]


class Updates(Body):
    """How long updates of clusters and add-ons stay InProgress from now on."""

    seconds: Seconds


class Advance(Body):
    """Put the clock forward."""

    seconds: Seconds

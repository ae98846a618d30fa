"""A client of the admin API, on the standard library alone, for tests, the demo and benchmarks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.ledger import Call, Entry, StatusChange, from_json
from fargateclaims.simulator.eks.lifecycle import DEFAULT_ACCOUNT, DEFAULT_REGION
from fargateclaims.simulator.eks.verdict import Verdict, verdict

# Longer than any wait that a caller may ask the server for.
TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Seeded:
    """What ``SimulatedEKS.seed`` made in an account and region; ``clusters`` maps names to ARNs."""

    account: str
    region: str
    vpc_id: str
    private_subnets: list[str]
    public_subnets: list[str]
    spare_subnets: list[str]
    pod_execution_role_arn: str
    misconfigured_role_arn: str
    operator_role_arn: str
    cluster_role_arn: str
    access_key_id: str
    secret_access_key: str
    clusters: dict[str, str]

    def environment(self, url: str) -> dict[str, str]:
        """Return the environment variables that point an AWS SDK at the simulator with this account's credentials."""
        return {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


class SimulatedEKS:
    """Steers a running simulator. ``target`` is ``account=``, ``region=``, ``cluster=``: shell patterns, by default all.

    Every method raises EKSError for the server's refusals and OSError when it cannot be reached. Not for use by several
    threads at once.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the simulator's URL begins with http://, unlike {url!r}")
        self._connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    # The world.

    def health(self) -> dict[str, Any]:
        """Return ``ready`` and ``now``, the simulated time in seconds since the epoch."""
        return self._call("GET", "health")

    def reset(self) -> None:
        """Return to how the server started, but for the clock."""
        self._call("POST", "reset")

    def seed(  # noqa: PLR0913  (keywords, all with defaults)
        self,
        clusters: Sequence[str] = (),
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        count: int = 0,
        prefix: str = "cluster",
        authentication_mode: str = "API_AND_CONFIG_MAP",
    ) -> Seeded:
        """Make a network, roles and credentials once, and the clusters that do not exist yet."""
        answer = self._call(
            "POST",
            "seed",
            account=account,
            region=region,
            clusters=list(clusters),
            count=count,
            prefix=prefix,
            authentication_mode=authentication_mode,
        )
        return Seeded(**answer)

    def clusters(self) -> list[dict[str, Any]]:
        """Return every cluster with its profiles, those that EKS does not show yet included."""
        return list(self._call("GET", "clusters")["clusters"])

    def profiles(self, cluster: str, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> dict[str, dict[str, Any]]:
        """Return a cluster's profiles by name, as EKS describes them."""
        for known in self.clusters():
            if (known["account"], known["region"], known["name"]) == (account, region, cluster):
                return {profile["fargateProfileName"]: profile for profile in known["profiles"]}
        raise KeyError(f"there is no cluster {cluster} in {account} {region}")

    def place(
        self, cluster: str, profiles: Sequence[Mapping[str, Any]], *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> list[dict[str, Any]]:
        """Put profiles there without any operation: ``name``, and at will selectors, role, subnets, tags, status, issues."""
        answer = self._call("POST", "place", account=account, region=region, cluster=cluster, profiles=[dict(one) for one in profiles])
        return list(answer["profiles"])

    def advance(self, seconds: float) -> None:
        """Put the simulator's clock forward."""
        self._call("POST", "clock", seconds=seconds)

    # How EKS behaves.

    def behave(self, **change: Any) -> int:  # noqa: ANN401  (numbers and texts)
        """Change how clusters are (fields of ``admin_model.ClusterChange``, and a target) and return how many were meant."""
        return int(self._call("POST", "clusters", **change)["clusters"])

    def timings(self, create_seconds: float, delete_seconds: float, jitter: float = 0.0, **target: str) -> int:
        """Set how long operations take from now on."""
        body = {"create_seconds": create_seconds, "delete_seconds": delete_seconds, "jitter": jitter, **target}
        return int(self._call("POST", "timings", **body)["clusters"])

    def next(self, operation: str, *, count: int = 1, **outcome: Any) -> int:  # noqa: ANN401  (numbers, texts, an issue)
        """Decide how the next creates or deletes go (``operation`` is "create" or "delete"): seconds, never_ends, issue; and a target."""
        return int(self._call("POST", "outcomes", operation=operation, count=count, **outcome)["clusters"])

    def finish(self, issue: Mapping[str, Any] | None = None, **target: str) -> list[str]:
        """End the operations in flight now; return the profiles' names."""
        return list(self._call("POST", "finish", issue=dict(issue) if issue is not None else None, **target)["ended"])

    def health_issues(
        self,
        cluster: str,
        name: str,
        issues: Sequence[Mapping[str, Any]],
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> None:
        """Set the health issues that a profile shows."""
        body = {"account": account, "region": region, "cluster": cluster, "name": name}
        self._call("POST", "health-issues", **body, issues=[dict(issue) for issue in issues])

    def quotas(self, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION, **quotas: int) -> dict[str, int]:
        """Set profiles, selectors, labels; return all three."""
        return self._call("POST", "quotas", account=account, region=region, **quotas)

    def zones_without_fargate(self, *zones: str) -> None:
        """Name the availability zones that a create is refused for."""
        self._call("POST", "zones", without_fargate=list(zones))

    def open_to_internet(self, subnet: str, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> None:
        """Give a private subnet a route to the internet, as somebody may do at any time."""
        self._call("POST", "routes", account=account, region=region, subnet=subnet)

    def subnet(self, subnet: str, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION, **change: str | bool | int) -> None:
        """Change what cannot be changed of a subnet: zone, on_outpost, free_addresses."""
        self._call("POST", "subnets", account=account, region=region, subnet=subnet, **change)

    def kubernetes(
        self, cluster: str, endpoint: str, ca: str = "", *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> None:
        """Say where a cluster's Kubernetes API is: its URL, and its CA as PEM in base64."""
        body = {"account": account, "region": region, "cluster": cluster}
        self._call("POST", "kubernetes", **body, endpoint=endpoint, certificate_authority=ca)

    def update_seconds(self, seconds: float) -> None:
        """Set how long updates of clusters and add-ons last."""
        self._call("POST", "updates", seconds=seconds)

    # Someone else.

    def foreign_create(self, cluster: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (numbers, texts, lists)
        """Begin a create as someone else: account, region, seconds, never_ends, tags, selectors, subnets, role, wait_seconds."""
        return dict(self._call("POST", "foreign/create", cluster=cluster, name=name, **more)["profile"])

    def foreign_delete(self, cluster: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (numbers and texts)
        """Begin a delete as someone else: account, region, seconds, never_ends, wait_seconds."""
        return dict(self._call("POST", "foreign/delete", cluster=cluster, name=name, **more)["profile"])

    def hire(self, *, seed: int = 0, mean_pause: float = 10.0, max_profiles: int = 2, **target: str) -> int:
        """Set someone else to work at random on each of the clusters."""
        body = {"seed": seed, "mean_pause": mean_pause, "max_profiles": max_profiles, **target}
        return int(self._call("POST", "foreign/actors", **body)["clusters"])

    def dismiss(self) -> None:
        """Send all of them away; what they made stays."""
        self._call("DELETE", "foreign/actors")

    # Faults.

    def fault(self, kind: str, **fault: Any) -> int:  # noqa: ANN401  (numbers and texts)
        """Put a fault in force (``faults.FaultKind``, fields of ``admin_model.FaultBody``) and return its id."""
        return int(self._call("POST", "faults", kind=kind, **fault)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults in force; ``met`` counts the calls that each has met."""
        return list(self._call("GET", "faults")["faults"])

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Take one fault, or all, out of force; calls that they delay or hang go on."""
        self._call("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")

    # The ledger.

    def ledger(self, **wanted: str | float) -> list[Entry]:
        """Return the entries by time; filters: account, region, cluster, service, operation, caller, kind, since."""
        path = f"ledger?{urlencode(wanted)}" if wanted else "ledger"
        return [from_json(entry) for entry in self._call("GET", path)["entries"]]

    def calls(self, **wanted: str | float) -> list[Call]:
        """Return the AWS calls of the ledger."""
        return [entry for entry in self.ledger(kind="call", **wanted) if isinstance(entry, Call)]

    def transitions(self, **wanted: str | float) -> list[StatusChange]:
        """Return the changes of status of the ledger."""
        return [entry for entry in self.ledger(kind="transition", **wanted) if isinstance(entry, StatusChange)]

    def clear_ledger(self) -> None:
        """Forget all entries."""
        self._call("DELETE", "ledger")

    def verdict(self, cluster: str | None = None, **wanted: str | float) -> Verdict:
        """Judge what the ledger holds of one cluster, or of all."""
        return verdict(self.ledger(**wanted), cluster)

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
        self._connection.request(method, f"/_sim/{path}", json.dumps(body) if method == "POST" else None)
        try:
            response = self._connection.getresponse()
            document: dict[str, Any] = json.loads(response.read())
        except BaseException:
            self._connection.close()
            raise
        if response.status >= 400:
            raise EKSError(document["error"], document["message"], response.status)
        return document

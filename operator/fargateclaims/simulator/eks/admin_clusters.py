"""The part of the admin API that steers clusters."""

import math
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from fargateclaims.simulator.eks import admin_model as body
from fargateclaims.simulator.eks.backend import all_clusters, backend_of
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.model import Outcome
from fargateclaims.simulator.eks.operations.access_entries import ensure_fargate_entry
from fargateclaims.simulator.eks.operations.fargate import profile_document
from fargateclaims.simulator.eks.seed import POD_ROLE
from fargateclaims.simulator.eks.simulation import Simulation
from fargateclaims.simulator.eks.timings import Timings


class ClusterSteering:
    """Changes clusters and says how many it changed."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def everything(self) -> list[dict[str, Any]]:
        """Return every cluster with its profiles, those that EKS does not show yet included."""
        return [
            {
                "account": account,
                "region": region,
                "name": cluster.name,
                "arn": cluster.arn,
                "status": cluster.status,
                "ends_at": cluster.plane.ends_at if math.isfinite(cluster.plane.ends_at) else None,
                "profiles": [profile_document(profile) for profile in cluster.plane.profiles().values()],
            }
            for account, region, cluster in all_clusters()
        ]

    def change(self, wanted: body.ClusterChange) -> dict[str, Any]:
        """Change how clusters behave."""
        behaviour = {
            name: value
            for name in ("hidden_update_after_create", "describe_lag", "list_lag")
            if (value := getattr(wanted, name)) is not None
        }
        chosen = list(matching(wanted))
        for cluster in chosen:
            if wanted.status is not None:
                cluster.status = wanted.status
            for name in ("on_outposts", "version"):
                if (value := getattr(wanted, name)) is not None:
                    setattr(cluster, name, value)
            if wanted.platform_version is not None:
                cluster.platformVersion = wanted.platform_version
            if wanted.hidden_update_seconds is not None:
                cluster.plane.hidden_update_until = self._simulation.clock() + wanted.hidden_update_seconds
            for name, value in behaviour.items():
                setattr(cluster.plane, name, value)
        if _all(wanted):
            for name, value in behaviour.items():
                setattr(self._simulation.behaviour, name, value)
        return {"clusters": len(chosen)}

    def time(self, wanted: body.TimingChange) -> dict[str, Any]:
        """Change how long operations take; for all clusters, also for those made later."""
        timings = Timings.of(wanted.create_seconds, wanted.delete_seconds, wanted.jitter, self._simulation.timings.seed)
        chosen = list(matching(wanted))
        for cluster in chosen:
            cluster.plane.timings = timings
        if _all(wanted):
            self._simulation.timings = timings
        return {"clusters": len(chosen)}

    def script(self, wanted: body.Outcomes) -> dict[str, Any]:
        """Decide how the next operations go."""
        seconds = math.inf if wanted.never_ends else wanted.seconds
        chosen = list(matching(wanted))
        for cluster in chosen:
            for _ in range(wanted.count):
                cluster.plane.script(wanted.operation, Outcome(seconds, wanted.issue.issue() if wanted.issue else None))
        return {"clusters": len(chosen)}

    def finish(self, wanted: body.Finish) -> dict[str, Any]:
        """End what is in flight."""
        issue = wanted.issue.issue() if wanted.issue else None
        ended = [profile.name for cluster in matching(wanted) if (profile := cluster.plane.finish(issue))]
        return {"ended": ended}

    def place(self, wanted: body.Place) -> dict[str, Any]:
        """Put profiles there."""
        backend = backend_of(wanted.account, wanted.region)
        cluster = backend.cluster(wanted.cluster)
        usual = f"arn:{backend.partition}:iam::{wanted.account}:role/{POD_ROLE}"
        placed = [
            cluster.plane.place(
                profile.name,
                pod_execution_role_arn=profile.role or usual,
                selectors=profile.selectors,
                subnets=profile.subnets,
                tags=profile.tags,
                status=profile.status,
                issues=[issue.issue() for issue in profile.issues],
            )
            for profile in wanted.profiles
        ]
        for profile in placed:
            ensure_fargate_entry(cluster, profile.pod_execution_role_arn)
        return {"profiles": [profile_document(profile) for profile in placed]}

    def point(self, wanted: body.Kubernetes) -> dict[str, Any]:
        """Set where a cluster's Kubernetes API is."""
        cluster = backend_of(wanted.account, wanted.region).cluster(wanted.cluster)
        cluster.endpoint, cluster.certificate_authority = wanted.endpoint, {"data": wanted.certificate_authority}
        return {}

    def report(self, wanted: body.Health) -> dict[str, Any]:
        """Set a profile's health issues."""
        cluster = backend_of(wanted.account, wanted.region).cluster(wanted.cluster)
        cluster.plane.report(wanted.name, [issue.issue() for issue in wanted.issues])
        return {}


def matching(target: body.Target) -> Iterator[SimulatedCluster]:
    """Yield the clusters that a target means."""
    for account, region, cluster in all_clusters():
        if fnmatchcase(account, target.account) and fnmatchcase(region, target.region) and fnmatchcase(cluster.name, target.cluster):
            yield cluster


def _all(target: body.Target) -> bool:
    return (target.account, target.region, target.cluster) == ("*", "*", "*")

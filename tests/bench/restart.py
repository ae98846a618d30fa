"""A restart over many clusters where all is settled: how soon the operator knows that, and that it changes nothing."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.processes import NAMESPACE, Object, Running, World, manifest_of_claim, manifest_of_class, operator, until, world
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.names import DEFAULT_TEMPLATE, stem, successor
from fargateclaims.settings import Settings
from fargateclaims.simulator.eks.client import Seeded
from fargateclaims.simulator.eks.verdict import MUTATIONS

ACCOUNTS = ("111111111111", "222222222222", "333333333333", "444444444444", "555555555555")
REGIONS = ("eu-west-1", "us-east-1")
PER_PAIR = 50
CLAIMS = 10
LIMIT = 900.0
AFTERWARDS = 15.0
"""Seconds that are watched after everything was observed: a put-off write would come within ten."""


@dataclass(frozen=True, slots=True)
class RestartResult:
    """One restart with default settings.

    :param listed: seconds from the process's start until every object was listed.
    :param observed: seconds until every cluster was read and planned for.
    :param mutations: EKS calls that change something.
    :param writes: status writes.
    """

    clusters: int
    claims: int
    calls_per_second: float
    calls: int
    listed: float
    observed: float
    peak_mib: float
    mutations: int
    writes: int


def run_restart(folder: Path) -> RestartResult:
    """Settle all claims with one process, then start another."""
    with world(folder, 1.0) as around:
        home, total = _prepare(around)
        with operator(around, home, {}) as first:
            until(lambda: _reason(first, "Active") == total, LIMIT, first, every=2.0)
            _until_quiet(around)
        around.eks.clear_ledger()
        begun, monotonic = time.time(), time.monotonic()
        with operator(around, home, {}) as second:
            listed = time.monotonic() - monotonic
            until(lambda: second.metric("fargateclaims_claims") == total, LIMIT, second, every=1.0)
            observed = time.monotonic() - monotonic
            time.sleep(AFTERWARDS)
            calls = around.eks.calls()
            return RestartResult(
                clusters=total // CLAIMS,
                claims=total,
                calls_per_second=Settings.model_fields["aws_calls_per_second"].default,
                calls=len(calls),
                listed=listed,
                observed=observed,
                peak_mib=second.peak_mib(),
                mutations=sum(call.operation in MUTATIONS or call.operation in {"TagResource", "UntagResource"} for call in calls),
                writes=len(around.writes(begun)),
            )


def _prepare(around: World) -> tuple[Seeded, int]:
    """Clusters in all accounts and regions, with the profiles of claims that are there already; the first account is the operator's."""
    home, objects = None, []
    for account in ACCOUNTS:
        for region in REGIONS:
            seeded = around.eks.seed(account=account, region=region, count=PER_PAIR, prefix=f"c{account[0]}-{region}")
            home = home or seeded
            for name, arn in seeded.clusters.items():
                objects.append(manifest_of_class(name, arn, seeded, assume=account != home.account))
                claims = [manifest_of_claim(f"{name}-{number}", name) for number in range(CLAIMS)]
                objects += claims
                around.eks.place(name, [_profile(claim, seeded) for claim in claims], account=account, region=region)
    assert home is not None
    around.kube.admin.load(objects)
    return home, len(ACCOUNTS) * len(REGIONS) * PER_PAIR * CLAIMS


def _profile(claim: Object, seeded: Seeded) -> Object:
    name, spec = claim["metadata"]["name"], claim["spec"]
    identity = Identity(Settings.model_fields["installation"].default, NAMESPACE, name)
    return {
        "name": successor(stem(DEFAULT_TEMPLATE, identity), ()),
        "selectors": [{"namespace": NAMESPACE, "labels": spec["selectors"][0]["labels"]}],
        "role": seeded.pod_execution_role_arn,
        "subnets": seeded.private_subnets,
        "tags": identity.tags(spec["className"]),
    }


def _reason(running: Running, reason: str) -> float:
    return running.metric("fargateclaims_claims", f'reason="{reason}"')


def _until_quiet(around: World) -> None:
    """Until no status was written for a while."""
    written = -1
    while written != (now := around.kube.admin.count(verb="update", subresource="status")):
        written = now
        time.sleep(AFTERWARDS)

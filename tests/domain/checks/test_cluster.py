from dataclasses import replace

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.cluster import check_cluster
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from support.builders import ARN
from support.class_checks import CLUSTER, VERSIONS

UNREADABLE = Unreadable.without("eks:DescribeClusterVersions")


@pytest.mark.parametrize(
    ("cluster", "level", "reason", "says"),
    [
        (CLUSTER, Level.OK, Reason.USABLE, "cluster prod is ACTIVE, Kubernetes 1.35, platform eks.9"),
        (replace(CLUSTER, status="UPDATING"), Level.OK, Reason.USABLE, "cluster prod is UPDATING, Kubernetes 1.35, platform eks.9"),
        (replace(CLUSTER, version="", platform_version=""), Level.OK, Reason.USABLE, "cluster prod is ACTIVE"),
        (replace(CLUSTER, platform_version="eks.1"), Level.OK, Reason.USABLE, "cluster prod is ACTIVE, Kubernetes 1.35, platform eks.1"),
        (replace(CLUSTER, version="1.99"), Level.OK, Reason.USABLE, "cluster prod is ACTIVE, Kubernetes 1.99, platform eks.9"),
        (replace(CLUSTER, status="CREATING"), Level.ERROR, Reason.CLUSTER_NOT_ACTIVE, "cluster prod is CREATING: EKS takes"),
        (replace(CLUSTER, status=""), Level.ERROR, Reason.CLUSTER_NOT_ACTIVE, "cluster prod is : EKS takes"),
        (replace(CLUSTER, on_outposts=True), Level.ERROR, Reason.CLUSTER_UNSUPPORTED, "cluster prod is a local cluster on AWS Outposts"),
        (replace(CLUSTER, on_outposts=True, status="FAILED"), Level.ERROR, Reason.CLUSTER_NOT_ACTIVE, "cluster prod is FAILED"),
        (replace(CLUSTER, version="1.31"), Level.WARNING, Reason.LIMITED, "Kubernetes 1.31 of cluster prod is in extended support"),
        (replace(CLUSTER, version="1.23"), Level.WARNING, Reason.LIMITED, "Kubernetes 1.23 of cluster prod is out of support"),
    ],
)
def test_what_is_found(cluster: EKSCluster, level: Level, reason: Reason, says: str) -> None:
    finding = check_cluster(ARN, cluster, VERSIONS)
    assert (finding.level, finding.reason) == (level, reason)
    assert finding.message.startswith(says)


def test_an_old_version_has_the_command_that_updates_it() -> None:
    finding = check_cluster(ARN, replace(CLUSTER, version="1.31"), VERSIONS)
    assert finding.fix == "update it: aws eks update-cluster-version --name prod --region eu-west-1 --kubernetes-version VERSION"
    assert "cluster prod is ACTIVE, Kubernetes 1.31, platform eks.9" in finding.details


def test_unreadable_versions_leave_the_cluster_reachable() -> None:
    # Unknown would make the whole class Unknown, for want of one permission that no profile needs.
    finding = check_cluster(ARN, CLUSTER, UNREADABLE)
    assert finding.level is Level.OK
    assert "whether EKS still supports Kubernetes 1.35 cannot be seen: no permission eks:DescribeClusterVersions" in finding.details


def test_govcloud_is_worth_a_warning_and_no_more() -> None:
    arn = ClusterARN.parse("arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/prod")
    finding = check_cluster(arn, CLUSTER, VERSIONS)
    assert (finding.level, finding.reason) == (Level.WARNING, Reason.LIMITED)
    assert "us-gov-west-1" in finding.message


def test_the_details_say_how_nodes_reach_the_cluster() -> None:
    details = check_cluster(ARN, replace(CLUSTER, private_access=False), VERSIONS).details
    assert details == ("private endpoint access is off", "Fargate's nodes get the cluster security group sg-cluster, and need no other")

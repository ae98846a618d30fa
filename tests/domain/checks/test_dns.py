from dataclasses import replace

import pytest

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.access import Addon
from fargateclaims.domain.checks.dns import check_dns
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import CoreDNS, Workloads
from support.builders import ARN, make_profile
from support.class_checks import ADDON, CORE_DNS, DNS_PROFILE

HIDDEN = Unreadable("no permission to list nodes")
NO_ADDON = Unreadable.without("eks:DescribeAddon")
PLAIN_ADDON = Addon("coredns", "ACTIVE")
STUCK = replace(CORE_DNS, ready=0)
MARKED = replace(STUCK, compute_type="ec2")

PATCH = (
    "kubectl -n kube-system patch deployment coredns --type json -p "
    """'[{"op":"remove","path":"/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]'"""
)
RESTART = "kubectl -n kube-system rollout restart deployment coredns"
SCALE = "kubectl -n kube-system scale deployment coredns --replicas=2"
LOOK = "look why: kubectl -n kube-system describe pods -l k8s-app=kube-dns"
OF_ADDON = "--cluster-name prod --region eu-west-1 --addon-name coredns"
UPDATE = f"aws eks update-addon {OF_ADDON} --configuration-values "
CONFIGURE = UPDATE + """'{"computeType":"Fargate"}'"""
CLAIM = "write a FargateProfileClaim of this class with the selector {namespace: kube-system, labels: {k8s-app: kube-dns}}"


def found(
    core_dns: CoreDNS | Unreadable | None = CORE_DNS,
    other_nodes: int | Unreadable = 0,
    addon: Addon | Unreadable | None = ADDON,
    profiles: tuple[Profile, ...] = (DNS_PROFILE,),
) -> Finding:
    return check_dns(ARN, Workloads(core_dns, None, other_nodes), addon, profiles)


@pytest.mark.parametrize(
    "finding",
    [
        found(),
        found(addon=None),
        found(addon=NO_ADDON),
        found(other_nodes=3, addon=PLAIN_ADDON, profiles=()),
        found(other_nodes=HIDDEN, addon=PLAIN_ADDON, profiles=()),
        found(replace(CORE_DNS, compute_type="ec2"), other_nodes=3),
        found(replace(CORE_DNS, ready=3)),
    ],
)
def test_ready_is_ready(finding: Finding) -> None:
    assert (finding.level, finding.reason) == (Level.OK, Reason.USABLE)


@pytest.mark.parametrize(
    ("finding", "message", "fix"),
    [
        (found(replace(CORE_DNS, ready=1)), "only 1 of 2 pods of CoreDNS are ready in cluster prod", LOOK),
        (
            found(addon=PLAIN_ADDON),
            (
                "CoreDNS runs in cluster prod, but its add-on is not configured for Fargate: an update of the add-on may mark "
                "it for EC2 nodes again"
            ),
            CONFIGURE,
        ),
    ],
)
def test_what_works_and_is_worth_a_look(finding: Finding, message: str, fix: str) -> None:
    assert (finding.level, finding.reason, finding.message, finding.fix) == (Level.WARNING, Reason.LIMITED, message, fix)


@pytest.mark.parametrize(
    ("finding", "message", "fix"),
    [
        (found(replace(CORE_DNS, replicas=0, ready=0)), "CoreDNS is scaled to zero in cluster prod", SCALE),
        (found(STUCK, other_nodes=3, profiles=()), "no pod of CoreDNS is ready in cluster prod", LOOK),
        (found(MARKED, other_nodes=3), "no pod of CoreDNS is ready in cluster prod", LOOK),
        (found(MARKED, other_nodes=HIDDEN, profiles=()), "no pod of CoreDNS is ready in cluster prod", LOOK),
        (found(STUCK, profiles=()), "cluster prod has no EC2 nodes, and no Fargate profile takes CoreDNS", CLAIM),
        (found(MARKED, profiles=()), "cluster prod has no EC2 nodes, and no Fargate profile takes CoreDNS", CLAIM),
        (
            found(STUCK, profiles=(replace(DNS_PROFILE, state=ProfileState.CREATING),)),
            "profile dns, which takes CoreDNS, is CREATING",
            "CoreDNS can run when it is ACTIVE",
        ),
        (
            found(STUCK),
            (
                "no pod of CoreDNS is ready in cluster prod, though profile dns takes them: pods that were made before their "
                "profile stay Pending"
            ),
            RESTART,
        ),
        (found(None, addon=None), "cluster prod has no Deployment kube-system/coredns", None),
        (
            found(None, addon=replace(ADDON, status="DEGRADED")),
            "cluster prod has no Deployment kube-system/coredns, though its add-on coredns is DEGRADED",
            f"aws eks update-addon {OF_ADDON} --resolve-conflicts OVERWRITE",
        ),
    ],
)
def test_what_keeps_names_from_being_resolved(finding: Finding, message: str, fix: str | None) -> None:
    assert (finding.level, finding.reason, finding.message) == (Level.ERROR, Reason.DNS_NOT_READY, message)
    assert fix is None or finding.fix == fix


@pytest.mark.parametrize(
    ("addon", "fix"),
    [
        (None, PATCH),
        (NO_ADDON, PATCH),
        (PLAIN_ADDON, CONFIGURE),
        (replace(ADDON, configuration='{"replicaCount":3}'), UPDATE + """'{"replicaCount":3,"computeType":"Fargate"}'"""),
        (replace(ADDON, configuration="replicaCount: 3\n"), UPDATE + """'{"replicaCount":3,"computeType":"Fargate"}'"""),
        (
            replace(ADDON, configuration="""{"corefile":"it's"}"""),
            UPDATE + """'{"corefile":"it'"'"'s","computeType":"Fargate"}'""",
        ),
        (replace(ADDON, configuration="a: ["), f'put "computeType": "Fargate" into its configuration: {UPDATE}VALUES'),
        (replace(ADDON, configuration=f"a: {'b' * 2000}"), f'put "computeType": "Fargate" into its configuration: {UPDATE}VALUES'),
    ],
)
def test_the_mark_for_ec2_nodes_is_removed_where_it_is_kept(addon: Addon | Unreadable | None, fix: str) -> None:
    finding = found(MARKED, addon=addon)
    assert finding.message.startswith("CoreDNS is marked for EC2 nodes (annotation eks.amazonaws.com/compute-type: ec2)")
    assert finding.fix == fix


@pytest.mark.parametrize(
    ("namespace", "labels", "takes"),
    [
        ("kube-system", {}, True),
        ("kube-*", {"k8s-app": "kube-dns"}, True),
        ("*", {"k8s-*": "kube-d?s"}, True),
        ("kube-system", {"k8s-app": "coredns"}, False),
        ("kube-system", {"k8s-app": "kube-dns", "tier": "infra"}, False),
        ("shop", {}, False),
    ],
)
def test_which_profile_takes_coredns(namespace: str, labels: dict[str, str], takes: bool) -> None:  # noqa: FBT001
    finding = found(STUCK, profiles=(make_profile("dns", namespace=namespace, labels=labels), make_profile("web")))
    assert (finding.fix == RESTART) is takes


def test_an_active_profile_counts_before_one_that_is_on_its_way() -> None:
    finding = found(STUCK, profiles=(replace(DNS_PROFILE, name="a", state=ProfileState.DELETING), DNS_PROFILE))
    assert finding.fix == RESTART


def test_without_a_deployment_the_addon_is_made_for_fargate_if_there_is_nothing_else() -> None:
    create = f"aws eks create-addon {OF_ADDON} --resolve-conflicts OVERWRITE"
    assert found(None, addon=None).fix == create + """ --configuration-values '{"computeType":"Fargate"}'"""
    assert found(None, other_nodes=2, addon=None).fix == create


def test_all_that_is_in_the_way_is_told() -> None:
    finding = found(MARKED, profiles=())
    assert len(finding.details) == 1
    assert finding.details[0].startswith("CoreDNS is marked for EC2 nodes")


def test_where_the_nodes_cannot_be_seen_the_reasons_are_given_for_the_case_that_there_are_none() -> None:
    finding = found(MARKED, other_nodes=HIDDEN, profiles=())
    assert finding.details[0] == f"if there are no EC2 nodes: cluster prod has no EC2 nodes, and no Fargate profile takes CoreDNS; {CLAIM}"
    assert finding.details[-1] == "whether there are EC2 nodes cannot be seen: no permission to list nodes"


@pytest.mark.parametrize("workloads", [HIDDEN, Workloads(HIDDEN, None, 0)])
def test_what_may_not_be_read_stays_open(workloads: Workloads | Unreadable) -> None:
    finding = check_dns(ARN, workloads, ADDON, (DNS_PROFILE,))
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.UNAUTHORIZED)
    assert finding.message == "whether CoreDNS runs in cluster prod cannot be seen: no permission to list nodes"


def test_an_addon_that_is_not_active_is_a_detail() -> None:
    assert found(addon=replace(ADDON, status="DEGRADED")).details == ("its add-on coredns is DEGRADED",)
    assert found(addon=NO_ADDON).details == ("whether EKS manages CoreDNS cannot be seen: no permission eks:DescribeAddon",)

"""CreateFargateProfile, DeleteFargateProfile, DescribeFargateProfile, ListFargateProfiles."""

from typing import Any

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.environment import check_pod_execution_role, fargate_subnets
from fargateclaims.simulator.eks.iam import SERVICE_LINKED_ROLE, ensure_service_linked_role, has_service_linked_role
from fargateclaims.simulator.eks.model import HealthIssue, Outcome, Profile
from fargateclaims.simulator.eks.operations.access_entries import ensure_fargate_entry
from fargateclaims.simulator.eks.operations.call import EKSCall
from fargateclaims.simulator.eks.validation import check_name, check_selectors


def create_fargate_profile(call: EKSCall) -> dict[str, Any]:
    """Begin to create a profile, after the checks that EKS makes in the caller's name."""
    cluster = call.cluster()
    if not cluster.is_active:
        raise errors.cluster_not_active(cluster.name)
    if cluster.on_outposts:
        raise errors.cluster_on_outposts(cluster.name)
    name, role = call.text("fargateProfileName"), call.text("podExecutionRoleArn")
    selectors = call.body.get("selectors")
    check_name(name)
    check_selectors(selectors, cluster.plane.quotas)
    _check_rights(call, role)
    subnets = _checked_environment(call, cluster, name, role)
    profile = cluster.fargate().create(
        name,
        pod_execution_role_arn=role,
        selectors=[_selector(selector) for selector in selectors or []],
        subnets=subnets,
        tags=call.mapping("tags"),
        outcome=_outcome(cluster, role),
    )
    ensure_fargate_entry(cluster, role)
    return {"fargateProfile": profile_document(profile)}


def delete_fargate_profile(call: EKSCall) -> dict[str, Any]:
    """Begin to delete a profile."""
    return {"fargateProfile": profile_document(call.cluster().fargate().delete(call.path["fargateProfileName"]))}


def describe_fargate_profile(call: EKSCall) -> dict[str, Any]:
    """Describe a profile."""
    return {"fargateProfile": profile_document(call.cluster().plane.describe(call.path["fargateProfileName"]))}


def list_fargate_profiles(call: EKSCall) -> dict[str, Any]:
    """List the names of a cluster's profiles."""
    return call.page("fargateProfileNames", call.cluster().plane.list())


def profile_document(profile: Profile) -> dict[str, Any]:
    """Return a profile as EKS describes it."""
    return {
        "fargateProfileName": profile.name,
        "fargateProfileArn": profile.arn,
        "clusterName": profile.cluster_name,
        "createdAt": profile.created_at,
        "podExecutionRoleArn": profile.pod_execution_role_arn,
        "subnets": list(profile.subnets),
        "selectors": [dict(selector) for selector in profile.selectors],
        "status": profile.status,
        "tags": dict(profile.tags),
        "health": {
            "issues": [{"code": issue.code, "message": issue.message, "resourceIds": list(issue.resource_ids)} for issue in profile.issues]
        },
    }


def _selector(sent: dict[str, Any]) -> dict[str, Any]:
    labels = sent.get("labels") or {}
    if not isinstance(sent["namespace"], str) or not isinstance(labels, dict):
        raise errors.invalid_parameter("a selector has a namespace and an object of labels")
    return {"namespace": sent["namespace"], **({"labels": labels} if labels else {})}


def _outcome(cluster: SimulatedCluster, role: str) -> Outcome | None:
    """Return how it must go: with the role of EC2 nodes it fails. AWS's text is not known."""
    groups = sorted(name for name, group in cluster.nodegroups.items() if group.node_role == role)
    if not groups:
        return None
    issue = HealthIssue("PodExecutionRoleAlreadyInUse", f"The role is already in use by node group {', '.join(groups)}", (role,))
    return Outcome(issue=issue)


def _check_rights(call: EKSCall, role: str) -> None:
    """Raise EKSError for a right that EKS uses in the caller's name and the caller lacks."""
    for action in ("DescribeSubnets", "DescribeRouteTables"):
        if call.denied("ec2", action):
            raise errors.invalid_request(f'Missing permissions for "ec2:{action}"')
    if call.denied("iam", "GetRole"):
        raise errors.invalid_request(
            "Failed to validate if SLR: AWSServiceRoleForAmazonEKSForFargate already exists due to missing permissions for 'iam:GetRole'"
        )
    if call.denied("iam", "PassRole"):
        text = f"User: {call.caller} is not authorized to perform: iam:PassRole on resource: {role}"
        raise errors.EKSError("AccessDeniedException", text)


def _checked_environment(call: EKSCall, cluster: SimulatedCluster, name: str, role: str) -> list[str]:
    account, region = call.backend.account_id, call.backend.region_name
    asked = call.texts("subnets")
    with call.simulation.moto_lock:
        check_pod_execution_role(role, cluster.name, name, account, region)
        subnets = fargate_subnets(asked, cluster, account, region, call.simulation.zones_without_fargate)
        if call.denied("iam", "CreateServiceLinkedRole") and not has_service_linked_role(account, region):
            text = f"User: {call.caller} is not authorized to perform: iam:CreateServiceLinkedRole on resource: {SERVICE_LINKED_ROLE}"
            raise errors.EKSError("AccessDeniedException", text)
        ensure_service_linked_role(account, region)
    return subnets

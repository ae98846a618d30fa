"""The Fargate profiles of a cluster: how many there may be, what each one takes, and what ails it."""

from collections.abc import Mapping
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import RETRY
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import clipped, counted
from fargateclaims.domain.doctor.chart import Check, worst
from fargateclaims.domain.identity import owner
from fargateclaims.domain.observation import DEFAULT_PROFILES_PER_CLUSTER
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileState
from fargateclaims.domain.selectors import describe

_QUOTA: Final = "L-33415657"
_FAILED: Final = frozenset({ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED})

_ADVICE: Final[Mapping[str, str]] = {
    "PodExecutionRoleAlreadyInUse": "give EC2 nodes another role than {role}, or make the profile anew with a role of its own",
    "AccessDenied": "look what role {role} may do and whom it trusts: aws iam get-role --role-name {role_name}",
    "ClusterUnreachable": "let Fargate's nodes reach the cluster: see egress, and its private endpoint access",
}
"""By the code of a health issue (eks:FargateProfileIssue); for others nobody but AWS knows."""
_OTHERWISE: Final = "wait, and ask AWS Support if it stays"


def check_profiles(arn: ClusterARN, profiles: Mapping[str, Profile], quota: int | None) -> Check:
    """Look at each profile, and at how many more there may be.

    :param quota: how many there may be; None if that may not be read.
    """
    children = tuple(_profile(arn, profiles[name]) for name in sorted(profiles))
    ill = [each.name for each in children if each.amiss]
    number = len(profiles)
    message = f"{number} of {quota}" if quota is not None else f"{number}; how many there may be cannot be seen"
    if ill:
        message += f", and {counted(len(ill), 'is', 'are')} not well"
    full = quota is not None and number >= quota
    more = (
        f"aws service-quotas request-service-quota-increase --region {arn.region} --service-code eks --quota-code {_QUOTA} "
        f"--desired-value {max(number, quota or 0, DEFAULT_PROFILES_PER_CLUSTER) * 2}"
    )
    return Check(
        "profiles",
        worst([Level.WARNING if full else None, *(each.level for each in children)]),
        message + (": there is no place for another one" if full else ""),
        more if full else "",
        children=children,
    )


def _profile(arn: ClusterARN, profile: Profile) -> Check:
    who = owner(profile.tags)
    whose = f"claim {who.namespace}/{who.name}" if who is not None else "not made by a claim"
    message = f"{profile.state}, {whose}: {describe(profile.selectors)}"
    if profile.state not in _FAILED and not profile.health:
        return Check(profile.name, Level.OK, message)
    told = tuple(_told(issue) for issue in profile.health)
    fixes = list(dict.fromkeys(_fix(profile, issue) for issue in profile.health))
    if profile.state in _FAILED:
        fixes.append(_again(arn, profile))
    return Check(profile.name, Level.ERROR, "; ".join((message, *told)), "; then ".join(fixes))


def _told(issue: HealthProblem) -> str:
    about = f" ({', '.join(issue.resource_ids)})" if issue.resource_ids else ""
    return clipped(f"{issue.code}: {issue.message.rstrip('.')}{about}")


def _fix(profile: Profile, issue: HealthProblem) -> str:
    role = profile.pod_execution_role_arn
    return _ADVICE.get(issue.code, _OTHERWISE).format(role=role, role_name=role.rpartition("/")[2])


def _again(arn: ClusterARN, profile: Profile) -> str:
    who = owner(profile.tags)
    if who is not None:
        return f'kubectl annotate fargateprofileclaim -n {who.namespace} {who.name} {RETRY}="$(date +%s)" --overwrite'
    # One that failed to be made takes no pods; one that failed to be deleted is to go anyway.
    return f"aws eks delete-fargate-profile --cluster-name {arn.name} --region {arn.region} --fargate-profile-name {profile.name}"

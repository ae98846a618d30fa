"""The profiles that a person may see: those of the claims they may read, or, with AWS credentials, all that EKS has."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.errors import MalformedObject
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.session import Session
from fargateclaims.domain.identity import owner
from fargateclaims.domain.pods.claimed import profiles_of
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.profile import Profile
from fargateclaims.kube.errors import Missing
from fargateclaims.kube.viewer import MissingRightError

_CALLS_PER_SECOND: Final = 10.0
_FOREIGN_UNSEEN: Final = "profiles that no claim made are not seen; --aws reads all of them from EKS, with your AWS credentials"


@dataclass(frozen=True, slots=True)
class Seen:
    """The profiles of a cluster as far as they are seen.

    :param notes: what is not seen, and why.
    :param all_claims: whether those of all claims are among them.
    """

    profiles: tuple[ProfileView, ...]
    notes: tuple[str, ...]
    all_claims: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """Where profiles are read from, by the person's options.

    :param cluster_arn: the EKS cluster, if they named it.
    """

    aws: bool = False
    cluster_arn: str | None = None


async def seen_profiles(session: Session, sources: Sources) -> Seen:
    """Read the profiles that pods of this cluster may go to. Raises KubeError, AWSError, PluginError."""
    wanted = _parsed(sources.cluster_arn)
    claims, notes, all_claims = await _claims(session)
    arns = sorted({claim.status.resolved.cluster_arn for claim in claims if claim.status.resolved and claim.status.resolved.cluster_arn})
    arn = wanted or _own(session, arns)
    if arn is None and len(arns) > 1:
        notes.append(f"the claims are of {len(arns)} clusters, and all count: say which one this is with --cluster-arn")
    if arn is not None:
        claims = [claim for claim in claims if _of(claim, arn)]
    views = tuple(view for claim in claims for view in profiles_of(claim))
    if not sources.aws:
        return Seen(views, (*notes, _FOREIGN_UNSEEN), all_claims)
    arn = arn or await _of_classes(session)
    if arn is None:
        raise UsageError("which EKS cluster is this? No claim or class says so: name it with --cluster-arn")
    waiting = tuple(view for view in views if view.state is None)
    # What EKS has is all that takes pods, whoever made it.
    return Seen((*await _from_eks(session, arn, views), *waiting), tuple(notes), all_claims=True)


def parse_claims(objects: Iterable[dict[str, Any]]) -> tuple[list[FargateProfileClaim], list[str]]:
    """Claims out of plain objects; of what is malformed, a note."""
    claims, notes = [], []
    for obj in objects:
        try:
            claims.append(FargateProfileClaim.from_object(obj))
        except MalformedObject as error:
            notes.append(str(error))
    return claims, notes


async def _claims(session: Session) -> tuple[list[FargateProfileClaim], list[str], bool]:
    """The claims, what is not seen of them, and whether all are."""
    try:
        claims, notes = parse_claims(await session.viewer.claims(None))
    except Missing:
        return [], ["this cluster does not know FargateProfileClaims"], False
    except MissingRightError as missing:
        try:
            claims, notes = parse_claims(await session.viewer.claims(session.namespace))
        except MissingRightError as error:
            return [], [f"no claims are seen: {error}"], False
        return claims, [*notes, f"only claims of namespace {session.namespace} are seen: {missing}"], False
    return claims, notes, True


def _parsed(text: str | None) -> ClusterARN | None:
    try:
        return ClusterARN.parse(text) if text else None
    except ValueError as error:
        raise UsageError(f"--cluster-arn: {error}") from None


def _own(session: Session, arns: Sequence[ClusterARN]) -> ClusterARN | None:
    """The cluster of the kubeconfig, if that can be known. `aws eks update-kubeconfig` calls clusters by their ARNs."""
    named = next((arn for arn in arns if str(arn) == session.cluster), None)
    return named or (arns[0] if len(arns) == 1 else None)


async def _of_classes(session: Session) -> ClusterARN | None:
    """The cluster of all classes, if they may be read and have one in common."""
    try:
        objects = await session.viewer.classes()
    except (Missing, MissingRightError):
        return None
    arns = set()
    for obj in objects:
        with suppress(MalformedObject):
            arns.add(FargateProfileClass.from_object(obj).spec.cluster_arn)
    return _own(session, sorted(arns))


def _of(claim: FargateProfileClaim, arn: ClusterARN) -> bool:
    resolved = claim.status.resolved
    # One that has not been resolved may become this cluster's.
    return resolved is None or resolved.cluster_arn in (None, arn)


async def _from_eks(session: Session, arn: ClusterARN, claimed: Sequence[ProfileView]) -> list[ProfileView]:
    # Here, not above: boto3 takes a second to load, which only who asks for AWS should wait for.
    from fargateclaims.aws.cloud import AWSCloud  # noqa: PLC0415

    cloud = AWSCloud(session.clock, _CALLS_PER_SECOND, "kubectl", lambda _operation, _outcome, _seconds: None)
    try:
        gateway = cloud.gateway(arn)
        names = await gateway.list_profiles()
        profiles = await asyncio.gather(*(gateway.describe_profile(name) for name in names))
    finally:
        cloud.close()
    known = {view.name: view for view in claimed}
    return [_view(profile, known.get(profile.name)) for profile in profiles]


def _view(profile: Profile, claimed: ProfileView | None) -> ProfileView:
    identity = owner(profile.tags)
    return ProfileView(
        name=profile.name,
        selectors=profile.selectors,
        state=profile.state,
        claim=f"{identity.namespace}/{identity.name}" if identity else None,
        # EKS tells when it was made, some minutes before it was ACTIVE.
        active_since=claimed.active_since if claimed else None,
        note=claimed.note if claimed else "",
    )


async def claim_named(session: Session, name: str) -> FargateProfileClaim:
    """Read one claim of the session's namespace. Raises KubeError, and PluginError if it is not there or malformed."""
    try:
        return FargateProfileClaim.from_object(await session.viewer.claim(session.namespace, name))
    except Missing:
        raise PluginError(f"there is no claim {name} in namespace {session.namespace}") from None
    except MalformedObject as error:
        raise PluginError(str(error)) from None

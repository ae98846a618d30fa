"""The profile that the operator itself runs on is never deleted: nobody would be left to make the next one."""

from collections.abc import Sequence
from dataclasses import dataclass

from fargateclaims.domain.draining import PodOnProfile
from fargateclaims.domain.no_access import NoAccess


@dataclass(frozen=True, slots=True)
class OwnPod:
    """The pod that this process runs in.

    :param uid: empty if it is not known.
    :param node: the name of its node; empty if it is not known.
    :param profile: the profile that has taken it, by its label; None if none has.
    """

    uid: str = ""
    node: str = ""
    profile: str | None = None


def own_profile(profile: str, own: OwnPod | None, pods: Sequence[PodOnProfile] | NoAccess) -> str | None:
    """Why a profile is never deleted: the operator itself runs on it. None if it does not.

    :param own: None where this process runs in no pod.
    :param pods: those on the profile. Where they cannot be seen, one of the same name in another cluster is spared as well.
    """
    if own is None:
        return None
    if isinstance(pods, NoAccess):
        runs_here = own.profile == profile
    else:
        # Names of Fargate's nodes come from their addresses, which two clusters may share: the UID goes first.
        runs_here = any(pod.uid == own.uid if own.uid else bool(own.node) and pod.node == own.node for pod in pods)
    if not runs_here:
        return None
    return f"the operator itself runs on profile {profile}: move its Deployment to another profile or to nodes first"

"""The profile that the operator itself runs on is never deleted: nobody would be left to make the next one."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from fargateclaims.domain.observation import EKSCluster

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """Where this process runs.

    :param name: the profile that has taken its pod.
    :param certificates: the CA of the cluster that its pod is in, in PEM; empty if it is not known. Names of profiles are those of one
        cluster alone, and a cluster does not tell its pods which one it is: but no two have the same CA.
    """

    name: str
    certificates: str = ""


def runs_operator(own: OwnProfile | None, cluster: EKSCluster | None, profile: str) -> bool:
    """Whether the operator itself may run on a profile of this cluster. Where the clusters cannot be told apart, its name is enough.

    :param own: None where this process runs on no profile.
    """
    if own is None or own.name != profile:
        return False
    ours, theirs = _bodies(own.certificates), _bodies(_decoded(cluster.certificate_authority if cluster is not None else ""))
    return not ours or not theirs or bool(ours & theirs)


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except ValueError:
        return ""


def _bodies(pem: str) -> frozenset[str]:
    """The certificates in it: a pod may see more than one while a CA is being replaced."""
    return frozenset("".join(found.split()) for found in _CERTIFICATE.findall(pem))

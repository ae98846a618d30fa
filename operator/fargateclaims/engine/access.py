"""As whom a cluster is read and changed: the classes that name it may name different roles."""

from collections.abc import Iterable
from dataclasses import dataclass

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass


@dataclass(frozen=True, slots=True, order=True)
class Access:
    """The role to assume, and what to send with that; both empty for the operator's own identity."""

    assume_role_arn: str = ""
    external_id: str = ""


def accesses(classes: Iterable[FargateProfileClass], claims: Iterable[FargateProfileClaim]) -> tuple[Access, ...]:
    """The ways to a cluster: its classes' in their order, then those that claims were last resolved with."""
    found = [access_by(cls) for cls in classes]
    found += [access_of(claim) for claim in claims if claim.status.resolved is not None]
    return tuple(dict.fromkeys(found)) or (Access(),)


def access_by(cls: FargateProfileClass) -> Access:
    """The way to its cluster that a class names."""
    return Access(cls.spec.assume_role_arn or "", cls.spec.external_id or "")


def access_of(claim: FargateProfileClaim) -> Access:
    """The way to a cluster that a claim was last resolved with."""
    resolved = claim.status.resolved
    return Access((resolved.assume_role_arn or "") if resolved else "", (resolved.external_id or "") if resolved else "")

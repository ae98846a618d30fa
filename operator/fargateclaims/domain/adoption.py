"""A profile that is already there under the name that a claim asks for."""

from fargateclaims.api.claim import ExistingProfilePolicy, FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Step, Verdict, Work
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import owner
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.resolution import Target

CLOUDFORMATION_PREFIX = "aws:cloudformation:"


def adoption(facts: Facts, claim: FargateProfileClaim, aim: Target, existing: Profile) -> Work | Verdict:
    """Adopt the profile by tagging it, if that was asked for and it is the same; else say what stands in the way."""
    name = existing.name
    whose = owner(existing.tags)
    leaving = existing.state is ProfileState.DELETING or any(
        claim.metadata.deletion_timestamp is not None and facts.identity(claim) == whose for claim in facts.claims
    )
    if leaving:
        return Verdict(Reason.QUEUED, f"waiting until the present profile {name} is deleted")
    if whose is not None:
        told = facts.rules.show_blocking_claim or whose.namespace == claim.metadata.namespace
        other = f"claim {whose.namespace}/{whose.name}" if told else "another claim"
        where = "" if whose.installation == facts.rules.installation else f" of installation {whose.installation}"
        return Verdict(Reason.CONFLICT, f"profile {name} belongs to {other}{where}: choose another profileName")
    if claim.spec.existing_profile is not ExistingProfilePolicy.ADOPT_IF_IDENTICAL:
        advice = "choose another profileName, or set existingProfile: AdoptIfIdentical if the class allows it"
        return Verdict(Reason.CONFLICT, f"profile {name} exists and was not made by a claim: {advice}")
    if any(key.startswith(CLOUDFORMATION_PREFIX) for key in existing.tags):
        return Verdict(Reason.CONFLICT, f"profile {name} belongs to a CloudFormation stack and is never adopted: remove it there first")
    if existing.state is not ProfileState.ACTIVE:
        return Verdict(Reason.CONFLICT, f"profile {name} is {existing.state}; only an ACTIVE profile is adopted")
    differing = aim.differences(existing)
    if differing:
        return Verdict(Reason.CONFLICT, f"profile {name} differs from the spec in {'; '.join(differing)}: it is adopted only if identical")
    tags = facts.identity(claim).tags(claim.spec.class_name)
    return Work(OperationType.TAG, Step.TAG, name, profile=existing, tags=tuple(sorted(tags.items())))

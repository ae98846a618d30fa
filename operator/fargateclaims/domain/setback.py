"""What has gone wrong with a claim's operation so far, and when it is tried again.

The count and the time are in the claim's status; the reason and the words are in its Synced condition. Nothing else is remembered. So
that throttling never makes EKS's own failures forgotten, their count and reason stay as they are then, and the words tell of both.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ProfileStatus
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.backoff import delay, waited
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.intent import open_intent
from fargateclaims.domain.profile import Profile, ProfileState

IAM_RETRY_LIMIT = timedelta(seconds=30)
"""Trust policies reach all of IAM within seconds to a minute or two: longer waits between attempts would only add to that."""

REMEMBERED = frozenset(
    {
        Reason.BACKING_OFF,
        Reason.PROPAGATING,
        Reason.INVALID,
        Reason.UNAUTHORIZED,
        Reason.THROTTLED,
        Reason.UNAVAILABLE,
        Reason.CREATE_FAILED,
        Reason.DELETE_FAILED,
    }
)

_GIVEN_UP_BY_EKS = frozenset({Reason.BACKING_OFF, Reason.CREATE_FAILED, Reason.DELETE_FAILED})
_PASSING = frozenset({FailureClass.THROTTLED, FailureClass.UNAVAILABLE})
_BEFORE_THAT = "; before that: "
"""Between the words of a passing refusal and those of EKS's own failures."""


@dataclass(frozen=True, slots=True)
class Setback:
    """The failures since an operation last succeeded.

    :param attempts: how many.
    :param next_attempt: when the next may start; None if at once or, with `final`, never by itself.
    :param final: no attempt is made until the spec or the class changes or a retry is asked for.
    """

    attempts: int
    reason: Reason
    message: str
    next_attempt: datetime | None = None
    final: bool = False

    @property
    def given_up_by_eks(self) -> bool:
        """Whether EKS took the calls and failed afterwards, and has refused none since."""
        return self.reason in _GIVEN_UP_BY_EKS and _BEFORE_THAT not in self.message

    def holds(self, now: datetime) -> bool:
        """Whether the operation must not start now."""
        return self.final or (self.next_attempt is not None and now < self.next_attempt)


def setback(facts: Facts, claim: FargateProfileClaim, failed: Profile | None, *, cleared: bool) -> Setback | None:
    """The setback after what is known now.

    :param failed: a profile of the claim in CREATE_FAILED or DELETE_FAILED.
    :param cleared: whether the earlier setback no longer counts: the spec or the class changed, or a retry was asked for.
    """
    earlier = None if cleared else _remembered(facts, claim)
    if failed is not None and not _already_counted(claim, failed):
        return _after_failed_profile(facts, claim, failed, _attempts(earlier) + 1)
    failure = news(facts, claim)
    return earlier if failure is None else _after_refusal(facts, claim, failure, earlier)


def carried(facts: Facts, claim: FargateProfileClaim, *, cleared: bool) -> Setback | None:
    """What still counts of the setback while EKS is, or may be, at work.

    Once it has taken a call, its earlier refusals are history; attempts that it gave up by itself are not. While a call's outcome is not
    known, all of it counts: else a service that answers nobody would be asked again and again without growing waits.
    """
    earlier = None if cleared else _remembered(facts, claim)
    if earlier is None or earlier.reason in _GIVEN_UP_BY_EKS:
        return earlier
    return earlier if open_intent(facts, claim) is not None else None


def news(facts: Facts, claim: FargateProfileClaim) -> Failure | None:
    """How the claim's last call failed, as long as its status does not tell of it."""
    outcome, operation = facts.outcomes.get(claim.metadata.uid), claim.status.operation
    known = outcome is not None and operation is not None and operation.start_time == outcome.start_time
    return outcome.failure if outcome is not None and known else None


def _attempts(earlier: Setback | None) -> int:
    return earlier.attempts if earlier else 0


def _already_counted(claim: FargateProfileClaim, failed: Profile) -> bool:
    def reported(profile: ProfileStatus | None) -> bool:
        return profile is not None and profile.arn == failed.arn and profile.status == failed.state

    return reported(claim.status.profile) or reported(claim.status.previous_profile)


def _remembered(facts: Facts, claim: FargateProfileClaim) -> Setback | None:
    status, rules = claim.status, facts.rules
    attempts = status.failed_attempts or 0
    if not attempts and status.next_attempt_time is None:
        return None
    synced = next((condition for condition in status.conditions if condition.type == ConditionType.SYNCED), None)
    used_up = attempts >= rules.max_attempts
    reason = Reason.CREATE_FAILED if used_up else Reason.BACKING_OFF
    message = f"attempt {attempts} failed"
    next_attempt = status.next_attempt_time
    final = used_up and next_attempt is None
    if synced is not None and synced.reason in REMEMBERED:
        reason, message = Reason(synced.reason), synced.message
        final = used_up and (next_attempt is None or reason is Reason.CREATE_FAILED)
    longest = max(rules.slow_recheck, rules.backoff_max) * 2
    if next_attempt is not None and next_attempt - facts.now > longest:
        next_attempt = facts.now  # the clock was set back: no wait was ever that long
    if next_attempt is None or next_attempt <= facts.now:
        message = message.rpartition(_BEFORE_THAT)[2]  # the refusal has passed
        next_attempt = None if final else next_attempt
    return Setback(attempts, reason, message, next_attempt, final=final)


def _after_failed_profile(facts: Facts, claim: FargateProfileClaim, failed: Profile, attempts: int) -> Setback:
    rules = facts.rules
    said = "; ".join(f"{problem.code}: {problem.message}" for problem in failed.health) or "EKS gives no reason"
    message = f"profile {failed.name} is {failed.state}: {said}"
    soon = facts.now + delay(attempts, rules.backoff_base, rules.backoff_max, claim.metadata.uid)
    slow = facts.now + rules.slow_recheck
    if attempts < rules.max_attempts:
        return Setback(attempts, Reason.BACKING_OFF, f"{message} (attempt {attempts} of {rules.max_attempts})", soon)
    if failed.state is ProfileState.DELETE_FAILED:
        return Setback(attempts, Reason.DELETE_FAILED, f"{message}; {attempts} attempts failed", slow)
    ask = "mend the cause, then edit the claim or set the annotation fargateclaims.dev/retry"
    return Setback(attempts, Reason.CREATE_FAILED, f"{message}; {attempts} attempts failed: {ask}", None, final=True)


def _after_refusal(facts: Facts, claim: FargateProfileClaim, failure: Failure, earlier: Setback | None) -> Setback | None:
    rules, attempts, key = facts.rules, _attempts(earlier) + 1, claim.metadata.uid
    said = f"{failure.operation}: {failure.message}"
    slow = facts.now + delay(1, rules.slow_recheck, rules.slow_recheck, key)
    soon = facts.now + delay(attempts, rules.backoff_base, rules.backoff_max, key)
    if earlier is not None and earlier.reason in _GIVEN_UP_BY_EKS and failure.kind in _PASSING:
        return _refused_in_between(facts, claim, said, earlier)
    match failure.kind:
        case FailureClass.INVALID:
            return Setback(attempts, Reason.INVALID, _refused("the profile", failure, "correct the claim or its class"), slow)
        case FailureClass.PROPAGATING:
            if waited(attempts, rules.backoff_base, IAM_RETRY_LIMIT) >= rules.iam_window:
                return Setback(attempts, Reason.INVALID, _refused("the role", failure, "correct its trust policy or the class"), slow)
            again = facts.now + delay(attempts, rules.backoff_base, IAM_RETRY_LIMIT, key)
            return Setback(attempts, Reason.PROPAGATING, f"the role's trust policy may not have reached EKS yet: {failure.message}", again)
        case FailureClass.UNAUTHORIZED:
            needed = f" (needed: {failure.permission})" if failure.permission else ""
            return Setback(_attempts(earlier), Reason.UNAUTHORIZED, f"{said}{needed}", slow)
        case FailureClass.THROTTLED:
            return Setback(attempts, Reason.THROTTLED, f"AWS throttles {failure.operation}", soon)
        case FailureClass.UNAVAILABLE:
            return Setback(attempts, Reason.UNAVAILABLE, said, soon)
        case FailureClass.EXISTS:
            return Setback(attempts, Reason.BACKING_OFF, said, soon)
        case _:
            # Busy clusters, quotas, missing clusters: facts of the cluster, told there; no fault of this claim.
            return earlier


def _refused_in_between(facts: Facts, claim: FargateProfileClaim, said: str, earlier: Setback) -> Setback:
    """What EKS gave up by itself still counts, and this does not count with it; so the wait cannot grow, and is long at once."""
    rules = facts.rules
    wait = delay(max(earlier.attempts, rules.max_attempts), rules.backoff_base, rules.backoff_max, claim.metadata.uid)
    return replace(earlier, message=f"{said}{_BEFORE_THAT}{earlier.message}", next_attempt=facts.now + wait)


def _refused(what: str, failure: Failure, remedy: str) -> str:
    return f"EKS refuses {what}: {failure.message.rstrip('.')}; {remedy}"

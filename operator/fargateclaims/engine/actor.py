"""Carries out the one mutation of a plan, and lets the observation know what it has changed."""

from fargateclaims.aws.departure import NotPermitted
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.plan import Action
from fargateclaims.engine.observer import Observer
from fargateclaims.engine.ports import Gateway, Permit


async def carry_out(action: Action, gateway: Gateway, observer: Observer, permit: Permit) -> Failure | None:
    """Send the mutation; returns how it failed, None for success. Raises NotPermitted if it was not sent because the permit said no."""
    try:
        await _send(action, gateway, observer, permit)
    except AWSError as error:
        if error.failure.kind is FailureClass.GONE and action.work.step is Step.DELETE and action.work.profile is not None:
            observer.vanished(action.work.profile.name)
        if error.failure.blocker is not None:
            observer.doubted(error.failure.blocker[0])
        return error.failure
    return None


async def _send(action: Action, gateway: Gateway, observer: Observer, permit: Permit) -> None:
    work, profile = action.work, action.work.profile
    match work.step:
        case Step.CREATE:
            assert work.spec is not None
            observer.created(await gateway.create_profile(work.spec, permit))
        case Step.DELETE:
            assert profile is not None
            await gateway.delete_profile(profile.name, permit)
            observer.deleting(profile)
        case Step.TAG:
            assert profile is not None
            await gateway.tag(profile.arn, dict(work.tags), permit)
            observer.tagged(profile.name, dict(work.tags), ())
        case Step.UNTAG:
            assert profile is not None
            await gateway.untag(profile.arn, work.tag_keys, permit)
            observer.tagged(profile.name, {}, work.tag_keys)


__all__ = ["NotPermitted", "carry_out"]

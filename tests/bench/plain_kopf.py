"""The operator that one would write first: kopf's handlers, a retry every ten seconds, real boto3. Run with `kopf run --all-namespaces`."""

from collections.abc import Callable
from typing import Any

import boto3
import kopf
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::{account}:role/fargate-pod-execution"
RETRY = 10

eks = boto3.client("eks")


def _status(cluster: str, name: str) -> str | None:
    try:
        return eks.describe_fargate_profile(clusterName=cluster, fargateProfileName=name)["fargateProfile"]["status"]
    except eks.exceptions.ResourceNotFoundException:
        return None


def _advance(do: Callable[..., object], cluster: str, name: str, until: str | None, **parameters: Any) -> None:
    """Until the profile is in the state `until`: begin, or look again in ten seconds."""
    status = _status(cluster, name)
    if status == until:
        return
    if status in {None, "ACTIVE"}:
        try:
            do(clusterName=cluster, fargateProfileName=name, **parameters)
        except ClientError as error:
            raise kopf.TemporaryError(str(error), delay=RETRY) from error
    raise kopf.TemporaryError(f"{name} is {status}", delay=RETRY)


@kopf.on.create("fargateprofileclaims")
def create(spec: kopf.Spec, name: str, namespace: str | None, **_: Any) -> None:
    role = ROLE.format(account=boto3.client("sts").get_caller_identity()["Account"])
    selectors = [{"namespace": namespace, "labels": dict(each.get("labels", {}))} for each in spec["selectors"]]
    _advance(eks.create_fargate_profile, spec["className"], name, "ACTIVE", podExecutionRoleArn=role, selectors=selectors)


@kopf.on.delete("fargateprofileclaims")
def delete(spec: kopf.Spec, name: str, **_: Any) -> None:
    _advance(eks.delete_fargate_profile, spec["className"], name, None)

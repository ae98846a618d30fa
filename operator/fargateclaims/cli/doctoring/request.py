"""What a person wants to have looked at: classes of a cluster, or one that does not exist yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.api.errors import MalformedObject
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import CLASS_KIND
from fargateclaims.api.reasons import Reason
from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.options import Place
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.kube.errors import Missing

_OPTIONS: Final = {
    "spec.clusterARN": "--cluster-arn",
    "spec.podExecutionRoleARN": "--role-arn",
    "spec.subnets": "--subnet-id and --subnet-tag",
    "spec.assumeRoleARN": "--assume-role-arn",
    "spec.externalID": "--external-id",
}
_NEVER: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    :param names: the classes; all if none is named.
    :param given: a class by options, with the names that its spec has on the wire; empty for those of the cluster.
    """

    place: Place
    names: Sequence[str]
    given: Mapping[str, Any]


def given_class(  # noqa: PLR0913 - the options of a command line
    *,
    cluster_arn: str | None,
    role_arn: str | None,
    subnet_ids: Sequence[str],
    subnet_tags: Sequence[str],
    assume_role_arn: str | None,
    external_id: str | None,
) -> dict[str, Any]:
    """The spec of a class out of options; empty if there are none. Raises UsageError."""
    rest = {"--subnet-id": subnet_ids, "--subnet-tag": subnet_tags, "--assume-role-arn": assume_role_arn, "--external-id": external_id}
    if cluster_arn is None or role_arn is None:
        lonely = [name for name, value in {"--cluster-arn": cluster_arn, "--role-arn": role_arn, **rest}.items() if value]
        if lonely:
            raise UsageError(f"{', '.join(lonely)}: what no class says yet is said by --cluster-arn and --role-arn together")
        return {}
    if subnet_ids and subnet_tags:
        raise UsageError("--subnet-id, --subnet-tag: subnets are chosen either by their ids or by tags")
    spec: dict[str, Any] = {"clusterARN": cluster_arn, "podExecutionRoleARN": role_arn, "claims": {"namespaces": {"from": "All"}}}
    if subnet_ids:
        spec["subnets"] = {"from": "IDs", "ids": list(subnet_ids)}
    if subnet_tags:
        spec["subnets"] = {"from": "Tags", "tags": dict(map(_tag, subnet_tags))}
    return spec | {name: value for name, value in (("assumeRoleARN", assume_role_arn), ("externalID", external_id)) if value is not None}


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"--subnet-tag {text}: a tag is written KEY=VALUE")
    return key, value


def classes_of(wanted: Wanted) -> tuple[list[FargateProfileClass], list[Check]]:
    """The classes that were asked for, and a check for each that cannot be read. Raises PluginError where there is nothing to look at."""
    if wanted.given:
        return [_from_options(wanted.given)], []
    try:
        found = on_cluster(wanted.place, lambda session: _objects(session, wanted.names))
    except PluginError as error:
        raise PluginError(f"{error}. What no class names yet is looked at with --cluster-arn and --role-arn") from None
    classes, malformed = [], []
    for obj in found:
        try:
            classes.append(FargateProfileClass.from_object(obj))
        except MalformedObject as error:
            malformed.append(Check("class", Level.ERROR, str(error), _edit(error), reason=Reason.INVALID))
    return classes, malformed


def _edit(error: MalformedObject) -> str:
    return f"kubectl edit fargateprofileclass {error.identity}"


async def _objects(session: Session, names: Sequence[str]) -> list[dict[str, Any]]:
    if names:
        return [await _named(session, name) for name in dict.fromkeys(names)]
    try:
        found = await session.viewer.classes()
    except Missing:
        raise PluginError("the cluster of the kubeconfig has no FargateProfileClasses: perhaps --context names another one") from None
    if not found:
        raise PluginError("the cluster of the kubeconfig has no FargateProfileClass")
    return found


async def _named(session: Session, name: str) -> dict[str, Any]:
    try:
        return await session.viewer.fargate_class(name)
    except Missing:
        raise PluginError(f"there is no FargateProfileClass {name}: kubectl get fargateprofileclasses says which there are") from None


def _from_options(spec: Mapping[str, Any]) -> FargateProfileClass:
    metadata = {"name": "", "uid": "", "resourceVersion": "", "generation": 0, "creationTimestamp": _NEVER}
    try:
        return FargateProfileClass.from_object({"kind": CLASS_KIND, "metadata": metadata, "spec": dict(spec)})
    except MalformedObject as error:
        raise UsageError("; ".join(f"{_option(problem.path)}: {problem.message}" for problem in error.problems)) from None


def _option(path: str) -> str:
    return next((option for field, option in _OPTIONS.items() if path.startswith(field)), path)

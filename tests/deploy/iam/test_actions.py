"""What the policies allow is what the operator's code can ask of AWS: no more, no less."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from fargateclaims.aws import sessions
from support.iam_policy import actions, document

CODE = Path(sessions.__file__).parents[1]
AWS = CODE / "aws"
PREFIX = {"service-quotas": "servicequotas"}
SERVICES = sessions.Service.__args__  # type: ignore[attr-defined]
# GetCallerIdentity needs no permission: STS API reference.
FREE = {"sts:GetCallerIdentity"}
# What EKS does in the caller's name on CreateFargateProfile: EKS user guide, "Define which Pods use AWS Fargate when launched".
ON_CREATE = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
# What classes opt in to, and nothing else needs.
REPAIRS = {"eks:CreateAccessEntry", "eks:UpdateAddon"}
# Each of the operator's calls goes through these two modules.
GATEWAYS = {"calls.py", "sessions.py"}


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        if "simulator" not in path.parts and "demonstration" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def operations(service: str) -> dict[str, str]:
    """IAM's action for each operation of a service, by the operation's name in the API."""
    names = Session().get_service_model(service).operation_names
    return {operation: f"{PREFIX.get(service, service)}:{operation}" for operation in names}


def texts(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def called(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """The calls of a module, by the last name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id, node


def possible_calls() -> set[str]:
    """IAM's action for each operation that a module of aws/ names with its service, and for each method of a client that it calls."""
    found = set()
    for path, tree in trees(AWS):
        named, names = texts(tree), {name for name, _ in called(tree)}
        for service in named & set(SERVICES) if path.name != "errors.py" else ():
            known = operations(service)
            found |= {action for operation, action in known.items() if operation in named or xform_name(operation) in names}
        # botocore's own call, by which a class's role is assumed.
        if "AssumeRoleCredentialFetcher" in names:
            found.add("sts:AssumeRole")
    return found


def test_every_service_of_the_code_is_one_of_botocores() -> None:
    assert set(SERVICES) <= set(Session().get_available_services())


def test_the_policies_allow_what_the_code_calls_and_nothing_else() -> None:
    calls = possible_calls() - FREE
    assert actions(document("repairs-policy.json")) == REPAIRS
    assert actions(document("operator-policy.json")) == (calls - {"sts:AssumeRole"} - REPAIRS) | ON_CREATE
    # Pod Identity's session tags go along: EKS user guide, "Grant Pods access to AWS resources based on tags".
    assert actions(document("assume-role-policy.json")) == {"sts:AssumeRole", "sts:TagSession"}
    assert "sts:AssumeRole" in calls


def test_whoever_calls_names_the_service() -> None:
    """So that no operation can come from a module that does not say whose it is."""
    calls = [
        node
        for _, tree in trees(AWS)
        for name, node in called(tree)
        if name in ("read", "mutate") and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("caller")
    ]
    assert len(calls) >= 8
    assert [node for node in calls if not {getattr(argument, "value", None) for argument in node.args} & set(SERVICES)] == []


@pytest.mark.parametrize("name", ["create_client", "client"])
def test_clients_are_made_in_the_gateway_only(name: str) -> None:
    makers = {path.name for path, tree in trees(CODE) for each, _ in called(tree) if each == name}
    assert makers <= GATEWAYS


def test_operations_are_named_in_aws_only() -> None:
    known = {operation for service in SERVICES for operation in operations(service)}
    assert {path.name: texts(tree) & known for path, tree in trees(CODE) if AWS not in path.parents and texts(tree) & known} == {}

"""By which way the cluster is told of the pod execution role."""

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import AccessEntry
from fargateclaims.domain.checks.aws_auth import entry_for
from fargateclaims.domain.repairs.aws_auth import AddMapRole
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.repairs.role_mapping import CreateAccessEntry, plan
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth

CLUSTER = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
ROLE = "arn:aws:iam::111122223333:role/fargate-pods"
ENTRY = AccessEntry(ROLE, "FARGATE_LINUX")
WRONG = AccessEntry(ROLE, "STANDARD")
MAPPED = AWSAuth(entry_for(ROLE))
UNSEEN = Unreadable.without("eks:DescribeAccessEntry")
BOTH = "API_AND_CONFIG_MAP"


@pytest.mark.parametrize(
    ("mode", "entry", "aws_auth", "kind"),
    [
        ("API", None, None, CreateAccessEntry),
        ("API", None, MAPPED, CreateAccessEntry),
        ("API", ENTRY, None, NothingToDo),
        ("API", WRONG, None, ByHand),
        ("API", UNSEEN, None, NothingToDo),
        (BOTH, None, None, CreateAccessEntry),
        (BOTH, None, AWSAuth("- {"), CreateAccessEntry),
        (BOTH, None, UNSEEN, CreateAccessEntry),
        (BOTH, None, MAPPED, NothingToDo),
        (BOTH, ENTRY, None, NothingToDo),
        (BOTH, WRONG, MAPPED, ByHand),
        ("CONFIG_MAP", None, None, AddMapRole),
        ("CONFIG_MAP", ENTRY, AWSAuth(""), AddMapRole),
        ("CONFIG_MAP", None, MAPPED, NothingToDo),
        ("CONFIG_MAP", None, AWSAuth("- {"), ByHand),
        ("CONFIG_MAP", None, UNSEEN, NothingToDo),
    ],
)
def test_each_mode_has_its_way(
    mode: str, entry: AccessEntry | Unreadable | None, aws_auth: AWSAuth | Unreadable | None, kind: type
) -> None:
    assert type(plan(ROLE, CLUSTER, mode, entry=entry, aws_auth=aws_auth)) is kind


def test_the_commands_are_whole() -> None:
    where = f"--cluster-name prod --region eu-west-1 --principal-arn {ROLE}"
    create = f"aws eks create-access-entry {where} --type FARGATE_LINUX"
    made = plan(ROLE, CLUSTER, "API", entry=None, aws_auth=None)
    assert isinstance(made, CreateAccessEntry)
    assert (made.principal_arn, made.kind, made.command) == (ROLE, "FARGATE_LINUX", create)
    wrong = plan(ROLE, CLUSTER, "API", entry=WRONG, aws_auth=None)
    assert isinstance(wrong, ByHand)
    assert wrong.command == f"aws eks delete-access-entry {where} && {create}"


def test_what_cannot_be_seen_is_said() -> None:
    assert "no permission eks:DescribeAccessEntry" in plan(ROLE, CLUSTER, "API", entry=UNSEEN, aws_auth=None).message

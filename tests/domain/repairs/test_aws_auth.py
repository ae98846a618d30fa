"""Which change of aws-auth lets Fargate's nodes in, and which is left to a person."""

import shlex

import pytest
import yaml

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.aws_auth import NODE_GROUPS, entry_for, read_map_roles
from fargateclaims.domain.repairs.aws_auth import BACKUP, BACKUP_BYTES, AddMapRole, plan
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.workloads import AWSAuth

CLUSTER = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
ROLE = "arn:aws:iam::111122223333:role/fargate-pods"
OTHERS = "- rolearn: arn:aws:iam::111122223333:role/admins  # ask Ada\n  username: admin\n  groups: [ system:masters ]\n"


def made(text: str | None) -> AddMapRole:
    found = plan(ROLE, CLUSTER, None if text is None else AWSAuth(text))
    assert isinstance(found, AddMapRole)
    return found


@pytest.mark.parametrize("text", [OTHERS, "", "[]", "# none"])
def test_the_entry_is_added_and_all_else_stays(text: str) -> None:
    found = made(text)
    assert found.former == text
    assert found.annotations == {BACKUP: text}
    *before, entry = read_map_roles(found.wanted)
    assert tuple(before) == read_map_roles(text)
    assert (entry.role_arn, entry.username, entry.groups) == (ROLE, "system:node:{{SessionName}}", frozenset(NODE_GROUPS))
    assert plan(ROLE, CLUSTER, AWSAuth(found.wanted)) == NothingToDo(f"role {ROLE} is in aws-auth")
    assert (OTHERS in found.wanted) is (text == OTHERS)


def test_a_cluster_without_the_map_gets_one() -> None:
    found = made(None)
    assert (found.former, found.annotations) == (None, {BACKUP: ""})
    assert yaml.safe_load(found.wanted) == [{"rolearn": ROLE, "username": "system:node:{{SessionName}}", "groups": list(NODE_GROUPS)}]


def test_a_person_would_type_one_command() -> None:
    words = shlex.split(made("").command)
    assert words[:9] == ["eksctl", "create", "iamidentitymapping", "--cluster", "prod", "--region", "eu-west-1", "--arn", ROLE]
    assert words[9:11] == ["--username", "system:node:{{SessionName}}"]
    assert [word for word in words[11:] if word != "--group"] == list(NODE_GROUPS)


@pytest.mark.parametrize(
    "text",
    [
        entry_for(ROLE),
        OTHERS + entry_for(ROLE.upper()),
        OTHERS + entry_for(ROLE).replace("SessionName", "SessionNameRaw"),
        "- rolearn: " + ROLE + "\n" + entry_for(ROLE),
    ],
)
def test_who_is_there_already_is_not_added_again(text: str) -> None:
    assert isinstance(plan(ROLE, CLUSTER, AWSAuth(text)), NothingToDo)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (entry_for(ROLE).replace("system:node-proxier", "x"), "otherwise than Fargate's nodes need it"),
        (entry_for(ROLE).replace("system:node:{{SessionName}}", "me"), "otherwise than Fargate's nodes need it"),
        ("- {", "cannot be read"),
        ("a: b", "it is not a list"),
        ("- a\n---\n- b", "cannot be read"),
        ("[" * 1000 + "]" * 1000, "nested too deeply"),
        ("{}", "nothing can be added safely"),
        ("- rolearn: a\n" * (BACKUP_BYTES // 13 + 1), "too long to be kept"),
    ],
)
def test_what_no_machine_should_touch_is_left_to_a_person(text: str, why: str) -> None:
    found = plan(ROLE, CLUSTER, AWSAuth(text))
    assert isinstance(found, ByHand)
    assert why in found.message
    assert "\n" not in found.message + found.command
    assert found.command.startswith(("kubectl -n kube-system edit", "eksctl create"))


def test_as_much_as_can_be_kept_is_changed() -> None:
    text = "- rolearn: a\n" * (BACKUP_BYTES // 13)
    assert made(text).wanted.startswith(text)

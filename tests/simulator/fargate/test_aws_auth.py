"""The ConfigMap aws-auth: who is let in, and how EKS adds a role."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from fargateclaims.simulator.fargate.aws_auth import GROUPS, USERNAME, lets_in, with_role

ROLE = "arn:aws:iam::123456789012:role/pods"


def entry(**otherwise: object) -> str:
    return yaml.safe_dump([{"rolearn": ROLE, "username": USERNAME, "groups": list(GROUPS), **otherwise}])


@pytest.mark.parametrize(
    ("map_roles", "let_in"),
    [
        (entry(), True),
        (entry(groups=[*GROUPS, "more"]), True),
        (entry(rolearn="arn:aws:iam::123456789012:role/nodes") + entry(), True),
        (entry(groups=["system:bootstrappers", "system:nodes"]), False),
        (entry(groups="system:nodes"), False),
        (entry(groups=None), False),
        (entry(username="pods"), False),
        (entry(rolearn="arn:aws:iam::123456789012:role/other"), False),
        ("", False),
        ("- just text", False),
        ("rolearn: " + ROLE, False),
        ("]: no YAML", False),
    ],
)
def test_a_role_is_let_in_by_an_entry_with_its_arn_the_user_name_and_the_groups(map_roles: str, let_in: bool) -> None:  # noqa: FBT001
    assert lets_in(map_roles, ROLE) is let_in


def test_an_entry_with_a_path_lets_nobody_in() -> None:
    with_path = "arn:aws:iam::123456789012:role/team/a/pods"
    assert not lets_in(entry(rolearn=with_path), with_path)
    assert lets_in(entry(), with_path)


def test_a_role_is_added_once_and_all_else_stays_as_it_is() -> None:
    before = "# kept by hand\n- rolearn: x\n  username: y"
    after = with_role(before, ROLE)
    assert after.startswith(before + "\n")
    assert lets_in(after, ROLE)
    assert with_role(after, ROLE) == after


@given(st.text(max_size=60))
@example("[]")
@example("]: no YAML")
def test_whatever_stood_there_a_role_that_was_added_is_let_in(map_roles: str) -> None:
    assert not lets_in(map_roles, ROLE)
    assert lets_in(with_role(map_roles, ROLE), ROLE)

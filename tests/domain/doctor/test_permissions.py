"""What was refused, as something to copy."""

import json

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.permissions import check_permissions
from fargateclaims.domain.no_access import Right


def copied(fix: str) -> object:
    """What is to be copied stands behind the first colon with a space."""
    return json.loads(fix[fix.index(": ") + 2 :])


def test_nothing_was_refused() -> None:
    assert check_permissions((), (), "").level is Level.OK


def test_actions_are_one_statement() -> None:
    found = check_permissions(["ec2:DescribeVpcs", "eks:DescribeAddon"], (), "arn:aws:iam::111122223333:role/me")
    (iam,) = found.children
    assert (found.level, iam.message) == (Level.UNKNOWN, "ec2:DescribeVpcs, eks:DescribeAddon")
    assert iam.fix.startswith("add to the policies of arn:aws:iam::111122223333:role/me: ")
    assert copied(iam.fix) == {"Effect": "Allow", "Action": ["ec2:DescribeVpcs", "eks:DescribeAddon"], "Resource": "*"}


def test_a_role_that_may_not_be_assumed_is_the_only_resource() -> None:
    (iam,) = check_permissions(["sts:AssumeRole"], (), "", "arn:aws:iam::111122223333:role/other").children
    assert iam.fix.startswith("add to the policies of whoever asks: ")
    assert copied(iam.fix) == {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": "arn:aws:iam::111122223333:role/other"}


def test_rights_are_rules_each_once() -> None:
    rights = [Right("list", "pods", "", None), Right("get", "deployments", "apps", "kube-system"), Right("list", "pods", "", None)]
    (rbac,) = check_permissions((), rights, "ROLE").children
    assert rbac.message == "get deployments.apps in namespace kube-system, list pods in all namespaces"
    assert copied(rbac.fix) == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
    ]

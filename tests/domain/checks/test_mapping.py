from dataclasses import replace

import pytest

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.access import AccessEntry
from fargateclaims.domain.checks.aws_auth import entry_for
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.mapping import check_mapping
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth
from support.builders import ARN, OTHER_ROLE, ROLE, make_profile
from support.class_checks import CLUSTER, ENTRY

STANDARD = AccessEntry(ROLE, "STANDARD")
MAPPED = AWSAuth(entry_for(ROLE))
OTHERS = AWSAuth(entry_for(OTHER_ROLE))
INCOMPLETE = AWSAuth(f"- {{rolearn: {ROLE}, username: someone, groups: [system:bootstrappers, system:nodes]}}")
MALFORMED = AWSAuth("- rolearn: [")
NO_ENTRIES = Unreadable.without("eks:DescribeAccessEntry")
NO_API = Unreadable("the cluster's Kubernetes API lets the operator not in")
SERVED = (make_profile("web"),)

MAKE_ENTRY = f"aws eks create-access-entry --cluster-name prod --region eu-west-1 --principal-arn {ROLE} --type FARGATE_LINUX"
ADD_TO_MAP = f"add to its mapRoles (kubectl -n kube-system edit configmap aws-auth): {entry_for(ROLE)}"
REMAKE_ENTRY = f"aws eks delete-access-entry --cluster-name prod --region eu-west-1 --principal-arn {ROLE} && {MAKE_ENTRY}"
MEND_MAP = "mend it: kubectl -n kube-system edit configmap aws-auth"
REPLACE_IN_MAP = f"make it (kubectl -n kube-system edit configmap aws-auth): {entry_for(ROLE)}"

OK = (Level.OK, Reason.USABLE, "")
UNSEEN = (Level.UNKNOWN, Reason.UNAUTHORIZED, "")
EXPECTED = (Level.UNKNOWN, Reason.NOT_OBSERVED, "")


def error(fix: str) -> tuple[Level, Reason, str]:
    return Level.ERROR, Reason.ROLE_NOT_MAPPED, fix


def found(
    mode: str, entry: AccessEntry | Unreadable | None, aws_auth: AWSAuth | Unreadable | None, profiles: tuple[Profile, ...] = SERVED
) -> Finding:
    cluster = replace(CLUSTER, authentication_mode=mode)
    return check_mapping(ROLE, ARN, cluster, entry=entry, aws_auth=aws_auth, profiles=profiles)


@pytest.mark.parametrize(
    ("mode", "entry", "aws_auth", "expected"),
    [
        ("API", ENTRY, None, OK),
        ("API", ENTRY, NO_API, OK),
        ("API", None, MAPPED, error(MAKE_ENTRY)),
        ("API", STANDARD, MAPPED, error(REMAKE_ENTRY)),
        ("API", NO_ENTRIES, MAPPED, UNSEEN),
        ("CONFIG_MAP", None, MAPPED, OK),
        ("CONFIG_MAP", ENTRY, MAPPED, OK),
        ("CONFIG_MAP", ENTRY, OTHERS, error(ADD_TO_MAP)),
        ("CONFIG_MAP", None, None, error(ADD_TO_MAP)),
        ("CONFIG_MAP", None, INCOMPLETE, error(REPLACE_IN_MAP)),
        ("CONFIG_MAP", None, MALFORMED, error(MEND_MAP)),
        ("CONFIG_MAP", NO_ENTRIES, NO_API, UNSEEN),
        ("API_AND_CONFIG_MAP", ENTRY, None, OK),
        ("API_AND_CONFIG_MAP", ENTRY, MALFORMED, OK),
        ("API_AND_CONFIG_MAP", None, MAPPED, OK),
        ("API_AND_CONFIG_MAP", NO_ENTRIES, MAPPED, OK),
        # The entry counts, not what aws-auth says of the same role.
        ("API_AND_CONFIG_MAP", STANDARD, MAPPED, error(REMAKE_ENTRY)),
        ("API_AND_CONFIG_MAP", None, OTHERS, error(MAKE_ENTRY)),
        ("API_AND_CONFIG_MAP", None, INCOMPLETE, error(MAKE_ENTRY)),
        ("API_AND_CONFIG_MAP", None, MALFORMED, error(MAKE_ENTRY)),
        ("API_AND_CONFIG_MAP", None, NO_API, UNSEEN),
        ("API_AND_CONFIG_MAP", NO_ENTRIES, OTHERS, UNSEEN),
        ("API_AND_CONFIG_MAP", NO_ENTRIES, INCOMPLETE, UNSEEN),
        ("API_AND_CONFIG_MAP", NO_ENTRIES, NO_API, UNSEEN),
        # A mode of days to come: either way is looked at.
        ("SOMETHING_NEW", None, MAPPED, OK),
        ("", ENTRY, None, OK),
    ],
)
def test_each_mode_leaves_its_ways(
    mode: str,
    entry: AccessEntry | Unreadable | None,
    aws_auth: AWSAuth | Unreadable | None,
    expected: tuple[Level, Reason, str],
) -> None:
    finding = found(mode, entry, aws_auth)
    assert (finding.level, finding.reason, finding.fix) == expected


@pytest.mark.parametrize(
    ("mode", "entry", "aws_auth", "expected"),
    [
        ("API", None, None, EXPECTED),
        ("CONFIG_MAP", None, None, EXPECTED),
        ("CONFIG_MAP", None, OTHERS, EXPECTED),
        ("API_AND_CONFIG_MAP", None, OTHERS, EXPECTED),
        # EKS makes an access entry, which outweighs what is in aws-auth.
        ("API_AND_CONFIG_MAP", None, MALFORMED, EXPECTED),
        ("API_AND_CONFIG_MAP", None, INCOMPLETE, EXPECTED),
        # EKS will not put right what is there.
        ("API", STANDARD, None, error(REMAKE_ENTRY)),
        ("CONFIG_MAP", None, INCOMPLETE, error(REPLACE_IN_MAP)),
        ("CONFIG_MAP", None, MALFORMED, error(MEND_MAP)),
        ("API", NO_ENTRIES, None, UNSEEN),
        ("API", ENTRY, None, OK),
    ],
)
@pytest.mark.parametrize(
    "profiles",
    [
        (),
        (make_profile("web", ProfileState.CREATING),),
        (make_profile("web", ProfileState.CREATE_FAILED),),
        (make_profile("other", pod_execution_role_arn=OTHER_ROLE),),
    ],
)
def test_before_its_first_profile_a_role_need_not_be_known(
    mode: str,
    entry: AccessEntry | Unreadable | None,
    aws_auth: AWSAuth | None,
    expected: tuple[Level, Reason, str],
    profiles: tuple[Profile, ...],
) -> None:
    finding = found(mode, entry, aws_auth, profiles)
    assert (finding.level, finding.reason, finding.fix) == expected


@pytest.mark.parametrize(
    ("mode", "entry", "aws_auth", "message"),
    [
        ("API", ENTRY, None, f"role {ROLE} has an access entry of type FARGATE_LINUX"),
        ("API", STANDARD, None, f"the access entry of role {ROLE} has the type STANDARD, and Fargate's nodes need FARGATE_LINUX"),
        ("API", NO_ENTRIES, None, f"whether role {ROLE} has an access entry cannot be seen: no permission eks:DescribeAccessEntry"),
        ("CONFIG_MAP", None, MAPPED, f"role {ROLE} is in the ConfigMap kube-system/aws-auth with what Fargate's nodes need"),
        (
            "CONFIG_MAP",
            None,
            INCOMPLETE,
            (
                f"the entry of role {ROLE} in the ConfigMap kube-system/aws-auth lacks the groups system:node-proxier and the username "
                "system:node:{{SessionName}}"
            ),
        ),
        (
            "API_AND_CONFIG_MAP",
            None,
            OTHERS,
            (
                f"cluster prod does not know role {ROLE}, so Fargate's nodes cannot join it: the role has no access entry, and "
                f"is not in the "
                "ConfigMap kube-system/aws-auth"
            ),
        ),
    ],
)
def test_what_is_said(mode: str, entry: AccessEntry | Unreadable | None, aws_auth: AWSAuth | None, message: str) -> None:
    assert found(mode, entry, aws_auth).message == message


def test_malformed_map_roles_say_where() -> None:
    finding = found("CONFIG_MAP", None, MALFORMED)
    assert finding.message.startswith(
        "mapRoles of the ConfigMap kube-system/aws-auth cannot be read, so cluster prod knows none of its roles: it is no YAML in line "
    )


def test_what_is_wrong_with_aws_auth_is_not_lost_where_the_entry_cannot_be_seen() -> None:
    (detail,) = found("API_AND_CONFIG_MAP", NO_ENTRIES, INCOMPLETE).details
    assert "lacks the groups system:node-proxier" in detail


def test_one_complete_entry_among_several_is_enough() -> None:
    both = AWSAuth(f"{INCOMPLETE.map_roles}\n{MAPPED.map_roles}")
    assert found("CONFIG_MAP", None, both).level is Level.OK

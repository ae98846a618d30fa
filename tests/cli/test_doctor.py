"""`fargateclaims doctor` before it looks: how it is asked."""

import pytest
from typer.testing import CliRunner, Result

from fargateclaims.cli.app import app
from support.doctored import CLUSTER_ARN, ROLE_ARN

ASKED = ("--cluster-arn", CLUSTER_ARN, "--role-arn", ROLE_ARN)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "200", "TERM": "dumb"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--nonsense",), "No such option"),
        (("-o", "yaml"), "Invalid value for '--output'"),
        (("standard",), "unexpected extra argument"),
        (("--cluster-arn", CLUSTER_ARN), "--cluster-arn: what no class says yet is said by --cluster-arn and --role-arn together"),
        (("--subnet-id", "subnet-0a", "--external-id", "x"), "--subnet-id, --external-id: what no class says yet"),
        ((*ASKED, "--class", "standard"), "look either at classes that exist, or at one that does not exist yet"),
        ((*ASKED, "--subnet-id", "subnet-0a", "--subnet-tag", "a=b"), "subnets are chosen either by their ids or by tags"),
        ((*ASKED, "--subnet-tag", "tier"), "--subnet-tag tier: a tag is written KEY=VALUE"),
        ((*ASKED, "--subnet-tag", "=x"), "a tag is written KEY=VALUE"),
        ((*ASKED, "--subnet-id", "rtb-1"), "--subnet-id and --subnet-tag: must match ^subnet-"),
        ((*ASKED, "--external-id", "secret"), "externalID"),
        (("--cluster-arn", "prod", "--role-arn", ROLE_ARN), "--cluster-arn: 'prod' is not the ARN of an EKS cluster"),
        (("--cluster-arn", CLUSTER_ARN, "--role-arn", "admin"), "--role-arn: must match ^arn:aws"),
    ],
)
def test_who_asks_in_a_way_that_makes_no_sense_is_told_so(arguments: tuple[str, ...], said: str) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (64, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_help_has_the_exit_codes() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    assert "0 all is well, 1 warnings or unknowns, 2 errors, 64 wrong usage, 69 there was nothing to look at" in result.stdout


def test_usage_errors_of_other_commands_are_as_they_were() -> None:
    assert CliRunner().invoke(app, ["run", "--nonsense"]).exit_code == 2

"""docs/iam.md, "By hand": its commands are ones that the AWS CLI knows, and make what Terraform makes."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.aws_cli import checked
from support.iam_policy import PAGE, VALUES, document
from support.rendering import ROOT

SECTION = PAGE.partition("## By hand\n")[2].partition("\n## ")[0]
NAMES, POD_EXECUTION, IRSA, POD_IDENTITY, RIGHTS = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
# What the page's names make of the documents; the operator runs in the cluster that it serves.
FILLED = {"operator_account": VALUES["account"], "operator_cluster": VALUES["cluster"]}
OPERATOR, PODS = "fargateclaims", VALUES["pod_execution_role"]
# Each command is a line of words with tabs between them; one of them is asked for an answer.
AWS = f"""#!/bin/sh
{{ printf '%s\\t' "$@"; echo; }} >> calls
case "$2" in describe-cluster) echo https://{VALUES["oidc_provider"]} ;; esac
"""
Call = tuple[str, dict[str, Any]]


@pytest.fixture(params=[IRSA, POD_IDENTITY], ids=["irsa", "pod identity"])
def way(request: pytest.FixtureRequest) -> str:
    block: str = request.param
    return block


@pytest.fixture
def calls(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the commands ask of AWS, in their order."""
    (tmp_path / "aws").write_text(AWS, encoding="utf-8")
    (tmp_path / "aws").chmod(0o755)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    script = f"set -eu\n{NAMES}{POD_EXECUTION}{way}{RIGHTS}"
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=True)
    monkeypatch.chdir(tmp_path)
    lines = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    return [checked(line.removesuffix("\t").split("\t")) for line in lines]


def test_roles_are_made_before_they_are_given_anything(calls: list[Call]) -> None:
    made: list[str] = []
    for operation, parameters in calls:
        if operation == "CreateRole":
            made.append(parameters["RoleName"])
        elif "RoleName" in parameters:
            assert parameters["RoleName"] in made
        elif "roleArn" in parameters:
            assert parameters["roleArn"] == f"arn:aws:iam::{VALUES['account']}:role/{made[-1]}"
    assert made == [PODS, OPERATOR]


def test_they_trust_and_may_what_the_documents_say(calls: list[Call], way: str) -> None:
    trusts = {each["RoleName"]: json.loads(each["AssumeRolePolicyDocument"]) for name, each in calls if name == "CreateRole"}
    trust = "trust-irsa.json" if way is IRSA else "trust-pod-identity.json"
    assert trusts == {PODS: document("trust-pod-execution.json"), OPERATOR: document(trust, **FILLED)}
    (rights,) = (each for name, each in calls if name == "PutRolePolicy")
    assert (rights["RoleName"], json.loads(rights["PolicyDocument"])) == (OPERATOR, document("operator-policy.json"))


def test_an_association_is_for_the_service_account_that_the_role_trusts(calls: list[Call], way: str) -> None:
    associations = [each for name, each in calls if name == "CreatePodIdentityAssociation"]
    assert len(associations) == (way is POD_IDENTITY)
    for each in associations:
        assert (each["clusterName"], each["namespace"], each["serviceAccount"]) == ("prod", "fargateclaims", "fargateclaims")

"""docs/bootstrap.md, walked through: its commands in their order, on the simulated EKS and the embedded Kubernetes API."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from fargateclaims.api.group import TAG_INSTALLATION
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.kube_server import RunningKube, running_kube_server
from support.kubectl import KUBECTL
from support.operator_process import operator_process
from support.rendering import ROOT, from_chart, named

TEXT = (ROOT / "docs/bootstrap.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|yaml)\n(.*?)```", re.DOTALL)
CLUSTER = "prod"
LIMIT_S = 120


@dataclass
class Shell:
    """Runs the page's blocks one after the other, with the variables of those before."""

    folder: Path
    environment: dict[str, str]

    def run(self, block: str) -> str:
        script = f"touch state; . ./state; set -eu\n{block}\nexport -p > state"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def variables(self) -> dict[str, str]:
        shown: dict[str, str] = json.loads(self.run(f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"))
        return shown


@pytest.fixture
def eks(eks_process: SimulatedEKS) -> SimulatedEKS:
    eks_process.reset()
    return eks_process


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, eks: SimulatedEKS, kube: RunningKube) -> Shell:
    """A shell with kubectl and a stand-in for the AWS CLI, in a folder where deploy/ is."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "kubectl").symlink_to(KUBECTL)
    aws = bin_folder / "aws"
    aws.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}/tests exec {sys.executable} -m support.aws_cli "$@"\n', encoding="utf-8")
    aws.chmod(0o755)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    return Shell(
        tmp_path,
        {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "KUBECONFIG": str(kube.kubeconfig),
            **without_region(eks.seed([CLUSTER]).environment(eks.url)),
        },
    )


def without_region(environment: dict[str, str]) -> dict[str, str]:
    """The page says itself which region it is about."""
    return {name: value for name, value in environment.items() if name != "AWS_REGION"}


def own_names(block: str, values: dict[str, str]) -> str:
    """The first block, with the names of the simulated account put in, as its reader does."""
    for name, value in values.items():
        block, count = re.subn(rf'(?<=[ ]){name}=("[^"]*"|\S+)', f'{name}="{value}"', block)
        assert count == 1, name
    return block


def install(block: str, variables: dict[str, str], kube: RunningKube) -> None:
    """What Helm would do, as far as the embedded API has such objects: the CRDs and the namespace."""
    command = re.sub(r"\$(\w+)", lambda match: variables[match[1]], block.replace("\\\n", ""))
    values: dict[str, Any] = {}
    for option, value in pairwise(shlex.split(command)):
        if option == "--values":
            values |= yaml.safe_load((ROOT / value).read_text(encoding="utf-8"))
        elif option == "--set":
            values |= helm.parse_set_string(value)
    made = from_chart(values)
    role = f"arn:aws:iam::{variables['account']}:role/{variables['operator_role']}"
    assert named(made, "ServiceAccount")["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": role}
    labels = named(made, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "fargateclaims", "or the first profile would not take the pod"
    crds = [each for each in made if each["kind"] == "CustomResourceDefinition"]
    kube.admin.load([*crds, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fargateclaims"}}])


def test_the_page_leads_from_nothing_to_claims(shell: Shell, eks: SimulatedEKS, kube: RunningKube, tmp_path: Path) -> None:
    seeded = eks.seed([CLUSTER])
    blocks = [(match[1], match[2]) for match in BLOCK.finditer(TEXT)]
    names, *rest = blocks
    mine = {
        "region": seeded.region,
        "account": seeded.account,
        "subnets": " ".join(seeded.private_subnets),
        # The simulated account has one of the page's name already.
        "pod_execution_role": "first-pods",
    }
    shell.run(own_names(names[1], mine))
    shell.run(f"aws eks create-addon --cluster-name {CLUSTER} --addon-name coredns")
    operator = next(index for index, (_, block) in enumerate(rest) if block.startswith("helm "))
    for _, block in rest[:operator]:
        shell.run(block)
        if "create-open-id-connect-provider" in block:
            shell.run(block)  # a cluster may have one already
    install(rest[operator][1], shell.variables(), kube)
    (first,) = eks.profiles(CLUSTER, region=seeded.region).values()
    assert (first["fargateProfileName"], first["status"], first["tags"]) == ("bootstrap", "ACTIVE", {})
    with operator_process(tmp_path, {**shell.environment, "AWS_SESSION_TOKEN": None, "AWS_PROFILE": None}):
        for language, block in rest[operator + 1 :]:
            if language == "yaml":
                (tmp_path / re.findall(r"\A# (\S+)", block)[0]).write_text(block, encoding="utf-8")
            else:
                shell.run(block)
        profile = eks.profiles(CLUSTER, region=seeded.region)["bootstrap"]
        assert (profile["fargateProfileArn"], profile["tags"][TAG_INSTALLATION]) == (first["fargateProfileArn"], "fargateclaims")
        what_the_table_says(shell, eks, seeded.region)


def what_the_table_says(shell: Shell, eks: SimulatedEKS, region: str) -> None:
    """The page's last table: nothing that is done to the claim takes the profile away."""
    claim = "-n fargateclaims fargateprofileclaim/bootstrap"
    shell.run(f"""kubectl patch {claim} --type merge -p '{{"spec": {{"selectors": [{{"labels": {{"app": "other"}}}}]}}}}'""")
    shell.run(f"kubectl wait {claim} --for=jsonpath='{{.status.conditions[?(@.type==\"Ready\")].reason}}'=Outdated --timeout=100s")
    shell.run(f"kubectl delete {claim} --timeout=100s")
    profile = eks.profiles(CLUSTER, region=region)["bootstrap"]
    assert (profile["status"], profile["tags"]) == ("ACTIVE", {})
    assert not eks.calls(operation="DeleteFargateProfile")

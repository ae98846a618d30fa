"""docs/eks-access.md and docs/repairs.md say what is so: the rights, and the commands that the operator's own messages have."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import Addon
from fargateclaims.domain.no_access import CLUSTER_GROUP, forbidden, not_known
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.repairs import coredns, role_mapping
from fargateclaims.domain.repairs.aws_auth import BACKUP, BACKUP_BYTES
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.workloads import AWSAuth, CoreDNS
from support.least_privilege import grants_of
from support.rendering import EKS_CLUSTER, REPAIRS, ROOT, from_chart, from_kustomize, named, workloads

ACCESS = (ROOT / "docs/eks-access.md").read_text(encoding="utf-8")
MENDING = (ROOT / "docs/repairs.md").read_text(encoding="utf-8")
ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
OPERATOR = "arn:aws:iam::111122223333:role/fargateclaims"
POD_EXECUTION = "arn:aws:iam::111122223333:role/fargate-pod-execution"
RIGHT = re.compile(r"(get|list|create|update|patch|delete) ([a-z, /]+?)(?:, in kube-system(?: only ([\w-]+))?)?(?:;|$)")


def commands(page: str) -> list[list[str]]:
    """The words of each command of a page; of a pipe, those of its first program."""
    blocks = [block for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE) if not language]
    lines = [line for block in blocks for line in block.replace("\\\n", "").replace("|\n", "| ").splitlines()]
    return [shlex.split(line.partition(" | ")[0]) for line in lines if re.match(r"aws |eksctl |kubectl |helm ", line)]


def rows(kept: str) -> set[tuple[str, str, str]]:
    """Verb, resource and name of each right in the table whose last column has these words."""
    table = [line.strip("| ").split(" | ") for line in ACCESS.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    found = set()
    for cell, _, when in table:
        for verb, resources, name in RIGHT.findall(cell) if kept in when else ():
            found |= {(verb, resource, name) for resource in resources.split(", ")}
    return found


def granted(*repairs: str) -> set[tuple[str, str, str]]:
    return {(right.verb, re.sub(r"\.\w+", "", right.resource), right.name or "") for right in grants_of(workloads(*repairs), CLUSTER_GROUP)}


def test_the_table_has_all_rights() -> None:
    assert rows("always") | rows("unless") == granted()
    assert rows("") == granted(*REPAIRS)
    assert rows("only if asked for") == granted(*REPAIRS) - granted()


def test_who_lacks_a_right_is_told_of_the_manifests_that_give_it() -> None:
    """Only `granted` knows which component has it: the operator's message must name that one, or none."""
    for verb, resource, _ in sorted(granted(*REPAIRS)):
        words = f'cannot {verb} resource "{resource}" in API group "" in the namespace "kube-system"'
        (component,) = re.findall(r"component repairs/([\w-]+)", forbidden(ARN, OPERATOR, words).fix) or ("",)
        repairs = [name for name, folder in REPAIRS.items() if folder == component]
        assert (verb, resource) in {each[:2] for each in granted(*repairs)}
        assert bool(component) == ((verb, resource) not in {each[:2] for each in granted()})


@pytest.mark.parametrize("mode", ["API", "CONFIG_MAP"])
def test_the_command_is_the_messages(mode: str) -> None:
    cluster = EKSCluster("prod", "ACTIVE", "1.36", "vpc-1", (), mode)
    told = not_known(ARN, cluster, OPERATOR).fix.partition(", then ")[0]
    assert shlex.split(told) in commands(ACCESS)


def test_the_kustomization_works(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", ACCESS, re.DOTALL)
    here = Path("../" * (len(tmp_path.parts) - 1)) / ROOT.relative_to("/")
    (tmp_path / "kustomization.yaml").write_text(text.replace("../fargateclaims/", f"{here}/"), encoding="utf-8")
    wanted = grants_of(workloads("coreDNS", "pendingPods"), CLUSTER_GROUP)
    assert sorted(grants_of(from_kustomize(tmp_path), CLUSTER_GROUP)) == sorted(wanted)


def test_the_chart_alone_makes_the_same() -> None:
    (helm,) = (words for words in commands(ACCESS) if words[0] == "helm")
    assert (ROOT / helm[3] / helm[helm.index("--show-only") + 1]).exists()
    assert helm[helm.index("--set") + 1] == "rbac.workloads.create=true"
    assert [folder.name for folder in sorted((EKS_CLUSTER / "repairs").iterdir())] == sorted(REPAIRS.values())


def test_commands_by_hand_are_the_plans() -> None:
    unmanaged = CoreDNS(compute_type="ec2", labels={}, replicas=2, ready=0)
    managed = Addon("coredns", "ACTIVE")
    facts = {"other_nodes": 0, "profile": "p"}
    plans = [
        coredns.plan(ARN, core_dns=unmanaged, addon=managed, **facts),  # type: ignore[arg-type]
        coredns.plan(ARN, core_dns=unmanaged, addon=None, **facts),  # type: ignore[arg-type]
        coredns.plan(ARN, core_dns=CoreDNS(None, {}, 2, 0), addon=None, **facts),  # type: ignore[arg-type]
        role_mapping.plan(POD_EXECUTION, ARN, "API", entry=None, aws_auth=None),
        role_mapping.plan(POD_EXECUTION, ARN, "CONFIG_MAP", entry=None, aws_auth=AWSAuth("")),
    ]
    for plan in plans:
        assert not isinstance(plan, NothingToDo | ByHand)
        assert shlex.split(plan.command) in commands(MENDING)


def test_the_backup_is_found_where_it_is() -> None:
    assert f'.metadata.annotations["{BACKUP}"]' in MENDING
    assert f"{BACKUP_BYTES // 1024} KiB" in MENDING


def test_the_network_policy_lets_out_to_the_clusters_unless_it_is_narrowed() -> None:
    policy = named(from_chart({"networkPolicy": {"enabled": True}}), "NetworkPolicy")
    assert any("to" not in rule and {"port": 443, "protocol": "TCP"} in rule["ports"] for rule in policy["spec"]["egress"])
    narrow = {"networkPolicy": {"enabled": True, "httpsTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}}
    rules = named(from_chart(narrow), "NetworkPolicy")["spec"]["egress"]
    assert [rule["to"] for rule in rules if {"port": 443, "protocol": "TCP"} in rule["ports"]] == [
        yaml.safe_load("[{ipBlock: {cidr: 10.0.0.0/8}}]")
    ]

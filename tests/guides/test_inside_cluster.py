"""What is wrong inside of the EKS cluster, as its own Kubernetes API shows it: who may join, and whether CoreDNS runs."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.simulator.kube.server import Settings
from support.fault_world import Object, condition, stands
from support.guide_world import WELL, GuideWorld, verdicts
from support.inside_cluster import write_aws_auth
from support.kube_server import running_kube_server
from support.kubectl import kubectl_with
from support.said_fixes import carry_out

_KUBECTL: Final = re.compile(r"kubectl (-n kube-system (?:patch|rollout|scale) .*?)(?=; |$)")
GROUPS: Final = ("system:bootstrappers", "system:nodes", "system:node-proxier")


def entry(role: str, groups: Sequence[str] = GROUPS) -> str:
    """An entry of mapRoles."""
    return f'- {{rolearn: "{role}", username: "system:node:{{{{SessionName}}}}", groups: [{", ".join(groups)}]}}'


async def until_said(world: GuideWorld, kind: ConditionType, words: str) -> Object:
    return await world.until_class(lambda cls: words in condition(cls, kind).get("message", ""))


def others(cls: Object, *kinds: ConditionType) -> set[tuple[str, str]]:
    return {found for kind, found in verdicts(cls).items() if kind not in kinds}


class TestRoleInAWSAuth:
    """A cluster that goes by aws-auth alone."""

    @pytest.fixture
    def authentication_mode(self) -> str:
        return "CONFIG_MAP"

    @pytest.fixture
    async def mapped(self, world: GuideWorld) -> GuideWorld:
        """EKS has put the role there, with its first profile."""
        await write_aws_auth(world.api, entry(world.set_up.role))
        await world.furnish()
        async with world.fargate():
            await world.until_dns_runs()
        return world

    @pytest.mark.parametrize(
        ("map_roles", "problem"),
        [
            ("[]", "is not in the ConfigMap kube-system/aws-auth"),
            (entry("ROLE", ["system:nodes"]), "lacks the groups system:bootstrappers, system:node-proxier"),
            ("- rolearn: [", "cannot be read"),
        ],
        ids=["no entry", "a group too few", "no YAML"],
    )
    async def test_an_entry_that_is_lost_is_found_and_given(self, mapped: GuideWorld, map_roles: str, problem: str) -> None:
        role = mapped.set_up.role
        await write_aws_auth(mapped.api, map_roles.replace("ROLE", role))
        await mapped.open()
        async with mapped.engine() as engine:
            cls = await mapped.until_judged()
            assert stands(cls, ConditionType.ROLE_MAPPED) == ("False", "RoleNotMapped")
            assert others(cls, ConditionType.ROLE_MAPPED) == {WELL}
            sentence = condition(cls, ConditionType.ROLE_MAPPED)["message"]
            assert problem in sentence
            assert "kubectl -n kube-system edit configmap aws-auth" in sentence
            await mapped.new_claim(engine)
            await mapped.until_active()
            # Of a text that is no YAML nobody can say what it should be.
            _, _, said = sentence.partition("aws-auth): ")
            await write_aws_auth(mapped.api, said or entry(role))
            await mapped.retry(engine, "1")
            await mapped.until_well()


async def test_a_mapping_that_is_lost_later_is_found_by_the_next_look(healthy: GuideWorld) -> None:
    """While its profiles are ACTIVE, and new pods' provisioning times out."""
    await healthy.open()
    async with healthy.engine() as engine:
        await healthy.new_claim(engine)
        await healthy.until_active()
        await healthy.until_well()
        healthy.set_up.forget_role()
        await healthy.retry(engine, "1")
        cls = await healthy.until_class(lambda cls: stands(cls, ConditionType.ROLE_MAPPED) == ("False", "RoleNotMapped"))
        assert stands(await healthy.read()) == ("True", "Active")
        assert carry_out(healthy.set_up, condition(cls, ConditionType.ROLE_MAPPED)["message"]) == 1
        await healthy.retry(engine, "2")
        await healthy.until_well()


class TestCoreDNS:
    """A cluster without EC2 nodes."""

    async def test_marked_for_ec2_nodes(self, world: GuideWorld, tmp_path: Path) -> None:
        await world.furnish(compute_type="ec2")
        await world.open()
        async with world.fargate(), world.engine() as engine:
            cls = await world.until_judged()
            assert stands(cls, ConditionType.DNS_READY) == ("False", "DNSNotReady")
            assert others(cls, ConditionType.DNS_READY) == {WELL}
            assert stands(cls) == WELL
            await world.new_claim(engine)
            await world.until_active()
            carry_out_kubectl(world, tmp_path, cls)
            await world.until_dns_runs()
            await world.retry(engine, "1")
            await world.until_well()

    async def test_without_a_profile(self, world: GuideWorld, tmp_path: Path) -> None:
        """As it is told: a claim, and then its pods again, which came before the profile."""
        await world.furnish(dns_profile="")
        await world.open()
        async with world.fargate(), world.engine() as engine:
            await until_said(
                world,
                ConditionType.DNS_READY,
                "no Fargate profile takes CoreDNS; write a FargateProfileClaim of this class with the selector "
                "{namespace: kube-system, labels: {k8s-app: kube-dns}}",
            )
            selector = {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
            engine.notice(CLAIM_PLURAL, await world.claim(selectors=[selector]))
            await world.until_active()
            await world.retry(engine, "1")
            cls = await until_said(world, ConditionType.DNS_READY, "pods that were made before their profile stay Pending")
            carry_out_kubectl(world, tmp_path, cls)
            await world.until_dns_runs()
            await world.retry(engine, "2")
            await world.until_well()

    async def test_scaled_to_zero(self, healthy: GuideWorld, tmp_path: Path) -> None:
        kubectl = kubectl_with(healthy.kube.kubeconfig, tmp_path)
        kubectl("-n", "kube-system", "scale", "deployment", "coredns", "--replicas=0")
        await healthy.open()
        async with healthy.fargate(), healthy.engine() as engine:
            cls = await healthy.until_judged()
            assert stands(cls, ConditionType.DNS_READY) == ("False", "DNSNotReady")
            assert others(cls, ConditionType.DNS_READY) == {WELL}
            carry_out_kubectl(healthy, tmp_path, cls)
            await healthy.until_dns_runs()
            await healthy.new_claim(engine)
            await healthy.until_active()
            await healthy.retry(engine, "1")
            await healthy.until_well()


def carry_out_kubectl(world: GuideWorld, home: Path, cls: Object) -> None:
    """Do with kubectl what DNSReady says."""
    (command,) = _KUBECTL.findall(condition(cls, ConditionType.DNS_READY)["message"])
    kubectl_with(world.kube.kubeconfig, home)(*shlex.split(command))


async def test_without_access_to_the_cluster_it_is_said_which_entry_gives_it(world: GuideWorld, tmp_path: Path) -> None:
    """What is inside stays Unknown, and nothing waits for it."""
    with running_kube_server(tmp_path, Settings(token="somebody else's")) as closed:
        world.place_for_dns("dns")
        where = world.seeded
        world.eks.kubernetes(world.name, closed.url, account=where.account, region=where.region)
        await world.open()
        async with world.engine() as engine:
            cls = await world.until_class(lambda cls: stands(cls, ConditionType.DNS_READY)[1] == "Unauthorized")
            message = condition(cls, ConditionType.DNS_READY)["message"]
            assert "does not know arn:aws:iam::" in message
            assert "aws eks create-access-entry --cluster-name prod --region eu-west-1 --principal-arn arn:aws:iam::" in message
            assert others(cls, ConditionType.DNS_READY) == {WELL}, "the role's access entry is EKS's own to tell"
            assert stands(cls) == WELL
            await world.new_claim(engine)
            await world.until_active()


@pytest.mark.parametrize(
    ("permission", "kind"),
    [
        ("ec2:DescribeRouteTables", ConditionType.SUBNETS_USABLE),
        ("ec2:DescribeNatGateways", ConditionType.EGRESS_AVAILABLE),
        ("iam:GetRole", ConditionType.ROLE_USABLE),
        ("iam:ListAttachedRolePolicies", ConditionType.ROLE_USABLE),
        ("eks:DescribeAccessEntry", ConditionType.ROLE_MAPPED),
    ],
)
async def test_a_permission_that_is_missing_is_named_and_eks_decides(healthy: GuideWorld, permission: str, kind: ConditionType) -> None:
    """Some of them EKS wants of who creates a profile, and says so."""
    service, _, operation = permission.partition(":")
    healthy.eks.fault("access_denied", service=service, operation=operation)
    await healthy.open(subnets={"from": "IDs", "ids": healthy.seeded.private_subnets})
    async with healthy.engine() as engine:
        cls = await until_said(healthy, kind, f"no permission {permission}")
        assert stands(cls, kind) == ("Unknown", "Unauthorized")
        assert stands(cls) == WELL
        await healthy.new_claim(engine)
        if permission in ("ec2:DescribeRouteTables", "iam:GetRole"):
            claim = await healthy.until(lambda claim: stands(claim) == ("False", "Unauthorized"))
            assert f"needed: {permission}" in condition(claim)["message"]
        else:
            await healthy.until_active()

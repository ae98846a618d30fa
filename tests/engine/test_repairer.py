"""Repairs that a class asks for, in virtual time, on a cluster in memory."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLASS_KIND
from fargateclaims.domain.access import Addon
from fargateclaims.domain.checks.aws_auth import NODE_GROUPS
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.workloads import AWSAuth, CoreDNS
from support.healthy import ROLE
from support.memory_data_planes import MemoryDataPlane

Scenarios = Callable[..., None]
DNS = {"k8s-app": "kube-dns"}
MARKED = CoreDNS("ec2", DNS, 2, 0)
FREE = CoreDNS(None, DNS, 2, 0)
HOUR = 3600
OTHER_ROLE = f"{ROLE}-2"


def said(fleet: Any, reason: str) -> list[str]:
    return [note for _, each, note in fleet.operator.events.said if each == reason]


async def with_core_dns_that_waits(fleet: Any, core_dns: CoreDNS = MARKED, **repairs: str) -> Any:
    """A cluster without EC2 nodes whose CoreDNS has no pod that is ready, and an ACTIVE profile that takes it."""
    plane = fleet.operator.data_planes.of(fleet.arn)
    plane.found = replace(plane.found, core_dns=core_dns, other_nodes=0)
    claims = {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}}
    fleet.apply_class(repairs=repairs, claims=claims)
    fleet.apply("dns", selectors=[{"namespace": "kube-system", "labels": DNS}])
    await fleet.until(lambda: fleet.ready("dns") == ("True", "Active"))
    return plane


def test_nothing_is_repaired_that_was_not_asked_for(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = await with_core_dns_that_waits(fleet)
        await asyncio.sleep(HOUR)
        assert (plane.changes, fleet.cloud.addons) == ([], [])
        assert fleet.class_condition("DNSReady")["status"] == "False"
        assert "compute-type" in fleet.class_condition("DNSReady")["message"]

    in_fleet(scenario)


def test_core_dns_is_told_by_its_add_on_where_eks_manages_it(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = Addon("coredns", "ACTIVE", configuration='{"replicaCount": 3}')
        plane = await with_core_dns_that_waits(fleet, coreDNS="Patch")
        await fleet.until(lambda: fleet.cloud.addons)
        ((name, configuration),) = fleet.cloud.addons
        assert name == "coredns"
        assert '"computeType": "Fargate"' in configuration
        assert '"replicaCount": 3' in configuration
        assert plane.changes == []
        assert len(said(fleet, "Repaired")) == 1

    in_fleet(scenario)


class Noting:
    """A cluster's own API that notes as whom it was asked to change CoreDNS."""

    def __init__(self, plane: MemoryDataPlane, role: str, changed_by: list[str]) -> None:
        self._plane = plane
        self._role = role
        self._changed_by = changed_by

    def __getattr__(self, name: str) -> Any:
        if name == "remove_compute_type":
            self._changed_by.append(self._role)
        return getattr(self._plane, name)


def test_a_repair_is_made_as_the_role_of_the_class_that_asks_for_it(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        roles, changed_by = {name: f"arn:aws:iam::111122223333:role/{name}" for name in ("a", "b")}, list[str]()
        of = fleet.operator.data_planes.of
        fleet.operator.data_planes.of = lambda arn, cluster, role, external_id: Noting(
            of(arn, cluster, role, external_id), role, changed_by
        )
        plane = of(fleet.arn)
        plane.found, fleet.cloud.core_dns = replace(plane.found, core_dns=MARKED, other_nodes=0), None
        claims = {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}}
        fleet.apply_class("a", assumeRoleARN=roles["a"], claims=claims)
        fleet.apply_class("b", assumeRoleARN=roles["b"], claims=claims, repairs={"coreDNS": "Patch"})
        fleet.apply("dns", "a", selectors=[{"namespace": "kube-system", "labels": DNS}])
        await fleet.until(lambda: plane.changes)
        assert changed_by == [roles["b"]]

    in_fleet(scenario)


def test_core_dns_loses_its_annotation_where_nobody_manages_it(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        plane = await with_core_dns_that_waits(fleet, coreDNS="Patch")
        await fleet.until(lambda: plane.changes)
        assert plane.changes == [("compute-type", "ec2")]
        plane.found = replace(plane.found, core_dns=CoreDNS(None, DNS, 2, 2))
        await fleet.until(lambda: fleet.class_condition("DNSReady")["status"] == "True", limit=600)

    in_fleet(scenario)


def core_dns_pod(fleet: Any) -> Pod:
    created = fleet.clock.now() - timedelta(minutes=5)
    return Pod("kube-system", "coredns-1", "uid-1", DNS, {}, {}, created, "Pending", controller="ReplicaSet/coredns")


async def with_core_dns_from_before(fleet: Any) -> Any:
    """A cluster whose CoreDNS has a pod that is older than its profile."""
    fleet.cloud.core_dns = None
    fleet.operator.data_planes.of(fleet.arn).waiting = [core_dns_pod(fleet)]
    return await with_core_dns_that_waits(fleet, FREE, coreDNS="Patch")


def test_a_restart_that_does_not_help_is_not_made_again_not_even_by_a_new_leader(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = await with_core_dns_from_before(fleet)
        await asyncio.sleep(3 * HOUR)
        assert plane.changes == [("restart",)]
        await fleet.operator.stop()
        fleet.restart()
        successor = fleet.operator.data_planes.of(fleet.arn)
        successor.found, successor.waiting = plane.found, plane.waiting
        await asyncio.sleep(3 * HOUR)
        assert successor.changes == []

    in_fleet(scenario)


def test_a_restart_that_fails_is_made_again(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.unchanged = NoAccess("no right to patch deployments", Barrier.FORBIDDEN)
        await with_core_dns_from_before(fleet)
        await fleet.until(lambda: said(fleet, "RepairFailed"))
        plane.unchanged = True
        await fleet.until(lambda: said(fleet, "Repaired"))
        assert len(said(fleet, "RepairFailed")) == 1

    in_fleet(scenario)


def test_core_dns_that_is_about_to_run_is_not_restarted(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        plane = await with_core_dns_that_waits(fleet, FREE, coreDNS="Patch")
        plane.waiting = [replace(core_dns_pod(fleet), created=fleet.clock.now())]
        await asyncio.sleep(HOUR)
        assert (plane.changes, said(fleet, "Repaired")) == ([], [])

    in_fleet(scenario)


@pytest.mark.parametrize("mode", ["API", "CONFIG_MAP"])
def test_a_lost_mapping_is_made_again(in_fleet: Scenarios, mode: str) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.clusters[fleet.arn] = replace(fleet.cloud.clusters[fleet.arn], authentication_mode=mode)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.found = replace(plane.found, aws_auth=AWSAuth("- rolearn: arn:aws:iam::111122223333:role/nodes\n"))
        fleet.apply_class(repairs={"roleMapping": "Ensure"})
        fleet.cloud.entries[ROLE] = None
        fleet.apply()
        await fleet.until(lambda: said(fleet, "Repaired"))
        if mode == "API":
            assert fleet.cloud.count("CreateAccessEntry") == 1
            await fleet.until(lambda: fleet.class_condition("RoleMapped")["status"] == "True", limit=600)
        else:
            ((what, former, wanted, annotations),) = plane.changes[:1]
            assert what == "mapRoles"
            assert wanted.startswith(former)
            assert ROLE in wanted
            assert annotations == {"fargateclaims.dev/map-roles-before": former}

    in_fleet(scenario)


def test_a_repair_that_fails_says_why_and_what_to_do(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        fleet.operator.data_planes.of(fleet.arn).unchanged = NoAccess("no right to patch deployments", Barrier.FORBIDDEN)
        await with_core_dns_that_waits(fleet, coreDNS="Patch")
        await fleet.until(lambda: said(fleet, "RepairFailed"))
        (note,) = said(fleet, "RepairFailed")
        assert "no right to patch deployments" in note
        assert "kubectl patch deployment coredns" in note

    in_fleet(scenario)


def test_nothing_is_repaired_by_who_does_not_lead(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = await with_core_dns_that_waits(fleet)
        fleet.operator.may_mutate = False
        claims = {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}}
        fleet.apply_class(repairs={"coreDNS": "Patch"}, claims=claims)
        await asyncio.sleep(HOUR)
        assert (plane.changes, fleet.cloud.addons) == ([], [])

    in_fleet(scenario)


def early(fleet: Any, name: str, controller: str | None) -> Pod:
    created = fleet.clock.now() - timedelta(minutes=5)
    return Pod("shop", name, f"uid-{name}", {"app": "checkout"}, {}, {}, created, "Pending", controller=controller)


@pytest.mark.parametrize("policy", ["Never", "Recreate"])
def test_pods_that_were_there_before_their_profile(in_fleet: Scenarios, policy: str) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(repairs={"pendingPods": policy})
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.waiting = [early(fleet, "web-1", "ReplicaSet/web"), early(fleet, "alone", None)]
        fleet.apply()
        await fleet.until(lambda: said(fleet, "PodsPending") or said(fleet, "PodsRecreated"))
        (note,) = said(fleet, "PodsPending") + said(fleet, "PodsRecreated")
        assert "shop/web-1" in note
        assert "shop/alone" in note
        if policy == "Never":
            assert plane.deleted == []
            assert "kubectl fargate reschedule checkout -n shop" in note
        else:
            assert plane.deleted == ["web-1"]

    in_fleet(scenario)


def test_pods_that_may_not_be_deleted_are_left_to_people(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(repairs={"pendingPods": "Recreate"})
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.waiting = [early(fleet, "web-1", "ReplicaSet/web")]
        plane.unchanged = NoAccess("no right to delete pods", Barrier.FORBIDDEN)
        fleet.apply()
        await fleet.until(lambda: said(fleet, "RepairFailed"))
        assert "no right to delete pods" in said(fleet, "RepairFailed")[0]
        assert "kubectl fargate reschedule" in said(fleet, "RepairFailed")[0]
        assert not said(fleet, "PodsRecreated")

    in_fleet(scenario)


@pytest.mark.parametrize("paused", ["true", "false"])
def test_who_is_paused_is_not_repaired(in_fleet: Scenarios, paused: str) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(repairs={"roleMapping": "Ensure"})
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.kube.annotate(CLASS_KIND, "standard", paused=paused)
        fleet.cloud.entries[ROLE] = None
        await asyncio.sleep(HOUR)
        assert fleet.cloud.count("CreateAccessEntry") == (0 if paused == "true" else 1)

    in_fleet(scenario)


def test_a_repair_that_does_not_last_is_left_to_people(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        plane = await with_core_dns_that_waits(fleet, coreDNS="Patch")
        await asyncio.sleep(6 * HOUR)
        assert plane.changes == [("compute-type", "ec2")] * 3
        assert len(said(fleet, "Repaired")) == 3
        (note,) = said(fleet, "NotRepaired")
        assert "kubectl patch deployment coredns" in note

    in_fleet(scenario)


def test_a_repair_that_fails_each_time_is_told_once(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.unchanged = NoAccess("no right to patch deployments", Barrier.FORBIDDEN)
        await with_core_dns_that_waits(fleet, coreDNS="Patch")
        await asyncio.sleep(3 * HOUR)
        assert len(plane.changes) > 10
        assert len(said(fleet, "RepairFailed")) == 1
        plane.unchanged = NoAccess("no way", Barrier.UNREACHABLE)
        await asyncio.sleep(HOUR)
        assert len(said(fleet, "RepairFailed")) == 2
        plane.found = replace(plane.found, core_dns=CoreDNS(None, DNS, 2, 2))
        await asyncio.sleep(HOUR)
        plane.found = replace(plane.found, core_dns=MARKED)
        await asyncio.sleep(HOUR)
        assert len(said(fleet, "RepairFailed")) == 3, "it was well meanwhile"

    in_fleet(scenario)


def test_pods_that_may_never_be_deleted_are_told_of_once(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(repairs={"pendingPods": "Recreate"})
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.waiting = [early(fleet, "web-1", "ReplicaSet/web")]
        plane.unchanged = NoAccess("no right to delete pods", Barrier.FORBIDDEN)
        fleet.apply()
        await asyncio.sleep(3 * HOUR)
        assert len(said(fleet, "RepairFailed")) == 1

    in_fleet(scenario)


def test_roles_that_were_lost_at_once_are_added_one_after_the_other(in_fleet: Scenarios) -> None:
    class Plane(MemoryDataPlane):
        async def replace_map_roles(self, former: str | None, wanted: str, annotations: Mapping[str, str]) -> bool | NoAccess:
            await super().replace_map_roles(former, wanted, annotations)
            assert isinstance(self.found.aws_auth, AWSAuth)
            fits = self.found.aws_auth.map_roles == former
            if fits:
                self.found = replace(self.found, aws_auth=AWSAuth(wanted))
            return fits

    async def scenario(fleet: Any) -> None:
        plane = fleet.operator.data_planes.put(fleet.arn, Plane())
        fleet.cloud.clusters[fleet.arn] = replace(fleet.cloud.clusters[fleet.arn], authentication_mode="CONFIG_MAP")
        entries = [{"rolearn": role, "username": "system:node:{{SessionName}}", "groups": list(NODE_GROUPS)} for role in (ROLE, OTHER_ROLE)]
        plane.found = replace(plane.found, aws_auth=AWSAuth(yaml.safe_dump(entries)))
        fleet.apply_class("one", repairs={"roleMapping": "Ensure"})
        fleet.apply_class("two", podExecutionRoleARN=OTHER_ROLE, repairs={"roleMapping": "Ensure"})
        for name in ("one", "two"):
            fleet.apply(name, class_name=name)
        for name in ("one", "two"):
            await fleet.until(lambda name=name: fleet.ready(name) == ("True", "Active"))
        plane.found = replace(plane.found, aws_auth=AWSAuth(""))
        await fleet.until(lambda: len(said(fleet, "Repaired")) == 2)
        assert len(plane.changes) == 2
        assert {ROLE, OTHER_ROLE} == {each["rolearn"] for each in yaml.safe_load(plane.found.aws_auth.map_roles)}
        assert not said(fleet, "RepairFailed")

    in_fleet(scenario)


def test_what_somebody_else_has_changed_meanwhile_is_looked_at_again_soon(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.core_dns = None
        plane = await with_core_dns_that_waits(fleet)
        await asyncio.sleep(2 * HOUR)
        plane.unchanged = False
        fleet.apply_class(repairs={"coreDNS": "Patch"}, claims={"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}})
        await fleet.until(lambda: plane.changes)
        plane.unchanged = True
        await fleet.until(lambda: said(fleet, "Repaired"), limit=150)
        assert not said(fleet, "RepairFailed")

    in_fleet(scenario)


def test_what_somebody_else_has_made_meanwhile_is_not_said_to_be_ours(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        async def before(_arn: ClusterARN, operation: str) -> None:
            if operation == "CreateAccessEntry":
                raise AWSError(Failure(FailureClass.EXISTS, "ResourceInUseException", "it exists", operation))

        fleet.apply_class(repairs={"roleMapping": "Ensure"})
        fleet.cloud.entries[ROLE] = None
        fleet.cloud.before = before
        fleet.apply()
        await fleet.until(lambda: fleet.cloud.count("CreateAccessEntry") == 1)
        await asyncio.sleep(HOUR)
        assert (said(fleet, "Repaired"), said(fleet, "RepairFailed")) == ([], [])
        assert fleet.class_condition("RoleMapped")["status"] == "True"

    in_fleet(scenario)


def test_who_leads_no_more_deletes_no_further_pod(in_fleet: Scenarios) -> None:
    class Plane(MemoryDataPlane):
        async def delete_pod(self, pod: Pod) -> bool | NoAccess:
            operators[0].may_mutate = False
            return await super().delete_pod(pod)

    operators: list[Any] = []

    async def scenario(fleet: Any) -> None:
        operators.append(fleet.operator)
        plane = fleet.operator.data_planes.put(fleet.arn, Plane())
        fleet.apply_class(repairs={"pendingPods": "Recreate"})
        plane.waiting = [early(fleet, f"web-{number}", "ReplicaSet/web") for number in range(3)]
        fleet.apply()
        await fleet.until(lambda: plane.deleted)
        await asyncio.sleep(HOUR)
        assert plane.deleted == ["web-0"]

    in_fleet(scenario)


def test_pods_that_were_there_before_are_named_though_a_new_leader_has_to_wait(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("Unknown", "Creating"))
        await fleet.operator.stop()
        fleet.restart()
        fleet.operator.data_planes.of(fleet.arn).waiting = [early(fleet, "web-1", "ReplicaSet/web")]
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert not said(fleet, "PodsPending"), "nothing may be changed yet"
        await fleet.until(lambda: said(fleet, "PodsPending"))
        await asyncio.sleep(HOUR)
        assert len(said(fleet, "PodsPending")) == 1

    in_fleet(scenario, settle_seconds=300)

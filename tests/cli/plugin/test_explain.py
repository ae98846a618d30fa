"""`explain` as printed: which profile takes a pod, and why none does."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.kube_server import RunningKube
from support.plugin import Plugin, claim, deployment, on_fargate, owned_by, pod, pods_of, pods_when, said_about, suspended_job

FOREIGN = "note: profiles that no claim made are not seen; --aws reads all of them from EKS, with your AWS credentials\n"
CHECKOUT = claim("checkout", {"labels": {"app": "checkout"}})
BARE = "delete and apply it yourself, as nothing would make it again"
JOB = "delete it yourself if its Job's backoffLimit allows: a Job counts a deleted pod as failed"
PIN = "eks.amazonaws.com/fargate-profile"


def explained(kube: RunningKube, plugin: Plugin, *objects: dict[str, object], name: str = "web-7f") -> str:
    """What `explain` prints about the pod `name`, without the note about foreign profiles."""
    kube.admin.load(objects)
    ran = plugin("explain", "pod", name, "-n", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(FOREIGN)
    return ran.out.removesuffix(FOREIGN)


def test_no_profile_takes_it_and_how_near_they_are(kube: RunningKube, plugin: Plugin) -> None:
    tools = claim("tools", {"namespace": "tools-*"}, {"labels": {"app": "checkout", "tier": "?"}}, namespace="data")
    assert explained(kube, plugin, CHECKOUT, tools, pod("web-7f", labels={"app": "web"})) == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. No Fargate profile takes this pod.\n"
        "  shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✗ (the pod has app=web)\n"
        "  data-tools-9999  claim data/tools, ACTIVE\n"
        "    namespace tools-* ✗\n"
        "next: give the pod the label app=checkout and make it again: then shop-checkout-9999 takes it\n"
        "next: claim app=web in namespace shop with a FargateProfileClaim, then make the pod again\n"
    )


def test_a_slip_of_the_pen_comes_first(kube: RunningKube, plugin: Plugin) -> None:
    """And a template is spoken of only where there is one: EKS never looks again at a pod that was changed."""
    labels = {"app": "serach"}
    kube.admin.load([CHECKOUT, claim("search", {"labels": {"app": "search"}}), suspended_job("import")])
    made = owned_by(kube, "/apis/batch/v1/namespaces/shop/jobs/import")
    kube.admin.load([pod("bare", labels=labels), pod("made", labels=labels, metadata=made)])
    manifests = yaml.safe_dump_all([pod("web", labels=labels), deployment("web", labels)])
    said = [
        plugin("explain", "pod", "bare", "-n", "shop").out,
        plugin("explain", "pod", "made", "-n", "shop").out,
        *plugin("explain", "-f", "-", "-n", "shop", stdin=manifests).out.split("\n\n"),
    ]
    assert [next(line for line in each.splitlines() if line.startswith("next: ")) for each in said] == [
        "next: give the pod the label app=search and make it again: then shop-search-9999 takes it",
        "next: give the pod's template the label app=search: then shop-search-9999 takes it",
        "next: give the pod the label app=search: then shop-search-9999 takes it",
        "next: give the pod's template the label app=search: then shop-search-9999 takes it",
    ]
    assert all(each.index("shop-search-9999") < each.index("shop-checkout-9999") for each in said)


def test_it_was_there_before_the_profile(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([deployment("checkout", {"app": "checkout"})])
    (name,) = pods_when(kube, len)
    assert explained(kube, plugin, CHECKOUT, name=name) == (
        f"pod/{name} in namespace shop\n"
        "Pending for 1 h. Profile shop-checkout-9999 (claim shop/checkout) takes it once it is made again: "
        "it was made 1 h before the profile was ACTIVE (30 min ago).\n"
        "→ shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✓\n"
        "next: kubectl fargate reschedule checkout -n shop\n"
    )


def test_of_several_the_first_by_name(kube: RunningKube, plugin: Plugin) -> None:
    second = claim("a", {"namespace": "s*"}, namespace="shop")
    assert explained(kube, plugin, CHECKOUT, second, pod("web-7f", labels={"app": "checkout"})) == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. Profile shop-a-9999 (claim shop/a) takes it once it is made again, first by name of 2 that match: "
        "it was made 1 h before the profile was ACTIVE (30 min ago).\n"
        "→ shop-a-9999  claim shop/a, ACTIVE\n"
        "    namespace s* ✓\n"
        "  shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✓\n"
        "next: delete and apply it yourself, as nothing would make it again\n"
    )


def test_a_label_with_wildcards_is_not_to_be_written_as_it_stands(kube: RunningKube, plugin: Plugin) -> None:
    wide = claim("wide", {"labels": {"app": "api-*", "tier": "1"}})
    said = explained(kube, plugin, wide, claim("soon", {"labels": {"app": "x"}}, state=""), pod("web-7f", labels={"app": "web"}))
    assert "next: give the pod what matches the labels app=api-*, tier=1 and make it again: then shop-wide-9999 takes it\n" in said


@pytest.mark.parametrize("mark", ["labels", "annotations"])
def test_a_pod_chooses_among_those_that_match(kube: RunningKube, plugin: Plugin, mark: str) -> None:
    marks: dict[str, Any] = {"labels": {"app": "checkout"}, "annotations": {}}
    marks[mark][PIN] = "shop-checkout-9999"
    said = explained(kube, plugin, CHECKOUT, claim("a"), pod("web-7f", **marks))
    assert f"Profile shop-checkout-9999 (claim shop/checkout) takes it once it is made again, which its {mark[:-1]} names" in said


def test_a_pod_that_names_a_profile_that_does_not_match_gets_none(kube: RunningKube, plugin: Plugin) -> None:
    said = explained(kube, plugin, CHECKOUT, claim("a"), pod("web-7f", labels={PIN: "shop-checkout-9999"}))
    assert "No Fargate profile takes this pod: its label names shop-checkout-9999, which does not match.\n" in said
    assert f"next: remove {PIN} from the pod, or name a profile that matches and make it again\n" in said


def test_a_profile_that_is_still_to_come(kube: RunningKube, plugin: Plugin) -> None:
    waiting = claim("checkout", {"labels": {"app": "checkout"}}, state="")
    making = claim("slow", {"labels": {"app": "checkout"}}, state="CREATING")
    assert explained(kube, plugin, waiting, making, pod("web-7f", labels={"app": "checkout"})) == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. No Fargate profile takes this pod yet.\n"
        "  (no name yet)  claim shop/checkout, not made yet: waiting, 2nd of 5 on cluster prod\n"
        "    namespace shop ✓   app=checkout ✓\n"
        "  shop-slow-9999  claim shop/slow, CREATING: waiting, 2nd of 5 on cluster prod\n"
        "    namespace shop ✓   app=checkout ✓\n"
        "next: wait until the profile of claim shop/checkout or profile shop-slow-9999 is ACTIVE, then make the pod again\n"
    )


def test_what_the_scheduler_said_is_translated(kube: RunningKube, plugin: Plugin) -> None:
    labels = {"app": "checkout", PIN: "shop-checkout-9999"}
    kube.admin.load([pod("web-7f", labels=labels, spec={"schedulerName": "fargate-scheduler"})])
    message = (
        "Pod not supported on Fargate: fields not supported: HostNetwork, volumes not supported: data is of an unsupported volume Type"
    )
    web = pods_of(kube)["web-7f"]
    kube.admin.load([said_about(web, message), said_about(web, message), said_about(web, "irrelevant", "kubelet")])
    assert explained(kube, plugin, CHECKOUT) == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. EKS has given it to profile shop-checkout-9999 (claim shop/checkout); it has no node yet.\n"
        "→ shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✓\n"
        f"fargate-scheduler: {message}\n"
        "  → Fargate has no host network\n"
        "  → Fargate cannot mount the volume data\n"
        "next: remove spec.hostNetwork\n"
        "next: use EFS with a static PersistentVolume, or emptyDir; EBS and hostPath need EC2 nodes\n"
    )


def test_it_runs_on_fargate(kube: RunningKube, plugin: Plugin) -> None:
    assert explained(kube, plugin, CHECKOUT, on_fargate("web-7f", "0.5vCPU 1GB", labels={"app": "checkout"})) == (
        "pod/web-7f in namespace shop\n"
        "Running on Fargate: profile shop-checkout-9999 (claim shop/checkout), "
        "node fargate-ip-10-0-1-7.eu-west-1.compute.internal, 0.5vCPU 1GB.\n"
        "→ shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✓\n"
    )


def test_it_runs_on_a_node_of_ec2(kube: RunningKube, plugin: Plugin) -> None:
    web = pod("web-7f", labels={"app": "checkout"}, spec={"nodeName": "ip-10-0-1-8"}, phase="Running")
    said = explained(kube, plugin, CHECKOUT, web)
    assert "Running on node ip-10-0-1-8, not on Fargate. Profile shop-checkout-9999 (claim shop/checkout) would take it" in said


@pytest.mark.parametrize(
    ("parts", "step"),
    [
        (
            {"annotations": {"eks.amazonaws.com/compute-type": "ec2"}},
            "the annotation eks.amazonaws.com/compute-type: ec2 keeps it off Fargate: remove it from the pod",
        ),
        ({"spec": {"schedulerName": "volcano"}}, "spec.schedulerName gives it to volcano: remove the field"),
        ({"spec": {"nodeSelector": {"disk": "ssd"}}}, "spec.nodeSelector asks for certain nodes, and EKS passes over such pods: remove it"),
    ],
)
def test_eks_does_not_look_for_a_profile(kube: RunningKube, plugin: Plugin, parts: dict[str, Any], step: str) -> None:
    said = explained(kube, plugin, CHECKOUT, pod("web-7f", labels={"app": "checkout"}, **parts))
    assert "Pending for 1 h. EKS does not look for a Fargate profile for this pod. Without what is named below, profile shop-c" in said
    assert f"next: {step}\n" in said


def test_what_is_too_large_is_said(kube: RunningKube, plugin: Plugin) -> None:
    said = explained(kube, plugin, pod("web-7f", resources={"requests": {"cpu": "17"}}))
    assert "next: ask for less: the pod asks for 17 CPU and 0 memory; on Fargate it may have at most 16 CPU" in said


def test_text_of_others_cannot_take_over_the_terminal(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([pod("web-7f", spec={"schedulerName": "fargate-scheduler"})])
    kube.admin.load([said_about(pods_of(kube)["web-7f"], "\x1b[2Jgone\x07")])
    said = explained(kube, plugin)
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "�[2Jgone�" in said


MANIFEST = yaml.safe_dump(deployment("web", {"app": "checkout"}, namespace="data"))


def test_manifests_from_a_file_and_from_stdin(kube: RunningKube, plugin: Plugin, tmp_path: Path) -> None:
    kube.admin.load([CHECKOUT, claim("all", namespace="data")])
    (tmp_path / "web.yaml").write_text(MANIFEST)
    from_file, from_stdin = plugin("explain", "-f", str(tmp_path / "web.yaml")), plugin("explain", "-f", "-", stdin=MANIFEST)
    assert from_file == from_stdin
    assert from_file.out == (
        "deployment/web in namespace data\n"
        "Profile data-all-9999 (claim data/all) takes this pod.\n"
        "→ data-all-9999  claim data/all, ACTIVE\n"
        "    namespace data ✓\n" + FOREIGN
    )


def test_a_manifest_without_a_namespace_goes_where_the_person_is(kube: RunningKube, plugin: Plugin) -> None:
    manifest = {key: value for key, value in pod("web-7f", labels={"app": "checkout"}).items() if key != "status"}
    del manifest["metadata"]["namespace"]
    kube.admin.load([CHECKOUT])
    assert "takes this pod." in plugin("explain", "-f", "-", "-n", "shop", stdin=yaml.safe_dump(manifest)).out
    assert "in namespace default\nNo Fargate profile" in plugin("explain", "-f", "-", stdin=yaml.safe_dump(manifest)).out


def test_a_workload_of_the_cluster(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, deployment("checkout", {"app": "checkout"})])
    for words in (["deployment", "checkout"], ["deploy/checkout"], ["deployments.apps/checkout"]):
        said = plugin("explain", *words, "-n", "shop").out
        assert said.startswith("deployment/checkout in namespace shop\nProfile shop-checkout-9999 (claim shop/checkout) takes this pod.\n")


def test_a_daemonset_is_told_that_it_cannot(kube: RunningKube, plugin: Plugin) -> None:
    manifest = MANIFEST.replace("kind: Deployment", "kind: DaemonSet")
    assert "note: daemonset/web: pods of a DaemonSet do not run on Fargate" in plugin("explain", "-f", "-", stdin=manifest).out


def test_for_programs(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, pod("web-7f", labels={"app": "web"})])
    ran = plugin("explain", "web-7f", "-n", "shop", "-o", "json")
    found = json.loads(ran.out)
    assert yaml.safe_load(plugin("explain", "web-7f", "-n", "shop", "-o", "yaml").out) == found
    (only,) = found["pods"]
    assert (only["namespace"], only["name"], only["outcome"], only["profile"]) == ("shop", "web-7f", "NoProfile", None)
    (near,) = only["near"]
    assert (near["profile"], near["claim"], near["state"], near["activeSince"]) == (
        "shop-checkout-9999", "shop/checkout", "ACTIVE", "2026-11-21T11:00:00Z",
    )  # fmt: skip
    assert near["selectors"] == [
        {
            "namespace": {"pattern": "shop", "matches": True},
            "labels": [{"key": "app", "value": "checkout", "matches": False, "found": {"app": "web"}}],
        }
    ]
    assert found["notes"] == [FOREIGN.removeprefix("note: ").rstrip()]


def test_who_may_not_read_all_claims_sees_those_of_the_namespace(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, claim("x", {"namespace": "*"}, namespace="data"), pod("web-7f", labels={"app": "checkout"})])
    kube.admin.fail(403, verb="list", resource="fargateprofileclaims", times=1)
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert "Profile shop-checkout-9999 (claim shop/checkout) takes it" in ran.out
    assert (
        "note: only claims of namespace shop are seen: you may not list fargateprofileclaims.fargateclaims.dev in all namespaces: "
        "ask for a role with the verb list on fargateprofileclaims.fargateclaims.dev\n"
    ) in ran.out


def test_who_may_not_read_events_is_told_so(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.fail(403, verb="list", resource="events")
    assert "note: what the scheduler said is not seen: you may not list events in namespace shop: ask" in explained(
        kube, plugin, pod("web-7f")
    )


def test_a_right_that_is_missing_is_named(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.fail(403, verb="get", resource="pods")
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: you may not get pods in namespace shop: ask for a role with the verb get on pods\n"


def test_claims_of_another_cluster_do_not_count(kube: RunningKube, plugin: Plugin) -> None:
    other = claim("a", {"namespace": "*"}, arn="arn:aws:eks:eu-west-1:111122223333:cluster/other")
    kube.admin.load([CHECKOUT, other, pod("web-7f", labels={"app": "checkout"})])
    assert (
        "note: the claims are of 2 clusters, and all count: say which one this is with --cluster-arn"
        in plugin("explain", "web-7f", "-n", "shop").out
    )
    said = plugin("explain", "web-7f", "-n", "shop", "--cluster-arn", "arn:aws:eks:eu-west-1:111122223333:cluster/prod").out
    assert "shop-a-9999" not in said
    assert "Profile shop-checkout-9999" in said


def test_a_cluster_without_claims(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([pod("web-7f")])
    kube.admin.fail(404, verb="list", resource="fargateprofileclaims")
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert (ran.code, ran.err) == (1, UNSEEN)
    assert ran.out.endswith(f"note: this cluster does not know FargateProfileClaims\n{FOREIGN}")


UNSEEN = "error: which profile takes it cannot be known, as not all are seen: the notes say why, and what to do\n"
NO_RIGHT = (
    "you may not list fargateprofileclaims.fargateclaims.dev in {}: "
    "ask for a role with the verb list on fargateprofileclaims.fargateclaims.dev"
)


def test_who_may_read_no_claims_is_not_told_that_there_is_no_profile(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, pod("web-7f", labels={"app": "checkout"})])
    kube.admin.fail(403, verb="list", resource="fargateprofileclaims")
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert (ran.code, ran.err) == (1, UNSEEN)
    assert ran.out == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. Whether a Fargate profile takes this pod cannot be known, as not all are seen.\n"
        f"note: no claims are seen: {NO_RIGHT.format('namespace shop')}\n{FOREIGN}"
    )
    ran = plugin("explain", "web-7f", "-n", "shop", "-o", "json")
    assert (ran.code, json.loads(ran.out)["pods"][0]["outcome"]) == (1, "Unknown")


def test_who_may_read_some_claims_is_not_told_that_there_is_no_profile_either(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, pod("web-7f", labels={"app": "web"}), pod("named", labels={PIN: "shop-checkout-9999"})])
    kube.admin.fail(403, verb="list", resource="fargateprofileclaims", times=1)
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert (ran.code, ran.err) == (1, UNSEEN)
    assert "    namespace shop ✓   app=checkout ✗ (the pod has app=web)\n" in ran.out
    assert f"note: only claims of namespace shop are seen: {NO_RIGHT.format('all namespaces')}\n" in ran.out
    # Which profile it names, the pod itself says.
    kube.admin.fail(403, verb="list", resource="fargateprofileclaims", times=1)
    ran = plugin("explain", "named", "-n", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert "No Fargate profile takes this pod: its label names shop-checkout-9999, which does not match.\n" in ran.out


def test_what_does_not_depend_on_profiles_is_known_without_them(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([on_fargate("web-7f", "0.5vCPU 1GB")])
    kube.admin.fail(403, verb="list", resource="fargateprofileclaims")
    ran = plugin("explain", "web-7f", "-n", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert "Running on Fargate: profile shop-checkout-9999, node fargate-" in ran.out


def refused(message: str, **parts: Any) -> dict[str, Any]:
    """A pod as `fargateclaims simulate fargate` leaves it: who has a profile keeps its schedulerName there."""
    web = pod("web-7f", **{"labels": {"app": "checkout", PIN: "shop-checkout-9999"}, **parts})
    web["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]
    return web


def test_a_pod_that_fargate_has_refused_is_not_to_be_made_again(kube: RunningKube, plugin: Plugin) -> None:
    message = "Pod not supported on Fargate: invalid SecurityContext fields: Privileged"
    said = explained(kube, plugin, CHECKOUT, refused(message, annotations={"CapacityProvisioned": "0.25vCPU 0.5GB"}))
    assert said == (
        "pod/web-7f in namespace shop\n"
        "Pending for 1 h. EKS has given it to profile shop-checkout-9999 (claim shop/checkout); it has no node yet.\n"
        "→ shop-checkout-9999  claim shop/checkout, ACTIVE\n"
        "    namespace shop ✓   app=checkout ✓\n"
        f"fargate-scheduler: {message}\n"
        "  → Fargate runs no privileged containers\n"
        "next: remove securityContext.privileged, or run this pod on EC2 nodes\n"
    )


def test_what_the_condition_says_and_an_event_says_too_is_said_once(kube: RunningKube, plugin: Plugin) -> None:
    message = "Pod provisioning timed out (will retry) for pod: shop/web-7f"
    kube.admin.load([refused(message)])
    kube.admin.load([said_about(pods_of(kube)["web-7f"], message)])
    assert explained(kube, plugin, CHECKOUT).count(f"fargate-scheduler: {message}\n") == 1


def test_one_that_is_too_large_is_told_how_much_is_too_much(kube: RunningKube, plugin: Plugin) -> None:
    large = refused("Your pod's cpu/memory requirements exceed the max Fargate configuration", resources={"requests": {"cpu": "17"}})
    said = explained(kube, plugin, CHECKOUT, large)
    assert "EKS has given it to profile shop-checkout-9999" in said
    assert said.count("next: ") == 1
    assert "next: ask for less: the pod asks for 17 CPU" in said


def test_nothing_is_said_of_it_any_more(kube: RunningKube, plugin: Plugin) -> None:
    taken = pod("web-7f", labels={"app": "checkout", PIN: "shop-checkout-9999"}, spec={"schedulerName": "fargate-scheduler"})
    said = explained(kube, plugin, CHECKOUT, taken)
    assert f"next: make it again, as nothing is said of it any more: {BARE}\n" in said


def test_a_profile_that_is_not_seen_may_be_there_all_the_same(kube: RunningKube, plugin: Plugin) -> None:
    taken = pod("web-7f", labels={PIN: "legacy"}, spec={"schedulerName": "fargate-scheduler"})
    assert f"next: if profile legacy is gone, make the pod again, so that EKS chooses anew: {BARE}\n" in explained(kube, plugin, taken)


def test_eks_has_passed_over_a_pod_that_came_after_its_profile(kube: RunningKube, plugin: Plugin) -> None:
    active = claim("checkout", {"labels": {"app": "checkout"}}, since="2026-11-21T09:30:00Z")
    kube.admin.load([active, deployment("web", {"app": "checkout"})])
    (name,) = pods_when(kube, len)
    said = explained(kube, plugin, name=name)
    assert (
        "Pending for 1 h. EKS has passed it over: profile shop-checkout-9999 (claim shop/checkout) was ACTIVE already when it was made.\n"
    ) in said
    assert f"next: kubectl delete pod {name} -n shop   (ReplicaSet/{name.rpartition('-')[0]} makes it again)\n" in said
    assert "reschedule" not in said


def test_a_pod_of_a_job_is_left_to_people(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([suspended_job("nightly")])
    nightly = owned_by(kube, "/apis/batch/v1/namespaces/shop/jobs/nightly")
    said = explained(kube, plugin, CHECKOUT, pod("web-7f", labels={"app": "checkout"}, metadata=nightly))
    assert f"next: {JOB}\n" in said
    assert "reschedule" not in said


def test_each_step_is_said_once(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([CHECKOUT, pod("web-7f", labels={"app": "checkout"})])
    kube.admin.load([said_about(pods_of(kube)["web-7f"], "no nodes available to schedule pods", "default-scheduler")])
    said = explained(kube, plugin)
    assert "  → the default scheduler looked for an EC2 node, and there is none: EKS did not give this pod to Fargate\n" in said
    assert said.endswith(f"next: {BARE}\n")
    assert said.count("next: ") == 1

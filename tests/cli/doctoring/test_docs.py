"""docs/doctor.md shows what is really printed, on a healthy cluster and on one where much is amiss."""

import os
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest

from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.doctored import Doctor, cluster_api, core_dns, fargate_class, tidy
from support.kube_server import RunningKube
from support.plugin import deployment, owned_by, pod

PAGE: Final = Path(__file__).parents[3] / "docs" / "doctor.md"
CONSOLE: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE: Final = "WRITE_DOCS"
"""If set, the page is written instead of compared."""
OURS: Final = {"installation": "fargateclaims", "namespace": "shop", "name": "checkout", "class": "standard"}
SAID: Final = {"type": "RoleMapped", "status": "True", "reason": "Usable", "message": "m", "lastTransitionTime": "2026-11-21T10:00:00Z"}


def break_much(set_up: SetUp) -> None:
    """What several people did to one cluster."""
    profiles: list[dict[str, Any]] = [
        {
            "name": "shop-checkout-1f0c9a7e-9998",
            "selectors": [{"namespace": "shop", "labels": {"app": "checkout"}}],
            "tags": {f"fargateclaims.dev/{key}": value for key, value in OURS.items()},
        },
        {
            "name": "tf-legacy",
            "selectors": [{"namespace": "legacy-*"}],
            "status": "CREATE_FAILED",
            "issues": [{"code": "AccessDenied", "message": "The pod execution role cannot be assumed."}],
        },
    ]
    set_up.simulated.place(CLUSTER, profiles, account=ACCOUNT, region=REGION)
    set_up.simulated.open_to_internet(set_up.seeded.private_subnets[2], account=ACCOUNT, region=REGION)
    set_up.forget_role()
    set_up.isolate_without_sts()
    set_up.simulated.fault("access_denied", operation="GetServiceQuota")


def fill(kube: RunningKube) -> None:
    """What runs in it, or should."""
    cilium = deployment("cilium", {"app": "cilium"}, namespace="kube-system")
    del cilium["spec"]["replicas"]
    template = {"metadata": {"labels": {"app": "checkout"}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    spec = {"serviceName": "checkout", "selector": {"matchLabels": {"app": "checkout"}}, "template": template}
    metadata = {"name": "checkout", "namespace": "shop"}
    kube.admin.load(
        [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
            {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec},
            {**cilium, "kind": "DaemonSet"},
            fargate_class(status={"observedGeneration": 1, "conditions": [SAID]}),
        ]
    )
    checkout = owned_by(kube, "/apis/apps/v1/namespaces/shop/statefulsets/checkout")
    kube.admin.load([pod("checkout-0", labels={"app": "checkout"}, metadata=checkout)])


def test_what_the_page_shows_is_what_is_printed(
    set_up: SetUp, kube: RunningKube, doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    healthy, *broken = CONSOLE.findall(page)
    printed = [run(doctor, set_up, healthy, 0)]
    break_much(set_up)
    with cluster_api(tmp_path, core_dns(compute_type="ec2")) as other:
        fill(other)
        monkeypatch.setenv("KUBECONFIG", str(other.kubeconfig))
        set_up.simulated.kubernetes(CLUSTER, other.url, account=ACCOUNT, region=REGION)
        printed += [run(doctor, set_up, shown, 2) for shown in broken]
    if os.environ.get(WRITE):
        blocks = iter(printed)
        PAGE.write_text(CONSOLE.sub(lambda _: f"```console\n{next(blocks)}```", page), encoding="utf-8")
    else:
        assert printed == [healthy, *broken]


def run(doctor: Doctor, set_up: SetUp, shown: str, code: int) -> str:
    """The same command, and what it prints now."""
    command, _, _ = shown.partition("\n")
    set_up.simulated.clear_ledger()
    ran = doctor(*shlex.split(command.removeprefix("$ fargateclaims doctor")))
    if code == 0:
        assert f"{len(set_up.simulated.calls())} times for the healthy cluster above" in PAGE.read_text(encoding="utf-8")
    assert (ran.code, ran.err) == (code, "")
    return f"{command}\n{tidy(ran.out, set_up)}"

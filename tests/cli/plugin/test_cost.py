"""`cost` as printed."""

import json
from pathlib import Path

import pytest
import yaml

from support.kube_server import RunningKube
from support.plugin import Plugin, deployment, on_fargate, owned_by, pod, pods_when

WEB = deployment("web", {"app": "web"}, replicas=3, requests={"cpu": "1", "memory": "8Gi"})
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "import", "namespace": "shop"},
    "spec": {"template": {"metadata": {}, "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app"}]}}},
}
US_EAST_1 = (
    "prices: us-east-1, Linux/x86, as of 2026-05-01 (https://aws.amazon.com/fargate/pricing/); "
    "730 hours a month; without taxes, discounts and data transfer\n"
)


def test_manifests_by_the_hour_and_month_with_what_a_smaller_size_saves(plugin: Plugin) -> None:
    ran = plugin("cost", "-f", "-", "--region", "us-east-1", stdin=yaml.safe_dump_all([WEB, JOB]))
    assert (ran.code, ran.err) == (0, "")
    # 3 x (2 x 0.04048 + 9 x 0.004445) = 0.362895 an hour; the step below: 3 x (0.04048 + 8 x 0.004445) = 0.22812
    assert ran.out == (
        "NAMESPACE  WORKLOAD        PODS  SIZE OF EACH    $/HOUR  $/MONTH\n"
        "shop       deployment/web     3  2vCPU 9GB       0.3629   264.91  1vCPU 8GB saves $98.39 a month: 256Mi less memory in each pod\n"
        "shop       job/import         1  0.25vCPU 0.5GB  0.0123        -  while it runs\n"
        "total                         4                  0.3752   264.91  $98.39 a month could be saved\n" + US_EAST_1
    )


@pytest.mark.parametrize(
    ("replicas", "scaler", "pods"),
    [
        (None, {"minReplicas": 3}, 3),
        (2, {"minReplicas": 3}, 3),
        (None, {}, 1),
        (0, {"minReplicas": 3}, 0),
        (None, {"kind": "ScaledObject", "minReplicaCount": 2}, 2),
        (0, {"kind": "ScaledObject", "minReplicaCount": 2}, 2),
        (4, {"kind": "ScaledObject"}, 0),
        (4, {"minReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "api"}}, 4),
    ],
)
def test_an_autoscaler_says_how_many_there_are_at_least(
    plugin: Plugin, tmp_path: Path, replicas: int | None, scaler: dict[str, object], pods: int
) -> None:
    """As lint counts them, in whichever file it is."""
    web = deployment("web", {"app": "web"}, requests={"cpu": "1", "memory": "2Gi"})
    web["spec"].pop("replicas")
    web["spec"] |= {} if replicas is None else {"replicas": replicas}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, **scaler}
    kind = spec.pop("kind", "HorizontalPodAutoscaler")
    (tmp_path / "scaler.yaml").write_text(yaml.safe_dump({"kind": kind, "metadata": {"name": "web"}, "spec": spec}))
    ran = plugin("cost", "-f", str(tmp_path / "scaler.yaml"), "-f", "-", "--region", "us-east-1", "-o", "json", stdin=yaml.safe_dump(web))
    assert (ran.code, ran.err) == (0, "")
    assert [line["pods"] for line in json.loads(ran.out)["lines"]] == [pods]


def test_the_pods_of_a_namespace(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([{**JOB, "spec": {**JOB["spec"], "suspend": True}}])  # type: ignore[dict-item]
    job = owned_by(kube, "/apis/batch/v1/namespaces/shop/jobs/import")
    kube.admin.load(
        [
            on_fargate("import-1", "0.25vCPU 0.5GB", metadata=job, phase="Succeeded"),
            on_fargate("import-2", "0.25vCPU 0.5GB", metadata=job, phase="Failed"),
            on_fargate("lone", "1vCPU 2GB"),
            pod("elsewhere", spec={"nodeName": "ip-10-0-1-8"}, phase="Running"),
        ]
    )
    ran = plugin("cost", "-n", "shop", "--region", "us-east-1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "NAMESPACE  WORKLOAD    PODS  SIZE OF EACH    $/HOUR  $/MONTH\n"
        "shop       job/import     2  0.25vCPU 0.5GB  0.0247        -  2 ended, and cost until removed: set ttlSecondsAfterFinished\n"
        "shop       pod/lone       1  1vCPU 2GB       0.0494    36.04\n"
        "total                     3                  0.0741    36.04\n"
        "note: in namespace shop one other pod is not on Fargate; see --as-if\n" + US_EAST_1
    )


def test_pods_of_a_deployment_are_one_line_also_before_they_are_on_fargate(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([WEB])
    pods_when(kube, lambda pods: len(pods) == 3)
    said = plugin("cost", "-A").out
    assert "note: no pods on Fargate in the cluster\nnote: in the cluster 3 other pods are not on Fargate; see --as-if\n" in said
    said = plugin("cost", "-A", "--as-if", "--region", "us-east-1").out
    assert "shop       deployment/web     3  2vCPU 9GB     0.3629   264.91  1vCPU 8GB saves $98.39 a month" in said


def test_without_a_region_it_is_said_whose_prices_they_are(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "note: no region was named, so the prices are those of us-east-1: --region says another\n"
    assert note in plugin("cost", "-f", "-", stdin=yaml.safe_dump(WEB)).out
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    said = plugin("cost", "-f", "-", stdin=yaml.safe_dump(WEB)).out
    assert note not in said
    assert "prices: eu-central-1, Linux/x86, as of 2026-08-05" in said


def test_a_region_without_a_price_is_refused_with_what_to_do(plugin: Plugin) -> None:
    ran = plugin("cost", "-f", "-", "--region", "mars-north-1", stdin=yaml.safe_dump(WEB))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: no price for region mars-north-1 in the built-in prices (there are: ap-northeast-2, ")
    assert ran.err.endswith("): give one with --prices FILE\n")


def test_prices_of_ones_own(plugin: Plugin, tmp_path: Path) -> None:
    prices = {"prices": [{"region": "mars-north-1", "vCPUHour": 1, "GBHour": "0.1", "asOf": "2026-11-01", "source": "our contract"}]}
    (tmp_path / "prices.yaml").write_text(yaml.safe_dump(prices))
    options = ("cost", "-f", "-", "--region", "mars-north-1", "--prices", str(tmp_path / "prices.yaml"))
    assert "2vCPU 9GB     8.7000  6,351.00" in plugin(*options, stdin=yaml.safe_dump(WEB)).out
    storage = pod("web", resources={"requests": {"ephemeral-storage": "100Gi"}})
    said = plugin(*options, stdin=yaml.safe_dump(storage)).out
    assert "note: the price of ephemeral storage in mars-north-1 is not known: it is left out; give it with --prices FILE\n" in said
    (tmp_path / "prices.yaml").write_text("prices: [{region: x}]")
    ran = plugin(*options, stdin=yaml.safe_dump(WEB))
    assert (ran.code, ran.err) == (
        2, f'error: price file {tmp_path / "prices.yaml"}: prices[0].vCPUHour must be US dollars, such as "0.04048"\n',
    )  # fmt: skip


def test_arm_is_not_offered(plugin: Plugin) -> None:
    manifest = pod("web", spec={"nodeSelector": {"kubernetes.io/arch": "arm64"}})
    said = plugin("cost", "-f", "-", stdin=yaml.safe_dump(manifest)).out
    assert "note: some ask for arm64 nodes: EKS Fargate has x86 alone, and the prices are for that\n" in said


def test_what_has_no_price_is_named_after_all_that_have(plugin: Plugin) -> None:
    daemons = {**WEB, "kind": "DaemonSet"}
    ran = plugin("cost", "-f", "-", stdin=yaml.safe_dump_all([daemons, pod("large", resources={"requests": {"cpu": 20}}), WEB]))
    assert ran.code == 1
    assert "deployment/web" in ran.out
    assert ran.err.startswith(
        "error: daemonset/web: pods of a DaemonSet do not run on Fargate; make it a sidecar\n       pod/large: the pod"
    )


def test_for_programs(plugin: Plugin) -> None:
    found = json.loads(plugin("cost", "-f", "-", "--region", "us-east-1", "-o", "json", stdin=yaml.safe_dump(WEB)).out)
    assert found["lines"] == [
        {
            "namespace": "shop",
            "workload": "deployment/web",
            "pods": 3,
            "ended": 0,
            "size": "2vCPU 9GB",
            "hourly": 0.362895,
            "monthly": 264.91335,
            "saving": {"size": "1vCPU 8GB", "cpuLess": 0.0, "memoryLess": 268435456, "hourly": 0.134775},
        }
    ]
    assert (found["currency"], found["hourly"], found["monthly"]) == ("USD", 0.362895, 264.91335)
    assert (found["price"]["region"], found["price"]["architecture"], found["price"]["asOf"]) == ("us-east-1", "x86_64", "2026-05-01")


def test_manifests_and_the_cluster_are_not_mixed(plugin: Plugin) -> None:
    ran = plugin("cost", "-f", "-", "-A", stdin="{}")
    assert (ran.code, ran.err) == (2, "error: -f prices manifests: -A and --as-if are for pods of the cluster\n")

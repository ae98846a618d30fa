"""Each rule: what it finds, and what it leaves alone. The base is a Deployment in which there is nothing to be found."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest
import yaml

from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.registry import BY_KIND, RULES
from fargateclaims.domain.pods.templates import KINDS

BASE: Final = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1
        resources: {requests: {cpu: 250m, memory: 256Mi}}
"""
BUDGET: Final = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
"""
AFFINITY: Final = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [%s]}}}"


def merged(one: Any, other: Any) -> Any:
    """`other` laid over `one`; lists are merged item by item."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: merged(one.get(key), value) for key, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[index], item) if index < len(one) else item for index, item in enumerate(other)] + one[len(other) :]
    return other


def found(*objects: Mapping[str, Any]) -> list[str]:
    linter = Linter()
    for each in objects:
        linter.add_object(each)
    return [finding.rule.id for finding in linter.findings()]


def workload(pod: str = "", container: str = "", template: str = "", spec: str = "") -> dict[str, Any]:
    changed: dict[str, Any] = deepcopy(yaml.safe_load(BASE))
    changed = merged(changed, {"spec": yaml.safe_load(spec) or {}})
    changed = merged(changed, {"spec": {"template": yaml.safe_load(template) or {}}})
    changed = merged(changed, {"spec": {"template": {"spec": yaml.safe_load(pod) or {}}}})
    changed["spec"]["template"]["spec"]["containers"][0].update(yaml.safe_load(container) or {})
    return changed


def test_nothing_is_found_in_the_base() -> None:
    assert found(workload(), yaml.safe_load(BUDGET)) == []


POD: Final[dict[str, tuple[list[str], list[str]]]] = {
    "FG104": (["hostNetwork: true"], ["hostNetwork: false", "hostNetwork: null"]),
    "FG105": (["hostPID: true", "hostIPC: true"], ["hostPID: false", "shareProcessNamespace: true"]),
    "FG106": (["volumes: [{name: a, hostPath: {path: /}}]"], ["volumes: [{name: a, emptyDir: {}}, {name: b}]"]),
    "FG108": (
        [
            "nodeSelector: {kubernetes.io/arch: arm64}",
            "nodeSelector: {beta.kubernetes.io/arch: arm64}",
            AFFINITY % "{matchExpressions: [{key: kubernetes.io/arch, operator: NotIn, values: [amd64]}]}",
            AFFINITY % "{matchExpressions: [{key: kubernetes.io/arch, operator: DoesNotExist}]}",
            AFFINITY % "{matchExpressions: [{key: kubernetes.io/arch, operator: Gt, values: ['1']}]}",
        ],
        [
            "nodeSelector: {kubernetes.io/arch: amd64}",
            AFFINITY % "{matchExpressions: [{key: kubernetes.io/arch, operator: Exists}]}",
            AFFINITY % "{matchExpressions: [{key: kubernetes.io/arch, operator: NotIn, values: [arm64]}]}",
            AFFINITY % "{matchFields: [{key: metadata.name, operator: In, values: [a]}]}",
            AFFINITY % "",
        ],
    ),
    "FG109": (
        ["nodeSelector: {kubernetes.io/os: windows}", "os: {name: windows}"],
        ["nodeSelector: {kubernetes.io/os: linux}", "os: {name: linux}"],
    ),
    "FG110": (
        [
            "nodeSelector: {role: web}",
            "nodeSelector: {eks.amazonaws.com/compute-type: ec2}",
            AFFINITY % "{matchExpressions: [{key: role, operator: Exists}]}",
            AFFINITY % "{matchExpressions: [{key: topology.kubernetes.io/zone, operator: DoesNotExist}]}",
            AFFINITY
            % "{matchExpressions: [{key: role, operator: In, values: [a]}]}, {matchExpressions: [{key: pool, operator: In, values: [a]}]}",
        ],
        [
            "nodeSelector: {eks.amazonaws.com/compute-type: fargate, topology.kubernetes.io/zone: eu-west-1a}",
            AFFINITY % "{matchExpressions: [{key: role, operator: NotIn, values: [a]}, {key: pool, operator: DoesNotExist}]}",
            AFFINITY % "{matchExpressions: [{key: role, operator: In, values: [a]}]}, {matchExpressions: []}",
        ],
    ),
    "FG111": (
        [
            "volumes: [{name: a, csi: {driver: secrets-store.csi.k8s.io}}]",
            "volumes: [{name: a, csi: {driver: ebs.csi.aws.com}}]",
            "volumes: [{name: a, rbd: {image: a, monitors: [b]}}]",
            "volumes: [{name: a, gitRepo: {repository: b}}]",
            "volumes: [{name: a, image: {reference: b}}]",
            "volumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: gp3}}}}]",
            "volumes: [{name: a, ofTomorrow: {}}]",
        ],
        [
            "volumes: [{name: a, persistentVolumeClaim: {claimName: a}}, {name: b, nfs: {server: a, path: /}}, {name: c, projected: {}}]",
            "volumes: [{name: a, configMap: {name: b}}, {name: b, secret: {}}, {name: c, downwardAPI: {}}, {name: d, emptyDir: }]",
            "volumes: [{name: a, hostPath: {path: /}}, {name: b, awsElasticBlockStore: {volumeID: c}}]",
        ],
    ),
    "FG112": (["volumes: [{name: a, awsElasticBlockStore: {volumeID: b}}]"], ["volumes: [{name: a, awsElasticBlockStore: null}]"]),
    "FG118": (["schedulerName: volcano"], ["schedulerName: default-scheduler", "schedulerName: fargate-scheduler", "schedulerName: ''"]),
    "FG205": (
        ["volumes: [{name: a, emptyDir: {sizeLimit: 21Gi}}]"],
        ["volumes: [{name: a, emptyDir: {sizeLimit: 20Gi}}]", "volumes: [{name: a, emptyDir: {medium: Memory, sizeLimit: 30Gi}}]"],
    ),
    "FG206": (
        [
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]",
            "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a}]}}",
        ],
        ["affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: []}}"],
    ),
    "FG207": (
        [
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]",
            "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {}}]}}",
        ],
        ["topologySpreadConstraints: []"],
    ),
    "FG214": (["terminationGracePeriodSeconds: 601"], ["terminationGracePeriodSeconds: 600", "terminationGracePeriodSeconds: 0"]),
}
CONTAINER: Final[dict[str, tuple[list[str], list[str]]]] = {
    "FG005": (["resources: {requests: {cpu: much, memory: 1Gi}}"], ["resources: {requests: {cpu: 1, memory: 1.5Gi}}"]),
    "FG102": (
        ["securityContext: {privileged: true}"],
        ["securityContext: {privileged: false}", "securityContext: {capabilities: {add: [NET_ADMIN]}}"],
    ),
    "FG103": (
        ["ports: [{containerPort: 1, hostPort: 1}]", "ports: [{containerPort: 1, hostIP: 10.0.0.1}]"],
        ["ports: [{containerPort: 80, hostPort: 0}]"],
    ),
    "FG107": (
        [
            "resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {nvidia.com/gpu: 1}}",
            "resources: {requests: {cpu: 250m, memory: 256Mi, hugepages-2Mi: 2Mi}}",
            "resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {habana.ai/gaudi: 1}}",
            "resources: {requests: {cpu: 250m, memory: 256Mi, nvidia.com/gpu: 0}, limits: {nvidia.com/gpu: many}}",
        ],
        [
            "resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {vpc.amazonaws.com/pod-eni: 1}}",
            "resources: {requests: {cpu: 250m, memory: 256Mi, nvidia.com/gpu: 0}, limits: {nvidia.com/gpu: '0', hugepages-2Mi: 0Mi}}",
        ],
    ),
    "FG115": (
        ["resources: {requests: {cpu: 17, memory: 32Gi}}", "resources: {requests: {cpu: 1, memory: 120Gi}}"],
        ["resources: {requests: {cpu: 16, memory: 119.75Gi}}"],
    ),
    "FG116": (
        ["resources: {requests: {cpu: 250m, memory: 256Mi, ephemeral-storage: 176Gi}}"],
        ["resources: {requests: {cpu: 250m, memory: 256Mi, ephemeral-storage: 175Gi}}"],
    ),
    "FG119": (
        [
            "securityContext: {capabilities: {add: [NET_ADMIN]}}",
            "securityContext: {capabilities: {add: [CHOWN, SYS_PTRACE], drop: [ALL]}}",
            "securityContext: {capabilities: {add: [CAP_CHOWN]}}",
            "securityContext: {capabilities: {add: [ALL]}}",
        ],
        [
            "securityContext: {capabilities: {drop: [NET_ADMIN, ALL], add: [NET_BIND_SERVICE, NET_RAW]}}",
            "securityContext: {capabilities: {add: []}}",
            "securityContext: {capabilities: {add: [7, null]}}",
            "securityContext: {capabilities: {add: NET_ADMIN}}",
        ],
    ),
    "FG120": (
        ["securityContext: {allowPrivilegeEscalation: true}"],
        ["securityContext: {allowPrivilegeEscalation: false}", "securityContext: {allowPrivilegeEscalation: null}", "securityContext: {}"],
    ),
    "FG121": (["volumeDevices: [{name: a, devicePath: /dev/xvda}]"], ["volumeDevices: []", "volumeMounts: [{name: a, mountPath: /a}]"]),
    "FG203": (["resources: {}", "resources: {requests: {cpu: 250m}}"], ["resources: {limits: {cpu: 250m, memory: 256Mi}}"]),
    "FG204": (
        ["resources: {requests: {cpu: 1, memory: 8Gi}}", "resources: {requests: {cpu: 260m, memory: 512Mi}}"],
        # Another GB at the same vCPU costs little.
        ["resources: {requests: {cpu: 250m, memory: 512Mi}}", "resources: {requests: {cpu: 400m, memory: 512Mi}}"],
    ),
    "FG215": (
        [
            "env: [{name: A, value: 'http://169.254.169.254/latest'}]",
            "args: ['curl http://[fd00:ec2::254]/']",
            "command: [sh, -c, 'curl 169.254.170.23/v1/credentials']",
        ],
        [
            "env: [{name: AWS_EC2_METADATA_DISABLED, value: 'true'}]",
            "env: [{name: NO_PROXY, value: '169.254.169.254,.svc'}, {name: no_proxy, value: '169.254.169.254,.svc'}]",
        ],
    ),
    "FG217": (
        ["{image: 'a.example/eks/aws-load-balancer-controller:v2', args: [--cluster-name=a]}"],
        [
            "{image: 'a.example/eks/aws-load-balancer-controller:v2', args: [--aws-vpc-tags=a, --aws-region, b]}",
            "{image: web, args: [--x]}",
        ],
    ),
}
TEMPLATE: Final[dict[str, tuple[list[str], list[str]]]] = {
    "FG117": (
        ["metadata: {annotations: {k8s.v1.cni.cncf.io/networks: a}}", "metadata: {annotations: {cni.projectcalico.org/ipAddrs: '[]'}}"],
        ["metadata: {annotations: {vpc.amazonaws.com/pod-ips: a}}"],
    ),
    "FG201": (
        ["metadata: {annotations: {eks.amazonaws.com/fargate-profile: a}}"],
        ["metadata: {labels: {eks.amazonaws.com/fargate-profile: a}, annotations: {eks.amazonaws.com/fargate-profile: a}}"],
    ),
    "FG202": (
        ["metadata: {annotations: {eks.amazonaws.com/compute-type: ec2}}"],
        ["metadata: {annotations: {eks.amazonaws.com/compute-type: fargate}}"],
    ),
}
SPEC: Final[dict[str, tuple[list[str], list[str]]]] = {
    "FG002": (["replicas: two", "replicas: -1"], ["replicas: 3"]),
    "FG208": (["replicas: 1", "replicas: null"], ["replicas: 0"]),
}


def cases(wanted: int) -> Iterator[Any]:
    for part, table in (("pod", POD), ("container", CONTAINER), ("template", TEMPLATE), ("spec", SPEC)):
        for rule_id, pair in table.items():
            for index, text in enumerate(pair[wanted]):
                yield pytest.param(rule_id, {part: text}, id=f"{rule_id}-{index}")


@pytest.mark.parametrize(("rule_id", "parts"), list(cases(0)))
def test_it_is_found(rule_id: str, parts: dict[str, str]) -> None:
    assert set(found(workload(**parts), yaml.safe_load(BUDGET))) == {rule_id}


@pytest.mark.parametrize(("rule_id", "parts"), list(cases(1)))
def test_it_is_left_alone(rule_id: str, parts: dict[str, str]) -> None:
    assert rule_id not in found(workload(**parts), yaml.safe_load(BUDGET))


_TARGET: Final = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
_SERVICE: Final = f"{{apiVersion: v1, kind: Service, metadata: {{name: a, annotations: {{{_TARGET}: instance}}}}, spec: {{%s}}}}"
_DAEMONS: Final = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: %s}, spec: {template: {spec: {%s containers: [{name: a}]}}}}"
_VOLUME: Final = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {%s}}"
_CLASS: Final = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: %s}"

OBJECTS: Final[dict[str, tuple[list[str], list[str]]]] = {
    "FG101": ([_DAEMONS % ("agent", "")], [_DAEMONS % ("ebs-csi-node", ""), _DAEMONS % ("agent", "nodeSelector: {pool: a},")]),
    "FG112": (
        ["{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: gp3}}"],
        [
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: gp3, volumeName: efs}}",
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: unknown}}",
            # Out of a cluster: provisioned for a claim, which is what is reported.
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {claimRef: {uid: b}, csi: {driver: ebs.csi.aws.com}}}",
        ],
    ),
    "FG114": (
        [
            _VOLUME % "nfs: {server: a, path: /}",
            _VOLUME % "hostPath: {path: /}",
            _VOLUME % "capacity: {storage: 1Gi}, nodeAffinity: {}, local: {path: /}",
            _VOLUME % "csi: {driver: driver.longhorn.io}",
        ],
        [
            _VOLUME % "csi: {driver: efs.csi.aws.com}",
            _VOLUME % "csi: {driver: ebs.csi.aws.com}",
            _VOLUME % "claimRef: {uid: b}, nfs: {server: a, path: /}",
            _VOLUME % "claimRef: {name: b}, capacity: {storage: 1Gi}, nodeAffinity: {}",
        ],
    ),
    "FG401": (
        [_CLASS % "driver.longhorn.io", _CLASS % "rancher.io/local-path", _CLASS % "ebs.csi.aws.com"],
        [_CLASS % "efs.csi.aws.com", _CLASS % "kubernetes.io/no-provisioner", _CLASS % "''"],
    ),
    "FG402": (
        ["{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {}}"],
        ["{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: ''}}"],
    ),
    "FG211": (
        ["{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 86401}}"],
        ["{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 0}}"],
    ),
    "FG301": ([_SERVICE % "type: LoadBalancer, loadBalancerClass: eks.amazonaws.com/nlb"], [_SERVICE % "type: ClusterIP"]),
    "FG501": (
        [f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: aws-logging, namespace: aws-observability}}, data: {{a: {'x' * 5301}}}}}"],
        [f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: aws-logging, namespace: aws-observability}}, data: {{a: {'x' * 5300}}}}}"],
    ),
}


@pytest.mark.parametrize(("rule_id", "text"), [(rule_id, text) for rule_id, pair in OBJECTS.items() for text in pair[0]])
def test_it_is_found_in_an_object(rule_id: str, text: str) -> None:
    assert rule_id in found(yaml.safe_load(text))


@pytest.mark.parametrize(("rule_id", "text"), [(rule_id, text) for rule_id, pair in OBJECTS.items() for text in pair[1]])
def test_it_is_left_alone_in_an_object(rule_id: str, text: str) -> None:
    assert rule_id not in found(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("csi: {driver: ebs.csi.aws.com}", ["FG112"]),
        ("awsElasticBlockStore: {volumeID: a}", ["FG112"]),
        ("csi: {driver: driver.longhorn.io}", ["FG114"]),
        ("nfs: {server: a, path: /}", ["FG114"]),
        ("csi: {driver: efs.csi.aws.com}", []),
    ],
)
def test_a_claim_is_judged_by_the_volume_that_it_names(source: str, rules: list[str]) -> None:
    claim = yaml.safe_load("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: b, volumeName: a}}")
    bound = yaml.safe_load(_VOLUME % ("claimRef: {uid: d}, " + source))
    # The class counts no more: it may be gone, or have changed.
    assert found(claim, bound, yaml.safe_load(_CLASS.replace("name: a", "name: b") % "efs.csi.aws.com")) == rules
    assert found(claim) == []


@pytest.mark.parametrize(
    ("budget", "replicas", "possible"),
    [
        ("maxUnavailable: 0", 3, False),
        ("maxUnavailable: 0%", 3, False),
        ("maxUnavailable: 1%", 3, True),
        ("maxUnavailable: 1", 1, True),
        ("minAvailable: 100%", 3, False),
        ("minAvailable: 99%", 3, False),
        ("minAvailable: 50%", 3, True),
        ("minAvailable: 2", 3, True),
        ("minAvailable: 3", 3, False),
        ("minAvailable: 5", 3, False),
        ("minAvailable: 1", 0, True),
        ("minAvailable: much", 3, True),
        ("{}", 3, True),
    ],
)
def test_a_budget_lets_a_pod_go(budget: str, replicas: int, possible: bool) -> None:  # noqa: FBT001
    changed = merged(yaml.safe_load(BUDGET), {"spec": {"maxUnavailable": None, **yaml.safe_load(budget)}})
    assert ("FG210" not in found(workload(spec=f"replicas: {replicas}"), changed)) is possible


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ("matchLabels: {app: web}", True),
        ("matchLabels: {app: other}", False),
        ("{}", True),
        ("matchExpressions: [{key: app, operator: In, values: [web, other]}]", True),
        ("matchExpressions: [{key: app, operator: NotIn, values: [web]}]", False),
        ("matchExpressions: [{key: tier, operator: DoesNotExist}]", True),
        ("matchExpressions: [{key: app, operator: Nonsense}]", False),
        ("null", False),
    ],
)
def test_budgets_select_by_labels(selector: str, selects: bool) -> None:  # noqa: FBT001
    budget = yaml.safe_load(BUDGET)
    budget["spec"]["selector"] = yaml.safe_load(selector)
    assert ("FG209" not in found(workload(), budget)) is selects


@pytest.mark.parametrize(("namespace", "selects"), [("shop", True), ("", True), ("data", False)])
def test_an_unknown_namespace_may_be_any(namespace: str, selects: bool) -> None:  # noqa: FBT001
    budget = merged(yaml.safe_load(BUDGET), {"metadata": {"namespace": namespace}})
    assert ("FG209" not in found(workload(), budget)) is selects


def test_a_role_is_asked_for_only_where_the_account_is_known() -> None:
    pod = workload(container="env: [{name: AWS_REGION, value: a}]", pod="serviceAccountName: web")
    budget = yaml.safe_load(BUDGET)
    account: dict[str, Any] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}}
    with_role = merged(account, {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "arn"}}})
    assert found(pod, budget) == []
    assert found(pod, budget, account) == ["FG216"]
    assert found(pod, budget, with_role) == []
    with_keys = merged(pod, workload(container="env: [{name: AWS_REGION, value: a}, {name: AWS_ACCESS_KEY_ID, value: b}]"))
    assert found(with_keys, budget, account) == []


def test_ids_are_stable_and_each_rule_says_all() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.why.endswith("."), rule.id
        assert not rule.advice.endswith("."), rule.id
        assert rule.check is not None or rule.id < "FG005"
        assert rule.sources or rule.id < "FG005"


def test_rules_about_pods_look_at_all_that_makes_them() -> None:
    for kind in KINDS - {"DaemonSet"}:
        assert "FG102" in {rule.id for rule in BY_KIND[kind]}
    assert {rule.id for rule in BY_KIND["DaemonSet"]} == {"FG101"}

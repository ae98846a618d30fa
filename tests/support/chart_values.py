"""Values of the chart: one that is not the default for each, and all of what can be switched on, at once."""

from copy import deepcopy
from typing import Any, Final

import yaml

from support.rendering import CHART, REPAIRS, camel_case

Path = tuple[str, ...]

_PEER: Final = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
_RELABELING: Final = [{"action": "labeldrop", "regex": "pod"}]
SETTINGS: Final[dict[str, Any]] = {
    "poll_min_seconds": 3,
    "poll_max_seconds": 20.5,
    "resync_seconds": 1000000,
    "backoff_base_seconds": 1,
    "backoff_max_seconds": 60,
    "busy_max_seconds": 20,
    "settle_seconds": 31,
    "operation_deadline_seconds": 900,
    "max_attempts": 10000000,
    "installation": "management-eu",
    "aws_calls_per_second": 0.5,
    "show_blocking_claim": False,
    "http_address": ":9090",
    "lease_namespace": "leases",
    "lease_name": "fargateclaims-eu",
    "own_profile": "platform-operators",
    "class_selector": "team in (a, b), region=eu",
    "log_format": "json",
    "log_level": "debug",
}
OTHER: Final[dict[str, Any]] = {
    "nameOverride": "profiles",
    "fullnameOverride": "profiles",
    "commonLabels": {"team": "platform"},
    "settings": {camel_case(name): value for name, value in SETTINGS.items()},
    "image.registry": "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    "image.repository": "platform/fargateclaims",
    "image.tag": "0.1.0-1",
    "image.digest": f"sha256:{'0123456789abcdef' * 4}",
    "image.pullPolicy": "Always",
    "imagePullSecrets": [{"name": "registry"}],
    "replicas": 3,
    "strategy.type": "Recreate",
    "strategy.rollingUpdate.maxSurge": "50%",
    "strategy.rollingUpdate.maxUnavailable": 1,
    "revisionHistoryLimit": 5,
    "terminationGracePeriodSeconds": 60,
    "podDisruptionBudget.enabled": False,
    "podDisruptionBudget.maxUnavailable": "50%",
    "annotations": {"owner": "platform"},
    "podLabels": {"team": "platform"},
    "podAnnotations": {"owner": "platform"},
    "priorityClassName": "system-cluster-critical",
    "podSecurityContext.runAsUser": 1000680000,
    "podSecurityContext.runAsGroup": 0,
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "platform", "effect": "NoSchedule"}],
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "fargateclaims"}}}
            ]
        }
    },
    "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}],
    "resources.requests.cpu": "1",
    "resources.requests.memory": "1Gi",
    "resources.limits.memory": "2Gi",
    "livenessProbe.initialDelaySeconds": 20,
    "livenessProbe.periodSeconds": 20,
    "livenessProbe.timeoutSeconds": 10,
    "livenessProbe.failureThreshold": 5,
    "readinessProbe.periodSeconds": 20,
    "readinessProbe.timeoutSeconds": 10,
    "readinessProbe.failureThreshold": 5,
    "env": [{"name": "AWS_CA_BUNDLE", "value": "/ca/ca.pem"}],
    "envFrom": [{"configMapRef": {"name": "proxy"}}],
    "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "volumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
    "serviceAccount.create": False,
    "serviceAccount.name": "operator",
    "serviceAccount.annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/fargateclaims"},
    "rbac.create": False,
    "rbac.aggregate": False,
    "rbac.classReaders": [{"kind": "Group", "name": "developers", "apiGroup": "rbac.authorization.k8s.io"}],
    "rbac.workloads.create": False,
    "rbac.workloads.draining": False,
    **{f"rbac.workloads.repairs.{repair}": True for repair in REPAIRS},
    "crds.install": False,
    "crds.keep": False,
    "crds.annotations": {"argocd.argoproj.io/sync-wave": "-2"},
    "service.port": 80,
    "service.annotations": {"owner": "platform"},
    "serviceMonitor.enabled": False,
    "podMonitor.enabled": True,
    **{f"{kind}.labels": {"release": "prometheus"} for kind in ("serviceMonitor", "podMonitor", "prometheusRule")},
    **{f"{kind}.interval": "1m" for kind in ("serviceMonitor", "podMonitor")},
    **{f"{kind}.scrapeTimeout": "20s" for kind in ("serviceMonitor", "podMonitor")},
    **{f"{kind}.relabelings": _RELABELING for kind in ("serviceMonitor", "podMonitor")},
    **{f"{kind}.metricRelabelings": _RELABELING for kind in ("serviceMonitor", "podMonitor")},
    "prometheusRule.enabled": False,
    "dashboard.enabled": False,
    "dashboard.labels.grafana_dashboard": "yes",
    "dashboard.annotations": {"grafana_folder": "Platform"},
    "runbookBaseURL": "https://git.example.com/fargateclaims/blob/main/",
    "networkPolicy.enabled": False,
    "networkPolicy.ingressFrom": _PEER,
    "networkPolicy.dnsTo": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
    "networkPolicy.httpsTo": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
    "networkPolicy.httpsPorts": [443],
    "networkPolicy.extraEgress": [{"ports": [{"port": 3128, "protocol": "TCP"}], "to": _PEER}],
}
"""For each value that values.yaml has, by its path, one that changes what is rendered when all parts are on."""
PARTS_ON: Final[dict[str, Any]] = {
    "replicas": 2,
    "serviceMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "rbac": {"workloads": {"create": True}},
}
"""Every part of the chart, each with its defaults."""


def defaults() -> dict[str, Any]:
    """What values.yaml says."""
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return values


def leaves(values: dict[str, Any], above: Path = ()) -> dict[str, Any]:
    """The values by their paths; empty maps and lists are values too."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            found |= leaves(value, (*above, key))
        else:
            found[".".join((*above, key))] = value
    return found


def with_value(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """These values with another one in one place."""
    changed = deepcopy(values)
    *above, last = path.split(".")
    place = changed
    for key in above:
        place = place.setdefault(key, {})
    place[last] = value
    return changed


def everything() -> dict[str, Any]:
    """All parts, and of all values those that the parts do not exclude."""
    values = PARTS_ON
    for path, value in OTHER.items():
        if not path.startswith("podMonitor") and value is not False and path != "strategy.type":
            values = with_value(values, path, value)
    return values

"""The chart's values: each is described, checked and used."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from fargateclaims.settings import Settings
from support.chart_values import OTHER, PARTS_ON, SETTINGS, defaults, everything, leaves, with_value
from support.rendering import CHART, NAME, camel_case, chart, from_chart, named, rendered
from support.strict_schemas import validate

# What Kubernetes checks itself: these go into the manifests as they are.
AS_IN_KUBERNETES = re.compile(
    r"affinity\.\w+|volumes\[]|.*\.labelSelector|.*\.(configMapRef|secretRef|valueFrom)|.*\.(podSelector|namespaceSelector)"
    r"|.*\.(relabelings|metricRelabelings)\[]|networkPolicy\.extraEgress\[]\.ports\[]|global"
)


@cache
def schema() -> dict[str, Any]:
    found = chart().schema
    assert found
    return found


def schemas(of: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below this one, by the path of what it is for; references are followed."""
    if "$ref" in of:
        of = schema()["definitions"][of["$ref"].rpartition("/")[2]]
    yield path, of
    for name, each in of.get("properties", {}).items():
        yield from schemas(each, f"{path}.{name}".lstrip("."))
    if "items" in of:
        yield from schemas(of["items"], f"{path}[]")


def surroundings(path: str) -> dict[str, Any]:
    """Values with which the one at `path` matters: all parts on, but for the CRDs, which take long to render."""
    values = PARTS_ON if path.startswith("crds.") else with_value(PARTS_ON, "crds.install", value=False)
    if path.startswith("podMonitor."):
        values = with_value(values, "serviceMonitor.enabled", value=False)
        return values if path == "podMonitor.enabled" else with_value(values, "podMonitor.enabled", value=True)
    # Without a ServiceAccount of its own, the chart wants the name of another.
    return with_value(values, "serviceAccount.name", "other") if path == "serviceAccount.create" else values


def test_every_value_changes_what_is_rendered() -> None:
    assert set(OTHER) == set(leaves(defaults()))
    unused = [
        path for path, value in OTHER.items() if rendered(with_value(surroundings(path), path, value)) == rendered(surroundings(path))
    ]
    assert unused == []


def test_values_and_schema_have_the_same_keys() -> None:
    described = {path for path, each in schemas(schema()) if "properties" not in each and "[]" not in path}
    here = {path for path in described if path.partition(".")[0] not in {"enabled", "global", "settings", "affinity"}}
    # Probes may have more than what is set by default.
    optional = {path for path in here if re.fullmatch(r"(liveness|readiness)Probe\.\w+", path)}
    maps = {path for path, each in schemas(schema()) if "additionalProperties" in each and each["additionalProperties"] is not False}
    given = {next((above for above in maps if path.startswith(f"{above}.")), path) for path in leaves(defaults())}
    assert here - optional <= given
    assert given <= here | {"settings", "affinity"}


def test_every_value_has_a_comment_or_stands_below_one() -> None:
    bare, explained, above = [], [False], ""
    for line in (CHART / "values.yaml").read_text(encoding="utf-8").splitlines():
        if key := re.match(r"((?:  )*)(\w+):(.*)", line):
            depth = len(key[1]) // 2
            explained = [*explained[: depth + 1], above.strip().startswith("#")]
            if key[3] and not any(explained):
                bare.append(key[2])
        above = line
    assert bare == []


def test_no_object_takes_unknown_keys() -> None:
    lax = [
        path
        for path, each in schemas(schema())
        if (each.get("type") == "object" or "properties" in each)
        and "additionalProperties" not in each
        and not AS_IN_KUBERNETES.fullmatch(path)
    ]
    assert lax == []


@pytest.mark.parametrize("path", sorted({path for path, each in schemas(schema()) if "properties" in each and "[]" not in path}))
def test_an_unknown_key_is_named(path: str) -> None:
    with pytest.raises(helm.HelmValuesError, match=r"additional properties 'nmae' not allowed") as refused:
        rendered(with_value({}, f"{path}.nmae".lstrip("."), 1))
    assert f"at '{'/' + path.replace('.', '/') if path else ''}'" in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("replicas", "two", r"at '/replicas': got string, want integer"),
        ("replicas", -1, r"at '/replicas': minimum: got -1, want 0"),
        ("image.pullPolicy", "Sometimes", r"at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"),
        ("image.digest", "latest", r"at '/image/digest': 'latest' does not match pattern"),
        ("env", {"A": "b"}, r"at '/env': got object, want array"),
        ("env", [{"name": "FARGATECLAIMS_LOG_LEVEL"}], r"FARGATECLAIMS_LOG_LEVEL is a setting .* belongs in settings as logLevel"),
        ("commonLabels", {"a": 1}, r"at '/commonLabels/a': got number, want string"),
        ("commonLabels", {"app.kubernetes.io/name": "x"}, r"invalid propertyName 'app.kubernetes.io/name'"),
        ("podLabels", {"app.kubernetes.io/instance": "x"}, r"invalid propertyName 'app.kubernetes.io/instance'"),
        ("podDisruptionBudget.maxUnavailable", 0, r"at '/podDisruptionBudget/maxUnavailable': minimum: got 0, want 1"),
        ("podDisruptionBudget.maxUnavailable", "0%", r"at '/podDisruptionBudget/maxUnavailable': '0%' does not match pattern"),
        ("podSecurityContext.runAsUser", 0, r"at '/podSecurityContext/runAsUser': minimum: got 0, want 1"),
        ("podSecurityContext.runAsNonRoot", False, r"at '/podSecurityContext': additional properties 'runAsNonRoot' not allowed"),
        ("terminationGracePeriodSeconds", 5, r"minimum: got 5, want 15"),
        ("settings.resyncSecond", 1, r"at '/settings': additional properties 'resyncSecond' not allowed"),
        ("settings.resyncSeconds", 0, r"at '/settings/resyncSeconds': exclusiveMinimum: got 0, want 0"),
        ("settings.maxAttempts", 1.5, r"at '/settings/maxAttempts': got number, want integer"),
        ("settings.httpAddress", "127.0.0.1:8080", r"at '/settings/httpAddress': '127.0.0.1:8080' does not match pattern"),
        ("settings.logLevel", "loud", r"at '/settings/logLevel': value must be one of 'debug', 'info', 'warning', 'error'"),
        ("serviceMonitor.interval", "often", r"at '/serviceMonitor/interval': 'often' does not match pattern"),
        ("serviceAccount.create", False, r"serviceAccount.name: name the ServiceAccount to use"),
        ("podMonitor.enabled", True, r"serviceMonitor and podMonitor are both enabled"),
    ],
)
def test_what_is_wrong_is_said(path: str, value: Any, told: str) -> None:
    with pytest.raises(helm.HelmError, match=told):
        rendered(with_value({"serviceMonitor": {"enabled": True}}, path, value))


def test_a_value_that_is_null_is_called_missing_or_does_no_harm() -> None:
    needed = {f"{path}.{name}".lstrip(".") for path, each in schemas(schema()) for name in each.get("required", []) if "[]" not in path}
    unsaid = [path for path in needed if f"missing property '{path.rpartition('.')[2]}'" not in refusal(with_value({}, path, None))]
    assert unsaid == []
    # The rest at once: whole maps, and then what is in them.
    switches = re.compile(r"(.*\.)?(enabled|create|install)|serviceAccount\.name")
    single = {path for path in leaves(defaults()) if path not in needed and not switches.fullmatch(path)}
    maps = {path.rpartition(".")[0] for path in single} - needed - {""}
    for paths in (maps, single):
        values = PARTS_ON
        for path in sorted(paths):
            if not any(path.startswith(f"{above}.") for above in paths):
                values = with_value(values, path, None)
        for obj in from_chart(values):
            validate(obj)


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(helm.HelmValuesError) as refused:
        rendered(values)
    return str(refused.value)


def test_a_parent_charts_globals_are_no_mistake() -> None:
    assert rendered({"global": {"region": "eu"}}) == rendered()


@pytest.mark.parametrize("enabled", [True, False])
def test_a_parent_chart_can_leave_it_out(tmp_path: Path, *, enabled: bool) -> None:
    chart().save(tmp_path / "charts")
    dependency = {"name": NAME, "version": chart().version, "repository": "", "condition": f"{NAME}.enabled"}
    parent = {"apiVersion": "v2", "name": "platform", "version": "1.0.0", "dependencies": [dependency]}
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(parent), encoding="utf-8")
    with helm.Chart.load(tmp_path) as platform:
        texts = platform.render({NAME: {"enabled": enabled}}, name="platform", namespace=NAME)
    assert (f"platform/charts/{NAME}/templates/deployment.yaml" in texts) == bool(texts) == enabled


def test_settings_reach_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = named(from_chart({"settings": {camel_case(name): value for name, value in SETTINGS.items()}}), "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    for each in container["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    assert Settings.load().model_dump() == SETTINGS
    assert container["ports"][0]["containerPort"] == 9090


def test_leader_election_follows_its_settings() -> None:
    objects = from_chart({"settings": {"leaseName": "east", "leaseNamespace": "leases"}})
    role, binding = named(objects, "Role"), named(objects, "RoleBinding")
    assert {role["metadata"]["namespace"], binding["metadata"]["namespace"]} == {"leases"}
    assert role["rules"][0]["resourceNames"] == ["east"]
    assert binding["subjects"][0]["namespace"] == NAME


def test_everything_at_once_is_taken() -> None:
    assert {obj["kind"] for obj in from_chart(everything())} >= {"NetworkPolicy", "PodDisruptionBudget", "ServiceMonitor"}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ({}, "fargateclaims:0.1.0"),
        ({"registry": "r.example:5000", "repository": "team/op", "tag": "x"}, "r.example:5000/team/op:x"),
        ({"digest": "sha256:" + "a" * 64}, "fargateclaims:0.1.0@sha256:" + "a" * 64),
    ],
)
def test_the_image_is_named(image: dict[str, str], name: str) -> None:
    (container,) = named(from_chart({"image": image}), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == name

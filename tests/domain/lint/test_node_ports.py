"""A Service's node ports are left alone where an ALB sends to its pods: AWS's own sample has them."""

from typing import Any, Final

import pytest
import yaml

from fargateclaims.domain.lint.linter import Linter

SERVICE: Final = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {type: NodePort}}"
BY_DEFAULT: Final = "{defaultBackend: {service: {name: web}}}"
BY_A_PATH: Final = "{rules: [{host: a.example}, {http: {paths: [{backend: {service: {name: web}}}]}}]}"
OF_THE_CLASS: Final = "{ingressClassName: alb, defaultBackend: {service: {name: web}}}"
OF_ANOTHER: Final = "{defaultBackend: {service: {name: api}}}"
TARGET: Final = "alb.ingress.kubernetes.io/target-type"
CLASS: Final = "{kind: IngressClass, metadata: {name: alb}, spec: {controller: ingress.k8s.aws/alb, parameters: {name: alb}}}"
PARAMS: Final = "{kind: IngressClassParams, metadata: {name: alb}, spec: {targetType: ip}}"


def ingress(spec: str, target: str | None = "ip", namespace: str = "shop") -> dict[str, Any]:
    annotations = {} if target is None else {TARGET: target}
    metadata = {"name": "web", "namespace": namespace, "annotations": annotations}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": yaml.safe_load(spec)}


def is_found(*others: dict[str, Any]) -> bool:
    linter = Linter(lambda rule: rule.id == "FG306")
    for each in (yaml.safe_load(SERVICE), *others):
        linter.add_object(each)
    return bool(linter.findings())


@pytest.mark.parametrize(
    "others",
    [
        [ingress(BY_DEFAULT)],
        [ingress(BY_A_PATH)],
        [ingress(BY_DEFAULT, namespace="")],
        [ingress(OF_ANOTHER), ingress(BY_A_PATH)],
        [ingress(OF_THE_CLASS, target=None), yaml.safe_load(CLASS), yaml.safe_load(PARAMS)],
    ],
)
def test_an_ingress_sends_to_the_pods(others: list[dict[str, Any]]) -> None:
    assert not is_found(*others)


@pytest.mark.parametrize(
    "others",
    [
        [],
        [ingress(BY_DEFAULT, target="instance")],
        [ingress(BY_DEFAULT, target=None)],
        [ingress(BY_DEFAULT, namespace="data")],
        [ingress(OF_ANOTHER)],
        [ingress(OF_THE_CLASS, target=None), yaml.safe_load(CLASS)],
        [ingress(OF_THE_CLASS, target="instance"), yaml.safe_load(CLASS), yaml.safe_load(PARAMS)],
    ],
)
def test_no_ingress_sends_to_the_pods(others: list[dict[str, Any]]) -> None:
    assert is_found(*others)

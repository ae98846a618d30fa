"""The examples for Argo CD and Flux install an operator that can work: with an AWS identity, from the image that docs/image.md builds."""

import re
from typing import Any

import pytest
import yaml

from support.rendering import CHART, ROOT, from_chart, named

VALUES = {
    "deploy/argocd/apps/children/operator.yaml": ("source", "helm", "valuesObject"),
    "deploy/flux/operator/release.yaml": ("values",),
}


@pytest.fixture(params=VALUES)
def made(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What the chart makes of an example's values."""
    values = yaml.safe_load((ROOT / request.param).read_text(encoding="utf-8"))["spec"]
    for key in VALUES[request.param]:
        values = values[key]
    return from_chart(values)


def test_the_operator_has_its_role_and_no_other(made: list[dict[str, Any]]) -> None:
    irsa = yaml.safe_load((CHART.parent / "values/irsa.yaml").read_text(encoding="utf-8"))
    (container,) = named(made, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert named(made, "ServiceAccount")["metadata"]["annotations"] == irsa["serviceAccount"]["annotations"]
    assert [each for each in container["env"] if "value" in each] == irsa["env"]


def test_the_image_is_the_one_that_is_pushed(made: list[dict[str, Any]]) -> None:
    pushed = re.findall(r"^docker push (\S+)$", (ROOT / "docs/image.md").read_text(encoding="utf-8"), re.MULTILINE)
    (container,) = named(made, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert [container["image"]] == pushed

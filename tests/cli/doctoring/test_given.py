"""Who has named no class hears of none."""

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from fargateclaims.cli.doctoring.given import in_options
from fargateclaims.domain import checks
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check, ClassChart, ClusterChart, Examination
from support.builders import ARN


def texts_of_checks() -> Iterator[str]:
    """All texts in the code of the checks but what documents it."""
    for module in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        tree = ast.parse(inspect.getsource(import_module(module.name)))
        documenting = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
                yield node.value


def test_every_field_of_a_class_has_an_option() -> None:
    texts = [text for text in texts_of_checks() if "spec." in text or "the class" in text]
    assert len(texts) > 5
    inner = Check("inner", Level.ERROR, "message", details=tuple(texts))
    outer = Check("outer", Level.ERROR, texts[0], texts[0], children=(inner,))
    (cluster,) = in_options(Examination((ClusterChart(ARN, (outer,), (ClassChart("", (outer,)),)),))).clusters
    for found in (*cluster.checks, *cluster.classes[0].checks):
        said = [found.message, found.fix, *found.children[0].details]
        assert [text for text in said if "spec." in text or "the class" in text] == []

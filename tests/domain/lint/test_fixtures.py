"""A hundred manifests as charts and people write them: exactly what is expected is found, on its line."""

import pytest

from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.registry import RULES
from support.lint_fixtures import NAMES, expected, text_of


@pytest.mark.parametrize("name", NAMES)
def test_exactly_this_is_found(name: str) -> None:
    linter = Linter()
    linter.add_text(name, text_of(name))
    assert [f"{finding.line} {finding.rule.id}" for finding in linter.findings()] == expected().get(name, [])


def test_there_are_a_hundred_and_each_rule_finds_something() -> None:
    assert len(NAMES) >= 100
    assert set(expected()) <= set(NAMES)
    assert {found.split()[1] for each in expected().values() for found in each} == {rule.id for rule in RULES}

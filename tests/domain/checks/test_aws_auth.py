import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from fargateclaims.domain.checks.aws_auth import NODE_GROUPS, MalformedMapRoles, MappedRole, entry_for, read_map_roles
from support.builders import ROLE

FARGATE = MappedRole(ROLE, "system:node:{{SessionName}}", frozenset(NODE_GROUPS))
BLOCK = f"""\
# by EKS
- groups:
  - system:bootstrappers
  - system:nodes
  - system:node-proxier
  rolearn: {ROLE}
  username: system:node:{{{{SessionName}}}}
"""


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        entry_for(ROLE),
        json.dumps([{"rolearn": ROLE, "username": "system:node:{{SessionName}}", "groups": list(NODE_GROUPS)}]),
        f"- {{roleARN: {ROLE}, UserName: 'system:node:{{{{SessionName}}}}', groups: [{', '.join(NODE_GROUPS)}], other: 2026-99-99}}",
    ],
)
def test_what_is_read(text: str) -> None:
    assert read_map_roles(text) == (FARGATE,)


def test_the_entry_that_is_to_be_added_fits_below_the_others() -> None:
    assert read_map_roles(BLOCK + entry_for(ROLE)) == (FARGATE, FARGATE)
    assert "\n" not in entry_for(ROLE)


@pytest.mark.parametrize("text", ["", " ", "[]", "# nothing", "null", "~"])
def test_nothing_is_nothing(text: str) -> None:
    assert read_map_roles(text) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rolearn: x", "it is not a list"),
        ("- x", "its entry 1 is not a mapping"),
        (f"{BLOCK}- 3", "its entry 2 is not a mapping"),
        ("- a: b\n c: d", "it is no YAML in line 2: "),
        ("- a: \tb:\n- : c: [", "it is no YAML in line "),
        ("- \x00", "it is not to be read: "),
        ("[" * 200_000, "it is not to be read: it is nested too deeply"),
        ("- " * 200_000, "it is not to be read: it is nested too deeply"),
        ("- &a [*a]", "it is no YAML"),
        ("- \ud800", "it is not to be read: "),
        ("- a\n---\n- b", "it is no YAML in line 2: "),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(MalformedMapRoles, match=why.replace("[", r"\[")):
        read_map_roles(text)


def test_fields_of_other_kinds_are_empty() -> None:
    assert read_map_roles("- {rolearn: [x], username: {a: b}, groups: x}\n- {groups: [[a], b]}") == (
        MappedRole("", "", frozenset()),
        MappedRole("", "", frozenset({"b"})),
    )


def test_roles_are_compared_as_the_authenticator_does() -> None:
    assert FARGATE.is_for(ROLE.upper())
    assert not FARGATE.is_for(f"{ROLE}2")


@given(st.text(alphabet="-[]{}:,&*!|>'\"# \nab?%@`\t", max_size=40))
@example("&a [*a, *a]")
@example("!!python/object:os.system {}")
def test_no_text_is_too_strange(text: str) -> None:
    with suppress(MalformedMapRoles):
        read_map_roles(text)


def test_the_loader_without_libyaml_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("aws_auth", "hostile_yaml"):
        monkeypatch.setattr(f"fargateclaims.domain.checks.{module}.BASE_LOADER", yaml.BaseLoader)
    assert read_map_roles(BLOCK) == (FARGATE,)
    with pytest.raises(MalformedMapRoles, match="nested too deeply"):
        read_map_roles("[" * 100)

"""One more entry in a list that somebody else has written: whatever it looks like, all else stays byte for byte."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from fargateclaims.domain.repairs.insertion import CannotInsertError, with_entry

ENTRY = {"rolearn": "arn:aws:iam::1:role/r", "username": "system:node:{{SessionName}}", "groups": ["system:nodes", "x"]}
BLOCK = "- rolearn: arn:aws:iam::1:role/r\n  username: system:node:{{SessionName}}\n  groups:\n  - system:nodes\n  - x\n"
FLOW = json.dumps(ENTRY)


def is_inserted(before: str, after: str) -> bool:
    """Whether the one is the other with something in one place."""
    return any(after.startswith(before[:at]) and after.endswith(before[at:]) for at in range(len(before) + 1)) and len(after) > len(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK),
        ("\n", "\n" + BLOCK),
        ("# nobody yet", "# nobody yet\n" + BLOCK),
        ("---\n", "---\n" + BLOCK),
        ("- rolearn: a", "- rolearn: a\n" + BLOCK),
        ("- rolearn: a\n", "- rolearn: a\n" + BLOCK),
        ("- rolearn: a\n# the end\n\n", "- rolearn: a\n# the end\n\n" + BLOCK),
        ("-   rolearn: a\n    groups: [x]\n", "-   rolearn: a\n    groups: [x]\n" + BLOCK),
        ("-\n  a: |+\n    b\n\n", "-\n  a: |+\n    b\n\n" + BLOCK),
        ("- a: b\n...\n", BLOCK + "- a: b\n...\n"),
        ("# top\n--- # list\n- a: b\n...\n", "# top\n--- # list\n" + BLOCK + "- a: b\n...\n"),
        ("- &x a\n- *x\n- !t b\n", "- &x a\n- *x\n- !t b\n" + BLOCK),
        ("[]", f"[{FLOW}]"),
        ("[ # nobody\n]\n", f"[ # nobody\n{FLOW}]\n"),
        ('[{"rolearn": "a"}]', f'[{{"rolearn": "a"}}, {FLOW}]'),
        ("[{a: é} # c\n]", f"[{{a: é}}, {FLOW} # c\n]"),
        ("[{a: b},]", f"[{{a: b}}, {FLOW},]"),
        ("--- [a]\n", f"--- [a, {FLOW}]\n"),
        ('[\n  {\n    "a": "b"\n  }\n]\n', f'[\n  {{\n    "a": "b"\n  }},\n  {FLOW}\n]\n'),
        ("[\r\n\t{a: b}\r\n]", f"[\r\n\t{{a: b}},\r\n\t{FLOW}\r\n]"),
    ],
)
def test_it_goes_where_people_would_put_it(before: str, after: str) -> None:
    assert with_entry(before, ENTRY) == after


def test_indentation_and_line_breaks_are_those_that_are_there() -> None:
    assert with_entry("  - a: b\r\n    c: d", ENTRY) == "  - a: b\r\n    c: d\r\n" + "".join(f"  {line}\r\n" for line in BLOCK.splitlines())


@pytest.mark.parametrize("text", ["null", "{}", "a: b", "x", "''", "- a\n--- \n- b\n", "[a]\n---\n[b]", "*x"])
def test_what_is_no_list_is_left_alone(text: str) -> None:
    with pytest.raises((CannotInsertError, yaml.YAMLError)):
        with_entry(text, ENTRY)


def test_an_entry_that_the_style_cannot_hold_is_refused() -> None:
    with pytest.raises(CannotInsertError):
        with_entry("- a", {"rolearn": "a: b # c"})


SCALARS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t'\":#-[]{},&*!|>%@`é☃"), max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(SCALARS, SCALARS, max_size=2)
ENTRIES = st.lists(st.dictionaries(SCALARS, VALUES, max_size=4) | SCALARS, max_size=5)


def loaded(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader) or []


@given(
    entries=ENTRIES,
    flow=st.sampled_from([None, True, False]),
    indent=st.sampled_from([2, 3, 4, 8]),
    margin=st.sampled_from(["", "  ", "     "]),
    width=st.sampled_from([20, 80, 10_000]),
    brk=st.sampled_from(["\n", "\r\n"]),
    head=st.sampled_from(["", "# who may what\n", "\n\n", "---\n", "%YAML 1.1\n---\n"]),
    tail=st.sampled_from(["", "# the end", "\n\n# the end\n", "...\n"]),
    cut=st.booleans(),
)
def test_whatever_others_wrote_stays(
    *, entries: list[Any], flow: bool | None, indent: int, margin: str, width: int, brk: str, head: str, tail: str, cut: bool
) -> None:
    body = yaml.safe_dump(entries, default_flow_style=flow, indent=indent, width=width, allow_unicode=True, sort_keys=False)
    body = body.removesuffix("\n") if cut and not tail else body
    before = (head + "".join(margin + line for line in body.splitlines(keepends=True)) + tail).replace("\n", brk)
    check(before)


@given(entries=ENTRIES, indent=st.sampled_from([None, 0, 1, 2, 4]), ascii_only=st.booleans())
def test_and_so_does_json(entries: list[Any], indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001
    check(json.dumps(entries, indent=indent, ensure_ascii=ascii_only))


@given(st.text(st.sampled_from("-[]{},:ab'\"|>&*!#%? \n\r\t.é"), max_size=30))
@example("- a\n...\n# x")
@example("\ufeff- a")
@example("- |\n a\n\n \n")
@example("- - a\n  - b")
@example("? a\n: b")
@example("[a\n]#x")
def test_no_text_at_all_is_damaged(before: str) -> None:
    check(before)


def check(before: str) -> None:
    """It has become a list with one more entry, or it was refused."""
    try:
        former = loaded(before)
        after = with_entry(before, ENTRY)
    except (CannotInsertError, yaml.YAMLError, ValueError):
        return
    assert isinstance(former, list)
    assert is_inserted(before, after)
    found = loaded(after)
    assert found in ([*former, ENTRY], [ENTRY, *former])


def test_what_dumpers_write_is_never_refused() -> None:
    for flow in (None, True, False):
        for entries in ([], [{"rolearn": "a", "groups": ["b", "c"]}] * 3):
            text = yaml.safe_dump(entries, default_flow_style=flow)
            assert loaded(with_entry(text, ENTRY)) == [*entries, ENTRY]
            assert loaded(with_entry(json.dumps(entries, indent=2), ENTRY)) == [*entries, ENTRY]


def test_it_is_as_good_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fargateclaims.domain.repairs.insertion._LOADER", yaml.BaseLoader)
    for before, after in (("- a: é\n", "- a: é\n" + BLOCK), ("[é]", f"[é, {FLOW}]"), ("- a\n...\n", BLOCK + "- a\n...\n")):
        assert with_entry(before, ENTRY) == after

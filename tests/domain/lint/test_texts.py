import json
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.lint.texts import DEEPEST, MOST_FLAWS, MOST_VALUES, Document, Flaw, Lines, documents, line_of
from support.lint_fixtures import NAMES, text_of


def only(text: str) -> Any:
    (found,) = documents(text)
    assert isinstance(found, Document), found
    return found.value


def flaw(text: str) -> Flaw:
    (found,) = documents(text)
    assert isinstance(found, Flaw), found
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("No", False),
        ("off", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("8080", 8080),
        ("-3", -3),
        ("1_000", 1000),
        ("0755", 493),
        ("0o755", 493),
        ("0x1F", 31),
        ("0b101", 5),
        ("-0x10", -16),
        ("0x_", "0x_"),
        ("1_", 1),
        ("1__0", 10),
        ("._", "._"),
        (".5_", 0.5),
        ("+.", "+."),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.5Gi", "1.5Gi"),
        ("250m", "250m"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        (".inf", ".inf"),
        ("'8080'", "8080"),
        ('"yes"', "yes"),
        ("!!str 5", "5"),
        ('!!int "5"', 5),
        ("!Ref thing", "thing"),
        ("9" * 5000, "9" * 5000),
        ("=", "="),
    ],
)
def test_scalars_mean_what_they_mean_to_kubernetes(text: str, value: object) -> None:
    found = only(f"key: {text}\n")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


def test_keys_are_texts() -> None:
    assert only("80: a\ntrue: b\n~: c\n") == {"80": "a", "true": "b", "~": "c"}


def test_merge_keys() -> None:
    text = """
base: &base {x: 1, y: 2}
other: &other {y: 3, z: 4}
one: {<<: *base, y: 5}
late:
  y: 5
  <<: *base
both:
  <<: [*base, *other]
"""
    found = only(text)
    assert found["one"] == found["late"] == {"x": 1, "y": 5}
    assert found["both"] == {"x": 1, "y": 2, "z": 4}


def test_lines_are_those_of_keys_and_items() -> None:
    text = "# head\nspec:\n  containers:\n  - name: a\n    image: b\n  -\n    name: c\n"
    found = only(text)
    assert [
        line_of(found, path)
        for path in [
            (),
            ("spec",),
            ("spec", "containers"),
            ("spec", "containers", 0),
            ("spec", "containers", 0, "image"),
            ("spec", "containers", 1, "name"),
            ("spec", "containers", 1, "missing", "and", 3),
            ("spec", "containers", 7),
        ]
    ] == [1, 1, 2, 3, 4, 6, 6, 2]
    assert line_of({"a": 1}, ("a",)) is None


def test_documents_know_where_they_begin() -> None:
    found = [(each.first_line, each.head_line) for each in documents("# a\n\nx: 1\n---\n# b\ny: 2\n---\n") if isinstance(each, Document)]
    assert found == [(0, 2), (3, 5), (6, 7)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: [1\nb: 2\n", 1, "flow sequence"),
        ("a: 1\nb: 2\na: 3\n", 2, "stands here twice"),
        ("? [a]\n: b\n", 0, "a key has to be a text"),
        ("? {a: b}\n: c\n", 0, "a key has to be a text"),
        ("x: &x [1]\n*x : 2\n", 1, "a key has to be a text"),
        ("x: &x\n  y: *x\n", 1, "stands for nothing that ends before it"),
        ("y: *x\n", 0, "stands for nothing"),
        ("<<: 1\n", 0, "<< takes a mapping"),
        ("a: \x01\n", 0, "a character that YAML does not allow"),
        ("\ta: 1\n", 0, "cannot start any token"),
    ],
)
def test_flaws_say_where_and_why(text: str, line: int, said: str) -> None:
    found = flaw(text)
    assert found.line == line
    assert said in found.message


def test_what_follows_a_flaw_is_read() -> None:
    found = list(documents("a: 1\n---\nb: [\n---\nc: 3\n---\nd: }\n---\ne: 5\n"))
    assert [each.value if isinstance(each, Document) else each.line for each in found] == [{"a": 1}, 3, {"c": 3}, 6, {"e": 5}]
    assert [line_of(each.value, tuple(each.value)) for each in found if isinstance(each, Document)] == [0, 4, 8]


def test_the_rest_is_given_up_after_many_flaws() -> None:
    assert len(list(documents("a: [\n---\n" * 1000))) == MOST_FLAWS


@pytest.mark.parametrize("nested", ["[", "{a: ", "- "])
def test_nesting_is_bounded(nested: str) -> None:
    # Deep enough to crash what recurses.
    found = flaw(nested * 200_000)
    assert found.message == f"more than {DEEPEST} levels of nesting"


def test_aliases_are_bounded() -> None:
    names = "abcdefghij"
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(names))
    assert flaw(text).message.startswith(f"more than {MOST_VALUES:,} values")


def test_json_that_is_no_yaml() -> None:
    assert only('{\n\t"a":\t1, "b": "\\ud83d\\ude00"}') == {"a": 1, "b": "😀"}
    assert only('{"a": "\x80"}') == {"a": "\x80"}
    assert flaw('{"a": "\x80"').message == "a character that YAML does not allow"


def test_lines_of_offsets() -> None:
    lines = Lines("a\nbc\n\nd")
    assert [lines.line_at(offset) for offset in range(7)] == [0, 0, 1, 1, 1, 2, 3]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("input/")])
def test_it_reads_what_pyyaml_reads(name: str) -> None:
    ours = [each.value for each in documents(text_of(name)) if isinstance(each, Document)]
    assert ours == list(yaml.load_all(text_of(name), yaml.CSafeLoader))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=30,
)


@given(JSON)
def test_any_json_is_read(value: object) -> None:
    for text in (json.dumps({"value": value}), json.dumps({"value": value}, ensure_ascii=False, indent="\t")):
        if '"<<"' not in text:  # which merges, to YAML
            assert only(text) == {"value": value}


@given(st.text(alphabet=st.sampled_from("+-.0179_xobeE~"), max_size=8))
def test_no_scalar_crashes_it(text: str) -> None:
    for found in documents(f"key: {text}"):
        assert isinstance(found, Document | Flaw)


@given(st.text(alphabet=st.sampled_from("ab:-?[]{},&*!|>'\"#% \n\t0<")))
def test_no_text_crashes_it(text: str) -> None:
    for found in documents(text):
        assert isinstance(found, Document | Flaw)

"""EKS's wildcards, held against what they mean: all the short texts that a pattern matches."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.patterns import intersect, is_literal, matches, within

SHORT_PATTERNS = st.text("ab*?", max_size=4)
# A text that two patterns of up to four characters share need not be longer than both together.
TEXTS = ["".join(letters) for length in range(9) for letters in product("ab", repeat=length)]
GREEDY = "*a" * 30 + "*b"


def fits(pattern: str, text: str) -> bool:
    """What a pattern means, as plainly as it can be said."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and fits(pattern[1:], text[1:])


@pytest.mark.parametrize(("pattern", "literal"), [("shop", True), ("", True), ("a.b[c]", True), ("sh*p", False), ("sh?p", False)])
def test_a_literal_has_no_wildcard(pattern: str, literal: bool) -> None:  # noqa: FBT001
    assert is_literal(pattern) is literal


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("shop", "shop", True),
        ("shop", "shops", False),
        ("shop", "Shop", False),
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("*", "anything", True),
        ("**", "", True),
        ("?", "", False),
        ("?", "a", True),
        ("?", "ab", False),
        ("team-*", "team-", True),
        ("team-*", "team", False),
        ("*-prod", "shop-prod", True),
        ("*-prod", "shop-prod-1", False),
        ("a*b*c", "abc", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "acb", False),
        ("*ab", "aab", True),
        ("*a?", "aab", True),
        ("a*a", "a", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a+", "aa", False),
        ("*", "a\nb", True),
        ("a?b", "a\nb", True),
        ("shop", "shop\n", False),
    ],
)
def test_a_pattern_matches_the_whole_text_and_knows_no_regular_expressions(
    pattern: str,
    text: str,
    matched: bool,  # noqa: FBT001
) -> None:
    assert matches(pattern, text) is matched


@given(SHORT_PATTERNS, st.text("ab", max_size=6))
def test_matching_is_what_the_wildcards_mean(pattern: str, text: str) -> None:
    assert matches(pattern, text) is fits(pattern, text)


@pytest.mark.timeout(30)
def test_no_team_can_write_a_pattern_that_takes_for_ever_to_judge() -> None:
    assert not matches(GREEDY, "a" * 63)
    assert not within("a" * 63, GREEDY)
    assert not intersect("a" * 63, GREEDY)
    assert not intersect("a" + GREEDY, GREEDY + "a" + "b?" * 30 + "c")


@pytest.mark.parametrize(
    ("inner", "outer", "inside"),
    [
        ("shop", "shop", True),
        ("shop", "data", False),
        ("shop", "*", True),
        ("*", "*", True),
        ("?", "*", True),
        ("*", "?", False),
        ("?", "?", True),
        ("a", "?", True),
        ("?", "a", False),
        ("*", "a", False),
        ("team-a-*", "team-*", True),
        ("team-*", "team-a-*", False),
        ("team-*", "team-?", False),
        ("team-?", "team-*", True),
        ("*", "team-*", False),
        ("*-*", "*", True),
        ("*a", "?a", False),
        ("a*c", "a*b*c", False),
        ("a*b*c", "a*c", True),
    ],
)
def test_a_pattern_lies_within_another_only_if_it_asks_for_no_more(
    inner: str,
    outer: str,
    inside: bool,  # noqa: FBT001
) -> None:
    assert within(inner, outer) is inside


@given(SHORT_PATTERNS, SHORT_PATTERNS)
def test_what_lies_within_matches_nothing_else(inner: str, outer: str) -> None:
    if within(inner, outer):
        assert all(fits(outer, text) for text in TEXTS if fits(inner, text))


@given(st.text("ab", max_size=6), SHORT_PATTERNS)
def test_a_literal_lies_within_exactly_what_matches_it(text: str, pattern: str) -> None:
    assert within(text, pattern) is fits(pattern, text)


@given(SHORT_PATTERNS)
def test_every_pattern_lies_within_itself_and_within_everything(pattern: str) -> None:
    assert within(pattern, pattern)
    assert within(pattern, "*")


@pytest.mark.parametrize(
    ("left", "right", "shared"),
    [
        ("shop", "shop", True),
        ("shop", "data", False),
        ("shop", "s*", True),
        ("shop", "s?", False),
        ("", "*", True),
        ("", "?", False),
        ("team-*", "*-prod", True),
        ("team-*", "data-*", False),
        ("a*", "*b", True),
        ("a?", "?b", True),
        ("a?", "?", False),
        ("?*", "*?", True),
        ("a*a", "?", False),
        ("*a*a*", "b?b", False),
        ("*a*", "b?b*", True),
    ],
)
def test_two_patterns_meet_if_one_text_matches_both(
    left: str,
    right: str,
    shared: bool,  # noqa: FBT001
) -> None:
    assert intersect(left, right) is shared
    assert intersect(right, left) is shared


@given(SHORT_PATTERNS, SHORT_PATTERNS)
def test_meeting_is_what_trying_all_texts_finds(left: str, right: str) -> None:
    assert intersect(left, right) is any(fits(left, text) and fits(right, text) for text in TEXTS)

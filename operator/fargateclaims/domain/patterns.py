"""EKS's wildcards: `*` is zero or more characters, `?` exactly one; anywhere and repeatedly, no regular expressions."""

import re
from functools import lru_cache


def is_literal(pattern: str) -> bool:
    """Whether a pattern matches only itself."""
    return "*" not in pattern and "?" not in pattern


@lru_cache(maxsize=4096)
def _expression(pattern: str, mark: str) -> re.Pattern[str]:
    first, *later = ("".join(mark if character == "?" else re.escape(character) for character in part) for part in pattern.split("*"))
    if not later:
        return re.compile(first, re.DOTALL)
    *between, last = later
    # What stands between two asterisks is settled where it first fits: a later place never helps, and to try them all takes time that
    # grows exponentially with the asterisks, which any team may write.
    return re.compile(first + "".join(f"(?>.*?{part})" for part in between) + ".*" + last, re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a literal text."""
    return _expression(pattern, ".").fullmatch(text) is not None


def within(inner: str, outer: str) -> bool:
    """Whether everything that `inner` can match, `outer` matches too.

    `inner` is read as a string in which `*` may stand only where `outer` has a `*`; the same rule works in CEL.
    """
    return _expression(outer, "[^*]").fullmatch(inner) is not None


@lru_cache(maxsize=16384)
def intersect(left: str, right: str) -> bool:
    """Whether some text matches both patterns."""
    if is_literal(left):
        return matches(right, left)
    if is_literal(right):
        return matches(left, right)
    return _intersect(left, right)


def _intersect(left: str, right: str) -> bool:
    # A walk through pairs of positions: an asterisk may be left, or take what the other pattern has next.
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        i, j = todo.pop()
        if i == len(left) and j == len(right):
            return True
        a, b = left[i : i + 1], right[j : j + 1]
        steps = []
        if a == "*":
            steps += [(i + 1, j)] + ([(i, j + 1)] if b else [])
        if b == "*":
            steps += [(i, j + 1)] + ([(i + 1, j)] if a else [])
        if a and b and (a == b or "?" in (a, b)):
            steps.append((i + 1, j + 1))
        new = [step for step in steps if step not in seen]
        seen.update(new)
        todo.extend(new)
    return False

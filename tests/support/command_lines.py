"""The command lines of the docs: found on a page, and read as the program would."""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final

import typer

from fargateclaims.cli.app import app as operator
from fargateclaims.cli.plugin.commands import app as plugin

_FENCED: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`]+)`")
_OURS: Final = re.compile(r"\bkubectl fargate [a-z].*|(?:^|(?<=[|$] ))fargateclaims [a-z].*")
_AWS: Final = re.compile(r"\baws [a-z0-9-]+ [a-z0-9-]+ --(?:'[^']*'|[^`\n'])*")
_OPERATORS: Final = frozenset("();<>|&")


def code(page: str) -> Iterator[str]:
    """Each line of the code in Markdown; one that is continued, whole."""
    for block in _FENCED.findall(page):
        yield from block.replace("\\\n", "").splitlines()[1:-1]
    for span in _SPAN.findall(_FENCED.sub("", page)):
        yield " ".join(span.split())


def of_ours(page: str) -> list[list[str]]:
    """The words of each command of `fargateclaims` and of `kubectl fargate`."""
    return [_words(found[0]) for line in code(page) if (found := _OURS.search(line))]


def of_aws(page: str) -> list[list[str]]:
    """The words of each command of the AWS CLI that has options."""
    return [_words(found) for found in _AWS.findall(page.replace("\\\n", ""))]


def parse(words: list[str]) -> None:
    """Read a command line of ours as the program would, up to where it would begin to work."""
    program, arguments = (plugin, words[2:]) if words[0] == "kubectl" else (operator, words[1:])
    group: Any = typer.main.get_command(program)
    while hasattr(group, "commands"):
        group = group.commands[arguments.pop(0)]
    if arguments:
        group.make_context(words[0], list(arguments))


def _words(line: str) -> list[str]:
    """Up to where the shell begins something else."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(takewhile(lambda word: not set(word) <= _OPERATORS, lexer))

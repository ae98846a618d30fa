"""What a message of ours tells people to do, done: its `aws` commands are carried out as they are written."""

import re
import shlex
from typing import Final

from support.aws_cli import perform
from support.broken_set_ups import SetUp

_COMMAND: Final = re.compile(r"\baws (?:ec2|eks|iam) .*?(?=; |$)")


def commands(sentence: str) -> list[str]:
    """The AWS CLI's commands in a sentence."""
    return _COMMAND.findall(sentence)


def carry_out(set_up: SetUp, sentence: str, **placeholders: str) -> int:
    """Carry them out; how many there were.

    :param placeholders: what people put in for the words in capitals.
    """
    found = commands(sentence)
    for command in found:
        _, *words = [placeholders.get(word, word) for word in shlex.split(command)]
        perform(set_up.aws(words[0]), words)
    return len(found)

"""Reads a Dockerfile and its .dockerignore: as much of their grammar as this project uses, and an error for anything else."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(:\+(?P<word>(?:[^{}]|\$\{\w+\})*))?\}")
_PAIR = re.compile(r'(?P<name>[\w.]+)=(?P<value>"[^"]*"|\S*)')


@dataclass(frozen=True)
class Instruction:
    """One instruction, such as RUN, and what follows it on its lines, joined."""

    name: str
    text: str

    @property
    def pairs(self) -> dict[str, str]:
        """The NAME=value pairs of ARG, ENV or LABEL; a lone name has the value ""."""
        found = {match["name"]: match["value"].strip('"') for match in _PAIR.finditer(self.text)}
        return found or {self.text: ""}

    @property
    def exec_form(self) -> list[str]:
        """The words of an ENTRYPOINT or CMD that needs no shell. Raises ValueError where one would be started."""
        words = json.loads(self.text)
        if not isinstance(words, list):
            raise TypeError(f"{self.name} {self.text} is no list")
        return [str(word) for word in words]


@dataclass(frozen=True)
class Stage:
    """A FROM and what belongs to it."""

    base: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def one(self, name: str) -> Instruction:
        (found,) = self.all(name)
        return found


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile: the arguments before the first FROM with their defaults, and the stages."""

    arguments: Mapping[str, str]
    stages: tuple[Stage, ...]

    @classmethod
    def read(cls, path: Path) -> "Dockerfile":
        arguments: dict[str, str] = {}
        stages: list[tuple[str, list[Instruction]]] = []
        for instruction in _instructions(path.read_text(encoding="utf-8")):
            if instruction.name == "FROM":
                stages.append((instruction.text, []))
            elif stages:
                stages[-1][1].append(instruction)
            else:
                arguments |= instruction.pairs
        return cls(arguments, tuple(Stage(base, tuple(within)) for base, within in stages))


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put in `${NAME}` and `${NAME:+word}`, as the builder does in FROM, ENV and LABEL."""

    def value(match: re.Match[str]) -> str:
        known = variables.get(match["name"], "")
        if match["word"] is None:
            return known
        return expand(match["word"], variables) if known else ""

    return _VARIABLE.sub(value, text)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for logical in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = logical.partition(" ")
        yield Instruction(name, rest.strip())


def context(folder: Path) -> list[Path]:
    """The files below `folder` that its .dockerignore lets in: `*`, then `!path` lines, then `**/name` lines. Others are refused."""
    lines = [line for line in (folder / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    if lines.pop(0) != "*":
        raise ValueError("not everything is kept out first")
    let_in = [folder / line.removeprefix("!") for line in lines if line.startswith("!")]
    names = {line.removeprefix("**/") for line in lines if line.startswith("**/")}
    if len(let_in) + len(names) != len(lines):
        raise ValueError("lines that cannot be read here")
    found = [path for each in let_in for path in ([each] if each.is_file() else each.rglob("*"))]
    return sorted(path for path in found if path.is_file() and not names & set(path.relative_to(folder).parts))

"""Builds the image's file system below a folder, without a container engine, by the instructions of the Dockerfile themselves.

What stands in for the base image: this machine's /usr, the interpreter that runs the tests, and the pip and uv beside it. Each absolute
path of the Dockerfile becomes one below the folder. RUN lines are run by a shell, at first without a network.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.dockerfile import Dockerfile, Instruction, Stage, context, expand

REPOSITORY: Final = Path(__file__).parents[2]
USER: Final = 65532
_ABSOLUTE = re.compile(r"(?<![^\s\"=(])/(?=\w)")
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COPY: Final = "python"
_RUN_LIMIT_S: Final = 500
# Of the surroundings' variables, those that may change what is built, or where.
_OURS: Final = ("COV", "PYTEST", "PYTHON", "VIRTUAL_ENV")


class BuildError(Exception):
    """A RUN line failed; with what it printed."""


@dataclass(frozen=True)
class Image:
    """What was built: the root of its files, the wheel that went into it, and what a container would be started with."""

    root: Path
    wheel: Path
    environment: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]

    @property
    def home(self) -> Path:
        """The virtual environment."""
        return self.root / "opt/fargateclaims"

    @classmethod
    def of(cls, folder: Path, dockerfile: Dockerfile) -> "Image":
        """The image that was built in `folder`."""
        final = dockerfile.stages[-1]
        root = folder / "image"
        (wheel,) = (folder / "builder/wheel").glob("*.whl")
        variables = {name: value for each in final.all("ENV") for name, value in each.pairs.items()}
        return cls(
            root=root,
            wheel=wheel,
            # A shared libpython is found where it was first installed, which for a copy is the wrong place.
            environment={"LD_LIBRARY_PATH": str(folder / _COPY / "lib")}
            | {name: expand(_below(root, value), {"PATH": _SYSTEM_PATH}) for name, value in variables.items()},
            entrypoint=tuple(_below(root, word) for word in final.one("ENTRYPOINT").exec_form),
            command=tuple(final.one("CMD").exec_form),
        )


def build(folder: Path, dockerfile: Dockerfile, arguments: Mapping[str, str]) -> None:
    """Build the image below `folder` and make it read-only. Raises BuildError.

    :param arguments: what `--build-arg` would give.
    """
    builder, final = dockerfile.stages
    root = folder / "image"
    path = _base_image(folder)
    try:
        _Stage(root, path, {**arguments, "UV_OFFLINE": "1"}).perform(builder)
    except BuildError:
        # uv's cache does not have everything.
        shutil.rmtree(root)
        _Stage(root, path, arguments).perform(builder)
    # What is installed knows its own path, so the final stage's root is where the builder's was.
    built = root.rename(folder / "builder")
    root.mkdir()
    for copy in final.all("COPY"):
        source, target = copy.text.removeprefix("--from=builder ").split()
        Path(_below(root, target)).parent.mkdir(parents=True)
        Path(_below(built, source)).rename(_below(root, target))
    if final.all("RUN"):
        raise ValueError("the final stage runs nothing, so that its layers are what was built")
    subprocess.run(["chmod", "-R", "a-w", root], check=True)


def remove(folder: Path) -> None:
    """Remove what `build` made."""
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder)


class _Stage:
    """Performs the instructions of the builder's stage."""

    def __init__(self, root: Path, path: str, given: Mapping[str, str]) -> None:
        self._root = root
        self._given = given
        self._directory = root
        self._path = path
        self._variables: dict[str, str] = {}

    def perform(self, stage: Stage) -> None:
        self._root.mkdir()
        for instruction in stage.instructions:
            getattr(self, f"_{instruction.name.lower()}")(instruction)

    def _arg(self, instruction: Instruction) -> None:
        self._variables |= {name: self._given.get(name, default) for name, default in instruction.pairs.items()}

    def _env(self, instruction: Instruction) -> None:
        self._variables |= {name: expand(value, self._variables) for name, value in instruction.pairs.items()}

    def _workdir(self, instruction: Instruction) -> None:
        self._directory = Path(_below(self._root, instruction.text))
        self._directory.mkdir(parents=True)

    def _copy(self, instruction: Instruction) -> None:
        *sources, target = instruction.text.split()
        for source in sources:
            origin = REPOSITORY / source
            let_in = [path for path in context(REPOSITORY) if path == origin or origin in path.parents]
            if not let_in:
                raise FileNotFoundError(f"{source} is kept out by .dockerignore")
            for path in let_in:
                to = self._directory / target / (path.name if path == origin else path.relative_to(origin))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)

    def _run(self, instruction: Instruction) -> None:
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        # Modes are changed below, which would reach the files of uv's cache through hard links.
        ours = {"PATH": self._path, "UV_LINK_MODE": "copy", "PIP_NO_INDEX": "1"}
        done = subprocess.run(
            ["/bin/sh", "-c", _below(self._root, instruction.text)],
            env={**surroundings, **self._given, **ours, **self._variables},
            cwd=self._directory,
            umask=0o022,
            check=False,
            capture_output=True,
            text=True,
            timeout=_RUN_LIMIT_S,
        )
        if done.returncode:
            raise BuildError(f"RUN {instruction.text}\nended with {done.returncode}\n{done.stdout}{done.stderr}")


def _base_image(folder: Path) -> str:
    """Make what the base image and the first RUN line bring, and return its PATH: python, pip, and uv by its hash.

    pip finds that the very uv is there already and, with `PIP_NO_INDEX`, would fail otherwise: nothing is installed into the tests'
    own environment.
    """
    tools = folder / "tools"
    tools.mkdir()
    for name in ("pip", "uv"):
        (tools / name).symlink_to(Path(sys.executable).parent / name)
    return f"{tools}:{_interpreter(folder)}:{_SYSTEM_PATH}"


def _interpreter(folder: Path) -> Path:
    """The folder of the interpreter that runs the tests; of a copy where other users cannot reach it, as one below /root."""
    home = Path(sys.base_prefix)
    if all(each.stat().st_mode & 0o001 for each in (home, *home.parents)):
        return home / "bin"
    keep_out = shutil.ignore_patterns("site-packages", "test", "*.a", "include", "share")
    shutil.copytree(home, folder / _COPY, symlinks=True, ignore=keep_out)
    return folder / _COPY / "bin"


def _below(root: Path, path: str) -> str:
    return _ABSOLUTE.sub(f"{root}/", path)

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fargateclaims import __version__
from support.dockerfile import Dockerfile
from support.image_build import REPOSITORY, Image, build, remove


@pytest.fixture(scope="session")
def dockerfile() -> Dockerfile:
    return Dockerfile.read(REPOSITORY / "Dockerfile")


@pytest.fixture(scope="session")
def image(testrun_uid: str, dockerfile: Dockerfile) -> Iterator[Image]:
    """What the Dockerfile builds: once for all workers, where every user of this machine can reach it."""
    folder = Path(tempfile.gettempdir(), f"fargateclaims-image-{testrun_uid}")
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    users = folder / "users"
    with users.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            build(folder, dockerfile, {"VERSION": __version__})
            (folder / "built").touch()
        lock.write("+")
    yield Image.of(folder, dockerfile)
    with users.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left = lock.read()[1:]
        lock.seek(0)
        lock.truncate()
        lock.write(left)
        lock.flush()
        if not left:
            remove(folder)

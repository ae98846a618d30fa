"""kubectl, as a person or a pipeline calls it: the real program, with a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Protocol

KUBECTL: Final = Path(sys.executable).with_name("kubectl")
LIMIT: Final = 120.0


class Kubectl(Protocol):
    """Runs kubectl and fails the test unless it exits with `code`. `stdin` is a text, or an object to send as JSON."""

    def __call__(self, *arguments: str, stdin: Any = None, code: int = 0, **environment: str) -> "subprocess.CompletedProcess[str]": ...


def kubectl_with(kubeconfig: Path, home: Path) -> Kubectl:
    """A kubectl that uses this kubeconfig, and nothing of the user's own."""

    def run(*arguments: str, stdin: Any = None, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        text = stdin if stdin is None or isinstance(stdin, str) else json.dumps(stdin)
        settings = {"HOME": str(home), "KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"], **environment}
        done = subprocess.run([KUBECTL, *arguments], input=text, capture_output=True, text=True, env=settings, timeout=LIMIT, check=False)
        assert done.returncode == code, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    return run

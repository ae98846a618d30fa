"""`kubectl fargate lint`: what in manifests, or in a cluster, cannot run on Fargate or hurts there.

Exit codes: 0 when nothing as severe as --fail-on was found, 1 when it was, 2 when the command line is wrong or something cannot be read.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from fargateclaims import __version__
from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.files import STDIN, UnreadableFileError, read_text
from fargateclaims.cli.plugin.options import AllNamespaces, Context, Kubeconfig, Place
from fargateclaims.domain.lint.choice import FailOn, UnknownRuleError, choice
from fargateclaims.domain.lint.formats import Format, Report, rendered
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rule import Severity

EXIT_FOUND: Final = 1
EXIT_UNREADABLE: Final = 2
_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


class UnreadableError(PluginError):
    """Something that was to be looked at cannot be read; the message says what and why. All else was looked at."""

    exit_code = EXIT_UNREADABLE


_FILES = typer.Argument(help="The same as --filename.", show_default=False)
_FILENAME = typer.Option("--filename", "-f", help="Manifests: a file, a folder with all below it, or - for standard input.")
_NAMESPACE = typer.Option("--namespace", "-n", help="Look at what is in this namespace of the cluster.", show_default=False)
_OUTPUT = typer.Option("--output", "-o", help="How findings are written.")
_SELECT = typer.Option(help="Only these rules: ids, or how they begin, with commas.", show_default=False)
_IGNORE = typer.Option(help="Not these rules: ids, or how they begin, with commas.", show_default=False)
_SEVERITY = typer.Option(help="The mildest severity that is reported.")
_FAIL_ON = typer.Option(help="From which severity on the exit code is 1.")
_DOCS_URL = typer.Option(envvar="FARGATE_LINT_DOCS_URL", help="Where docs/lint.md is published, for links in SARIF.", show_default=False)


def lint(  # noqa: PLR0913 - the options of a command line
    *,
    files: Annotated[list[str] | None, _FILES] = None,
    filename: Annotated[list[str] | None, _FILENAME] = None,
    namespace: Annotated[str | None, _NAMESPACE] = None,
    all_namespaces: AllNamespaces = False,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    output: Annotated[Format, _OUTPUT] = Format.TEXT,
    select: Annotated[list[str] | None, _SELECT] = None,
    ignore: Annotated[list[str] | None, _IGNORE] = None,
    severity: Annotated[Severity, _SEVERITY] = Severity.INFO,
    fail_on: Annotated[FailOn, _FAIL_ON] = FailOn.ERROR,
    docs_url: Annotated[str, _DOCS_URL] = "",
) -> None:
    """Find what cannot run on Fargate, or hurts there: in manifests, or in a cluster.

    kubectl fargate lint -f deploy/; helm template . | kubectl fargate lint -f -; kubectl fargate lint -n shop
    """
    try:
        linter = Linter(choice(select or (), ignore or (), severity))
    except UnknownRuleError as error:
        raise UsageError(str(error)) from None
    names = [*(filename or ()), *(files or ())]
    in_cluster = all_namespaces or namespace is not None
    if bool(names) == in_cluster:
        raise UsageError("say what to look at: manifests (-f FILE, -f FOLDER, -f - for standard input), or a cluster (-n NAMESPACE, -A)")
    problems: list[str] = []
    read = 0
    if in_cluster:
        from fargateclaims.cli.plugin.lint_cluster import add_cluster  # noqa: PLC0415 - who looks at manifests waits for nothing more

        add_cluster(linter, Place(namespace, context, kubeconfig), problems, everywhere=all_namespaces)
    else:
        read = sum(_add(linter, name, problems) for name in _opened(names, problems))
    if problems and not (read or linter.objects):
        raise UnreadableError("; ".join(problems))
    report = Report(linter.findings(), linter.objects, read)
    sys.stdout.write(rendered(output, report, colour=_has_colours(), docs_url=docs_url, version=__version__))
    sys.stdout.flush()
    if problems:
        raise UnreadableError("; ".join(problems))
    if fail_on.is_failed_by(report.findings):
        raise typer.Exit(EXIT_FOUND)


def _opened(names: list[str], problems: list[str]) -> Iterator[str]:
    """The files that were named, and those below the folders that were; each once."""
    seen: set[str] = set()
    for name in names:
        found = [name]
        if name != STDIN and Path(name).is_dir():
            found = sorted(_below(name, problems))
            if not found:
                problems.append(f"{name}: no manifests below this folder ({', '.join(f'*{suffix}' for suffix in sorted(_SUFFIXES))})")
        for one in found:
            if one not in seen:
                seen.add(one)
                yield one


def _below(folder: str, problems: list[str]) -> Iterator[str]:
    def report(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    for parent, folders, names in os.walk(folder, onerror=report):
        # Nothing in .git and the like is for Kubernetes.
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (str(Path(parent, name)) for name in names if Path(name).suffix in _SUFFIXES)


def _add(linter: Linter, name: str, problems: list[str]) -> bool:
    """Whether the file could be read."""
    try:
        text = read_text(name)
    except UnreadableFileError as error:
        problems.append(f"{name}: {error}")
        return False
    if name == STDIN and not text.strip():
        # What should have written to the pipe may have failed, which a pipeline would not notice otherwise.
        problems.append("standard input is empty: see whether the command that writes to it fails")
        return False
    linter.add_text(name, text)
    return True


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

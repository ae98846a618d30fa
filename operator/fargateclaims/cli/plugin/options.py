"""The options that all commands share, named as kubectl names them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="The namespace; by default the context's own.")]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")]
Context = Annotated[str | None, typer.Option("--context", help="The context of the kubeconfig; by default the current one.")]
Kubeconfig = Annotated[str | None, typer.Option("--kubeconfig", help="The kubeconfig; by default KUBECONFIG, then ~/.kube/config.")]
Output = Annotated[Format, typer.Option("--output", "-o", help="How to answer.")]
Files = Annotated[list[str] | None, typer.Option("--filename", "-f", help="Manifests (YAML or JSON): a file, or - for stdin.")]
Kind = Annotated[str | None, typer.Argument(metavar="KIND", help="pod (the default), deployment, statefulset, job …")]
Name = Annotated[str | None, typer.Argument(metavar="NAME", help="The object's name; KIND/NAME in one word will do.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Which cluster and which namespace a person means.

    :param namespace: None for the context's own.
    """

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None

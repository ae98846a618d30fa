"""A kubeconfig for a server without TLS."""

import os
from pathlib import Path

import yaml


def write_kubeconfig(path: Path, url: str, *, token: str = "", namespace: str = "default") -> None:
    """Write a kubeconfig with one context, readable by its owner only."""
    name = "fargateclaims-simulator"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {"token": token} if token else {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "current-context": name,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)

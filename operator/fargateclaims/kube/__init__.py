"""Kubernetes I/O: plain dicts in and out, every failure a `KubeError`."""

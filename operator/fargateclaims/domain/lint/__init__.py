"""Lint: what in some manifests cannot run on Fargate, or hurts there. Rules as data and small functions over plain objects."""

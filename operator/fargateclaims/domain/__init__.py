"""Decisions: pure functions from facts to plans. No I/O, no clock, no Kubernetes client, no AWS client."""

"""Embedded APIs for the demo, the tests and the benchmarks: an extra that the operator never imports."""

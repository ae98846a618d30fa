"""A faithful EKS Fargate API: slow, one operation at a time per cluster, with EKS's own refusals and texts.

Two halves. The pure half (``lifecycle``, ``foreign``, ``faults``, ``ledger``, ``verdict``) has no I/O, no threads and no
clock of its own, and imports neither moto nor aiohttp. The server half puts it behind real HTTP beside moto's EC2, IAM and
STS. ``client.SimulatedEKS`` steers a running server.
"""

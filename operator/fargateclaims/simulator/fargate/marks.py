"""The labels and annotations by which EKS, and this simulation of it, mark pods and nodes."""

from typing import Final

from fargateclaims.api.group import GROUP

PROFILE: Final = "eks.amazonaws.com/fargate-profile"
"""Label of a pod that a profile took; before that, whoever makes the pod chooses one of the matching profiles by it."""
COMPUTE_TYPE: Final = "eks.amazonaws.com/compute-type"
"""Label and taint of Fargate's nodes; as an annotation of a pod, `ec2` keeps it from Fargate."""
FARGATE: Final = "fargate"
EC2: Final = "ec2"
CAPACITY: Final = "CapacityProvisioned"
"""Annotation of a pod that a profile took: what it is billed as, such as `0.25vCPU 0.5GB`."""

NODE_PREFIX: Final = "fargate-"
"""Of the names of Fargate's nodes."""

PROFILE_ARN: Final = f"simulator.{GROUP}/profile-arn"
"""Annotation of a node: for which incarnation of a profile it was made."""
COMPLETES_AFTER: Final = f"simulator.{GROUP}/completes-after"
"""Annotation of a pod: how many seconds after its start its containers end by themselves. For pods that are not always restarted."""
EXIT_CODE: Final = f"simulator.{GROUP}/exit-code"
"""Annotation of a pod that completes: with which exit code, 0 by default."""

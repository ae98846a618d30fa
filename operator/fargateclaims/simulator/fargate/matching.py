"""Which profile takes a pod.

Source: EKS user guide, "Define which Pods use AWS Fargate when launched": any selector of a profile is enough; its namespace and all of
its labels must match; of several profiles the first by name wins, unless the pod's label names one of them. Older texts have an
annotation in the label's place, so both are read.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from fargateclaims.domain.patterns import matches
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.kube.objects import Obj, metadata_of

_OWN_SCHEDULERS: Final = frozenset({"", "default-scheduler", "fargate-scheduler"})


def profile_for(pod: Obj, profiles: Iterable[Profile]) -> Profile | None:
    """The profile that takes a pod; None if none does."""
    metadata = metadata_of(pod)
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if annotations.get(marks.COMPUTE_TYPE) == marks.EC2:
        return None
    wanted = labels.get(marks.PROFILE) or annotations.get(marks.PROFILE)
    namespace = metadata.get("namespace") or "default"
    candidates = [
        profile
        for profile in profiles
        if profile.state is ProfileState.ACTIVE
        and wanted in {None, profile.name}
        and any(takes(selector, namespace, labels) for selector in profile.selectors)
    ]
    return min(candidates, key=lambda profile: profile.name, default=None)


def takes(selector: ProfileSelector, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether a selector matches pods of a namespace with these labels."""
    return matches(selector.namespace, namespace) and all(
        any(matches(key, name) and matches(value, labels[name]) for name in labels) for key, value in selector.labels.items()
    )


def is_to_be_scheduled(pod: Obj) -> bool:
    """Whether a pod waits for a scheduler that EKS runs: it has no node, no gate holds it, and it wants no other scheduler."""
    spec = pod["spec"]
    return not spec.get("nodeName") and not spec.get("schedulingGates") and (spec.get("schedulerName") or "") in _OWN_SCHEDULERS

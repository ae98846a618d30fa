"""What pods cost: those that are there, and those that manifests would make."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from fargateclaims.domain.pods.combinations import Combination
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.pods.pricing import HOURS_A_MONTH, Price
from fargateclaims.domain.pods.sizing import ResourcesError, Size, SmallerStep, TooLargeError, size_of
from fargateclaims.domain.pods.templates import PodTemplate

_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Saving:
    """What a smaller step would save.

    :param hourly: US dollars an hour, for all pods of the line.
    """

    step: SmallerStep
    hourly: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """Pods of one owner and one size.

    :param hourly: US dollars an hour for all of them.
    :param storage_billed: bytes of ephemeral storage of each above what is included.
    :param ends: whether they come to an end by themselves: then a month of them says nothing.
    :param ended: how many have ended and cost all the same until they are removed.
    """

    namespace: str | None
    owner: str
    pods: int
    combination: Combination
    hourly: Fraction
    storage_billed: Fraction = Fraction(0)
    saving: Saving | None = None
    ends: bool = False
    ended: int = 0

    @property
    def monthly(self) -> Fraction | None:
        """US dollars a month; None for pods that end by themselves."""
        return None if self.ends else self.hourly * HOURS_A_MONTH


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Pods that have no price, and why."""

    what: str
    message: str


def cost_of_template(template: PodTemplate, price: Price) -> Line | Unpriced:
    """What the pods of one manifest cost."""
    if template.pods is None:
        return Unpriced(template.title, "pods of a DaemonSet do not run on Fargate; make it a sidecar")
    try:
        size = size_of(template.spec, template.spec_path)
    except (ResourcesError, TooLargeError) as error:
        return Unpriced(template.title, str(error))
    each = price.hourly(size.combination, size.storage_billed)
    return Line(
        template.namespace,
        template.title,
        template.pods,
        size.combination,
        each * template.pods,
        size.storage_billed,
        _best_saving(size, size.combination, price, template.pods),
        ends=template.ends,
    )


def costs_of_pods(pods: Iterable[Pod], price: Price) -> tuple[list[Line], list[Unpriced]]:
    """What pods of the cluster cost, together by owner and size. What EKS says that it provisioned counts, where it says so."""
    groups: dict[tuple[str, str, Combination, Size, bool], list[Pod]] = defaultdict(list)
    unpriced = []
    for pod in pods:
        try:
            size = size_of(pod.spec)
        except (ResourcesError, TooLargeError) as error:
            unpriced.append(Unpriced(f"pod {pod.namespace}/{pod.name}", str(error)))
            continue
        ends = (pod.controller or "").startswith("Job/")
        groups[pod.namespace, owner_of(pod), pod.capacity or size.combination, size, ends].append(pod)
    lines = [
        Line(
            namespace,
            owner,
            len(some),
            combination,
            price.hourly(combination, size.storage_billed) * len(some),
            size.storage_billed,
            _best_saving(size, combination, price, len(some)),
            ends,
            ended=sum(pod.ended for pod in some),
        )
        for (namespace, owner, combination, size, ends), some in groups.items()
    ]
    return sorted(lines, key=lambda line: (line.namespace or "", line.owner, line.combination)), unpriced


def owner_of(pod: Pod) -> str:
    """What makes a pod, as kubectl writes it: `deployment/web`. A ReplicaSet's name tells the Deployment's."""
    kind, _, name = (pod.controller or f"Pod/{pod.name}").partition("/")
    made_by_deployment = pod.labels.get(_HASH)
    if kind == "ReplicaSet" and made_by_deployment and name.endswith(f"-{made_by_deployment}"):
        return f"deployment/{name.removesuffix(f'-{made_by_deployment}')}"
    return f"{kind.lower()}/{name}"


def _best_saving(size: Size, combination: Combination, price: Price, pods: int) -> Saving | None:
    # Where EKS provisioned something else than the rule says, what less would save is not known.
    steps = size.smaller if combination == size.combination else ()
    savings = (Saving(step, (price.hourly(combination) - price.hourly(step.combination)) * pods) for step in steps)
    return max(savings, key=lambda saving: saving.hourly, default=None)

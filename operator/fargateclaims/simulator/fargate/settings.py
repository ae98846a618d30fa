"""How the data plane behaves: delays, and what goes wrong on demand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Delays, all in seconds.

    :param provision: from a pod's being taken to its node. EKS needs about a minute.
    :param start: from there to its being ready; for pulling images and the like.
    :param stop: how long containers take to end after they are told to; their grace period cuts it short.
    :param retry: between two tries of what may get better: a role that is not let in, the account's limit, a provisioning that timed out.
    :param poll: between two looks at the profiles. Before each pod is judged they are read anew.
    """

    provision: float = 30.0
    start: float = 5.0
    stop: float = 2.0
    retry: float = 15.0
    poll: float = 0.5

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is a number of seconds, 0 or more, unlike {getattr(self, name)}")


@dataclass(slots=True)
class Behaviour:
    """What may be changed while the data plane runs.

    :param provisioning_times_out: no pod gets a node any more; each is tried again and again.
    :param role_cannot_be_assumed: EKS may not assume any pod execution role.
    :param account_limit: how many pods may run on Fargate at a time; None for as many as there are addresses.
    :param matches_pending_pods: whether a pod that no profile matched is looked at again when profiles change. EKS does not
        (containers-roadmap#2654): such a pod must be deleted and made anew.
    """

    provisioning_times_out: bool = False
    role_cannot_be_assumed: bool = False
    account_limit: int | None = None
    matches_pending_pods: bool = False

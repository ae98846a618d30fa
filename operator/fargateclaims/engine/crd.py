"""Whether the claims' CRD is being deleted: then their deletion timestamps are nobody's wish, and no profile may go."""

import logging

from fargateclaims.api.group import CLAIM_PLURAL, GROUP
from fargateclaims.engine.ports import Kube
from fargateclaims.kube.errors import KubeError, Missing
from fargateclaims.timing import UNANSWERED_RETRY

log = logging.getLogger(__name__)

CLAIM_CRD = f"{CLAIM_PLURAL}.{GROUP}"


class CRDWatch:
    """Asked right before a profile is deleted for a claim's deletion; `kubectl delete crd` marks the CRD before it deletes claims."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self.terminating = False

    async def ask(self) -> float:
        """Look. Returns 0 if an answer was had; else no profile may be deleted before it was asked again, after so many seconds."""
        before = self.terminating
        try:
            crd = await self._kube.get_crd(CLAIM_CRD)
        except Missing:
            self.terminating = True
        except KubeError as error:
            log.warning("it cannot be told whether %s is being deleted, so no profile is deleted: %s", CLAIM_CRD, error)
            return max(UNANSWERED_RETRY, getattr(error, "retry_after", None) or 0)
        else:
            self.terminating = "deletionTimestamp" in crd["metadata"]
        if self.terminating and not before:
            log.error("the CRD %s is being deleted: claims are let go, their profiles stay in EKS until it is installed again", CLAIM_CRD)
        return 0

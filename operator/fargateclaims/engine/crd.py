"""Whether the claims' CRD is being deleted: then their deletion timestamps are nobody's wish, and no profile may go."""

import logging

from fargateclaims.api.group import CLAIM_PLURAL, GROUP
from fargateclaims.engine.ports import Kube
from fargateclaims.kube.errors import KubeError, Missing

log = logging.getLogger(__name__)

CLAIM_CRD = f"{CLAIM_PLURAL}.{GROUP}"


class CRDWatch:
    """Asked right before a profile is deleted for a claim's deletion; `kubectl delete crd` marks the CRD before it deletes claims."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self.terminating = False

    async def ask(self) -> bool:
        """Look. Returns whether an answer was had: without one no profile may be deleted."""
        before = self.terminating
        try:
            crd = await self._kube.get_crd(CLAIM_CRD)
        except Missing:
            self.terminating = True
        except KubeError as error:
            log.warning("it cannot be told whether %s is being deleted, so no profile is deleted: %s", CLAIM_CRD, error)
            return False
        else:
            self.terminating = "deletionTimestamp" in crd["metadata"]
        if self.terminating and not before:
            log.error("the CRD %s is being deleted: claims are let go, their profiles stay in EKS until it is installed again", CLAIM_CRD)
        return True

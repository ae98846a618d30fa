"""The operator as `deploy/` installs it in a real cluster, but for where its process runs: here, under its own ServiceAccount's token."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.control_plane import ControlPlane
from support.kubectl import Kubectl
from support.operator_process import OperatorProcess, operator_process
from support.rendering import from_kustomize
from support.tampered import tampered

NAME: Final = "fargateclaims"
"""Of the namespace, the ServiceAccount and the Lease."""
BASE: Final = Path(__file__).parents[2] / "deploy" / "kustomize" / "base"
_TOKEN_DURATION: Final = "1h"
_BINDINGS: Final = ("ClusterRoleBinding", "RoleBinding")


@dataclass
class Installation:
    """Starts operators of one ServiceAccount.

    :param folder: of a test's own, for kubeconfigs and logs.
    :param namespace: that of the ServiceAccount and the Lease.
    """

    plane: ControlPlane
    kubectl: Kubectl
    eks: SimulatedEKS
    seeded: Seeded
    folder: Path
    namespace: str = NAME
    service_account: str = NAME

    def apply(self) -> None:
        """Install all of `deploy/kustomize/base`, or mend what a test has taken away."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(BASE))
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        self.until_served()
        # Who was killed did not give it back.
        self.kubectl("delete", "lease", NAME, "--namespace", self.namespace, "--ignore-not-found")

    def until_served(self) -> None:
        """Wait for our kinds: their storage is not ready at once, neither of a new CRD nor of an API server that has just started."""
        for plural in (CLAIM_PLURAL, CLASS_PLURAL):
            # kubectl waits where others would be sent away.
            self.kubectl("get", "--raw", f"/apis/{GROUP}/{VERSION}/{plural}")

    def token(self, *, bound_to: str | None = None) -> str:
        """A new token, as the kubelet asks for one.

        :param bound_to: a Secret of the namespace; the token is good for as long as that is there.
        """
        bound = ("--bound-object-kind", "Secret", "--bound-object-name", bound_to) if bound_to else ()
        wanted = ("--namespace", self.namespace, "--duration", _TOKEN_DURATION, *bound)
        return self.kubectl("create", "token", self.service_account, *wanted).stdout.strip()

    def kubeconfig(self, *, server: str | None = None) -> Path:
        """Write a kubeconfig with a new token.

        :param server: the address of a proxy, instead of the API server's own.
        """
        path = self.folder / f"kubeconfig-{len(list(self.folder.glob('kubeconfig-*.token')))}"
        return self.plane.kubeconfig_of(self.token(), path, server=server, namespace=self.namespace)

    def operator(
        self, *, kubeconfig: Path | None = None, environment: Mapping[str, str | None] | None = None, **settings: Any
    ) -> AbstractContextManager[OperatorProcess]:
        """Run the operator until the end of the with block. It is patient: a slow machine does not cost it its Lease.

        :param settings: by their names, beside those of `FAST`.
        """
        surroundings = {
            **tampered(),
            **self.seeded.environment(self.eks.url),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_SESSION_TOKEN": None,
            "AWS_PROFILE": None,
            "KUBECONFIG": str(kubeconfig or self.kubeconfig()),
        }
        settings = {"lease_namespace": self.namespace, **settings}
        return operator_process(self.folder, {**surroundings, **(environment or {})}, **settings)


@dataclass
class Beside(Installation):
    """A second ServiceAccount with the same rights, in a namespace of its own: for tests that take them away.

    What is forbidden to it meanwhile is no finding about the rights that `deploy/` grants.
    """

    namespace: str = f"{NAME}-beside"

    def apply(self) -> None:
        """Install all, and grant this ServiceAccount what the usual one has."""
        super().apply()
        home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        self._apply([home, *self._copies("ServiceAccount", "Role")])
        self.grant()

    def grant(self) -> None:
        """Bind the roles."""
        self._apply(self._copies(*_BINDINGS))

    def revoke(self) -> None:
        """Take all rights away."""
        for copy in self._copies(*_BINDINGS):
            where = ("--namespace", self.namespace) if "namespace" in copy["metadata"] else ()
            self.kubectl("delete", copy["kind"], copy["metadata"]["name"], *where, "--ignore-not-found")

    def remove(self) -> None:
        """Leave nothing of this ServiceAccount."""
        self.revoke()
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def _copies(self, *kinds: str) -> list[dict[str, Any]]:
        # The ClusterRole itself is the one that `deploy/` has.
        found = [obj for obj in from_kustomize(BASE) if obj["kind"] in kinds and obj["metadata"]["name"] == NAME]
        for obj in found:
            obj["metadata"].update({"namespace": self.namespace} if "namespace" in obj["metadata"] else {"name": self.namespace})
            for subject in obj.get("subjects", ()):
                subject["namespace"] = self.namespace
        return found

    def _apply(self, objects: list[dict[str, Any]]) -> None:
        self.kubectl("apply", "--server-side", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": objects})

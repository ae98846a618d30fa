"""A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager, as `make kube` builds them.

RBAC decides who may do what, and each request is in the audit log. Tokens of AWS's identities are known as an EKS cluster knows them.
There is no scheduler and no kubelet: Pods stay Pending.
"""

import json
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.ports import reserved_port
from support.programs import start
from support.token_reviews import token_reviews

START_LIMIT: Final = 180.0
STOP_LIMIT: Final = 30.0
_LOOK_AGAIN: Final = 0.05
ADMIN_TOKEN: Final = "admin"  # of a server that listens on loopback alone, for as long as the tests last

Start = tuple[datetime, datetime]
"""When an API server was started, and when it was ready."""

_LEASES: Final = {"group": "coordination.k8s.io", "resources": ["leases"]}
# Who asked for what, and whether it was allowed; without bodies, and each request once, when it is answered.
_AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # No operator works without its Lease: this tells of one that runs with more rights than its own.
        {"level": "Metadata", "users": ["admin"], "verbs": ["create", "update"], "resources": [_LEASES]},
        # What the control plane says to itself would be most of the log.
        {"level": "None", "users": ["system:apiserver", "admin"]},
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        # Answered from its beginning on; its end says nothing new.
        {"level": "Metadata", "verbs": ["watch"], "omitStages": ["RequestReceived", "ResponseComplete"]},
        {"level": "Metadata"},
    ],
}
# What the tests see the work of. A whole controller-manager would also look for nodes, clouds and certificates.
_CONTROLLERS: Final = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "deployment-controller",
    "replicaset-controller",
    "daemonset-controller",
    "job-controller",
    "disruption-controller",
    "clusterrole-aggregation-controller",
    "resourcequota-controller",
    # It checks the types of their expressions.
    "validatingadmissionpolicy-status-controller",
)


class ControlPlane:
    """Programs of one control plane.

    :param assets: the folder of the programs.
    :param folder: an empty one, for data, logs and credentials.
    """

    def __init__(self, assets: Path, folder: Path) -> None:
        self._assets = assets
        self._folder = folder
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = ExitStack()
        self._token_reviews = self._ports.enter_context(token_reviews())
        self._etcd = f"http://127.0.0.1:{self._reserve_port()}"
        self._port = self._reserve_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.certificate = folder / "certs" / "apiserver.crt"
        self.audit_log = folder / "audit.log"
        self.kubeconfig = folder / "admin.kubeconfig"
        self.starts: list[Start] = []

    def start(self) -> None:
        """Start all. Raises RuntimeError with a program's last words if it ends, TimeoutError if it is too slow."""
        self._write_credentials()
        peer = f"http://127.0.0.1:{self._reserve_port()}"
        self._start(
            "etcd",
            *("--data-dir", str(self._folder / "etcd"), "--unsafe-no-fsync", "--log-level", "warn"),
            *("--listen-client-urls", self._etcd, "--advertise-client-urls", self._etcd),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
        )
        self.start_api_server()
        self.kubeconfig_of(ADMIN_TOKEN, self.kubeconfig)
        self._start(
            "kube-controller-manager",
            *("--kubeconfig", str(self.kubeconfig), "--authentication-kubeconfig", str(self.kubeconfig)),
            *("--authorization-kubeconfig", str(self.kubeconfig)),
            *("--bind-address", "127.0.0.1", "--secure-port", str(self._reserve_port())),
            *("--service-account-private-key-file", str(self._folder / "service-accounts.key"), "--use-service-account-credentials"),
            *("--controllers", ",".join(_CONTROLLERS), "--leader-elect=false"),
            # A quota that is made before its controller has heard of a new kind is counted at the next sync, by default after 5 min.
            "--resource-quota-sync-period=5s",
        )
        # It works once it has made the first ServiceAccount.
        self._wait("kube-controller-manager", lambda: self._answers("/api/v1/namespaces/default/serviceaccounts/default"))

    def stop(self) -> None:
        """End all at once: nothing of it is needed any more."""
        for process in self._programs.values():
            process.kill()
        for process in self._programs.values():
            process.wait(STOP_LIMIT)
        self._ports.close()

    def start_api_server(self) -> None:
        """Start the API server, also after `stop_api_server`: at the same address, with the same data."""
        key = str(self._folder / "service-accounts.key")
        begun = datetime.now(UTC)
        self._start(
            "kube-apiserver",
            *("--etcd-servers", self._etcd, "--cert-dir", str(self.certificate.parent)),
            *("--bind-address", "127.0.0.1", "--secure-port", str(self._port), "--advertise-address", "127.0.0.1"),
            *(
                "--service-account-issuer",
                "https://localhost",
                "--service-account-key-file",
                key,
                "--service-account-signing-key-file",
                key,
            ),
            *("--token-auth-file", str(self._folder / "tokens.csv"), "--authorization-mode", "RBAC", "--allow-privileged=true"),
            *("--authentication-token-webhook-config-file", str(self._folder / "token-reviews.json")),
            *("--authentication-token-webhook-version", "v1"),
            *("--service-cluster-ip-range", "10.0.0.0/24", "--endpoint-reconciler-type", "none"),
            # Else a stop waits a minute for clients to end their watches.
            "--shutdown-watch-termination-grace-period=1s",
            *("--audit-policy-file", str(self._folder / "audit-policy.json"), "--audit-log-path", str(self.audit_log)),
            # Never begin another file.
            "--audit-log-maxsize=0",
        )
        self._wait("kube-apiserver", lambda: self._answers("/readyz"))
        self.starts.append((begun, datetime.now(UTC)))

    def stop_api_server(self) -> None:
        """End the API server, as an upgrade of the control plane does."""
        self._stop("kube-apiserver")

    def kill_api_server(self) -> None:
        """End it at once: connections break in the middle of an answer."""
        process = self._programs.pop("kube-apiserver")
        process.kill()
        process.wait(STOP_LIMIT)

    def pause_api_server(self) -> None:
        """Connections stay open and stay silent, until `resume_api_server`."""
        self._programs["kube-apiserver"].send_signal(signal.SIGSTOP)

    def resume_api_server(self) -> None:
        """Whatever was done to it: it answers again. Raises what `start` raises, if it had ended."""
        process = self._programs.get("kube-apiserver")
        if process is None or process.poll() is not None:
            self.start_api_server()
        else:
            process.send_signal(signal.SIGCONT)

    def kubeconfig_of(self, token: str, path: Path, *, server: str | None = None, namespace: str = "default") -> Path:
        """Write a kubeconfig for who bears `token`. The token stands in a file beside it, and may be changed there, as the kubelet does.

        :param server: another address of the API server, such as a proxy's.
        """
        token_file = path.with_suffix(".token")
        token_file.write_text(token)
        cluster = {"server": server or self.url, "certificate-authority": str(self.certificate)}
        path.write_text(json.dumps(_kubeconfig(cluster, {"tokenFile": str(token_file)}, namespace), indent=1))
        return path

    def _write_credentials(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        (self._folder / "service-accounts.key").write_bytes(pem)
        (self._folder / "tokens.csv").write_text(f'{ADMIN_TOKEN},admin,admin,"system:masters"\n')
        (self._folder / "audit-policy.json").write_text(json.dumps(_AUDIT_POLICY))
        reviews = _kubeconfig({"server": self._token_reviews}, {}, "default")
        (self._folder / "token-reviews.json").write_text(json.dumps(reviews))

    def _start(self, name: str, *arguments: str) -> None:
        with self._log(name).open("ab") as log:
            self._programs[name] = start([self._assets / name, *arguments], stdout=log, stderr=log)

    def _stop(self, name: str) -> None:
        process = self._programs.pop(name)
        # A paused one would not hear it.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_LIMIT)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not ready():
            if self._programs[name].poll() is not None:
                raise RuntimeError(f"{name} has ended:\n{self._last_words(name)}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not ready within {START_LIMIT:.0f} s:\n{self._last_words(name)}")
            time.sleep(_LOOK_AGAIN)

    def _answers(self, path: str) -> bool:
        if not self.certificate.exists():
            return False
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        try:
            context = ssl.create_default_context(cafile=self.certificate)
            # Past any proxy of the machine: this is loopback.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
            with opener.open(request, timeout=START_LIMIT):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _reserve_port(self) -> int:
        """A port for one of the programs, also while it is stopped."""
        return self._ports.enter_context(reserved_port())

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _last_words(self, name: str) -> str:
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-10:])


def _kubeconfig(cluster: Mapping[str, str], user: Mapping[str, str], namespace: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": cluster}],
        "users": [{"name": "e2e", "user": user}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e", "namespace": namespace}}],
        "current-context": "e2e",
    }


@contextmanager
def control_plane(assets: Path, folder: Path) -> Iterator[ControlPlane]:
    """Run a control plane until the end of the with block."""
    plane = ControlPlane(assets, folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


def audited(log: Path) -> Iterator[Mapping[str, Any]]:
    """The requests of an audit log, one after the other; also while it is being written."""
    with log.open() as lines:
        yield from (json.loads(line) for line in lines if line.endswith("\n"))

"""The commands of a real Kubernetes control plane on loopback, and of kwok, which stands in for the nodes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from localcloud.environment import outside
from localcloud.paths import Home
from localcloud.pki import Pki
from localcloud.ports import LOOPBACK, Ports
from localcloud.processes import Program
from localcloud.toolchain import module_files
from localcloud.toolchain.locate import tool

Tree: TypeAlias = dict[str, Any]

RUN_LABEL = "localcloud.worthwhile.dev/run"
"""On a pod: the pod runner executes it and kwok leaves it alone. On a namespace: its pods get it."""
FAKE_NODE = "kwok.x-k8s.io/node=fake"
"""The annotation of nodes that kwok keeps alive."""
_SERVICE_RANGE = "10.96.0.0/16"
_BELIEVED = "1s"  # an answer about a token: an access entry that goes must count soon
_POD_RANGE = "10.244.0.1/16"  # kwok's pretend pod addresses; nobody dials them


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """Its programs, in the order in which each needs those before it.

    Attributes:
        home: The local cloud.
        ports: Its ports.
        environ: The environment that programs get.
    """

    home: Home
    ports: Ports
    environ: Mapping[str, str]

    @property
    def pki(self) -> Pki:
        """Its certificates."""
        return Pki(self.home.pki)

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://{LOOPBACK}:{self.ports.apiserver}"

    def write_files(self) -> None:
        """Write certificates, kubeconfigs and kwok's configuration."""
        self.pki.make()
        for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
            _write(self._kubeconfig(name), kubeconfig(self.url, self.pki, name))
        _write(self.home.kubeconfig, kubeconfig(self.url, self.pki, "admin"))
        _write(self._webhook, webhook_config(f"http://{LOOPBACK}:{self.ports.aws}/kubernetes/authenticate"))
        stages = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in self._stages()]
        _write(self._kwok_config, yaml.dump_all(leave_alone_what_runs(stages)))

    def etcd(self) -> Program:
        """Return the store of the API server; without fsync, as nobody's data is in it."""
        client, peer = f"https://{LOOPBACK}:{self.ports.etcd}", f"https://{LOOPBACK}:{self.ports.etcd_peer}"
        server = {"cert-file": self.pki.certificate("server"), "key-file": self.pki.key("server")}
        return self._program(
            "etcd",
            {
                "name": "localcloud",
                "data-dir": self.home.root / "etcd",
                "listen-client-urls": client,
                "advertise-client-urls": client,
                "listen-peer-urls": peer,
                "initial-advertise-peer-urls": peer,
                "initial-cluster": f"localcloud={peer}",
                "client-cert-auth": "true",
                "trusted-ca-file": self.pki.ca,
                "peer-client-cert-auth": "true",
                "peer-trusted-ca-file": self.pki.ca,
                **server,
                **{f"peer-{name}": file for name, file in server.items()},
                "unsafe-no-fsync": "true",
                "log-level": "warn",
            },
        )

    def apiserver(self) -> Program:
        """Return the API server: RBAC, Pod Security and eviction as anywhere; users by certificate or AWS token."""
        return self._program(
            "kube-apiserver",
            {
                "bind-address": LOOPBACK,
                "advertise-address": LOOPBACK,
                "secure-port": self.ports.apiserver,
                "etcd-servers": f"https://{LOOPBACK}:{self.ports.etcd}",
                "etcd-cafile": self.pki.ca,
                "etcd-certfile": self.pki.certificate("etcd-client"),
                "etcd-keyfile": self.pki.key("etcd-client"),
                "tls-cert-file": self.pki.certificate("server"),
                "tls-private-key-file": self.pki.key("server"),
                "client-ca-file": self.pki.ca,
                "authorization-mode": "RBAC",
                "authentication-token-webhook-config-file": self._webhook,
                "authentication-token-webhook-version": "v1",
                "authentication-token-webhook-cache-ttl": _BELIEVED,
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-key-file": self.pki.account_key,
                "service-account-signing-key-file": self.pki.account_key,
                "service-cluster-ip-range": _SERVICE_RANGE,
                "endpoint-reconciler-type": "none",  # its own address is loopback, which endpoints may not have
                "allow-privileged": "true",  # as on EKS; Pod Security decides
                "profiling": "false",
            },
        )

    def controller_manager(self) -> Program:
        """Return the controllers of Deployments, Jobs, disruption budgets, garbage and the rest."""
        return self._program(
            "kube-controller-manager",
            {
                "kubeconfig": self._kubeconfig("kube-controller-manager"),
                "service-account-private-key-file": self.pki.account_key,
                "root-ca-file": self.pki.ca,
                "use-service-account-credentials": "true",
                "leader-elect": "false",
                "secure-port": "0",
                "profiling": "false",
            },
        )

    def scheduler(self) -> Program:
        """Return the scheduler."""
        return self._program(
            "kube-scheduler",
            {
                "kubeconfig": self._kubeconfig("kube-scheduler"),
                "leader-elect": "false",
                "secure-port": "0",
                "profiling": "false",
            },
        )

    def kwok(self) -> Program:
        """Return what keeps nodes ready and says that pods run."""
        return self._program(
            "kwok",
            {
                "kubeconfig": self._kubeconfig("kwok"),
                "config": self._kwok_config,
                "manage-all-nodes": "false",
                "manage-nodes-with-annotation-selector": FAKE_NODE,
                "node-lease-duration-seconds": "40",
                "cidr": _POD_RANGE,
            },
        )

    def _program(self, name: str, flags: Mapping[str, object]) -> Program:
        file = tool(name, cache_root=self.home.tools, environ=outside(self.home, self.environ))
        arguments = [f"--{flag}={value}" for flag, value in flags.items()]
        return Program(
            name=name, command=[str(file), *arguments], environment=dict(self.environ), folder=self.home.root
        )

    def _stages(self) -> list[Path]:
        return module_files.files("kwok-stages", cache_root=self.home.tools)

    def _kubeconfig(self, name: str) -> Path:
        return self.home.pki / f"{name}.kubeconfig"

    @property
    def _webhook(self) -> Path:
        return self.home.pki / "authenticate.kubeconfig"

    @property
    def _kwok_config(self) -> Path:
        return self.home.root / "kwok.yaml"


def kubeconfig(url: str, pki: Pki, name: str) -> str:
    """Return a kubeconfig for one of the PKI's identities; it names the files, which stay where they are."""
    cluster = {"server": url, "certificate-authority": str(pki.ca)}
    user = {"client-certificate": str(pki.certificate(name)), "client-key": str(pki.key(name))}
    return _config(cluster, user)


def webhook_config(url: str) -> str:
    """Return the kubeconfig-shaped file that tells the API server whom to ask about a token."""
    return _config({"server": url}, {})


def leave_alone_what_runs(stages: Sequence[Tree]) -> Sequence[Tree]:
    """Return kwok's stages such that those of pods skip what the pod runner executes."""
    skip = {"key": f'.metadata.labels["{RUN_LABEL}"]', "operator": "NotIn", "values": ["true"]}
    for stage in stages:
        if stage["spec"]["resourceRef"]["kind"] == "Pod":
            stage["spec"]["selector"].setdefault("matchExpressions", []).append(skip)
    return stages


def _config(cluster: dict[str, str], user: dict[str, str]) -> str:
    name = "localcloud"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)

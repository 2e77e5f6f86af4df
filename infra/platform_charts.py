"""Third-party charts that serving on GPUs leans on; each can be switched off, none is installed unpinned.

Not named `platform.py`: Pulumi puts `infra/` first on the path, where that would hide Python's own `platform`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra import iam
from infra.errors import Problem, refuse
from infra.releases import DATA, PlatformRelease, load_platform_releases

TIMEOUT_SECONDS = 600

LOAD_BALANCER_CONTROLLER = "loadBalancerController"
DCGM_EXPORTER, PROMETHEUS = "dcgmExporter", "prometheus"

CONTROLLER_POLICY = DATA / "load_balancer_controller_policy.json"
"""What the controller may do, from the same release; that could not be looked up, so it is not bundled."""

PROMETHEUS_URL = "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
"""Service that kube-prometheus-stack makes for a release of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformArgs:
    """Which charts, and what they need to know.

    Attributes:
        enabled: Names of the charts, as in `infra/data/platform_releases.toml`.
        cluster_name: Cluster that the load balancer controller works for.
        cluster_arn: The only cluster whose pods may take its role on.
        account_id: Account of that cluster.
        region: Region, since pods cannot ask the instance metadata.
        vpc_id: The same for the VPC.
        tags: Cost-allocation tags.
        after: What must exist before pods can run.
        controller_policy: IAM policy of the load balancer controller.
    """

    enabled: Sequence[str]
    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    account_id: pulumi.Input[str]
    region: str
    vpc_id: pulumi.Input[str]
    tags: Mapping[str, str]
    after: Sequence[pulumi.Resource] = ()
    controller_policy: Path = CONTROLLER_POLICY


def choose_releases(
    enabled: Sequence[str], known: Mapping[str, PlatformRelease], controller_policy: Path
) -> list[PlatformRelease]:
    """Return the charts to install, those first that others build on.

    Raises:
        ProblemsError: A name is unknown, a version is not looked up, or the controller's permissions are missing.
    """
    problems = [problem for name in enabled for problem in _what_is_missing(name, known, controller_policy)]
    refuse(problems)
    return [release for name, release in known.items() if name in enabled]


def _what_is_missing(name: str, known: Mapping[str, PlatformRelease], controller_policy: Path) -> Iterator[Problem]:
    key = f"platform.{name}"
    if name not in known:
        yield Problem(key=key, value=name, right=f"one of {', '.join(known)}")
        return
    if not known[name].version:
        yield Problem(
            key=key,
            value="no version",
            right="off, or a version and the page that states it, in infra/data/platform_releases.toml",
        )
    if name == LOAD_BALANCER_CONTROLLER and not controller_policy.is_file():
        source = "github.com/kubernetes-sigs/aws-load-balancer-controller, docs/install/iam_policy.json"
        right = f"off, or {controller_policy.name} in infra/data/: {source} at v{known[name].version}"
        yield Problem(key=key, value="no IAM policy", right=right)


class Platform(pulumi.ComponentResource):
    """The enabled charts.

    Attributes:
        ready: Their releases, for what must come after them.
        prometheus_url: Where metrics are read; None where Prometheus is off.
    """

    ready: Sequence[pulumi.Resource]
    prometheus_url: str | None

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:Platform", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        releases = choose_releases(args.enabled, load_platform_releases(), args.controller_policy)
        self.ready = self._install(releases)
        self.prometheus_url = PROMETHEUS_URL if PROMETHEUS in args.enabled else None
        self.register_outputs({})

    def _install(self, releases: Sequence[PlatformRelease]) -> list[pulumi.Resource]:
        installed: list[pulumi.Resource] = []
        for release in releases:
            # One after the other: Prometheus brings the ServiceMonitor kind that the next ones use.
            installed.append(self._release(release, [*self._args.after, *installed]))
        return installed

    def _release(self, release: PlatformRelease, after: Sequence[pulumi.Resource]) -> k8s.helm.v3.Release:
        namespace = k8s.core.v1.Namespace(
            f"{self._name}-{release.chart}",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=release.namespace,
                labels={"pod-security.kubernetes.io/enforce": release.pod_security},
            ),
            opts=self._child,
        )
        more, needed = self._for_this_cluster(release)
        return k8s.helm.v3.Release(
            f"{self._name}-{release.chart}",
            name=release.chart,
            namespace=namespace.metadata.name,
            chart=release.chart,
            version=release.version,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo=release.repository),
            values={**release.values, **more},
            atomic=True,
            cleanup_on_fail=True,
            timeout=TIMEOUT_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, *needed]),
        )

    def _for_this_cluster(self, release: PlatformRelease) -> tuple[dict[str, Any], Sequence[pulumi.Resource]]:
        if release.name == DCGM_EXPORTER:
            return {"serviceMonitor": {"enabled": PROMETHEUS in self._args.enabled}}, ()
        if release.name != LOAD_BALANCER_CONTROLLER:
            return {}, ()
        account = {"create": True, "name": release.chart}
        cluster = {"clusterName": self._args.cluster_name, "region": self._args.region, "vpcId": self._args.vpc_id}
        return {**cluster, "serviceAccount": account}, [self._let_controller_work(release)]

    def _let_controller_work(self, release: PlatformRelease) -> pulumi.Resource:
        name = f"{self._name}-{release.chart}"
        role = aws.iam.Role(
            name,
            assume_role_policy=iam.pod_identity_trust(self._args.cluster_arn, self._args.account_id),
            tags={**self._args.tags, "Name": name},
            opts=self._child,
        )
        document = json.dumps(json.loads(self._args.controller_policy.read_text()))
        allowed = aws.iam.RolePolicy(name, role=role.name, policy=document, opts=self._child)
        return aws.eks.PodIdentityAssociation(
            name,
            cluster_name=self._args.cluster_name,
            namespace=release.namespace,
            service_account=release.chart,
            role_arn=role.arn,
            tags=dict(self._args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )

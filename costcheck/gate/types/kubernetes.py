"""Kubernetes: which objects make AWS charge something, beside the nodes that pods run on.

A pod is never priced: it runs on nodes that something else in the plan pays for. What costs more than that is what a
controller makes in AWS: load balancers, volumes, nodes. Of the API groups that Kubernetes itself serves, the kinds that
do are in `PRICED`; of custom resources nobody knows it, but for those in `FREE_CUSTOM`.
"""

from collections.abc import Callable, Mapping

from costcheck.gate.accelerators import names_accelerator
from costcheck.gate.estimate import Estimate
from costcheck.gate.types import karpenter, kubernetes_balancers, kubernetes_volumes
from costcheck.gate.view import UnpriceableError, View
from costcheck.plan.records import Resource

Kind = tuple[str, str]
"""API group (`core` for the one without a name) and kind."""

BUILT_IN_GROUPS = frozenset(
    """
    core meta apps autoscaling batch extensions policy
    admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io authentication.k8s.io
    authorization.k8s.io certificates.k8s.io coordination.k8s.io discovery.k8s.io events.k8s.io
    flowcontrol.apiserver.k8s.io internal.apiserver.k8s.io networking.k8s.io node.k8s.io rbac.authorization.k8s.io
    resource.k8s.io scheduling.k8s.io storage.k8s.io storagemigration.k8s.io
    """.split()
)
"""Groups of https://kubernetes.io/docs/reference/generated/kubernetes-api/; `core` and `meta` are Pulumi's names."""
FREE_CUSTOM: Mapping[str, frozenset[str]] = {
    "autoscaling.k8s.io": frozenset({"VerticalPodAutoscaler"}),
    "cert-manager.io": frozenset({"Certificate", "CertificateRequest", "ClusterIssuer", "Issuer"}),
    "eks.amazonaws.com": frozenset({"IngressClassParams", "NodeClass", "TargetGroupBinding"}),
    "elbv2.k8s.aws": frozenset({"IngressClassParams", "TargetGroupBinding"}),
    "gateway.networking.k8s.io": frozenset({"GatewayClass", "GRPCRoute", "HTTPRoute", "ReferenceGrant", "TLSRoute"}),
    "karpenter.k8s.aws": frozenset({"EC2NodeClass"}),
    "keda.sh": frozenset({"ClusterTriggerAuthentication", "ScaledJob", "ScaledObject", "TriggerAuthentication"}),
    "monitoring.coreos.com": frozenset(
        {"AlertmanagerConfig", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "ServiceMonitor"}
    ),
    "secrets-store.csi.x-k8s.io": frozenset({"SecretProviderClass"}),
    "vpcresources.k8s.aws": frozenset({"SecurityGroupPolicy"}),
}
"""Custom resources whose controllers make pods and objects alone, or that only describe what something else makes."""
INSTALLERS = frozenset(
    {
        *("argoproj.io", "helm.cattle.io", "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io"),
        *("infra.contrib.fluxcd.io", "app.terraform.io", "pulumi.com"),
    }
)
"""Groups whose controllers install whatever their objects point to."""
MAKES_NODES = (
    *("autoscaling.", "batch.", "ec2.", "ecs.", "eks.", "emr", "sagemaker."),
    *("cluster.x-k8s.io", "infrastructure.cluster.x-k8s.io"),
)
"""Beginnings of groups of ACK, Crossplane (`ec2.services.k8s.aws`, `ec2.aws.upbound.io`) and Cluster API whose objects
run instances."""


def estimate_object(view: View) -> Estimate:
    """Return what one object makes AWS charge for.

    Raises:
        UnpriceableError: The plan does not tell, or nobody here knows what its controller makes.
    """
    group, kind = kind_of(view.resource.token)
    if (group, kind) in PRICED:
        return PRICED[group, kind](view)
    whole = kind.removesuffix("Patch").removesuffix("List")
    if whole != kind and (group, whole) in PRICED:
        message = f"a {kind} changes objects that are not in the plan"
        raise UnpriceableError(message)
    if group not in BUILT_IN_GROUPS and whole not in FREE_CUSTOM.get(group, ()):
        message = f"what the controller of {group} makes of a {whole} in AWS is not known here"
        raise UnpriceableError(message)
    return Estimate()


def release(view: View) -> Estimate:
    """Return what all objects of a Helm release make AWS charge for.

    Raises:
        UnpriceableError: It cannot be rendered, or it holds something that may start nodes nobody can count.
    """
    parts = [_inside(one) for one in view.objects()]
    return Estimate(
        components=tuple(component for part in parts for component in part.components),
        nodes=tuple(nodes for part in parts for nodes in part.nodes),
        unpriced="; ".join(part.unpriced for part in parts if part.unpriced),
    )


def _inside(view: View) -> Estimate:
    try:
        return estimate_object(view)
    except UnpriceableError as exc:
        message = f"{view.resource.token.rpartition(':')[2]} {view.resource.name}: {exc}"
        if may_run_nodes(view.resource):
            raise UnpriceableError(message) from exc
        return Estimate(unpriced=message)


def may_run_nodes(resource: Resource) -> bool:
    """Return whether an object that nobody can price may start instances."""
    group, kind = kind_of(resource.token)
    if group in BUILT_IN_GROUPS:
        return False
    if group in {"karpenter.sh", "helm.sh"} | INSTALLERS or group.startswith(MAKES_NODES):
        return True
    return kind not in FREE_CUSTOM.get(group, ()) and names_accelerator(resource.inputs)


def kind_of(token: str) -> Kind:
    """Return the API group and the kind in a type token: `kubernetes:apps/v1:Deployment`."""
    _, _, rest = token.partition(":")
    group_version, _, kind = rest.rpartition(":")
    return group_version.rpartition("/")[0] or "core", kind


PRICED: Mapping[Kind, Callable[[View], Estimate]] = {
    ("helm.sh", "Release"): release,
    ("karpenter.sh", "NodePool"): karpenter.node_pool,
    ("core", "Service"): kubernetes_balancers.service,
    ("networking.k8s.io", "Ingress"): kubernetes_balancers.ingress,
    ("extensions", "Ingress"): kubernetes_balancers.ingress,
    ("core", "PersistentVolumeClaim"): kubernetes_volumes.claim,
    **kubernetes_volumes.WORKLOADS,
}
"""Kinds that may make AWS charge something, whatever their version."""

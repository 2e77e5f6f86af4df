"""EKS: control planes, node groups, Fargate profiles, capabilities; the fee of Auto Mode.

Usage types of the price list of 2026-09-28 (https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEKS), as
quoted in public repositories; operations as in https://aws.amazon.com/eks/pricing/ (both read 2026-11-26).
"""

from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.autoscaling import NODE_GROUP, prepared, scheduled, template_parts
from costcheck.gate.types.eks_support import pays_extended_support
from costcheck.gate.types.instances import (
    NO_TEMPLATE,
    TEMPLATE,
    described_by,
    extras,
    inside_reservation,
    launched,
    public_by_subnet,
)
from costcheck.gate.types.lines import all_month, by_use, listed, monthly, only_by_use
from costcheck.gate.types.volumes import GP3
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import meter

EKS = "AmazonEKS"
CONTROL_PLANE = meter(EKS, "AmazonEKS-Hours:perCluster")
EXTENDED_SUPPORT = meter(EKS, "AmazonEKS-Hours:extendedSupport")
TIERS = {
    f"tier-{size.lower()}": listed(
        EKS, f"AmazonEKS-Hours:{size}-ProvisionedTier", "Hours", operation="ProvisionedControlPlaneUsage"
    )
    for size in ("XL", "2XL", "4XL", "8XL")
}
HYBRID_NODES = listed(
    EKS, "AmazonEKSHybridNodes-Hours:pervCPU", "vCPU-Hours", "vCPU-hours", operation="HybridNodesUsage"
)
CAPABILITIES = {"ARGOCD": "ArgoCD", "ACK": "ACK", "KRO": "KRO"}
DEFAULT_TYPES = ("t3.medium",)
"""What EKS takes where neither group nor template names a type (the API's documentation in botocore 1.44.5)."""
DISK_GIB = 20
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html (diskSize)"""
CAPACITY_TYPES = {
    "ON_DEMAND": PurchaseOption.ON_DEMAND,
    "SPOT": PurchaseOption.SPOT,
    "CAPACITY_BLOCK": PurchaseOption.CAPACITY_BLOCK,
}


def cluster(view: View) -> Estimate:
    """Return the control plane, with extended support and its tier.

    Raises:
        UnpriceableError: It stands on an Outpost, or EKS starts nodes of its own choice.
    """
    if view.has("outpostConfig"):
        message = "outpostConfig: no price of clusters on Outposts is built in"
        raise UnpriceableError(message)
    _refuse_built_in_pools(view)
    extended = (all_month("extended support", EXTENDED_SUPPORT),) if pays_extended_support(view) else ()
    hybrid = (by_use("hybrid nodes", HYBRID_NODES),) if view.has("remoteNetworkConfig") else ()
    return Estimate(components=(all_month("EKS control plane", CONTROL_PLANE), *extended, *_tier(view), *hybrid))


def _refuse_built_in_pools(view: View) -> None:
    """Do nothing where EKS starts no nodes by pools of its own; NodePools in the plan are priced by themselves.

    The built-in pools choose among types of C, M and R, on demand and without a limit, none with accelerators
    (https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html, read 2026-11-26).
    """
    auto = view.has("computeConfig") and view.flag("computeConfig", "enabled")
    if auto and (not view.has("computeConfig", "nodePools") or view.items("computeConfig", "nodePools")):
        message = (
            "computeConfig.nodePools lets EKS Auto Mode start nodes without a limit; [] keeps its own pools away"
        )
        raise UnpriceableError(message)


def _tier(view: View) -> tuple[Component, ...]:
    if not view.has("controlPlaneScalingConfig"):
        return ()
    name = view.text("controlPlaneScalingConfig", "tier")
    if name == "standard":
        return ()
    if name in TIERS:
        return (all_month(f"provisioned control plane, {name}", TIERS[name]),)
    message = f"controlPlaneScalingConfig.tier is {name[:60]!r}, and no price of it is built in"
    raise UnpriceableError(message)


def node_group(view: View) -> Estimate:
    """Return the nodes of a managed node group, and the disks that its launch template gives each of them.

    EKS takes t3.medium, on demand, where the program is seen to say nothing else; a line that the plan has lost must
    not make a pool of GPUs look like that.
    """
    template = described_by(view, "launchTemplate")
    if not view.has("capacityType") and not view.leaves_out("capacityType"):
        return _bought_somehow(view, template)
    capacity_type = view.text("capacityType", default="ON_DEMAND")
    if capacity_type not in CAPACITY_TYPES:
        message = f"capacityType is {capacity_type!r}, which is none of {', '.join(CAPACITY_TYPES)}"
        raise UnpriceableError(message)
    nodes = _nodes(view, template, CAPACITY_TYPES[capacity_type])
    types = nodes.instance_types
    return launched(() if inside_reservation(types, template) else (nodes,), lambda: _parts(view, template, nodes))


def _nodes(view: View, template: View | None, option: PurchaseOption) -> Nodes:
    desired, maximum = _sizes(view)
    types = _instance_types(view, template)
    return Nodes(instance_types=types, purchase_option=option, desired=desired, maximum=maximum)


def _bought_somehow(view: View, template: View | None) -> Estimate:
    """Return the nodes of a group of which nobody knows how they are bought, as long as none may carry a GPU.

    A decision allows GPUs by the way that they are bought, so that it cannot cover those.

    Raises:
        UnpriceableError: Some may; it says which and how many are seen.
    """
    nodes, reason = _nodes(view, template, PurchaseOption.ON_DEMAND), view.why_missing("capacityType")
    if not any(is_accelerated(name, view.side.instances) for name in nodes.instance_types):
        return Estimate(nodes=(nodes,), unpriced=reason)
    error = UnpriceableError(reason)
    error.shown = f"{nodes.maximum:f} x {' or '.join(nodes.instance_types)}"
    raise error


def _instance_types(view: View, template: View | None) -> tuple[str, ...]:
    types = view.texts("instanceTypes")
    if types:
        return types
    if view.leaves_out("instanceTypes") and view.leaves_out("launchTemplate") and view.leaves_out("amiType"):
        return DEFAULT_TYPES
    if template is None:
        message = f"{NO_TEMPLATE}, and {view.why_missing('instanceTypes')}"
        raise UnpriceableError(message)
    return (template.text("instanceType"),)


def _sizes(view: View) -> tuple[Decimal, Decimal]:
    """Return how many nodes run, and how many at most."""
    desired = view.number("scalingConfig", "desiredSize")
    most = max(scheduled(view, view.number("scalingConfig", "maxSize")), desired)
    return (prepared(view, "warmPoolConfig", most),) * 2 if view.has("warmPoolConfig") else (desired, most)


def _parts(view: View, template: View | None, nodes: Nodes) -> tuple[Component, ...]:
    """Return what each node brings along beside its hours."""
    if view.text("amiType", default="").startswith("WINDOWS"):
        message = "amiType is one of Windows, and only prices of Linux are built in"
        raise UnpriceableError(message)
    if template is not None:
        return template_parts(view, template, nodes, subnets="subnetIds")
    if view.has("launchTemplate"):
        message = f"{NO_TEMPLATE}, so the size of the disks is not known"
        raise UnpriceableError(message)
    count, maximum = nodes.desired, max(nodes.desired, nodes.maximum or Decimal(0))
    gib = view.number("diskSize", default=DISK_GIB)
    disk = monthly("gp3 volume of each node", GP3, count * gib, maximum * gib)
    return (disk, *extras(view, TEMPLATE, nodes, public=public_by_subnet(view, "subnetIds")))


def capability(view: View) -> Estimate:
    """Return a capability that EKS runs: its hours, and by use what it manages."""
    kind = view.text("type")
    if kind not in CAPABILITIES:
        message = f"type is {kind[:60]!r}, and no price of such a capability is built in"
        raise UnpriceableError(message)
    base, managed = (
        listed(
            EKS, f"AmazonEKSCapabilities-{CAPABILITIES[kind]}{end}", "Hours", operation=f"{CAPABILITIES[kind]}Usage"
        )
        for end in ("-Hours:perCapability", "-CR-Hours:perCustomResource")
    )
    return Estimate(
        components=(all_month(f"EKS capability {kind}", base), by_use("resources that it manages", managed))
    )


FARGATE = only_by_use(
    by_use("vCPUs of pods on Fargate", listed(EKS, "Fargate-vCPU-Hours:perCPU", "vCPU-Hours", "hours", "Hours")),
    by_use("memory of pods on Fargate", listed(EKS, "Fargate-GB-Hours", "GB-Hours", "Hours")),
)
RUNS_NODES = frozenset({NODE_GROUP})
PRICED = {
    "aws:eks/cluster:Cluster": cluster,
    NODE_GROUP: node_group,
    "aws:eks/fargateProfile:FargateProfile": FARGATE,
    "aws:eks/capability:Capability": capability,
}

"""A pool of GPU nodes that EKS Auto Mode starts for waiting pods and takes back when they are gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_kubernetes as k8s

from infra.errors import Problem, refuse
from infra.gpu_node_pool import GPU_TAINT, gpu_labels
from infra.node_group import OperatingSystem

NODE_CLASS = "eks.amazonaws.com/v1"
NODE_POOL = "karpenter.sh/v1"

CONSOLIDATE_AFTER = "10m"
"""An idle GPU is paid for this much longer; shorter, and a rollout loses its node between two pods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KarpenterNodePoolArgs:
    """What one pool is made from.

    Attributes:
        node_role_name: Role of the nodes, which already has its access entry.
        security_group_id: The cluster's security group.
        subnet_ids: Private subnets of those zones that offer the types.
        zones: The same zones by name.
        instance_types: Types to choose from.
        capacity_types: `on-demand`, `spot`, or both.
        maximum_nodes: Instance type and purchase option to the nodes that admission allowed.
        gpu_limit: Most GPUs that may run at once; this is what admission allows.
        cpu_limit: Most vCPUs that may run at once.
        volume_gib: Encrypted disk in GiB.
        expire_after: Age at which a node is replaced, such as `336h`; dev takes nodes back with it.
        termination_grace_period: Time that pods and budgets may hold a node back, such as `1h`.
        tags: Cost-allocation tags of instances and volumes.
    """

    node_role_name: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    zones: Sequence[str]
    instance_types: Sequence[str]
    capacity_types: Sequence[Literal["on-demand", "spot"]]
    maximum_nodes: Mapping[str, int]
    gpu_limit: int
    cpu_limit: int
    volume_gib: int
    expire_after: str
    termination_grace_period: str
    tags: Mapping[str, str]


class KarpenterNodePool(pulumi.ComponentResource):
    """A NodeClass (how nodes look) and a NodePool (which, how many, how long).

    Nodes of EKS Auto Mode are Bottlerocket, enforce IMDSv2 with one hop, bring the device plugin, and put pod storage
    on local NVMe where it is larger than the disk asked for, all by themselves; there is nothing to switch on here
    (https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html).

    Attributes:
        resource: The NodePool, for what must come after it.
    """

    resource: k8s.apiextensions.CustomResource

    def __init__(self, name: str, args: KarpenterNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:KarpenterNodePool", name, None, opts)
        if args.gpu_limit < 1 or args.cpu_limit < 1:
            seen = f"limits of {args.gpu_limit} GPUs and {args.cpu_limit} vCPUs"
            right = "both at least 1: a NodePool without limits grows for as long as pods wait"
            refuse([Problem(key=f"gpuPools.{name}.nodes", value=seen, right=right)])
        node_class = k8s.apiextensions.CustomResource(
            f"{name}-class",
            api_version=NODE_CLASS,
            kind="NodeClass",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name),
            spec=_node_class_spec(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.resource = k8s.apiextensions.CustomResource(
            name,
            api_version=NODE_POOL,
            kind="NodePool",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name),
            spec=_node_pool_spec(name, args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[node_class]),
        )
        self.register_outputs({"maximum_nodes": dict(args.maximum_nodes)})


def _node_class_spec(args: KarpenterNodePoolArgs) -> dict[str, Any]:
    # Fields: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html
    return {
        "role": args.node_role_name,
        "subnetSelectorTerms": [{"id": subnet} for subnet in args.subnet_ids],
        "securityGroupSelectorTerms": [{"id": args.security_group_id}],
        "networkPolicy": "DefaultAllow",
        "ephemeralStorage": {"size": f"{args.volume_gib}Gi"},
        "tags": dict(args.tags),
    }


def _node_pool_spec(name: str, args: KarpenterNodePoolArgs) -> dict[str, Any]:
    # Fields: https://karpenter.sh/docs/concepts/nodepools/
    return {
        "template": {
            "metadata": {"labels": gpu_labels(name, OperatingSystem.BOTTLEROCKET)},
            "spec": _node_spec(name, args),
        },
        "limits": {"nvidia.com/gpu": str(args.gpu_limit), "cpu": str(args.cpu_limit)},
        "disruption": {
            # Only empty nodes go: a model that moves is minutes without an answer.
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": CONSOLIDATE_AFTER,
            "budgets": [{"nodes": "1"}],
        },
    }


def _node_spec(name: str, args: KarpenterNodePoolArgs) -> dict[str, Any]:
    return {
        "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": name},
        "taints": [{"key": GPU_TAINT.key, "value": GPU_TAINT.value, "effect": "NoSchedule"}],
        "requirements": [
            _one_of("node.kubernetes.io/instance-type", args.instance_types),
            _one_of("karpenter.sh/capacity-type", args.capacity_types),
            _one_of("topology.kubernetes.io/zone", args.zones),
        ],
        "expireAfter": args.expire_after,
        # Without it a budget that nobody can meet keeps an expired node for ever (kubernetes-sigs/karpenter#1776).
        "terminationGracePeriod": args.termination_grace_period,
    }


def _one_of(label: str, values: Sequence[str]) -> dict[str, Any]:
    return {"key": label, "operator": "In", "values": list(values)}

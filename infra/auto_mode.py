"""What EKS Auto Mode needs besides its switch: a role for the nodes that it starts, and their access entry."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam

AUTO_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
"""Of the nodes that Auto Mode starts: https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html"""

AUTO_MODE_POLICIES = (
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""For the cluster's role, besides AmazonEKSClusterPolicy.

https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html
"""

OWN_CLUSTER = {"aws:RequestTag/eks:eks-cluster-name": "${aws:PrincipalTag/eks:eks-cluster-name}"}


def tagging_permissions() -> pulumi.Output[str]:
    """Return what the cluster's role needs to put our cost tags on what Auto Mode starts.

    AWS's managed policies allow EKS's own tags only. The statements of
    https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html (tag-prop) for nodes, disks and interfaces.
    """
    return iam.policy(
        iam.Statement(
            actions=["ec2:CreateFleet", "ec2:RunInstances", "ec2:CreateLaunchTemplate"],
            resources=["*"],
            condition={
                "StringEquals": OWN_CLUSTER,
                "StringLike": {
                    "aws:RequestTag/eks:kubernetes-node-class-name": "*",
                    "aws:RequestTag/eks:kubernetes-node-pool-name": "*",
                },
            },
        ),
        iam.Statement(
            actions=["ec2:CreateVolume", "ec2:CreateSnapshot"],
            resources=["arn:*:ec2:*:*:volume/*", "arn:*:ec2:*:*:snapshot/*"],
            condition={"StringEquals": OWN_CLUSTER},
        ),
        iam.Statement(
            actions=["ec2:CreateNetworkInterface"],
            resources=["*"],
            condition={
                "StringEquals": OWN_CLUSTER,
                "StringLike": {"aws:RequestTag/eks:kubernetes-cni-node-name": "*"},
            },
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoNodesArgs:
    """The cluster whose Auto Mode nodes these are."""

    cluster_name: pulumi.Input[str]
    partition: pulumi.Input[str]
    tags: Mapping[str, str]


class AutoNodes(pulumi.ComponentResource):
    """Role and access entry of nodes that EKS starts for our own NodeClasses.

    Attributes:
        role_name: What a NodeClass names as its role.
    """

    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: AutoNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:AutoNodes", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-auto-node",
            assume_role_policy=iam.service_trust("ec2.amazonaws.com"),
            tags={**args.tags, "Name": f"{name}-auto-node"},
            opts=child,
        )
        policies = {policy: iam.managed_policy_arn(args.partition, policy) for policy in AUTO_NODE_POLICIES}
        attachments = iam.attach(role, f"{name}-auto-node", policies, child)
        # EKS makes this entry for its built-in pools only:
        # https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html (Create node class access entry)
        entry = aws.eks.AccessEntry(
            f"{name}-auto-node",
            cluster_name=args.cluster_name,
            principal_arn=role.arn,
            type="EC2",
            tags=dict(args.tags),
            opts=child,
        )
        association = aws.eks.AccessPolicyAssociation(
            f"{name}-auto-node",
            cluster_name=args.cluster_name,
            principal_arn=role.arn,
            policy_arn=pulumi.Output.format(
                "arn:{0}:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy", args.partition
            ),
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[entry]),
        )
        # Known once nodes may join and pull images, so that a NodeClass comes after all that and goes before it.
        ready = [association.id, *(attachment.id for attachment in attachments)]
        self.role_name = pulumi.Output.all(role.name, *ready).apply(lambda known: str(known[0]))
        self.register_outputs({"role_name": self.role_name})

"""What happens in the account besides a resource's own record, one module a service."""

from collections.abc import Mapping

from localcloud.account.effects.base import Effect
from localcloud.account.effects.ec2 import DefaultSecurityGroupEffect, LaunchTemplateEffect, SubnetEffect, VpcEffect
from localcloud.account.effects.eks_access import AccessEntryEffect, AccessPolicyAssociationEffect
from localcloud.account.effects.eks_cluster import ClusterEffect
from localcloud.account.effects.eks_nodes import NodeGroupEffect
from localcloud.account.effects.storage import BucketEffect, KeyEffect, LogGroupEffect

_EFFECTS: Mapping[str, Effect] = {
    "aws:ec2/vpc:Vpc": VpcEffect(),
    "aws:ec2/subnet:Subnet": SubnetEffect(),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": DefaultSecurityGroupEffect(),
    "aws:ec2/launchTemplate:LaunchTemplate": LaunchTemplateEffect(),
    "aws:eks/cluster:Cluster": ClusterEffect(),
    "aws:eks/nodeGroup:NodeGroup": NodeGroupEffect(),
    "aws:eks/accessEntry:AccessEntry": AccessEntryEffect(),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": AccessPolicyAssociationEffect(),
    "aws:cloudwatch/logGroup:LogGroup": LogGroupEffect(),
    "aws:kms/key:Key": KeyEffect(),
    "aws:s3/bucket:Bucket": BucketEffect(),
}


def effect_of(token: str) -> Effect:
    """The effects of a type; most types have none."""
    return _EFFECTS.get(token, Effect())

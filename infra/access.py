"""Who administers the cluster: access entries, each with EKS's policy for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.errors import Problem, refuse

ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
"""https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One administrator.

    Attributes:
        name: Short name, unique, kept for as long as the grant stands.
        principal_arn: ARN of an IAM role or user; a session's ARN is not one.
    """

    name: str
    principal_arn: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccessArgs:
    """Administrators of one cluster; at least one."""

    cluster_name: pulumi.Input[str]
    partition: pulumi.Input[str]
    grants: Sequence[Grant]
    tags: Mapping[str, str]


def check_grants(grants: Sequence[Grant]) -> None:
    """Refuse a cluster that nobody can administer, and two grants under one name.

    Raises:
        ProblemsError: As said.
    """
    names = [grant.name for grant in grants]
    if len(set(names)) < len(names) or not names:
        right = "different names, and an administrator: the cluster's creator gets no rights of its own"
        refuse([Problem(key="administrators", value=names, right=right)])


class ClusterAccess(pulumi.ComponentResource):
    """Access entries and their policies.

    Attributes:
        ready: Identifiers of the policy associations; known once every grant is in force.
    """

    ready: pulumi.Output[list[str]]

    def __init__(self, name: str, args: ClusterAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:ClusterAccess", name, None, opts)
        check_grants(args.grants)
        associations = [self._grant(name, grant, args) for grant in args.grants]
        self.ready = pulumi.Output.all(*[association.id for association in associations])
        self.register_outputs({"ready": self.ready})

    def _grant(self, name: str, grant: Grant, args: ClusterAccessArgs) -> aws.eks.AccessPolicyAssociation:
        entry = aws.eks.AccessEntry(
            f"{name}-{grant.name}",
            cluster_name=args.cluster_name,
            principal_arn=grant.principal_arn,
            type="STANDARD",
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.eks.AccessPolicyAssociation(
            f"{name}-{grant.name}",
            cluster_name=args.cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=pulumi.Output.format(
                "arn:{0}:eks::aws:cluster-access-policy/{1}", args.partition, ADMIN_POLICY
            ),
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[entry]),
        )

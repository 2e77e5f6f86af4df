"""A network or a cluster that the company already has: looked up or named, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.kubeconfig import kubeconfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingNetwork:
    """A VPC that somebody else looks after.

    Attributes:
        vpc_id: The VPC.
        private_subnets: Subnet of the nodes, by zone; named in the configuration, so that their number is known.
    """

    vpc_id: str
    private_subnets: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingCluster:
    """A cluster that somebody else looks after; the same attributes as our own `Cluster`."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    auto_node_role_name: pulumi.Output[str] | None
    ready: Sequence[pulumi.Resource]


def find_cluster(name: str, *, region: str, auto_node_role_name: str | None = None) -> ExistingCluster:
    """Return the cluster of this name; the deployment fails where there is none.

    Its add-ons, access entries and logs stay as they are: the caller must already be an administrator in it.
    """
    found = aws.eks.get_cluster_output(name=name)
    return ExistingCluster(
        name=found.name,
        arn=found.arn,
        security_group_id=found.vpc_config.apply(lambda config: str(config.cluster_security_group_id)),
        kubeconfig=kubeconfig(
            cluster_name=found.name,
            endpoint=found.endpoint,
            certificate_authority=found.certificate_authorities.apply(lambda found: str(found[0].data)),
            region=region,
            after=[],
        ),
        auto_node_role_name=pulumi.Output.from_input(auto_node_role_name) if auto_node_role_name else None,
        ready=(),
    )

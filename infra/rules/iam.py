"""Rules of roles: what they may do, and who may take them on."""

from collections.abc import Mapping
from typing import Any

from infra.rules.base import Inputs, as_list, at, rule, statements

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE = "aws:iam/role:Role"
KEY = "aws:kms/key:Key"

SERVICES = {"eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com", "vpc-flow-logs.amazonaws.com"}
"""Services that take on a role of ours."""

ACTING_FOR_OTHERS = {"pods.eks.amazonaws.com", "vpc-flow-logs.amazonaws.com"}
"""Those that act for a resource that somebody names, who must be one of this account's."""

MANAGED = {
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
}
"""AWS's own policies that a role of ours may have."""


def _administers_its_own_key(statement: Mapping[str, Any]) -> bool:
    # AWS's default statement of every key: it lets this account's IAM decide, and the key be deleted one day.
    return str(at(statement, "Principal", "AWS")).endswith(":root") and at(statement, "Action") == "kms:*"


@rule("actions-are-named", ROLE_POLICY, KEY)
def actions_are_named(inputs: Inputs) -> bool:
    """Wrong where an allowed action has a wildcard."""
    return not any(
        "*" in action
        for statement in statements(inputs["policy"])
        if statement.get("Effect") == "Allow" and not _administers_its_own_key(statement)
        for action in as_list(statement.get("Action"))
    )


@rule("resources-are-named", ROLE_POLICY)
def resources_are_named(inputs: Inputs) -> bool:
    """Wrong where an action is allowed on everything, without a condition."""
    return not any(
        "*" in as_list(statement.get("Resource")) and not statement.get("Condition")
        for statement in statements(inputs["policy"])
        if statement.get("Effect") == "Allow"
    )


@rule("trust-names-one-service", ROLE)
def trust_names_one_service(inputs: Inputs) -> bool:
    """Wrong where the role can be taken on by more than one service of AWS that needs it."""
    principals = [statement.get("Principal") for statement in statements(inputs["assumeRolePolicy"])]
    services = [as_list(at(principal, "Service")) for principal in principals]
    only_services = all(isinstance(principal, Mapping) and set(principal) == {"Service"} for principal in principals)
    return only_services and len(services) == 1 and len(services[0]) == 1 and services[0][0] in SERVICES


@rule("trust-names-the-source", ROLE)
def trust_names_the_source(inputs: Inputs) -> bool:
    """Wrong where a service could be made to use the role for somebody else's resource."""
    return all(
        at(statement, "Condition", "ArnLike", "aws:SourceArn")
        and at(statement, "Condition", "StringEquals", "aws:SourceAccount")
        for statement in statements(inputs["assumeRolePolicy"])
        if ACTING_FOR_OTHERS & set(as_list(at(statement, "Principal", "Service")))
    )


@rule("managed-policies-are-listed", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def managed_policies_are_listed(inputs: Inputs) -> bool:
    """Wrong where a policy is attached that no role of ours needs."""
    return str(at(inputs, "policyArn")).rsplit("/", maxsplit=1)[-1] in MANAGED


RULES = (
    actions_are_named,
    resources_are_named,
    trust_names_one_service,
    trust_names_the_source,
    managed_policies_are_listed,
)

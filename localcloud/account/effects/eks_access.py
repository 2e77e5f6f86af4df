"""Access entries: who exists may get in, and a policy needs its entry."""

from localcloud.account.effects.base import Effect
from localcloud.account.errors import ApiError
from localcloud.account.identities import caller_arns, principal_of
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree

ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"

# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html, from memory 2026-11-26
POLICIES = frozenset(
    {
        "AmazonEKSAdminPolicy",
        "AmazonEKSClusterAdminPolicy",
        "AmazonEKSAdminViewPolicy",
        "AmazonEKSEditPolicy",
        "AmazonEKSViewPolicy",
        "AmazonEKSAutoNodePolicy",
    }
)


def policy_name(policy_arn: str) -> str:
    """The name of an access policy: ``arn:aws:eks::aws:cluster-access-policy/NAME``."""
    return policy_arn.rpartition("/")[2]


class AccessEntryEffect(Effect):
    """An entry names a role or user of this account."""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses sessions, and principals that do not exist."""
        arn = inputs["principalArn"]
        known = {principal_of(each) for each in caller_arns(state.settings)}
        if arn not in known and find(state, "aws:iam/role:Role", arn) is None:
            message = f"The specified principalArn is invalid: invalid principal: {arn}"
            msg = "InvalidParameterException"
            raise ApiError(msg, message)

    def removed(self, state: State, resource: Resource) -> None:
        """Takes the policies of the entry with it."""
        for each in state.of_type(ASSOCIATION):
            if _same_principal(each.inputs, resource.inputs):
                state.remove(each)


class AccessPolicyAssociationEffect(Effect):
    """A policy is given to a principal that has an entry."""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses unknown policies, and principals without an entry."""
        if policy_name(inputs["policyArn"]) not in POLICIES:
            message = f"The policyArn parameter format is not valid: {inputs['policyArn']}"
            msg = "InvalidParameterException"
            raise ApiError(msg, message)
        if not any(_same_principal(each.inputs, inputs) for each in state.of_type(ENTRY)):
            message = f"The specified principalArn could not be found: {inputs['principalArn']}"
            msg = "ResourceNotFoundException"
            raise ApiError(msg, message)


def _same_principal(one: Tree, other: Tree) -> bool:
    return bool(one["clusterName"] == other["clusterName"] and one["principalArn"] == other["principalArn"])

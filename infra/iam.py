"""IAM documents: who may take a role on, and what the role may do. Pure, apart from outputs in the ARNs.

Every trust names one service and, where AWS documents the condition, the one resource on whose behalf it may act
(https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). No statement here has a wildcard action.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

POD_IDENTITY_SERVICE = "pods.eks.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One permission: these actions on these resources, under this condition."""

    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    condition: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the statement in IAM's own form."""
        body: dict[str, Any] = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return body | ({"Condition": dict(self.condition)} if self.condition else {})


def policy(*statements: Statement) -> pulumi.Output[str]:
    """Return the policy document as JSON."""
    body = {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}
    return pulumi.Output.json_dumps(body)


def service_trust(service: str, *, tag_session: bool = False) -> str:
    """Return the trust policy that lets one AWS service, and nobody else, assume the role."""
    actions = ["sts:AssumeRole", "sts:TagSession"] if tag_session else ["sts:AssumeRole"]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def scoped_service_trust(
    service: str,
    *,
    source_arn: pulumi.Input[str],
    account_id: pulumi.Input[str],
    tag_session: bool = False,
) -> pulumi.Output[str]:
    """Return the trust policy for one service acting for one resource of this account."""
    condition = {"ArnLike": {"aws:SourceArn": source_arn}, "StringEquals": {"aws:SourceAccount": account_id}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["sts:AssumeRole", "sts:TagSession"] if tag_session else ["sts:AssumeRole"],
        "Condition": condition,
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})


def pod_identity_trust(cluster_arn: pulumi.Input[str], account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return the trust policy for pods of this cluster.

    Form and condition: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html.
    """
    return scoped_service_trust(POD_IDENTITY_SERVICE, source_arn=cluster_arn, account_id=account_id, tag_session=True)


def managed_policy_arn(partition: pulumi.Input[str], policy_name: str) -> pulumi.Output[str]:
    """Return the ARN of a policy that AWS maintains."""
    return pulumi.Output.format("arn:{0}:iam::aws:policy/{1}", partition, policy_name)


def attach(
    role: aws.iam.Role, name: str, policies: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> list[aws.iam.RolePolicyAttachment]:
    """Return the attachments of these policies, by suffix, to the role."""
    return [
        aws.iam.RolePolicyAttachment(f"{name}-{suffix}", role=role.name, policy_arn=arn, opts=opts)
        for suffix, arn in policies.items()
    ]

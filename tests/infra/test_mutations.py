"""The whole stack keeps every rule, and each way to break one is caught by that rule alone."""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from infra.rules import RULES, Resource, check
from infra.rules.stack import BUCKET_GUARDS
from tests.infra.builders import VARIANTS, whole_stack
from tests.infra.conftest import PretendCloud

Change = Callable[[dict[str, Any]], object]

CLUSTER = "aws:eks/cluster:Cluster"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:eks/nodeGroup:NodeGroup"
ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
RELEASE, NAMESPACE = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Namespace"
POOL = "kubernetes:karpenter.sh/v1:NodePool"
ALLOW_ALL = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One mistake in one resource, and the rule that must notice it."""

    mistake: str
    rule: str
    token: str
    name: str
    change: Change


def put(*path: str | int, value: object) -> Change:
    """Return a change that sets the value at this path."""

    def change(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """Return a change that leaves out what stands at this path."""

    def change(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def without(key: str, item: str) -> Change:
    """Return a change that takes one item out of a list."""
    return lambda inputs: inputs[key].remove(item)


def in_document(key: str, change: Change) -> Change:
    """Return a change within a policy document."""

    def rewrite(inputs: dict[str, Any]) -> None:
        document = json.loads(inputs[key])
        change(document)
        inputs[key] = json.dumps(document)

    return rewrite


def mutation(mistake: str, rule: str, token: str, name: str, change: Change) -> Mutation:
    return Mutation(mistake=mistake, rule=rule, token=token, name=name, change=change)


MUTATIONS = (
    # who reaches the cluster
    mutation(
        "the API is public to 0.0.0.0/0",
        "api-is-not-open-to-all",
        CLUSTER,
        "cluster",
        lambda inputs: inputs["vpcConfig"].update(endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/0"]),
    ),
    mutation(
        "the API is public to ::/0",
        "api-is-not-open-to-all",
        CLUSTER,
        "cluster",
        lambda inputs: inputs["vpcConfig"].update(endpointPublicAccess=True, publicAccessCidrs=["::/0"]),
    ),
    mutation(
        "the API is public and nobody is named",
        "api-is-not-open-to-all",
        CLUSTER,
        "cluster",
        lambda inputs: inputs["vpcConfig"].update(endpointPublicAccess=True, publicAccessCidrs=[]),
    ),
    mutation(
        "the public endpoint is left to AWS's default, which is on",
        "api-is-not-open-to-all",
        CLUSTER,
        "cluster",
        lambda inputs: inputs["vpcConfig"].pop("endpointPublicAccess"),
    ),
    mutation(
        "no private endpoint",
        "nodes-reach-the-api-privately",
        CLUSTER,
        "cluster",
        put("vpcConfig", "endpointPrivateAccess", value=False),
    ),
    mutation(
        "aws-auth decides",
        "access-is-granted-by-entries",
        CLUSTER,
        "cluster",
        put("accessConfig", "authenticationMode", value="API_AND_CONFIG_MAP"),
    ),
    mutation(
        "the creator is an administrator for ever",
        "access-is-granted-by-entries",
        CLUSTER,
        "cluster",
        put("accessConfig", "bootstrapClusterCreatorAdminPermissions", value=True),
    ),
    mutation(
        "that is left to AWS's default, which is on",
        "access-is-granted-by-entries",
        CLUSTER,
        "cluster",
        drop("accessConfig", "bootstrapClusterCreatorAdminPermissions"),
    ),
    # what it keeps
    mutation("secrets without KMS", "secrets-are-encrypted", CLUSTER, "cluster", drop("encryptionConfig")),
    mutation(
        "the key encrypts no secrets",
        "secrets-are-encrypted",
        CLUSTER,
        "cluster",
        put("encryptionConfig", "resources", value=[]),
    ),
    *(
        mutation(
            f"no {log} log",
            "control-plane-is-logged",
            CLUSTER,
            "cluster",
            without("enabledClusterLogTypes", log),
        )
        for log in ("api", "audit", "authenticator", "controllerManager", "scheduler")
    ),
    mutation("the key never rotates", "keys-rotate", "aws:kms/key:Key", "worthwhile-test", drop("enableKeyRotation")),
    mutation("flow logs in the clear", "logs-are-encrypted", LOGS, "net-flow-logs", drop("kmsKeyId")),
    mutation(
        "control-plane logs in the clear", "logs-are-encrypted", LOGS, "cluster-control-plane", drop("kmsKeyId")
    ),
    mutation("logs for ever", "logs-end", LOGS, "cluster-control-plane", drop("retentionInDays")),
    mutation("logs for ever, as AWS writes it", "logs-end", LOGS, "net-flow-logs", put("retentionInDays", value=0)),
    mutation(
        "EKS makes the log group itself",
        "control-plane-is-logged",
        LOGS,
        "cluster-control-plane",
        put("name", value="/somewhere/else"),
    ),
    mutation("extended support", "support-stays-standard", CLUSTER, "cluster", drop("upgradePolicy")),
    mutation("an add-on floats", "addons-are-pinned", "aws:eks/addon:Addon", "cluster-coredns", drop("addonVersion")),
    mutation(
        "NetworkPolicies are ignored",
        "network-policies-are-enforced",
        "aws:eks/addon:Addon",
        "cluster-vpc-cni",
        drop("configurationValues"),
    ),
    # the network
    mutation(
        "instances get public addresses",
        "nothing-gets-a-public-address",
        "aws:ec2/subnet:Subnet",
        "net-private-us-east-1a",
        put("mapPublicIpOnLaunch", value=True),
    ),
    mutation(
        "the default security group talks to itself",
        "default-security-group-is-empty",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "net-default",
        put("ingress", value=[{"self": True, "fromPort": 0, "toPort": 0, "protocol": "-1"}]),
    ),
    mutation(
        "the default security group lets everything out",
        "default-security-group-is-empty",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "net-default",
        drop("egress"),
    ),
    mutation(
        "only refused flows are logged",
        "all-flows-are-logged",
        "aws:ec2/flowLog:FlowLog",
        "net-flow-logs",
        put("trafficType", value="REJECT"),
    ),
    # the nodes
    mutation(
        "IMDSv1", "metadata-takes-a-token", TEMPLATE, "g6", put("metadataOptions", "httpTokens", value="optional")
    ),
    mutation(
        "IMDSv1 on the system nodes",
        "metadata-takes-a-token",
        TEMPLATE,
        "cluster-system",
        put("metadataOptions", "httpTokens", value="optional"),
    ),
    mutation(
        "IMDSv1, as AWS's default",
        "metadata-takes-a-token",
        TEMPLATE,
        "g6",
        drop("metadataOptions", "httpTokens"),
    ),
    mutation(
        "two hops",
        "metadata-stays-on-the-node",
        TEMPLATE,
        "g6",
        put("metadataOptions", "httpPutResponseHopLimit", value=2),
    ),
    mutation(
        "a volume in the clear",
        "volumes-are-encrypted",
        TEMPLATE,
        "g6",
        put("blockDeviceMappings", 0, "ebs", "encrypted", value="false"),
    ),
    mutation(
        "encryption left to the account",
        "volumes-are-encrypted",
        TEMPLATE,
        "g6",
        drop("blockDeviceMappings", 0, "ebs", "encrypted"),
    ),
    mutation("disks left to EKS", "volumes-are-encrypted", TEMPLATE, "g6", drop("blockDeviceMappings")),
    mutation("no tags on instances", "instances-carry-cost-tags", TEMPLATE, "g6", drop("tagSpecifications")),
    mutation("no launch template", "instances-come-from-a-template", GROUP, "g6", drop("launchTemplate")),
    mutation("no repair", "nodes-are-repaired", GROUP, "g6", drop("nodeRepairConfig")),
    mutation("repair is off", "nodes-are-repaired", GROUP, "g6", put("nodeRepairConfig", "enabled", value=False)),
    mutation(
        "all nodes are repaired at once",
        "nodes-are-repaired",
        GROUP,
        "g6",
        drop("nodeRepairConfig", "maxParallelNodesRepairedCount"),
    ),
    mutation("no taint", "gpu-nodes-are-tainted", GROUP, "g6", put("taints", value=[])),
    mutation(
        "a taint that only asks",
        "gpu-nodes-are-tainted",
        GROUP,
        "g6",
        put("taints", 0, "effect", value="PREFER_NO_SCHEDULE"),
    ),
    mutation("no limits", "node-pools-are-limited", POOL, "auto", drop("spec", "limits")),
    mutation("no limit of GPUs", "node-pools-are-limited", POOL, "auto", drop("spec", "limits", "nvidia.com/gpu")),
    mutation(
        "Karpenter without taint",
        "node-pools-are-tainted",
        POOL,
        "auto",
        put("spec", "template", "spec", "taints", value=[]),
    ),
    mutation(
        "a blocked node stays",
        "nodes-end",
        POOL,
        "auto",
        drop("spec", "template", "spec", "terminationGracePeriod"),
    ),
    # the weights
    mutation(
        "versioning is off",
        "versions-are-kept",
        "aws:s3/bucketVersioning:BucketVersioning",
        "models",
        put("versioningConfiguration", "status", value="Suspended"),
    ),
    mutation(
        "encrypted with S3's own key",
        "weights-are-encrypted",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "models",
        put("rules", 0, "applyServerSideEncryptionByDefault", value={"sseAlgorithm": "AES256"}),
    ),
    *(
        mutation(
            f"{block} is off",
            "nothing-is-public",
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "models",
            put(block, value=False),
        )
        for block in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    mutation(
        "access control lists count",
        "the-bucket-owns-its-objects",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "models",
        put("rule", "objectOwnership", value="ObjectWriter"),
    ),
    mutation(
        "plain HTTP",
        "plain-http-is-denied",
        "aws:s3/bucketPolicy:BucketPolicy",
        "models",
        in_document("policy", drop("Statement", 0)),
    ),
    mutation(
        "the bucket policy lets everybody read",
        "the-bucket-grants-nobody",
        "aws:s3/bucketPolicy:BucketPolicy",
        "models",
        in_document("policy", lambda document: document["Statement"].append(ALLOW_ALL)),
    ),
    # roles
    mutation(
        "a role may do everything in S3",
        "actions-are-named",
        ROLE_POLICY,
        "qwen-weights",
        in_document("policy", put("Statement", 0, "Action", value=["s3:*"])),
    ),
    mutation(
        "a role may read whatever S3 can read",
        "actions-are-named",
        ROLE_POLICY,
        "qwen-weights",
        in_document("policy", put("Statement", 0, "Action", value="s3:Get*")),
    ),
    mutation(
        "the key is anybody's in the log service",
        "actions-are-named",
        "aws:kms/key:Key",
        "worthwhile-test",
        in_document("policy", put("Statement", 1, "Action", value="kms:*")),
    ),
    mutation(
        "a role may read every bucket",
        "resources-are-named",
        ROLE_POLICY,
        "qwen-weights",
        in_document("policy", put("Statement", 0, "Resource", value="*")),
    ),
    mutation(
        "anybody takes the role on",
        "trust-names-one-service",
        ROLE,
        "qwen-weights",
        in_document("assumeRolePolicy", put("Statement", 0, "Principal", value="*")),
    ),
    mutation(
        "the whole account takes the role on",
        "trust-names-one-service",
        ROLE,
        "cluster-cluster",
        in_document("assumeRolePolicy", put("Statement", 0, "Principal", value={"AWS": "arn:aws:iam::1:root"})),
    ),
    mutation(
        "a second service takes the role on",
        "trust-names-one-service",
        ROLE,
        "cluster-cluster",
        in_document(
            "assumeRolePolicy",
            put("Statement", 0, "Principal", "Service", value=["eks.amazonaws.com", "lambda.amazonaws.com"]),
        ),
    ),
    mutation(
        "pods of any cluster take the role on",
        "trust-names-the-source",
        ROLE,
        "qwen-weights",
        in_document("assumeRolePolicy", drop("Statement", 0, "Condition")),
    ),
    mutation(
        "nodes are administrators",
        "managed-policies-are-listed",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "g6-node-AmazonEKSWorkerNodePolicy",
        put("policyArn", value="arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    # what runs inside
    mutation(
        "the model server's namespace is lenient",
        "model-servers-are-restricted",
        NAMESPACE,
        "qwen",
        put("metadata", "labels", "pod-security.kubernetes.io/enforce", value="baseline"),
    ),
    mutation(
        "a namespace takes any pod",
        "pod-security-is-enforced",
        NAMESPACE,
        "platform-keda",
        drop("metadata", "labels"),
    ),
    mutation("a failed release stays", "releases-roll-back", RELEASE, "qwen", put("atomic", value=False)),
    mutation("a release waits for ever", "releases-roll-back", RELEASE, "qwen", drop("timeout")),
    mutation("a chart floats", "charts-are-pinned", RELEASE, "platform-keda", drop("version")),
    # the bill
    mutation("no tags", "cost-tags-are-there", CLUSTER, "cluster", drop("tags")),
    mutation(
        "a part of the tags", "cost-tags-are-there", "aws:s3/bucket:Bucket", "models", drop("tags", "worthwhile:part")
    ),
)


RECORDED: dict[str, list[Resource]] = {}
"""Each stack as it was registered, once; a mutation works on a copy."""


def recorded(cloud: PretendCloud, variant: str) -> list[Resource]:
    if variant not in RECORDED:
        cloud.deploy(lambda: whole_stack(VARIANTS[variant]))
        RECORDED[variant] = [
            Resource(token=resource.token, name=resource.name, inputs=resource.inputs) for resource in cloud.resources
        ]
    return RECORDED[variant]


def broken(resources: Sequence[Resource], mutation: Mutation) -> list[Resource]:
    (target,) = [item for item in resources if (item.token, item.name) == (mutation.token, mutation.name)]
    inputs = copy.deepcopy(dict(target.inputs))
    mutation.change(inputs)
    assert inputs != target.inputs, "the mutation changes nothing"
    return [
        Resource(token=item.token, name=item.name, inputs=inputs) if item is target else item for item in resources
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_whole_stack_keeps_every_rule(cloud: PretendCloud, variant: str) -> None:
    assert check(recorded(cloud, variant)) == []


def test_the_full_stack_gives_every_rule_of_aws_something_to_look_at(cloud: PretendCloud) -> None:
    tokens = {resource.token for resource in recorded(cloud, "full")}
    unused = {
        rule.name for rule in RULES if not rule.tokens & tokens and "kubernetes:apps/v1:Deployment" not in rule.tokens
    }
    assert unused == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.mistake)
def test_each_mistake_is_caught_by_its_rule_alone(cloud: PretendCloud, mutation: Mutation) -> None:
    violations = check(broken(recorded(cloud, "full"), mutation))
    assert {violation.rule for violation in violations} == {mutation.rule}
    assert {violation.resource for violation in violations} == {
        mutation.name
    } or mutation.rule == "control-plane-is-logged"


@pytest.mark.parametrize(
    ("token", "rule"),
    [*BUCKET_GUARDS.items(), ("aws:ec2/flowLog:FlowLog", "all-flows-are-logged"), (LOGS, "control-plane-is-logged")],
)
def test_a_guard_that_is_left_out_is_missed(cloud: PretendCloud, token: str, rule: str) -> None:
    left = [resource for resource in recorded(cloud, "full") if resource.token != token]
    assert {violation.rule for violation in check(left)} == {rule}


def test_every_rule_of_aws_has_a_mistake_that_it_catches() -> None:
    caught = {mutation.rule for mutation in MUTATIONS}
    pods = {rule.name for rule in RULES if rule.tokens == {"kubernetes:apps/v1:Deployment"}}
    assert {rule.name for rule in RULES} - pods == caught - {"cost-tags-are-there"}

"""Rules of the control plane, its keys, logs and add-ons."""

import json

from infra.rules.base import Inputs, as_list, at, is_positive, is_true, rule

CLUSTER = "aws:eks/cluster:Cluster"
LOG_TYPES = {"api", "audit", "authenticator", "controllerManager", "scheduler"}


@rule("api-is-not-open-to-all", CLUSTER)
def api_is_not_open_to_all(inputs: Inputs) -> bool:
    """Wrong where the public endpoint is reachable from everywhere."""
    if not is_true(at(inputs, "vpcConfig", "endpointPublicAccess")):
        return at(inputs, "vpcConfig", "endpointPublicAccess") is False  # left out means public
    cidrs = as_list(at(inputs, "vpcConfig", "publicAccessCidrs"))
    return bool(cidrs) and not any(cidr.endswith("/0") for cidr in cidrs)


@rule("nodes-reach-the-api-privately", CLUSTER)
def nodes_reach_the_api_privately(inputs: Inputs) -> bool:
    """Wrong where the private endpoint is off."""
    return is_true(at(inputs, "vpcConfig", "endpointPrivateAccess"))


@rule("control-plane-is-logged", CLUSTER)
def control_plane_is_logged(inputs: Inputs) -> bool:
    """Wrong where one of the five control-plane logs is off (CIS EKS 2.1.1)."""
    return set(as_list(at(inputs, "enabledClusterLogTypes"))) == LOG_TYPES


@rule("secrets-are-encrypted", CLUSTER)
def secrets_are_encrypted(inputs: Inputs) -> bool:
    """Wrong where Kubernetes secrets have no KMS key of ours (CIS EKS 5.3.1)."""
    key = at(inputs, "encryptionConfig", "provider", "keyArn")
    return bool(key) and "secrets" in as_list(at(inputs, "encryptionConfig", "resources"))


@rule("access-is-granted-by-entries", CLUSTER)
def access_is_granted_by_entries(inputs: Inputs) -> bool:
    """Wrong where access comes from aws-auth, or with having made the cluster."""
    creator = at(inputs, "accessConfig", "bootstrapClusterCreatorAdminPermissions")
    return at(inputs, "accessConfig", "authenticationMode") == "API" and creator is False


@rule("support-stays-standard", CLUSTER)
def support_stays_standard(inputs: Inputs) -> bool:
    """Wrong where the cluster would slide into extended support, at six times the price."""
    return at(inputs, "upgradePolicy", "supportType") == "STANDARD"


@rule("keys-rotate", "aws:kms/key:Key")
def keys_rotate(inputs: Inputs) -> bool:
    """Wrong where the KMS key is never rotated."""
    return is_true(at(inputs, "enableKeyRotation"))


@rule("logs-are-encrypted", "aws:cloudwatch/logGroup:LogGroup")
def logs_are_encrypted(inputs: Inputs) -> bool:
    """Wrong where the log group has no KMS key."""
    return bool(at(inputs, "kmsKeyId"))


@rule("logs-end", "aws:cloudwatch/logGroup:LogGroup")
def logs_end(inputs: Inputs) -> bool:
    """Wrong where logs are kept, and paid for, for ever."""
    return is_positive(at(inputs, "retentionInDays"))


@rule("addons-are-pinned", "aws:eks/addon:Addon")
def addons_are_pinned(inputs: Inputs) -> bool:
    """Wrong where the add-on has no version."""
    return bool(at(inputs, "addonVersion"))


@rule("network-policies-are-enforced", "aws:eks/addon:Addon")
def network_policies_are_enforced(inputs: Inputs) -> bool:
    """Wrong where the CNI ignores NetworkPolicies."""
    if at(inputs, "addonName") != "vpc-cni":
        return True
    return at(json.loads(str(at(inputs, "configurationValues") or "{}")), "enableNetworkPolicy") == "true"


RULES = (
    api_is_not_open_to_all,
    nodes_reach_the_api_privately,
    control_plane_is_logged,
    secrets_are_encrypted,
    access_is_granted_by_entries,
    support_stays_standard,
    keys_rotate,
    logs_are_encrypted,
    logs_end,
    addons_are_pinned,
    network_policies_are_enforced,
)

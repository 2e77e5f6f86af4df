"""Rules of node groups and their launch templates."""

from infra.rules.base import Inputs, as_list, at, is_true, rule

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GPU_TAINT = {"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}
COST_TAGGED = {"instance", "volume"}


@rule("metadata-takes-a-token", LAUNCH_TEMPLATE)
def metadata_takes_a_token(inputs: Inputs) -> bool:
    """Wrong where instance metadata answers IMDSv1."""
    return at(inputs, "metadataOptions", "httpTokens") == "required"


@rule("metadata-stays-on-the-node", LAUNCH_TEMPLATE)
def metadata_stays_on_the_node(inputs: Inputs) -> bool:
    """Wrong where the hop limit is above 1, so that pods reach the node's role."""
    return at(inputs, "metadataOptions", "httpPutResponseHopLimit") == 1


@rule("volumes-are-encrypted", LAUNCH_TEMPLATE)
def volumes_are_encrypted(inputs: Inputs) -> bool:
    """Wrong where a volume is not encrypted."""
    mappings = as_list(at(inputs, "blockDeviceMappings"))
    return bool(mappings) and all(is_true(at(mapping, "ebs", "encrypted")) for mapping in mappings)


@rule("instances-carry-cost-tags", LAUNCH_TEMPLATE)
def instances_carry_cost_tags(inputs: Inputs) -> bool:
    """Wrong where instances or volumes would be missing on the split bill."""
    tagged = {at(tags, "resourceType") for tags in as_list(at(inputs, "tagSpecifications")) if at(tags, "tags")}
    return tagged >= COST_TAGGED


@rule("instances-come-from-a-template", NODE_GROUP)
def instances_come_from_a_template(inputs: Inputs) -> bool:
    """Wrong where the launch template is missing: IMDS and disks are then EKS's choice."""
    return bool(at(inputs, "launchTemplate", "id"))


@rule("nodes-are-repaired", NODE_GROUP)
def nodes_are_repaired(inputs: Inputs) -> bool:
    """Wrong where a node with a dead GPU is never replaced, or all are at once."""
    config = at(inputs, "nodeRepairConfig")
    bounded = at(config, "maxParallelNodesRepairedCount") or at(config, "maxParallelNodesRepairedPercentage")
    return is_true(at(config, "enabled")) and bool(bounded)


@rule("gpu-nodes-are-tainted", NODE_GROUP)
def gpu_nodes_are_tainted(inputs: Inputs) -> bool:
    """Wrong where any pod can fill a node that costs dollars an hour."""
    if "NVIDIA" not in str(at(inputs, "amiType")):
        return True
    return any(GPU_TAINT.items() <= dict(taint).items() for taint in as_list(at(inputs, "taints")))


RULES = (
    metadata_takes_a_token,
    metadata_stays_on_the_node,
    volumes_are_encrypted,
    instances_carry_cost_tags,
    instances_come_from_a_template,
    nodes_are_repaired,
    gpu_nodes_are_tainted,
)

"""A node group: an Auto Scaling group and its instances, spread over the zones of its subnets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from localcloud.account import instance_types
from localcloud.account.effects.base import Effect
from localcloud.account.errors import ApiError
from localcloud.account.instances import INSTANCE, NodeSpec, launch, spread, terminate
from localcloud.account.making import make
from localcloud.account.nodes import drain_nodes, wait_for_nodes
from localcloud.account.quotas import check_room
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree
from localcloud.paths import Home

GROUP = "aws:autoscaling/group:Group"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
_CLUSTER, _SUBNET, _TEMPLATE = (
    "aws:eks/cluster:Cluster",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
_DEFAULT_TYPES = ("t3.medium",)  # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
_DEFAULT_DISK_GIB = 20  # the same page
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


class NodeGroupEffect(Effect):
    """Instances come and go with the group's desired size."""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses sizes that contradict each other, and types that do not exist, or not there."""
        _check_sizes(inputs["scalingConfig"])
        template = _template(state, inputs)
        if template:
            _check_template(inputs, template)
        types = _types(inputs, template)
        unknown = [name for name in types if name not in instance_types.instance_types()]
        if unknown:
            message = f"The following supplied instance types do not exist: {unknown}"
            msg = "InvalidParameterException"
            raise ApiError(msg, message)
        _check_zones(state, types, _subnets(state, inputs))

    def made(self, state: State, home: Home, resource: Resource) -> None:  # noqa: ARG002
        """Makes the Auto Scaling group and starts the instances."""
        inputs = {"name": group_name(resource), "tags": _group_tags(resource)}
        make(state, GROUP, inputs, made_by=resource.id, resource_id=group_name(resource))
        scale(state, resource)

    def changed(self, state: State, old: Resource, new: Resource) -> None:
        """Follows the new size, and replaces every instance when the template or the version is a new one."""
        replacing = any(old.inputs.get(key) != new.inputs.get(key) for key in ("launchTemplate", "version"))
        running = instances_of(state, new)
        if replacing:
            for each in running:
                terminate(state, each)
        else:
            spec = _spec(state, new)
            for each in running:
                inputs = {**each.inputs, "labels": dict(spec.labels), "taints": list(spec.taints)}
                state.put(replace(each, inputs=inputs))
        scale(state, new)

    def make_way(self, home: Home, state: State, resource: Resource, inputs: Tree | None) -> None:
        """Drains the nodes that go, as EKS does before it ends a node group's instances."""
        running = instances_of(state, resource)
        kept = 0 if inputs is None else int(inputs["scalingConfig"]["desiredSize"])
        drain_nodes(home, {each.inputs["nodeName"] for each in running[kept:]})

    def removed(self, state: State, resource: Resource) -> None:
        """Ends the instances, and the Auto Scaling group with its schedules."""
        for each in instances_of(state, resource):
            terminate(state, each)
        for each in state.of_type(SCHEDULE):
            if each.inputs["autoscalingGroupName"] == group_name(resource):
                state.remove(each)
        group = state.get(GROUP, group_name(resource))
        if group:
            state.remove(group)

    def settle(self, home: Home, resource: Resource) -> None:
        """Waits until the nodes are there, or gone."""
        wait_for_nodes(home, resource.id)


def group_name(node_group: Resource) -> str:
    """The name of the Auto Scaling group behind the node group."""
    return str(node_group.outputs["resources"][0]["autoscalingGroups"][0]["name"])


def instances_of(state: State, node_group: Resource) -> list[Resource]:
    """The running instances, oldest first."""
    return [each for each in state.of_type(INSTANCE) if each.made_by == node_group.id]


def scale(state: State, node_group: Resource) -> None:
    """Starts or ends instances until there are as many as desired.

    Raises:
        ApiError: A quota, or the addresses of a subnet, do not reach.
    """
    running = instances_of(state, node_group)
    wanted = int(node_group.inputs["scalingConfig"]["desiredSize"])
    for each in running[wanted:]:
        terminate(state, each)
    if wanted > len(running):
        types = _types(node_group.inputs, _template(state, node_group.inputs))
        places = spread(state, types, _subnets(state, node_group.inputs))
        spec = _spec(state, node_group)
        check_room(state, places[0][1], wanted - len(running), spot=spec.spot)
        for _ in range(wanted - len(running)):
            subnet, name = _emptiest(state, node_group, places)
            launch(state, spec, instance_type=name, subnet=subnet)


def _emptiest(state: State, node_group: Resource, places: Sequence[tuple[Resource, str]]) -> tuple[Resource, str]:
    """The place with the fewest instances of the group, so that zones stay balanced."""
    running = [each.inputs["subnetId"] for each in instances_of(state, node_group)]
    return min(places, key=lambda place: running.count(place[0].id))


def _check_sizes(sizes: Mapping[str, int]) -> None:
    low, desired, high = sizes["minSize"], sizes["desiredSize"], sizes["maxSize"]
    if low > desired:
        msg = "InvalidParameterException"
        raise ApiError(msg, f"Minimum capacity {low} can't be greater than desired size {desired}")
    if desired > high:
        msg = "InvalidParameterException"
        raise ApiError(msg, f"desired capacity {desired} can't be greater than max size {high}")


def _check_zones(state: State, types: Sequence[str], subnets: Sequence[Resource]) -> None:
    region = state.settings.region
    for subnet in subnets:
        zone = subnet.inputs["availabilityZone"]
        if zone not in instance_types.zones_offering(region, types):
            offering = ", ".join(instance_types.zones_offering(region, types)) or "no zone of this region"
            message = (
                f"Your requested instance type ({', '.join(types)}) is not supported in your requested Availability"
            )
            msg = "Unsupported"
            raise ApiError(msg, f"{message} Zone ({zone}). It is offered in {offering}.")


def _check_template(inputs: Tree, template: Resource) -> None:
    version = str(inputs["launchTemplate"]["version"])
    if version.isdigit() and int(version) > int(template.outputs["latestVersion"]):
        msg = "InvalidRequestException"
        raise ApiError(msg, f"You specified a launch template version that is not there: {version}")
    if inputs.get("instanceTypes") and template.inputs.get("instanceType"):
        message = "You cannot specify instance types both in the launch template and in the API request"
        msg = "InvalidRequestException"
        raise ApiError(msg, message)
    market = (template.inputs.get("instanceMarketOptions") or {}).get("marketType")
    if (inputs.get("capacityType") == "CAPACITY_BLOCK") != (market == "capacity-block"):
        message = f"capacityType {inputs.get('capacityType')} and the launch template's market type {market} disagree"
        msg = "InvalidParameterException"
        raise ApiError(msg, message)


def _template(state: State, inputs: Tree) -> Resource | None:
    name = (inputs.get("launchTemplate") or {}).get("id")
    return find(state, _TEMPLATE, name) if name else None


def _types(inputs: Tree, template: Resource | None) -> list[str]:
    own = template.inputs.get("instanceType") if template else None
    return list(inputs.get("instanceTypes") or ([own] if own else _DEFAULT_TYPES))


def _subnets(state: State, inputs: Tree) -> list[Resource]:
    return [each for name in inputs["subnetIds"] if (each := find(state, _SUBNET, name)) is not None]


def _group_tags(node_group: Resource) -> dict[str, str]:
    cluster = node_group.inputs["clusterName"]
    return {
        "eks:cluster-name": cluster,
        "eks:nodegroup-name": node_group.inputs["nodeGroupName"],
        f"kubernetes.io/cluster/{cluster}": "owned",
    }


def _spec(state: State, node_group: Resource) -> NodeSpec:
    inputs = node_group.inputs
    template = _template(state, inputs)
    cluster = find(state, _CLUSTER, inputs["clusterName"])
    capacity = inputs.get("capacityType", "ON_DEMAND")
    labels = {
        "eks.amazonaws.com/nodegroup": inputs["nodeGroupName"],
        "eks.amazonaws.com/capacityType": capacity,
        **(inputs.get("labels") or {}),
    }
    return NodeSpec(
        owner=node_group.id,
        cluster=inputs["clusterName"],
        security_groups=[cluster.outputs["vpcConfig"]["clusterSecurityGroupId"]] if cluster else [],
        labels=labels,
        taints=[_taint(each) for each in inputs.get("taints") or []],
        volume_gib=_disk_gib(inputs, template),
        spot=capacity == "SPOT",
        tags=_tag_specifications(template, node_group),
    )


def _taint(taint: Mapping[str, str]) -> dict[str, str]:
    return {"key": taint["key"], "value": taint.get("value", ""), "effect": _EFFECTS[taint["effect"]]}


def _disk_gib(inputs: Tree, template: Resource | None) -> int:
    """The size of the largest disk of the template, or of the group."""
    mappings: list[dict[str, Any]] = template.inputs.get("blockDeviceMappings") or [] if template else []
    sizes = [int(each["ebs"]["volumeSize"]) for each in mappings if each.get("ebs", {}).get("volumeSize")]
    return max(sizes, default=int(inputs.get("diskSize", _DEFAULT_DISK_GIB)))


def _tag_specifications(template: Resource | None, node_group: Resource) -> dict[str, dict[str, str]]:
    """The template's tags by kind; EKS tags instances itself, and passes the group's own tags to nothing."""
    specifications = template.inputs.get("tagSpecifications") or [] if template else []
    tags = {each["resourceType"]: dict(each.get("tags") or {}) for each in specifications}
    return {**tags, "instance": {**tags.get("instance", {}), **_group_tags(node_group)}}

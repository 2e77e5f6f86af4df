"""EKS and Auto Scaling: clusters, node groups and the groups behind them."""

from collections.abc import Mapping
from typing import Any

from localcloud.account.api.operations import moment, operation, tag_list
from localcloud.account.effects.eks_cluster import CLUSTER
from localcloud.account.effects.eks_nodes import GROUP, SCHEDULE, instances_of
from localcloud.account.errors import ApiError
from localcloud.account.store import Resource, State, Tree

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def _cluster(state: State, name: str) -> Resource:
    found = state.get(CLUSTER, name)
    if found is None:
        msg = "ResourceNotFoundException"
        raise ApiError(msg, f"No cluster found for name: {name}.")
    return found


@operation("eks.ListClusters")
def _list_clusters(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"clusters": [each.id for each in state.of_type(CLUSTER)]}


@operation("eks.DescribeCluster")
def _describe_cluster(state: State, request: Tree) -> Mapping[str, Any]:
    cluster = _cluster(state, request["name"])
    outputs = cluster.outputs
    types = outputs.get("enabledClusterLogTypes") or []
    described = {
        "name": cluster.id,
        "arn": cluster.arn,
        "createdAt": moment(cluster),
        "version": outputs.get("version"),
        "endpoint": outputs["endpoint"],
        "roleArn": outputs["roleArn"],
        "resourcesVpcConfig": outputs["vpcConfig"],
        "logging": {"clusterLogging": [{"types": types, "enabled": bool(types)}]},
        "status": "ACTIVE",
        "certificateAuthority": outputs["certificateAuthority"],
        "platformVersion": outputs["platformVersion"],
        "tags": cluster.tags,
        "accessConfig": outputs.get("accessConfig"),
        "upgradePolicy": outputs.get("upgradePolicy"),
        "computeConfig": outputs.get("computeConfig"),
        "deletionProtection": outputs.get("deletionProtection", False),
    }
    return {"cluster": described}


@operation("eks.ListNodegroups")
def _list_node_groups(state: State, request: Tree) -> Mapping[str, Any]:
    cluster = _cluster(state, request["clusterName"])
    found = [each for each in state.of_type(NODE_GROUP) if each.inputs["clusterName"] == cluster.id]
    return {"nodegroups": [each.inputs["nodeGroupName"] for each in found]}


@operation("eks.DescribeNodegroup")
def _describe_node_group(state: State, request: Tree) -> Mapping[str, Any]:
    cluster = _cluster(state, request["clusterName"])
    group = state.get(NODE_GROUP, f"{cluster.id}:{request['nodegroupName']}")
    if group is None:
        msg = "ResourceNotFoundException"
        raise ApiError(msg, f"No node group found for name: {request['nodegroupName']}.")
    outputs = group.outputs
    described = {
        "nodegroupName": outputs["nodeGroupName"],
        "nodegroupArn": group.arn,
        "clusterName": cluster.id,
        "version": outputs.get("version") or cluster.outputs.get("version"),
        "createdAt": moment(group),
        "status": "ACTIVE",
        "capacityType": outputs.get("capacityType", "ON_DEMAND"),
        "scalingConfig": outputs["scalingConfig"],
        "instanceTypes": outputs.get("instanceTypes") or [],
        "subnets": outputs["subnetIds"],
        "amiType": outputs.get("amiType"),
        "nodeRole": outputs["nodeRoleArn"],
        "labels": outputs.get("labels") or {},
        "taints": outputs.get("taints") or [],
        "resources": {"autoScalingGroups": outputs["resources"][0]["autoscalingGroups"]},
        "health": {"issues": []},
        "tags": group.tags,
    }
    return {"nodegroup": described}


@operation("autoscaling.DescribeAutoScalingGroups")
def _auto_scaling_groups(state: State, request: Tree) -> Mapping[str, Any]:
    wanted = request.get("AutoScalingGroupNames")
    groups = [each for each in state.of_type(GROUP) if not wanted or each.id in wanted]
    return {"AutoScalingGroups": [_auto_scaling_group(state, each) for each in groups]}


def _auto_scaling_group(state: State, group: Resource) -> Tree:
    node_group = state.get(NODE_GROUP, group.made_by)
    sizes = node_group.inputs["scalingConfig"] if node_group else {"minSize": 0, "maxSize": 0, "desiredSize": 0}
    instances = instances_of(state, node_group) if node_group else []
    return {
        "AutoScalingGroupName": group.id,
        "AutoScalingGroupARN": group.arn,
        "MinSize": sizes["minSize"],
        "MaxSize": sizes["maxSize"],
        "DesiredCapacity": sizes["desiredSize"],
        "DefaultCooldown": 300,
        "AvailabilityZones": sorted({each.inputs["zone"] for each in instances}),
        "HealthCheckType": "EC2",
        "CreatedTime": moment(group),
        "Instances": [
            {
                "InstanceId": each.id,
                "InstanceType": each.inputs["instanceType"],
                "AvailabilityZone": each.inputs["zone"],
                "LifecycleState": "InService",
                "HealthStatus": "Healthy",
                "ProtectedFromScaleIn": False,
            }
            for each in instances
        ],
        "Tags": [
            {**tag, "ResourceId": group.id, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
            for tag in tag_list(group.tags)
        ],
    }


@operation("autoscaling.DescribeScheduledActions")
def _scheduled_actions(state: State, request: Tree) -> Mapping[str, Any]:
    wanted = request.get("AutoScalingGroupName")
    found = [each for each in state.of_type(SCHEDULE) if wanted in (None, each.inputs["autoscalingGroupName"])]
    return {"ScheduledUpdateGroupActions": [_scheduled_action(each) for each in found]}


def _scheduled_action(action: Resource) -> Tree:
    inputs = action.inputs
    sizes = {"MinSize": "minSize", "MaxSize": "maxSize", "DesiredCapacity": "desiredCapacity"}
    return {
        "AutoScalingGroupName": inputs["autoscalingGroupName"],
        "ScheduledActionName": inputs["scheduledActionName"],
        "ScheduledActionARN": action.arn,
        "StartTime": inputs.get("startTime"),
        "Recurrence": inputs.get("recurrence"),
        "TimeZone": inputs.get("timeZone"),
        **{name: inputs[ours] for name, ours in sizes.items() if inputs.get(ours, -1) != -1},
    }

"""Application Auto Scaling: what it may lift counts at the resource that it lifts."""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError, View
from costcheck.plan.records import Resource

TARGET = "aws:appautoscaling/target:Target"
COUNTED = {
    "dynamodb:table:ReadCapacityUnits": "aws:dynamodb/table:Table",
    "dynamodb:table:WriteCapacityUnits": "aws:dynamodb/table:Table",
    "dynamodb:index:ReadCapacityUnits": "aws:dynamodb/table:Table",
    "dynamodb:index:WriteCapacityUnits": "aws:dynamodb/table:Table",
    "ecs:service:DesiredCount": "aws:ecs/service:Service",
    "elasticache:replication-group:NodeGroups": "aws:elasticache/replicationGroup:ReplicationGroup",
    "elasticache:replication-group:Replicas": "aws:elasticache/replicationGroup:ReplicationGroup",
    "kafka:broker-storage:VolumeSize": "aws:msk/cluster:Cluster",
    "sagemaker:variant:DesiredInstanceCount": "aws:sagemaker/endpoint:Endpoint",
}
"""Dimension to the type whose function counts the maximum of its targets."""
OF_INSTANCES = ("ec2:", "elasticmapreduce:", "sagemaker:")


def lifted(view: View, dimension: str) -> tuple[Decimal, ...]:
    """Return the maximum of each target that scales one dimension of a resource."""
    targets = view.dependents(TARGET)
    return tuple(target.number("maxCapacity") for target in targets if target.text("scalableDimension") == dimension)


def target(view: View) -> Estimate:
    """Return nothing where what it scales is in the plan and counts its maximum."""
    dimension = view.text("scalableDimension")
    if dimension not in COUNTED:
        message = f"what {dimension} may grow to is not priced here"
        raise UnpriceableError(message)
    if view.referred("resourceId", COUNTED[dimension]) is None:
        message = "what it scales is not in the plan"
        raise UnpriceableError(message)
    view.number("maxCapacity")
    return Estimate()


def may_run_nodes(resource: Resource) -> bool:
    """Return whether a target may lift a number of instances, or nobody knows what it lifts."""
    dimension = str(resource.inputs.get("scalableDimension"))
    return ":" not in dimension or dimension.startswith(OF_INSTANCES)


PRICED = {TARGET: target}

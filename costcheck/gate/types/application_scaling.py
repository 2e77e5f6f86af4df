"""Application Auto Scaling: what it may lift counts at the resource that it lifts."""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError, View
from costcheck.plan.records import Resource

TARGET, ACTION = "aws:appautoscaling/target:Target", "aws:appautoscaling/scheduledAction:ScheduledAction"
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
    """Return the maximum of each target, and of each scheduled action, that scales one dimension of a resource."""
    targets = view.dependents(TARGET)
    actions = (action for one in (view, *targets) for action in one.dependents(ACTION))
    each = {one.resource.urn: one for one in (*targets, *actions)}.values()
    return tuple(_most(one) for one in each if one.text("scalableDimension") == dimension)


def _most(view: View) -> Decimal:
    """Return what a target or an action may lift to; one that sets the least alone may still lift above the rest."""
    around = () if view.resource.token == TARGET else ("scalableTargetAction",)
    least = view.number(*around, "minCapacity") if view.has(*around, "minCapacity") else Decimal(0)
    return max(view.number(*around, "maxCapacity"), least)


def target(view: View) -> Estimate:
    """Return nothing where what it scales is in the plan and counts its maximum."""
    _require_counted(view, view)
    return Estimate()


def scheduled_action(view: View) -> Estimate:
    """Return nothing where what it scales, by itself or by a target, is in the plan and counts its maximum."""
    through = view.referred("resourceId", TARGET)
    _require_counted(view, through or view)
    return Estimate()


def _require_counted(view: View, through: View) -> None:
    dimension = view.text("scalableDimension")
    if dimension not in COUNTED:
        message = f"what {dimension} may grow to is not priced here"
        raise UnpriceableError(message)
    if through.referred("resourceId", COUNTED[dimension]) is None:
        message = "what it scales is not in the plan"
        raise UnpriceableError(message)
    _most(view)


def may_run_nodes(resource: Resource) -> bool:
    """Return whether a target or an action may lift a number of instances, or nobody knows what it lifts."""
    dimension = str(resource.inputs.get("scalableDimension"))
    return ":" not in dimension or dimension.startswith(OF_INSTANCES)


PRICED = {TARGET: target, ACTION: scheduled_action}

"""Where objects of Kubernetes stand: their provider names a cluster, and no region."""

from dataclasses import replace

from costcheck.plan.records import KUBERNETES, Change, Plan, Resource

CLUSTER = "aws:eks/cluster:Cluster"


def place_objects(plan: Plan) -> Plan:
    """Return the plan with every object of Kubernetes in the region of its cluster, where there can be only one."""
    region_id = _region_of_clusters(plan)
    return replace(
        plan,
        changes=tuple(
            replace(change, before=_placed(change.before, region_id), after=_placed(change.after, region_id))
            if _is_object(change)
            else change
            for change in plan.changes
        ),
        unchanged=tuple(_placed(resource, region_id) or resource for resource in plan.unchanged),
    )


def _region_of_clusters(plan: Plan) -> str | None:
    """Return the region of the clusters, or of all in AWS, or of the configuration; None unless it is one alone."""
    managed = [resource for resource in (*plan.before, *plan.after) if resource.token.startswith("aws:")]
    clusters = {resource.region_id for resource in managed if resource.token == CLUSTER}
    regions = clusters or {resource.region_id for resource in managed} or {plan.default_region_id}
    return regions.pop() if len(regions) == 1 else None


def _is_object(change: Change) -> bool:
    side = change.after or change.before
    return side is not None and side.token.startswith(KUBERNETES)


def _placed(resource: Resource | None, region_id: str | None) -> Resource | None:
    if resource is None or not resource.token.startswith(KUBERNETES):
        return resource
    return replace(resource, region_id=region_id)

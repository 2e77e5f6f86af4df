"""The registry: for each type of resource, the function that says what it buys, or the reason why it is free.

A new type is one function in the file of its service, and one line in that file's `PRICED`. What is in neither list
is unknown, and always named.
"""

from collections.abc import Callable, Mapping

from costcheck.gate.estimate import Estimate
from costcheck.gate.types import (
    analytics,
    application_scaling,
    aurora,
    autoscaling,
    batch,
    bedrock,
    caches,
    connectivity,
    containers,
    content_delivery,
    dynamodb,
    ec2,
    eks,
    emr,
    fleets,
    free_by_value,
    kubernetes,
    load_balancing,
    machine_learning,
    messaging,
    monitoring,
    network,
    rds,
    rds_proxies,
    redshift,
    reservations,
    search,
    security,
    serverless,
    storage,
    streams,
    volumes,
)
from costcheck.gate.view import View
from costcheck.plan.records import KUBERNETES, Resource

Pricer = Callable[[View], Estimate]
"""Returns what a resource buys; raises UnpriceableError where the plan does not tell."""

RUNS_NODES: frozenset[str] = frozenset().union(
    autoscaling.RUNS_NODES,
    batch.RUNS_NODES,
    containers.RUNS_NODES,
    ec2.RUNS_NODES,
    eks.RUNS_NODES,
    emr.RUNS_NODES,
    fleets.RUNS_NODES,
    free_by_value.RUNS_NODES,
    machine_learning.RUNS_NODES,
    reservations.RUNS_NODES,
)
"""Types that may run instances: where nobody can tell which, they count as GPUs."""
PRICED: Mapping[str, Pricer] = {
    **autoscaling.PRICED,
    **batch.PRICED,
    **containers.PRICED,
    **ec2.PRICED,
    **eks.PRICED,
    **fleets.PRICED,
    **machine_learning.PRICED,
    **reservations.PRICED,
    **volumes.PRICED,
    **connectivity.PRICED,
    **content_delivery.PRICED,
    **load_balancing.PRICED,
    **monitoring.PRICED,
    **network.PRICED,
    **security.PRICED,
    **storage.PRICED,
    **analytics.PRICED,
    **application_scaling.PRICED,
    **aurora.PRICED,
    **bedrock.PRICED,
    **caches.PRICED,
    **dynamodb.PRICED,
    **emr.PRICED,
    **free_by_value.PRICED,
    **messaging.PRICED,
    **rds.PRICED,
    **rds_proxies.PRICED,
    **redshift.PRICED,
    **search.PRICED,
    **serverless.PRICED,
    **streams.PRICED,
}


def find_pricer(token: str) -> Pricer | None:
    """Return the function of a type, None where none is built in; Kubernetes goes by a rule, not by a list."""
    return kubernetes.estimate_object if token.startswith(KUBERNETES) else PRICED.get(token)


def may_run_nodes(resource: Resource) -> bool:
    """Return whether a resource that nobody can price may run instances."""
    if resource.token.startswith(KUBERNETES):
        return kubernetes.may_run_nodes(resource)
    if resource.token in application_scaling.PRICED:
        return application_scaling.may_run_nodes(resource)
    return resource.token in RUNS_NODES

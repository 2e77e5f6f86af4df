"""Redshift: clusters of nodes, and serverless by use."""

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use, listed, only_by_use
from costcheck.gate.view import View

SERVICE = "AmazonRedshift"
MANAGED = ("ra3.", "rg.")
"""Node types whose storage is charged apart."""
RPU_HOURS = listed(SERVICE, "Redshift:ServerlessUsage", "RPU-Hours", "RPU-Hr", "RPU-hour")
SERVERLESS_STORAGE = listed(SERVICE, "RMS:Serverless", "GB-Months")


def cluster(view: View) -> Estimate:
    """Return the nodes of a cluster, twice as many where it stands in two zones; one node where nothing says more."""
    node_type = view.text("nodeType")
    zones = 2 if view.flag("multiAz", default=False) else 1
    nodes = view.number("numberOfNodes", default=1) * zones
    meter = listed(SERVICE, f"Node:{node_type}", "Hours", productFamily="Compute Instance", instanceType=node_type)
    return Estimate(components=(all_month("node", meter, nodes), *_storage(node_type)))


def _storage(node_type: str) -> tuple[Component, ...]:
    if not node_type.startswith(MANAGED):
        return ()
    meter = listed(SERVICE, f"RMS:{node_type}", "GB-Months", productFamily="Redshift Managed Storage")
    return (by_use("managed storage", meter),)


PRICED = {
    "aws:redshift/cluster:Cluster": cluster,
    "aws:redshiftserverless/workgroup:Workgroup": only_by_use(by_use("serverless capacity", RPU_HOURS)),
    "aws:redshiftserverless/namespace:Namespace": only_by_use(by_use("managed storage", SERVERLESS_STORAGE)),
}

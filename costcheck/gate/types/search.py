"""OpenSearch and Elasticsearch domains, serverless collections."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import ONE, all_month, by_use, listed, monthly
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

VOLUMES = {"gp3": "GP3", "gp2": "GP2"}
INCLUDED_IOPS, INCLUDED_MIBPS = 3000, 125
"""What every gp3 volume of a domain includes; more for large ones, which is not counted on
(https://docs.aws.amazon.com/opensearch-service/latest/developerguide/opensearch-service-pricing.html)."""
OTHER_NODES = ("warmEnabled", "warmType", "warmCount", "coldStorageOptions", "nodeOptions")
MASTER = ("dedicatedMasterEnabled", "dedicatedMasterType", "dedicatedMasterCount")
SERVICE = "AmazonES"


def domain(view: View) -> Estimate:
    """Return the data nodes with their volumes, and the master nodes; all must be said, as AWS would take small ones.

    Whoever sets one thing of the master nodes says all three, so that a lost line cannot take them away.
    """
    _require_plain_nodes(view)
    count = view.number("clusterConfig", "instanceCount")
    return Estimate(
        components=(
            all_month("data node", _node_meter(view.text("clusterConfig", "instanceType")), count),
            *_masters(view),
            *_volumes(view, count),
        )
    )


def _require_plain_nodes(view: View) -> None:
    other = [name for name in OTHER_NODES if view.has("clusterConfig", name)]
    if any(name != "warmEnabled" or view.flag("clusterConfig", name) for name in other):
        message = f"no price of what clusterConfig.{other[0]} adds is built in"
        raise UnpriceableError(message)


def _node_meter(instance_type: str) -> Meter:
    """Return the meter of a node; domains of Elasticsearch are priced as those of OpenSearch."""
    bare = instance_type.removesuffix(".elasticsearch").removesuffix(".search")
    return listed(SERVICE, f"ESInstance:{bare}", "Hours", instanceType=f"{bare}.search")


def _masters(view: View) -> tuple[Component, ...]:
    if not any(view.has("clusterConfig", name) for name in MASTER):
        return ()
    enabled = view.flag("clusterConfig", "dedicatedMasterEnabled")
    if not enabled:
        return ()
    meter = _node_meter(view.text("clusterConfig", "dedicatedMasterType"))
    return (all_month("master node", meter, view.number("clusterConfig", "dedicatedMasterCount")),)


def _volumes(view: View, count: Decimal) -> tuple[Component, ...]:
    if not view.flag("ebsOptions", "ebsEnabled"):
        return ()
    kind = view.text("ebsOptions", "volumeType")
    if kind not in VOLUMES:
        message = f"no price of volumes of type {kind[:60]!r} is built in"
        raise UnpriceableError(message)
    if kind == "gp3":
        _require_included(view)
    meter = listed(SERVICE, f"ES:{VOLUMES[kind]}-Storage", "GB-Months")
    return (monthly(f"{kind} volume of each data node", meter, count * view.number("ebsOptions", "volumeSize")),)


def _require_included(view: View) -> None:
    """Do nothing if both speeds are said and included in the price of the size."""
    iops, throughput = view.number("ebsOptions", "iops"), view.number("ebsOptions", "throughput")
    if iops > INCLUDED_IOPS or throughput > INCLUDED_MIBPS:
        message = "iops or throughput are beyond what gp3 includes, and no price of that is built in"
        raise UnpriceableError(message)


def collection(view: View) -> Estimate:
    """Return the least capacity of a collection and what it stores; more capacity comes with use.

    One unit for indexing and one for search, half of that without standby; collections under one key share them
    (https://aws.amazon.com/opensearch-service/pricing/), so that a second one may cost less than this.
    """
    half = view.text("standbyReplicas", default="ENABLED") == "DISABLED"
    least = ONE / 2 if half else ONE
    units = "OCU-Hrs", "OCU-hours", "OCU-Hours"
    return Estimate(
        components=(
            all_month("indexing units, at least", listed(SERVICE, "IndexingOCU", "OCU-Hours", *units), least),
            all_month("search units, at least", listed(SERVICE, "SearchOCU", "OCU-Hours", *units), least),
            by_use("stored data", listed(SERVICE, "StorageUsedInHotByteHour", "GB-Months")),
        )
    )


PRICED = {
    "aws:opensearch/domain:Domain": domain,
    "aws:elasticsearch/domain:Domain": domain,
    "aws:opensearch/serverlessCollection:ServerlessCollection": collection,
}

"""Capacity that is reserved: paid for whether it is used or not."""

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.instances import RESERVATION, launched
from costcheck.gate.view import UnpriceableError, View

BLOCK = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
LINUX = "Linux/UNIX"


def capacity_reservation(view: View) -> Estimate:
    """Return its instances at the price on demand, used or not.

    What is bound to it and stands in the plan neither counts nor pays again (`instances.inside_reservation`); what
    only happens to match it is counted beside it. `UnusedBox` costs the same as `BoxUsage`
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-pricing-billing.html).
    """
    count = view.number("instanceCount")
    nodes = Nodes(
        instance_types=(view.text("instanceType"),),
        purchase_option=PurchaseOption.ON_DEMAND,
        desired=count,
        maximum=count,
    )
    return launched((nodes,), lambda: _require_plain(view))


def _require_plain(view: View) -> tuple[Component, ...]:
    platform, tenancy = view.text("instancePlatform"), view.text("tenancy", default="default")
    if platform != LINUX or tenancy != "default" or view.has("outpostArn"):
        message = f"only prices of {LINUX} on shared hardware are built in, and this is {platform}, {tenancy}"
        raise UnpriceableError(message)
    return ()


def capacity_block(_: View) -> Estimate:
    """Return nothing at all: what a Capacity Block holds and costs is in its offering alone.

    Raises:
        UnpriceableError: Always.
    """
    message = "capacityBlockOfferingId alone names what a Capacity Block holds and the fee, which is paid at once"
    raise UnpriceableError(message)


RUNS_NODES = frozenset({RESERVATION, BLOCK})
PRICED = {RESERVATION: capacity_reservation, BLOCK: capacity_block}

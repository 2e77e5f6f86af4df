"""What one resource buys, before it has a price: the words in which the functions of the registry speak."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from costcheck.meters import Meter


class PurchaseOption(StrEnum):
    """How instances are bought, as in a decision's allowance."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    CAPACITY_BLOCK = "capacity_block"
    RESERVATION = "reservation"
    """Capacity that something else in the plan pays for, whether it is used or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Something that is charged by one meter.

    Attributes:
        name: For people, such as `NAT gateway` or `gp3 volume of each node`.
        meter: Where its unit price is found.
        quantity: Units a month at the desired size; None where only use tells, so that a rate is printed.
        maximum_quantity: Units a month at the worst case; None where it is the same.
    """

    name: str
    meter: Meter
    quantity: Decimal | None
    maximum_quantity: Decimal | None = None

    @property
    def worst_quantity(self) -> Decimal | None:
        """Return units a month at the worst case."""
        return self.quantity if self.maximum_quantity is None else self.maximum_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Instances that a resource runs or may run.

    Attributes:
        instance_types: Every type that it may choose; each counts in full against the decision, and the dearest is
            the price.
        purchase_option: How they are bought.
        desired: Running now.
        maximum: At most; None where nothing limits it.
        alternative: Counted, but not charged by their hours: they run in place of dearer ones that the same resource
            names first, or a component of it charges for them.
    """

    instance_types: tuple[str, ...]
    purchase_option: PurchaseOption
    desired: Decimal
    maximum: Decimal | None
    alternative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Everything that one resource buys; empty where it is free by itself.

    Attributes:
        unpriced: Why something beside the nodes cannot be priced, empty where everything is here. Nodes are told all
            the same: a pool that shrinks must pass whatever else is not known of it.
    """

    components: tuple[Component, ...] = ()
    nodes: tuple[Nodes, ...] = ()
    unpriced: str = ""

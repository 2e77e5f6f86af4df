"""The volume at which self-hosting and the API cost the same, on the staircase of whole instances."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircase:
    """Whole instances of one fleet as volume grows.

    Attributes:
        instance_cost: Monthly cost of one instance with everything that it brings along.
        units_per_instance: Monthly volume that one instance carries at the busy hour under the latency target.
        minimum: Instances that run however small the volume is.
        spare: Instances on top (N+1).
        maximum: Most instances that can be had, None for no limit.
    """

    instance_cost: Decimal
    units_per_instance: Decimal
    minimum: int = 1
    spare: int = 0
    maximum: int | None = None

    def instances(self, volume: Decimal) -> int:
        """Return the whole instances that a monthly volume needs."""
        needed = int((volume / self.units_per_instance).to_integral_value(rounding=ROUND_CEILING))
        return max(needed, self.minimum) + self.spare


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurves:
    """Monthly cost of both sides as a function of volume.

    Attributes:
        api_unit_cost: Cost of one unit (a request) on the API.
        self_hosted_fixed_cost: Monthly cost that does not depend on volume.
        self_hosted_unit_cost: Cost of one unit beside the instances (transfer, what still goes to an API).
        fleets: Instances that grow with volume; empty where the inputs give none.
    """

    api_unit_cost: Decimal
    self_hosted_fixed_cost: Decimal
    self_hosted_unit_cost: Decimal = Decimal(0)
    fleets: tuple[Staircase, ...] = ()

    def api_cost(self, volume: Decimal) -> Decimal:
        """Return the API's monthly cost of a volume."""
        return self.api_unit_cost * volume

    def self_hosted_cost(self, volume: Decimal) -> Decimal:
        """Return the monthly cost of serving a volume oneself, in whole instances."""
        instances = sum((fleet.instance_cost * fleet.instances(volume) for fleet in self.fleets), Decimal(0))
        return self.self_hosted_fixed_cost + instances + self.self_hosted_unit_cost * volume


def break_even_volume(curves: CostCurves) -> Decimal | None:
    """Return the smallest monthly volume at which self-hosting costs no more than the API, None if there is none.

    Below it self-hosting always costs more. Above it the next whole instance may make it cost more once again.

    A fixed point: the instances that a volume needs give the volume that pays for them, which may need more
    instances. The sequence starts at the fleet's minimum and only rises, so it ends at the least fixed point, or at a
    fleet that cannot be had, or it shows that one more instance costs more than the volume it carries earns.
    """
    margin = curves.api_unit_cost - curves.self_hosted_unit_cost
    if margin <= 0 or not _instances_can_pay(curves, margin):
        return None
    volume = Decimal(0)
    while True:
        fixed = curves.self_hosted_cost(volume) - curves.self_hosted_unit_cost * volume
        following = fixed / margin
        if not _can_be_had(curves, following):
            return None
        if following <= volume or _same_instances(curves, volume, following):
            return max(following, volume)
        volume = following


def _instances_can_pay(curves: CostCurves, margin: Decimal) -> bool:
    slope = sum((fleet.instance_cost / fleet.units_per_instance for fleet in curves.fleets), Decimal(0))
    return slope < margin


def _can_be_had(curves: CostCurves, volume: Decimal) -> bool:
    return all(fleet.maximum is None or fleet.instances(volume) <= fleet.maximum for fleet in curves.fleets)


def _same_instances(curves: CostCurves, first: Decimal, second: Decimal) -> bool:
    return all(fleet.instances(first) == fleet.instances(second) for fleet in curves.fleets)

"""Cost curves that somebody states in a file, as far as a sum on the back of an envelope goes."""

from datetime import date
from decimal import Decimal

from costcheck.errors import ConfigError
from costcheck.facts import Typed, parse_toml
from costcheck.model.break_even import CostCurves, Staircase

ZERO = Decimal(0)


class Api(Typed, frozen=True, kw_only=True):
    """What one unit costs on the API."""

    unit_cost_usd: Decimal


class StatedFleet(Typed, frozen=True, kw_only=True):
    """Whole instances that grow with volume.

    Attributes:
        units_per_instance: Monthly volume that one instance carries.
        spare: Instances on top of what the volume needs.
        maximum: Most instances that can be had, None for no limit.
    """

    instance_cost_usd_per_month: Decimal
    units_per_instance: Decimal
    minimum: int = 1
    spare: int = 0
    maximum: int | None = None


class SelfHosted(Typed, frozen=True, kw_only=True):
    """What the same units cost on servers of one's own.

    Attributes:
        unit_cost_usd: Of one unit beside the instances.
    """

    fixed_cost_usd_per_month: Decimal
    unit_cost_usd: Decimal = ZERO
    fleet: tuple[StatedFleet, ...] = ()


class StatedFigure(Typed, frozen=True, kw_only=True):
    """A figure that the same source states and the curves leave out; kept so that nobody looks for it twice."""

    name: str
    low: Decimal
    high: Decimal
    unit: str


class StatedCurves(Typed, frozen=True, kw_only=True):
    """The whole file.

    Attributes:
        source: Who says so.
        checked: Day on which the source was read.
        unit: What is counted.
        volumes_per_month: Volumes to compare.
    """

    title: str
    source: str
    checked: date
    unit: str = "requests"
    volumes_per_month: tuple[Decimal, ...]
    api: Api
    self_hosted: SelfHosted
    figure: tuple[StatedFigure, ...] = ()

    @property
    def curves(self) -> CostCurves:
        """Return both sides' cost as functions of volume."""
        own = self.self_hosted
        return CostCurves(
            api_unit_cost=self.api.unit_cost_usd,
            self_hosted_fixed_cost=own.fixed_cost_usd_per_month,
            self_hosted_unit_cost=own.unit_cost_usd,
            fleets=tuple(
                Staircase(
                    instance_cost=row.instance_cost_usd_per_month,
                    units_per_instance=row.units_per_instance,
                    minimum=row.minimum,
                    spare=row.spare,
                    maximum=row.maximum,
                )
                for row in own.fleet
            ),
        )

    def self_hosted_cost(self, volume: Decimal) -> Decimal | None:
        """Return the monthly cost of serving a volume oneself, None where the fleet cannot be had."""
        curves = self.curves
        if any(fleet.maximum is not None and fleet.instances(volume) > fleet.maximum for fleet in curves.fleets):
            return None
        return curves.self_hosted_cost(volume)


def parse_curves(text: str, name: str) -> StatedCurves:
    """Return the curves that a TOML text states.

    Raises:
        ConfigError: A key is unknown (the nearest is named), missing or mistyped, or a figure cannot be one.
    """
    stated = parse_toml(text, StatedCurves, name)
    for key, value, positive in _figures(stated):
        if not (value.is_finite() and (value > 0 if positive else value >= 0)):
            message = f"{name}: {key} is {value}"
            raise ConfigError(
                message,
                expected=f"a finite number {'above 0' if positive else 'from 0 on'}",
                action=f"mend that key in {name}",
            )
    return stated


def _figures(stated: StatedCurves) -> list[tuple[str, Decimal, bool]]:
    """Return every figure with its key and whether it must be above zero."""
    own = stated.self_hosted
    rows = [
        ("api.unit_cost_usd", stated.api.unit_cost_usd, True),
        ("self_hosted.fixed_cost_usd_per_month", own.fixed_cost_usd_per_month, False),
        ("self_hosted.unit_cost_usd", own.unit_cost_usd, False),
    ]
    rows += [("volumes_per_month", volume, False) for volume in stated.volumes_per_month]
    for fleet in own.fleet:
        rows += [
            ("self_hosted.fleet.instance_cost_usd_per_month", fleet.instance_cost_usd_per_month, True),
            ("self_hosted.fleet.units_per_instance", fleet.units_per_instance, True),
            ("self_hosted.fleet.minimum", Decimal(fleet.minimum), False),
            ("self_hosted.fleet.spare", Decimal(fleet.spare), False),
            ("self_hosted.fleet.maximum", Decimal(1 if fleet.maximum is None else fleet.maximum), True),
        ]
    return rows

"""One way to serve the whole demand: which workloads move, onto which instances, and what stays on an API."""

from dataclasses import dataclass
from decimal import Decimal

from costcheck.model.capacity import ReplicaLayout
from costcheck.model.demand import HOURS_PER_WEEK
from costcheck.records import InstanceType, UnitPrice
from costcheck.units import HOURS_PER_MONTH
from costcheck.verdict import CostLine, OptionKind

HOURS_PER_WORKING_DAY_WINDOWS = range(24)
WORKING_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What one workload costs on the API that it uses, or that stands in when its servers do not.

    Attributes:
        monthly_cost: At today's demand and prices, USD.
        replaces_model: Token factors apply, because another model answers.
        flat: A fee that neither volume, tokens nor list prices move.
    """

    monthly_cost: float
    replaces_model: bool
    flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Instances of one type that serve one model to some workloads.

    Attributes:
        sizing_rates: Workload to the rate that its busy hour needs, bursts included, requests a second.
        hourly_rates: Mean rate of all its workloads by hour of the week, Monday 00:00 UTC first.
        burst_factor: Busiest minute over the mean of its hour.
        input_token_factor: The replacement's input tokens over today's, as the layout was sized for.
        output_token_factor: The same for output tokens.
        input_elasticity: Percent less capacity for one percent more input tokens.
        output_elasticity: The same for output tokens.
        restricted: Data that may not leave: N+1, and no API as a spare.
    """

    model: str
    layout: ReplicaLayout
    instance: InstanceType
    purchase_option: str
    price: UnitPrice
    node_cost: float
    sizing_rates: dict[str, float]
    hourly_rates: tuple[float, ...]
    burst_factor: float
    input_token_factor: float
    output_token_factor: float
    input_elasticity: float
    output_elasticity: float
    minimum: int
    spare: int
    restricted: bool

    @property
    def sizing_rate(self) -> float:
        """Return the rate that the fleet must sustain today."""
        return sum(self.sizing_rates.values())

    @property
    def workloads(self) -> tuple[str, ...]:
        """Return the workloads that the fleet serves."""
        return tuple(self.sizing_rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One option that runs servers.

    Attributes:
        weekly_hours: Hours of the week in which the servers run, as indices; empty for always.
        instance_cap: Most instances of each fleet; what they cannot carry overflows to the API. None: no cap.
        remainders: Workload to what the API that stands in for it costs.
        fixed_lines: Platform and people, a month.
        set_up_lines: What is paid once, spread over the horizon.
    """

    option_id: str
    kind: OptionKind
    label: str
    moved: tuple[str, ...]
    fleets: tuple[FleetPlan, ...]
    weekly_hours: tuple[int, ...]
    instance_cap: int | None
    remainders: dict[str, Remainder]
    fixed_lines: tuple[CostLine, ...]
    set_up_lines: tuple[CostLine, ...]

    @property
    def hours_per_month(self) -> float:
        """Return the hours a month in which the servers are meant to run."""
        share = len(self.weekly_hours) / HOURS_PER_WEEK if self.weekly_hours else 1.0
        return float(HOURS_PER_MONTH) * share

    @property
    def schedule(self) -> str:
        """Return when the servers run, in words."""
        if not self.weekly_hours:
            return "always on"
        first = self.weekly_hours[0] % 24
        length = len(self.weekly_hours) // WORKING_DAYS
        return f"Monday to Friday {first:02d}:00 for {length} hours (UTC), the API otherwise"

    @property
    def fixed_cost(self) -> Decimal:
        """Return the monthly cost that does not depend on volume or instances, set-up not included."""
        return sum((line.monthly_cost_usd for line in self.fixed_lines), Decimal(0))


def best_working_hours(hourly_rates: tuple[float, ...], hours_per_day: int) -> tuple[int, ...]:
    """Return the window of working-day hours, the same each weekday, that carries most traffic."""

    def window(start: int) -> tuple[int, ...]:
        return tuple(
            (day * 24 + start + hour) % HOURS_PER_WEEK for day in range(WORKING_DAYS) for hour in range(hours_per_day)
        )

    return max(
        map(window, HOURS_PER_WORKING_DAY_WINDOWS), key=lambda hours: sum(hourly_rates[hour] for hour in hours)
    )

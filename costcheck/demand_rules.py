"""How demand is read from bills: `data/demand_rules.toml`, typed."""

from datetime import date
from decimal import Decimal

from costcheck.facts import Fact, Typed, read_data_toml


class StudentT(Typed, frozen=True, kw_only=True):
    """Upper critical values of Student's t distribution for one tail.

    Attributes:
        values: For 1, 2, 3, ... degrees of freedom.
    """

    values: tuple[Decimal, ...]
    source_url: str
    checked: date

    def quantile(self, degrees_of_freedom: int) -> float:
        """Return the critical value; beyond the table its last one, which is a little too careful."""
        return float(self.values[min(degrees_of_freedom, len(self.values)) - 1])


class DemandRules(Typed, frozen=True, kw_only=True):
    """The facts that stand between a bill and a demand.

    Attributes:
        months_in_mean: Complete months that today's mean month rests on.
        max_quiet_days: Days without usage in a row that are no gap.
        busy_hour_quantile: The hour that is planned for, as a share of all hours.
        peak_hour_over_mean: Where a bill only knows days or months.
        peak_minute_over_hour_chat: Where a bill has no minutes; people wait.
        peak_minute_over_hour_batch: The same for batch.
        default_input_tokens_per_request: Where a bill does not count requests.
        default_output_tokens_per_request: The same for output.
        p99_context_over_mean: A long request over the mean one, input and output.
        unmeasured_relative_level_error: Of demand that nobody measured for two weeks.
        weeks_in_growth: Weekly observations of growth.
        one_sided_90_t: Student's t for a one-sided bound of 90 %.
    """

    months_in_mean: Fact
    max_quiet_days: Fact
    busy_hour_quantile: Fact
    peak_hour_over_mean: Fact
    peak_minute_over_hour_chat: Fact
    peak_minute_over_hour_batch: Fact
    default_input_tokens_per_request: Fact
    default_output_tokens_per_request: Fact
    p99_context_over_mean: Fact
    unmeasured_relative_level_error: Fact
    weeks_in_growth: Fact
    one_sided_90_t: StudentT


def read_demand_rules() -> DemandRules:
    """Return the rules that the kit ships.

    Raises:
        ConfigError: The file does not have their shape.
    """
    return read_data_toml("demand_rules.toml", DemandRules)

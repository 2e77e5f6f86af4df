"""Demand of each workload, from hourly usage: how much, when, and whether it grows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from costcheck.records import ServiceTier

HOURS_PER_WEEK = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """Tokens of one model in today's mean month: what the API is paid for."""

    service_provider_name: str
    request_model: str
    service_tier: ServiceTier
    uncached_input_tokens: Decimal
    cache_read_input_tokens: Decimal
    cache_creation_5m_input_tokens: Decimal
    cache_creation_1h_input_tokens: Decimal
    output_tokens: Decimal
    requests: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Growth of volume at constant prices over the last three complete months.

    Attributes:
        monthly_rate: Estimate, 0.05 = five percent a month.
        standard_error: Of the estimate.
        lower_bound: One-sided 90 % lower confidence bound.
        observations: Weeks (or months, where only months are known) that it rests on.
    """

    monthly_rate: float
    standard_error: float
    lower_bound: float
    observations: int

    @property
    def growing(self) -> bool:
        """Return whether growth is more than noise."""
        return self.lower_bound > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadDemand:
    """What one workload asks of whoever serves it.

    Attributes:
        origin: Measured by the hour, spread from daily or monthly totals, or declared by a person.
        complete_months: First days of the complete months it rests on.
        monthly_requests: Today's mean month (mean of the last three complete months; the fitted last month if growing).
        request_count_known: False where requests were estimated from tokens.
        input_tokens_per_request: Mean, cached ones included.
        cached_input_share: Share of input tokens read from a cache.
        p99_context_tokens: Input and output of a long request.
        busy_hour_requests_per_second: The busy hour's mean rate, before bursts inside the hour.
        peak_minute_factor: Busiest minute over the mean of the busy hour.
        requests_per_second_by_hour_of_week: 168 mean rates, Monday 00:00 UTC first.
        relative_level_error: Relative standard error of the monthly level.
    """

    name: str
    origin: Literal["hourly", "spread", "declared"]
    complete_months: tuple[date, ...]
    models: tuple[ModelUsage, ...]
    monthly_requests: Decimal
    request_count_known: bool
    input_tokens_per_request: float
    output_tokens_per_request: float
    cached_input_share: float
    p99_context_tokens: float
    busy_hour_requests_per_second: float
    peak_minute_factor: float
    peak_minute_measured: bool
    requests_per_second_by_hour_of_week: tuple[float, ...]
    relative_level_error: float
    growth: Growth

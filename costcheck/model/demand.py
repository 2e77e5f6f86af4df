"""Demand of each workload, from hourly usage: how much, when, and whether it grows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypedDict

import msgspec
import numpy as np

from costcheck.demand_rules import DemandRules
from costcheck.errors import EvidenceError
from costcheck.model.assignment import split_by_workload
from costcheck.model.coverage import Coverage, measure_coverage, months_window
from costcheck.model.growth import (
    HOURS_PER_WEEK,
    Growth,
    estimate_level_error,
    fit_growth,
    measure_volume,
    today_weight,
    unknown_growth,
)
from costcheck.model.hourly_rates import default_peak_minute, measure_rates, peak_minute
from costcheck.model.price_tags import is_long_context, is_regional
from costcheck.model.usage_table import (
    HOURS_PER_DAY,
    SECONDS_PER_HOUR,
    TOKEN_COLUMNS,
    ConstantPrice,
    Floats,
    UsageTable,
    Window,
    check_rows,
    epoch_hour,
    rows_before,
    tabulate,
)
from costcheck.records import ServiceTier, TokenType, UsageHour
from costcheck.settings import DeclaredDemand, Workload
from costcheck.units import HOURS_PER_MONTH

__all__ = ["HOURS_PER_WEEK", "Growth", "ModelUsage", "WorkloadDemand", "estimate_demand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """Tokens of one model in today's mean month: what the API is paid for.

    Attributes:
        long_context: Every prompt pays for a long context; unset, and so not written, where no bill says so.
        price_factor: Price over the list price, of usage bound to a region; unset where it is the list price.
    """

    service_provider_name: str
    request_model: str
    service_tier: ServiceTier
    uncached_input_tokens: Decimal
    cache_read_input_tokens: Decimal
    cache_creation_5m_input_tokens: Decimal
    cache_creation_1h_input_tokens: Decimal
    output_tokens: Decimal
    requests: Decimal
    long_context: bool | msgspec.UnsetType = msgspec.UNSET
    price_factor: Decimal | msgspec.UnsetType = msgspec.UNSET


class Priced(TypedDict, total=False):
    """The fields of `ModelUsage` that tags tell; a key that is not there stays unset."""

    long_context: bool
    price_factor: Decimal


def priced_by(tags: tuple[str, ...], surcharge_share: Decimal) -> Priced:
    """Return what tags of usage say about its price.

    Args:
        tags: Those that say something, see `price_tags`.
        surcharge_share: What being bound to a region adds, as a share of the list price.
    """
    found: Priced = {}
    if is_long_context(tags):
        found["long_context"] = True
    if is_regional(tags) and surcharge_share:
        found["price_factor"] = 1 + surcharge_share
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadDemand:
    """What one workload asks of whoever serves it.

    Attributes:
        origin: Measured by the hour, spread from daily or monthly totals, or declared by a person.
        complete_months: First days of the complete months it rests on.
        monthly_requests: Today's mean month: mean of the last three complete months; the fitted last one if growing.
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


def estimate_demand(  # noqa: PLR0913 - six inputs, no two of which belong together
    workloads: Sequence[Workload],
    hours: Sequence[UsageHour],
    *,
    as_of: date,
    rules: DemandRules,
    constant_price: ConstantPrice | None = None,
    set_aside_models: Iterable[str] = (),
    surcharge_share: Decimal = Decimal(0),
) -> tuple[WorkloadDemand, ...]:
    """Return the demand of each workload, in their order, from the usage before `as_of`.

    Args:
        workloads: From `costcheck.toml`; a row belongs to the first that it matches.
        hours: Usage in any order.
        as_of: UTC day of the question; later rows are ignored, so that an old decision replays.
        rules: From `costcheck.demand_rules`.
        constant_price: What a row's tokens cost at today's unit prices, for growth; tokens count without it.
        set_aside_models: Models that stay on the API whatever matches them.
        surcharge_share: What being bound to a region adds to a price, as a share of it.

    Raises:
        EvidenceError: A row is impossible, or a workload that is not declared has no usage in its last months.
    """
    check_rows(hours)
    known = rows_before(as_of, hours)
    demands = {
        workload.name: _declared(workload, workload.declared_demand, rules)
        for workload in workloads
        if workload.declared_demand is not None
    }
    if len(demands) < len(workloads):
        coverage = measure_coverage(known, as_of=as_of, rules=rules)
        rows = split_by_workload(workloads, known, set_aside_models=set_aside_models)
    for workload in workloads:
        if workload.declared_demand is None:
            if not rows[workload.name]:
                raise _no_usage(workload.name, f"from {coverage.first_day} to {coverage.last_day}")
            table = tabulate(rows[workload.name], rules, constant_price)
            demands[workload.name] = _measured(workload, table, coverage, rules, surcharge_share)
    return tuple(demands[workload.name] for workload in workloads)


def _no_usage(name: str, when: str) -> EvidenceError:
    message = f"workload {name!r} has no usage {when}"
    return EvidenceError(
        message,
        expected="chat usage that its match names",
        action="compare the match in costcheck.toml with the models and projects that `costcheck bill show` lists",
    )


def _declared(workload: Workload, declared: DeclaredDemand, rules: DemandRules) -> WorkloadDemand:
    rate = declared.monthly_requests / float(HOURS_PER_MONTH) / SECONDS_PER_HOUR
    tokens = declared.input_tokens_per_request + declared.output_tokens_per_request
    return WorkloadDemand(
        name=workload.name,
        origin="declared",
        complete_months=(),
        models=(),
        monthly_requests=Decimal(declared.monthly_requests),
        request_count_known=True,
        input_tokens_per_request=float(declared.input_tokens_per_request),
        output_tokens_per_request=float(declared.output_tokens_per_request),
        cached_input_share=float(workload.cacheable_input_share or 0),
        p99_context_tokens=tokens * float(rules.p99_context_over_mean.value),
        busy_hour_requests_per_second=rate * float(rules.peak_hour_over_mean.value),
        peak_minute_factor=default_peak_minute(workload.latency_class, rules),
        peak_minute_measured=False,
        requests_per_second_by_hour_of_week=(rate,) * HOURS_PER_WEEK,
        relative_level_error=float(rules.unmeasured_relative_level_error.value),
        growth=unknown_growth(0),
    )


def _measured(
    workload: Workload, table: UsageTable, coverage: Coverage, rules: DemandRules, surcharge_share: Decimal
) -> WorkloadDemand:
    months = _own_months(table, coverage, rules)
    recent = months[-int(rules.months_in_mean.value) :]
    window = months_window(recent) if recent else _whole_range(table)
    inside = table.share_inside(window) > 0
    series = measure_volume(table, window, recent, rules)
    growth = fit_growth(series, rules) if recent else unknown_growth(0)
    today = _today_weights(table, window, recent, growth)
    mean = _mean_month(workload.name, _models(table, today * table.share_inside(window), window, surcharge_share))
    rates = measure_rates(table, window, today, rules)
    factor, measured = peak_minute(workload.latency_class, table, rates, rules)
    return WorkloadDemand(
        name=workload.name,
        origin="hourly" if (table.period[inside] == 1).all() else "spread",
        complete_months=months,
        models=mean.models,
        monthly_requests=mean.requests,
        request_count_known=bool(table.request_known[inside].all()),
        input_tokens_per_request=float(mean.input_tokens / mean.requests),
        output_tokens_per_request=float(mean.output_tokens / mean.requests),
        cached_input_share=float(mean.cached_input_tokens / mean.input_tokens) if mean.input_tokens else 0.0,
        p99_context_tokens=float(mean.tokens / mean.requests * rules.p99_context_over_mean.value),
        busy_hour_requests_per_second=rates.busy / SECONDS_PER_HOUR,
        peak_minute_factor=factor,
        peak_minute_measured=measured,
        requests_per_second_by_hour_of_week=rates.by_hour_of_week(),
        relative_level_error=estimate_level_error(series, growth, rules),
        growth=growth,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeanMonth:
    models: tuple[ModelUsage, ...]
    requests: Decimal
    input_tokens: Decimal
    cached_input_tokens: Decimal
    output_tokens: Decimal

    @property
    def tokens(self) -> Decimal:
        return self.input_tokens + self.output_tokens


def _mean_month(name: str, models: tuple[ModelUsage, ...]) -> _MeanMonth:
    tokens = {column: sum((getattr(model, column) for model in models), Decimal(0)) for column in TOKEN_COLUMNS}
    requests = sum((model.requests for model in models), Decimal(0))
    if not (requests and any(tokens.values())):
        raise _no_usage(name, "in its last complete months")
    output = tokens.pop(TokenType.OUTPUT.value)
    return _MeanMonth(
        models=models,
        requests=requests,
        input_tokens=sum(tokens.values(), Decimal(0)),
        cached_input_tokens=tokens[TokenType.CACHE_READ_INPUT.value],
        output_tokens=output,
    )


def _own_months(table: UsageTable, coverage: Coverage, rules: DemandRules) -> tuple[date, ...]:
    # A workload that is younger than the bills has not been measured in the months before it began.
    quiet_hours = (int(rules.max_quiet_days.value) + 1) * HOURS_PER_DAY
    began = int(table.start.min())
    return tuple(month for month in coverage.complete_months if began < epoch_hour(month) + quiet_hours)


def _whole_range(table: UsageTable) -> Window:
    return Window(start=int(table.start.min()), end=int((table.start + table.period).max()))


def _today_weights(table: UsageTable, window: Window, months: tuple[date, ...], growth: Growth) -> Floats:
    # Without growth today is the mean month; with growth it is the fitted middle of the last complete month.
    # Requests are lifted like volume, so that a request keeps the tokens it has in the mean month.
    last = months_window(months[-1:]) if months else window
    return today_weight(table.middle, (last.start + last.end) / 2, growth)


def _models(table: UsageTable, weights: Floats, window: Window, surcharge_share: Decimal) -> tuple[ModelUsage, ...]:
    columns = dict(zip(TOKEN_COLUMNS, table.tokens.T, strict=True)) | {"requests": table.requests}
    sums = {
        name: np.bincount(table.model, weights=values * weights, minlength=len(table.models))
        for name, values in columns.items()
    }
    return tuple(
        ModelUsage(
            service_provider_name=provider,
            request_model=model,
            service_tier=tier,
            **{name: _per_month(values[number], window) for name, values in sums.items()},
            **priced_by(tags, surcharge_share),
        )
        for number, (provider, model, tier, tags) in enumerate(table.models)
        if any(values[number] > 0 for values in sums.values())
    )


def _per_month(amount: float, window: Window) -> Decimal:
    # Sums of whole numbers are exact in floats up to 2**53: this is exact unless something grows or is spread.
    return Decimal(repr(float(amount))) * HOURS_PER_MONTH / window.hours

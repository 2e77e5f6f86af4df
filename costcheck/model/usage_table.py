"""Hourly usage as columns, so that a hundred thousand rows cost milliseconds."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from costcheck.demand_rules import DemandRules
from costcheck.errors import EvidenceError
from costcheck.model.price_tags import price_tags
from costcheck.records import ServiceTier, TokenType, UsageHour

HOURS_PER_DAY = 24
SECONDS_PER_HOUR = 3600
TOKEN_COLUMNS = tuple(token_type.value for token_type in TokenType)
_TOKENS_OF = operator.attrgetter(*TOKEN_COLUMNS)
COUNT_COLUMNS = ("period_hours", *TOKEN_COLUMNS)
OPTIONAL_COLUMNS = ("requests", "peak_minute_requests")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
ModelKey = tuple[str, str, ServiceTier, tuple[str, ...]]
ConstantPrice = Callable[[UsageHour], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time in whole hours since 1970-01-01 00:00 UTC, [start, end)."""

    start: int
    end: int

    @property
    def hours(self) -> int:
        """Return its length in hours."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTable:
    """Rows of one workload as columns, in an order that does not depend on how they came.

    Attributes:
        start: Hours since 1970-01-01 00:00 UTC.
        period: Hours that the row covers.
        tokens: One column for each of `TOKEN_COLUMNS`.
        requests: Counted, or estimated from tokens where the source does not count.
        request_known: Whether they were counted.
        peak_minute_requests: NaN where the source has no minutes.
        volume: Cost at constant prices, or tokens.
        model: Index into `models`.
        models: Provider, model, tier, and the tags that say something about the price.
    """

    start: Ints
    period: Ints
    tokens: Ints
    requests: Floats
    request_known: npt.NDArray[np.bool_]
    peak_minute_requests: Floats
    volume: Floats
    model: Ints
    models: tuple[ModelKey, ...]

    @property
    def middle(self) -> Floats:
        """Return the middle of each row's period, in hours since the epoch."""
        return self.start + self.period / 2

    def share_inside(self, window: Window) -> Floats:
        """Return the share of each row's period that lies in the window."""
        overlap: Ints = np.minimum(self.start + self.period, window.end) - np.maximum(self.start, window.start)
        return overlap.clip(min=0) / self.period

    def by_hour(self, window: Window, values: Floats) -> Floats:
        """Return the sum of values in each hour of the window; longer periods are spread flat."""
        inside = self.share_inside(window) > 0
        hourly = inside & (self.period == 1)
        series: Floats = np.zeros(window.hours)
        np.add.at(series, self.start[hourly] - window.start, values[hourly])
        for row in np.flatnonzero(inside & ~hourly):
            first = max(int(self.start[row]) - window.start, 0)
            last = min(int(self.start[row] + self.period[row]), window.end) - window.start
            series[first:last] += values[row] / self.period[row]
        return series


def tabulate(
    rows: Sequence[UsageHour], rules: DemandRules, constant_price: ConstantPrice | None = None
) -> UsageTable:
    """Return rows as columns.

    Args:
        rows: Usage that `check_rows` accepts.
        rules: Where the default request stands.
        constant_price: What a row's tokens cost at today's unit prices; volume is tokens without it.

    Raises:
        EvidenceError: A constant price is not a finite number from zero on.
    """
    keys = [
        (row.service_provider_name, row.request_model, row.service_tier, price_tags(row.x_source, row.tags))
        for row in rows
    ]
    models = tuple(sorted(set(keys)))
    index = {key: number for number, key in enumerate(models)}
    tokens = np.array([_TOKENS_OF(row) for row in rows], dtype=np.int64)
    counted = np.array([np.nan if row.requests is None else row.requests for row in rows], dtype=np.float64)
    minutes = [np.nan if row.peak_minute_requests is None else row.peak_minute_requests for row in rows]
    columns = UsageTable(
        start=start_hours(rows),
        period=np.array([row.period_hours for row in rows], dtype=np.int64),
        tokens=tokens,
        requests=np.where(np.isnan(counted), tokens.sum(axis=1) / _default_request_tokens(rules), counted),
        request_known=~np.isnan(counted),
        peak_minute_requests=np.array(minutes, dtype=np.float64),
        volume=_volume(rows, tokens, constant_price),
        model=np.array([index[key] for key in keys], dtype=np.int64),
        models=models,
    )
    return _ordered(columns)


def _default_request_tokens(rules: DemandRules) -> float:
    return float(rules.default_input_tokens_per_request.value + rules.default_output_tokens_per_request.value)


def _volume(rows: Sequence[UsageHour], tokens: Ints, constant_price: ConstantPrice | None) -> Floats:
    if constant_price is None:
        return np.array(tokens.sum(axis=1), dtype=np.float64)
    volume = np.array([constant_price(row) for row in rows], dtype=np.float64)
    for row in np.flatnonzero(~(np.isfinite(volume) & (volume >= 0)))[:1]:
        message = f"the cost at constant prices of {row_key(rows[row])} is {volume[row]}"
        raise EvidenceError(message, expected="a finite cost, zero or more", action="check the model's token price")
    return volume


def _ordered(table: UsageTable) -> UsageTable:
    # Float sums depend on their order, and a decision must not depend on how rows happened to arrive.
    columns = (table.volume, table.peak_minute_requests, table.requests, *table.tokens.T)
    order = np.lexsort((*columns, table.model, table.period, table.start))
    return UsageTable(
        start=table.start[order],
        period=table.period[order],
        tokens=table.tokens[order],
        requests=table.requests[order],
        request_known=table.request_known[order],
        peak_minute_requests=table.peak_minute_requests[order],
        volume=table.volume[order],
        model=table.model[order],
        models=table.models,
    )


def start_hours(rows: Sequence[UsageHour]) -> Ints:
    """Return the starts of rows in whole hours since the epoch."""
    return np.array([row.hour.timestamp() // SECONDS_PER_HOUR for row in rows], dtype=np.int64)


def rows_before(as_of: date, rows: Sequence[UsageHour]) -> list[UsageHour]:
    """Return the rows that begin before a UTC day."""
    end = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    return [row for row in rows if row.hour < end]


def check_rows(rows: Sequence[UsageHour]) -> None:
    """Refuse rows that no bill can hold.

    Raises:
        EvidenceError: A count is negative or no whole number, a period is empty, or an hour has no time zone.
    """
    for name in (*COUNT_COLUMNS, *OPTIONAL_COLUMNS):
        least = 1 if name == "period_hours" else 0
        values = [getattr(row, name) for row in rows]
        counts = [value for value in values if value is not None] if name in OPTIONAL_COLUMNS else values
        if set(map(type, counts)) <= {int} and min(counts, default=least) >= least:
            continue
        row = next(row for row, value in zip(rows, values, strict=True) if not _is_count(name, value, least))
        raise _impossible(row, name, f"a whole number, {least} or more")
    for row in rows:
        if row.hour.tzinfo is None:
            raise _impossible(row, "hour", "a moment with a time zone")


def _is_count(name: str, value: object, least: int) -> bool:
    if value is None:
        return name in OPTIONAL_COLUMNS
    return type(value) is int and value >= least


def _impossible(row: UsageHour, name: str, expected: str) -> EvidenceError:
    message = f"{name} of {row_key(row)} is {getattr(row, name)!r}"
    return EvidenceError(message, expected=expected, action="import that bill again; no demand was estimated")


def row_key(row: UsageHour) -> str:
    """Return the whole key of a row, as messages print it."""
    parts = (row.service_provider_name, row.request_model, row.operation, row.service_tier, row.sub_account_id)
    return " ".join(str(part) for part in (*parts, row.x_api_key_id, row.hour.isoformat()) if part is not None)


def epoch_hour(day: date) -> int:
    """Return the first hour of a UTC day in hours since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // SECONDS_PER_HOUR


def epoch_day(hour: int) -> date:
    """Return the UTC day of an hour since the epoch."""
    return date(1970, 1, 1) + timedelta(days=hour // HOURS_PER_DAY)

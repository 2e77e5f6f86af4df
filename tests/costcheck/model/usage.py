"""Constructed usage, with a default for every field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from costcheck.records import Operation, ServiceTier, UsageHour
from costcheck.settings import Match, Workload

EPOCH = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def usage_hour(**changes: Any) -> UsageHour:  # noqa: ANN401 - any field of the record
    default = UsageHour(
        x_source="openai",
        hour=EPOCH,
        service_provider_name="openai",
        request_model="gpt-5.4",
        operation=Operation.CHAT,
        service_tier=ServiceTier.STANDARD,
        sub_account_id="proj_chat",
        x_api_key_id=None,
        tags=(),
        uncached_input_tokens=1000,
        cache_read_input_tokens=0,
        cache_creation_5m_input_tokens=0,
        cache_creation_1h_input_tokens=0,
        output_tokens=100,
        requests=10,
    )
    return replace(default, **changes)


def scaled(row: UsageHour, factor: int) -> UsageHour:
    return replace(
        row,
        uncached_input_tokens=row.uncached_input_tokens * factor,
        cache_read_input_tokens=row.cache_read_input_tokens * factor,
        output_tokens=row.output_tokens * factor,
        requests=None if row.requests is None else row.requests * factor,
        peak_minute_requests=None if row.peak_minute_requests is None else row.peak_minute_requests * factor,
    )


def every_hour(first: date, end: date, row: Callable[[int], UsageHour]) -> list[UsageHour]:
    """Return a row for each hour from `first` to `end`, numbered from 0."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    count = (end - first).days * 24
    return [replace(row(number), hour=start + number * HOUR) for number in range(count)]


def flat(first: date, end: date, **changes: Any) -> list[UsageHour]:  # noqa: ANN401 - any field of the record
    return every_hour(first, end, lambda _: usage_hour(**changes))


def workload(**changes: Any) -> Workload:  # noqa: ANN401 - any field of the record
    fields: dict[str, Any] = {"name": "chat", "match": Match(everything=True), "latency_class": "interactive"}
    return Workload(**fields | changes)

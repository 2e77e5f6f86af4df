"""What demand and cost are built from: usage by the hour, charges by the month, and what is covered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from costcheck.ledger.schema import EXACT
from costcheck.ledger.twice import named
from costcheck.records import (
    ChargeCategory,
    ClassCharge,
    MonthCharge,
    Operation,
    Origin,
    Provenance,
    ServiceTier,
    TokenType,
    UsageHour,
)

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCoverage:
    """How much of one month is known from one source.

    Attributes:
        is_complete: The month was over when it was read; a file's periods reach from its first day to its last, too,
            and in a list of invoices those of each provider that it bills in that month reach to its last.
        days_with_usage: UTC days on which the source shows usage; a longer period counts each of its days.
    """

    x_source: str
    month: date
    is_complete: bool
    days_with_usage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """One bucket as it was last read.

    Attributes:
        row_count: Rows of the ledger, fewer than came in where those were summed.
        rows_in: Rows that came in, None where that is not known: of a ledger of an older version, or a file of which
            the older rows were forgotten.
    """

    x_source: str
    x_bucket: str
    row_count: int
    digest: str
    retrieved_on: date
    origin: Origin
    source_url: str
    rows_in: int | None = None

    @property
    def name(self) -> str:
        """Return the bucket as a person knows it: a digest with the name of its file."""
        return named(self.x_bucket, self.source_url)

    @property
    def provenance(self) -> Provenance:
        """Return where the bucket's rows stand."""
        return Provenance(
            source=self.x_source, source_url=self.source_url, retrieved_on=self.retrieved_on, origin=self.origin
        )


# The hour of a row, or its own period where that is longer than an hour.
USAGE_BY_HOUR = """
WITH placed AS (
    SELECT *,
        charge_period_end - charge_period_start <= INTERVAL 1 HOUR AS within_hour,
        CASE WHEN within_hour THEN date_trunc('hour', charge_period_start)
            ELSE charge_period_start END AS period_start,
        CASE WHEN within_hour THEN period_start + INTERVAL 1 HOUR ELSE charge_period_end END AS period_end,
        charge_period_end - charge_period_start <= INTERVAL 1 MINUTE AS within_minute
    FROM usage
), by_minute AS (
    SELECT x_source, period_start, period_end, service_provider_name, request_model, operation, service_tier,
        sub_account_id, x_api_key_id, tags,
        CASE WHEN within_minute THEN date_trunc('minute', charge_period_start) END AS minute,
        sum(uncached_input_tokens) AS uncached, sum(cache_read_input_tokens) AS cache_read,
        sum(cache_creation_5m_input_tokens) AS creation_5m, sum(cache_creation_1h_input_tokens) AS creation_1h,
        sum(output_tokens) AS output, uncached + cache_read + creation_5m + creation_1h + output AS tokens,
        CASE WHEN count(requests) = count(*) THEN sum(requests) END AS requests,
        CASE WHEN bool_and(within_minute) THEN tokens
            WHEN count(x_peak_minute_tokens) = count(*) THEN sum(x_peak_minute_tokens) END AS peak
    FROM placed GROUP BY ALL
)
SELECT x_source, period_start, period_end, service_provider_name, request_model, operation, service_tier,
    sub_account_id, x_api_key_id, tags, sum(uncached)::BIGINT, sum(cache_read)::BIGINT, sum(creation_5m)::BIGINT,
    sum(creation_1h)::BIGINT, sum(output)::BIGINT,
    CASE WHEN count(requests) = count(*) THEN sum(requests)::BIGINT END,
    CASE WHEN count(peak) = count(*) THEN (coalesce(max(peak) FILTER (minute IS NOT NULL), 0)
        + coalesce(sum(peak) FILTER (minute IS NULL), 0))::BIGINT END, sum(tokens)::BIGINT
FROM by_minute
GROUP BY x_source, period_start, period_end, service_provider_name, request_model, operation, service_tier,
    sub_account_id, x_api_key_id, tags
ORDER BY ALL
"""
CHARGES_BY_MONTH = """
SELECT x_source, date_trunc('month', charge_period_start)::DATE AS month, charge_category, service_provider_name,
    service_name, x_gen_ai_request_model, x_operation, billing_currency, sum(coalesce(effective_cost, billed_cost)),
    bool_or(x_estimated)
FROM charges
GROUP BY x_source, month, charge_category, service_provider_name, service_name, x_gen_ai_request_model, x_operation,
    billing_currency
ORDER BY ALL
"""
CHARGES_BY_CLASS = """
SELECT x_source, date_trunc('month', charge_period_start)::DATE AS month, service_provider_name, service_name,
    x_gen_ai_request_model, x_token_type, x_operation, x_service_tier, billing_currency,
    sum(coalesce(effective_cost, billed_cost)), CASE WHEN count(list_cost) = count(*) THEN sum(list_cost) END,
    count(*), bool_or(x_estimated)
FROM charges WHERE charge_category = 'Usage'
GROUP BY x_source, month, service_provider_name, service_name, x_gen_ai_request_model, x_token_type, x_operation,
    x_service_tier, billing_currency
ORDER BY ALL
"""
# A bucket of a pull is a month, complete once the month was over when it was read, even if it held nothing; or it is
# a day, and the month is complete once each of its days was. How far a file reaches is what its rows say, as far as
# it could know: a tax or a fee may stand for a month that still ran when the file was read.
PULLED = r"""pulled_days AS (
    SELECT x_source, strptime(x_bucket, '%Y-%m-%d')::DATE AS day, retrieved_on > day AS was_over
    FROM ingests WHERE regexp_full_match(x_bucket, '\d{4}-\d{2}-\d{2}')
), pulled AS (
    SELECT x_source, strptime(x_bucket, '%Y-%m')::DATE AS month, bool_and(retrieved_on > last_day(month)) AS was_over
    FROM ingests WHERE regexp_full_match(x_bucket, '\d{4}-\d{2}') GROUP BY ALL
    UNION ALL
    SELECT x_source, date_trunc('month', day)::DATE, count(*) FILTER (was_over) = day(last_day(any_value(day)))
    FROM pulled_days GROUP BY x_source, date_trunc('month', day)
)"""
COVERAGE = f"""
WITH {PULLED}, periods AS (
    SELECT x_source, x_bucket, charge_period_start AS first, charge_period_end AS last, true AS is_usage FROM usage
    UNION ALL SELECT x_source, x_bucket, charge_period_start, charge_period_end, false FROM charges
), days AS (
    SELECT DISTINCT x_source, x_bucket, is_usage,
        unnest(generate_series(first::DATE, (last - INTERVAL 1 MICROSECOND)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM periods
), reached AS (
    SELECT x_source, date_trunc('month', day)::DATE AS month, min(day) AS first_day, max(day) AS final_day,
        count(DISTINCT day) FILTER (is_usage) AS days_with_usage,
        coalesce(bool_or(retrieved_on > day) FILTER (day = last_day(day)), false) AS was_over_by_then
    FROM days JOIN ingests USING (x_source, x_bucket) GROUP BY ALL
), cut AS (
    SELECT DISTINCT x_source, month FROM (
        SELECT x_source, date_trunc('month', charge_period_start)::DATE AS month, max(charge_period_end) AS until
        FROM charges WHERE x_source = 'invoice' AND charge_category = 'Usage'
        GROUP BY x_source, month, service_provider_name
    ) WHERE until < month + INTERVAL 1 MONTH
)
SELECT x_source, month, coalesce(was_over, first_day = month AND final_day = last_day(month) AND was_over_by_then)
        AND (x_source, month) NOT IN (SELECT (x_source, month) FROM cut),
    coalesce(days_with_usage, 0)
FROM pulled FULL JOIN reached USING (x_source, month) ORDER BY ALL
"""  # noqa: S608 - our own expressions
# A longer period may come in place of its days, or they in its place.
DAYS = """
SELECT DISTINCT x_bucket, charge_period_start::DATE AS day
FROM (
    SELECT x_source, x_bucket, charge_period_start, charge_period_end FROM usage
    UNION ALL SELECT x_source, x_bucket, charge_period_start, charge_period_end FROM charges
)
WHERE x_source = ? AND list_contains(?, x_bucket) AND charge_period_end - charge_period_start <= INTERVAL 1 DAY
"""
MONTHS = """
SELECT DISTINCT x_bucket, date_trunc('month', charge_period_start)::DATE
FROM (
    SELECT x_source, x_bucket, charge_period_start FROM usage
    UNION ALL SELECT x_source, x_bucket, charge_period_start FROM charges
)
WHERE x_source = ? AND list_contains(?, x_bucket)
"""
KINDS = """
SELECT DISTINCT x_bucket, date_trunc('month', charge_period_start)::DATE, is_usage
FROM (
    SELECT x_source, x_bucket, charge_period_start, true AS is_usage FROM usage
    UNION ALL SELECT x_source, x_bucket, charge_period_start, false FROM charges
)
WHERE x_source = ?
"""
USAGE_COSTS = """
SELECT x_bucket, billing_currency, sum(billed_cost) FROM charges
WHERE x_source = ? AND list_contains(?, x_bucket) AND charge_category = 'Usage' GROUP BY ALL
"""
OWNERS = """
SELECT DISTINCT x_bucket, kind, owner
FROM (
    SELECT x_source, x_bucket, 'sub_account_id' AS kind, sub_account_id AS owner FROM usage
    UNION ALL SELECT x_source, x_bucket, 'sub_account_id', sub_account_id FROM charges
    UNION ALL SELECT x_source, x_bucket, 'x_api_key_id', x_api_key_id FROM usage
)
WHERE x_source = ? AND list_contains(?, x_bucket) AND owner IS NOT NULL
"""
PERIODS = """
SELECT x_source, x_bucket, min(charge_period_start), max(charge_period_end)
FROM (
    SELECT x_source, x_bucket, charge_period_start, charge_period_end FROM usage
    UNION ALL SELECT x_source, x_bucket, charge_period_start, charge_period_end FROM charges
)
GROUP BY ALL
"""
INGESTED = """
SELECT x_source, x_bucket, row_count, digest, retrieved_on, origin, source_url, rows_in FROM ingests
ORDER BY x_source, x_bucket
"""


def usage_by_hour(connection: duckdb.DuckDBPyConnection) -> tuple[UsageHour, ...]:
    """Return all usage, summed to the hour."""
    return tuple(_usage_hour(row) for row in connection.execute(USAGE_BY_HOUR).fetchall())


def _usage_hour(row: tuple[Any, ...]) -> UsageHour:
    return UsageHour(
        x_source=row[0],
        hour=row[1].replace(tzinfo=UTC),
        period_hours=(row[2] - row[1]) // HOUR,
        service_provider_name=row[3],
        request_model=row[4],
        operation=Operation(row[5]),
        service_tier=ServiceTier(row[6]),
        sub_account_id=row[7],
        x_api_key_id=row[8],
        tags=tuple(row[9]),
        uncached_input_tokens=row[10],
        cache_read_input_tokens=row[11],
        cache_creation_5m_input_tokens=row[12],
        cache_creation_1h_input_tokens=row[13],
        output_tokens=row[14],
        requests=row[15],
        peak_minute_requests=_peak_minute_requests(*row[15:]),
    )


def _peak_minute_requests(requests: int | None, peak_tokens: int | None, tokens: int) -> int | None:
    if requests is None or peak_tokens is None or tokens == 0:
        return None
    return int((Decimal(peak_tokens) / Decimal(tokens) * requests).to_integral_value())


def charges_by_month(connection: duckdb.DuckDBPyConnection) -> tuple[MonthCharge, ...]:
    """Return all charges, summed to the month; currencies are never summed together."""
    return tuple(_month_charge(row) for row in connection.execute(CHARGES_BY_MONTH).fetchall())


def _month_charge(row: tuple[Any, ...]) -> MonthCharge:
    return MonthCharge(
        x_source=row[0],
        month=row[1],
        charge_category=ChargeCategory(row[2]),
        service_provider_name=row[3],
        service_name=row[4],
        x_gen_ai_request_model=row[5],
        x_operation=Operation(row[6]),
        billing_currency=row[7],
        billed_cost=_plain(row[8]),
        x_estimated=row[9],
    )


def charges_by_class(connection: duckdb.DuckDBPyConnection) -> tuple[ClassCharge, ...]:
    """Return the charges for usage, summed to the month, apart by class of tokens and tier."""
    return tuple(_class_charge(row) for row in connection.execute(CHARGES_BY_CLASS).fetchall())


def _class_charge(row: tuple[Any, ...]) -> ClassCharge:
    return ClassCharge(
        x_source=row[0],
        month=row[1],
        service_provider_name=row[2],
        service_name=row[3],
        x_gen_ai_request_model=row[4],
        x_token_type=TokenType(row[5]) if row[5] else None,
        x_operation=Operation(row[6]),
        x_service_tier=ServiceTier(row[7]),
        billing_currency=row[8],
        billed_cost=_plain(row[9]),
        list_cost=None if row[10] is None else _plain(row[10]),
        charge_count=row[11],
        x_estimated=row[12],
    )


def _plain(stored: Decimal) -> Decimal:
    """Return an amount without the zeros that its column added, so that later sums stay within 28 digits."""
    return Decimal(f"{stored.normalize(EXACT):f}")


def coverage(connection: duckdb.DuckDBPyConnection) -> tuple[MonthCoverage, ...]:
    """Return how much of each month each source tells."""
    return tuple(
        MonthCoverage(x_source=source, month=month, is_complete=complete, days_with_usage=days)
        for source, month, complete, days in connection.execute(COVERAGE).fetchall()
    )


def days_by_bucket(
    connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]
) -> set[tuple[str, date]]:
    """Return on which UTC days each bucket has rows of a day or less."""
    return set(connection.execute(DAYS, [source, list(buckets)]).fetchall())


def months_by_bucket(
    connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]
) -> set[tuple[str, date]]:
    """Return in which months rows of each bucket begin."""
    return set(connection.execute(MONTHS, [source, list(buckets)]).fetchall())


def kinds_by_month(connection: duckdb.DuckDBPyConnection, source: str) -> set[tuple[str, date, bool]]:
    """Return in which months rows of each bucket of a source begin, of usage (True) and of charges (False)."""
    return set(connection.execute(KINDS, [source]).fetchall())


def usage_costs(
    connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]
) -> dict[tuple[str, str], Decimal]:
    """Return what each bucket was billed for usage, by currency."""
    rows = connection.execute(USAGE_COSTS, [source, list(buckets)]).fetchall()
    return {(bucket, currency): _plain(cost) for bucket, currency, cost in rows}


def owners_by_bucket(
    connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]
) -> set[tuple[str, str, str]]:
    """Return of which projects and accounts, and of which API keys, each bucket has rows."""
    return set(connection.execute(OWNERS, [source, list(buckets)]).fetchall())


def periods(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """Return when the first row of each bucket of a source begins, and when the last one ends."""
    return {
        (source, bucket): (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))
        for source, bucket, first, last in connection.execute(PERIODS).fetchall()
    }


def was_read(connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]) -> bool:
    """Return whether any of the buckets was read before."""
    query = "SELECT 1 FROM ingests WHERE x_source = ? AND list_contains(?, x_bucket) LIMIT 1"
    return connection.execute(query, [source, list(buckets)]).fetchone() is not None


def ingests(connection: duckdb.DuckDBPyConnection) -> tuple[Ingest, ...]:
    """Return every bucket that was read, and when."""
    return tuple(
        Ingest(
            x_source=row[0],
            x_bucket=row[1],
            row_count=row[2],
            digest=row[3],
            retrieved_on=row[4],
            origin=Origin(row[5]),
            source_url=row[6],
            rows_in=row[7],
        )
        for row in connection.execute(INGESTED).fetchall()
    )


def count_quarantined(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """Return the number of quarantined rows by source and reason."""
    rows = connection.execute("SELECT x_source, reason, count(*) FROM quarantine GROUP BY ALL ORDER BY ALL")
    return {(source, reason): count for source, reason, count in rows.fetchall()}


def count_set_aside(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """Return the number of rows that were set aside, by source and reason."""
    rows = connection.execute(
        "SELECT x_source, reason, sum(row_count)::BIGINT FROM set_aside GROUP BY ALL ORDER BY ALL"
    )
    return {(source, reason): count for source, reason, count in rows.fetchall()}

"""What two buckets or two sources both count, so that the bill would be in the ledger twice."""

from dataclasses import dataclass
from shlex import quote

import duckdb

from costcheck.ledger.names import PROVIDER, model
from costcheck.ledger.retention import MARK
from costcheck.ledger.twice import SUMMED
from costcheck.ledger.twice_logs import IS_PULLED, MONTH, TOKENS

ALL_CHARGES = "all charges"
FORGET_OR = "; `costcheck bill forget` one, or read the one that"
SEPARATE = "; if each counts requests of its own (two organisations), name one in separate_sources of costcheck.toml"
USAGE_WAY_OUT = f"{FORGET_OR} has charges again with --without-usage{SEPARATE}"
CHARGES_WAY_OUT = f"{FORGET_OR} only estimates them (a gateway's log) again with --without-charges{SEPARATE}"
"""docs/ledger.md tells which is which, under *What counts as the bill*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two buckets that both count the same model at the same time: its usage is there twice.

    Attributes:
        months: Months in which both do.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    service_provider_name: str
    request_model: str
    months: int

    @property
    def is_of_two_lists(self) -> bool:
        """Return whether both are lists that people typed: both may be due, and to forget either could be wrong."""
        return self.first[0] == self.second[0] and self.request_model == ALL_CHARGES

    @property
    def way_out(self) -> str:
        """Return what to do."""
        if not self.is_of_two_lists:
            return CHARGES_WAY_OUT if self.request_model == ALL_CHARGES else USAGE_WAY_OUT
        name = self.first[1].removeprefix("file:")
        return (
            "; make one file of the two with every line that is due, run "
            f"`costcheck bill forget {self.second[0]} {quote(self.second[1])}`, and import the new file as {name}, "
            "whose place it takes; or name the source in separate_sources"
        )


# Charges are compared by provider and month, for an invoice names no model and an API no invoice.
# A source may know months only (an invoice): sources are therefore compared by month, buckets of one by the hour.
# Who does not know the provider may mean any.
# Azure's metrics and a gateway's log name the model or what the customer calls its deployment; who knows both has the
# latter as a tag.
TAG = "deployment-name:"
DEPLOYMENT = f"substr(tag, {len(TAG) + 1})"
# Which classes of tokens there are, a bit for each: input in one bucket and output in another are no double.
CLASSES = " + ".join(f"({name} > 0)::INTEGER * {1 << bit}" for bit, name in enumerate(TOKENS))
# Where all reads call an account the same, two of them are two bills; of a redacted one nobody knows.
ARE_TWO_ACCOUNTS = (
    "coalesce(one.account <> two.account "
    f"AND starts_with(one.account, '{MARK}') = starts_with(two.account, '{MARK}'), false)"
)
IS_SUMMED = f"one.x_source IN ({', '.join(repr(name) for name in sorted(SUMMED))})"
# Two files of one log of requests may share an hour; `write` has refused the second where they share requests.
OVERLAPS = rf"""
WITH counted AS (
    SELECT x_source, x_bucket, service_provider_name, request_model, {PROVIDER} AS provider,
        {model()} AS model, sub_account_id AS account,
        bit_or({CLASSES}) AS classes, requests IS NOT NULL AND NOT {IS_PULLED.format("x_bucket")} AS is_log,
        date_trunc('hour', charge_period_start) AS hour, date_trunc('month', charge_period_start) AS month
    FROM usage
    WHERE uncached_input_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens
        + cache_creation_1h_input_tokens + output_tokens > 0
    GROUP BY ALL
), called AS (
    SELECT DISTINCT ON (x_source, provider, model, month) * FROM (
        SELECT x_source, x_bucket, service_provider_name, request_model, provider, model, month FROM counted
        UNION ALL
        SELECT x_source, x_bucket, service_provider_name, request_model, {PROVIDER}, {model(DEPLOYMENT)},
            date_trunc('month', charge_period_start)
        FROM (SELECT *, unnest(tags) AS tag FROM usage) WHERE starts_with(tag, '{TAG}')
    ) ORDER BY ALL
), billed AS (
    SELECT x_source, min(x_bucket) AS x_bucket, any_value(service_provider_name) AS service_provider_name,
        {PROVIDER} AS provider, date_trunc('month', charge_period_start) AS month
    FROM charges WHERE charge_category = 'Usage' AND billed_cost > 0
    GROUP BY x_source, provider, month
), invoiced AS (
    SELECT DISTINCT x_source, x_bucket, service_provider_name, {PROVIDER} AS provider, charge_period_start AS first,
        charge_period_end AS until, date_trunc('month', charge_period_start) AS month
    FROM charges WHERE x_source = 'invoice' AND charge_category = 'Usage' AND billed_cost > 0
), pairs AS (
    SELECT one.x_source AS source, one.x_bucket AS bucket, two.x_source AS other_source, two.x_bucket AS other_bucket,
        one.service_provider_name AS provider, one.request_model AS model, one.month AS month
    FROM counted AS one JOIN counted AS two USING (provider, model, hour)
    WHERE one.x_source = two.x_source AND one.x_bucket < two.x_bucket AND NOT (one.is_log AND two.is_log)
        AND NOT (one.x_bucket SIMILAR TO '{MONTH}' AND two.x_bucket SIMILAR TO '{MONTH}')
        AND one.classes & two.classes <> 0 AND NOT ({IS_SUMMED} AND {ARE_TWO_ACCOUNTS})
    UNION ALL
    SELECT one.x_source, one.x_bucket, two.x_source, two.x_bucket, one.service_provider_name, one.request_model, month
    FROM called AS one JOIN called AS two USING (model, month)
    WHERE one.x_source < two.x_source
        AND (one.provider = two.provider OR 'unknown' IN (one.provider, two.provider))
    UNION ALL
    SELECT one.x_source, one.x_bucket, two.x_source, two.x_bucket, one.service_provider_name, '{ALL_CHARGES}', month
    FROM billed AS one JOIN billed AS two USING (provider, month)
    WHERE one.x_source < two.x_source
    UNION ALL
    SELECT one.x_source, one.x_bucket, two.x_source, two.x_bucket, one.service_provider_name, '{ALL_CHARGES}',
        one.month
    FROM invoiced AS one JOIN invoiced AS two USING (provider)
    WHERE one.x_bucket < two.x_bucket AND one.first < two.until AND two.first < one.until
)
SELECT source, bucket, other_source, other_bucket, provider, model, count(DISTINCT month)
FROM pairs GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - our own expressions


def overlaps(connection: duckdb.DuckDBPyConnection) -> tuple[Overlap, ...]:
    """Return the buckets that count the same model at the same time, so that a bill is in here twice."""
    return tuple(
        Overlap(
            first=(row[0], row[1]),
            second=(row[2], row[3]),
            service_provider_name=row[4],
            request_model=row[5],
            months=row[6],
        )
        for row in connection.execute(OVERLAPS).fetchall()
    )

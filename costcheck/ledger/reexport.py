"""An export made again with other amounts: what it says, what the ledger says, and how it takes its place."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from shlex import quote
from typing import Any

import duckdb

from costcheck.errors import LedgerError
from costcheck.records import BillBatch

LACKS_SHOWN = 6
BOTH = "x_source = ? AND x_bucket IN (SELECT unnest(?))"
AMOUNTS = f"""
SELECT strftime(charge_period_start, '%Y-%m') AS month, billing_currency,
    sum(billed_cost) FILTER (NOT list_contains(?, x_bucket)), sum(billed_cost) FILTER (list_contains(?, x_bucket))
FROM charges WHERE {BOTH} GROUP BY ALL
HAVING count(*) FILTER (NOT list_contains(?, x_bucket)) > 0 AND count(*) FILTER (list_contains(?, x_bucket)) > 0
ORDER BY ALL
"""  # noqa: S608 - our own expressions
# The new file stands for an old charge if it charges the same account for the same thing in that month, and anything
# on that day: a correction may take a single line away, but no day, no account and no model.
LACKS = """
WITH came AS (SELECT * FROM charges WHERE x_source = ? AND list_contains(?, x_bucket)),
held AS (SELECT * FROM charges WHERE x_source = ? AND x_bucket = ?),
gone AS (
    SELECT * FROM held WHERE NOT EXISTS (
        FROM came WHERE came.service_provider_name = held.service_provider_name
            AND came.sub_account_id IS NOT DISTINCT FROM held.sub_account_id
            AND came.charge_period_start::DATE = held.charge_period_start::DATE
    ) OR NOT EXISTS (
        FROM came WHERE came.service_provider_name = held.service_provider_name
            AND came.service_name = held.service_name AND came.charge_category = held.charge_category
            AND came.sub_account_id IS NOT DISTINCT FROM held.sub_account_id
            AND came.x_gen_ai_request_model IS NOT DISTINCT FROM held.x_gen_ai_request_model
            AND came.x_token_type IS NOT DISTINCT FROM held.x_token_type
            AND date_trunc('month', came.charge_period_start) = date_trunc('month', held.charge_period_start)
    )
)
SELECT strftime(charge_period_start, '%Y-%m') AS month, service_name, coalesce(sub_account_id, '') AS account,
    billing_currency, sum(billed_cost),
    month NOT IN (SELECT strftime(charge_period_start, '%Y-%m') FROM came)
FROM gone GROUP BY ALL ORDER BY ALL
"""


def correction(
    connection: duckdb.DuckDBPyConnection, batch: BillBatch, old: Sequence[str], called: Mapping[str, str]
) -> LedgerError:
    """Return the error of a read that charges otherwise for what other buckets charge for already.

    Args:
        connection: The ledger, in which the batch's rows stand already.
        batch: What was read.
        old: The other buckets.
        called: Every one of these buckets as a person knows it.
    """
    new, others = called[batch.buckets[0]], " and ".join(called[bucket] for bucket in old)
    message = (
        f"{batch.x_source} {new} charges for what {others} charges for already, with other amounts: "
        f"{_amounts(connection, batch, old)}; it looks like the same export made again, corrected"
    )
    lacks = {bucket: found for bucket in old if (found := _lacks(connection, batch, bucket))}
    forget = " and ".join(f"`costcheck bill forget {batch.x_source} {quote(bucket)}`" for bucket in old)
    action = _in_part(new, lacks, called, forget) if lacks else _in_full(new, forget, others)
    return LedgerError(message, expected="every charge of a source once", action=action)


def _in_full(new: str, forget: str, others: str) -> str:
    return (
        f"if it corrects them, run {forget}, then read it again: {new} has every day, account, service and model of "
        f"{others}, so that nothing is lost; if they are parts of one export, do so with all of its files in one "
        "command"
    )


def _in_part(new: str, lacks: Mapping[str, Sequence[str]], called: Mapping[str, str], forget: str) -> str:
    told = "; ".join(f"{_some(found)} of {called[bucket]}" for bucket, found in lacks.items())
    return (
        f"{new} lacks {told}: have the newest files of all that, or export the whole time anew; then run {forget}, "
        "and import all of them in one command"
    )


def _amounts(connection: duckdb.DuckDBPyConnection, batch: BillBatch, old: Sequence[str]) -> str:
    new = list(batch.buckets)
    given = [new, new, batch.x_source, [*old, *new], new, new]
    rows = connection.execute(AMOUNTS, given).fetchall()
    return ", ".join(f"{month} {_apart(held, came, currency)}" for month, currency, held, came in rows)


def _apart(held: Decimal, came: Decimal, currency: str) -> str:
    """Return both amounts, to the digit where cents do not tell them apart."""
    if held == came:
        return f"{_money(held, currency)} in both, of other days, models or quantities"
    texts = [_money(held, currency), _money(came, currency)]
    if texts[0] == texts[1]:
        texts = [f"{amount.normalize():f} {currency}" for amount in (held, came)]
    return f"{texts[0]} in the ledger and {texts[1]} in it"


def _lacks(connection: duckdb.DuckDBPyConnection, batch: BillBatch, bucket: str) -> list[str]:
    """Return what of a bucket the batch has not: whole months together, of other months each service and account."""
    given = [batch.x_source, list(batch.buckets), batch.x_source, bucket]
    rows = connection.execute(LACKS, given).fetchall()
    whole = [row for row in rows if row[-1]]
    return [
        *_months(whole),
        *(
            f"{_money(amount, currency)} of {month}, {service}" + (f", account {account}" if account else "")
            for month, service, account, currency, amount, is_whole in rows
            if not is_whole
        ),
    ]


def _months(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    months = sorted({row[0] for row in rows})
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row[3]] = sums.get(row[3], Decimal(0)) + row[4]
    named = f"{months[0]} to {months[-1]}" if len(months) > 1 else "".join(months)
    return [f"{named} ({', '.join(_money(amount, currency) for currency, amount in sums.items())})"] if rows else []


def _some(found: Sequence[str]) -> str:
    more = len(found) - LACKS_SHOWN
    return "; ".join(found[:LACKS_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"

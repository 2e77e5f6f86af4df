"""A LiteLLM spend log, summed to the hour by whatever engine holds it, as one batch.

The queries stand in `costcheck.sources.exports.spend_log`. `spend` is the gateway's own estimate, not a bill.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import ibis.expr.types as ir
import msgspec

from costcheck.records import (
    BillBatch,
    Charge,
    Operation,
    QuarantinedRow,
    ServiceTier,
    SetAsideRows,
    TokenUsage,
)
from costcheck.rules import read_ledger_rules
from costcheck.sources.bills.engine_read import EngineRead, refuse_too_many
from costcheck.sources.bills.litellm_names import DEPLOYMENT, billed_by, models_behind, own_name
from costcheck.sources.bills.rows import DUPLICATE
from costcheck.sources.exports import spend_log
from costcheck.sources.exports.dialects import WIDE
from costcheck.sources.exports.engine import Engine
from costcheck.sources.exports.query import fetch, open_export

SERVICE_NAME = "LiteLLM"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class HourRow(NamedTuple):
    """One row of `spend_log.by_hour`, in its order."""

    aside: str | None
    unreadable: int
    provider: str
    model: str
    priced_as: str | None
    operation: str
    tier: str
    team: str | None
    key_hash: str | None
    tags: str | None
    hour: int
    uncached: int
    cache_read: int
    written_5m: int
    written_1h: int
    output: int
    requests: int
    peak: int
    spend: Decimal
    deployment: str | None = None
    """What the customer calls it, where that is not the model."""

    @property
    def start(self) -> datetime:
        """Return the start of the hour."""
        return datetime.fromtimestamp(self.hour, tz=UTC)


def read_hours(engine: Engine, read: EngineRead) -> BillBatch:
    """Return a spend log as one batch, be it empty.

    Raises:
        SourcePayloadError: There are more unreadable rows than slips explain.
    """
    requests = spend_log.typed(open_export(engine), span=read.span)
    ((known, distinct),) = fetch(engine, spend_log.duplicates(requests, engine.dialect))
    if known > distinct:
        requests = spend_log.once(requests)
    judged = spend_log.classified(requests)
    rows = _by_hour(engine, judged)
    if _are_many_uncounted(rows):
        judged = spend_log.classified(requests, are_few_uncounted=False)
        rows = _by_hour(engine, judged)
    counted = _named([row for row in rows if not row.aside and not row.unreadable])
    return BillBatch(
        x_source=read.source,
        buckets=(read.bucket,),
        usage=tuple(_usage(read, row) for row in sorted(counted, key=_order)),
        charges=_charges(read, counted),
        quarantined=_quarantined(engine, judged, read, count=sum(row.requests for row in rows if row.unreadable)),
        set_aside=_set_aside(read, rows, duplicates=known - distinct),
        provenance=read.provenance,
        rows_in=sum(row.requests for row in rows) + known - distinct,
    )


def _by_hour(engine: Engine, judged: ir.Table) -> list[HourRow]:
    return [HourRow(*row) for row in fetch(engine, spend_log.by_hour(judged))]


def _are_many_uncounted(rows: Iterable[HourRow]) -> bool:
    answered: Counter[bool] = Counter()
    for row in rows:
        if row.aside in {None, spend_log.UNCOUNTED}:
            answered[row.aside is not None] += row.requests
    return answered[True] > read_ledger_rules().max_uncounted_share.value * answered.total()


def _named(rows: Sequence[HourRow]) -> list[HourRow]:
    """Return the rows with the models' own names, and with a tag of what a deployment is called."""
    behind = models_behind((row.provider, row.model, row.priced_as) for row in rows)
    return [_of_model(row, behind.get((row.provider, row.model))) for row in rows]


def _of_model(row: HourRow, behind: str | None) -> HourRow:
    name = own_name(row.provider, row.model)
    return row._replace(provider=billed_by(row.provider), model=behind or name, deployment=name if behind else None)


def _order(row: HourRow) -> tuple[object, ...]:
    return (
        row.hour,
        row.provider,
        row.model,
        row.operation,
        row.tier,
        row.team or "",
        row.key_hash or "",
        row.tags or "",
        row.deployment or "",
    )


def _set_aside(read: EngineRead, rows: Iterable[HourRow], *, duplicates: int) -> tuple[SetAsideRows, ...]:
    counts = Counter({DUPLICATE: duplicates})
    for row in rows:
        if row.aside:
            counts[row.aside] += row.requests
    return tuple(
        SetAsideRows(x_source=read.source, x_bucket=read.bucket, reason=reason, row_count=count)
        for reason, count in sorted(counts.items())
        if count
    )


def _quarantined(engine: Engine, judged: ir.Table, read: EngineRead, *, count: int) -> tuple[QuarantinedRow, ...]:
    if not count:
        return ()
    refuse_too_many(read, count)
    return tuple(
        QuarantinedRow(x_source=read.source, x_bucket=read.bucket, reason=reason, raw=_raw(cells))
        for reason, *cells in sorted(fetch(engine, spend_log.unreadable(judged)), key=repr)
    )


def _raw(cells: Sequence[str | None]) -> bytes:
    return msgspec.json.encode(dict(zip(spend_log.RAW_COLUMNS, cells, strict=True)))


def _usage(read: EngineRead, row: HourRow) -> TokenUsage:
    return TokenUsage(
        x_source=read.source,
        x_bucket=read.bucket,
        charge_period_start=row.start,
        charge_period_end=row.start + HOUR,
        service_provider_name=row.provider,
        request_model=row.model,
        operation=Operation(row.operation),
        service_tier=ServiceTier(row.tier),
        sub_account_id=row.team,
        x_api_key_id=row.key_hash,
        tags=_tags(row),
        uncached_input_tokens=row.uncached,
        cache_read_input_tokens=row.cache_read,
        cache_creation_5m_input_tokens=row.written_5m,
        cache_creation_1h_input_tokens=row.written_1h,
        output_tokens=row.output,
        requests=row.requests,
        x_peak_minute_tokens=row.peak,
    )


def _tags(row: HourRow) -> tuple[str, ...]:
    """Return the tags in order; none of the log's where its text is no list of texts."""
    own = (f"{DEPLOYMENT}{row.deployment}",) if row.deployment else ()
    try:
        return tuple(sorted((*own, *msgspec.json.decode(row.tags or "[]", type=list[str]))))
    except msgspec.MsgspecError:
        return own


ChargeKey = tuple[datetime, str, str, str, str, str | None]


def _charges(read: EngineRead, rows: Iterable[HourRow]) -> tuple[Charge, ...]:
    """Return the spend of each day; a day of nothing is usage without a charge."""
    spend: dict[ChargeKey, Decimal] = defaultdict(Decimal)
    for row in rows:
        day = row.start.replace(hour=0)
        key = (day, row.provider, row.model, row.operation, row.tier, row.team)
        spend[key] = WIDE.add(spend[key], row.spend)
    keys = sorted(spend, key=lambda key: tuple(str(part or "") for part in key))
    return tuple(_charge(read, key, spend[key]) for key in keys if spend[key])


def _charge(read: EngineRead, key: ChargeKey, cost: Decimal) -> Charge:
    day, provider, model, operation, tier, team = key
    return Charge(
        x_source=read.source,
        x_bucket=read.bucket,
        charge_period_start=day,
        charge_period_end=day + DAY,
        service_provider_name=provider,
        service_name=SERVICE_NAME,
        sub_account_id=team,
        billed_cost=cost,
        billing_currency="USD",
        x_gen_ai_request_model=model,
        x_operation=Operation(operation),
        x_service_tier=ServiceTier(tier),
        x_estimated=True,
    )

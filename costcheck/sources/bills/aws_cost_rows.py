"""Rows of Cost Explorer's answers as usage, charges and credits.

Rows are what `aws_cost_explorer` fetched; see there what each question asks.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

import msgspec

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.records import (
    BillBatch,
    Charge,
    ChargeCategory,
    Operation,
    Provenance,
    QuarantinedRow,
    TokenType,
    TokenUsage,
)
from costcheck.sources.bills.bedrock_names import EDITION
from costcheck.sources.bills.bedrock_usage import (
    BEDROCK_SERVICES,
    BedrockMeter,
    MeterKind,
    classify_usage_type,
    tokens_of,
)
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside
from costcheck.units import parse_decimal

SOURCE = "aws"
PROVIDER = "aws"
USAGE, OTHER, SERVICES = "usage", "other", "services"
SAGEMAKER = "Amazon SageMaker"
CONTRADICTION = "a second, different row"
"""How `BatchBuilder` begins the reason of a row that came again with other numbers."""
# RECORD_TYPE in Cost Explorer's words, as the reader of CUR files takes them; one that is not here is quarantined.
CATEGORIES: Mapping[str, ChargeCategory] = MappingProxyType(
    {
        "Credit": ChargeCategory.CREDIT,
        "Refund": ChargeCategory.CREDIT,
        "Tax": ChargeCategory.TAX,
        "Upfront": ChargeCategory.PURCHASE,
        "Recurring": ChargeCategory.PURCHASE,
        "Support": ChargeCategory.PURCHASE,
        "Enterprise Discount Program Discount": ChargeCategory.CREDIT,
        "Private Rate Card Discount": ChargeCategory.CREDIT,
        "Bundled Discount": ChargeCategory.CREDIT,
        "Solution Provider Program Discount": ChargeCategory.CREDIT,
        "Discount": ChargeCategory.CREDIT,
        "Other out-of-cycle charges": ChargeCategory.CREDIT,
    }
)


class _Period(msgspec.Struct, frozen=True):
    start: str = msgspec.field(name="Start")
    end: str = msgspec.field(name="End")


class _Amount(msgspec.Struct, frozen=True):
    amount: str = msgspec.field(name="Amount")
    unit: str = msgspec.field(name="Unit")


class _Metrics(msgspec.Struct, frozen=True):
    unblended: _Amount = msgspec.field(name="UnblendedCost")
    net_amortized: _Amount | None = msgspec.field(name="NetAmortizedCost", default=None)
    quantity: _Amount | None = msgspec.field(name="UsageQuantity", default=None)


class Group(msgspec.Struct, frozen=True):
    """One row: what was charged for one service and one usage type (or record type) on one day."""

    keys: tuple[str, str] = msgspec.field(name="Keys")
    metrics: _Metrics = msgspec.field(name="Metrics")


class Result(msgspec.Struct, frozen=True):
    """One day of an answer; its rows stay raw, so that a bad one does not spoil the rest."""

    period: _Period = msgspec.field(name="TimePeriod")
    groups: list[msgspec.Raw] = msgspec.field(name="Groups")
    estimated: bool = msgspec.field(name="Estimated")


class Answer(msgspec.Struct, frozen=True):
    """One page of an answer."""

    results: list[Result] = msgspec.field(name="ResultsByTime")
    next_page: str | None = msgspec.field(name="NextPageToken", default=None)


class RowContext(msgspec.Struct, frozen=True):
    """What a quarantined row does not say itself."""

    kind: str
    start: str
    end: str
    estimated: bool
    with_usage: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedAnswer:
    """One page, the bucket it belongs to, and which of the questions it answers."""

    bucket: str
    kind: str
    answer: Answer


class Keys(msgspec.Struct, frozen=True):
    """What a row is about: a service, and a usage type or a record type."""

    keys: tuple[str, str] = msgspec.field(name="Keys")


def is_model(service: str, usage_type: str) -> bool:
    """Return whether a row is about a model: by its service, or by a usage type that only Bedrock has."""
    named = service.endswith(EDITION) or service.startswith(BEDROCK_SERVICES)
    return named or classify_usage_type(service, usage_type) is not None


def normalise_bill(
    answers: Sequence[FetchedAnswer], buckets: tuple[str, ...], provenance: Provenance, *, with_usage: bool = True
) -> BillBatch:
    """Return the answers as one batch: tokens where their unit is certain, money as it was billed, credits apart.

    Args:
        answers: Pages of `fetch_bill`.
        buckets: The windows' names.
        provenance: Where the answers stand.
        with_usage: Whether to keep the tokens; without, another source tells the load by the hour.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for page in answers:
        for result in page.answer.results:
            context = RowContext(
                kind=page.kind,
                start=result.period.start,
                end=result.period.end,
                estimated=result.estimated,
                with_usage=with_usage,
            )
            for raw in result.groups:
                _read(builder, page.bucket, bytes(raw), context)
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now; the second of two that contradict each other stays where it is.

    Raises:
        SourcePayloadError: None could be read.
    """
    builder = BatchBuilder(SOURCE)
    for row in rows:
        if row.reason.startswith(CONTRADICTION):
            builder.quarantine(row.x_bucket, row.raw, row.reason, context=row.context)
        else:
            _read(builder, row.x_bucket, row.raw, msgspec.json.decode(row.context, type=RowContext))
    return builder.batch(tuple(sorted({row.x_bucket for row in rows})), provenance)


def _read(builder: BatchBuilder, bucket: str, raw: bytes, context: RowContext) -> None:
    def reader() -> tuple[Hashable, Read]:
        if context.kind == SERVICES:
            return _read_service(bucket, raw, context)
        return _read_other(bucket, raw, context) if context.kind == OTHER else _read_usage(bucket, raw, context)

    builder.read(bucket, raw, reader, context=msgspec.json.encode(context).decode())


def _read_service(bucket: str, raw: bytes, context: RowContext) -> tuple[Hashable, Read]:
    service, usage_type = msgspec.json.decode(raw, type=Keys).keys
    key = (SERVICES, bucket, context.start, service, usage_type)
    if is_model(service, usage_type):
        return key, SetAside("a month of a model's service, read by the day")
    if service.startswith(SAGEMAKER):
        return key, SetAside("SageMaker, which hosts models by the hour and sells no tokens")
    return key, SetAside("another AWS service")


def _read_usage(bucket: str, raw: bytes, context: RowContext) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=Group)
    service, usage_type = row.keys
    key = (USAGE, context.start, service, usage_type)
    meter = classify_usage_type(service, usage_type)
    if meter is None:
        return key, SetAside("another meter of a service that sells models too")
    if meter.kind is MeterKind.UNKNOWN:
        message = f"{service}: the usage type {usage_type!r} is not known"
        raise _not_understood(message)
    quantity = _quantity(row)
    charge = _charge(bucket, row, context, meter, quantity)
    if meter.token_type is None:
        return key, charge
    tokens = _tokens(service, meter, quantity)
    nothing = tokens == 0 and charge.billed_cost == 0
    if nothing:
        return key, SetAside("nothing used and nothing billed")
    return key, (_usage(bucket, context, meter, tokens), charge) if context.with_usage else charge


def _quantity(row: Group) -> tuple[Decimal | None, str]:
    quantity = row.metrics.quantity
    if quantity is None:
        return None, "N/A"
    return parse_decimal(quantity.amount, what="UsageQuantity"), quantity.unit


def _tokens(service: str, meter: BedrockMeter, quantity: tuple[Decimal | None, str]) -> int:
    amount, unit = quantity
    if amount is None:
        message = f"{service} has tokens without UsageQuantity"
        raise _not_understood(message)
    if meter.model is None:
        message = f"{service} has tokens and names no model"
        raise _not_understood(message)
    return tokens_of(meter, amount, unit)


_FIELDS: Mapping[TokenType, str] = MappingProxyType({token_type: token_type.value for token_type in TokenType})


def _usage(bucket: str, context: RowContext, meter: BedrockMeter, tokens: int) -> TokenUsage:
    counts = dict.fromkeys(_FIELDS.values(), 0)
    if meter.token_type is not None:
        counts[_FIELDS[meter.token_type]] = tokens
    start, end = _period(context)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        service_provider_name=PROVIDER,
        request_model=meter.model or "",
        operation=meter.operation,
        service_tier=meter.service_tier,
        tags=meter.tags,
        uncached_input_tokens=counts["uncached_input_tokens"],
        cache_read_input_tokens=counts["cache_read_input_tokens"],
        cache_creation_5m_input_tokens=counts["cache_creation_5m_input_tokens"],
        cache_creation_1h_input_tokens=counts["cache_creation_1h_input_tokens"],
        output_tokens=counts["output_tokens"],
    )


def _charge(
    bucket: str, row: Group, context: RowContext, meter: BedrockMeter, quantity: tuple[Decimal | None, str]
) -> Charge:
    start, end = _period(context)
    return Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        charge_category=ChargeCategory.USAGE,
        service_provider_name=PROVIDER,
        service_name=row.keys[0] if meter.model else f"{row.keys[0]}: {meter.kind}",
        billed_cost=_dollars(row.metrics.unblended, row.keys),
        effective_cost=_effective(row),
        billing_currency="USD",
        consumed_quantity=quantity[0],
        consumed_unit=_unit_name(meter, quantity[1]),
        x_gen_ai_request_model=meter.model,
        x_token_type=meter.token_type,
        x_operation=meter.operation,
        x_service_tier=meter.service_tier,
        x_estimated=context.estimated,
    )


def _unit_name(meter: BedrockMeter, unit: str) -> str | None:
    if meter.tokens_per_unit is not None:
        return f"{meter.tokens_per_unit} Tokens"
    return unit if unit != "N/A" else None


def _read_other(bucket: str, raw: bytes, context: RowContext) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=Group)
    service, record_type = row.keys
    key = (OTHER, context.start, service, record_type)
    if record_type not in CATEGORIES:
        message = f"{service}: the record type {record_type!r} is not known"
        raise _not_understood(message)
    billed_cost = _dollars(row.metrics.unblended, row.keys)
    if billed_cost == 0:
        return key, SetAside("nothing used and nothing billed")
    start, end = _period(context)
    return key, Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        charge_category=CATEGORIES[record_type],
        service_provider_name=PROVIDER,
        service_name=f"{service}: {record_type}",
        billed_cost=billed_cost,
        effective_cost=_effective(row),
        billing_currency="USD",
        x_operation=Operation.OTHER,
        x_estimated=context.estimated,
    )


def _effective(row: Group) -> Decimal | None:
    return _dollars(row.metrics.net_amortized, row.keys) if row.metrics.net_amortized else None


def _dollars(amount: _Amount, keys: tuple[str, str]) -> Decimal:
    if amount.unit != "USD":
        message = f"Cost Explorer has an amount in {amount.unit!r} ({', '.join(keys)})"
        raise CurrencyError(message, expected="USD", action="import that bill as an invoice, converted to USD by you")
    return parse_decimal(amount.amount, what=f"an amount of {keys[1]!r}")


def _period(context: RowContext) -> tuple[datetime, datetime]:
    start, end = (datetime.combine(date.fromisoformat(day), time(), UTC) for day in (context.start, context.end))
    if end - start != timedelta(days=1):
        message = f"a day lasts from {context.start} to {context.end}"
        raise _not_understood(message)
    return start, end


def _not_understood(message: str) -> SourcePayloadError:
    return SourcePayloadError(
        message, expected="Cost Explorer's documented rows", action="report it; the row was not used"
    )

"""The ledger as a person reads it: one line for each month, provider and model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from costcheck.ledger.read import MonthCoverage
from costcheck.records import ChargeCategory, MonthCharge, Operation, UsageHour

Key = tuple[str, date, str, str, Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """What one model did and cost in one month, from one source.

    Attributes:
        request_model: Model, or the name of the service where a charge names none.
        is_model_named: Whether it is a model.
        requests: None where a part of the usage does not count them, or there is no usage.
        uncached_input_tokens: As the other tokens None where no usage is told, only charges.
        billed_cost: Charges of the category Usage, in `billing_currency`; None where none is known.
        other_cost: Credits, taxes, purchases and adjustments.
    """

    x_source: str
    month: date
    service_provider_name: str
    request_model: str
    operation: Operation
    requests: int | None
    uncached_input_tokens: int | None
    cache_read_input_tokens: int | None
    cache_creation_input_tokens: int | None
    output_tokens: int | None
    billed_cost: Decimal | None
    other_cost: Decimal
    billing_currency: str | None
    x_estimated: bool
    is_model_named: bool = True


def month_lines(usage: tuple[UsageHour, ...], charges: tuple[MonthCharge, ...]) -> tuple[MonthLine, ...]:
    """Return usage and charges side by side, in order of month, source, provider and model."""
    used: dict[Key, list[UsageHour]] = defaultdict(list)
    charged: dict[Key, list[MonthCharge]] = defaultdict(list)
    for row in usage:
        used[_usage_key(row)].append(row)
    for charge in charges:
        charged[_charge_key(charge)].append(charge)
    keys = sorted({*used, *charged}, key=lambda key: (key[1], key[0], *key[2:]))
    return tuple(_line(key, used[key], charged[key]) for key in keys)


def _usage_key(row: UsageHour) -> Key:
    month = row.hour.date().replace(day=1)
    return row.x_source, month, row.service_provider_name, row.request_model, row.operation


def _charge_key(row: MonthCharge) -> Key:
    name = row.x_gen_ai_request_model or row.service_name
    return row.x_source, row.month, row.service_provider_name, name, row.x_operation


def _line(key: Key, usage: list[UsageHour], charges: list[MonthCharge]) -> MonthLine:
    source, month, provider, model, operation = key
    requests = [row.requests for row in usage]
    counted = [count for count in requests if count is not None]
    billed = [row.billed_cost for row in charges if row.charge_category is ChargeCategory.USAGE]
    other = [row.billed_cost for row in charges if row.charge_category is not ChargeCategory.USAGE]
    currencies = sorted({row.billing_currency for row in charges})
    return MonthLine(
        x_source=source,
        month=month,
        service_provider_name=provider,
        request_model=model,
        operation=operation,
        requests=sum(counted) if requests and len(counted) == len(requests) else None,
        uncached_input_tokens=_told(row.uncached_input_tokens for row in usage),
        cache_read_input_tokens=_told(row.cache_read_input_tokens for row in usage),
        cache_creation_input_tokens=_told(
            row.cache_creation_5m_input_tokens + row.cache_creation_1h_input_tokens for row in usage
        ),
        output_tokens=_told(row.output_tokens for row in usage),
        billed_cost=sum(billed, Decimal(0)) if billed else None,
        other_cost=sum(other, Decimal(0)),
        billing_currency=" and ".join(currencies) or None,
        x_estimated=any(row.x_estimated for row in charges),
        is_model_named=bool(usage) or any(row.x_gen_ai_request_model for row in charges),
    )


def _told(tokens: Iterable[int]) -> int | None:
    counts = list(tokens)
    return sum(counts) if counts else None


def complete_months(
    coverage: Iterable[MonthCoverage], periods: Mapping[tuple[str, str], tuple[datetime, datetime]]
) -> dict[str, tuple[date, ...]]:
    """Return the complete months of each source, as a decision counts them: from its first whole one with rows on."""
    reach: dict[str, tuple[date, date]] = {}
    for (source, _), (first, last) in periods.items():
        begin, end = reach.get(source, (date.max, date.min))
        reach[source] = min(begin, first.date()), max(end, last.date())
    complete: dict[str, tuple[date, ...]] = {}
    for row in coverage:
        begin, end = reach.get(row.x_source, (date.max, date.min))
        is_whole = row.is_complete and begin <= row.month < end
        complete[row.x_source] = (*complete.get(row.x_source, ()), *([row.month] if is_whole else []))
    return complete

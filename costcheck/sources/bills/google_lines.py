"""Lines of Google's billing export, summed by the hour or day, as usage and charges.

Columns as in https://docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage, checked
2026-11-26. Times are UTC here; an invoice's month (`invoice.month`) is a month of Pacific time, so that a few hours
of each month stand on another invoice than this kit's month. Discounts that last as a contract or a commitment does
are told as credits, and lower the cost of the usage here, for that is its price; every other credit (of a trial, a
free tier, a reseller) is a charge of its own, and what is paid is the sum of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from costcheck.errors import CurrencyError
from costcheck.records import Charge, ChargeCategory, Provenance, TokenType, TokenUsage
from costcheck.sources.bills.google_skus import SERVICES, TOKEN_UNITS, Sku, read_sku
from costcheck.sources.bills.rows import check
from costcheck.sources.bills.windows import month_start

PROVIDER = "google"
CATEGORIES: Mapping[str, ChargeCategory] = MappingProxyType(
    {
        "": ChargeCategory.USAGE,
        "regular": ChargeCategory.USAGE,
        "tax": ChargeCategory.TAX,
        "adjustment": ChargeCategory.ADJUSTMENT,
        "rounding_error": ChargeCategory.ADJUSTMENT,
    }
)
"""By `cost_type`."""
DISCOUNTS = (
    "COMMITTED_USAGE_DISCOUNT",
    "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
    "DISCOUNT",
    "SUBSCRIPTION_BENEFIT",
    "SUSTAINED_USAGE_DISCOUNT",
)
"""Types of `credits` that are a lower price: https://docs.cloud.google.com/billing/docs/how-to/cost-table, of which
`DISCOUNT` is what a contract gives above a spending threshold. The fee of a commitment is a line of its own."""
SETTLES_AFTER = timedelta(days=7)
"""Rows may come late, and an invoice is made in the first days of the next month."""
MOST_TOKENS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one SKU cost one project in one period; or one kind of credit for it.

    Attributes:
        source: The rows' `x_source`.
        cost: Less the discounts of its own that last.
        amount: `usage.amount`, in `unit`; None for a credit.
        credit: Kind of the credit (`PROMOTION`, `FREE_TIER`), None for a cost.
    """

    source: str
    bucket: str
    start: datetime
    end: datetime
    service_id: str
    sku: str
    project: str | None
    unit: str
    currency: str
    cost_type: str
    cost: Decimal
    amount: Decimal | None = None
    credit: str | None = None


def records_of(line: Line, provenance: Provenance) -> tuple[TokenUsage | Charge, ...]:
    """Return the charge of a line, and its usage where it counts tokens.

    Raises:
        SourcePayloadError: It cannot be right.
    """
    refuse_currency(line.currency, line.sku)
    sku = read_sku(line.sku)
    usage = _usage(line, sku)
    charge = _charge(line, sku, provenance, is_tokens=usage is not None)
    return (charge,) if usage is None else (usage, charge)


def refuse_currency(currency: str, sku: str) -> None:
    """Raise unless an amount is in US dollars.

    Raises:
        CurrencyError: It is not.
    """
    if currency.upper() != "USD":
        message = f"the billing export has an amount in {currency!r} ({sku.strip()[:80]})"
        raise CurrencyError(
            message, expected="USD, the currency of the prices", action="import that bill as an invoice, in USD"
        )


def _tokens(line: Line, sku: Sku) -> int | None:
    """Return how many tokens a line counts; None for credits, corrections, other units and what is not understood."""
    counts = sku.token_type is not None and line.unit in TOKEN_UNITS and line.credit is None
    if (
        not counts
        or line.amount is None
        or line.cost < 0
        or line.amount < 0
        or _category(line) != ChargeCategory.USAGE
    ):
        return None
    check(line.amount <= MOST_TOKENS, seen=f"usage.amount is {line.amount:.3E}", expected="tokens of one period")
    is_whole = line.amount == line.amount.to_integral_value()
    check(is_whole, seen=f"usage.amount is {line.amount} {line.unit}", expected="whole tokens")
    return int(line.amount)


def _usage(line: Line, sku: Sku) -> TokenUsage | None:
    tokens = _tokens(line, sku)
    if tokens is None or sku.model is None:
        return None
    count = {each: tokens if each is sku.token_type else 0 for each in TokenType}
    return TokenUsage(
        x_source=line.source,
        x_bucket=line.bucket,
        charge_period_start=line.start,
        charge_period_end=line.end,
        service_provider_name=PROVIDER,
        request_model=sku.model,
        operation=sku.operation,
        service_tier=sku.service_tier,
        sub_account_id=line.project,
        tags=_tags(line, sku),
        uncached_input_tokens=count[TokenType.UNCACHED_INPUT],
        cache_read_input_tokens=count[TokenType.CACHE_READ_INPUT],
        output_tokens=count[TokenType.OUTPUT],
    )


def _tags(line: Line, sku: Sku) -> tuple[str, ...]:
    service = f"service:{SERVICES[line.service_id]}"
    modality = (f"modality:{sku.modality}",) if sku.modality != "text" else ()
    return (*(("context:long",) if sku.is_long_context else ()), *modality, service)


def _charge(line: Line, sku: Sku, provenance: Provenance, *, is_tokens: bool) -> Charge:
    return Charge(
        x_source=line.source,
        x_bucket=line.bucket,
        charge_period_start=line.start,
        charge_period_end=line.end,
        charge_category=_charge_category(line, sku),
        service_provider_name=PROVIDER,
        service_name=_service_name(line, is_tokens=is_tokens),
        sub_account_id=line.project,
        billed_cost=line.cost,
        billing_currency="USD",
        consumed_quantity=line.amount,
        consumed_unit=line.unit or None,
        x_gen_ai_request_model=sku.model,
        x_token_type=sku.token_type if line.unit in TOKEN_UNITS else None,
        x_operation=sku.operation,
        x_service_tier=sku.service_tier,
        x_estimated=provenance.retrieved_on < final_on(line.start.date()),
    )


def final_on(day: date) -> date:
    """Return the first day on which the month of `day` no longer changes."""
    return (month_start(day, shift=1) + SETTLES_AFTER).date()


def _category(line: Line) -> ChargeCategory:
    check(line.cost_type in CATEGORIES, seen=f"cost_type is {line.cost_type!r}", expected=", ".join(CATEGORIES))
    return CATEGORIES[line.cost_type]


def _charge_category(line: Line, sku: Sku) -> ChargeCategory:
    category = _category(line)
    if line.credit is not None:
        return ChargeCategory.CREDIT
    if category is ChargeCategory.USAGE and line.cost < 0:
        return ChargeCategory.ADJUSTMENT
    is_bought = sku.is_provisioned or line.unit in {"mo", "month"}
    return ChargeCategory.PURCHASE if is_bought and category is ChargeCategory.USAGE else category


def _service_name(line: Line, *, is_tokens: bool) -> str:
    service = SERVICES[line.service_id]
    if line.credit is not None:
        return f"{service}: credit {line.credit}"
    return service if is_tokens else f"{service}: {line.sku.strip()}"

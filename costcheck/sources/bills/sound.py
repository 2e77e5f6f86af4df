"""What no source may hand on, whatever its payload says: the last look at each record before it is kept."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from costcheck.errors import SourcePayloadError
from costcheck.records import Charge, TokenUsage

MOST_TOKENS = 2**63 - 1
"""What a BIGINT of the ledger holds."""
COUNTS = (
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "output_tokens",
    "requests",
    "x_peak_minute_tokens",
)
MOST_DIGITS: Mapping[str, int] = MappingProxyType(
    {"billed_cost": 12, "list_cost": 12, "consumed_quantity": 26, "effective_cost": 12}
)
"""Before the point of an amount, which are what the ledger's columns hold."""
NOTHING = timedelta(0)


def refuse_unsound(record: TokenUsage | Charge) -> None:
    """Do nothing if every number of a record is one, and its period and its model can be.

    Raises:
        SourcePayloadError: One is not.
    """
    for problem in _problems(record):
        raise SourcePayloadError(
            problem,
            expected="amounts and counts that a ledger can hold, a period that ends after it begins, a model's name",
            action="check the source; the row was not used",
        )


def _problems(record: TokenUsage | Charge) -> Iterator[str]:
    if isinstance(record, TokenUsage):
        yield from _wrong_counts(record)
        if not record.request_model:
            yield "tokens of a model without a name"
    else:
        yield from _wrong_amounts(record)
    start, end = record.charge_period_start, record.charge_period_end
    if not _is_utc(start) or not _is_utc(end) or end <= start:
        yield f"a period from {start} to {end}"


def _wrong_counts(usage: TokenUsage) -> Iterator[str]:
    for name in COUNTS:
        count: int | None = getattr(usage, name)
        if count is not None and not 0 <= count <= MOST_TOKENS:
            yield f"{name} is {count}"


def _wrong_amounts(charge: Charge) -> Iterator[str]:
    for name, digits in MOST_DIGITS.items():
        amount: Decimal | None = getattr(charge, name)
        if amount is not None and (not amount.is_finite() or amount.adjusted() >= digits):
            yield f"{name} is {amount}"


def _is_utc(moment: datetime) -> bool:
    return moment.tzinfo is UTC or moment.utcoffset() == NOTHING

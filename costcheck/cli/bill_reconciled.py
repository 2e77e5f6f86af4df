"""A ledger reconciled, and how that reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from costcheck.cli.assemble import require_usd
from costcheck.cli.bill_text import shown_amount
from costcheck.cli.model_names import name_of
from costcheck.cli.own_prices import with_own_prices
from costcheck.errors import PriceNotFoundError
from costcheck.ledger import open_ledger
from costcheck.model.api_cost import ModelName
from costcheck.model.reconciliation import BillReconciliation, ReconciledLine, SourceGap, reconcile
from costcheck.model.residual import tokens_off
from costcheck.price_book import PriceBook
from costcheck.records import ServiceTier, TokenType, UsageHour
from costcheck.rules import read_ledger_rules
from costcheck.settings import Settings
from costcheck.sources.snapshot import read_price_book
from costcheck.units import TOKENS_PER_PRICING_UNIT

ONE = Decimal(1)
ZERO = Decimal(0)
Tiers = tuple[tuple[int, Decimal], ...]
"""Length of the prompt from which on a price of one token applies, and that price; shortest first."""
MIDDLE = 15
"""The day whose prices stand for a month, as in a decision."""


def reconciled(ledger: Path, prices: Path | None, settings: Settings | None) -> BillReconciliation:
    """Return a ledger reconciled at list prices.

    Raises:
        CurrencyError: Some charges are not in USD.
        ConfigError: A price of the settings is in the price list, too.
    """
    discounts = settings.contracted_discount if settings else ()
    factors = {row.service_provider_name: ONE - row.discount_share for row in discounts}
    with open_ledger(ledger, read_only=True) as opened:
        require_usd(opened.charges_by_month())
        complete = {(row.x_source, row.month) for row in opened.coverage() if row.is_complete}
        return reconcile(
            opened.usage_by_hour(),
            opened.charges_by_class(),
            prices=BookPrices(with_own_prices(read_price_book(prices), settings)),
            rules=read_ledger_rules(),
            is_complete=lambda source, month: (source, month) in complete,
            entered_factor=factors.get,
        )


class BookPrices:
    """Prices of tokens out of a snapshot, each looked up once."""

    def __init__(self, book: PriceBook) -> None:
        self.book = book
        self._names: dict[tuple[str, str], ModelName | None] = {}
        self._prices: dict[tuple[ModelName, TokenType, ServiceTier, date], Tiers | None] = {}

    def unit_price(
        self, hour: UsageHour, token_type: TokenType, tier: ServiceTier, *, context_tokens: int
    ) -> Decimal | None:
        """Return the price of one token."""
        tiers = self._tiers(hour, token_type, tier)
        return None if tiers is None else [price for start, price in tiers if start <= context_tokens][-1]

    def longest_context_price(self, hour: UsageHour, token_type: TokenType, tier: ServiceTier) -> Decimal | None:
        """Return the price of one token of the longest prompt."""
        tiers = self._tiers(hour, token_type, tier)
        return None if tiers is None else tiers[-1][1]

    def _tiers(self, hour: UsageHour, token_type: TokenType, tier: ServiceTier) -> Tiers | None:
        name = self._name(hour.service_provider_name, hour.request_model)
        if name is None:
            return None
        key = (name, token_type, tier, hour.hour.date().replace(day=MIDDLE))
        if key not in self._prices:
            self._prices[key] = self._look_up(*key)
        return self._prices[key]

    def _look_up(self, name: ModelName, token_type: TokenType, tier: ServiceTier, on: date) -> Tiers | None:
        try:
            first = self.book.token_price(
                name.service_code, name.model_id, token_type, region_id=name.region_id, service_tier=tier, on=on
            )
        except PriceNotFoundError:
            return None
        rows = self.book.tiers(first.service_code, first.sku_meter, region_id=first.region_id, on=on)
        return tuple((int(row.tier_start), row.list_unit_price / TOKENS_PER_PRICING_UNIT) for row in rows)

    def _name(self, provider: str, model: str) -> ModelName | None:
        if (provider, model) not in self._names:
            self._names[provider, model] = name_of(self.book, provider, model)
        return self._names[provider, model]


def lines(found: BillReconciliation, limit: Decimal) -> Iterator[str]:
    """Yield the comparison for people: a line for each model of each month, and what explains it below."""
    month = None
    for line in found.lines:
        if line.month != month:
            month = line.month
            yield f"{month:%Y-%m}"
        yield from _line(line)
    if found.apart:
        yield "not for a model's tokens, and not compared:"
    for apart in found.apart:
        yield f"  {apart.month:%Y-%m} {apart.sources}: {apart.service_name} {shown_amount(apart.charged)}"
    for gap in found.gaps:
        yield _gap(gap)
    for provider, share in found.unknown_shares().items():
        yield f"unknown at {provider}: {share:.1%} (a decision allows {limit:.0%})"
    if not found.lines:
        yield "there is nothing to compare: no usage and no charges of a model"


def _line(line: ReconciledLine) -> Iterator[str]:
    name = f"  {line.sources}: {line.service_provider_name}/{line.request_model or '(no model named)'}"
    listed = "no usage of it, or no list price" if line.list_cost is None else shown_amount(line.list_cost)
    yield f"{name}: charged {shown_amount(line.charged)}, usage x list price {listed}"
    for cause in line.causes:
        yield f"    {_signed(cause.amount)} {cause.name}{'' if cause.is_measured else ' (fits; nobody tells)'}"
    if line.unknown:
        off = tokens_off(line.charged, line.list_cost or ZERO)
        yield f"    {_signed(line.unknown)} unknown" + (
            f": the tokens look {off}; write all their digits" if off else ""
        )
        for kind, charged, listed_cost in line.by_class:
            yield f"      {kind.value}: charged {shown_amount(charged)}, list {shown_amount(listed_cost)}"


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else ''}{shown_amount(amount)}"


def _gap(gap: SourceGap) -> str:
    tokens = ", ".join(f"{source} {count:,}" for source, count in gap.tokens)
    name = f"{gap.service_provider_name}/{gap.request_model}"
    return f"finding: {gap.month:%Y-%m} {name}: sources tell different tokens ({tokens}; {gap.gap_share:.1%} apart)"


def as_json(found: BillReconciliation, limit: Decimal) -> str:
    """Return the comparison for programs; amounts are exact, as texts."""
    content = {
        "max_unreconciled_share": limit,
        "unknown_shares": {name: f"{share:.6f}" for name, share in found.unknown_shares().items()},
        "lines": found.lines,
        "apart": found.apart,
        "gaps": found.gaps,
    }
    return msgspec.json.format(msgspec.json.encode(content)).decode()

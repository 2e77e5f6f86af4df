"""Usage x list price against what was charged, by model and month, and what explains the difference."""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Protocol, TypeVar

from costcheck.model.bill import LINE_TELLS_BOTH, ProviderMonth, unnamed_for_tokens
from costcheck.model.price_tags import LONGEST_PROMPT_TOKENS, is_long_context, is_regional, price_tags
from costcheck.model.residual import Cause, Compared, Expected, explain
from costcheck.records import ClassCharge, Operation, ServiceTier, TokenType, UsageHour
from costcheck.rules import LedgerRules

ZERO = Decimal(0)
DIGITS = 80
"""Products and sums of tokens, prices and amounts stay exact within this."""
BETWEEN = re.compile(r"[\s_]+")
RELEASE_DAY = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")
WITHOUT_PRIORITY_COST = frozenset({"anthropic"})
"""Whose cost report leaves the priority tier out (Anthropic's: sold by commitment, see docs/access.md)."""
NO_MONEY = "no charges from this source: its tokens at list prices"
R = TypeVar("R")
Key = tuple[str, date, str, str]


class ListPrices(Protocol):
    """What a token of a billed model costs at list, None where nobody says."""

    def unit_price(
        self, hour: UsageHour, token_type: TokenType, tier: ServiceTier, *, context_tokens: int
    ) -> Decimal | None:
        """Return the price of one token of the model and in the month of `hour`, for a prompt of that length."""

    def longest_context_price(self, hour: UsageHour, token_type: TokenType, tier: ServiceTier) -> Decimal | None:
        """Return the same for the longest prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledLine:
    """One model in one month.

    Attributes:
        sources: Where usage and charges come from, joined by ` + ` where one has the tokens and another the money.
        charged: What was charged for its tokens, credits and taxes apart.
        list_cost: Usage x list price at the standard tier and the shortest context, None where a price is missing.
        causes: What lies between the two, in order; their sum is `charged - list_cost - unknown`.
        unknown: What nothing explains.
        by_class: Charged and list cost of each class of tokens, where every charge names its class.
    """

    sources: str
    month: date
    service_provider_name: str
    request_model: str
    billing_currency: str
    charged: Decimal
    list_cost: Decimal | None
    causes: tuple[Cause, ...]
    unknown: Decimal
    by_class: tuple[tuple[TokenType, Decimal, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApartLine:
    """What was charged for other things than a model's tokens: tools, search, seats; never compared."""

    sources: str
    month: date
    service_provider_name: str
    service_name: str
    billing_currency: str
    charged: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGap:
    """Two sources that tell the tokens of the same model in the same month, and differ by more than they may."""

    month: date
    service_provider_name: str
    request_model: str
    tokens: tuple[tuple[str, int], ...]
    gap_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BillReconciliation:
    """The whole ledger."""

    lines: tuple[ReconciledLine, ...]
    apart: tuple[ApartLine, ...]
    gaps: tuple[SourceGap, ...]

    def unknown_shares(self) -> dict[str, Decimal]:
        """Return what nothing explains as a share of what was charged or expected, by provider; no signs cancel."""
        unknown: dict[str, Decimal] = defaultdict(Decimal)
        whole: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.lines:
            unknown[line.service_provider_name] += abs(line.unknown)
            whole[line.service_provider_name] += max(abs(line.charged), line.list_cost or ZERO)
        return {name: unknown[name] / whole[name] for name in sorted(whole) if whole[name]}


def reconcile(  # noqa: PLR0913 - what is compared, and what it is compared with
    usage: Sequence[UsageHour],
    charges: Sequence[ClassCharge],
    *,
    prices: ListPrices,
    rules: LedgerRules,
    is_complete: Callable[[str, date], bool],
    entered_factor: Callable[[str], Decimal | None] = lambda _: None,
) -> BillReconciliation:
    """Return every model of every month, charged against list.

    Args:
        usage: By the hour.
        charges: For usage, by class.
        prices: List prices.
        rules: What may explain a residual.
        is_complete: Whether a source was read after the month was over.
        entered_factor: Contracted over list price that the company stated for a provider.
    """
    with localcontext(prec=DIGITS):
        hours = [row for row in usage if row.operation is Operation.CHAT]
        unnamed = _unnamed(hours, charges, prices)
        tokens = [row for row in charges if row.x_operation is Operation.CHAT or row in unnamed]
        apart = [row for row in charges if row.x_operation is not Operation.CHAT and row not in unnamed]
        owner = _owners(hours, tokens)
        whole = {_charge_key(row, owner)[:3] for row in unnamed}
        used = _grouped(hours, lambda row: _whole(_usage_key(row, owner), whole))
        charged = _grouped(tokens, lambda row: _whole(_charge_key(row, owner), whole))
        keys = sorted({*used, *charged}, key=lambda key: (key[1], key[0], *key[2:]))
        money = {key[:3] for key in charged}
        return BillReconciliation(
            lines=tuple(
                _line(
                    key,
                    used[key],
                    charged[key],
                    prices,
                    rules,
                    is_complete,
                    entered_factor,
                    tells_money=key[:3] in money,
                )
                for key in keys
            ),
            apart=tuple(_apart(apart)),
            gaps=tuple(_gaps(hours, rules.max_source_gap_share.value)),
        )


def _unnamed(hours: Sequence[UsageHour], charges: Sequence[ClassCharge], prices: ListPrices) -> set[ClassCharge]:
    """Return the charges that name no model and may be for tokens that were used."""
    listed: dict[ProviderMonth, Decimal] = defaultdict(Decimal)
    for hour in hours:
        listed[_month(hour), hour.service_provider_name.casefold()] += _at_list(hour, prices)
    used = [row for row in charges if (row.month, row.service_provider_name.casefold()) in listed]
    return unnamed_for_tokens(used, listed.__getitem__)


def _at_list(hour: UsageHour, prices: ListPrices) -> Decimal:
    """Return the list cost at the tier that was used, at the standard one's where it has none."""
    tiers = (hour.service_tier, ServiceTier.STANDARD)
    costs = (_cost(hour, prices, tier, _context_tokens(hour)) for tier in tiers)
    return next((cost for cost in costs if cost is not None), ZERO)


def _whole(key: Key, whole: Container[tuple[str, date, str]]) -> Key:
    """Return the key of a model, or that of its provider's whole month where some charge of it names no model."""
    return (*key[:3], "") if key[:3] in whole else key


def _grouped(rows: Iterable[R], key: Callable[[R], Key]) -> dict[Key, list[R]]:
    groups: dict[Key, list[R]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _owners(usage: Iterable[UsageHour], charges: Iterable[ClassCharge]) -> dict[tuple[str, date, str], str]:
    """Return the sources that a source's rows are compared in: its own where it tells both tokens and money.

    Of one provider in one month, what has only tokens meets what has only money.
    """
    used = {(row.x_source, _month(row), row.service_provider_name.casefold()) for row in usage}
    charged = {(row.x_source, row.month, row.service_provider_name.casefold()) for row in charges}
    halves: dict[tuple[date, str], list[str]] = defaultdict(list)
    for source, month, provider in sorted(used ^ charged):
        halves[month, provider].append(source)
    joined = {(source, *key): " + ".join(sources) for key, sources in halves.items() for source in sources}
    return {key: key[0] for key in used & charged} | joined


def _month(row: UsageHour) -> date:
    return row.hour.date().replace(day=1)


def _model(name: str | None) -> str:
    """Return a model's name as two sources would both write it: without the day of its release."""
    return BETWEEN.sub("-", RELEASE_DAY.sub("", (name or "").casefold()))


def _usage_key(row: UsageHour, owners: Mapping[tuple[str, date, str], str]) -> Key:
    provider = row.service_provider_name.casefold()
    return owners[row.x_source, _month(row), provider], _month(row), provider, _model(row.request_model)


def _charge_key(row: ClassCharge, owners: Mapping[tuple[str, date, str], str]) -> Key:
    provider = row.service_provider_name.casefold()
    return owners[row.x_source, row.month, provider], row.month, provider, _model(row.x_gen_ai_request_model)


def _line(  # noqa: PLR0913, PLR0917 - one model of one month, and what it is judged by
    key: Key,
    used: Sequence[UsageHour],
    charges: Sequence[ClassCharge],
    prices: ListPrices,
    rules: LedgerRules,
    is_complete: Callable[[str, date], bool],
    entered_factor: Callable[[str], Decimal | None],
    *,
    tells_money: bool,
) -> ReconciledLine:
    sources, month, provider, model = key
    names = sorted({row.request_model for row in used} | {row.x_gen_ai_request_model or "" for row in charges})
    charged = sum((row.billed_cost for row in charges), ZERO)
    rows = [*(row.x_source for row in used), *(row.x_source for row in charges)]
    complete = all(is_complete(source, month) for source in rows)
    expected = _expected(used, prices, rules.regional_surcharge_share.value)
    causes: tuple[Cause, ...] = ()
    unknown = charged
    if expected is not None and not tells_money:
        causes, unknown = (Cause(name=NO_MONEY, amount=-expected.standard, is_measured=False),), ZERO
    elif expected is not None:
        compared = _compared(provider, used, charges, charged, complete, entered_factor(provider))
        causes, unknown = explain(expected, compared, rules)
    return ReconciledLine(
        sources=sources,
        month=month,
        service_provider_name=provider,
        request_model=names[0] if len(names) == 1 else model,
        billing_currency=" and ".join(sorted({row.billing_currency for row in charges})) or "USD",
        charged=charged,
        list_cost=None if expected is None else expected.standard,
        causes=causes,
        unknown=unknown,
        by_class=_by_class(used, charges, prices) if expected is not None else (),
    )


def _compared(  # noqa: PLR0913, PLR0917 - its parts
    provider: str,
    used: Sequence[UsageHour],
    charges: Sequence[ClassCharge],
    charged: Decimal,
    complete: bool,  # noqa: FBT001 - a part, too
    entered: Decimal | None,
) -> Compared:
    listed = [row.list_cost for row in charges]
    known = [cost for cost in listed if cost is not None]
    return Compared(
        charged=charged,
        charge_count=sum(row.charge_count for row in charges),
        discount=charged - sum(known, ZERO) if known and len(known) == len(listed) else None,
        entered_factor=entered,
        priority_is_missing=provider in WITHOUT_PRIORITY_COST
        and any(row.service_tier is ServiceTier.PRIORITY for row in used)
        and not any(row.x_service_tier is ServiceTier.PRIORITY for row in charges),
        is_estimated=any(row.x_estimated for row in charges),
        is_complete=complete,
    )


def _expected(used: Sequence[UsageHour], prices: ListPrices, surcharge_share: Decimal) -> Expected | None:
    """Return the list cost of usage; None where there is none, or a price is missing."""
    if not used:
        return None
    by_tier: dict[str, Decimal] = defaultdict(Decimal)
    unpriced: dict[ServiceTier, Decimal] = defaultdict(Decimal)
    standard = context = regional = longest = cached = cached_apart = priority = ZERO
    for row in used:
        plain = _cost(row, prices, ServiceTier.STANDARD, 0)
        if plain is None:
            return None
        is_priced = _cost(row, prices, row.service_tier, 0) is not None
        tier = row.service_tier if is_priced else ServiceTier.STANDARD
        at_tier, in_context = (_cost(row, prices, tier, length) or ZERO for length in (0, _context_tokens(row)))
        standard += plain
        by_tier[tier] += at_tier - plain
        context += in_context - at_tier
        regional += in_context * surcharge_share if is_regional(price_tags(row.x_source, row.tags)) else ZERO
        longest += max((_longest(row, prices, tier) or ZERO) - in_context, ZERO)
        cached += _cacheable(row, prices, tier)
        cached_apart += _cached_apart(row, prices, tier)
        priority += in_context if row.service_tier is ServiceTier.PRIORITY else ZERO
        unpriced[row.service_tier] += ZERO if is_priced else in_context
    return Expected(
        standard=standard,
        by_tier=tuple(sorted(by_tier.items())),
        context=context,
        regional=regional,
        longest_context=longest,
        cached_apart=cached_apart,
        cached=ZERO if any(row.cache_read_input_tokens for row in used) else cached,
        priority=priority,
        unpriced=tuple((tier, cost) for tier, cost in sorted(unpriced.items()) if cost),
    )


def _context_tokens(row: UsageHour) -> int:
    if is_long_context(price_tags(row.x_source, row.tags)):
        return LONGEST_PROMPT_TOKENS
    return row.input_tokens // row.requests if row.requests else 0


def _tokens(row: UsageHour) -> dict[TokenType, int]:
    return {kind: count for kind in TokenType if (count := getattr(row, kind.value))}


def _total(row: UsageHour, price: Callable[[TokenType], Decimal | None]) -> Decimal | None:
    total = ZERO
    for kind, count in _tokens(row).items():
        unit = price(kind)
        if unit is None:
            return None
        total += unit * count
    return total


def _cost(row: UsageHour, prices: ListPrices, tier: ServiceTier, context_tokens: int) -> Decimal | None:
    return _total(row, lambda kind: prices.unit_price(row, kind, tier, context_tokens=context_tokens))


def _longest(row: UsageHour, prices: ListPrices, tier: ServiceTier) -> Decimal | None:
    return _total(row, lambda kind: prices.longest_context_price(row, kind, tier))


def _cacheable(row: UsageHour, prices: ListPrices, tier: ServiceTier) -> Decimal:
    dear, cheap = (
        prices.unit_price(row, kind, tier, context_tokens=0)
        for kind in (TokenType.UNCACHED_INPUT, TokenType.CACHE_READ_INPUT)
    )
    return max((dear or ZERO) - (cheap or ZERO), ZERO) * row.uncached_input_tokens if cheap else ZERO


def _cached_apart(row: UsageHour, prices: ListPrices, tier: ServiceTier) -> Decimal:
    if row.x_source not in LINE_TELLS_BOTH or not row.cache_read_input_tokens:
        return ZERO
    unit = prices.unit_price(row, TokenType.UNCACHED_INPUT, tier, context_tokens=0)
    return (unit or ZERO) * row.cache_read_input_tokens


def _by_class(
    used: Sequence[UsageHour], charges: Sequence[ClassCharge], prices: ListPrices
) -> tuple[tuple[TokenType, Decimal, Decimal], ...]:
    if not charges or any(row.x_token_type is None for row in charges):
        return ()
    charged: dict[TokenType | None, Decimal] = defaultdict(Decimal)
    listed: dict[TokenType, Decimal] = defaultdict(Decimal)
    for charge in charges:
        charged[charge.x_token_type] += charge.billed_cost
    for row in used:
        for kind, count in _tokens(row).items():
            unit = prices.unit_price(row, kind, row.service_tier, context_tokens=_context_tokens(row))
            listed[kind] += (unit or ZERO) * count
    return tuple((kind, charged[kind], listed[kind]) for kind in TokenType if kind in {*charged, *listed})


def _apart(charges: Iterable[ClassCharge]) -> Iterator[ApartLine]:
    groups: dict[tuple[date, str, str, str, str], Decimal] = defaultdict(Decimal)
    for row in charges:
        name = row.x_gen_ai_request_model or row.service_name
        groups[row.month, row.x_source, row.service_provider_name, name, row.billing_currency] += row.billed_cost
    for (month, source, provider, name, currency), charged in sorted(groups.items()):
        yield ApartLine(
            sources=source,
            month=month,
            service_provider_name=provider,
            service_name=name,
            billing_currency=currency,
            charged=charged,
        )


def _gaps(usage: Iterable[UsageHour], limit: Decimal) -> Iterator[SourceGap]:
    told: dict[tuple[date, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in usage:
        key = (_month(row), row.service_provider_name.casefold(), _model(row.request_model))
        told[key][row.x_source] += row.input_tokens + row.output_tokens
    for (month, provider, model), tokens in sorted(told.items()):
        most, least = max(tokens.values()), min(tokens.values())
        gap = Decimal(most - least) / most if most else ZERO
        if gap > limit:
            yield SourceGap(
                month=month,
                service_provider_name=provider,
                request_model=model,
                tokens=tuple(sorted(tokens.items())),
                gap_share=gap,
            )

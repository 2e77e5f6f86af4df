"""What was paid, what it was paid for, and how far usage x price explains it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from costcheck.records import ChargeCategory, ClassCharge, MonthCharge, Operation

ZERO = Decimal(0)
Amounts = dict[date, Decimal]
"""By month."""
ProviderMonth = tuple[date, str]
"""A month, and a provider in small letters."""
C = TypeVar("C", MonthCharge, ClassCharge)
RECENT_MONTHS = 3
"""Complete months behind a mean that stands for today."""
WORTH_TELLING = Decimal("0.05")
"""Residuals below are nobody's concern, whatever the limit is."""
MAY_BE_CHAT = (Operation.CHAT, Operation.OTHER)
"""Operations of charges that somebody's model could answer; an invoice that names no model says `other`."""
BOUGHT_AHEAD_SERVICE = "bought ahead, its use not told"
BOUGHT_AHEAD: dict[str, Any] = {
    "charge_category": ChargeCategory.USAGE,
    "service_name": BOUGHT_AHEAD_SERVICE,
    "x_gen_ai_request_model": None,
    "x_operation": Operation.OTHER,
}
LINE_TELLS_BOTH = frozenset({"invoice"})
"""Sources of which a line tells tokens and money of one model: a line without tokens is one that nobody measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedUsage:
    """Usage of one model in one month at list prices.

    Attributes:
        list_cost_usd: Usage x list unit price, None where nobody can price the model.
    """

    x_source: str
    month: date
    service_provider_name: str
    request_model: str
    addressable: bool
    list_cost_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReconciliation:
    """Charges of one provider against usage x price.

    Attributes:
        contracted_factor: Contracted over list price: entered, or derived from the residual.
        residual_share: What usage x contracted price leaves unexplained, as a share of what was billed: of all months
            or of the last ones, the larger.
        worst_month: The month with most of a residual that is worth telling, in words; unset where there is none.
    """

    service_provider_name: str
    billed_cost_usd: Decimal
    list_cost_usd: Decimal
    contracted_factor: Decimal
    residual_share: Decimal
    worst_month: str | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class BillMonth:
    """One complete month, in USD. Set-aside spend and credits are shown and never compared.

    Attributes:
        addressable_cost_usd: What workloads were billed, and what nobody measured.
        unmeasured_cost_usd: Billed by providers, or in lines of an invoice, whose tokens nobody counted that month.
        purchase_usd: Bought ahead of providers whose use is told otherwise; unset where it is nothing.
    """

    month: date
    addressable_cost_usd: Decimal
    unmeasured_cost_usd: Decimal
    set_aside_cost_usd: Decimal
    credit_usd: Decimal
    tax_usd: Decimal
    purchase_usd: Decimal | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class BillSummary:
    """The bill as the decision reads it.

    Attributes:
        months: Complete months, oldest first.
        addressable_monthly_cost_usd: Mean of the last three complete months, what nobody measured included: at most
            that much could move.
        unmeasured_monthly_cost_usd: The part of it of which nobody counted the tokens.
        negligible_models: Models that nobody can price, and that hardly cost anything; unset where there are none.
        unmeasured: What that is, in words, newest month first; unset, and so not written, where it is nothing.
        unpriced_models: Addressable models that no price list knows.
        nearest_names: Names of the price list that are most like theirs; unset where there are none.
        has_usage: False where there are amounts without tokens.
        charged: False where the source has usage but no charges: then list prices stand in, and the record says so.
    """

    months: tuple[BillMonth, ...]
    reconciliations: tuple[ProviderReconciliation, ...]
    addressable_monthly_cost_usd: Decimal
    unmeasured_monthly_cost_usd: Decimal
    unpriced_models: tuple[str, ...]
    currencies: tuple[str, ...]
    has_usage: bool
    charged: bool
    unmeasured: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    negligible_models: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    nearest_names: dict[str, tuple[str, ...]] | msgspec.UnsetType = msgspec.UNSET

    def contracted_factor(self, service_provider_name: str) -> Decimal:
        """Return contracted over list price of a provider, 1 for one that billed nothing yet."""
        factors = {row.service_provider_name: row.contracted_factor for row in self.reconciliations}
        return factors.get(service_provider_name, Decimal(1))

    @property
    def residual_share(self) -> Decimal:
        """Return the largest residual of any provider."""
        return max((row.residual_share for row in self.reconciliations), default=ZERO)

    @property
    def unmeasured_share(self) -> Decimal:
        """Return the share of which nobody counted the tokens, of all months or of the last ones: the larger."""
        whole = sum((row.addressable_cost_usd for row in self.months), ZERO)
        unknown = sum((row.unmeasured_cost_usd for row in self.months), ZERO)
        pairs = ((unknown, whole), (self.unmeasured_monthly_cost_usd, self.addressable_monthly_cost_usd))
        return max((part / of for part, of in pairs if of > 0), default=ZERO)


def summarise_bill(
    usage: Sequence[PricedUsage],
    charges: Sequence[MonthCharge],
    complete_months: Sequence[date],
    *,
    entered_factor: Callable[[str], Decimal | None],
    recent_months: int = RECENT_MONTHS,
) -> BillSummary:
    """Return the bill of the complete months, reconciled.

    Args:
        usage: Priced usage of every month.
        charges: Charges of every month, in one currency (`currencies` tells where that fails).
        complete_months: First days of the months that count.
        entered_factor: Contracted over list price that the company stated for a provider, None where it did not.
        recent_months: Months behind the mean.
    """
    months = sorted(complete_months)
    inside = set(months)
    usage = [row for row in usage if row.month in inside]
    charges = [row for row in charges if row.month in inside]
    charges += _bought_ahead(usage, charges, months)
    unmeasured = _unmeasured(usage, charges)
    not_measured = set(unmeasured)
    measured = [row for row in charges if row not in not_measured]
    reconciliations = _reconcile(usage, measured, entered_factor, months[-recent_months:])
    factors = {row.service_provider_name: row.contracted_factor for row in reconciliations}
    rows = tuple(_bill_month(month, usage, charges, unmeasured, factors) for month in months)
    recent = rows[-recent_months:]
    count = max(len(recent), 1)
    return BillSummary(
        months=rows,
        reconciliations=reconciliations,
        addressable_monthly_cost_usd=sum((row.addressable_cost_usd for row in recent), ZERO) / count,
        unmeasured_monthly_cost_usd=sum((row.unmeasured_cost_usd for row in recent), ZERO) / count,
        unpriced_models=tuple(sorted({_name(row) for row in usage if row.addressable and row.list_cost_usd is None})),
        currencies=tuple(sorted({row.billing_currency for row in charges})),
        has_usage=bool(usage),
        charged=bool(charges),
        unmeasured=tuple(map(_words, sorted(unmeasured, key=_newest_first))) or msgspec.UNSET,
    )


def _bought_ahead(
    usage: Sequence[PricedUsage], charges: Sequence[MonthCharge], months: Sequence[date]
) -> list[MonthCharge]:
    """Return the purchases of providers of which nothing tells the use, as if all were used from then on, evenly."""
    used = {row.service_provider_name.casefold() for row in usage} | {
        row.service_provider_name.casefold()
        for row in charges
        if row.charge_category is ChargeCategory.USAGE and row.billed_cost and row.x_operation in MAY_BE_CHAT
    }
    bought: dict[str, list[MonthCharge]] = defaultdict(list)
    for row in charges:
        if row.charge_category is ChargeCategory.PURCHASE and row.service_provider_name.casefold() not in used:
            bought[row.service_provider_name.casefold()].append(row)
    spread = []
    for rows in bought.values():
        amount = sum((row.billed_cost for row in rows), ZERO)
        over = [month for month in months if month >= min(row.month for row in rows)] if amount > 0 else []
        spread += [replace(rows[0], month=month, billed_cost=amount / len(over), **BOUGHT_AHEAD) for month in over]
    return spread


def _unmeasured(usage: Sequence[PricedUsage], charges: Sequence[MonthCharge]) -> tuple[MonthCharge, ...]:
    """Return the charges that may be for tokens of which nobody told the number.

    A provider whose tokens come from another source than its amounts, or from lines of their own, is taken to be
    measured as a whole.
    """
    providers = {_provider_month(row) for row in usage}
    priced = {_provider_month(row) for row in charges if row.x_gen_ai_request_model and row.billed_cost}
    elsewhere = {
        key for row in usage if (key := _provider_month(row)) not in priced or row.x_source not in LINE_TELLS_BOTH
    }
    lines = {(*_provider_month(row), row.request_model) for row in usage}

    def is_measured(row: MonthCharge) -> bool:
        key = _provider_month(row)
        if row.x_source in LINE_TELLS_BOTH and key not in elsewhere:
            return (*key, row.x_gen_ai_request_model) in lines
        return key in providers

    return tuple(
        row
        for row in charges
        if row.charge_category is ChargeCategory.USAGE and row.x_operation in MAY_BE_CHAT and not is_measured(row)
    )


def _words(row: MonthCharge) -> str:
    name = row.x_gen_ai_request_model or row.service_name
    return f"{row.month:%Y-%m} {row.service_provider_name} {name}, {row.billed_cost:,.2f} {row.billing_currency}"


def _newest_first(row: MonthCharge) -> tuple[int, str, str, str]:
    return -row.month.toordinal(), row.service_provider_name, row.x_gen_ai_request_model or "", row.service_name


def _name(row: PricedUsage) -> str:
    return f"{row.service_provider_name}/{row.request_model}"


def _reconcile(
    usage: Sequence[PricedUsage],
    charges: Sequence[MonthCharge],
    entered_factor: Callable[[str], Decimal | None],
    recent: Sequence[date],
) -> tuple[ProviderReconciliation, ...]:
    # What nobody can price cannot be explained by a price either: it stands as a problem of its own, or aside.
    unpriced = {(row.service_provider_name, row.request_model) for row in usage if row.list_cost_usd is None}
    names = {row.service_provider_name.casefold(): row.service_provider_name for row in usage}
    listed: dict[str, Amounts] = defaultdict(lambda: defaultdict(Decimal))
    for row in usage:
        if (row.service_provider_name, row.request_model) not in unpriced:
            listed[row.service_provider_name.casefold()][row.month] += row.list_cost_usd or ZERO
    billed: dict[str, Amounts] = defaultdict(lambda: defaultdict(Decimal))
    for charge in _for_tokens(charges, listed):
        key = charge.service_provider_name.casefold()
        if (names.get(key), charge.x_gen_ai_request_model) not in unpriced:
            billed[key][charge.month] += charge.billed_cost
    return tuple(
        _reconciliation(names[key], billed[key], listed[key], entered_factor(names[key]), recent)
        for key in sorted(set(billed) & set(listed))
        if sum(billed[key].values()) > 0 and sum(listed[key].values()) > 0
    )


def _for_tokens(charges: Sequence[MonthCharge], listed: Mapping[str, Amounts]) -> list[MonthCharge]:
    """Return what was charged for tokens: what names a model, and what `unnamed_for_tokens` takes for them."""
    used = [row for row in charges if row.charge_category is ChargeCategory.USAGE]

    def at_list(key: ProviderMonth) -> Decimal:
        return listed.get(key[1], {}).get(key[0], ZERO)

    unnamed = unnamed_for_tokens(used, at_list)
    return [row for row in used if row.x_operation is Operation.CHAT or row in unnamed]


def unnamed_for_tokens(charges: Sequence[C], at_list: Callable[[ProviderMonth], Decimal]) -> set[C]:
    """Return the charges for usage that name no model and may be for tokens, as `decide` and `reconcile` take them.

    Any line of an invoice may. In other bills it is a tool or a search, unless in the months in which nothing of its
    provider names a model it comes to more than the tokens at list: of all of these months, or of none.

    Args:
        charges: Of the category Usage.
        at_list: What the tokens of a provider cost at list in a month.
    """
    naming = {_provider_month(row) for row in charges if row.x_operation is Operation.CHAT}
    others = [row for row in charges if row.x_operation is Operation.OTHER]
    unnamed: dict[ProviderMonth, Decimal] = defaultdict(Decimal)
    for row in others:
        if _provider_month(row) not in naming:
            unnamed[_provider_month(row)] += row.billed_cost
    over: dict[str, Decimal] = defaultdict(Decimal)
    for key, amount in unnamed.items():
        over[key[1]] += amount - at_list(key)

    def is_for_tokens(row: C) -> bool:
        key = _provider_month(row)
        return row.x_source in LINE_TELLS_BOTH or (key in unnamed and over[key[1]] > 0)

    return {row for row in others if is_for_tokens(row)}


def _provider_month(row: PricedUsage | MonthCharge | ClassCharge) -> ProviderMonth:
    return row.month, row.service_provider_name.casefold()


def _reconciliation(
    provider: str, billed: Amounts, listed: Amounts, entered: Decimal | None, recent: Sequence[date]
) -> ProviderReconciliation:
    factor = Decimal(1) if entered is None else entered
    billed_cost, list_cost = sum(billed.values(), ZERO), sum(listed.values(), ZERO)
    residual_share = max(
        _unexplained_share([billed[month] for month in months], [listed[month] * factor for month in months])
        for months in (sorted({*billed, *listed}), recent)
    )
    worst = max(sorted({*billed, *listed}), key=lambda month: abs(billed[month] - listed[month] * factor))
    words = f"most of it in {worst:%Y-%m}: {listed[worst]:,.2f} USD at list, {billed[worst]:,.2f} USD billed"
    return ProviderReconciliation(
        service_provider_name=provider,
        billed_cost_usd=billed_cost,
        list_cost_usd=list_cost,
        contracted_factor=billed_cost / list_cost,
        residual_share=residual_share,
        worst_month=words if residual_share >= WORTH_TELLING else msgspec.UNSET,
    )


def _unexplained_share(billed: Sequence[Decimal], expected: Sequence[Decimal]) -> Decimal:
    whole, listed = sum(billed, ZERO), sum(expected, ZERO)
    if whole <= 0:
        return Decimal(1) if listed else ZERO
    return abs(whole - listed) / whole


def _bill_month(
    month: date,
    usage: Sequence[PricedUsage],
    charges: Sequence[MonthCharge],
    unknown: Sequence[MonthCharge],
    factors: dict[str, Decimal],
) -> BillMonth:
    of_month = [row for row in usage if row.month == month]
    charged = [row for row in charges if row.month == month]
    usage_charges = [row for row in charged if row.charge_category is ChargeCategory.USAGE]
    unmeasured = sum((row.billed_cost for row in unknown if row.month == month), ZERO)
    addressable = sum((_contracted(row, factors) for row in of_month if row.addressable), ZERO) + unmeasured
    billed = sum((row.billed_cost for row in usage_charges), ZERO)
    return BillMonth(
        month=month,
        addressable_cost_usd=addressable,
        unmeasured_cost_usd=unmeasured,
        set_aside_cost_usd=max(billed - addressable, ZERO),
        credit_usd=_sum_of(charged, ChargeCategory.CREDIT),
        tax_usd=_sum_of(charged, ChargeCategory.TAX),
        purchase_usd=_left_out(charged) or msgspec.UNSET,
    )


def _left_out(charged: Sequence[MonthCharge]) -> Decimal:
    """Return what was bought ahead of providers whose use is told otherwise: the use counts, and not the purchase."""
    spread = {row.service_provider_name.casefold() for row in charged if row.service_name == BOUGHT_AHEAD_SERVICE}
    others = [row for row in charged if row.service_provider_name.casefold() not in spread]
    return _sum_of(others, ChargeCategory.PURCHASE)


def _contracted(row: PricedUsage, factors: dict[str, Decimal]) -> Decimal:
    return (row.list_cost_usd or ZERO) * factors.get(row.service_provider_name, Decimal(1))


def _sum_of(charges: Sequence[MonthCharge], category: ChargeCategory) -> Decimal:
    return sum((row.billed_cost for row in charges if row.charge_category is category), ZERO)

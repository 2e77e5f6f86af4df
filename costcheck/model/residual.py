"""What explains the difference between a charge and usage x list price: causes that are known, then such as fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from costcheck.records import ServiceTier
from costcheck.rules import LedgerRules

ZERO = Decimal(0)
THOUSANDS = (1_000, 1_000_000)
"""Units in which people write tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One part of a difference.

    Attributes:
        name: `priority tier`, `contracted discount`, ...
        amount: What it adds to the list cost; negative where it takes away.
        is_measured: Worked out from the bill itself; otherwise the rest fits it, and nobody has told.
    """

    name: str
    amount: Decimal
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What usage of one model costs in one month, step by step.

    Attributes:
        standard: At list prices of the standard tier and the shortest context.
        by_tier: What each other tier adds to that.
        context: What long prompts add to that: as long as their hour's mean, or told to be long.
        regional: What usage that was bound to a region adds to that.
        longest_context: What the longest prompts would add at most.
        cached: What it would be less if all uncached input had been read from a cache; ZERO where a cache is counted.
        priority: List cost of the usage of the priority tier.
        cached_apart: What the tokens read from a cache cost at the price of uncached input, where somebody typed both
            counts and may have left the former out of the latter; ZERO elsewhere.
        unpriced: Tiers without a list price of their own, and what their usage costs at the standard tier's.
    """

    standard: Decimal
    by_tier: tuple[tuple[str, Decimal], ...]
    context: Decimal
    longest_context: Decimal
    cached: Decimal
    priority: Decimal
    unpriced: tuple[tuple[ServiceTier, Decimal], ...] = ()
    cached_apart: Decimal = ZERO
    regional: Decimal = ZERO

    @property
    def at_list(self) -> Decimal:
        """Return the list cost at the tiers and contexts that were used."""
        return self.standard + sum((amount for _, amount in self.by_tier), ZERO) + self.context + self.regional


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was charged, and what is known of the charges.

    Attributes:
        discount: Charged less the source's own list cost, None where it does not tell one.
        entered_factor: Contracted over list price, as the company stated it.
        priority_is_missing: The provider leaves the cost of its priority tier out of this report.
    """

    charged: Decimal
    charge_count: int
    discount: Decimal | None
    entered_factor: Decimal | None
    priority_is_missing: bool
    is_estimated: bool
    is_complete: bool


def tokens_off(charged: Decimal, list_cost: Decimal) -> str:
    """Return `1,000 times too few` or `too many` where that may be how tokens were written, else nothing."""
    for times in THOUSANDS:
        for whole, what in ((list_cost * times, "few"), (list_cost / times, "many")):
            if list_cost and whole / 2 <= charged <= whole * 2:
                return f"{times:,} times too {what}"
    return ""


def explain(expected: Expected, compared: Compared, rules: LedgerRules) -> tuple[tuple[Cause, ...], Decimal]:
    """Return the causes and what is left unknown; causes and unknown add up to the difference, to the last digit."""
    measured = tuple(_measured(expected, compared))
    left = compared.charged - expected.standard - sum((cause.amount for cause in measured), ZERO)
    if left == 0:
        return measured, ZERO
    name = next(_fitting(left, expected, compared, rules), None)
    if name is None:
        return measured, left
    return (*measured, Cause(name=name, amount=left, is_measured=False)), ZERO


def _measured(expected: Expected, compared: Compared) -> Iterator[Cause]:
    for tier, amount in expected.by_tier:
        if amount:
            yield Cause(name=f"{tier} tier", amount=amount, is_measured=True)
    if expected.context:
        yield Cause(name="long-context tier", amount=expected.context, is_measured=True)
    if expected.regional:
        yield Cause(name="regional price", amount=expected.regional, is_measured=True)
    if compared.priority_is_missing and expected.priority:
        yield Cause(name="priority cost missing from the report", amount=-expected.priority, is_measured=True)
    discount = _discount(expected, compared)
    if discount:
        yield Cause(name="contracted discount", amount=discount, is_measured=True)


def _discount(expected: Expected, compared: Compared) -> Decimal:
    if compared.discount is not None:
        return compared.discount
    if compared.entered_factor is None:
        return ZERO
    paid_for = expected.at_list - (expected.priority if compared.priority_is_missing else ZERO)
    return paid_for * (compared.entered_factor - 1)


def _fitting(left: Decimal, expected: Expected, compared: Compared, rules: LedgerRules) -> Iterator[str]:
    """Yield the causes that the rest fits, the narrowest first."""
    if abs(left) <= rules.rounding_of_a_charge.value * compared.charge_count:
        yield "rounding"
    if not compared.is_complete:
        yield "partial month"
    if compared.is_estimated:
        yield "estimated month"
    for tier, cost in expected.unpriced:
        # Batch and flex take something off, priority adds something: by how much is what nobody lists here.
        if 0 < (left if tier is ServiceTier.PRIORITY else -left) <= cost:
            yield f"{tier} tier without a list price"
    paid = compared.charged - left
    surcharge, error = rules.regional_surcharge_share.value * paid, rules.regional_surcharge_error.value * paid
    if paid > 0 and abs(left - surcharge) <= error:
        yield "regional price"
    if expected.cached_apart and paid > 0 and abs(left - expected.cached_apart) <= error:
        yield "input_tokens typed without the cached ones, which they should hold"
    if 0 < left <= expected.longest_context:
        yield "long-context tier of some prompts"
    if 0 < -left <= expected.cached:
        yield "cached input that nobody counted"

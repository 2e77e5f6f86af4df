"""Money and the few conversions of the kit, each written once."""

import functools
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from costcheck.errors import CurrencyError, SourcePayloadError

HOURS_PER_MONTH = Decimal(730)
"""Hours in a month as AWS's calculator and Infracost count them: 8,760 / 12."""
TOKENS_PER_PRICING_UNIT = Decimal(1_000_000)
"""Tokens in one pricing unit `1000000 Tokens`."""
CENTS_PER_DOLLAR = Decimal(100)
MIB_PER_GIB = 1024


def parse_decimal(text: object, *, what: str) -> Decimal:
    """Return a finite Decimal from a provider's text or number.

    Args:
        text: A string, int, float or Decimal as it stood in the payload.
        what: The whole key of the value, for the message.

    Raises:
        SourcePayloadError: It is missing, not a number, NaN or infinite.
    """
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(text, bool) or not value.is_finite():
        message = f"{what} is {text!r}"
        raise SourcePayloadError(
            message,
            expected="a finite decimal number",
            action="check the source; the row was not used and nothing was assumed in its place",
        )
    return value


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency; amounts in two currencies do not mix.

    Attributes:
        amount: Exact decimal amount, in the currency's main unit (dollars, not cents).
        currency: ISO 4217 code in capitals.
    """

    amount: Decimal
    currency: str = "USD"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __str__(self) -> str:
        return f"{to_cents(self.amount):,} {self.currency}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            message = f"an amount in {self.currency} met an amount in {other.currency}"
            raise CurrencyError(
                message,
                expected="one currency in one calculation",
                action="import the bill in the currency of the prices (USD); the kit converts nothing",
            )
        return other


def to_cents(amount: Decimal) -> Decimal:
    """Return the amount rounded half up to two decimals, as a bill prints it."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def total(amounts: list[Money], *, currency: str = "USD") -> Money:
    """Return the exact sum of amounts in one currency; the empty sum is zero of `currency`."""
    return functools.reduce(Money.__add__, amounts, Money(Decimal(0), currency))

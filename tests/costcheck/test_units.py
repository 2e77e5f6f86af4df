"""Money: exact, in one currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.units import HOURS_PER_MONTH, Money, parse_decimal, to_cents, total

MONEY = st.decimals("-1e9", "1e9", places=6).map(Money)
FEW = profile(max_examples=100, deadline=None)


@FEW
@given(MONEY, MONEY, MONEY)
def test_sums_do_not_depend_on_their_order(one: Money, two: Money, three: Money) -> None:
    assert (one + two) + three == one + (two + three) == three + two + one
    assert total([one, two, three]) == total([three, one, two])


@FEW
@given(MONEY, MONEY)
def test_what_was_added_can_be_taken_away(one: Money, two: Money) -> None:
    assert one + two - two == one


@FEW
@given(MONEY, st.integers(0, 1000))
def test_a_multiple_is_a_repeated_sum(one: Money, times: int) -> None:
    assert one * times == total([one] * times)


@FEW
@given(MONEY, MONEY)
def test_amounts_are_in_one_order(one: Money, two: Money) -> None:
    assert (one < two) + (one == two) + (one > two) == 1


@FEW
@given(st.decimals("-1e9", "1e9", places=6))
def test_cents_are_within_half_a_cent(amount: Decimal) -> None:
    assert abs(to_cents(amount) - amount) <= Decimal("0.005")


@pytest.mark.parametrize(("amount", "cents"), [("0.005", "0.01"), ("0.0049", "0.00"), ("-0.005", "-0.01")])
def test_half_a_cent_goes_away_from_zero(amount: str, cents: str) -> None:
    assert to_cents(Decimal(amount)) == Decimal(cents)


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    assert Money(Decimal("0.1")) + Money(Decimal("0.2")) == Money(Decimal("0.3"))


def test_nothing_is_zero_of_its_currency() -> None:
    assert total([], currency="EUR") == Money(Decimal(0), "EUR")


def test_two_currencies_do_not_mix() -> None:
    euro, dollar = Money(Decimal(1), "EUR"), Money(Decimal(1))
    with pytest.raises(CurrencyError, match="in USD met an amount in EUR"):
        dollar + euro
    with pytest.raises(CurrencyError):
        dollar - euro
    with pytest.raises(CurrencyError):
        assert dollar < euro
    assert dollar != euro


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "", "twelve", None, True, "1,000", [], {}])
def test_what_is_no_finite_number_is_an_error_that_names_its_key(text: object) -> None:
    with pytest.raises(SourcePayloadError, match=r"amount\.value is"):
        parse_decimal(text, what="amount.value")


@pytest.mark.parametrize("text", ["0.10", 0.1, 1, Decimal("1e-12")])
def test_numbers_keep_their_digits(text: object) -> None:
    assert parse_decimal(text, what="x") == Decimal(str(text))


def test_a_month_has_a_twelfth_of_the_hours_of_a_year() -> None:
    assert HOURS_PER_MONTH * 12 == 365 * 24

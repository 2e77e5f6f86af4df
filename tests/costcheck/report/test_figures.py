from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.report import figures
from costcheck.verdict import Band


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("4210.49", "$4,210"),
        ("4210.5", "$4,211"),
        ("-2310", "-$2,310"),
        ("99.995", "$100.00"),
        ("12.4", "$12.40"),
        ("0", "$0.00"),
        ("0.004", "under $0.01"),
        ("-0.004", "under -$0.01"),
        ("1234567.8", "$1,234,568"),
        ("NaN", "unknown"),
    ],
)
def test_an_estimate_is_in_dollars(amount: str, shown: str) -> None:
    assert figures.usd(Decimal(amount)) == shown


TYPE = "gpt-oss-20b on 2 x g6.xlarge (on-demand) for support"


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        ((TYPE, "short"), ("gpt-oss-20b on 2 x g6.xlarge (on-d...", "short")),
        (
            (TYPE, f"{TYPE}, 50 hours a week"),
            ("gpt-oss-20b on 2 x g6.xlarge (on-d...", "gpt-oss-20b on 2..., 50 hours a week"),
        ),
        (
            (f"{TYPE}-chat", f"{TYPE}-mail"),
            ("gpt-oss-20b on 2 x g6.x...support-chat", "gpt-oss-20b on 2 x g6.x...support-mail"),
        ),
        ((f"{'x' * 50}a{'y' * 50}", f"{'x' * 50}b{'y' * 50}"), (f"{'x' * 30}... (1)", f"{'x' * 30}... (2)")),
        ((TYPE, TYPE), ("gpt-oss-20b on 2 x g6.xlarge (on-d...", "gpt-oss-20b on 2 x g6.xlarge (on-d...")),
    ],
    ids=["nothing alike", "one begins the other", "the end differs", "nothing helps but a number", "the same text"],
)
def test_texts_that_differ_are_never_cut_to_the_same(texts: tuple[str, str], shown: tuple[str, str]) -> None:
    assert figures.told_apart(texts, max(37, *map(len, shown))) == shown


@given(texts=st.lists(st.text("ab ", max_size=60), max_size=8), limit=st.integers(12, 60))
def test_no_cut_is_longer_than_the_limit_and_no_two_are_the_same(texts: list[str], limit: int) -> None:
    shown = figures.told_apart(texts, limit)
    assert max(map(len, shown), default=0) <= limit
    assert len(set(shown)) >= len(set(texts))


@pytest.mark.parametrize(("amount", "shown"), [("1358.525", "$1,358.53"), ("73", "$73.00"), ("1E+3", "$1,000.00")])
def test_a_bill_is_exact_to_the_cent(amount: str, shown: str) -> None:
    assert figures.usd_and_cents(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [("1.861", "$1.861"), ("0.1", "$0.10"), ("1.25E-7", "$0.000000125"), ("1200", "$1,200.00")]
)
def test_a_unit_price_keeps_its_decimals(amount: str, shown: str) -> None:
    assert figures.unit_price(Decimal(amount)) == shown


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=12))
def test_a_unit_price_loses_nothing(amount: Decimal) -> None:
    assert Decimal(figures.unit_price(amount).replace("$", "").replace(",", "")) == amount


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6).filter(bool))
def test_what_is_not_nothing_never_reads_as_zero(amount: Decimal) -> None:
    for shown in (figures.usd(amount), figures.usd_and_cents(amount), figures.count(amount)):
        assert any(digit in shown for digit in "123456789")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("225000", "225,000"),
        ("999999.6", "1,000,000"),
        ("1240000", "1.24 million"),
        ("2108000000", "2.11 billion"),
        ("0.35", "0.35"),
        ("0.0042", "0.0042"),
        ("0", "0"),
    ],
)
def test_a_count_reads_as_people_say_it(number: str, shown: str) -> None:
    assert figures.count(Decimal(number)) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"), [("0.62", "62 %"), ("1.085", "109 %"), ("0.004", "0.4 %"), ("0", "0 %")]
)
def test_a_share_is_a_percentage(fraction: str, shown: str) -> None:
    assert figures.share(Decimal(fraction)) == shown


@pytest.mark.parametrize(("number", "shown"), [("1", "1 month"), ("7.46", "7.5 months"), ("12", "12 months")])
def test_months_have_one_decimal_at_most(number: str, shown: str) -> None:
    assert figures.months(Decimal(number)) == shown


def test_a_band_is_three_amounts() -> None:
    figures_of_ten = Band(p10=Decimal(-1200), p50=Decimal(-300), p90=Decimal(400))
    assert figures.band(figures_of_ten) == "-$1,200 / -$300 / $400"


def test_what_is_missing_is_a_word() -> None:
    assert figures.usd(None) == figures.usd_and_cents(None) == figures.unit_price(None) == "unknown"
    assert figures.count(None) == figures.quantity(None) == figures.share(None) == "unknown"
    assert figures.band(None) == figures.day(None) == figures.months(None) == figures.mapping({}) == "none"
    assert figures.plain(None) == figures.plain(" \x1b\n") == "unknown"


def test_a_day_reads_the_same_everywhere() -> None:
    assert figures.day(date(2026, 8, 1)) == "2026-08-01"


def test_a_focus_unit_is_put_into_words() -> None:
    assert figures.unit("1000000 Tokens") == "million tokens"
    assert figures.unit("GB-Month") == "GB-Month"


def test_a_mapping_is_in_the_order_of_its_names() -> None:
    assert figures.mapping({"b": 1, "a": 2000}) == "a: 2,000, b: 1"


def test_one_thing_is_singular() -> None:
    assert figures.counted(1, "instance") == "1 instance"
    assert figures.counted(2, "instance") == "2 instances"

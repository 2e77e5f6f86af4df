"""Lookups in a snapshot: exactly one row, an exact age, and an error with the whole key otherwise."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import AmbiguousPriceError, PriceNotFoundError
from costcheck.price_book import TOKEN_UNIT, MaxAges, PriceBook, savings_plan_meter
from costcheck.records import (
    InstanceType,
    Origin,
    PriceSnapshot,
    PricingCategory,
    Provenance,
    Quota,
    TokenType,
    UnitPrice,
    ZoneOffering,
)
from costcheck.units import Money

AS_OF = date(2026, 8, 1)
AGES = MaxAges(on_demand_days=30, spot_days=1, token_days=14, other_aws_days=60)
SEEN = Provenance(source="t", source_url="https://example.org", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)


def seen_on(day: date) -> Provenance:
    return replace(SEEN, retrieved_on=day)


def unit_price(  # noqa: PLR0913 - a row with defaults
    amount: str = "1.00",
    *,
    meter: str = "BoxUsage:g6.xlarge",
    service: str = "AmazonEC2",
    region: str = "us-east-1",
    tier_start: int = 0,
    unit: str = "Hours",
    effective_from: date | None = None,
    seen: date = AS_OF,
    sku: str | None = None,
    category: PricingCategory = PricingCategory.STANDARD,
) -> UnitPrice:
    return UnitPrice(
        service_code=service,
        sku_meter=meter,
        region_id=region,
        pricing_category=category,
        tier_start=Decimal(tier_start),
        list_unit_price=Decimal(amount),
        pricing_unit=unit,
        sku_id=sku,
        effective_from=effective_from,
        provenance=seen_on(seen),
    )


def token_row(amount: str = "2.50", *, effective_from: date | None = None, seen: date = AS_OF) -> UnitPrice:
    return unit_price(
        amount,
        meter="m/output_tokens",
        service="openai",
        region="global",
        unit=TOKEN_UNIT,
        effective_from=effective_from,
        seen=seen,
    )


def fact(name: str, gpus: int = 1) -> InstanceType:
    return InstanceType(
        instance_type=name,
        vcpu_count=4,
        memory_gib=Decimal(16),
        gpu_count=gpus,
        gpu_name="L4" if gpus else None,
        gpu_memory_gib=Decimal("22.35") if gpus else None,
        instance_storage_gb=0,
        provenance=SEEN,
    )


def book(*prices: UnitPrice, facts: tuple[InstanceType, ...] = (), zones: tuple[ZoneOffering, ...] = ()) -> PriceBook:
    snapshot = PriceSnapshot(
        as_of=AS_OF, region_id="us-east-1", unit_prices=prices, instance_types=facts, zone_offerings=zones, quotas=()
    )
    return PriceBook(snapshot, AGES)


def g6(prices: PriceBook, **key: str) -> UnitPrice:
    return prices.price("AmazonEC2", "BoxUsage:g6.xlarge", region_id=key.get("region", "us-east-1"))


def test_a_price_is_found_by_its_whole_key() -> None:
    rows = [unit_price("1"), unit_price("2", region="us-west-2"), unit_price("3", category=PricingCategory.DYNAMIC)]
    assert g6(book(*rows)).list_unit_price == 1
    assert g6(book(*rows), region="us-west-2").list_unit_price == 2


def test_a_missing_price_names_the_whole_key_and_a_near_one() -> None:
    with pytest.raises(PriceNotFoundError) as caught:
        book(unit_price(region="us-west-2")).price("AmazonEC2", "BoxUsage:g6.xlarge", region_id="us-east-1")
    assert "AmazonEC2 BoxUsage:g6.xlarge us-east-1 Standard" in caught.value.seen
    assert "us-west-2" in caught.value.seen


def test_a_spot_price_never_stands_in_for_an_on_demand_one() -> None:
    with pytest.raises(PriceNotFoundError):
        g6(book(unit_price(category=PricingCategory.DYNAMIC)))


def test_two_prices_under_one_key_are_an_error_that_names_their_skus() -> None:
    with pytest.raises(AmbiguousPriceError, match="A, B"):
        g6(book(unit_price("1", sku="A"), unit_price("2", sku="B")))


@pytest.mark.parametrize("amount", ["0", "-0.01", "NaN", "Infinity"])
def test_a_book_with_a_price_that_is_not_above_zero_does_not_open(amount: str) -> None:
    with pytest.raises(PriceNotFoundError, match=r"g6\.xlarge"):
        book(unit_price(amount))


def test_the_latest_price_list_in_force_wins() -> None:
    rows = [unit_price("1"), unit_price("2", effective_from=AS_OF), unit_price("3", effective_from=date(2026, 8, 2))]
    assert g6(book(*rows)).list_unit_price == 2


def test_a_replay_that_knows_only_later_lists_takes_the_first_and_says_how_far_it_is() -> None:
    later = unit_price("2", effective_from=date(2026, 9, 1), seen=date(2026, 9, 25))
    latest = unit_price("3", effective_from=date(2026, 10, 1), seen=date(2026, 10, 25))
    prices = book(later, latest)
    assert g6(prices) == later
    assert prices.age_days(later, AS_OF) == 31


def test_nothing_stands_in_for_a_token_price_that_has_not_begun() -> None:
    with pytest.raises(PriceNotFoundError, match="begin later"):
        book(token_row(effective_from=date(2026, 8, 2))).token_price("openai", "m", TokenType.OUTPUT)


def test_tokens_that_were_bought_take_the_first_price_that_is_known() -> None:
    rows = (token_row("3", effective_from=date(2026, 9, 2)), token_row("2", effective_from=date(2026, 8, 2)))
    prices = book(*rows)
    assert prices.token_price("openai", "m", TokenType.OUTPUT, or_first=True).list_unit_price == 2
    later = prices.token_price("openai", "m", TokenType.OUTPUT, or_first=True, on=date(2026, 10, 1))
    assert later.list_unit_price == 3


def test_a_model_of_which_no_price_is_known_has_no_first_one() -> None:
    with pytest.raises(PriceNotFoundError):
        book().token_price("openai", "m", TokenType.OUTPUT, or_first=True)


TIERS = (
    unit_price("0.09", meter="out", service="AWSDataTransfer", unit="GB"),
    unit_price("0.085", meter="out", service="AWSDataTransfer", unit="GB", tier_start=10240),
    unit_price("0.07", meter="out", service="AWSDataTransfer", unit="GB", tier_start=51200),
)


@pytest.mark.parametrize(("quantity", "usd"), [(0, "0.09"), (10239, "0.09"), (10240, "0.085"), (99999, "0.07")])
def test_a_tier_begins_at_its_first_quantity(quantity: int, usd: str) -> None:
    price = book(*TIERS).price("AWSDataTransfer", "out", region_id="us-east-1", quantity=Decimal(quantity))
    assert price.list_unit_price == Decimal(usd)


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [
        ("0", "0"),
        ("100", "9"),
        ("10240", "921.60"),
        ("10241", "921.685"),
        ("60000", "5019.20"),  # by hand: 10240 x 0.09 + 40960 x 0.085 + 8800 x 0.07 = 921.60 + 3481.60 + 616
    ],
)
def test_volume_tiers_price_only_the_units_inside_them(quantity: str, usd: str) -> None:
    prices = book(*reversed(TIERS))
    cost = prices.tiered_cost("AWSDataTransfer", "out", region_id="us-east-1", quantity=Decimal(quantity))
    assert cost == Money(Decimal(usd))


@given(a=st.integers(0, 200_000), b=st.integers(0, 200_000))
def test_more_volume_never_costs_less(a: int, b: int) -> None:
    low, high = sorted((a, b))

    def cost(quantity: int) -> Decimal:
        return (
            book(*TIERS)
            .tiered_cost("AWSDataTransfer", "out", region_id="us-east-1", quantity=Decimal(quantity))
            .amount
        )

    assert cost(low) <= cost(high)


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        (unit_price(), 30),
        (unit_price(category=PricingCategory.DYNAMIC), 1),
        (unit_price(meter=savings_plan_meter("No Upfront", "g6.xlarge"), category=PricingCategory.COMMITTED), 30),
        (token_row(), 14),
        (unit_price(meter="NatGateway-Hours"), 60),
        (unit_price(service="AmazonEKS", meter="AmazonEKS-Hours:perCluster"), 60),
    ],
)
def test_a_price_is_stale_the_day_after_its_limit(row: UnitPrice, limit: int) -> None:
    prices = book(row)
    assert prices.stale(AS_OF + timedelta(days=limit)) == ()
    (old,) = prices.stale(AS_OF + timedelta(days=limit + 1))
    assert (old.price, old.age_days, old.limit_days) == (row, limit + 1, limit)


@pytest.mark.parametrize(
    ("row", "age"),
    [
        pytest.param(unit_price(seen=date(2026, 7, 20)), 12, id="seen before"),
        pytest.param(unit_price(seen=date(2026, 9, 25)), 55, id="seen later, start unknown"),
        pytest.param(unit_price(seen=date(2026, 9, 25), effective_from=AS_OF), 0, id="seen later, then in force"),
        pytest.param(
            unit_price(seen=date(2026, 9, 25), effective_from=date(2026, 8, 2)), 1, id="seen later, begun a day later"
        ),
        pytest.param(
            unit_price(seen=date(2026, 7, 31), effective_from=date(2026, 8, 9)), 8, id="announced before it begins"
        ),
        pytest.param(token_row(seen=date(2026, 11, 10)), 0, id="token history, start unknown"),
    ],
)
def test_the_age_in_a_replay_counts_what_was_not_seen_in_force(row: UnitPrice, age: int) -> None:
    assert book(row).age_days(row, AS_OF) == age


@pytest.mark.parametrize(
    "row",
    [
        unit_price(seen=date(2026, 8, 2)),
        unit_price(effective_from=date(2026, 8, 2)),
        token_row(seen=date(2026, 8, 2)),
    ],
)
def test_a_live_decision_refuses_a_price_from_the_future(row: UnitPrice) -> None:
    prices = book(row)
    with pytest.raises(PriceNotFoundError, match=row.sku_meter):
        prices.stale(AS_OF, live=True)
    assert prices.age_days(row, AS_OF + timedelta(days=1), live=True) <= 1


def test_a_future_token_price_is_neither_stale_nor_an_error_today() -> None:
    prices = book(token_row(), token_row("5", effective_from=date(2027, 1, 1)))
    assert prices.stale(AS_OF, live=True) == ()


def test_an_unknown_instance_type_names_the_nearest() -> None:
    with pytest.raises(PriceNotFoundError, match=r"g6e\.12xlrge.*g6e\.12xlarge"):
        book(facts=(fact("g6e.12xlarge"),)).instance("g6e.12xlrge")


def test_gpu_types_are_those_with_a_whole_gpu() -> None:
    facts = (fact("p5.48xlarge", 8), fact("g6f.large", 0), fact("g6.xlarge"), fact("m5.large", 0))
    assert [one.instance_type for one in book(facts=facts).gpu_instance_types()] == ["g6.xlarge", "p5.48xlarge"]


def test_offered_nowhere_is_an_answer_and_never_asked_is_an_error() -> None:
    nowhere = ZoneOffering(region_id="us-east-1", instance_type="p5e.48xlarge", zone_ids=(), provenance=SEEN)
    prices = book(zones=(nowhere,))
    assert prices.zones("p5e.48xlarge").zone_ids == ()
    with pytest.raises(PriceNotFoundError, match=r"m5\.large"):
        prices.zones("m5.large")


def test_a_quota_that_nobody_asked_for_is_unknown_and_a_quota_of_zero_is_zero() -> None:
    zero = Quota(region_id="us-east-1", quota_code="L-1", quota_name="n", vcpu_limit=Decimal(0), provenance=SEEN)
    prices = PriceBook(replace(book().snapshot, quotas=(zero,)), AGES)
    assert prices.quota("L-1") == zero
    assert prices.quota("L-2") is None

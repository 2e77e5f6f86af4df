"""What moved between two snapshots: everything, once, and the same from either side."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.market import (
    Asked,
    CapacityBlock,
    ClusterVersion,
    Commitment,
    CommitmentKind,
    MarketFacts,
    SpotZonePrice,
    Subject,
    VersionStatus,
)
from costcheck.market_diff import FactChange
from costcheck.price_diff import Moved, PriceMove, SnapshotDiff, diff_snapshots
from costcheck.records import (
    InstanceType,
    Origin,
    PriceSnapshot,
    PricingCategory,
    Provenance,
    Quota,
    UnitPrice,
    ZoneOffering,
)

DAY = date(2026, 11, 1)
SEEN = Provenance(source="t", source_url="https://example.org", retrieved_on=DAY, origin=Origin.CONSTRUCTED)
LATER = replace(SEEN, retrieved_on=DAY + timedelta(days=20))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def price(usd: str = "2", **changes: Any) -> UnitPrice:  # noqa: ANN401 - any field of a price
    row = UnitPrice(
        service_code="AmazonEC2",
        sku_meter="BoxUsage:g6.xlarge",
        region_id="us-east-1",
        list_unit_price=Decimal(usd),
        pricing_unit="Hours",
        sku_id="SKU1",
        effective_from=date(2026, 9, 1),
        provenance=SEEN,
    )
    return replace(row, **changes)


def snapshot(*prices: UnitPrice, **changes: Any) -> PriceSnapshot:  # noqa: ANN401 - any field of a snapshot
    whole = PriceSnapshot(
        as_of=DAY, region_id="us-east-1", unit_prices=prices, instance_types=(), zone_offerings=(), quotas=()
    )
    return replace(whole, **changes)


def moves(then: tuple[UnitPrice, ...], now: tuple[UnitPrice, ...]) -> tuple[PriceMove, ...]:
    return diff_snapshots(snapshot(*then), snapshot(*now)).prices


def test_a_price_that_rose_says_by_how_much_and_by_which_share() -> None:
    (move,) = moves((price("2"),), (price("2.5"),))
    assert (move.moved, move.difference, move.change_share) == (Moved.CHANGED, Decimal("0.5"), Decimal("0.25"))
    assert move.other_changes == ()


@pytest.mark.parametrize(
    ("change", "name"),
    [({"sku_id": "SKU2"}, "sku_id"), ({"effective_from": date(2026, 10, 1)}, "effective_from")],
)
def test_a_new_sku_or_first_day_is_a_change_though_the_price_is_the_same(change: Any, name: str) -> None:  # noqa: ANN401
    (move,) = moves((price(),), (price(**change),))
    assert (move.difference, move.other_changes) == (Decimal(0), (name,))


@pytest.mark.parametrize(
    ("change", "name"),
    [({"pricing_unit": "Months"}, "pricing_unit"), ({"pricing_currency": "EUR"}, "pricing_currency")],
)
def test_prices_in_other_units_or_currencies_have_no_difference(change: Any, name: str) -> None:  # noqa: ANN401
    (move,) = moves((price("2"),), (price("1460", **change),))
    assert (move.difference, move.change_share, move.other_changes) == (None, None, (name,))


def test_a_share_too_large_to_round_is_told_whole() -> None:
    (move,) = moves((price("0.0000000001"),), (price("1E+30"),))
    assert move.change_share == Decimal("1E+40") - 1 or move.change_share == Decimal("1E+40")


def test_where_and_when_a_price_was_read_is_no_change() -> None:
    assert moves((price(),), (price(provenance=LATER),)) == ()


def test_a_price_that_stands_on_one_side_only_came_or_went() -> None:
    spot = price(pricing_category=PricingCategory.DYNAMIC)
    assert [(row.moved, row.pricing_category) for row in moves((price(),), (spot,))] == [
        (Moved.REMOVED, PricingCategory.STANDARD),
        (Moved.ADDED, PricingCategory.DYNAMIC),
    ]


def test_tiers_are_compared_each_with_its_own() -> None:
    upper = price("1", tier_start=Decimal(100))
    (move,) = moves((price(), upper), (price(), replace(upper, list_unit_price=Decimal("0.9"))))
    assert (move.tier_start, move.difference) == (Decimal(100), Decimal("-0.1"))


def test_a_token_price_that_begins_later_came_and_the_one_before_it_stays() -> None:
    old = price(effective_from=None)
    (move,) = moves((old,), (old, price("3", effective_from=date(2027, 1, 1))))
    assert move.moved is Moved.ADDED


def test_the_largest_relative_change_comes_first_whatever_its_direction() -> None:
    then = tuple(price("100", sku_meter=f"m{n}") for n in range(5))
    shares = ("101", "50", "120", "100", "100")
    now = tuple(replace(row, list_unit_price=Decimal(usd)) for row, usd in zip(then, shares, strict=True))
    now = (*now[:3], replace(now[3], sku_id="SKU2"), price(sku_meter="new"))
    found = moves(then, now)
    assert [move.sku_meter for move in found] == ["m1", "m2", "m0", "m3", "m4", "new"]


def facts(then: PriceSnapshot, now: PriceSnapshot) -> list[tuple[str, str, str, str | None, str | None]]:
    return told(diff_snapshots(then, now).facts)


def told(rows: tuple[FactChange, ...]) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(row.subject, row.name, row.field, row.then, row.now) for row in rows]


def test_a_zone_that_no_longer_offers_a_type_is_named() -> None:
    before = ZoneOffering(
        region_id="us-east-1", instance_type="g6.xlarge", zone_ids=("use1-az1", "use1-az4"), provenance=SEEN
    )
    after = replace(before, zone_ids=("use1-az4",), provenance=LATER)
    assert facts(snapshot(zone_offerings=(before,)), snapshot(zone_offerings=(after,))) == [
        ("zones", "g6.xlarge", "use1-az1", "offered", None)
    ]


def test_a_quota_that_was_raised_is_named_with_both_limits() -> None:
    quota = Quota(region_id="us-east-1", quota_code="L-1", quota_name="G", vcpu_limit=Decimal(8), provenance=SEEN)
    assert facts(snapshot(quotas=(quota,)), snapshot(quotas=(replace(quota, vcpu_limit=Decimal(64)),))) == [
        ("quotas", "G (L-1)", "vcpu_limit", "8", "64")
    ]


def test_quotas_that_nobody_asked_for_are_not_gone() -> None:
    quota = Quota(region_id="us-east-1", quota_code="L-1", quota_name="G", vcpu_limit=Decimal(8), provenance=SEEN)
    assert facts(snapshot(quotas=(quota,)), snapshot()) == [("quotas", "", "", "known", "nobody asked")]


def test_a_machine_that_changed_is_named_field_by_field() -> None:
    machine = InstanceType(
        instance_type="g6.xlarge",
        vcpu_count=4,
        memory_gib=Decimal(16),
        gpu_count=1,
        gpu_name="L4",
        gpu_memory_gib=Decimal(22),
        instance_storage_gb=250,
        provenance=SEEN,
    )
    bare = replace(machine, gpu_name=None, vcpu_count=8)
    assert facts(snapshot(instance_types=(machine,)), snapshot(instance_types=(bare,))) == [
        ("instance types", "g6.xlarge", "gpu_name", "L4", None),
        ("instance types", "g6.xlarge", "vcpu_count", "4", "8"),
    ]


def asked(subject: Subject, reason: str = "", about: str = "") -> Asked:
    return Asked(subject=subject, about=about, reason=reason, provenance=SEEN)


def market(then: MarketFacts | None, now: MarketFacts | None) -> list[tuple[str, str, str, str | None, str | None]]:
    return told(diff_snapshots(snapshot(), snapshot(), then, now).facts)


def versions(status: VersionStatus) -> MarketFacts:
    version = ClusterVersion(
        region_id="us-east-1",
        cluster_version="1.34",
        status=status,
        end_of_standard_support=date(2026, 12, 2),
        end_of_extended_support=None,
        is_default=False,
        provenance=SEEN,
    )
    return MarketFacts(asked=(asked(Subject.CLUSTER_VERSIONS),), cluster_versions=(version,))


def test_a_version_that_left_standard_support_is_named() -> None:
    before, after = map(versions, (VersionStatus.STANDARD_SUPPORT, VersionStatus.EXTENDED_SUPPORT))
    assert market(before, after) == [("EKS versions", "1.34", "status", "STANDARD_SUPPORT", "EXTENDED_SUPPORT")]


def test_what_could_no_longer_be_asked_is_one_change_and_not_every_fact_gone() -> None:
    refused = MarketFacts(asked=(asked(Subject.CLUSTER_VERSIONS, "not allowed"),))
    assert market(versions(VersionStatus.STANDARD_SUPPORT), refused) == [
        ("answers", "EKS versions", "", "known", "not allowed")
    ]


def test_a_snapshot_of_before_these_facts_is_compared_as_never_asked() -> None:
    assert market(None, versions(VersionStatus.STANDARD_SUPPORT)) == [
        ("answers", "EKS versions", "", "nobody asked", "known")
    ]


def test_a_spot_pool_that_went_and_a_price_that_moved_are_named_by_zone() -> None:
    row = SpotZonePrice(
        region_id="us-east-1",
        zone_id="use1-az1",
        instance_type="g6.xlarge",
        list_unit_price=Decimal("0.3"),
        observed_at=NOON,
        provenance=SEEN,
    )
    other = replace(row, zone_id="use1-az4")
    question = (asked(Subject.SPOT_PRICES),)
    moved = replace(other, list_unit_price=Decimal("0.4"), observed_at=NOON + timedelta(hours=1))
    assert market(
        MarketFacts(asked=question, spot_zone_prices=(row, other)),
        MarketFacts(asked=question, spot_zone_prices=(moved,)),
    ) == [
        ("spot prices", "g6.xlarge in use1-az1", "list_unit_price", "0.3", None),
        ("spot prices", "g6.xlarge in use1-az4", "list_unit_price", "0.3", "0.4"),
    ]


def test_of_capacity_blocks_the_cheapest_hour_of_a_type_is_compared() -> None:
    block = CapacityBlock(
        region_id="us-east-1",
        zone="use1-az1",
        instance_type="p5.48xlarge",
        instance_count=1,
        starts_at=NOON,
        ends_at=NOON + timedelta(days=1),
        duration_minutes=1440,
        upfront_fee=Decimal(960),
        offering_id="cb-1",
        provenance=SEEN,
    )
    dearer = replace(block, upfront_fee=Decimal(1200), offering_id="cb-2")
    question = (asked(Subject.CAPACITY_BLOCKS),)
    before = MarketFacts(asked=question, capacity_blocks=(block, dearer))
    assert market(before, MarketFacts(asked=question, capacity_blocks=(dearer,))) == [
        ("Capacity Block offerings", "p5.48xlarge", "cheapest_hourly_price", "40.0000 USD", "50.0000 USD")
    ]
    again = replace(block, offering_id="cb-9", starts_at=NOON + timedelta(days=2))
    assert market(before, MarketFacts(asked=question, capacity_blocks=(again,))) == []


def test_a_plan_that_ran_out_is_named_by_its_kind() -> None:
    plan = Commitment(
        kind=CommitmentKind.SAVINGS_PLAN,
        commitment_id="sp-1",
        scope="Compute",
        instance_type=None,
        instance_count=None,
        payment_option=None,
        hourly_amount=Decimal("1.5"),
        upfront_amount=None,
        region_id=None,
        zone_id=None,
        starts_at=None,
        ends_at=None,
        provenance=SEEN,
    )
    question = (asked(Subject.SAVINGS_PLANS_OWNED), asked(Subject.RESERVED_INSTANCES_OWNED))
    found = market(MarketFacts(asked=question, commitments=(plan,)), MarketFacts(asked=question))
    assert found == [
        ("Savings Plans owned", "sp-1", "hourly_amount", "1.5", None),
        ("Savings Plans owned", "sp-1", "pricing_currency", "USD", None),
        ("Savings Plans owned", "sp-1", "scope", "Compute", None),
    ]


PRICES = st.builds(
    price,
    st.sampled_from(["0.5", "1", "1.00", "3"]),
    sku_meter=st.sampled_from(["m1", "m2"]),
    pricing_unit=st.sampled_from(["Hours", "GB"]),
    sku_id=st.sampled_from([None, "SKU1", "SKU2"]),
    tier_start=st.sampled_from([Decimal(0), Decimal(10)]),
    effective_from=st.sampled_from([None, DAY, LATER.retrieved_on]),
)
SNAPSHOTS = st.lists(PRICES, max_size=6).map(tuple)


def essence(row: UnitPrice) -> tuple[Any, ...]:
    return (row.sku_meter, row.tier_start, row.list_unit_price, row.pricing_unit, row.sku_id, row.effective_from)


def side(move: PriceMove, name: str) -> tuple[Any, ...]:
    one = getattr(move, name)
    return (move.sku_meter, move.tier_start, one.list_unit_price, one.pricing_unit, one.sku_id, one.effective_from)


@given(SNAPSHOTS)
def test_nothing_moved_between_a_snapshot_and_itself_in_any_order(prices: tuple[UnitPrice, ...]) -> None:
    assert diff_snapshots(snapshot(*prices), snapshot(*reversed(prices))).is_empty


@given(SNAPSHOTS, SNAPSHOTS)
def test_from_the_other_side_the_same_moved_the_other_way(
    then: tuple[UnitPrice, ...], now: tuple[UnitPrice, ...]
) -> None:
    forth, back = moves(then, now), moves(now, then)
    turned = Counter(replace(move, then=move.now, now=move.then) for move in back)
    assert Counter(forth) == turned
    assert sum(move.difference or 0 for move in forth) == -sum(move.difference or 0 for move in back)


@given(SNAPSHOTS, SNAPSHOTS)
def test_the_moves_lead_from_the_old_prices_to_the_new_ones(
    then: tuple[UnitPrice, ...], now: tuple[UnitPrice, ...]
) -> None:
    rows = Counter(map(essence, then))
    found = moves(then, now)
    rows.subtract(side(move, "then") for move in found if move.then)
    rows.update(side(move, "now") for move in found if move.now)
    assert +rows == Counter(map(essence, now))
    assert min(rows.values(), default=0) >= 0


@given(SNAPSHOTS, SNAPSHOTS)
def test_relative_changes_never_grow_along_the_list(then: tuple[UnitPrice, ...], now: tuple[UnitPrice, ...]) -> None:
    shares = [abs(move.change_share or Decimal(0)) for move in diff(then, now).prices]
    assert shares == sorted(shares, reverse=True)


def diff(then: tuple[UnitPrice, ...], now: tuple[UnitPrice, ...]) -> SnapshotDiff:
    return diff_snapshots(snapshot(*then), snapshot(*now))

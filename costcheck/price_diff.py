"""What moved between two price snapshots: pure, exact, and the same from either side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from costcheck.market import MarketFacts
from costcheck.market_diff import FactChange, changed_facts, changed_market
from costcheck.records import PriceSnapshot, PricingCategory, UnitPrice

SHARE = Decimal("0.0001")
LONGEST_SHARE = 20
"""Digits before the point beyond which a share is not rounded: Decimal's precision ends there."""
Key = tuple[str, str, str, PricingCategory, Decimal]
"""Service, meter, region, category and start of the tier: what makes a price the same price on another day."""


class Moved(StrEnum):
    """What happened to a price."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one snapshot says of a price, without where it was read and when."""

    list_unit_price: Decimal
    pricing_currency: str
    pricing_unit: str
    sku_id: str | None
    effective_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMove:
    """One price that is not the same in both snapshots.

    Attributes:
        then: In the old one, None where it does not stand there.
        now: In the new one.
    """

    service_code: str
    sku_meter: str
    region_id: str
    pricing_category: PricingCategory
    tier_start: Decimal
    then: Side | None
    now: Side | None

    @property
    def moved(self) -> Moved:
        """Return whether it came, went or changed."""
        if self.then is None:
            return Moved.ADDED
        return Moved.REMOVED if self.now is None else Moved.CHANGED

    @property
    def difference(self) -> Decimal | None:
        """Return the new price less the old one; None where they cannot be compared."""
        if self.then is None or self.now is None:
            return None
        then, now = self.then, self.now
        comparable = (then.pricing_unit, then.pricing_currency) == (now.pricing_unit, now.pricing_currency)
        return now.list_unit_price - then.list_unit_price if comparable else None

    @property
    def change_share(self) -> Decimal | None:
        """Return the difference as a share of the old price, to a hundredth of a percent; None without one."""
        if self.then is None or self.difference is None:
            return None
        share = self.difference / self.then.list_unit_price
        return share if share.adjusted() > LONGEST_SHARE else share.quantize(SHARE)

    @property
    def other_changes(self) -> tuple[str, ...]:
        """Return which fields beside the price differ, by their names."""
        if self.then is None or self.now is None:
            return ()
        names = ("pricing_unit", "pricing_currency", "sku_id", "effective_from")
        return tuple(name for name in names if getattr(self.then, name) != getattr(self.now, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDiff:
    """What moved between two snapshots of one region.

    Attributes:
        prices: The largest relative change first; then prices whose number stayed or cannot be compared; then those
            that went, and those that came.
        facts: Instance types, zones, quotas and everything of the market, by subject and name.
    """

    region_id: str
    then: date
    now: date
    prices: tuple[PriceMove, ...]
    facts: tuple[FactChange, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing moved."""
        return not self.prices and not self.facts


def diff_snapshots(
    then: PriceSnapshot,
    now: PriceSnapshot,
    market_then: MarketFacts | None = None,
    market_now: MarketFacts | None = None,
) -> SnapshotDiff:
    """Return what moved; both snapshots are of one region."""
    return SnapshotDiff(
        region_id=now.region_id,
        then=then.as_of,
        now=now.as_of,
        prices=tuple(sorted(_moves(then.unit_prices, now.unit_prices), key=_rank)),
        facts=(*changed_facts(then, now), *changed_market(market_then, market_now)),
    )


def _moves(then: Iterable[UnitPrice], now: Iterable[UnitPrice]) -> Iterator[PriceMove]:
    old, new = _by_key(then), _by_key(now)
    for key in {*old, *new}:
        for before, after in _paired(old.get(key, []), new.get(key, [])):
            service_code, sku_meter, region_id, category, tier_start = key
            yield PriceMove(
                service_code=service_code,
                sku_meter=sku_meter,
                region_id=region_id,
                pricing_category=category,
                tier_start=tier_start,
                then=before,
                now=after,
            )


def _by_key(prices: Iterable[UnitPrice]) -> Mapping[Key, list[Side]]:
    sides: dict[Key, list[Side]] = defaultdict(list)
    for row in prices:
        key = row.service_code, row.sku_meter, row.region_id, row.pricing_category, row.tier_start
        sides[key].append(
            Side(
                list_unit_price=row.list_unit_price,
                pricing_currency=row.pricing_currency,
                pricing_unit=row.pricing_unit,
                sku_id=row.sku_id,
                effective_from=row.effective_from,
            )
        )
    return sides


def _paired(then: Iterable[Side], now: Iterable[Side]) -> Iterator[tuple[Side | None, Side | None]]:
    """Yield what differs under one key: rows of the same first day together, then the latest of the rest.

    A history of token prices has a row for each change; its past stays, and a new row is one that came.
    """
    left, right = sorted(then, key=_order), sorted(now, key=_order)
    for row in list(left):
        if row in right:
            left.remove(row)
            right.remove(row)
    for before in list(left):
        same_day = next((row for row in right if row.effective_from == before.effective_from), None)
        if same_day is not None:
            left.remove(before)
            right.remove(same_day)
            yield before, same_day
    while left or right:
        yield left.pop() if left else None, right.pop() if right else None


def _order(side: Side) -> tuple[date, Decimal, str, str, str]:
    start = side.effective_from or date.min
    return start, side.list_unit_price, side.pricing_unit, side.pricing_currency, side.sku_id or ""


def _rank(move: PriceMove) -> tuple[int, Decimal, str, str, str, Decimal, str]:
    """Return what puts the largest relative change first, and then follows names."""
    share = move.change_share
    groups = {Moved.CHANGED: 0 if share else 1, Moved.REMOVED: 2, Moved.ADDED: 3}
    side = move.now or move.then
    start = str(side.effective_from) if side else ""
    return (
        groups[move.moved],
        -abs(share or Decimal(0)),
        move.service_code,
        move.sku_meter,
        f"{move.region_id} {move.pricing_category}",
        move.tier_start,
        start,
    )

"""Exactly the prices that a plan needs, fetched now: one call a price, two a spot type."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from costcheck.errors import AmbiguousPriceError, PriceNotFoundError, SourcePayloadError
from costcheck.meters import Meter
from costcheck.records import InstanceType, PriceSnapshot, PricingCategory, UnitPrice
from costcheck.sources.prices.aws_instances import fetch_instance_types
from costcheck.sources.prices.aws_price_list import fetch_meter_prices
from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.spot import SPOT_PREFIX, fetch_spot_price


class Needed(Protocol):
    """A price to look up."""

    @property
    def meter(self) -> Meter:
        """Return how it is found."""

    @property
    def region_id(self) -> str:
        """Return where it holds."""

    @property
    def category(self) -> PricingCategory:
        """Return how it is bought."""


def with_live_prices(
    snapshot: PriceSnapshot,
    needed: Iterable[Needed],
    instance_types: Iterable[tuple[str, str]],
    clients: Callable[[str], PriceClients],
    *,
    now: datetime,
) -> PriceSnapshot:
    """Return the snapshot with every needed price as of now in place of what it held; one that AWS lacks is left out.

    Args:
        snapshot: What is known already.
        needed: Prices to look up.
        instance_types: Region and name of the types to describe, where the snapshot does not know them.
        clients: Opens the clients of a region.
        now: UTC.

    Raises:
        SourceError: AWS refused, or did not answer usefully.
    """
    open_once = functools.cache(clients)
    asked = sorted(needed, key=lambda one: (one.region_id, one.meter.service_code, one.meter.sku_meter))
    fresh = [row for one in asked for row in _fetched(one, open_once(_where(one, snapshot)), now)]
    keys = {(one.meter.service_code, one.meter.sku_meter, one.region_id, one.category) for one in asked}
    kept = [row for row in snapshot.unit_prices if _key(row) not in keys]
    known = {fact.instance_type for fact in snapshot.instance_types}
    facts = [
        fact for name in sorted(set(instance_types)) if name[1] not in known for fact in _facts(name, open_once, now)
    ]
    return replace(
        snapshot,
        as_of=now.date(),
        unit_prices=(*kept, *fresh),
        instance_types=(*snapshot.instance_types, *facts),
    )


def _fetched(one: Needed, clients: PriceClients, now: datetime) -> tuple[UnitPrice, ...]:
    """Return the tiers of one price; none where AWS has not exactly one in the unit that is known here.

    The gate then names what lacks it: one price that cannot be had does not take the answer on all others away.
    """
    try:
        if one.category is PricingCategory.DYNAMIC:
            name = one.meter.sku_meter.removeprefix(SPOT_PREFIX)
            return (fetch_spot_price(clients.ec2, one.region_id, name, now=now),)
        return fetch_meter_prices(clients.pricing, one.region_id, one.meter, retrieved_on=now.date())
    except (PriceNotFoundError, AmbiguousPriceError, SourcePayloadError):
        return ()


def _facts(asked: tuple[str, str], clients: Callable[[str], PriceClients], now: datetime) -> tuple[InstanceType, ...]:
    """Return what EC2 says of a type in a region; nothing of one that it does not know, such as `ml.g5.xlarge`."""
    region_id, name = asked
    try:
        return fetch_instance_types(clients(region_id).ec2, [name], retrieved_on=now.date())
    except PriceNotFoundError:
        return ()


def _where(one: Needed, snapshot: PriceSnapshot) -> str:
    return snapshot.region_id if one.meter.region_id else one.region_id


def _key(row: UnitPrice) -> tuple[str, str, str, PricingCategory]:
    return row.service_code, row.sku_meter, row.region_id, row.pricing_category

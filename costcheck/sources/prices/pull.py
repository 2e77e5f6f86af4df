"""Fetch everything that one price snapshot holds: all of it, or an error that says what failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from costcheck.errors import CostcheckError, PriceNotFoundError
from costcheck.meters import METERS, Meter, on_demand_meter
from costcheck.price_book import EC2, PriceBook
from costcheck.quotas import PurchaseOption, quota_rule_for
from costcheck.records import PriceSnapshot, Quota, UnitPrice
from costcheck.rules import load_assumptions
from costcheck.sources.prices.aws_instances import fetch_instance_types, fetch_zone_offerings
from costcheck.sources.prices.aws_price_list import fetch_meter_prices, only_tier
from costcheck.sources.prices.aws_quotas import fetch_quota
from costcheck.sources.prices.token_prices import TokenPrices

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

Progress = Callable[[str, int, int], None]
"""Told before each step: what it is, how many are done, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceClients:
    """The three AWS clients, of boto3; `ec2` and `quotas` belong to the region that is priced."""

    pricing: "PricingClient"
    ec2: "EC2Client"
    quotas: "ServiceQuotasClient"


def default_instance_types(bundled: PriceBook) -> tuple[str, ...]:
    """Return the types that a snapshot prices where nobody names any: those that the bundled one does."""
    priced = {
        row.sku_meter.removeprefix("BoxUsage:")
        for row in bundled.snapshot.unit_prices
        if row.service_code == EC2 and row.sku_meter.startswith("BoxUsage:")
    }
    return tuple(sorted(priced & {fact.instance_type for fact in bundled.snapshot.instance_types}))


def decision_types() -> tuple[str, ...]:
    """Return the types that a decision prices beside its GPU instances: that of the system nodes."""
    return (load_assumptions({}).system_node.instance_type,)


def fetch_snapshot(  # noqa: PLR0913 - what a snapshot is made of, all named
    clients: PriceClients,
    region_id: str,
    instance_types: Sequence[str],
    *,
    only_offered: bool,
    token_prices: TokenPrices,
    today: date,
    progress: Progress,
    needed_types: Sequence[str] = (),
) -> PriceSnapshot:
    """Return the snapshot of one region on one day.

    Args:
        clients: AWS.
        region_id: Region of the instances.
        instance_types: Types to price.
        only_offered: Leave out types that no zone of the region offers, instead of failing on them.
        token_prices: Rows of tokens, fetched before.
        today: UTC day of the fetch.
        progress: Told before each step.
        needed_types: Types that every decision needs, whichever were asked for; priced where a zone offers them.

    Raises:
        CostcheckError: Anything was missing or refused; nothing partial is ever returned.
    """
    progress("zones", 0, 1)
    beside = tuple(name for name in needed_types if name not in instance_types)
    zones = fetch_zone_offerings(clients.ec2, region_id, (*instance_types, *beside), retrieved_on=today)
    offered = tuple(row.instance_type for row in zones if row.zone_ids)
    asked = tuple(name for name in instance_types if not only_offered or name in offered)
    names = (*asked, *(name for name in beside if name in offered))
    if not asked:
        message = f"no zone of {region_id} offers any of the {len(instance_types)} instance types asked for"
        raise PriceNotFoundError(message, expected="at least one", action="choose another region or other types")
    return PriceSnapshot(
        as_of=today,
        region_id=region_id,
        unit_prices=(*_aws_prices(clients, region_id, names, today, progress), *token_prices.unit_prices),
        instance_types=fetch_instance_types(clients.ec2, names, retrieved_on=today),
        zone_offerings=zones,
        quotas=_quotas(clients, region_id, names, today),
    )


def _aws_prices(
    clients: PriceClients, region_id: str, names: Sequence[str], today: date, progress: Progress
) -> list[UnitPrice]:
    """Return every AWS price, asked for one by one."""
    return collect_prices(
        names,
        lambda meter: fetch_meter_prices(clients.pricing, region_id, meter, retrieved_on=today),
        progress,
    )


def collect_prices(
    names: Sequence[str], prices_of: Callable[[Meter], tuple[UnitPrice, ...]], progress: Progress
) -> list[UnitPrice]:
    """Return the on-demand price of each named type and every price of `METERS`.

    Raises:
        PriceNotFoundError: Some could not be had; all of them are listed.
    """
    rows: list[UnitPrice] = []
    missing: list[CostcheckError] = []
    wanted = [(name, on_demand_meter(name)) for name in names]
    wanted += [(f"{meter.service_code} {meter.sku_meter}", meter) for meter in METERS]
    for done, (what, meter) in enumerate(wanted):
        progress(what, done, len(wanted))
        try:
            found = prices_of(meter)
            rows.extend([only_tier(found)] if done < len(names) else found)
        except PriceNotFoundError as exc:
            missing.append(exc)
    progress("prices", len(wanted), len(wanted))
    if missing:
        raise _incomplete(missing, len(wanted))
    return rows


def _quotas(clients: PriceClients, region_id: str, names: Sequence[str], today: date) -> tuple[Quota, ...]:
    rules = dict.fromkeys(quota_rule_for(name, PurchaseOption.ON_DEMAND) for name in names)
    return tuple(fetch_quota(clients.quotas, region_id, rule, retrieved_on=today) for rule in rules)


def _incomplete(missing: Sequence[CostcheckError], steps: int) -> PriceNotFoundError:
    listed = "\n    ".join(error.seen for error in missing)
    return PriceNotFoundError(
        f"{len(missing)} of {steps} prices could not be had, so no snapshot was written:\n    {listed}",
        expected="every price of the snapshot",
        action="name the types you need with --instance-type, or choose another region",
    )

"""What a stack costs while no GPU runs: everything that is paid by the hour or the month whatever it is used for."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infra.cluster import SYSTEM_VOLUME_GIB
from infra.config import StackConfig
from infra.releases import DATA

HOURS_PER_MONTH = Decimal(730)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """US dollars for one unit in one region, and the day on which the price was read."""

    usd: Decimal
    unit: str
    checked: date


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleItem:
    """Something that is always paid.

    Attributes:
        label: For people, as in `2 x m6i.large`.
        sku_meter: Meter of its price.
        quantity: In the price's unit, at any time.
    """

    label: str
    sku_meter: str
    quantity: Decimal


def idle_items(config: StackConfig, zone_count: int) -> list[IdleItem]:
    """Return everything that is always paid; what exists already is somebody else's bill."""
    return [*_network_items(config, zone_count), *_cluster_items(config), _item("KMS key", "KMS-Keys", 1)]


def describe_idle_cost(config: StackConfig, zone_count: int) -> str:
    """Return one sentence with the cost of a month and of an hour; without prices, which of them are missing."""
    items, prices = idle_items(config, zone_count), load_prices(config.region)
    missing = sorted({item.sku_meter for item in items if item.sku_meter not in prices})
    what = ", ".join(item.label for item in items)
    if missing:
        return (
            f"idle cost of profile {config.profile} in {config.region}: not known, no price is bundled for "
            f"{', '.join(missing)}; without GPU nodes you pay for {what}"
        )
    month = sum((_monthly_usd(item, prices[item.sku_meter]) for item in items), Decimal(0))
    oldest = min(prices[item.sku_meter].checked for item in items)
    return (
        f"idle cost of profile {config.profile} in {config.region}: ${month:,.2f} a month, "
        f"${month / HOURS_PER_MONTH:.2f} an hour without GPU nodes ({what}; list prices read from {oldest} on); "
        "traffic, logs and stored weights come on top"
    )


def load_prices(region: str) -> dict[str, UnitPrice]:
    """Return the bundled prices of a region by meter; none for a region that has none."""
    rows = tomllib.loads((DATA / "idle_unit_prices.toml").read_text(encoding="utf-8"))["price"]
    return {
        row["sku_meter"]: UnitPrice(usd=Decimal(row["usd"]), unit=row["unit"], checked=row["checked"])
        for row in rows
        if row["region_id"] == region
    }


def _network_items(config: StackConfig, zone_count: int) -> Iterator[IdleItem]:
    if not config.network.vpc_id:
        gateways = zone_count if config.network.nat == "per_zone" else 1
        yield _item(f"{gateways} x NAT gateway", "NatGateway-Hours", gateways)
        yield _item(f"{gateways} x public IPv4", "PublicIPv4:InUseAddress", gateways)


def _cluster_items(config: StackConfig) -> Iterator[IdleItem]:
    if not config.cluster.existing_name:
        nodes, type_ = config.cluster.system_node_count, config.cluster.system_instance_type
        yield _item("EKS control plane", "AmazonEKS-Hours:perCluster", 1)
        yield _item(f"{nodes} x {type_}", f"BoxUsage:{type_}", nodes)
        yield _item(f"{nodes} x {SYSTEM_VOLUME_GIB} GiB gp3", "EBS:VolumeUsage.gp3", nodes * SYSTEM_VOLUME_GIB)


def _item(label: str, sku_meter: str, quantity: int) -> IdleItem:
    return IdleItem(label=label, sku_meter=sku_meter, quantity=Decimal(quantity))


def _monthly_usd(item: IdleItem, price: UnitPrice) -> Decimal:
    hours = HOURS_PER_MONTH if price.unit == "Hours" else Decimal(1)
    return item.quantity * price.usd * hours

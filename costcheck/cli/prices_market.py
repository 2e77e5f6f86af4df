"""What a snapshot holds beside prices: fetched by `prices pull`, shown by `prices facts`."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from costcheck.cli.explain import SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.market import Asked, Discount, MarketFacts
    from costcheck.sources.prices.market import Market, MarketClients
    from costcheck.sources.prices.pull import PriceClients

CONFIG = Path("costcheck.toml")
NOT_KNOWN = "not known"


def pulled_market(  # noqa: PLR0913 - what the options say
    prices: PriceClients,
    region_id: str,
    instance_types: tuple[str, ...],
    *,
    named: bool,
    advisor: Literal["live", "bundled"],
    discounts: tuple[Discount, ...] | None,
    now: datetime,
    progress: Callable[[str, int, int], None],
) -> Market:
    """Return everything that AWS answers beside list prices; what it does not is a row with its reason.

    Args:
        prices: Clients of list prices.
        region_id: AWS region.
        instance_types: Types that the snapshot prices.
        named: The user named them.
        advisor: Download AWS's file of interruptions, or take the kit's own copy.
        discounts: Contracted ones; None where no configuration tells.
        now: UTC.
        progress: Told before each step.
    """
    from costcheck.sources.prices.market import MarketRequest, fetch_market  # noqa: PLC0415 - boto3 is slow to load
    from costcheck.sources.prices.spot_advisor import fetch_advice  # noqa: PLC0415 - the same

    request = MarketRequest(
        region_id=region_id,
        instance_types=instance_types,
        named=named,
        fetch_advice=(lambda: fetch_advice(retrieved_on=now.date())) if advisor == "live" else None,
        discounts=discounts,
        now=now,
    )
    return fetch_market(market_clients(prices, region_id), request, progress)


def contracted_discounts(config: Path | None, today: date) -> tuple[Discount, ...] | None:
    """Return the discounts of a configuration; of the one that lies here where none is named; else None."""
    path = config or (CONFIG if CONFIG.is_file() else None)
    if path is None:
        return None
    from costcheck.settings import read_settings  # noqa: PLC0415 - keeps `costcheck --help` light
    from costcheck.sources.prices.commitments import entered_discounts  # noqa: PLC0415 - the same

    return entered_discounts(read_settings(path), str(path), today=today)


def market_clients(prices: PriceClients, region_id: str) -> MarketClients:
    """Return boto3's clients for the user's own credentials: those of list prices, EKS, Savings Plans."""
    import boto3  # noqa: PLC0415 - slow to load
    from botocore.config import Config  # noqa: PLC0415 - the same

    from costcheck.sources.prices.aws_calls import translated_errors  # noqa: PLC0415 - the same
    from costcheck.sources.prices.market import MarketClients  # noqa: PLC0415 - the same
    from costcheck.sources.prices.savings_plans import SAVINGS_PLANS_REGION  # noqa: PLC0415 - the same

    config = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=60)
    with translated_errors("opening an AWS session"):
        session: Any = boto3.Session()
        return MarketClients(
            prices=prices,
            eks=session.client("eks", region_name=region_id, config=config),
            savings_plans=session.client("savingsplans", region_name=SAVINGS_PLANS_REGION, config=config),
        )


@click.command("facts")
@SNAPSHOT
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def prices_facts(context: Context, snapshot: Path | None, style: Literal["text", "json"]) -> None:
    """List what a snapshot holds beside prices, how old it is, and what is not known and why."""
    from costcheck.sources.snapshot import read_market_ages, read_whole_snapshot  # noqa: PLC0415 - data

    market = read_whole_snapshot(snapshot).market
    if style == "json":
        from costcheck.verdict import encode  # noqa: PLC0415 - only this format needs it

        click.echo(encode(market).decode(), nl=False)
        return
    if market is None:
        click.echo(
            "Nobody asked for anything beside list prices: spot, versions, offers and what you own are not known."
        )
        return
    for line in (*fact_lines(market, read_market_ages(), context.now.date()), *unknown_lines(market)):
        click.echo(line)


def fact_lines(market: MarketFacts, ages: Mapping[str, int], today: date) -> Iterator[str]:
    """Yield a line for each fact; one that is older than its kind may be says STALE."""
    for name, tell in _TOLD.items():
        for row in getattr(market, name):
            age = (today - row.provenance.retrieved_on).days
            mark = f"  STALE: {age} days old" if name in ages and age > ages[name] else ""
            yield f"{tell(row)}  ({row.provenance.origin}, {row.provenance.retrieved_on}){mark}"


def unknown_lines(market: MarketFacts) -> Iterator[str]:
    """Yield a line for each reason for which something is not known."""
    groups: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for row in market.unknown():
        groups[row.subject, row.reason].append(row)
    for (subject, reason), rows in groups.items():
        about = ", ".join(row.about for row in rows if row.about)
        yield f"{NOT_KNOWN}: {subject}{about and f' of {about}'}: {reason}"


def _spot(row: Any) -> str:  # noqa: ANN401 - one record of the market, as in each function below
    price = f"{row.list_unit_price:f} {row.pricing_currency} / Hours"
    return f"spot price of {row.instance_type} in {row.zone_id}: {price} since {row.observed_at:%Y-%m-%d %H:%M} UTC"


def _block(row: Any) -> str:  # noqa: ANN401
    hours = row.duration_minutes / 60
    return (
        f"Capacity Block of {row.instance_count} x {row.instance_type} in {row.zone} for {hours:g} hours from "
        f"{row.starts_at:%Y-%m-%d %H:%M} UTC: {row.upfront_fee:f} {row.pricing_currency} at once, "
        f"{row.hourly_price:.4f} an hour of one"
    )


def _version(row: Any) -> str:  # noqa: ANN401
    extended = " and costs extended support on top" if row.status == "EXTENDED_SUPPORT" else ""
    end = f"; standard support ends {row.end_of_standard_support}" if row.end_of_standard_support else ""
    return f"EKS {row.cluster_version} is in {row.status}{extended}{end}"


def _band(row: Any) -> str:  # noqa: ANN401
    return (
        f"spot {row.instance_type} was interrupted {row.label} in a month, at {row.savings_percent} % below "
        "the price on demand"
    )


def _score(row: Any) -> str:  # noqa: ANN401
    types = " ".join(row.instance_types)
    return f"spot placement of {row.target_capacity} of {types} in {row.zone_id}: {row.score} of 10"


def _commitment(row: Any) -> str:  # noqa: ANN401
    hourly = f", {row.hourly_amount:f} {row.pricing_currency} an hour" if row.hourly_amount is not None else ""
    count = f", {row.instance_count} x {row.instance_type}" if row.instance_type else ""
    end = f", until {row.ends_at:%Y-%m-%d}" if row.ends_at else ", without an end"
    return f"owned: {row.kind} {row.commitment_id} ({row.scope}){count}{hourly}{end}"


def _discount(row: Any) -> str:  # noqa: ANN401
    return f"contracted: {row.discount_share * 100:f} % off {row.service_provider_name} ({row.contract})"


_TOLD: Mapping[str, Callable[[Any], str]] = {
    "spot_zone_prices": _spot,
    "capacity_blocks": _block,
    "cluster_versions": _version,
    "interruption_bands": _band,
    "placement_scores": _score,
    "commitments": _commitment,
    "discounts": _discount,
}

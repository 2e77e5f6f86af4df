"""`costcheck prices`: fetch a snapshot of prices, and look into one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.cli.explain import SNAPSHOT, matching, no_such_price
from costcheck.cli.prices_diff import prices_diff
from costcheck.cli.prices_market import CONFIG, contracted_discounts, prices_facts, pulled_market, unknown_lines
from costcheck.cli.public_prices import pulled_public

if TYPE_CHECKING:
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.market import Discount
    from costcheck.records import PriceSnapshot, UnitPrice
    from costcheck.sources.prices.market import Market
    from costcheck.sources.prices.pull import PriceClients
    from costcheck.sources.prices.token_prices import TokenPrices
    from costcheck.sources.snapshot import WholeSnapshot

TOKEN_PRICES_ANEW = (
    "  leave out --token-prices installed, where raw.githubusercontent.com can be reached",
    "  or update the package, in this checkout: .venv/bin/uv pip install --python .venv/bin/python -U genai-prices",
    "  (its release day must stand in costcheck/data/genai_prices_releases.toml), and pull again",
)
"""How to come by newer token prices than those of the installed package."""


@click.group()
def prices() -> None:
    """Fetch AWS and token prices into a dated snapshot, look into it, and compare two of them."""


prices.add_command(prices_diff)
prices.add_command(prices_facts)


@prices.command()
@click.option("--region", "region_id", default="us-east-1", show_default=True, help="AWS region of the GPUs.")
@click.option(
    "--instance-type",
    "instance_types",
    multiple=True,
    help="EC2 type to price; repeat it. Without it, every type that the bundled snapshot prices and the "
    "region offers. The type of the system nodes, which every decision needs, is always priced beside them.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option(
    "--token-prices",
    type=click.Choice(["live", "installed"]),
    default="live",
    show_default=True,
    help="Download genai-prices' current data, or take what the installed package holds.",
)
@click.option(
    "--public",
    is_flag=True,
    help="No AWS account needed: download AWS's public price files, several hundred MB.",
)
@click.option(
    "--public-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Read public price files (CSV) that lie in this folder already, and download none.",
)
@click.option("--public-url", help="A copy of AWS's price host to download from, as a company may keep one.")
@click.option("--list-prices-only", is_flag=True, help="Ask AWS for nothing but list prices, machines and quotas.")
@click.option(
    "--spot-advisor",
    type=click.Choice(["live", "bundled"]),
    default="live",
    show_default=True,
    help="Download AWS's counts of spot interruptions, or take the kit's copy of 2025-07-28.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Your contracted discounts; {CONFIG} where there is one.",
)
@click.pass_obj
def pull(  # noqa: PLR0913, PLR0917 - one argument for each option
    context: Context,
    region_id: str,
    instance_types: tuple[str, ...],
    out: Path | None,
    token_prices: Literal["live", "installed"],
    public: bool,  # noqa: FBT001 - click passes it by name
    public_dir: Path | None,
    public_url: str | None,
    list_prices_only: bool,  # noqa: FBT001 - click passes it by name
    spot_advisor: Literal["live", "bundled"],
    config: Path | None,
) -> None:
    """Write today's prices of one region into a snapshot file.

    Uses your AWS credentials, or with --public none at all; only reads, and costs nothing. A list price
    that cannot be fetched stops it: there are no partial snapshots. What is asked beside them (spot,
    Savings Plans, blocks, versions, what you own) and cannot be had is named, with the reason.
    """
    from costcheck.sources.snapshot import write_snapshot  # noqa: PLC0415 - data that only pricing needs

    today = context.now.date()
    discounts = contracted_discounts(config, today)
    if public or public_dir or public_url:
        whole = pulled_public(
            region_id,
            instance_types,
            folder=public_dir,
            base_url=public_url,
            token_prices=_token_prices(token_prices, today),
            discounts=discounts,
            now=context.now,
        )
    else:
        _name_actions(list_prices_only=list_prices_only)
        advisor = None if list_prices_only else spot_advisor
        whole = _pulled(region_id, instance_types, token_prices, advisor, discounts, context.now)
    for line in old_token_prices(whole.prices, today):
        click.echo(line, err=True)
    target = out or Path(f"prices_{region_id}_{today}.json")
    digest = write_snapshot(whole.prices, target, whole.market)
    click.echo(f"{target}: {len(whole.prices.unit_prices)} prices as of {today}, sha256 {digest[:12]}")
    for line in unknown_lines(whole.market) if whole.market else ():
        click.echo(line)


@prices.command()
@SNAPSHOT
@click.option("--filter", "text", default="", help="Only rows whose service, meter, SKU or region has this text.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(snapshot: Path | None, text: str, style: Literal["text", "json"]) -> None:
    """List the prices of a snapshot, each with its SKU, date and origin."""
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - data that only pricing needs

    book = read_price_book(snapshot)
    rows = matching(book, text)
    if not rows:
        raise no_such_price(text)
    if style == "json":
        import msgspec  # noqa: PLC0415 - only this format needs it

        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return
    click.echo(f"{len(rows)} of {len(book.snapshot.unit_prices)} prices as of {book.snapshot.as_of}")
    for row in rows:
        click.echo(_line(row))


def _line(row: UnitPrice) -> str:
    tier = f" from {row.tier_start:,}" if row.tier_start else ""
    start = f" applies from {row.effective_from}" if row.effective_from else ""
    return (
        f"{row.list_unit_price:>14} {row.pricing_currency} / {row.pricing_unit}{tier}  {row.service_code} "
        f"{row.sku_meter} {row.region_id}  {row.sku_id or 'no SKU recorded'}  "
        f"observed {row.provenance.retrieved_on} ({row.provenance.origin}){start}"
    )


def _name_actions(*, list_prices_only: bool) -> None:
    from costcheck.sources.prices.aws_calls import IAM_ACTIONS, LIST_PRICE_ACTIONS  # noqa: PLC0415 - boto3 is slow

    click.echo("This reads, changes nothing, and AWS charges nothing for it. IAM actions it needs:", err=True)
    click.echo(f"  {', '.join(LIST_PRICE_ACTIONS if list_prices_only else IAM_ACTIONS)}", err=True)


def _pulled(  # noqa: PLR0913, PLR0917 - what the options say
    region_id: str,
    instance_types: tuple[str, ...],
    chosen: Literal["live", "installed"],
    advisor: Literal["live", "bundled"] | None,
    discounts: tuple[Discount, ...] | None,
    now: datetime,
) -> WholeSnapshot:
    """Return a whole snapshot of today, fetched behind a progress bar on stderr.

    Where `advisor` is None, list prices are all that is asked for.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps `costcheck --help` light
    from rich.progress import Progress  # noqa: PLC0415 - the same

    from costcheck.sources.prices.pull import (  # noqa: PLC0415 - boto3
        decision_types,
        default_instance_types,
        fetch_snapshot,
    )
    from costcheck.sources.snapshot import WholeSnapshot, read_price_book  # noqa: PLC0415 - data for pricing only

    clients = aws_clients(region_id)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("token prices", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        token_prices = _token_prices(chosen, now.date())
        for reason in token_prices.refused:
            bar.console.print(f"left out: {reason}", markup=False, highlight=False)
        snapshot = fetch_snapshot(
            clients,
            region_id,
            tuple(dict.fromkeys(instance_types)) or default_instance_types(read_price_book()),
            only_offered=not instance_types,
            token_prices=token_prices,
            today=now.date(),
            progress=progress,
            needed_types=decision_types(),
        )
        if advisor is None:
            return WholeSnapshot(prices=snapshot)
        names = tuple(dict.fromkeys(instance_types)) or tuple(fact.instance_type for fact in snapshot.instance_types)
        market = pulled_market(
            clients,
            region_id,
            names,
            named=bool(instance_types),
            advisor=advisor,
            discounts=discounts,
            now=now,
            progress=progress,
        )
    return WholeSnapshot(prices=with_market(snapshot, market), market=market.facts)


def old_token_prices(snapshot: PriceSnapshot, today: date) -> tuple[str, ...]:
    """Return the warning that the installed package's token prices are too old to decide today; none if not."""
    from costcheck.price_book import TOKEN_UNIT  # noqa: PLC0415 - keeps `costcheck --help` light
    from costcheck.sources.snapshot import read_max_ages  # noqa: PLC0415 - the same

    limit = timedelta(days=read_max_ages().token_days)
    read = min(
        (row.provenance for row in snapshot.unit_prices if row.pricing_unit == TOKEN_UNIT),
        default=None,
        key=lambda row: row.retrieved_on,
    )
    if read is None or today - read.retrieved_on <= limit:
        return ()
    age = f"{(today - read.retrieved_on).days} days old, and a decision of today takes at most {limit.days}"
    return (
        f"warning: the token prices are those inside {read.source}, released on {read.retrieved_on}: {age}",
        *TOKEN_PRICES_ANEW,
        f"  or decide about the last day that they carry: costcheck decide --as-of {read.retrieved_on + limit}",
    )


def with_market(snapshot: PriceSnapshot, market: Market) -> PriceSnapshot:
    """Return the snapshot with the prices and quotas that were had beside the list prices."""
    return replace(
        snapshot,
        unit_prices=(*snapshot.unit_prices, *market.unit_prices),
        quotas=(*snapshot.quotas, *market.quotas),
    )


def aws_clients(region_id: str) -> PriceClients:
    """Return boto3's clients for the user's own credentials.

    Raises:
        UsageError: AWS has no such region; the nearest name is given.
        SourceAuthError: The profile does not exist.
    """
    import boto3  # noqa: PLC0415 - slow to load
    from botocore.config import Config  # noqa: PLC0415 - the same

    from costcheck.sources.aws_regions import require_region  # noqa: PLC0415 - the same
    from costcheck.sources.prices.aws_calls import translated_errors  # noqa: PLC0415 - the same
    from costcheck.sources.prices.aws_price_list import pricing_region  # noqa: PLC0415 - the same
    from costcheck.sources.prices.pull import PriceClients  # noqa: PLC0415 - the same

    config = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=60)
    with translated_errors("opening an AWS session"):
        session = boto3.Session()
        require_region(region_id, session.get_available_regions("ec2"))
        return PriceClients(
            pricing=session.client("pricing", region_name=pricing_region(region_id), config=config),
            ec2=session.client("ec2", region_name=region_id, config=config),
            quotas=session.client("service-quotas", region_name=region_id, config=config),
        )


def _token_prices(chosen: Literal["live", "installed"], today: date) -> TokenPrices:
    from costcheck.sources.prices import token_prices as source  # noqa: PLC0415 - data that only pricing needs

    if chosen == "installed":
        return source.normalise_token_prices(source.installed_data(), source.installed_provenance())
    data, provenance = source.fetch_live_data(retrieved_on=today)
    return source.normalise_token_prices(data, provenance)

"""`costcheck prices`: fetch a snapshot of prices, and look into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.cli.explain import SNAPSHOT, matching, no_such_price
from costcheck.cli.public_prices import pulled_public

if TYPE_CHECKING:
    from datetime import date

    from costcheck.cli.context import Context
    from costcheck.records import PriceSnapshot, UnitPrice
    from costcheck.sources.prices.pull import PriceClients
    from costcheck.sources.prices.token_prices import TokenPrices


@click.group()
def prices() -> None:
    """Fetch AWS and token prices into a dated snapshot, and look into it."""


@prices.command()
@click.option("--region", "region_id", default="us-east-1", show_default=True, help="AWS region of the GPUs.")
@click.option(
    "--instance-type",
    "instance_types",
    multiple=True,
    help="EC2 type to price; repeat it. Without it, every type that the bundled snapshot prices and the "
    "region offers.",
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
@click.pass_obj
def pull(  # noqa: PLR0913 - one argument for each option
    context: Context,
    region_id: str,
    instance_types: tuple[str, ...],
    out: Path | None,
    token_prices: Literal["live", "installed"],
    public: bool,  # noqa: FBT001 - click passes it by name
    public_dir: Path | None,
    public_url: str | None,
) -> None:
    """Write today's list prices of one region into a snapshot file.

    Uses your AWS credentials, or with --public none at all; only reads, and costs nothing. A price that
    cannot be fetched stops it: there are no partial snapshots.
    """
    from costcheck.sources.snapshot import write_snapshot  # noqa: PLC0415 - data that only pricing needs

    today = context.now.date()
    if public or public_dir or public_url:
        snapshot = pulled_public(
            region_id,
            instance_types,
            folder=public_dir,
            base_url=public_url,
            token_prices=_token_prices(token_prices, today),
            today=today,
        )
    else:
        _name_actions()
        snapshot = _pulled(region_id, instance_types, token_prices, today)
    target = out or Path(f"prices_{region_id}_{today}.json")
    digest = write_snapshot(snapshot, target)
    click.echo(f"{target}: {len(snapshot.unit_prices)} prices as of {today}, sha256 {digest[:12]}")


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


def _name_actions() -> None:
    from costcheck.sources.prices.aws_calls import IAM_ACTIONS  # noqa: PLC0415 - boto3 is slow to load

    click.echo("This reads, changes nothing, and AWS charges nothing for it. IAM actions it needs:", err=True)
    click.echo(f"  {', '.join(IAM_ACTIONS)}", err=True)


def _pulled(
    region_id: str, instance_types: tuple[str, ...], chosen: Literal["live", "installed"], today: date
) -> PriceSnapshot:
    """Return a whole snapshot of today, fetched behind a progress bar on stderr."""
    from rich.console import Console  # noqa: PLC0415 - keeps `costcheck --help` light
    from rich.progress import Progress  # noqa: PLC0415 - the same

    from costcheck.sources.prices.pull import default_instance_types, fetch_snapshot  # noqa: PLC0415 - boto3
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - data that only pricing needs

    clients = aws_clients(region_id)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("token prices", total=None)
        token_prices = _token_prices(chosen, today)
        for reason in token_prices.refused:
            bar.console.print(f"left out: {reason}", markup=False, highlight=False)
        return fetch_snapshot(
            clients,
            region_id,
            tuple(dict.fromkeys(instance_types)) or default_instance_types(read_price_book()),
            only_offered=not instance_types,
            token_prices=token_prices,
            today=today,
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
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

"""`costcheck prices pull --public`: a snapshot without an AWS account, and what it cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from costcheck.market import Discount
    from costcheck.sources.prices.token_prices import TokenPrices
    from costcheck.sources.snapshot import WholeSnapshot


def pulled_public(  # noqa: PLR0913 - what the options say
    region_id: str,
    instance_types: tuple[str, ...],
    *,
    folder: Path | None,
    base_url: str | None,
    token_prices: TokenPrices,
    discounts: tuple[Discount, ...] | None,
    now: datetime,
) -> WholeSnapshot:
    """Return a whole snapshot of today from AWS's public price files, fetched behind a progress bar on stderr.

    Args:
        region_id: AWS region.
        instance_types: Types to price; those that the bundled snapshot prices where nobody names any.
        folder: Where the files lie already; None to download them.
        base_url: Host to download from; AWS's own where None. Only from there is the Spot Advisor asked, too.
        token_prices: Fetched before.
        discounts: Contracted ones; None where no configuration tells.
        now: UTC.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps `costcheck --help` light
    from rich.progress import Progress  # noqa: PLC0415 - the same

    from costcheck.sources.prices.public_download import AWS_HOST, PublicHost  # noqa: PLC0415 - the same
    from costcheck.sources.prices.public_files import PublicRequest, fetch_public_snapshot  # noqa: PLC0415 - the same
    from costcheck.sources.prices.public_offers import downloads, files_in  # noqa: PLC0415 - the same
    from costcheck.sources.prices.pull import decision_types, default_instance_types  # noqa: PLC0415 - the same
    from costcheck.sources.prices.spot_advisor import fetch_advice  # noqa: PLC0415 - the same
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - data that only pricing needs

    bundled = read_price_book()
    request = PublicRequest(
        region_id=region_id,
        instance_types=tuple(dict.fromkeys(instance_types)) or default_instance_types(bundled),
        only_priced=not instance_types,
        bundled=bundled.snapshot,
        token_prices=token_prices,
        fetch_advice=None if folder or base_url else lambda: fetch_advice(retrieved_on=now.date()),
        discounts=discounts,
        now=now,
        needed_types=decision_types(),
    )
    with PublicHost(base_url or AWS_HOST) as host, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("price files", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        def tell(text: str) -> None:
            bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

        for reason in token_prices.refused:
            tell(f"left out: {reason}")
        opened = files_in(folder) if folder else downloads(host, today=now.date(), progress=progress)
        snapshot = fetch_public_snapshot(opened, request, progress, tell)
    click.echo(f"Machines and zones are those of the bundled snapshot of {bundled.snapshot.as_of}.", err=True)
    click.echo("Your quotas are not known: they take an AWS account.", err=True)
    return snapshot

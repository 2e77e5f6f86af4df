"""`costcheck bill reconcile`: usage x list price against what was charged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.cli.bill_options import LEDGER
from costcheck.errors import EvidenceError

if TYPE_CHECKING:
    from decimal import Decimal

    from costcheck.model.reconciliation import BillReconciliation

CONFIG = Path("costcheck.toml")


@click.command()
@click.option("--prices", type=click.Path(path_type=Path), help="Price snapshot; the bundled one if left out.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Your contracted discounts and thresholds; {CONFIG} where there is one.",
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@LEDGER
def reconcile(prices: Path | None, config: Path | None, style: Literal["text", "json"], ledger: Path) -> None:
    """Compare usage x list price with what was charged, for each model and month, and name what explains the rest.

    Exits with 4 when more stays unknown than a decision allows (`max_unreconciled_share`).
    """
    from costcheck.cli.bill_reconciled import as_json, lines, reconciled  # noqa: PLC0415 - `--help` stays fast
    from costcheck.rules import load_thresholds  # noqa: PLC0415 - the same
    from costcheck.settings import read_settings  # noqa: PLC0415 - the same

    chosen = config or (CONFIG if CONFIG.exists() else None)
    settings = read_settings(chosen) if chosen else None
    limit = load_thresholds(settings.thresholds if settings else {}).max_unreconciled_share.value
    found = reconciled(ledger, prices, settings)
    if style == "json":
        click.echo(as_json(found, limit))
    else:
        for line in lines(found, limit):
            click.echo(line)
    _require_explained(found, limit)


def _require_explained(found: BillReconciliation, limit: Decimal) -> None:
    for provider, share in found.unknown_shares().items():
        if share > limit:
            message = f"{share:.1%} of the bill of {provider} is explained by nothing that is known here"
            raise EvidenceError(
                message,
                expected=f"at most {limit:.0%} unknown",
                action="see the lines above: a contracted_discount that costcheck.toml lacks, a price, or usage",
            )

"""Options that several commands of `costcheck bill` share."""

from pathlib import Path

import click

MONTH = click.DateTime(["%Y-%m", "%Y-%m-%d"])
LEDGER = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("costcheck.duckdb"),
    show_default=True,
    help="The ledger's file.",
)
WITHOUT_USAGE = click.option(
    "--without-usage",
    is_flag=True,
    help="Keep the charges only: another source (a log, a gateway, metrics) counts the same tokens.",
)
WITHOUT_CHARGES = click.option(
    "--without-charges",
    is_flag=True,
    help="Keep the usage only: another source (the provider's bill, an invoice) charges for it.",
)

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

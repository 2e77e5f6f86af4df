"""`costcheck bill export`: the charges, for every other tool that reads FOCUS."""

from pathlib import Path

import click

from costcheck.cli.bill_options import LEDGER


@click.command()
@click.option(
    "--focus",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write FOCUS 1.4 to this file, whose name ends in .csv or .parquet; the same ledger gives the same bytes.",
)
@LEDGER
def export(file: Path, ledger: Path) -> None:
    """Write all charges to a file; one that is there is replaced when the new one is whole."""
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - `--help` stays fast

    with open_ledger(ledger, read_only=True) as opened:
        count = opened.export_focus(file)
    click.echo(f"{file}: {count} charges, FOCUS 1.4")

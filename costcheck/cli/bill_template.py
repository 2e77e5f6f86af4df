"""`costcheck bill template`: a CSV of invoices to fill in, wherever the kit is installed."""

import click


@click.command()
def template() -> None:
    """Print a CSV of invoices to fill in: a line a month and model, in USD (then `bill import`)."""
    from costcheck.facts import data_file  # noqa: PLC0415 - msgspec is slow to load

    click.echo(data_file("invoice_template.csv").read_text(encoding="utf-8"), nl=False)

"""`costcheck bill import`: files of bills, whatever their format."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costcheck.cli.bill_options import LEDGER
from costcheck.errors import CostcheckError
from costcheck.sources.bills.registry import FILES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from costcheck.cli.context import Context
    from costcheck.ingest import Stored

# Imports of duckdb, msgspec and rich wait inside the commands, so that `--help` stays fast.
REASONS_SHOWN = 5


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["auto", *(source.name for source in FILES)]),
    default="auto",
    show_default=True,
    help="; ".join(f"{source.name}: {source.holds}" for source in FILES) + ".",
)
@click.option(
    "--without-usage",
    is_flag=True,
    help="Keep the charges only: another source (a log, a gateway, metrics) counts the same tokens.",
)
@LEDGER
@click.pass_obj
def import_files(context: Context, files: tuple[Path, ...], kind: str, ledger: Path, *, without_usage: bool) -> None:
    """Import FILES of bills; what each is shows in its content."""
    for position, file in enumerate(files):
        try:
            import_bill_file(file, ledger, context.now.date(), kind, without_usage=without_usage)
        except CostcheckError as exc:
            raise _placed(exc, files, position) from exc


def _placed(exc: CostcheckError, files: Sequence[Path], position: int) -> CostcheckError:
    """Return the same error with the file's name, and with what became of the other files."""
    file = files[position]
    seen = exc.seen if file.name in exc.seen else f"{file}: {exc.seen}"
    told = [
        *_named(files[:position], "already in the ledger: "),
        *_named(files[position + 1 :], "not read: "),
    ]
    return type(exc)(seen, expected=exc.expected, action="; ".join([exc.action, *told]))


def _named(files: Sequence[Path], what: str) -> list[str]:
    return [what + ", ".join(map(str, files))] if files else []


def import_bill_file(
    file: Path, ledger: Path, retrieved_on: date, kind: str = "auto", *, without_usage: bool = False
) -> None:
    """Read a file of bills into the ledger and say what it held."""
    from costcheck.ingest import file_source, import_file  # noqa: PLC0415 - see the top
    from costcheck.records import Origin, Provenance  # noqa: PLC0415 - see the top

    with busy(f"reading {file.name}"):
        source = file_source(file, kind)
        provenance = Provenance(
            source=source.name, source_url=file.name, retrieved_on=retrieved_on, origin=Origin.ENTERED
        )
        stored = import_file(ledger, file, source, provenance, without_usage=without_usage)
    tell(ledger, stored)


def busy(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is under way whose length is not known."""
    from rich.console import Console  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    return console.status(what) if console.is_terminal else nullcontext()


def tell(path: Path, stored: Stored) -> None:
    """Say what went into the ledger, and why rows did not."""
    batch = stored.batch
    click.echo(
        f"{path}: {len(batch.usage)} rows of usage and {len(batch.charges)} charges from {batch.x_source}"
        f" ({', '.join(batch.buckets)}); {stored.set_aside} rows set aside, {len(batch.quarantined)} quarantined"
    )
    for row in batch.quarantined[:REASONS_SHOWN]:
        click.echo(f"  quarantined: {row.reason}", err=True)
    if len(batch.quarantined) > REASONS_SHOWN:
        click.echo(f"  and {len(batch.quarantined) - REASONS_SHOWN} more: see `costcheck bill show`", err=True)

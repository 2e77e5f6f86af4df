"""`costcheck bill import`: files of bills, whatever their format."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costcheck.cli.bill_options import LEDGER, WITHOUT_CHARGES, WITHOUT_USAGE
from costcheck.errors import CostcheckError
from costcheck.sources.bills.registry import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from costcheck.cli.context import Context
    from costcheck.ingest import Stored
    from costcheck.ingest.deliveries import Delivery, Given
    from costcheck.ingest.in_part import Part
    from costcheck.ledger import Ledger
    from costcheck.records import QuarantinedRow

# Imports of duckdb, msgspec and rich wait inside the commands, so that `--help` stays fast.
REASONS_SHOWN = 10
"""All that a short list can have: ten bad rows of it fail the read."""

LINES_SHOWN = 10
NAMED = "file:"
"""Begins a bucket that is named after its file, whatever is in it."""


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["auto", *(source.name for source in FILES)]),
    default="auto",
    show_default=True,
    help="; ".join(f"{source.name}: {source.holds}" for source in FILES) + ".",
)
@WITHOUT_USAGE
@WITHOUT_CHARGES
@LEDGER
@click.pass_obj
def import_files(  # noqa: PLR0913 - click gives each option as one
    context: Context,
    files: tuple[Path, ...],
    kind: str,
    ledger: Path,
    *,
    without_usage: bool,
    without_charges: bool,
) -> None:
    """Import FILES of bills, and all that a folder holds; what each is shows in its content.

    The parts of an export (FOCUS, CUR, a dump of Google's or of LiteLLM's) count as one when they come together.
    """
    from costcheck.ingest import part_of  # noqa: PLC0415 - see the top
    from costcheck.ingest.deliveries import find_deliveries  # noqa: PLC0415 - see the top

    part = part_of(without_usage=without_usage, without_charges=without_charges)
    with _counted("looking what the files are", None) as advance:
        given = find_deliveries(files, kind, advance)
    tell_given(given)
    _import_all(given.deliveries, ledger, context.now.date(), part)


def _import_all(deliveries: Sequence[Delivery], ledger: Path, retrieved_on: date, part: Part) -> None:
    from costcheck.ingest import opened_late  # noqa: PLC0415 - see the top

    taken: set[str] = set()
    quiet = _are_many(deliveries)
    read: dict[str, list[Stored]] = {name: [] for name in quiet}
    with _counted("reading files", len(deliveries)) as advance, opened_late(ledger) as opened:
        for position, delivery in enumerate(deliveries):
            try:
                stored = _import(delivery, opened, retrieved_on, taken, part)
            except CostcheckError as exc:
                raise _placed(exc, deliveries, position) from exc
            taken |= {bucket for bucket in stored.batch.buckets if bucket.startswith(NAMED)}
            if delivery.source.name in quiet:
                read[delivery.source.name].append(stored)
            else:
                tell(ledger, stored, delivery)
            advance()
        doubled = list(_doubled(opened(), taken)) if taken else []
    for name, some in read.items():
        tell_many(ledger, name, some)
    for warning in doubled:
        click.echo(warning, err=True)


def _doubled(ledger: Ledger, buckets: AbstractSet[str]) -> Iterator[str]:
    """Yield the warnings of two files that people typed and that charge for the same month, one of them just read."""
    from costcheck.cli.bill_text import overlap_lines  # noqa: PLC0415 - see the top

    for overlap, warning in overlap_lines(ledger):
        if overlap.is_of_two_lists and {overlap.first[1], overlap.second[1]} & buckets:
            yield warning


def _are_many(deliveries: Sequence[Delivery]) -> set[str]:
    """Return the formats of which there are more files than anybody wants to read a line of."""
    counts = Counter(delivery.source.name for delivery in deliveries)
    return {name for name, count in counts.items() if count > LINES_SHOWN}


def _placed(exc: CostcheckError, deliveries: Sequence[Delivery], position: int) -> CostcheckError:
    """Return the same error with the file's name, and with what became of the other files."""
    delivery = deliveries[position]
    is_named = any(path.name in exc.seen for path in delivery.paths) or delivery.name in exc.seen
    told = [
        *_named(deliveries[:position], "already in the ledger: "),
        *_named(deliveries[position + 1 :], "not read: "),
    ]
    return type(exc)(
        exc.seen if is_named else f"{delivery.name}: {exc.seen}",
        expected=exc.expected,
        action="; ".join([exc.action, *told]),
    )


def _named(deliveries: Sequence[Delivery], what: str) -> list[str]:
    return [what + some([delivery.name for delivery in deliveries])] if deliveries else []


def some(names: Sequence[str]) -> str:
    """Return names for a message, of many the first ones."""
    more = len(names) - LINES_SHOWN
    return ", ".join(names[:LINES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def import_bill_file(file: Path, ledger: Path, retrieved_on: date) -> None:
    """Read a file of bills into the ledger and say what it held."""
    from costcheck.ingest.deliveries import find_deliveries  # noqa: PLC0415 - see the top
    from costcheck.ingest.in_part import whole  # noqa: PLC0415 - see the top

    _import_all(find_deliveries((file,)).deliveries, ledger, retrieved_on, whole)


def _import(
    delivery: Delivery,
    opened: Callable[[], Ledger],
    retrieved_on: date,
    taken: AbstractSet[str],
    part: Part,
) -> Stored:
    from costcheck.ingest import import_files as read_in  # noqa: PLC0415 - see the top
    from costcheck.records import Origin, Provenance  # noqa: PLC0415 - see the top

    source = delivery.source
    where = Provenance(source=source.name, source_url=delivery.name, retrieved_on=retrieved_on, origin=Origin.ENTERED)
    with busy(f"reading {delivery.name}"):
        return read_in(opened, delivery.paths, source, where, part=part, taken=taken)


def _notes(delivery: Delivery) -> Sequence[str]:
    """Return what a source has to say of a file that people type: columns that it did not read, sums."""
    notes: Callable[[Path], Sequence[str]] | None = getattr(delivery.source.load(), "notes", None)
    return [note for path in delivery.paths for note in notes(path)] if notes else ()


def busy(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is under way whose length is not known."""
    from rich.console import Console  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    return console.status(what) if console.is_terminal else nullcontext()


@contextmanager
def _counted(what: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Yield what moves a bar, which is shown on a terminal where there are many files."""
    from rich.console import Console  # noqa: PLC0415 - see the top
    from rich.progress import Progress  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    is_shown = console.is_terminal and (total is None or total > LINES_SHOWN)
    with Progress(console=console, transient=True, disable=not is_shown) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def tell_given(given: Given) -> None:
    """Say what is not read."""
    if given.left_out:
        click.echo(f"left out, for they are no bills: {some(given.left_out)}", err=True)
    if given.older:
        click.echo(f"left out, for AWS's manifests name a newer delivery: {some(given.older)}", err=True)
    for copy in given.copies[:LINES_SHOWN]:
        click.echo(f"{copy} is a copy of a file that is read, and is read once", err=True)


def tell(path: Path, stored: Stored, delivery: Delivery | None = None) -> None:
    """Say what went into the ledger, and why rows did not."""
    batch = stored.batch
    count = len(delivery.files) if delivery else 1
    of = f" ({', '.join(batch.buckets)})" + (f" in {count} files" if count > 1 else "")
    click.echo(
        f"{path}: {len(batch.usage)} rows of usage and {len(batch.charges)} charges from {batch.x_source}{of};"
        f" {stored.set_aside} rows set aside, {len(batch.quarantined)} quarantined"
    )
    _tell_reasons(batch.quarantined)
    for note in (*batch.notes, *(_notes(delivery) if delivery else ())):
        click.echo(f"  {note}", err=True)


def tell_many(path: Path, source: str, read: Sequence[Stored]) -> None:
    """Say what went into the ledger from many files of one format."""
    batches = [stored.batch for stored in read]
    quarantined = [row for batch in batches for row in batch.quarantined]
    click.echo(
        f"{path}: {sum(len(batch.usage) for batch in batches)} rows of usage and"
        f" {sum(len(batch.charges) for batch in batches)} charges from {len(read)} files of {source};"
        f" {sum(stored.set_aside for stored in read)} rows set aside, {len(quarantined)} quarantined"
    )
    _tell_reasons(quarantined)


def _tell_reasons(quarantined: Sequence[QuarantinedRow]) -> None:
    rows: dict[str, list[QuarantinedRow]] = {}
    for row in quarantined:
        rows.setdefault(row.reason, []).append(row)
    for reason, some_rows in list(rows.items())[:REASONS_SHOWN]:
        count = f"{len(some_rows)} rows: " if len(some_rows) > 1 else ""
        click.echo(f"  quarantined: {count}{reason}{_request_of(some_rows[0])}", err=True)
    if len(rows) > REASONS_SHOWN:
        left = sum(len(some_rows) for some_rows in list(rows.values())[REASONS_SHOWN:])
        click.echo(f"  and {left} more: see `costcheck bill show`", err=True)


def _request_of(row: QuarantinedRow) -> str:
    """Return which request it was, where a log of requests tells it."""
    import msgspec  # noqa: PLC0415 - see the top

    try:
        found = msgspec.json.decode(row.raw, type=dict[str, msgspec.Raw]).get("request_id", b"null")
        request_id = msgspec.json.decode(found, type=str | None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return f" (request_id {request_id[:80]})" if request_id else ""

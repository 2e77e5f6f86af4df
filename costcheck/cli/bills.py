"""`costcheck bill`: what the company pays, into the ledger."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costcheck.errors import InputFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.ledger import Ledger
    from costcheck.records import BillBatch, Provenance
    from costcheck.sources.bills.windows import Window

# Imports of duckdb, httpx2, msgspec and rich wait inside the commands, so that `--help` stays fast.
MONTHS_BY_DEFAULT = 6
SECONDS_BEFORE_PROGRESS = 1.0
MONTH = click.DateTime(["%Y-%m", "%Y-%m-%d"])
LEDGER = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("costcheck.duckdb"),
    show_default=True,
    help="The ledger's file.",
)


def _pulling(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every pull; it receives the months as `windows`."""

    @click.pass_obj
    @functools.wraps(command)
    def run(context: Context, /, first: datetime | None, last: datetime | None, **options: object) -> None:
        command(context, windows=_windows(context, first, last), **options)

    for option in (
        LEDGER,
        click.option("--to", "last", type=MONTH, help="Last month, the current one by default."),
        click.option("--from", "first", type=MONTH, help="First month, six complete ones back by default."),
    ):
        run = option(run)
    return run


@click.group()
def bill() -> None:
    """Read what you pay for LLM APIs, and keep it in a ledger (one file, on this machine)."""


@bill.group()
def pull() -> None:
    """Read a bill from its API, whole months at a time; reading again replaces them."""


@pull.command("openai")
@_pulling
@click.option("--base-url", help="Instead of https://api.openai.com/v1.")
@click.option("--bucket-width", type=click.Choice(["1h", "1m"]), default="1h", show_default=True)
def pull_openai(
    context: Context, *, windows: tuple[Window, ...], ledger: Path, base_url: str | None, bucket_width: str
) -> None:
    """Read OpenAI's usage and costs with the admin key in OPENAI_ADMIN_KEY."""
    from costcheck.sources.bills import openai  # noqa: PLC0415 - see the top

    key = _from_environment(context, "OPENAI_ADMIN_KEY", openai.KEY_HELP)
    base_url = base_url or openai.BASE_URL
    with (
        openai.open_client(key, base_url=base_url) as client,
        _announced("openai", windows, openai.count_requests(windows, bucket_width)) as advance,
    ):
        pages = openai.fetch_bill(client, windows, bucket_width=bucket_width, on_page=advance)
    provenance = _provenance(context, "openai", f"{base_url}/organization/costs")
    _store(ledger, openai.normalise_bill(pages, _buckets(windows), provenance))


@pull.command("anthropic")
@_pulling
@click.option("--base-url", help="Instead of https://api.anthropic.com.")
@click.option("--bucket-width", type=click.Choice(["1h", "1m"]), default="1h", show_default=True)
def pull_anthropic(
    context: Context, *, windows: tuple[Window, ...], ledger: Path, base_url: str | None, bucket_width: str
) -> None:
    """Read Anthropic's usage and cost with the Admin API key in ANTHROPIC_ADMIN_KEY."""
    from costcheck.sources.bills import anthropic  # noqa: PLC0415 - see the top

    key = _from_environment(context, "ANTHROPIC_ADMIN_KEY", anthropic.KEY_HELP)
    anthropic.refuse_unreachable(windows, now=context.now)
    base_url = base_url or anthropic.BASE_URL
    with (
        anthropic.open_client(key, base_url=base_url) as client,
        _announced("anthropic", windows, anthropic.count_requests(windows, bucket_width)) as advance,
    ):
        pages = anthropic.fetch_bill(client, windows, bucket_width=bucket_width, on_page=advance)
    provenance = _provenance(context, "anthropic", f"{base_url}/v1/organizations/analytics/cost")
    _store(ledger, anthropic.normalise_bill(pages, _buckets(windows), provenance))


@pull.command("litellm")
@_pulling
@click.option("--base-url", help="The proxy, LITELLM_BASE_URL by default.")
def pull_litellm(context: Context, *, windows: tuple[Window, ...], ledger: Path, base_url: str | None) -> None:
    """Read a LiteLLM proxy's spend log, by the minute, with the key in LITELLM_MASTER_KEY; texts are never kept."""
    from costcheck.sources.bills import litellm  # noqa: PLC0415 - see the top

    key = _from_environment(context, "LITELLM_MASTER_KEY", litellm.KEY_HELP)
    base_url = base_url or _from_environment(context, "LITELLM_BASE_URL", "the proxy's address, or --base-url")
    provenance = _provenance(context, "litellm", f"{base_url}{litellm.PATH}")
    with (
        litellm.open_client(key, base_url=base_url) as client,
        _announced("litellm", windows, litellm.count_requests(windows)) as advance,
    ):
        rows = litellm.fetch_logs(client, windows, on_page=advance)
        batch = litellm.normalise_logs(rows, _buckets(windows), provenance)
    _store(ledger, batch)


@bill.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format", "kind", type=click.Choice(["auto", "litellm", "openai", "invoice"]), default="auto", show_default=True
)
@LEDGER
@click.pass_obj
def import_file(context: Context, file: Path, kind: str, ledger: Path) -> None:
    """Import FILE: a LiteLLM_SpendLogs export (CSV, Parquet), saved OpenAI pages (JSON), or a CSV of invoices."""
    import_bill_file(file, ledger, context.now.date(), kind)


def import_bill_file(file: Path, ledger: Path, retrieved_on: date, kind: str = "auto") -> None:
    """Read a file of bills into the ledger and say what it held."""
    from costcheck.records import Origin, Provenance  # noqa: PLC0415 - see the top
    from costcheck.sources.bills import invoice_csv, litellm_dump, openai_pages  # noqa: PLC0415 - see the top

    kind = _recognise(file) if kind == "auto" else kind
    readers = {
        "litellm": litellm_dump.import_dump,
        "invoice": invoice_csv.import_invoices,
        "openai": openai_pages.import_pages,
    }
    provenance = Provenance(source=kind, source_url=file.name, retrieved_on=retrieved_on, origin=Origin.ENTERED)
    with _busy(f"reading {file.name}"):
        batch = readers[kind](file, provenance=provenance)
    _store(ledger, batch)


@bill.command()
@click.argument("source")
@click.argument("bucket")
@LEDGER
def forget(source: str, bucket: str, ledger: Path) -> None:
    """Take BUCKET of SOURCE (as `show` names them) out of the ledger."""
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - see the top

    with open_ledger(ledger) as opened:
        opened.forget(source, bucket)
    click.echo(f"forgot {source} {bucket}")


@bill.command()
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@LEDGER
def show(style: str, ledger: Path) -> None:
    """Show the ledger by month, provider and model, and what it does not hold."""
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - see the top

    with open_ledger(ledger, read_only=True) as opened:
        if style == "json":
            click.echo(_as_json(opened))
        else:
            from costcheck.cli.bill_text import print_ledger  # noqa: PLC0415 - see the top

            print_ledger(opened)


def _from_environment(context: Context, name: str, wanted: str) -> str:
    value = context.environ.get(name, "")
    if not value:
        message = f"{name} is not set"
        raise UsageError(message, expected=wanted, action=f"export {name}=..., then run it again")
    return value


def _windows(context: Context, first: datetime | None, last: datetime | None) -> tuple[Window, ...]:
    from costcheck.sources.bills.windows import month_start, month_windows  # noqa: PLC0415 - see the top

    until = (last or context.now).date()
    since = (first or month_start(context.now.date(), shift=-MONTHS_BY_DEFAULT)).date()
    windows = month_windows(since, until, now=context.now)
    if not windows:
        message = f"--from {since:%Y-%m} --to {until:%Y-%m} holds no hour that is over"
        raise UsageError(
            message, expected="a first month that is not after the last, nor in the future", action="turn them round"
        )
    return windows


def _buckets(windows: tuple[Window, ...]) -> tuple[str, ...]:
    return tuple(window.bucket for window in windows)


def _provenance(context: Context, source: str, url: str) -> Provenance:
    from costcheck import records  # noqa: PLC0415 - see the top

    return records.Provenance(
        source=source, source_url=url, retrieved_on=context.now.date(), origin=records.Origin.LIVE
    )


@contextmanager
def _announced(source: str, windows: tuple[Window, ...], requests: int) -> Iterator[Callable[[], None]]:
    """Say what will be read, and yield what moves the progress bar (shown after a second, on a terminal)."""
    from time import monotonic  # noqa: PLC0415 - see the top

    from rich.console import Console  # noqa: PLC0415 - see the top
    from rich.progress import Progress  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    click.echo(
        f"{source} {windows[0].bucket} to {windows[-1].bucket}: {requests} or more read-only requests, no charge",
        err=True,
    )
    progress = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task(f"reading {source}", total=requests)
    begun = monotonic()

    def advance() -> None:
        progress.advance(task)
        if monotonic() - begun > SECONDS_BEFORE_PROGRESS:
            progress.start()

    try:
        yield advance
    finally:
        progress.stop()


def _busy(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is under way whose length is not known."""
    from rich.console import Console  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    return console.status(what) if console.is_terminal else nullcontext()


def _recognise(file: Path) -> str:
    from costcheck.sources.bills import invoice_csv, litellm_dump, openai_pages  # noqa: PLC0415 - see the top

    if openai_pages.is_pages(file):
        return "openai"
    if litellm_dump.is_spend_log(file):
        return "litellm"
    if file.suffix.lower() == ".csv" and invoice_csv.is_invoice(file):
        return "invoice"
    message = f"{file.name} is neither an export of LiteLLM_SpendLogs nor a list of invoices"
    raise InputFileError(
        message,
        expected="the columns " + ", ".join(litellm_dump.REQUIRED_COLUMNS) + "; or "
        "month, " + ", ".join(invoice_csv.REQUIRED_COLUMNS),
        action="name what it is with --format, and see which column is missing",
    )


def _store(path: Path, batch: BillBatch) -> None:
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - see the top

    with _busy(f"writing {path}"), open_ledger(path) as ledger:
        ledger.replace(batch)
    aside = sum(row.row_count for row in batch.set_aside)
    click.echo(
        f"{path}: {len(batch.usage)} rows of usage and {len(batch.charges)} charges from {batch.x_source}"
        f" ({', '.join(batch.buckets)}); {aside} rows set aside, {len(batch.quarantined)} quarantined"
    )
    for row in batch.quarantined[:3]:
        click.echo(f"  quarantined: {row.reason}", err=True)


def _as_json(ledger: Ledger) -> str:
    import msgspec  # noqa: PLC0415 - see the top

    from costcheck.ledger.summary import month_lines  # noqa: PLC0415 - see the top

    content: dict[str, Any] = {
        "digest": ledger.digest(),
        "months": month_lines(ledger.usage_by_hour(), ledger.charges_by_month()),
        "coverage": ledger.coverage(),
        "overlaps": ledger.overlaps(),
        "ingests": ledger.ingests(),
        "quarantined": _counts(ledger.count_quarantined()),
        "set_aside": _counts(ledger.count_set_aside()),
    }
    return msgspec.json.format(msgspec.json.encode(content)).decode()


def _counts(counts: dict[tuple[str, str], int]) -> list[dict[str, str | int]]:
    return [{"x_source": source, "reason": reason, "row_count": count} for (source, reason), count in counts.items()]

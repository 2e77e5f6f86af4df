"""`costcheck bill`: what the company pays, into the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costcheck.cli.bill_export import export
from costcheck.cli.bill_import import import_files, tell
from costcheck.cli.bill_options import LEDGER, MONTH, WITHOUT_CHARGES, WITHOUT_USAGE
from costcheck.cli.bill_reconcile import reconcile
from costcheck.cli.bill_replay import replay
from costcheck.cli.bill_retention import forget, redact
from costcheck.cli.bill_template import template
from costcheck.errors import UsageError
from costcheck.sources.bills.registry import PULLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.ingest.in_part import Part
    from costcheck.ledger import Ledger
    from costcheck.ledger.read import Ingest
    from costcheck.sources.bills.contract import PullPlan
    from costcheck.sources.bills.registry import Option, PullSource
    from costcheck.sources.bills.windows import Window

# Imports of duckdb, httpx2, msgspec and rich wait inside the commands, so that `--help` stays fast.
MONTHS_BY_DEFAULT = 6
SECONDS_BEFORE_PROGRESS = 1.0


class _Pulls(click.Group):
    """One command a source of the registry, or of a package that brings one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names of the sources."""
        from costcheck.sources.bills.installed import installed_pulls  # noqa: PLC0415 - see the top

        return [source.name for source in (*PULLS, *installed_pulls())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Return the command of one source."""
        from costcheck.sources.bills.installed import installed_pulls  # noqa: PLC0415 - see the top

        own = next((source for source in PULLS if source.name == cmd_name), None)
        found = own or next((source for source in installed_pulls() if source.name == cmd_name), None)
        return _pull_command(found) if found else None


@click.group()
def bill() -> None:
    """Read what you pay for LLM APIs, and keep it in a ledger (one file, on this machine)."""


@bill.group(cls=_Pulls)
def pull() -> None:
    """Read a bill from its API, whole months at a time; a month that may still change is read again."""


def _pull_command(source: PullSource) -> click.Command:
    @click.pass_obj
    def run(  # noqa: PLR0913 - click gives each option as one
        context: Context,
        /,
        first: datetime | None,
        last: datetime | None,
        ledger: Path,
        *,
        again: bool,
        without_usage: bool,
        without_charges: bool,
        **given: str,
    ) -> None:
        from costcheck.ingest import part_of  # noqa: PLC0415 - see the top

        part = part_of(without_usage=without_usage, without_charges=without_charges)
        windows = _windows(context, source, first, last)
        _pull(context, source, windows, ledger, _given(source, given), part=part, again=again)

    for option in (
        LEDGER,
        WITHOUT_CHARGES,
        WITHOUT_USAGE,
        click.option("--again", is_flag=True, help="Read months again that no longer change."),
        click.option("--to", "last", type=MONTH, help="Last month, the current one by default."),
        click.option("--from", "first", type=MONTH, help=_from_help(source)),
        *(_click_option(option) for option in source.options),
    ):
        run = option(run)
    return click.command(source.name, help=source.summary)(run)


def _from_help(source: PullSource) -> str:
    if source.reaches_back_days is None:
        return "First month, six complete ones back by default."
    return f"First month or day, {source.reaches_back_days} days back by default: the API reaches no further."


def _given(source: PullSource, values: dict[str, str]) -> dict[str, str]:
    named = {option.name: values[_python_name(option)] for option in source.options}
    return {name: value for name, value in named.items() if value}


def _python_name(option: Option) -> str:
    return option.name.replace("-", "_")


def _click_option(option: Option) -> Callable[..., Any]:
    return click.option(
        f"--{option.name}",
        _python_name(option),
        type=click.Choice(option.choices) if option.choices else str,
        default=option.default or None,
        show_default=bool(option.default),
        help=option.help,
    )


def _pull(  # noqa: PLR0913 - what was asked, and where it goes
    context: Context,
    source: PullSource,
    windows: tuple[Window, ...],
    ledger: Path,
    options: dict[str, str],
    *,
    part: Part,
    again: bool,
) -> None:
    from dataclasses import replace  # noqa: PLC0415 - see the top

    from costcheck.cli.bill_changes import change_lines  # noqa: PLC0415 - see the top
    from costcheck.ingest import pull_months  # noqa: PLC0415 - see the top
    from costcheck.ingest.months import settled_reads  # noqa: PLC0415 - see the top
    from costcheck.sources.bills.contract import PullRequest  # noqa: PLC0415 - see the top

    module = source.load()
    request = PullRequest(windows=windows, now=context.now, environ=context.environ, options=options)
    plan = module.plan(request)  # a missing key is said even where there is nothing left to read
    settled = {} if again else settled_reads(ledger, source, windows, plan.source_url, part)
    _say_what_is_settled(source, settled)
    wanted = tuple(window for window in windows if window.bucket not in settled)
    if not wanted:
        return
    request = replace(request, windows=wanted)
    with _announced(source.name, wanted, module.plan(request)) as advance:
        told: set[str] = set()
        for stored in pull_months(ledger, source, replace(request, on_page=advance), part=part):
            tell(ledger, stored)
            for line in change_lines(stored.replaced):
                click.echo(f"  {line}")
            told |= set(stored.batch.buckets)
    untold = [window.bucket for window in wanted if window.bucket not in told]
    if untold:
        click.echo(f"{source.name} {', '.join(untold)}: no line of any service, so nothing is known of it", err=True)


def _say_what_is_settled(source: PullSource, settled: Mapping[str, Ingest]) -> None:
    if settled:
        buckets = list(settled)
        many = len(buckets) > MONTHS_BY_DEFAULT + 1
        told = f"{buckets[0]} to {buckets[-1]} ({len(buckets)})" if many else ", ".join(buckets)
        days = sorted({read.retrieved_on for read in settled.values()})
        on = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
        places = ", ".join(sorted({read.source_url for read in settled.values()}))
        click.echo(
            f"{source.name} {told}: in the ledger and final, not read again (--again reads them); read on {on} from "
            f"{places}",
            err=True,
        )


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


def _windows(
    context: Context, source: PullSource, first: datetime | None, last: datetime | None
) -> tuple[Window, ...]:
    from costcheck.sources.bills.windows import day_windows, month_start, month_windows  # noqa: PLC0415 - see the top

    today, reach = context.now.date(), source.reaches_back_days
    until = (last or context.now).date()
    since = first.date() if first else _first_by_default(today, reach)
    if reach is None:
        windows = month_windows(since, until, now=context.now)
    else:
        windows = day_windows(since, month_start(until, shift=1).date() - timedelta(days=1), now=context.now)
    if not windows:
        message = (
            f"--from {since:%Y-%m} --to {until:%Y-%m} holds no {'hour' if reach is None else 'day'} that is over"
        )
        is_ahead = since > today
        action = f"name months up to now, {today:%Y-%m}: that one is in the future" if is_ahead else "turn them round"
        raise UsageError(
            message, expected="a first month that is not after the last, nor in the future", action=action
        )
    return windows


def _first_by_default(today: date, reaches_back_days: int | None) -> date:
    from costcheck.sources.bills.windows import month_start  # noqa: PLC0415 - see the top

    if reaches_back_days is None:
        return month_start(today, shift=-MONTHS_BY_DEFAULT).date()
    return today - timedelta(days=reaches_back_days)


@contextmanager
def _announced(source: str, windows: tuple[Window, ...], plan: PullPlan) -> Iterator[Callable[[], None]]:
    """Say what will be read, and yield what moves the progress bar (shown after a second, on a terminal)."""
    from time import monotonic  # noqa: PLC0415 - see the top

    from rich.console import Console  # noqa: PLC0415 - see the top
    from rich.progress import Progress  # noqa: PLC0415 - see the top

    from costcheck.sources.http import telling_waits  # noqa: PLC0415 - see the top

    console = Console(stderr=True)
    click.echo(
        f"{source} {windows[0].bucket} to {windows[-1].bucket}: {plan.requests} or more read-only requests, "
        f"{plan.charge}",
        err=True,
    )
    progress = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task(f"reading {source}", total=plan.requests)
    begun = monotonic()

    def advance() -> None:
        progress.advance(task)
        if monotonic() - begun > SECONDS_BEFORE_PROGRESS:
            progress.start()

    def say(text: str) -> None:
        progress.console.print(f"{source}: {text}", markup=False, highlight=False, soft_wrap=True)

    try:
        with telling_waits(say):
            yield advance
    finally:
        progress.stop()


def _as_json(ledger: Ledger) -> str:
    import msgspec  # noqa: PLC0415 - see the top

    from costcheck.ledger.summary import month_lines  # noqa: PLC0415 - see the top

    content: dict[str, Any] = {
        "digest": ledger.digest(),
        "months": month_lines(ledger.usage_by_hour(), ledger.charges_by_month()),
        "coverage": ledger.coverage(),
        "overlaps": ledger.overlaps(),
        "gaps": ledger.gaps(),
        "ingests": ledger.ingests(),
        "quarantined": _counts(ledger.count_quarantined()),
        "set_aside": _counts(ledger.count_set_aside()),
    }
    return msgspec.json.format(msgspec.json.encode(content)).decode()


def _counts(counts: dict[tuple[str, str], int]) -> list[dict[str, str | int]]:
    return [{"x_source": source, "reason": reason, "row_count": count} for (source, reason), count in counts.items()]


for command in (template, import_files, replay, reconcile, export, forget, redact):
    bill.add_command(command)

"""`costcheck decide` and `costcheck demo`: the answer, and its record."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.errors import CostcheckError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.decision.inputs import DecisionInputs
    from costcheck.verdict import Decision

DRAWS = 10_000
SEED = 20260801
SECONDS_BEFORE_PROGRESS = 1.0
CONFIG = Path("costcheck.toml")
PLACEHOLDER = "Your company"
"""As `costcheck init` writes it."""
RECORDS = Path("runbooks/decisions")
SAMPLE_BILL = "openai_pages.jsonl.gz"
DAY = click.DateTime(["%Y-%m-%d"])
Format = Literal["text", "full", "markdown", "json"]


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--ledger", type=click.Path(path_type=Path), default=Path("costcheck.duckdb"), show_default=True)
@click.option(
    "--prices", "snapshot", type=click.Path(path_type=Path), help="Price snapshot; the bundled one if left out."
)
@click.option("--as-of", type=DAY, help="Decide as if it were this day; today if left out.")
@click.option("--replay", type=click.Path(path_type=Path), help="Decide again from the .inputs.json of a record.")
@click.option("--format", "style", type=click.Choice(["text", "full", "markdown", "json"]), default="text")
@click.option(
    "--record", "records", type=click.Path(path_type=Path), help="Write a decision record into this folder."
)
@click.option("--draws", type=click.IntRange(100, 1_000_000), default=DRAWS, show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.pass_obj
def decide(  # noqa: PLR0913, PLR0917 - one argument an option
    context: Context,
    config: Path,
    ledger: Path,
    snapshot: Path | None,
    as_of: datetime | None,
    replay: Path | None,
    style: Format,
    records: Path | None,
    draws: int,
    seed: int,
) -> int:
    """Answer: stay on the API, self-host, hybrid, or not enough evidence.

    Exits 0 for the first three answers and 4 for the fourth.
    """
    today = context.now.date()
    day = question_day(as_of, today)
    if replay is not None:
        inputs = _replayed(replay)
    else:
        inputs = gathered(config, ledger, snapshot, day, live=day == today, draws=draws, seed=seed)
    decision = _decided(inputs)
    if replay is not None:
        _require_recorded(decision, replay)
    click.echo(_rendered(decision, style), nl=False)
    if records is not None:
        _write_record(decision, inputs, records)
    return _exit_code(decision)


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True
)
@click.option("--format", "style", type=click.Choice(["text", "full", "markdown", "json"]), default="text")
def demo(folder: Path, style: Format) -> int:
    """Decide for a sample company, with bundled prices and no account.

    The company is made up, its traffic is real (see the README beside the data). The demo decides as of the day of
    its prices, so that it says the same every time.
    """
    from costcheck.cli.bill_import import import_bill_file  # noqa: PLC0415 - duckdb is slow to load
    from costcheck.sources.snapshot import read_snapshot  # noqa: PLC0415 - the same

    ledger = folder / "costcheck.duckdb"
    try:
        _refuse_to_overwrite(folder)
        _copy_sample_company(folder)
        ledger.unlink(missing_ok=True)
    except OSError as exc:
        message = f"{folder} cannot be written: {exc.strerror}"
        raise UsageError(message, expected="a folder that can be written", action="name another --dir") from exc
    day = read_snapshot().as_of
    import_bill_file(folder / SAMPLE_BILL, ledger, day)
    inputs = gathered(folder / CONFIG, ledger, None, day, live=False, draws=DRAWS, seed=SEED)
    decision = _decided(inputs)
    click.echo(f"Sample company, decided as of {day}: costcheck decide --as-of {day}, in {folder}/\n")
    click.echo(_rendered(decision, style), nl=False)
    _write_record(decision, inputs, folder / RECORDS)
    click.echo("\nNow your own numbers: costcheck init, then costcheck bill pull openai (or bill import FILE).")
    return _exit_code(decision)


def _refuse_to_overwrite(folder: Path) -> None:
    """Do nothing if the folder is empty or an earlier demo's.

    Raises:
        UsageError: It holds somebody's own files: the demo would replace a configuration and a ledger.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / SAMPLE_BILL).exists():
        message = f"{folder} holds files that are not the demo's"
        raise UsageError(message, expected="an empty folder, or one of an earlier demo", action="name another --dir")


def _copy_sample_company(folder: Path) -> None:
    from costcheck.facts import data_file  # noqa: PLC0415 - msgspec is slow to load

    folder.mkdir(parents=True, exist_ok=True)
    for name in (SAMPLE_BILL, CONFIG.name, "README.md"):
        with data_file("sample_company", name).open("rb") as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)


@click.command()
@click.option("--of", type=click.Choice(["decision", "gate"]), default="decision", show_default=True)
def schema(of: Literal["decision", "gate"]) -> None:
    """Print the JSON Schema of a decision, or of what the gate answers."""
    from costcheck.gate.result import result_schema  # noqa: PLC0415 - msgspec is slow to load
    from costcheck.verdict import decision_schema  # noqa: PLC0415 - the same

    click.echo(decision_schema() if of == "decision" else result_schema(), nl=False)


def question_day(as_of: datetime | None, today: date) -> date:
    """Return the day to decide about.

    Raises:
        UsageError: It is in the future.
    """
    day = as_of.date() if as_of else today
    if day > today:
        message = f"--as-of {day} is in the future"
        raise UsageError(message, expected=f"a day up to {today}", action="leave --as-of out to decide today")
    return day


def gathered(  # noqa: PLR0913 - what a decision is made of
    config: Path,
    ledger: Path,
    snapshot: Path | None,
    day: date,
    *,
    live: bool,
    draws: int,
    seed: int,
) -> DecisionInputs:
    """Return all that a decision reads, from the files of a company.

    Raises:
        CostcheckError: A file cannot be read, or the evidence cannot be put together.
    """
    from costcheck.cli.assemble import Assembly  # noqa: PLC0415 - numpy and duckdb are slow to load
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - the same
    from costcheck.settings import read_settings  # noqa: PLC0415 - the same
    from costcheck.sources.snapshot import read_snapshot  # noqa: PLC0415 - the same

    settings = read_settings(config)
    if settings.company.name == PLACEHOLDER:
        click.echo(f"note: {config} still calls the company {PLACEHOLDER!r}; put its name there", err=True)
    with open_ledger(ledger, read_only=True) as opened, _naming(config):
        assembly = Assembly(settings, opened, read_snapshot(snapshot), as_of=day, live=live)
        return assembly.inputs(draws=draws, seed=seed)


@contextmanager
def _naming(config: Path) -> Iterator[None]:
    """Have errors name the file that was read; settings themselves do not know where they stood."""
    try:
        yield
    except CostcheckError as exc:
        exc.action = exc.action.replace(CONFIG.name, str(config))
        raise


def _replayed(path: Path) -> DecisionInputs:
    from costcheck.cli.records import read_inputs  # noqa: PLC0415 - numpy is slow to load

    return read_inputs(path)


def _require_recorded(decision: Decision, path: Path) -> None:
    from costcheck.cli.records import require_recorded  # noqa: PLC0415 - numpy is slow to load

    require_recorded(decision, path)


def _decided(inputs: DecisionInputs) -> Decision:
    from rich.console import Console  # noqa: PLC0415 - slow to load

    import costcheck.decision.decide as decision  # noqa: PLC0415 - numpy is slow to load

    # It says nothing where standard error is no terminal.
    with Console(stderr=True).status(f"pricing the options, {inputs.draws:,} draws each"):
        return decision.decide(inputs)


def _rendered(decision: Decision, style: Format) -> str:
    from costcheck.report.markdown import render_markdown  # noqa: PLC0415 - jinja2 and rich are slow to load
    from costcheck.report.text import render_summary, render_text  # noqa: PLC0415 - the same
    from costcheck.verdict import encode  # noqa: PLC0415 - the same

    width, color = min(shutil.get_terminal_size().columns, 120), sys.stdout.isatty()
    if style == "json":
        return encode(decision).decode()
    if style == "markdown":
        return render_markdown(decision)
    if style == "text":
        return render_summary(decision, width=width, color=color)
    return render_text(decision, width=width, color=color)


def _write_record(decision: Decision, inputs: DecisionInputs, folder: Path) -> None:
    from costcheck.cli.records import write_record  # noqa: PLC0415 - jinja2 is slow to load

    written = write_record(decision, inputs, folder)
    click.echo(f"\nDecision record: {written.page}")
    if written.accepted_page is not None:
        current = folder / "current.json"
        click.echo(
            f"{current} still holds {written.accepted_page.name}, which a person has accepted. When a person has\n"
            f"accepted this one too: cp {shlex.quote(str(written.decision_json))} {shlex.quote(str(current))}"
        )


def _exit_code(decision: Decision) -> int:
    unsure = decision.verdict.value == "insufficient_evidence"
    return ExitCode.INSUFFICIENT_EVIDENCE if unsure else ExitCode.DONE

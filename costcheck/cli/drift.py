"""`costcheck drift`: is the accepted decision still right?"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from costcheck.acceptance import how_to_accept
from costcheck.cli.decide import CONFIG, DAY, RECORDS, gathered, question_day
from costcheck.errors import EvidenceError, InputFileError, UsageError

if TYPE_CHECKING:
    from datetime import date, datetime

    from costcheck.cli.context import Context
    from costcheck.decision.attribution import Decided
    from costcheck.decision.inputs import DecisionInputs
    from costcheck.drift import Drift

CURRENT = RECORDS / "current.json"
FILE = click.Path(path_type=Path)
Format = Literal["text", "markdown", "json"]
ACCEPTED = "a decision that a person has accepted"
DECIDE = f"run `costcheck decide --record runbooks/decisions`; {how_to_accept()}"


@click.command()
@click.option("--decision", "current", type=FILE, default=CURRENT, show_default=True)
@click.option("--config", type=FILE, default=CONFIG, show_default=True)
@click.option("--ledger", type=FILE, default=Path("costcheck.duckdb"), show_default=True)
@click.option("--prices", "snapshot", type=FILE, help="Price snapshot; the bundled one if left out.")
@click.option("--as-of", type=DAY, help="Look again as if it were this day; today if left out.")
@click.option("--format", "style", type=click.Choice(["text", "markdown", "json"]), default="text")
@click.pass_obj
def drift(  # noqa: PLR0913, PLR0917 - one argument an option
    context: Context,
    current: Path,
    config: Path,
    ledger: Path,
    snapshot: Path | None,
    as_of: datetime | None,
    style: Format,
) -> int:
    """Decide again with today's bills and prices, and say what moved since the accepted decision.

    Exits 0 where it stands, 3 where the verdict is another, and 4 where nobody can tell: today's evidence does not
    reach, or there is no accepted decision that is valid today and follows from its own inputs. Writes nothing.
    """
    from rich.console import Console  # noqa: PLC0415 - slow to load

    today = context.now.date()
    day = question_day(as_of, today)
    with Console(stderr=True).status("deciding again: the accepted inputs, today's, and each part that moved"):
        accepted = _accepted(current, day)
        draws, seed = accepted.inputs.draws, accepted.inputs.seed
        inputs = gathered(config, ledger, snapshot, day, live=day == today, draws=draws, seed=seed)
        found = _compared(accepted, inputs)
    click.echo(_rendered(found, style), nl=False)
    return found.standing.exit_code


def _accepted(path: Path, day: date) -> Decided:
    """Return the accepted decision with its inputs, which lead to it to the byte.

    Raises:
        EvidenceError: There is none, nobody accepted it, it cannot be read, or something was edited.
        UsageError: It was made after the day.
    """
    from costcheck.cli.records import require_recomputes  # noqa: PLC0415 - numpy is slow to load
    from costcheck.decision.attribution import Decided  # noqa: PLC0415 - the same
    from costcheck.verdict import read_decision  # noqa: PLC0415 - msgspec is slow to load

    if not path.exists():
        message = f"there is no decision in {path}"
        raise EvidenceError(message, expected=ACCEPTED, action=DECIDE)
    try:
        decision = read_decision(path)
        found = require_recomputes(decision, path, day)
    except InputFileError as exc:
        raise EvidenceError(exc.seen, expected=exc.expected, action=exc.action) from exc
    if day < decision.as_of:
        message = f"--as-of {day} is before the decision of {decision.as_of}"
        raise UsageError(message, expected="a day on or after it", action="leave --as-of out to look today")
    if found.acceptance.fault:
        message = f"the decision in {path} is not accepted on {day}: {found.acceptance.fault}"
        raise EvidenceError(message, expected=ACCEPTED, action=DECIDE)
    return Decided(decision=decision, inputs=found.inputs)


def _compared(accepted: Decided, inputs: DecisionInputs) -> Drift:
    import costcheck.decision.decide as decision  # noqa: PLC0415 - numpy is slow to load
    from costcheck.decision.attribution import Decided  # noqa: PLC0415 - the same
    from costcheck.decision.drift import compare  # noqa: PLC0415 - the same

    return compare(accepted, Decided(decision=decision.decide(inputs), inputs=inputs))


def _rendered(found: Drift, style: Format) -> str:
    from costcheck.report.drift import render_drift_markdown, render_drift_text  # noqa: PLC0415 - rich is slow to load
    from costcheck.verdict import encode  # noqa: PLC0415 - the same

    if style == "json":
        return encode(found).decode()
    if style == "markdown":
        return render_drift_markdown(found)
    width, color = min(shutil.get_terminal_size().columns, 120), sys.stdout.isatty()
    return render_drift_text(found, width=width, color=color)

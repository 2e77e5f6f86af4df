"""`costcheck bill replay`: quarantined rows once more, after the kit has learnt to read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from costcheck.cli.bill_options import LEDGER

if TYPE_CHECKING:
    from costcheck.ingest import Replayed


@click.command()
@click.argument("source", required=False)
@LEDGER
def replay(source: str | None, ledger: Path) -> None:
    """Read the quarantined rows of SOURCE, or of all, again; what cannot be read stays where it is."""
    from costcheck.ingest import replay as replay_rows  # noqa: PLC0415 - `--help` stays fast
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - the same

    with open_ledger(ledger, read_only=True):
        pass  # a ledger that is not there is an error, and not a new one
    outcomes = replay_rows(ledger, source)
    for outcome in outcomes:
        click.echo(_line(outcome))
    if not outcomes:
        click.echo("nothing is in quarantine" + (f" from {source}" if source else ""))


def _line(outcome: Replayed) -> str:
    name = f"{outcome.x_source} {outcome.x_bucket}"
    if not outcome.is_possible:
        return f"{name}: {outcome.remaining} rows stay in quarantine: pull or import that bill again"
    return (
        f"{name}: {outcome.read} rows read now, {outcome.set_aside} set aside, {outcome.remaining} stay in quarantine"
    )

"""`costcheck bill forget` and `costcheck bill redact`: what a ledger need not know any longer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costcheck.cli.bill_options import LEDGER, MONTH
from costcheck.errors import UsageError

if TYPE_CHECKING:
    from costcheck.cli.context import Context

SALT = "COSTCHECK_REDACTION_SALT"


@click.command()
@click.argument("source", required=False)
@click.argument("bucket", required=False)
@click.option("--before", type=MONTH, help="Everything that ended before this month.")
@click.option("--source", "only", help="With --before: of this source alone.")
@LEDGER
def forget(source: str | None, bucket: str | None, before: datetime | None, only: str | None, ledger: Path) -> None:
    """Take BUCKET of SOURCE (as `show` names them) out of the ledger, or all that is older than a month."""
    from costcheck.ledger import open_ledger  # noqa: PLC0415 - `--help` stays fast

    if before is None and source and bucket and not only:
        with open_ledger(ledger) as opened:
            opened.forget(source, bucket)
        click.echo(f"forgot {source} {bucket}")
    elif before is not None and not source:
        _forget_before(ledger, before, only)
    else:
        message = "it is not clear what to forget"
        raise UsageError(
            message,
            expected="a SOURCE and a BUCKET, or --before 2026-01, with --source where only one is meant",
            action="see the buckets with `costcheck bill show`",
        )


def _forget_before(ledger: Path, before: datetime, source: str | None) -> None:
    from costcheck.ledger import open_ledger, rewrite  # noqa: PLC0415 - `--help` stays fast

    first_kept = before.date().replace(day=1)
    with open_ledger(ledger) as opened:
        removed = opened.forget_before(first_kept, source)
    rewrite(ledger)
    for row in removed:
        whole = "all of it" if row.is_whole else "the older part"
        click.echo(f"forgot {row.x_source} {row.x_bucket}: {row.rows} rows, {whole}")
    if not removed:
        click.echo(f"nothing ended before {first_kept:%Y-%m}")


@click.command()
@LEDGER
@click.pass_obj
def redact(context: Context, ledger: Path) -> None:
    """Take API key ids, projects and tags out of the ledger, for good; the sums stay the same.

    With COSTCHECK_REDACTION_SALT set, key ids and projects become a hash that nobody can look up without it;
    otherwise they go. Raw rows in quarantine go, too, so that they cannot be replayed.
    """
    from costcheck.ledger import open_ledger, rewrite  # noqa: PLC0415 - `--help` stays fast

    with open_ledger(ledger, read_only=True):
        pass  # a ledger that is not there is an error, and not a new one
    salt = context.environ.get(SALT) or None
    with open_ledger(ledger) as opened:
        count = opened.redact(salt)
    rewrite(ledger)
    click.echo(f"{ledger}: {count} identifiers {'hashed' if salt else 'removed'}; tags and raw rows are gone")

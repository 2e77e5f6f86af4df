"""`costcheck explain`: follow any price to its date, the page where it stands, and its SKU where one is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from costcheck.errors import PriceNotFoundError
    from costcheck.price_book import PriceBook
    from costcheck.records import UnitPrice

SNAPSHOT = click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Snapshot file; the bundled one of us-east-1 where none is given.",
)
SHOWN = 20
CURRENT_DECISION = Path("runbooks/decisions/current.json")


@click.command()
@click.argument("query")
@SNAPSHOT
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of use; the snapshot's own by default.")
@click.option(
    "--decision",
    "decision_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Decision whose figures to explain; runbooks/decisions/current.json if it is there.",
)
def explain(query: str, snapshot: Path | None, as_of: datetime | None, decision_file: Path | None) -> None:
    """Follow a number to its source.

    QUERY is an answer of a decision (verdict, break-even, pay-back, saving), a rule of its table (rule 4), or part of
    the name of one of its cost lines or findings, of a threshold or assumption of the kit, or of a price (meter,
    model, SKU, instance type).
    """
    from costcheck.cli import explain_figures as figures  # noqa: PLC0415 - slow to load
    from costcheck.sources.snapshot import read_price_book  # noqa: PLC0415 - data that only pricing needs
    from costcheck.verdict import read_decision  # noqa: PLC0415 - the same

    lines: list[str] = []
    if decision_file is not None or CURRENT_DECISION.exists():
        decision = read_decision(decision_file or CURRENT_DECISION)
        lines += first_lines(figures.explain_answers(decision, query), "answers")
        lines += first_lines(figures.explain_decision(decision, query), "cost lines and findings")
    lines += first_lines(figures.explain_rule(query), "rules")
    lines += first_lines(figures.explain_facts(query), "thresholds and assumptions")
    book = read_price_book(snapshot)
    if not lines or matching(book, query):
        lines += explain_price(book, query, as_of=as_of.date() if as_of else None)
    for line in lines:
        click.echo(line)


def explain_price(book: PriceBook, query: str, *, as_of: date | None = None) -> list[str]:
    """Return the lines that lead from a price to where anyone can check it, of the first 20 where there are many.

    Args:
        book: Where to look.
        query: Part of a key, a SKU, or an instance type.
        as_of: Day of use; the snapshot's own where none is given.

    Raises:
        PriceNotFoundError: No row of the book has the query in its key or SKU.
    """
    day = as_of or book.snapshot.as_of
    rows = [row for row in matching(book, query) if row.sku_id == query or _names(row, query)]
    rows = rows or matching(book, query)
    if not rows:
        raise no_such_price(query)
    return first_lines([_explanation(book, row, day) for row in rows], "prices")


def first_lines(blocks: Sequence[list[str]], what: str) -> list[str]:
    """Return the lines of the first blocks, and where there are more, how many and how to narrow the search."""
    lines = [line for block in blocks[:SHOWN] for line in block]
    if len(blocks) > SHOWN:
        lines.append(
            f"... and {len(blocks) - SHOWN} more {what}; narrow it with a longer QUERY, such as a whole name"
        )
    return lines


def matching(book: PriceBook, text: str) -> list[UnitPrice]:
    """Return the prices whose key or SKU has the text, without regard to case, in the snapshot's order."""
    wanted = text.lower()
    return [row for row in book.snapshot.unit_prices if wanted in f"{row.key} {row.sku_id or ''}".lower()]


def _names(row: UnitPrice, query: str) -> bool:
    return row.sku_meter in {query, f"BoxUsage:{query}"} or row.sku_meter.startswith(f"{query}/")


def _explanation(book: PriceBook, row: UnitPrice, day: date) -> list[str]:
    tier = f", from {row.tier_start:,} on" if row.tier_start else ""
    return [
        f"{row.key}",
        f"  price     {row.list_unit_price} {row.pricing_currency} / {row.pricing_unit}{tier}",
        f"  SKU       {row.sku_id or 'no SKU recorded'}",
        f"  applies   {f'from {row.effective_from}' if row.effective_from else 'no start recorded'}",
        f"  observed  {row.provenance.retrieved_on} ({row.provenance.origin}: {row.provenance.source})",
        f"  look up   {row.provenance.source_url}",
        f"  age       {_age(book, row, day)}",
    ]


def _age(book: PriceBook, row: UnitPrice, day: date) -> str:
    if row.effective_from and row.effective_from > day:
        return f"not in force on {day}"
    age, limit = book.age_days(row, day), book.max_ages.limit_days(row)
    return f"{age} days on {day}, may be {limit}{' - STALE' if age > limit else ''}"


def no_such_price(text: str) -> PriceNotFoundError:
    """Return the error of a search that finds no row."""
    from costcheck.errors import PriceNotFoundError  # noqa: PLC0415 - keeps `costcheck --help` light

    return PriceNotFoundError(
        f"no price has {text!r} in its service, meter, region or SKU, and no figure or rule is called that",
        expected="part of a row that `costcheck prices show` lists, of a cost line, or of a rule's name",
        action="try a shorter text, such as `g6e` or `gpt-5`",
    )

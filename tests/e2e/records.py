"""A decision record of today, made by the real `decide` from inputs of a constructed company, and accepted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from costcheck.cli.records import Written, write_record
from costcheck.decision.decide import decide
from costcheck.decision.inputs import DecisionInputs
from costcheck.records import PriceSnapshot
from costcheck.sources.snapshot import read_snapshot, write_snapshot
from tests.costcheck.accepting import accept
from tests.costcheck.decision.builders import bill, coverage, demand, inputs, snapshot

MONTHS_OF_EVIDENCE = 6


def complete_months(today: date) -> tuple[date, ...]:
    """Return the first days of the last six complete months."""
    months, month = [], today.replace(day=1)
    for _ in range(MONTHS_OF_EVIDENCE):
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month)
    return tuple(reversed(months))


def inputs_of(today: date) -> DecisionInputs:
    """Return inputs with which self-hosting wins, as of a day."""
    months = complete_months(today)
    spent = bill()
    return inputs(
        as_of=today,
        coverage=coverage(
            first_day=months[0], last_day=today.replace(day=1) - timedelta(days=1), complete_months=months
        ),
        bill=replace(
            spent, months=tuple(replace(row, month=month) for row, month in zip(spent.months, months, strict=True))
        ),
        demands=(demand(complete_months=months),),
        snapshot=as_of_today(snapshot(), today),
    )


def write_accepted(folder: Path) -> Written:
    """Write the record of today's decision into a folder, and accept it as a person would."""
    made = inputs_of(datetime.now(UTC).date())
    written = write_record(decide(made), made, folder)
    accept(written.page, on=made.as_of)
    return written


def write_prices_of_today(path: Path) -> None:
    """Write the bundled prices as if they had been read today: constructed, for a gate that takes no older ones."""
    write_snapshot(as_of_today(read_snapshot(), datetime.now(UTC).date()), path)


def as_of_today(prices: PriceSnapshot, today: date) -> PriceSnapshot:
    """Return prices as if every AWS price had been read today."""
    fresh = tuple(replace(row, provenance=replace(row.provenance, retrieved_on=today)) for row in prices.unit_prices)
    return replace(prices, as_of=today, unit_prices=fresh)

"""What was read, and when: a line for each bucket, and one for many files of one source and folder."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from costcheck.ledger.read import Ingest
from costcheck.ledger.retention import PULLED

LINES_SHOWN = 10
"""More files of one source than these are told together."""
INSTANT = timedelta(microseconds=1)
Periods = Mapping[tuple[str, str], tuple[datetime, datetime]]


def read_lines(ingests: Sequence[Ingest], periods: Periods) -> Iterator[str]:
    """Yield what was read, source by source; files of a long list by the folder that they were read from."""
    for source, rows in groupby(ingests, key=lambda row: row.x_source):
        found = list(rows)
        files = [row for row in found if not PULLED.fullmatch(row.x_bucket)]
        if len(files) <= LINES_SHOWN:
            yield from map(_line, found)
            continue
        yield from (_line(row) for row in found if PULLED.fullmatch(row.x_bucket))
        for folder, some in groupby(sorted(files, key=_folder), key=_folder):
            group = list(some)
            yield _group_line(source, folder, group, periods) if len(group) > 1 else _line(group[0])


def _line(row: Ingest) -> str:
    return f"read: {row.x_source} {row.name} on {row.retrieved_on} ({row.row_count} rows, {row.origin})"


def _folder(row: Ingest) -> str:
    """Return the folder that was given, empty where the file itself was."""
    folder, slash, _ = row.source_url.partition("/")
    return folder if slash else ""


def _group_line(source: str, folder: str, rows: Sequence[Ingest], periods: Periods) -> str:
    days = sorted({row.retrieved_on for row in rows})
    told = [
        f"{sum(row.row_count for row in rows)} rows",
        *_reach([periods[row.x_source, row.x_bucket] for row in rows if (row.x_source, row.x_bucket) in periods]),
        *sorted({row.origin for row in rows}),
    ]
    return (
        f"read: {source} {len(rows)} files{f' of {folder}' if folder else ''} on {_span(days)}"
        f" ({', '.join(told)}): --format json names each"
    )


def _reach(periods: Sequence[tuple[datetime, datetime]]) -> list[str]:
    if not periods:
        return []
    first, last = min(first for first, _ in periods), max(last for _, last in periods)
    return [f"of {_span([first.date(), (last - INSTANT).date()])}"]


def _span(days: Sequence[object]) -> str:
    return f"{days[0]} to {days[-1]}" if days[0] != days[-1] else str(days[0])

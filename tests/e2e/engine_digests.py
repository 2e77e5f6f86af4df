"""Pull every kind of export with one engine and print a digest of each bill: `python -m ... ENGINE FOLDER`.

What is quarantined counts by its reason alone: a number that could not be used is kept as its engine prints it.
"""

import hashlib
import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from costcheck.ingest import pull_months
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.registry import PULLS, find
from costcheck.sources.bills.windows import month_windows

SOURCES = ("litellm-export", "focus", "cur")
NOW = datetime(2026, 12, 20, tzinfo=UTC)


def main(engine: str, folder: Path) -> None:
    """Print the digests by the name of the source."""
    windows = month_windows(date(2026, 10, 1), date(2026, 11, 1), now=NOW)
    digests = {}
    for name in SOURCES:
        options = {"engine": engine, "path": str(folder / f"{name}.parquet")}
        request = PullRequest(windows=windows, now=NOW, environ=os.environ, options=options)
        batches = [
            stored.batch for stored in pull_months(folder / f"{name}.{engine}.duckdb", find(PULLS, name), request)
        ]
        reasons = sorted(row.reason for batch in batches for row in batch.quarantined)
        told = repr([(batch.usage, batch.charges, batch.set_aside, batch.rows_in) for batch in batches] + reasons)
        kept = sum(len(batch.usage) for batch in batches)
        digests[name] = (hashlib.sha256(told.encode()).hexdigest(), kept)
    print(json.dumps(digests))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

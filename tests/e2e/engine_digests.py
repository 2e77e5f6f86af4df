"""Pull every kind of export with one engine and print the digest of each ledger: `python -m ... ENGINE FOLDER`."""

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from costcheck.ingest import pull_months
from costcheck.ledger import open_ledger
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
        ledger = folder / f"{name}.{engine}.duckdb"
        kept = sum(len(stored.batch.usage) for stored in pull_months(ledger, find(PULLS, name), request))
        with open_ledger(ledger, read_only=True) as opened:
            digests[name] = (opened.digest(), kept)
    print(json.dumps(digests))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

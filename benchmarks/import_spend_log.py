"""Import ten million requests from a Parquet export of LiteLLM_SpendLogs, and one million: `make bench-import`.

Each step runs in a process of its own, so that its peak memory is its own. The floor, taken in the same run, is
DuckDB copying the same columns into a database on disk. Limits: twice the floor, one gibibyte, and eleven times the
time for ten times the rows.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.spend_log import construct
from costcheck.ingest import import_file
from costcheck.records import Origin, Provenance
from costcheck.sources.bills.registry import FILES, find
from costcheck.sources.exports.spend_log_columns import COLUMNS

ROWS = 10_000_000
RUNS = 2
FLOOR_FACTOR, GIBIBYTE_IN_KIB, GROWTH = 2.0, 1024 * 1024, 11.0


def main(rows: int) -> None:
    """Print the figures beside their limits."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.parquet", Path(folder) / "large.parquet"
        for path, count in ((small, rows // 10), (large, rows)):
            child("construct", path, str(count))
        figures = [(child("floor", large), child("import", small), child("import", large)) for _ in range(RUNS)]
    floor, tenth, whole = (min(step["seconds"] for step in steps) for steps in zip(*figures, strict=True))
    peak = max(run[2]["peak_kib"] for run in figures)
    print(f"{rows:,} requests, best of {RUNS} runs, in turn; seconds")
    print(f"floor: CREATE TABLE AS SELECT of the same columns, to disk  {floor:6.1f}")
    print(f"import into the ledger                                      {whole:6.1f}")
    print(f"import of a tenth                                           {tenth:6.1f}")
    print(f"import over floor        {whole / floor:5.2f}  limit {FLOOR_FACTOR}")
    print(f"ten times over one time  {whole / tenth:5.2f}  limit {GROWTH}")
    print(f"peak memory in GiB       {peak / GIBIBYTE_IN_KIB:5.2f}  limit 1.0")
    if whole > FLOOR_FACTOR * floor or whole > GROWTH * tenth or peak > GIBIBYTE_IN_KIB:
        sys.exit("a limit is passed")


def child(step: str, path: Path, *rest: str) -> dict[str, float]:
    """Return what one step took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.import_spend_log", step, str(path), *rest]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def floor_of(path: Path) -> None:
    """Copy the columns that the import reads into a database on disk."""
    database = path.with_suffix(".duckdb")
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE TABLE logs AS SELECT {columns} FROM '{path}'")  # noqa: S608 - our own file
    database.unlink()


def import_into_ledger(path: Path) -> None:
    """Import the file into a new ledger."""
    now = datetime.now(tz=UTC)
    where = Provenance(source="litellm", source_url=path.name, retrieved_on=now.date(), origin=Origin.CONSTRUCTED)
    ledger = path.with_suffix(".ledger.duckdb")
    import_file(ledger, path, find(FILES, "litellm"), where)
    ledger.unlink()


def timed(step: Callable[[], None]) -> None:
    """Print the seconds and the peak memory of a step."""
    begun = time.perf_counter()
    step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_kib": peak}))


if __name__ == "__main__":
    name, file = (sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 2 else ("", Path())  # noqa: PLR2004 - see `child`
    if name == "construct":
        timed(lambda: construct(int(sys.argv[3]), str(file)))
    elif name:
        timed(lambda: {"floor": floor_of, "import": import_into_ledger}[name](file))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)

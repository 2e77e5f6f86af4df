"""Sum one Parquet file of ten million requests with DuckDB and with Spark: `make bench-engines`.

The sums come from one expression. Printed are each engine's digest of all rows, which must be equal, and its time; a
LiteLLM spend log is what has minutes, FOCUS what has money of other services beside it.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.spend_log import construct
from costcheck.sources.exports import spend_log
from costcheck.sources.exports.duckdb_files import open_files
from costcheck.sources.exports.engine import Engine
from costcheck.sources.exports.query import fetch, open_export
from costcheck.sources.exports.spark_engine import open_session

ROWS = 10_000_000
SPARK = Path(__file__).parents[1] / ".venv-spark"


def main(rows: int) -> None:
    """Print both digests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        construct(rows, str(path))
        digests = {name: summed(name, engine) for name, engine in engines(path)}
    print("equal" if len(set(digests.values())) == 1 else "NOT EQUAL")
    if len(set(digests.values())) > 1:
        sys.exit(1)


def engines(path: Path) -> Iterator[tuple[str, AbstractContextManager[Engine]]]:
    """Yield each engine, not yet open."""
    yield "duckdb", open_files(path)
    sys.path.append(str(next(SPARK.glob("lib/python*/site-packages"))))
    os.environ["JAVA_HOME"] = str(SPARK / "java")
    yield "spark", open_session(path=str(path))


def summed(name: str, opening: AbstractContextManager[Engine]) -> str:
    """Return the digest of the hourly sums of one engine, and print it."""
    begun = time.perf_counter()
    with opening as engine:
        requests = spend_log.classified(spend_log.typed(open_export(engine)))
        rows = sorted(repr(row) for row in fetch(engine, spend_log.by_hour(requests)))
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    print(f"{name:8} {len(rows):7,} rows  {digest}  {time.perf_counter() - begun:6.1f} s", flush=True)
    return digest


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROWS)

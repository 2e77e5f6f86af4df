"""Import a whole company's FOCUS export of ten million lines: `python -m benchmarks.import_focus [ROWS]`.

Nineteen of twenty lines are other services; the rest are hourly lines of twelve models in four classes, for ten
accounts. The import runs in a process of its own, so that its peak memory is its own; the limit is one gibibyte.
"""

import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.import_spend_log import GIBIBYTE_IN_KIB, timed
from costcheck.records import Origin, Provenance
from costcheck.sources.bills import focus

ROWS = 10_000_000
CONSTRUCT = """
COPY (
    SELECT (hash(i) % 100000) / 1000000.0 AS "BilledCost", (hash(i) % 100000) / 1000000.0 AS "EffectiveCost",
        'USD' AS "BillingCurrency", 'Usage' AS "ChargeCategory",
        TIMESTAMP '2026-09-01' + to_hours(i % 720) AS "ChargePeriodStart",
        TIMESTAMP '2026-09-01' + to_hours(i % 720 + 1) AS "ChargePeriodEnd", 1000.0 + i % 977 AS "ConsumedQuantity",
        if(i % 20 = 0, 'Tokens', 'Hours') AS "ConsumedUnit", 'AWS' AS "ServiceProviderName",
        if(i % 20 = 0, 'Generative AI', NULL) AS "ServiceSubcategory",
        if(i % 20 = 0, 'AI and Machine Learning', 'Compute') AS "ServiceCategory",
        if(i % 20 = 0, 'Model API', 'Service ' || i % 150) AS "ServiceName",
        'acct-' || hash(i) % 10 AS "SubAccountId",
        if(i % 20 = 0, 'model-' || hash(i + 1) % 12 || ['-input-tokens', '-cached-input-tokens', '-output-tokens',
            '-cache-write-tokens'][1 + (hash(i + 2) % 4)::BIGINT], 'BoxUsage:m' || i % 3000) AS "SkuMeter",
        MAP {{'team': 'team-' || hash(i + 3) % 5, 'name': 'resource-' || if(i % 20 = 0, 0, i)}} AS "Tags"
    FROM range({rows}) AS numbers(i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def main(rows: int) -> None:
    """Print seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "focus.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '1GB'")
            connection.execute(CONSTRUCT.format(rows=rows, path=path))
        command = [sys.executable, "-m", "benchmarks.import_focus", "import", str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{rows:,} lines: {figures['seconds']:.1f} s, peak {figures['peak_kib'] / GIBIBYTE_IN_KIB:.2f} GiB, limit 1.0"
    )
    print(done.stdout.splitlines()[0])


def import_export(path: Path) -> None:
    """Read the export and say what came of it."""
    day = date(2026, 10, 1)
    where = Provenance(source="focus", source_url=path.name, retrieved_on=day, origin=Origin.CONSTRUCTED)
    batch = focus.read(path, where)
    aside = sum(row.row_count for row in batch.set_aside)
    print(f"{len(batch.usage):,} rows of usage, {len(batch.charges):,} charges, {aside:,} lines set aside")


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        timed(lambda: import_export(Path(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)

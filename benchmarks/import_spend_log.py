"""Import a million requests from a Parquet export of LiteLLM_SpendLogs; print seconds and peak memory.

Run it with `python benchmarks/import_spend_log.py [rows]`. The export is constructed, with prompts in it, so that
what is not read is there to be skipped.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from costcheck.ledger import open_ledger
from costcheck.records import Origin, Provenance
from costcheck.sources.bills import litellm_dump

ROWS = 1_000_000
CONSTRUCT = """
COPY (
    SELECT 'req-' || i AS request_id, 'acompletion' AS call_type, 'key-' || (i % 5) AS api_key,
        0.0175::DOUBLE AS spend, 4000 AS prompt_tokens, 500 AS completion_tokens,
        TIMESTAMP '2026-09-01' + to_milliseconds(i * 2592000000 // {rows}) AS "startTime",
        CASE i % 3 WHEN 0 THEN 'gpt-5.4' ELSE 'gpt-5.4-mini' END AS model, 'openai' AS custom_llm_provider,
        '{{"additional_usage_values": {{"cache_read_input_tokens": ' || (i % 4000) || '}}}}' AS metadata,
        'False' AS cache_hit, '["team:search"]' AS request_tags, 'team-' || (i % 3) AS team_id, 'success' AS status,
        repeat('a prompt that must not be read ', 20) AS messages
    FROM range({rows}) AS numbers(i)
) TO '{path}'
"""


def main(rows: int) -> None:
    """Construct the export in a process of its own, then import it and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "spend_logs.parquet"
        subprocess.run([sys.executable, __file__, "construct", str(rows), str(export)], check=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        now = datetime.now(tz=UTC)
        provenance = Provenance(
            source="litellm", source_url=export.name, retrieved_on=now.date(), origin=Origin.CONSTRUCTED
        )
        batch = litellm_dump.read(export, provenance)
        with open_ledger(Path(folder) / "ledger.duckdb") as ledger:
            ledger.replace(batch)
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = sum(row.requests or 0 for row in batch.usage)
    print(f"{rows:,} requests ({kept:,} kept) in {len(batch.usage):,} rows of a minute: {seconds:.1f} s")
    print(f"peak memory {peak / 1024:,.0f} MiB, {before / 1024:,.0f} MiB of it before the import")


def construct(rows: int, path: str) -> None:
    """Write the export."""
    with duckdb.connect() as connection:
        connection.execute(CONSTRUCT.format(rows=rows, path=path))


if __name__ == "__main__":
    if sys.argv[1:2] == ["construct"]:
        construct(int(sys.argv[2]), sys.argv[3])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)

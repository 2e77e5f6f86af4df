"""Construct a LiteLLM spend log in Parquet: `python benchmarks/spend_log.py ROWS PATH`.

It has prompts in it, so that what is not read is there to be skipped; every request has an id, tokens and a cost of
its own, and a metadata text of the size and shape that LiteLLM 1.106.2 writes.
"""

import sys

import duckdb

CONSTRUCT = """
COPY (
    SELECT 'chatcmpl-' || md5(i::VARCHAR) AS request_id, 'acompletion' AS call_type,
        md5((i % 5)::VARCHAR) AS api_key, (p * 0.0000025 + c * 0.000015)::DOUBLE AS spend, p AS prompt_tokens,
        c AS completion_tokens, TIMESTAMP '2026-09-01' + to_milliseconds(i * 2592000000 // {rows}) AS "startTime",
        CASE i % 3 WHEN 0 THEN 'gpt-5.4' ELSE 'gpt-5.4-mini' END AS model, 'openai' AS custom_llm_provider,
        '{{"user_api_key_alias": "search", "user_api_key_team_id": "team-' || i % 3
            || '", "additional_usage_values": {{"cache_read_input_tokens": ' || p // 3
            || ', "prompt_tokens_details": {{"cached_tokens": ' || p // 3
            || '}}}}, "cost_breakdown": {{"input_cost": 0.01, "output_cost": 0.0075, "total": 0.0175}}}}' AS metadata,
        'False' AS cache_hit, '["User-Agent: OpenAI/Python 3.54", "team:search"]' AS request_tags,
        'team-' || i % 3 AS team_id, 'success' AS status, repeat('a prompt that must not be read ', 20) AS messages
    FROM (SELECT i, 100 + hash(i) % 4000 AS p, 10 + hash(i + 1) % 900 AS c FROM range({rows}) AS numbers(i))
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def construct(rows: int, path: str) -> None:
    """Write it."""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '1GB'")
        connection.execute(CONSTRUCT.format(rows=rows, path=path))


if __name__ == "__main__":
    construct(int(sys.argv[1]), sys.argv[2])

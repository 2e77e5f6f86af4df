"""The same requests in two files of one log, told by their sums where team, key, tags or names are others.

A ledger keeps no ids of requests. That two files count as many requests with the same tokens of one model in most of
the hours (or minutes, as the log is summed) that both hold, and not the same sums each time, is no chance, whoever
they say made them. The same each time may be: one call an hour of the same health check.
"""

from costcheck.ledger.names import model

COUNTS = (
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "output_tokens",
    "requests",
)
TOKENS = COUNTS[:-1]
FEWEST_ALIKE = 3
IS_PULLED = r"regexp_full_match({}, '\d{{4}}-\d{{2}}(-\d{{2}})?')"
MONTH = "[0-9]+-[0-9]+"
"""Two pulled months of a source share no line: one that came late for October is on November's invoice alone."""
COUNTED = f"""
    SELECT rowid AS row, x_bucket, list_contains($buckets, x_bucket) AS is_new, {model()} AS model,
        x_api_key_id AS key, charge_period_start AS hour,
        strftime(charge_period_start, '%Y-%m') AS month, {", ".join(COUNTS)}
    FROM usage WHERE x_source = $source AND requests IS NOT NULL AND NOT {IS_PULLED.format("x_bucket")}
        AND charge_period_start IN (
            SELECT charge_period_start FROM usage WHERE x_source = $source AND list_contains($buckets, x_bucket)
        )
"""  # noqa: S608 - our own names
SAME_SUMS = " AND ".join(f"old.{name} = new.{name}" for name in COUNTS)
OLD_SUMS = ", ".join(f"old.{name}" for name in COUNTS)
SUMS = ", ".join(f"sum({name}) AS {name}" for name in COUNTS)
# By the hour and model, and by the key as well: of a file that holds some of the keys alone, only those are equal.
DOUBLES = f"""
WITH counted AS ({COUNTED}), sums AS (
    SELECT x_bucket, is_new, model, hour, key, grouping(key) AS kind, min(row) AS a_row, {SUMS}
    FROM counted GROUP BY GROUPING SETS ((x_bucket, is_new, model, hour), (x_bucket, is_new, model, hour, key))
    HAVING {" + ".join(f"sum({name})" for name in TOKENS)} > 0
), shared AS (
    SELECT old.x_bucket AS old_bucket, old.kind, model, hour, old.key, {SAME_SUMS} AS is_equal,
        old.a_row AS old_row, new.a_row AS new_row, hash({OLD_SUMS}) AS of_sums
    FROM sums AS old JOIN sums AS new USING (model, hour)
    WHERE new.is_new AND NOT old.is_new AND old.kind = new.kind AND old.key IS NOT DISTINCT FROM new.key
), doubled AS (
    SELECT shared.* FROM shared JOIN (
        SELECT old_bucket, kind FROM shared GROUP BY ALL
        HAVING count(*) FILTER (is_equal) * 2 > count(*)
            AND count(DISTINCT of_sums) FILTER (is_equal) >= {FEWEST_ALIKE}
    ) USING (old_bucket, kind) WHERE is_equal
)
SELECT if(is_new, old_row, row) AS old_row, if(is_new, row, new_row) AS new_row, old_bucket AS x_bucket, month,
    false AS differs
FROM doubled JOIN counted USING (model, hour)
WHERE (is_new OR x_bucket = old_bucket) AND (kind = 1 OR doubled.key IS NOT DISTINCT FROM counted.key)
"""  # noqa: S608 - our own expressions
# Rows of an older bucket that the new one has in the same hour, of the same model: with the same key and as many
# requests, or more; or whatever the keys, where all sums are equal. And estimates of a day and model that it has too.
HELD = f"""
WITH counted AS ({COUNTED}), by_key AS (
    SELECT x_bucket, is_new, month, hour, model, key, count(*) AS rows, sum(requests) AS requests
    FROM counted GROUP BY ALL
), whole AS (
    SELECT x_bucket, is_new, hour, model, {SUMS} FROM counted GROUP BY ALL
), alike AS (
    SELECT old.x_bucket, hour, model FROM whole AS old JOIN whole AS new USING (hour, model)
    WHERE NOT old.is_new AND new.is_new AND {SAME_SUMS}
), estimated AS (
    SELECT x_bucket, list_contains($buckets, x_bucket) AS is_new, charge_period_start AS day,
        strftime(charge_period_start, '%Y-%m') AS month, {model("x_gen_ai_request_model")} AS model
    FROM charges WHERE x_source = $source AND x_estimated AND NOT {IS_PULLED.format("x_bucket")}
)
SELECT x_bucket, month, sum(rows) FROM (
    SELECT x_bucket, month, rows FROM by_key AS old
    WHERE NOT is_new AND ((x_bucket, hour, model) IN (SELECT (x_bucket, hour, model) FROM alike) OR EXISTS (
        FROM by_key AS new WHERE new.is_new AND new.hour = old.hour AND new.model = old.model
            AND new.key IS NOT DISTINCT FROM old.key AND new.requests >= old.requests
    ))
    UNION ALL
    SELECT x_bucket, month, 1 FROM estimated AS old
    WHERE NOT is_new AND EXISTS (
        FROM estimated AS new WHERE new.is_new AND new.day = old.day AND new.model = old.model
    )
) GROUP BY ALL
"""  # noqa: S608 - our own expressions

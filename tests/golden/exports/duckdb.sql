-- spend log: usage and spend by the hour, with the busiest minute
SELECT
  "t9"."aside",
  "t9"."unreadable",
  "t9"."provider",
  "t9"."model",
  "t9"."priced_as",
  "t9"."operation",
  "t9"."tier",
  "t9"."team",
  "t9"."key_hash",
  "t9"."tags",
  "t9"."hour",
  SUM("t9"."uncached") AS "uncached",
  SUM("t9"."cache_read") AS "cache_read",
  SUM("t9"."written_5m") AS "written_5m",
  SUM("t9"."written_1h") AS "written_1h",
  SUM("t9"."output") AS "output",
  SUM("t9"."requests") AS "requests",
  MAX("t9"."tokens") AS "peak",
  SUM("t9"."spend") AS "spend"
FROM (
  SELECT
    "t8"."aside",
    "t8"."unreadable",
    "t8"."provider",
    "t8"."model",
    "t8"."priced_as",
    "t8"."operation",
    "t8"."tier",
    "t8"."team",
    "t8"."key_hash",
    "t8"."tags",
    "t8"."minute",
    "t8"."uncached",
    "t8"."cache_read",
    "t8"."written_5m",
    "t8"."written_1h",
    "t8"."output",
    "t8"."requests",
    "t8"."spend",
    "t8"."minute" - (
      "t8"."minute" % 3600
    ) AS "hour",
    "t8"."uncached" + "t8"."cache_read" + "t8"."written_5m" + "t8"."written_1h" + "t8"."output" AS "tokens"
  FROM (
    SELECT
      "t7"."aside",
      "t7"."unreadable",
      "t7"."provider",
      "t7"."model",
      "t7"."priced_as",
      "t7"."operation",
      "t7"."tier",
      "t7"."team",
      "t7"."key_hash",
      "t7"."tags",
      "t7"."minute",
      SUM("t7"."uncached") AS "uncached",
      SUM("t7"."cache_read") AS "cache_read",
      SUM("t7"."written_5m") AS "written_5m",
      SUM("t7"."written_1h") AS "written_1h",
      SUM("t7"."output") AS "output",
      SUM("t7"."requests") AS "requests",
      SUM("t7"."spend") AS "spend"
    FROM (
      SELECT
        "t6"."aside",
        "t6"."unreadable",
        "t6"."provider",
        "t6"."model",
        "t6"."priced_as",
        "t6"."call_type",
        "t6"."tier",
        "t6"."team",
        "t6"."key_hash",
        "t6"."request_tags",
        "t6"."minute",
        "t6"."uncached",
        "t6"."cache_read",
        "t6"."written_5m",
        "t6"."written_1h",
        "t6"."output",
        "t6"."requests",
        "t6"."spend",
        CASE
          WHEN REGEXP_MATCHES("t6"."call_type", 'embedding')
          THEN 'embeddings'
          WHEN REGEXP_MATCHES("t6"."call_type", 'image')
          THEN 'image_generation'
          WHEN REGEXP_MATCHES("t6"."call_type", 'transcription|speech|realtime')
          THEN 'audio'
          WHEN REGEXP_MATCHES(
            "t6"."call_type",
            'completion|responses|anthropic_messages|generate_content|pass_through|batch'
          )
          THEN 'chat'
          ELSE 'other'
        END AS "operation",
        CASE
          WHEN CONTAINS("t6"."request_tags", 'User-Agent:')
          THEN REGEXP_REPLACE(
            REGEXP_REPLACE("t6"."request_tags", ', *"User-Agent:[^"]*"', '', 'g'),
            '"User-Agent:[^"]*"(, *)?',
            '',
            'g'
          )
          ELSE "t6"."request_tags"
        END AS "tags"
      FROM (
        SELECT
          "t5"."aside",
          "t5"."unreadable",
          "t5"."provider",
          "t5"."model",
          "t5"."priced_as",
          "t5"."call_type",
          "t5"."tier",
          "t5"."team",
          "t5"."key_hash",
          "t5"."request_tags",
          "t5"."minute",
          SUM("t5"."uncached") AS "uncached",
          SUM("t5"."cache_read") AS "cache_read",
          SUM("t5"."written_5m") AS "written_5m",
          SUM("t5"."written_1h") AS "written_1h",
          SUM("t5"."output") AS "output",
          SUM("t5"."requests") AS "requests",
          SUM("t5"."spend") AS "spend"
        FROM (
          SELECT
            "t4"."aside",
            CAST(NOT "t4"."reason" IS NULL AS BIGINT) AS "unreadable",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."started_at" - (
                "t4"."started_at" % 60
              )
              ELSE CAST(NULL AS BIGINT)
            END AS "minute",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."provider"
              ELSE CAST(NULL AS TEXT)
            END AS "provider",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."model"
              ELSE CAST(NULL AS TEXT)
            END AS "model",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."priced_as"
              ELSE CAST(NULL AS TEXT)
            END AS "priced_as",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."call_type"
              ELSE CAST(NULL AS TEXT)
            END AS "call_type",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."tier"
              ELSE CAST(NULL AS TEXT)
            END AS "tier",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."team"
              ELSE CAST(NULL AS TEXT)
            END AS "team",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."key_hash"
              ELSE CAST(NULL AS TEXT)
            END AS "key_hash",
            CASE
              WHEN (
                "t4"."aside" IS NULL
              ) AND (
                "t4"."reason" IS NULL
              )
              THEN "t4"."request_tags"
              ELSE CAST(NULL AS TEXT)
            END AS "request_tags",
            (
              "t4"."prompt" - "t4"."cache_read"
            ) - "t4"."cache_written" AS "uncached",
            "t4"."cache_read",
            "t4"."cache_written" - "t4"."cache_written_1h" AS "written_5m",
            "t4"."cache_written_1h" AS "written_1h",
            "t4"."completion" AS "output",
            "t4"."spend",
            1 AS "requests"
          FROM (
            SELECT
              "t3"."started_at",
              "t3"."request_id",
              "t3"."spend",
              "t3"."prompt",
              "t3"."completion",
              "t3"."cache_read",
              "t3"."cache_written",
              "t3"."cache_written_1h",
              "t3"."provider",
              "t3"."model",
              "t3"."call_type",
              "t3"."priced_as",
              "t3"."tier",
              "t3"."team",
              "t3"."key_hash",
              "t3"."request_tags",
              "t3"."from_cache",
              "t3"."failed",
              "t3"."uncounted",
              "t3"."raw_request_id",
              "t3"."raw_startTime",
              "t3"."raw_model",
              "t3"."raw_spend",
              "t3"."raw_prompt_tokens",
              "t3"."raw_completion_tokens",
              "t3"."aside",
              CASE
                WHEN "t3"."aside" IS NULL
                THEN CASE
                  WHEN "t3"."request_id" IS NULL
                  THEN 'request_id is missing'
                  WHEN "t3"."uncounted" AND (
                    COALESCE("t3"."spend", 0) = 0
                  )
                  THEN 'no tokens were logged, and of too many requests to do without them: set always_include_stream_usage in the proxy''s general_settings, and until then read the tokens from the provider''s own usage instead'
                  WHEN "t3"."started_at" IS NULL
                  THEN 'startTime is no time'
                  WHEN "t3"."spend" IS NULL
                  THEN 'spend is no number'
                  WHEN "t3"."spend" < 0
                  THEN 'spend is negative'
                  WHEN "t3"."model" IS NULL
                  THEN 'model is missing'
                  WHEN (
                    "t3"."prompt" IS NULL
                  )
                  OR (
                    "t3"."completion" IS NULL
                  )
                  OR (
                    "t3"."cache_read" IS NULL
                  )
                  OR (
                    "t3"."cache_written" IS NULL
                  )
                  OR (
                    "t3"."cache_written_1h" IS NULL
                  )
                  THEN 'a token count is no number'
                  WHEN LEAST(
                    "t3"."prompt",
                    "t3"."completion",
                    "t3"."cache_read",
                    "t3"."cache_written",
                    "t3"."cache_written_1h"
                  ) < 0
                  THEN 'a token count is negative'
                  WHEN (
                    "t3"."cache_read" + "t3"."cache_written"
                  ) > "t3"."prompt"
                  THEN 'more cached tokens than prompt tokens'
                  WHEN "t3"."cache_written_1h" > "t3"."cache_written"
                  THEN 'more tokens written for an hour than written'
                  WHEN "t3"."tier" IS NULL
                  THEN 'service_tier is unknown'
                  ELSE CAST(NULL AS TEXT)
                END
                ELSE CAST(NULL AS TEXT)
              END AS "reason"
            FROM (
              SELECT
                "t2"."started_at",
                NULLIF(NULLIF(NULLIF("t2"."request_id", ''), 'NULL'), 'null') AS "request_id",
                TRY_CAST(CAST("t2"."spend" AS TEXT) AS DECIMAL(38, 26)) AS "spend",
                "t2"."prompt_tokens" AS "prompt",
                "t2"."completion_tokens" AS "completion",
                CASE
                  WHEN REGEXP_MATCHES(COALESCE("t2"."meta0", "t2"."meta1", "t2"."meta2", '0'), '^[-+]?\d{1,18}$')
                  THEN TRY_CAST(COALESCE("t2"."meta0", "t2"."meta1", "t2"."meta2", '0') AS BIGINT)
                  ELSE CAST(NULL AS BIGINT)
                END AS "cache_read",
                CASE
                  WHEN REGEXP_MATCHES(
                    COALESCE("t2"."meta3", "t2"."meta4", "t2"."meta5", "t2"."meta6", '0'),
                    '^[-+]?\d{1,18}$'
                  )
                  THEN TRY_CAST(COALESCE("t2"."meta3", "t2"."meta4", "t2"."meta5", "t2"."meta6", '0') AS BIGINT)
                  ELSE CAST(NULL AS BIGINT)
                END AS "cache_written",
                CASE
                  WHEN REGEXP_MATCHES(COALESCE("t2"."meta7", "t2"."meta8", '0'), '^[-+]?\d{1,18}$')
                  THEN TRY_CAST(COALESCE("t2"."meta7", "t2"."meta8", '0') AS BIGINT)
                  ELSE CAST(NULL AS BIGINT)
                END AS "cache_written_1h",
                COALESCE(CAST(NULL AS TEXT), 'unknown') AS "provider",
                NULLIF(NULLIF(NULLIF("t2"."model", ''), 'NULL'), 'null') AS "model",
                COALESCE(CAST(NULL AS TEXT), 'completion') AS "call_type",
                "t2"."meta10" AS "priced_as",
                CASE
                  WHEN CONTAINS(COALESCE(CAST(NULL AS TEXT), 'completion'), 'batch')
                  THEN 'batch'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'default'
                  THEN 'standard'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'auto'
                  THEN 'standard'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'standard'
                  THEN 'standard'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'flex'
                  THEN 'flex'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'priority'
                  THEN 'priority'
                  WHEN COALESCE(LOWER("t2"."meta9"), 'default') = 'batch'
                  THEN 'batch'
                  ELSE CAST(NULL AS TEXT)
                END AS "tier",
                CAST(NULL AS TEXT) AS "team",
                CAST(NULL AS TEXT) AS "key_hash",
                NULLIF(NULLIF(NULLIF("t2"."request_tags", ''), 'NULL'), 'null') AS "request_tags",
                COALESCE(LOWER(CAST(NULL AS TEXT)), '') = 'true' AS "from_cache",
                COALESCE(CAST(NULL AS TEXT), '') = 'failure' AS "failed",
                (
                  CAST("t2"."prompt_tokens" AS TEXT) IS NULL
                )
                AND (
                  CAST("t2"."completion_tokens" AS TEXT) IS NULL
                ) AS "uncounted",
                CASE
                  WHEN (
                    LENGTH(NULLIF(NULLIF(NULLIF("t2"."request_id", ''), 'NULL'), 'null')) <= 80
                  )
                  AND REGEXP_MATCHES(
                    NULLIF(NULLIF(NULLIF("t2"."request_id", ''), 'NULL'), 'null'),
                    '^[A-Za-z0-9_.:-]*[0-9][A-Za-z0-9_.:-]*$'
                  )
                  THEN NULLIF(NULLIF(NULLIF("t2"."request_id", ''), 'NULL'), 'null')
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_request_id",
                CASE
                  WHEN (
                    LENGTH(CAST("t2"."startTime" AS TEXT)) <= 80
                  )
                  AND REGEXP_MATCHES(CAST("t2"."startTime" AS TEXT), '^[0-9][0-9TZUC:.,/+ -]*$')
                  THEN CAST("t2"."startTime" AS TEXT)
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_startTime",
                CASE
                  WHEN (
                    LENGTH(NULLIF(NULLIF(NULLIF("t2"."model", ''), 'NULL'), 'null')) <= 80
                  )
                  AND REGEXP_MATCHES(
                    NULLIF(NULLIF(NULLIF("t2"."model", ''), 'NULL'), 'null'),
                    '^[A-Za-z0-9_.:@+-]*[-/0-9][A-Za-z0-9_./:@+-]*$'
                  )
                  THEN NULLIF(NULLIF(NULLIF("t2"."model", ''), 'NULL'), 'null')
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_model",
                CASE
                  WHEN (
                    LENGTH(CAST("t2"."spend" AS TEXT)) <= 80
                  )
                  AND REGEXP_MATCHES(CAST("t2"."spend" AS TEXT), '^[-+]?[0-9][0-9.,eE+-]*$')
                  THEN CAST("t2"."spend" AS TEXT)
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_spend",
                CASE
                  WHEN (
                    LENGTH(CAST("t2"."prompt_tokens" AS TEXT)) <= 80
                  )
                  AND REGEXP_MATCHES(CAST("t2"."prompt_tokens" AS TEXT), '^[-+]?[0-9][0-9.,eE+-]*$')
                  THEN CAST("t2"."prompt_tokens" AS TEXT)
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_prompt_tokens",
                CASE
                  WHEN (
                    LENGTH(CAST("t2"."completion_tokens" AS TEXT)) <= 80
                  )
                  AND REGEXP_MATCHES(CAST("t2"."completion_tokens" AS TEXT), '^[-+]?[0-9][0-9.,eE+-]*$')
                  THEN CAST("t2"."completion_tokens" AS TEXT)
                  ELSE CAST(NULL AS TEXT)
                END AS "raw_completion_tokens",
                CASE
                  WHEN COALESCE(LOWER(CAST(NULL AS TEXT)), '') = 'true'
                  THEN 'answered from the gateway''s cache'
                  WHEN (
                    COALESCE(CAST(NULL AS TEXT), '') = 'failure'
                  )
                  AND (
                    COALESCE(TRY_CAST(CAST("t2"."spend" AS TEXT) AS DECIMAL(38, 26)), 0) = 0
                  )
                  THEN 'failed request'
                  WHEN (
                    CAST("t2"."prompt_tokens" AS TEXT) IS NULL
                  )
                  AND (
                    CAST("t2"."completion_tokens" AS TEXT) IS NULL
                  )
                  AND (
                    COALESCE(TRY_CAST(CAST("t2"."spend" AS TEXT) AS DECIMAL(38, 26)), 0) = 0
                  )
                  AND TRUE
                  THEN 'neither tokens nor spend logged, as of a stream without usage'
                  ELSE CAST(NULL AS TEXT)
                END AS "aside"
              FROM (
                SELECT
                  "t1"."request_id",
                  "t1"."startTime",
                  "t1"."model",
                  "t1"."spend",
                  "t1"."prompt_tokens",
                  "t1"."completion_tokens",
                  "t1"."metadata",
                  "t1"."request_tags",
                  "t1"."started_at",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    1
                  ) AS "meta0",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    2
                  ) AS "meta1",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    3
                  ) AS "meta2",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    4
                  ) AS "meta3",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    5
                  ) AS "meta4",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    6
                  ) AS "meta5",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    7
                  ) AS "meta6",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    8
                  ) AS "meta7",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    9
                  ) AS "meta8",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    10
                  ) AS "meta9",
                  LIST_EXTRACT(
                    TRY_CAST(NULLIF(NULLIF(NULLIF("t1"."metadata", ''), 'NULL'), 'null') AS JSON) ->> CAST([
                      '$.additional_usage_values.cache_read_input_tokens',
                      '$.usage_object.cache_read_input_tokens',
                      '$.usage_object.prompt_tokens_details.cached_tokens',
                      '$.additional_usage_values.cache_creation_input_tokens',
                      '$.usage_object.cache_creation_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_write_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_tokens',
                      '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
                      '$.cost_breakdown.service_tier',
                      '$.model_map_information.model_map_key'
                    ] AS TEXT[]),
                    11
                  ) AS "meta10"
                FROM (
                  SELECT
                    "t0"."request_id",
                    "t0"."startTime",
                    "t0"."model",
                    "t0"."spend",
                    "t0"."prompt_tokens",
                    "t0"."completion_tokens",
                    "t0"."metadata",
                    "t0"."request_tags",
                    CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."startTime") AS TIMESTAMP)) AS BIGINT) AS "started_at"
                  FROM "bills"."spend_logs" AS "t0"
                  WHERE
                    (
                      CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."startTime") AS TIMESTAMP)) AS BIGINT) IS NULL
                    )
                    OR (
                      (
                        CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."startTime") AS TIMESTAMP)) AS BIGINT) >= 1793491200
                      )
                      AND (
                        CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."startTime") AS TIMESTAMP)) AS BIGINT) < 1796083200
                      )
                    )
                ) AS "t1"
              ) AS "t2"
            ) AS "t3"
          ) AS "t4"
        ) AS "t5"
        GROUP BY
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          11
      ) AS "t6"
    ) AS "t7"
    GROUP BY
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      11
  ) AS "t8"
) AS "t9"
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  11;

-- bill: lines by service
SELECT
  "t2"."provider",
  "t2"."service_category",
  "t2"."service_subcategory",
  "t2"."service",
  "t2"."consumed_unit",
  "t2"."pricing_unit",
  "t2"."category",
  "t2"."currency",
  "t2"."file",
  COUNT(*) AS "rows",
  SUM(CAST("t2"."billed" AS DECIMAL(38, 9))) AS "billed",
  SUM(CAST("t2"."consumed" AS DECIMAL(38, 9))) AS "consumed",
  MIN("t2"."start") AS "first",
  MAX("t2"."end") AS "last",
  MIN("t2"."sub_account") AS "first_account",
  MAX("t2"."sub_account") AS "last_account",
  MIN("t2"."meter") AS "first_meter",
  MAX("t2"."meter") AS "last_meter"
FROM (
  SELECT
    "t1"."start",
    "t1"."end",
    "t1"."billed",
    "t1"."effective",
    "t1"."listed",
    "t1"."consumed",
    "t1"."priced",
    "t1"."raw_billed",
    "t1"."raw_effective",
    "t1"."raw_listed",
    "t1"."raw_consumed",
    "t1"."raw_priced",
    "t1"."billing_start",
    "t1"."raw_start",
    "t1"."raw_end",
    "t1"."file",
    "t1"."category",
    "t1"."charge_class",
    "t1"."service_category",
    "t1"."service_subcategory",
    "t1"."service",
    "t1"."sub_account",
    "t1"."currency",
    "t1"."consumed_unit",
    "t1"."pricing_unit",
    "t1"."meter",
    "t1"."usage_type",
    "t1"."sku",
    "t1"."details",
    "t1"."tags",
    "t1"."model",
    "t1"."token_type",
    "t1"."tier",
    "t1"."operation",
    "t1"."provider",
    CASE
      WHEN (
        "t1"."start" IS NULL
      ) OR (
        "t1"."end" IS NULL
      )
      THEN 'the charge period is no time'
      WHEN "t1"."end" <= "t1"."start"
      THEN 'the charge period ends before it begins'
      WHEN "t1"."billed" IS NULL
      THEN 'the billed cost is no number'
      WHEN (
        (
          "t1"."effective" IS NULL
        ) AND (
          NOT "t1"."raw_effective" IS NULL
        )
      )
      OR (
        (
          "t1"."listed" IS NULL
        ) AND (
          NOT "t1"."raw_listed" IS NULL
        )
      )
      OR (
        (
          "t1"."consumed" IS NULL
        ) AND (
          NOT "t1"."raw_consumed" IS NULL
        )
      )
      OR (
        (
          "t1"."priced" IS NULL
        ) AND (
          NOT "t1"."raw_priced" IS NULL
        )
      )
      THEN 'an amount or a quantity is no number'
      ELSE CAST(NULL AS TEXT)
    END AS "reason"
  FROM (
    SELECT
      CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT) AS "start",
      CASE
        WHEN REGEXP_MATCHES(
          "t0"."ChargePeriodEnd",
          '^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[-+]\d{2}(:?\d{2})?))?)?$'
        )
        THEN CAST(EPOCH(
          CAST(DATE_TRUNC(
            'SECOND',
            TRY_CAST(CASE
              WHEN LENGTH("t0"."ChargePeriodEnd") <= 10
              THEN "t0"."ChargePeriodEnd"
              WHEN SUBSTRING(
                "t0"."ChargePeriodEnd",
                CASE
                  WHEN (
                    16 + 1
                  ) >= 1
                  THEN 16 + 1
                  ELSE 16 + 1 + LENGTH("t0"."ChargePeriodEnd")
                END,
                1
              ) = ':'
              THEN REPLACE(
                SUBSTRING(
                  "t0"."ChargePeriodEnd",
                  CASE
                    WHEN (
                      0 + 1
                    ) >= 1
                    THEN 0 + 1
                    ELSE 0 + 1 + LENGTH("t0"."ChargePeriodEnd")
                  END,
                  19
                ),
                'T',
                ' '
              )
              ELSE REPLACE(
                SUBSTRING(
                  "t0"."ChargePeriodEnd",
                  CASE
                    WHEN (
                      0 + 1
                    ) >= 1
                    THEN 0 + 1
                    ELSE 0 + 1 + LENGTH("t0"."ChargePeriodEnd")
                  END,
                  16
                ),
                'T',
                ' '
              ) || ':00'
            END AS TIMESTAMP)
          ) AS TIMESTAMP)
        ) AS BIGINT) - (
          CASE
            WHEN LENGTH("t0"."ChargePeriodEnd") > 10
            THEN COALESCE(
              (
                (
                  TRY_CAST(NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 2), '') AS BIGINT) * 60
                ) + TRY_CAST(COALESCE(
                  NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 3), ''),
                  '0'
                ) AS BIGINT)
              ) * CASE
                WHEN NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 1), '') = '-'
                THEN -1
                ELSE 1
              END,
              0
            )
            ELSE 0
          END * 60
        )
        ELSE CAST(NULL AS BIGINT)
      END AS "end",
      TRY_CAST(CAST("t0"."BilledCost" AS TEXT) AS DECIMAL(38, 26)) AS "billed",
      TRY_CAST(CAST("t0"."EffectiveCost" AS TEXT) AS DECIMAL(38, 26)) AS "effective",
      TRY_CAST(CAST("t0"."ListCost" AS TEXT) AS DECIMAL(38, 26)) AS "listed",
      TRY_CAST(CAST("t0"."ConsumedQuantity" AS TEXT) AS DECIMAL(38, 12)) AS "consumed",
      CAST(NULL AS DECIMAL(38, 12)) AS "priced",
      CAST("t0"."BilledCost" AS TEXT) AS "raw_billed",
      CAST("t0"."EffectiveCost" AS TEXT) AS "raw_effective",
      CAST("t0"."ListCost" AS TEXT) AS "raw_listed",
      CAST("t0"."ConsumedQuantity" AS TEXT) AS "raw_consumed",
      CAST(NULL AS TEXT) AS "raw_priced",
      CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) AS "billing_start",
      CAST("t0"."ChargePeriodStart" AS TEXT) AS "raw_start",
      NULLIF(NULLIF(NULLIF("t0"."ChargePeriodEnd", ''), 'NULL'), 'null') AS "raw_end",
      CAST(NULL AS TEXT) AS "file",
      NULLIF(NULLIF(NULLIF("t0"."ChargeCategory", ''), 'NULL'), 'null') AS "category",
      CAST(NULL AS TEXT) AS "charge_class",
      CAST(NULL AS TEXT) AS "service_category",
      CAST(NULL AS TEXT) AS "service_subcategory",
      NULLIF(NULLIF(NULLIF("t0"."ServiceName", ''), 'NULL'), 'null') AS "service",
      CAST(NULL AS TEXT) AS "sub_account",
      NULLIF(NULLIF(NULLIF("t0"."BillingCurrency", ''), 'NULL'), 'null') AS "currency",
      NULLIF(NULLIF(NULLIF("t0"."ConsumedUnit", ''), 'NULL'), 'null') AS "consumed_unit",
      CAST(NULL AS TEXT) AS "pricing_unit",
      NULLIF(NULLIF(NULLIF("t0"."SkuMeter", ''), 'NULL'), 'null') AS "meter",
      NULLIF(NULLIF(NULLIF("t0"."SkuMeter", ''), 'NULL'), 'null') AS "usage_type",
      CAST(NULL AS TEXT) AS "sku",
      CAST(NULL AS TEXT) AS "details",
      CAST(NULL AS TEXT) AS "tags",
      CAST(NULL AS TEXT) AS "model",
      CAST(NULL AS TEXT) AS "token_type",
      CAST(NULL AS TEXT) AS "tier",
      CAST(NULL AS TEXT) AS "operation",
      COALESCE(NULLIF(NULLIF(NULLIF("t0"."ServiceProviderName", ''), 'NULL'), 'null')) AS "provider"
    FROM "bills"."focus" AS "t0"
    WHERE
      (
        CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT) IS NULL
      )
      OR (
        (
          CASE
            WHEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) > CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
            THEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT)
            ELSE CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
          END >= 1793491200
        )
        AND (
          CASE
            WHEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) > CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
            THEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT)
            ELSE CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
          END < 1796083200
        )
      )
  ) AS "t1"
) AS "t2"
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9;

-- bill: sums by period
SELECT
  "t3"."period_start",
  "t3"."period_end",
  "t3"."category",
  "t3"."charge_class",
  "t3"."service_category",
  "t3"."service_subcategory",
  "t3"."service",
  "t3"."sub_account",
  "t3"."currency",
  "t3"."consumed_unit",
  "t3"."pricing_unit",
  "t3"."meter",
  "t3"."usage_type",
  "t3"."sku",
  "t3"."details",
  "t3"."tags",
  "t3"."model",
  "t3"."token_type",
  "t3"."tier",
  "t3"."operation",
  "t3"."provider",
  SUM("t3"."billed") AS "billed",
  SUM("t3"."effective") AS "effective",
  CASE
    WHEN COUNT("t3"."listed") = COUNT(*)
    THEN SUM("t3"."listed")
    ELSE CAST(NULL AS DECIMAL(38, 26))
  END AS "listed",
  CASE
    WHEN COUNT("t3"."consumed") = COUNT(*)
    THEN SUM("t3"."consumed")
    ELSE CAST(NULL AS DECIMAL(38, 12))
  END AS "consumed",
  CASE
    WHEN COUNT("t3"."priced") = COUNT(*)
    THEN SUM("t3"."priced")
    ELSE CAST(NULL AS DECIMAL(38, 12))
  END AS "priced",
  COUNT(*) AS "rows"
FROM (
  SELECT
    "t2"."start",
    "t2"."end",
    "t2"."billed",
    COALESCE("t2"."effective", "t2"."billed") AS "effective",
    CASE
      WHEN (
        "t2"."listed" = 0
      )
      AND (
        (
          "t2"."billed" > 0
        ) OR (
          "t2"."effective" > 0
        )
      )
      THEN CAST(NULL AS DECIMAL(38, 26))
      ELSE "t2"."listed"
    END AS "listed",
    "t2"."consumed",
    "t2"."priced",
    "t2"."raw_billed",
    "t2"."raw_effective",
    "t2"."raw_listed",
    "t2"."raw_consumed",
    "t2"."raw_priced",
    "t2"."billing_start",
    "t2"."raw_start",
    "t2"."raw_end",
    "t2"."file",
    "t2"."category",
    "t2"."charge_class",
    "t2"."service_category",
    "t2"."service_subcategory",
    "t2"."service",
    "t2"."sub_account",
    "t2"."currency",
    "t2"."consumed_unit",
    "t2"."pricing_unit",
    "t2"."meter",
    "t2"."usage_type",
    "t2"."sku",
    "t2"."details",
    "t2"."tags",
    "t2"."model",
    "t2"."token_type",
    "t2"."tier",
    "t2"."operation",
    "t2"."provider",
    "t2"."reason",
    CASE
      WHEN (
        "t2"."end" - "t2"."start"
      ) <= 3600
      THEN "t2"."start" - (
        "t2"."start" % 3600
      )
      ELSE "t2"."start"
    END AS "period_start",
    CASE
      WHEN (
        "t2"."end" - "t2"."start"
      ) <= 3600
      THEN (
        "t2"."start" - (
          "t2"."start" % 3600
        )
      ) + 3600
      ELSE "t2"."end"
    END AS "period_end"
  FROM (
    SELECT
      "t1"."start",
      "t1"."end",
      "t1"."billed",
      "t1"."effective",
      "t1"."listed",
      "t1"."consumed",
      "t1"."priced",
      "t1"."raw_billed",
      "t1"."raw_effective",
      "t1"."raw_listed",
      "t1"."raw_consumed",
      "t1"."raw_priced",
      "t1"."billing_start",
      "t1"."raw_start",
      "t1"."raw_end",
      "t1"."file",
      "t1"."category",
      "t1"."charge_class",
      "t1"."service_category",
      "t1"."service_subcategory",
      "t1"."service",
      "t1"."sub_account",
      "t1"."currency",
      "t1"."consumed_unit",
      "t1"."pricing_unit",
      "t1"."meter",
      "t1"."usage_type",
      "t1"."sku",
      "t1"."details",
      "t1"."tags",
      "t1"."model",
      "t1"."token_type",
      "t1"."tier",
      "t1"."operation",
      "t1"."provider",
      CASE
        WHEN (
          "t1"."start" IS NULL
        ) OR (
          "t1"."end" IS NULL
        )
        THEN 'the charge period is no time'
        WHEN "t1"."end" <= "t1"."start"
        THEN 'the charge period ends before it begins'
        WHEN "t1"."billed" IS NULL
        THEN 'the billed cost is no number'
        WHEN (
          (
            "t1"."effective" IS NULL
          ) AND (
            NOT "t1"."raw_effective" IS NULL
          )
        )
        OR (
          (
            "t1"."listed" IS NULL
          ) AND (
            NOT "t1"."raw_listed" IS NULL
          )
        )
        OR (
          (
            "t1"."consumed" IS NULL
          ) AND (
            NOT "t1"."raw_consumed" IS NULL
          )
        )
        OR (
          (
            "t1"."priced" IS NULL
          ) AND (
            NOT "t1"."raw_priced" IS NULL
          )
        )
        THEN 'an amount or a quantity is no number'
        ELSE CAST(NULL AS TEXT)
      END AS "reason"
    FROM (
      SELECT
        CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT) AS "start",
        CASE
          WHEN REGEXP_MATCHES(
            "t0"."ChargePeriodEnd",
            '^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[-+]\d{2}(:?\d{2})?))?)?$'
          )
          THEN CAST(EPOCH(
            CAST(DATE_TRUNC(
              'SECOND',
              TRY_CAST(CASE
                WHEN LENGTH("t0"."ChargePeriodEnd") <= 10
                THEN "t0"."ChargePeriodEnd"
                WHEN SUBSTRING(
                  "t0"."ChargePeriodEnd",
                  CASE
                    WHEN (
                      16 + 1
                    ) >= 1
                    THEN 16 + 1
                    ELSE 16 + 1 + LENGTH("t0"."ChargePeriodEnd")
                  END,
                  1
                ) = ':'
                THEN REPLACE(
                  SUBSTRING(
                    "t0"."ChargePeriodEnd",
                    CASE
                      WHEN (
                        0 + 1
                      ) >= 1
                      THEN 0 + 1
                      ELSE 0 + 1 + LENGTH("t0"."ChargePeriodEnd")
                    END,
                    19
                  ),
                  'T',
                  ' '
                )
                ELSE REPLACE(
                  SUBSTRING(
                    "t0"."ChargePeriodEnd",
                    CASE
                      WHEN (
                        0 + 1
                      ) >= 1
                      THEN 0 + 1
                      ELSE 0 + 1 + LENGTH("t0"."ChargePeriodEnd")
                    END,
                    16
                  ),
                  'T',
                  ' '
                ) || ':00'
              END AS TIMESTAMP)
            ) AS TIMESTAMP)
          ) AS BIGINT) - (
            CASE
              WHEN LENGTH("t0"."ChargePeriodEnd") > 10
              THEN COALESCE(
                (
                  (
                    TRY_CAST(NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 2), '') AS BIGINT) * 60
                  ) + TRY_CAST(COALESCE(
                    NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 3), ''),
                    '0'
                  ) AS BIGINT)
                ) * CASE
                  WHEN NULLIF(REGEXP_EXTRACT("t0"."ChargePeriodEnd", '[0-9 ]([-+])(\d{2}):?(\d{2})?$', 1), '') = '-'
                  THEN -1
                  ELSE 1
                END,
                0
              )
              ELSE 0
            END * 60
          )
          ELSE CAST(NULL AS BIGINT)
        END AS "end",
        TRY_CAST(CAST("t0"."BilledCost" AS TEXT) AS DECIMAL(38, 26)) AS "billed",
        TRY_CAST(CAST("t0"."EffectiveCost" AS TEXT) AS DECIMAL(38, 26)) AS "effective",
        TRY_CAST(CAST("t0"."ListCost" AS TEXT) AS DECIMAL(38, 26)) AS "listed",
        TRY_CAST(CAST("t0"."ConsumedQuantity" AS TEXT) AS DECIMAL(38, 12)) AS "consumed",
        CAST(NULL AS DECIMAL(38, 12)) AS "priced",
        CAST("t0"."BilledCost" AS TEXT) AS "raw_billed",
        CAST("t0"."EffectiveCost" AS TEXT) AS "raw_effective",
        CAST("t0"."ListCost" AS TEXT) AS "raw_listed",
        CAST("t0"."ConsumedQuantity" AS TEXT) AS "raw_consumed",
        CAST(NULL AS TEXT) AS "raw_priced",
        CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) AS "billing_start",
        CAST("t0"."ChargePeriodStart" AS TEXT) AS "raw_start",
        NULLIF(NULLIF(NULLIF("t0"."ChargePeriodEnd", ''), 'NULL'), 'null') AS "raw_end",
        CAST(NULL AS TEXT) AS "file",
        NULLIF(NULLIF(NULLIF("t0"."ChargeCategory", ''), 'NULL'), 'null') AS "category",
        CAST(NULL AS TEXT) AS "charge_class",
        CAST(NULL AS TEXT) AS "service_category",
        CAST(NULL AS TEXT) AS "service_subcategory",
        NULLIF(NULLIF(NULLIF("t0"."ServiceName", ''), 'NULL'), 'null') AS "service",
        CAST(NULL AS TEXT) AS "sub_account",
        NULLIF(NULLIF(NULLIF("t0"."BillingCurrency", ''), 'NULL'), 'null') AS "currency",
        NULLIF(NULLIF(NULLIF("t0"."ConsumedUnit", ''), 'NULL'), 'null') AS "consumed_unit",
        CAST(NULL AS TEXT) AS "pricing_unit",
        NULLIF(NULLIF(NULLIF("t0"."SkuMeter", ''), 'NULL'), 'null') AS "meter",
        NULLIF(NULLIF(NULLIF("t0"."SkuMeter", ''), 'NULL'), 'null') AS "usage_type",
        CAST(NULL AS TEXT) AS "sku",
        CAST(NULL AS TEXT) AS "details",
        CAST(NULL AS TEXT) AS "tags",
        CAST(NULL AS TEXT) AS "model",
        CAST(NULL AS TEXT) AS "token_type",
        CAST(NULL AS TEXT) AS "tier",
        CAST(NULL AS TEXT) AS "operation",
        COALESCE(NULLIF(NULLIF(NULLIF("t0"."ServiceProviderName", ''), 'NULL'), 'null')) AS "provider"
      FROM "bills"."focus" AS "t0"
      WHERE
        (
          CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT) IS NULL
        )
        OR (
          (
            CASE
              WHEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) > CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
              THEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT)
              ELSE CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
            END >= 1793491200
          )
          AND (
            CASE
              WHEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT) > CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
              THEN CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."BillingPeriodStart") AS TIMESTAMP)) AS BIGINT)
              ELSE CAST(EPOCH(CAST(DATE_TRUNC('SECOND', "t0"."ChargePeriodStart") AS TIMESTAMP)) AS BIGINT)
            END < 1796083200
          )
        )
    ) AS "t1"
    WHERE
      "t1"."service" IN ('OpenAI API')
  ) AS "t2"
  WHERE
    "t2"."reason" IS NULL
) AS "t3"
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
  17,
  18,
  19,
  20,
  21;

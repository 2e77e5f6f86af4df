"""LiteLLM's table `LiteLLM_SpendLogs` summed to the hour, its busiest minute kept: the queries, for every engine.

`prompt_tokens` includes what the provider's cache read and wrote; how much that was stands in `metadata`
(`litellm/proxy/spend_tracking/spend_tracking_utils.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from costcheck.sources.exports.columns import RawExport, integer_of, json_texts
from costcheck.sources.exports.dialects import Dialect
from costcheck.sources.exports.spend_log_columns import REQUIRED_COLUMNS

RAW_COLUMNS = REQUIRED_COLUMNS
"""Kept of an unreadable row: `metadata` and `request_tags` may quote a prompt, and are not."""
RAW_CHARACTERS = 80
NUMBER = r"^[-+]?[0-9][0-9.,eE+-]*$"
RAW_FORMS = {
    "request_id": r"^[A-Za-z0-9_.:-]*[0-9][A-Za-z0-9_.:-]*$",
    "startTime": r"^[0-9][0-9TZUC:.,/+ -]*$",
    "model": r"^[A-Za-z0-9_.:@+-]*[-/0-9][A-Za-z0-9_./:@+-]*$",
    "spend": NUMBER,
    "prompt_tokens": NUMBER,
    "completion_tokens": NUMBER,
}
"""What is longer, or has another form, is none of these columns': a broken CSV has slipped, perhaps into a prompt."""
MINUTE, HOUR = 60, 3600

# The first path that is there wins: 1.106.2 repeats every provider's cache counts in the first place.
CACHE_READ = (
    "$.additional_usage_values.cache_read_input_tokens",
    "$.usage_object.cache_read_input_tokens",
    "$.usage_object.prompt_tokens_details.cached_tokens",
)
CACHE_WRITTEN = (
    "$.additional_usage_values.cache_creation_input_tokens",
    "$.usage_object.cache_creation_input_tokens",
    "$.usage_object.prompt_tokens_details.cache_write_tokens",
    "$.usage_object.prompt_tokens_details.cache_creation_tokens",
)
CACHE_WRITTEN_1H = (
    "$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
    "$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
)
SERVICE_TIER = ("$.cost_breakdown.service_tier",)
PRICED_AS = ("$.model_map_information.model_map_key",)
METADATA = (*CACHE_READ, *CACHE_WRITTEN, *CACHE_WRITTEN_1H, *SERVICE_TIER, *PRICED_AS)
TIERS = {
    "default": "standard",
    "auto": "standard",
    "standard": "standard",
    "flex": "flex",
    "priority": "priority",
    "batch": "batch",
}
OPERATIONS = (
    ("embedding", "embeddings"),
    ("image", "image_generation"),
    ("transcription|speech|realtime", "audio"),
    ("completion|responses|anthropic_messages|generate_content|pass_through|batch", "chat"),
)
CLIENT_TAGS = (r', *"User-Agent:[^"]*"', r'"User-Agent:[^"]*"(, *)?')
"""Names of client programs among the tags: not the first, and the first."""
ANSWERED_FROM_CACHE = "answered from the gateway's cache"
FAILED = "failed request"
UNCOUNTED = "neither tokens nor spend logged, as of a stream without usage"
TOO_MANY_UNCOUNTED = (
    "no tokens were logged, and of too many requests to do without them: set always_include_stream_usage in the "
    "proxy's general_settings, and until then read the tokens from the provider's own usage instead"
)
RAW_OWNER = ("provider", "model", "priced_as", "call_type", "tier", "team", "key_hash", "request_tags")
OWNER = ("provider", "model", "priced_as", "operation", "tier", "team", "key_hash", "tags")
KINDS = ("aside", "unreadable")
COUNTS = ("uncached", "cache_read", "written_5m", "written_1h", "output")
COUNTED = ("started_at", "spend", "prompt", "completion", "cache_read", "cache_written", "cache_written_1h")


def typed(export: RawExport, *, span: tuple[int, int] | None = None) -> ir.Table:
    """Return one row a request, every cell with its type; what cannot be read is NULL.

    Args:
        export: The spend log.
        span: First second of what counts and first after it, since 1970; None for all. A row without a readable
            start is never left out.
    """
    started = export.seconds("startTime")
    table = export.table.mutate(started_at=started)
    if span:
        within = (table.started_at >= span[0]) & (table.started_at < span[1])
        table = table.filter(table.started_at.isnull() | within)
    meta = json_texts(export.text("metadata"), METADATA, export.dialect)
    named = table.mutate(**{f"meta{position}": text for position, text in enumerate(meta)})
    texts = [named[f"meta{position}"] for position in range(len(meta))]
    reads, writes, longs = len(CACHE_READ), len(CACHE_WRITTEN), len(CACHE_WRITTEN_1H)
    call_type = export.text("call_type").fill_null("completion")
    return named.select(
        "started_at",
        request_id=export.text("request_id"),
        spend=export.decimal("spend"),
        prompt=export.integer("prompt_tokens"),
        completion=export.integer("completion_tokens"),
        cache_read=_first_count(texts[:reads]),
        cache_written=_first_count(texts[reads : reads + writes]),
        cache_written_1h=_first_count(texts[reads + writes : reads + writes + longs]),
        provider=export.text("custom_llm_provider").fill_null("unknown"),
        model=export.text("model"),
        call_type=call_type,
        priced_as=texts[-1],
        tier=_tier(call_type, texts[-2]),
        team=export.text("team_id"),
        key_hash=export.text("api_key"),
        request_tags=export.text("request_tags"),
        from_cache=export.text("cache_hit").lower().fill_null("") == "true",
        failed=export.text("status").fill_null("") == "failure",
        uncounted=export.text("prompt_tokens").isnull() & export.text("completion_tokens").isnull(),
        **{f"raw_{name}": _in_form(export.text(name), RAW_FORMS[name]) for name in RAW_COLUMNS},
    )


def _first_count(texts: list[ir.StringValue]) -> ir.IntegerValue:
    return integer_of(ibis.coalesce(*texts, ibis.literal("0")))


def _operation(call_type: ir.StringValue) -> ir.StringValue:
    return ibis.cases(*((call_type.re_search(pattern), name) for pattern, name in OPERATIONS), else_="other")


def _tier(call_type: ir.StringValue, stated: ir.StringValue) -> ir.StringValue:
    """Return the tier, NULL for one that is not known here."""
    name = stated.lower().fill_null("default")
    return ibis.cases(
        (call_type.contains("batch"), "batch"),
        *((name == known, tier) for known, tier in TIERS.items()),
        else_=ibis.null("string"),
    )


def _own_tags(text: ir.StringValue) -> ir.StringValue:
    without = text
    for pattern in CLIENT_TAGS:
        without = without.re_replace(pattern, "")
    return ibis.cases((text.contains("User-Agent:"), without), else_=text)


def _in_form(text: ir.StringValue, form: str) -> ir.StringValue:
    fits = (text.length() <= RAW_CHARACTERS) & text.re_search(form)
    return ibis.cases((fits, text), else_=ibis.null("string"))


def once(requests: ir.Table) -> ir.Table:
    """Return one row a request; of two that differ the earlier, whatever the order in which they came."""
    # Ordered by everything that counts, so that every run and every engine keeps the same one.
    order = [requests[name] for name in (*COUNTED, *RAW_OWNER, "from_cache", "failed")]
    place = ibis.row_number().over(group_by=requests.request_id, order_by=order)
    placed = requests.mutate(place=place)
    return placed.filter(placed.request_id.isnull() | (placed.place == 0)).drop("place")


def duplicates(requests: ir.Table, dialect: Dialect) -> ir.Table:
    """Return how many rows name a request and how many requests; by their hash where that has 64 bits."""
    known = requests.filter(requests.request_id.notnull())
    mark = known.request_id.hash() if dialect.has_wide_hash else known.request_id
    return known.aggregate(rows=known.count(), requests=mark.nunique())


def classified(requests: ir.Table, *, are_few_uncounted: bool = True) -> ir.Table:
    """Return the rows with `aside`, why one counts for nothing, and `reason`, why one cannot be used.

    Args:
        requests: The rows.
        are_few_uncounted: The usage is right without the requests of which nothing was logged.
    """
    row = requests
    is_nothing_logged = row.uncounted & (row.spend.fill_null(0) == 0)
    aside = ibis.cases(
        (row.from_cache, ANSWERED_FROM_CACHE),
        (row.failed & (row.spend.fill_null(0) == 0), FAILED),
        (is_nothing_logged & are_few_uncounted, UNCOUNTED),
        else_=ibis.null("string"),
    )
    counts = (row.prompt, row.completion, row.cache_read, row.cache_written, row.cache_written_1h)
    reason = ibis.cases(
        (row.request_id.isnull(), "request_id is missing"),
        (is_nothing_logged, TOO_MANY_UNCOUNTED),
        (row.started_at.isnull(), "startTime is no time"),
        (row.spend.isnull(), "spend is no number"),
        (row.spend < 0, "spend is negative"),
        (row.model.isnull(), "model is missing"),
        (ibis.or_(*(count.isnull() for count in counts)), "a token count is no number"),
        (ibis.least(*counts) < 0, "a token count is negative"),
        (row.cache_read + row.cache_written > row.prompt, "more cached tokens than prompt tokens"),
        (row.cache_written_1h > row.cache_written, "more tokens written for an hour than written"),
        (row.tier.isnull(), "service_tier is unknown"),
        else_=ibis.null("string"),
    )
    judged = row.mutate(aside=aside)
    return judged.mutate(reason=ibis.cases((judged.aside.isnull(), reason), else_=ibis.null("string")))


def by_hour(requests: ir.Table) -> ir.Table:
    """Return usage and spend by the hour, with the tokens of its busiest minute.

    Rows with an `aside`, and rows with `unreadable` 1, tell by `requests` how many there were and nothing else.
    """
    counts_for_something = requests.aside.isnull() & requests.reason.isnull()
    minutes = requests.select(
        "aside",
        unreadable=requests.reason.notnull().cast("int64"),
        minute=_where(counts_for_something, requests.started_at - requests.started_at % MINUTE),
        **{name: _where(counts_for_something, requests[name]) for name in RAW_OWNER},
        uncached=requests.prompt - requests.cache_read - requests.cache_written,
        cache_read=requests.cache_read,
        written_5m=requests.cache_written - requests.cache_written_1h,
        written_1h=requests.cache_written_1h,
        output=requests.completion,
        spend=requests.spend,
    )
    # First by the texts as they stand: what they mean is then told of thousands of rows, and not of millions.
    raw = _summed(minutes.mutate(requests=ibis.literal(1, "int64")), (*KINDS, *RAW_OWNER, "minute"))
    meant = raw.mutate(operation=_operation(raw.call_type), tags=_own_tags(raw.request_tags))
    by_minute = _summed(meant, (*KINDS, *OWNER, "minute"))
    placed = by_minute.mutate(
        hour=by_minute.minute - by_minute.minute % HOUR,
        tokens=by_minute.uncached
        + by_minute.cache_read
        + by_minute.written_5m
        + by_minute.written_1h
        + by_minute.output,
    )
    return _summed(placed, (*KINDS, *OWNER, "hour"), peak=placed.tokens.max().cast("int64"))


def _summed(rows: ir.Table, names: Sequence[str], **more: ir.Value) -> ir.Table:
    """Return the rows summed by these columns, in the order that `HourRow` of the reader has."""
    sums = {name: rows[name].sum().cast("int64") for name in (*COUNTS, "requests")}
    return rows.group_by(list(names)).aggregate(**sums, **more, spend=rows.spend.sum())


def _where(condition: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return ibis.cases((condition, value), else_=ibis.null(value.type()))


def unreadable(requests: ir.Table) -> ir.Table:
    """Return why each unusable row is unusable, and what may be kept of it."""
    found = requests.filter(requests.reason.notnull())
    return found.select("reason", **{name: found[f"raw_{name}"] for name in RAW_COLUMNS})

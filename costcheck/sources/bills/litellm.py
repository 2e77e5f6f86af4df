"""A LiteLLM proxy's spend log, read over its API and summed to the hour, its busiest minute kept.

`GET /spend/logs/v2` as in `litellm/proxy/spend_tracking/spend_management_endpoints.py` of LiteLLM 1.106.2,
checked 2026-11-23: at most 1,000 rows a page, both ends of the range inclusive, and `total` stops counting at
10,000 (`SPEND_LOGS_PAGINATION_COUNT_CAP`), so that a range with more is halved until every row can be reached.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import msgspec

from costcheck.errors import SourceError, SourcePayloadError
from costcheck.records import BillBatch, Provenance, QuarantinedRow
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_read import EngineRead
from costcheck.sources.bills.litellm_hours import read_hours
from costcheck.sources.bills.rows import refuse_unreadable
from costcheck.sources.bills.windows import Window
from costcheck.sources.exports.duckdb_files import DuckDb
from costcheck.sources.exports.spend_log_columns import COLUMNS
from costcheck.sources.http import ApiClient, RetryPolicy

SOURCE = "litellm"
KEY = "LITELLM_MASTER_KEY"
KEY_HELP = (
    "the proxy's master key, or the key of a proxy admin, in LITELLM_MASTER_KEY "
    "(`general_settings: master_key` in the proxy's config.yaml)"
)
PATH = "/spend/logs/v2"
ROWS_PER_PAGE = 1000
COUNT_CAP = 10_000
RANGE = timedelta(days=1)
SHORTEST_RANGE = timedelta(seconds=1)
"""The proxy reads times to the second."""
QUARANTINE_TEXT_CHARACTERS = 200


class Page(msgspec.Struct, frozen=True):
    """One page; its rows stay raw, so that a bad one does not spoil the rest."""

    data: list[msgspec.Raw]
    total: int
    total_pages: int


class CacheDetails(msgspec.Struct, frozen=True):
    """What was written, by how long it stays."""

    ephemeral_1h_input_tokens: int | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    """Parts of the prompt's tokens."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_tokens: int | None = None
    cache_creation_token_details: CacheDetails | None = None


class UsageValues(msgspec.Struct, frozen=True):
    """Cache counts as the provider gave them."""

    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class CostBreakdown(msgspec.Struct, frozen=True):
    """Of the gateway's estimate, the tier it was made at."""

    service_tier: str | None = None


class PricedAs(msgspec.Struct, frozen=True):
    """Under which name of its price map the gateway found the model."""

    model_map_key: str | None = None


class Metadata(msgspec.Struct, frozen=True):
    """The few keys that are needed: others may quote a prompt and are not read."""

    additional_usage_values: UsageValues | None = None
    usage_object: UsageValues | None = None
    cost_breakdown: CostBreakdown | None = None
    model_map_information: PricedAs | None = None


class SpendLog(msgspec.Struct, frozen=True, rename={"start_time": "startTime"}):
    """One request; `messages`, `response` and `proxy_server_request` have no field here, so they are never read."""

    request_id: str
    start_time: str
    model: str
    spend: Decimal
    prompt_tokens: int | None
    completion_tokens: int | None
    call_type: str | None = None
    api_key: str | None = None
    custom_llm_provider: str | None = None
    metadata: Metadata | str | None = None
    cache_hit: str | None = None
    request_tags: list[str] | str | None = None
    team_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRows:
    """The rows of one page; those that start at `end` itself belong to the next range."""

    bucket: str
    end: datetime
    rows: tuple[msgspec.Raw, ...]


def open_client(key: str, *, base_url: str, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for a proxy."""
    return ApiClient(base_url, {"authorization": f"Bearer {key}"}, key_help=KEY_HELP, retry=retry)


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for: once a day, more often where a day has over 1,000 rows.

    Raises:
        UsageError: The proxy's key or address is missing.
    """
    request.required(KEY, KEY_HELP)
    _base_url(request)
    return PullPlan(requests=sum(1 for window in request.windows for _ in window.parts(RANGE)))


def pull(request: PullRequest) -> BillBatch:
    """Return the log of the windows, summed to the minute.

    Raises:
        CostcheckError: See `fetch_logs` and `normalise_logs`.
    """
    base_url = _base_url(request)
    with open_client(request.required(KEY, KEY_HELP), base_url=base_url, retry=request.retry) as client:
        rows = fetch_logs(client, request.windows, on_page=request.on_page)
        return normalise_logs(rows, request.buckets, request.provenance(SOURCE, f"{base_url}{PATH}"))


def _base_url(request: PullRequest) -> str:
    wanted = "the proxy's address, or --base-url"
    return request.options.get("base-url") or request.required("LITELLM_BASE_URL", wanted)


def fetch_logs(
    client: ApiClient, windows: Sequence[Window], *, on_page: Callable[[], None] = lambda: None
) -> Iterator[FetchedRows]:
    """Yield every page of the windows, a day at a time.

    Raises:
        SourceError: One second holds more rows than the proxy lets anyone page through.
        SourcePayloadError: The pages gave fewer rows than the proxy counted.
    """
    for window in windows:
        for start, end in window.parts(RANGE):
            for until, page in _pages(client, start, end):
                yield FetchedRows(bucket=window.bucket, end=until, rows=tuple(page.data))
                on_page()


def _pages(client: ApiClient, start: datetime, end: datetime) -> Iterator[tuple[datetime, Page]]:
    first = _page(client, start, end, 1)
    if first.total >= COUNT_CAP:
        yield from _halves(client, start, end)
        return
    yield end, first
    came = len(first.data)
    for number in range(2, first.total_pages + 1):
        page = _page(client, start, end, number)
        came += len(page.data)
        yield end, page
    if came < first.total:
        message = f"{PATH} {start:%Y-%m-%d %H:%M:%S} counted {first.total} rows and gave {came}"
        raise SourcePayloadError(
            message, expected="every row that was counted", action="run it again; the read is not complete"
        )


def _halves(client: ApiClient, start: datetime, end: datetime) -> Iterator[tuple[datetime, Page]]:
    if end - start <= SHORTEST_RANGE:
        message = f"{PATH} has {COUNT_CAP} rows or more in the second {start:%Y-%m-%d %H:%M:%S}"
        raise SourceError(
            message,
            expected=f"fewer than {COUNT_CAP} rows a second",
            action='export the table "LiteLLM_SpendLogs" and use `costcheck bill import` instead',
        )
    middle = (start + (end - start) / 2).replace(microsecond=0)
    yield from _pages(client, start, middle)
    yield from _pages(client, middle, end)


def _page(client: ApiClient, start: datetime, end: datetime, number: int) -> Page:
    params: list[tuple[str, str | int]] = [
        ("start_date", f"{start:%Y-%m-%d %H:%M:%S}"),
        ("end_date", f"{end:%Y-%m-%d %H:%M:%S}"),
        ("page", number),
        ("page_size", ROWS_PER_PAGE),
        ("sort_by", "startTime"),
        ("sort_order", "asc"),
    ]
    return client.get(PATH, params, Page)


def normalise_logs(fetched: Iterable[FetchedRows], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the rows as one batch, by the rules of `litellm_hours`; page by page, so that memory stays low.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
    """
    unreadable: list[QuarantinedRow] = []
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        texts = ", ".join(f'"{name}" VARCHAR' for name in COLUMNS)
        connection.execute(f"CREATE TEMP TABLE fetched (bucket VARCHAR, range_end TIMESTAMP, {texts})")
        for page in fetched:
            unreadable += _load(connection, page)
        batches = [_sum_bucket(connection, bucket, provenance) for bucket in buckets]
    return _joined(batches, unreadable, buckets, provenance)


def _load(connection: duckdb.DuckDBPyConnection, page: FetchedRows) -> list[QuarantinedRow]:
    rows, unreadable = [], []
    for raw in page.rows:
        try:
            rows.append(_texts(msgspec.json.decode(raw, type=SpendLog)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:  # the latter: bytes that are not UTF-8
            unreadable.append(_quarantined(page.bucket, raw, str(exc)))
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        places = ", ".join("unnest(?::VARCHAR[])" for _ in columns)
        until = page.end.astimezone(UTC).replace(tzinfo=None)
        connection.execute(f"INSERT INTO fetched SELECT ?, ?, {places}", [page.bucket, until, *columns])
    return unreadable


def _texts(row: SpendLog) -> tuple[str | None, ...]:
    return (
        row.request_id,
        row.start_time,
        row.model,
        str(row.spend),
        _json_text(row.prompt_tokens),
        _json_text(row.completion_tokens),
        row.call_type,
        row.api_key,
        row.custom_llm_provider,
        _json_text(row.metadata),
        row.cache_hit,
        _json_text(row.request_tags),
        row.team_id,
        row.status,
    )


def _json_text(value: Metadata | list[str] | str | int | None) -> str | None:
    if isinstance(value, str):
        return value
    return None if value is None else msgspec.json.encode(value).decode()


def _quarantined(bucket: str, raw: msgspec.Raw, reason: str) -> QuarantinedRow:
    """Keep of an unreadable row what can hold no prompt: the known columns, where they are short and plain."""
    try:
        row = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        row = {}
    plain = set(COLUMNS) - {"metadata", "request_tags"}
    kept = {
        name: value
        for name, value in row.items()
        if name in plain and len(bytes(value)) <= QUARANTINE_TEXT_CHARACTERS and bytes(value)[:1] not in b"[{"
    }
    return QuarantinedRow(
        x_source=SOURCE,
        x_bucket=bucket,
        reason=reason,
        raw=msgspec.json.encode(kept),
        context=msgspec.json.encode(_row_context(row, kept)).decode(),
    )


class RowContext(msgspec.Struct, frozen=True):
    """Of the metadata what counts; `is_whole` says that everything else of the row is kept as it came."""

    is_whole: bool
    metadata: Metadata | None = None


def _row_context(row: Mapping[str, msgspec.Raw], kept: Mapping[str, msgspec.Raw]) -> RowContext:
    try:
        metadata = msgspec.json.decode(row.get("metadata", b"null"), type=Metadata | None)
        tags = msgspec.json.decode(row.get("request_tags", b"null"))
    except msgspec.MsgspecError:
        return RowContext(is_whole=False)
    lost = {name for name in COLUMNS if name in row and name not in {"metadata", "request_tags"}} - kept.keys()
    return RowContext(is_whole=bool(row) and not lost and not tags, metadata=metadata)


ROW_IS_REQUEST = True
"""Several rows add up under one key: an hour of a model."""


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows of the API say now; of an exported table's too little is kept.

    Raises:
        SourcePayloadError: None could be read.
    """
    buckets = tuple(dict.fromkeys(row.x_bucket for row in rows))
    whole = {row: _whole_row(row) for row in rows}
    pages = [
        FetchedRows(bucket=row.x_bucket, end=datetime.max.replace(tzinfo=UTC), rows=(raw,))
        for row, raw in whole.items()
        if raw
    ]
    batch = normalise_logs(pages, buckets, provenance)
    unknown = tuple(row for row, raw in whole.items() if not raw)
    return replace(batch, quarantined=(*batch.quarantined, *unknown))


def _whole_row(row: QuarantinedRow) -> msgspec.Raw | None:
    context = msgspec.json.decode(row.context, type=dict[str, msgspec.Raw])
    if bytes(context.get("is_whole", b"")) != b"true":
        return None
    kept = msgspec.json.decode(row.raw, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({**kept, "metadata": context["metadata"]}))


def _sum_bucket(connection: duckdb.DuckDBPyConnection, bucket: str, provenance: Provenance) -> BillBatch:
    connection.execute("CREATE OR REPLACE TEMP TABLE this_bucket AS SELECT ? AS name", [bucket])
    connection.execute(
        """
        CREATE OR REPLACE TEMP VIEW logs AS SELECT * FROM fetched
        WHERE bucket = (SELECT name FROM this_bucket)
            AND NOT coalesce(make_timestamp(epoch_us(TRY_CAST("startTime" AS TIMESTAMPTZ))) >= range_end, false)
        """
    )
    return read_hours(DuckDb(connection, "logs"), EngineRead(source=SOURCE, bucket=bucket, provenance=provenance))


def _joined(
    batches: Sequence[BillBatch],
    unreadable: Sequence[QuarantinedRow],
    buckets: tuple[str, ...],
    provenance: Provenance,
) -> BillBatch:
    usage = tuple(row for batch in batches for row in batch.usage)
    quarantined = (*unreadable, *(row for batch in batches for row in batch.quarantined))
    refuse_unreadable(SOURCE, buckets, kept=len(usage), quarantined=quarantined)
    return BillBatch(
        x_source=SOURCE,
        buckets=buckets,
        usage=usage,
        charges=tuple(row for batch in batches for row in batch.charges),
        quarantined=quarantined,
        set_aside=tuple(row for batch in batches for row in batch.set_aside),
        provenance=provenance,
        rows_in=len(unreadable) + sum(batch.rows_in or 0 for batch in batches),
    )

"""A Langfuse project's generations, read over its API: who called which model when, with how many tokens.

`GET /api/public/v2/observations` as in the SDK `langfuse` 5.0.4 (`langfuse/api/observations/client.py`,
`langfuse/api/commons/types/observation_v2.py`), read on 2026-11-26: at most 1,000 rows a page, a cursor for the next,
and only the groups of fields that are asked for: `core`, `model` and `usage`, so that prompts, answers and metadata
do not leave the server. Where generations without tokens come, it is asked once more which of the day failed.
`/api/public/v2/metrics` is not used: it does not split cached tokens off, and cuts its answer off at 1,000 rows
without saying so.

`usageDetails` may name classes as its writer likes. `input` leaves cached tokens out (Langfuse's own integrations),
or holds them, or those written alone (LiteLLM's): `total` tells which, and where it does not the row is quarantined.
Costs are Langfuse's own estimate from its price list, no bill: charges of theirs are marked as estimated. Langfuse
knows no provider: name it with `--provider` where all models come from one.
"""

import base64
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Charge, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.langfuse_uncounted import ERROR, OPERATIONS, id_of, is_uncounted, may_be_left_out
from costcheck.sources.bills.litellm_names import own_name
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens, known, replay_rows
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, RetryPolicy, follow_pages

SOURCE = "langfuse"
BASE_URL = "https://cloud.langfuse.com"
PATH = "/api/public/v2/observations"
PUBLIC_KEY, SECRET_KEY = "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"
KEY_HELP = (
    "a project's keys in LANGFUSE_PUBLIC_KEY (pk-lf-...) and LANGFUSE_SECRET_KEY (sk-lf-...), made under the "
    "project's settings, API keys; another region or your own server with --base-url"
)
ROWS_PER_PAGE = 1000
RANGE = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIELDS = "core,model,usage"
UNKNOWN_PROVIDER = "unknown"
ROW_IS_REQUEST = True
"""Several rows stand under one key: a minute of a model."""
NO_GENERATION = "no generation"
FAILED = "failed request"
UNCOUNTED = "neither tokens nor cost recorded, as of a stream without usage"
"""Of the generations, as in `litellm_hours`."""
NO_USAGE = "a generation without model and tokens"
TOTAL = "total"
READ = frozenset({"cache_read_input_tokens", "input_cached_tokens", "input_cache_read"})
WRITTEN = frozenset({"cache_creation_input_tokens", "input_cache_creation"})
WRITTEN_5M = frozenset({"cache_creation_ephemeral_5m_input_tokens", "input_cache_creation_5m"})
WRITTEN_1H = frozenset({"cache_creation_ephemeral_1h_input_tokens", "input_cache_creation_1h"})
NAMED = READ | WRITTEN | WRITTEN_5M | WRITTEN_1H | {TOTAL}


class Observation(msgspec.Struct, frozen=True, rename="camel"):
    """One observation; what people and models wrote (`input`, `output`, `metadata`) has no field here."""

    id: str
    type: str
    start_time: datetime
    project_id: str | None = None
    provided_model_name: str | None = None
    model: str | None = None
    usage_details: dict[str, int | None] | None = None
    total_cost: Decimal | None = None
    level: str | None = None

    @property
    def model_name(self) -> str | None:
        """Return the model as the caller named it, under either of its two names."""
        return self.provided_model_name or self.model or None


class Meta(msgspec.Struct, frozen=True):
    """Where the next page begins."""

    cursor: str | None = None


class Page(msgspec.Struct, frozen=True):
    """One page; its rows stay raw, so that a bad one does not spoil the rest."""

    data: list[msgspec.Raw]
    meta: Meta


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRows:
    """The rows of one page, and the range that was asked for; `failed` are those of level ERROR, if anybody asked."""

    bucket: str
    start: datetime
    end: datetime
    rows: tuple[msgspec.Raw, ...]
    failed: frozenset[str] = frozenset()


def open_client(
    public_key: str, secret_key: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None
) -> ApiClient:
    """Return a client for a project."""
    both = base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()
    return ApiClient(
        base_url, {"authorization": f"Basic {both}"}, key_help=KEY_HELP, retry=retry, default_url=BASE_URL
    )


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for: twice a day, more often where a day has over 1,000 rows, or failures.

    Raises:
        UsageError: A key is missing.
    """
    _keys(request)
    days = sum(1 for window in request.windows for _ in window.parts(RANGE))
    return PullPlan(requests=days * len(OPERATIONS))


def pull(request: PullRequest) -> BillBatch:
    """Return the generations of the windows, with Langfuse's own estimate of their cost.

    Raises:
        CostcheckError: See `fetch_rows` and `normalise_rows`.
    """
    base_url = request.options.get("base-url") or request.environ.get("LANGFUSE_HOST") or BASE_URL
    with open_client(*_keys(request), base_url=base_url, retry=request.retry) as client:
        fetched = list(fetch_rows(client, request.windows, on_page=request.on_page))
    provider = request.options.get("provider", UNKNOWN_PROVIDER)
    provenance = request.provenance(SOURCE, f"{base_url}{PATH}")
    return normalise_rows(fetched, request.buckets, provenance, provider=provider)


def _keys(request: PullRequest) -> tuple[str, str]:
    return request.required(PUBLIC_KEY, KEY_HELP), request.required(SECRET_KEY, KEY_HELP)


def fetch_rows(
    client: ApiClient, windows: Sequence[Window], *, on_page: Callable[[], None] = lambda: None
) -> Iterator[FetchedRows]:
    """Yield every page of the windows, a day and a type of observation at a time."""
    for window in windows:
        for start, end in window.parts(RANGE):
            for kind in OPERATIONS:
                asked: list[tuple[str, str | int]] = [
                    ("fromStartTime", f"{start:%Y-%m-%dT%H:%M:%SZ}"),
                    ("toStartTime", f"{end:%Y-%m-%dT%H:%M:%SZ}"),
                    ("type", kind),
                ]
                rows = _rows(client, [*asked, ("fields", FIELDS)], on_page)
                failed = _failed(client, asked, on_page) if any(map(is_uncounted, rows)) else frozenset()
                yield FetchedRows(bucket=window.bucket, start=start, end=end, rows=rows, failed=failed)


def _rows(
    client: ApiClient, asked: Sequence[tuple[str, str | int]], on_page: Callable[[], None]
) -> tuple[msgspec.Raw, ...]:
    rows: list[msgspec.Raw] = []
    for page in follow_pages(partial(_page, client, asked), lambda page: page.meta.cursor):
        rows += page.data
        on_page()
    return tuple(rows)


def _page(client: ApiClient, asked: Sequence[tuple[str, str | int]], cursor: str | None) -> Page:
    return client.get(PATH, [*asked, ("limit", ROWS_PER_PAGE), *([("cursor", cursor)] if cursor else [])], Page)


def _failed(client: ApiClient, asked: Sequence[tuple[str, str | int]], on_page: Callable[[], None]) -> frozenset[str]:
    """Return the ids of level ERROR: the level itself comes only beside `statusMessage`, which may quote a prompt."""
    rows = _rows(client, [*asked, ("level", ERROR), ("fields", "core")], on_page)
    return frozenset(found for raw in rows if (found := id_of(raw)) is not None)


def normalise_rows(
    fetched: Sequence[FetchedRows],
    buckets: tuple[str, ...],
    provenance: Provenance,
    *,
    provider: str = UNKNOWN_PROVIDER,
) -> BillBatch:
    """Return the rows as one batch.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
    """
    builder, uncounted = BatchBuilder(SOURCE), []
    for page in fetched:
        for raw in page.rows:
            if is_uncounted(raw, page.failed):
                uncounted.append((page, raw))
            else:
                reader = partial(_read, page, raw, provider)
                builder.read(page.bucket, safe_raw(raw), reader, context=row_context(provider))
    are_few = may_be_left_out(builder, len(uncounted))
    for page, raw in uncounted:
        reader = partial(_read, page, raw, provider, are_few_uncounted=are_few)
        builder.read(page.bucket, safe_raw(raw), reader, context=row_context(provider))
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row))


def _read_again(row: QuarantinedRow) -> tuple[Hashable, Read]:
    provider = msgspec.json.decode(row.context, type=dict[str, str])["provider"]
    return read_observation(row.x_bucket, msgspec.json.decode(row.raw, type=Observation), provider=provider)


def row_context(provider: str) -> str:
    """Return what an observation does not say itself."""
    return msgspec.json.encode({"provider": provider}).decode()


def _read(
    page: FetchedRows, raw: msgspec.Raw, provider: str, *, are_few_uncounted: bool = False
) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=Observation)
    if row.id in page.failed:
        row = msgspec.structs.replace(row, level=ERROR)
    if not page.start <= _utc(row.start_time) < page.end:
        message = f"startTime is {row.start_time}"
        raise SourcePayloadError(message, expected=f"{page.start} to {page.end}", action="check the server's version")
    return read_observation(page.bucket, row, provider=provider, are_few_uncounted=are_few_uncounted)


def safe_raw(raw: bytes) -> bytes:
    """Return of an observation what the quarantine may hold: the fields that are read, and no text of a person."""
    try:
        row = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return b"{}"
    kept = {name: row[name] for name in Observation.__struct_encode_fields__ if name in row}
    return msgspec.json.encode(kept)


def read_observation(
    bucket: str, row: Observation, *, provider: str, are_few_uncounted: bool = False
) -> tuple[Hashable, Read]:
    """Return what makes one observation unique, and its usage and estimated charge.

    Args:
        bucket: Where it belongs.
        row: The observation.
        provider: Who bills it.
        are_few_uncounted: Of a generation without tokens and cost nothing needs to be known.

    Raises:
        SourcePayloadError: It names no model, or its counts contradict each other.
    """
    if row.type not in OPERATIONS:
        return row.id, SetAside(NO_GENERATION)
    counts = {name: count_tokens(value, what=name) for name, value in (row.usage_details or {}).items() if value}
    if not counts and row.level == ERROR:
        return row.id, SetAside(FAILED)
    if row.model_name is None and not counts:
        return row.id, SetAside(NO_USAGE)
    if not counts and not row.total_cost and are_few_uncounted:
        return row.id, SetAside(UNCOUNTED)
    if row.model_name is None or not counts:
        message = f"model is {row.model_name!r} and usageDetails is {row.usage_details}"
        raise SourcePayloadError(message, expected="a model and its tokens", action="record both in Langfuse")
    usage = _usage(bucket, row, row.model_name, counts, provider)
    if not row.total_cost:
        return row.id, usage
    return row.id, (usage, _charge(usage, row.total_cost))


def _usage(bucket: str, row: Observation, model: str, counts: Mapping[str, int], provider: str) -> TokenUsage:
    start = _utc(row.start_time).replace(second=0, microsecond=0)
    uncached, read, written_5m, written_1h, output = token_classes(counts)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + MINUTE,
        service_provider_name=provider,
        request_model=own_name(provider, model),
        operation=known(OPERATIONS, row.type, what="type"),
        sub_account_id=row.project_id,
        uncached_input_tokens=uncached,
        cache_read_input_tokens=read,
        cache_creation_5m_input_tokens=written_5m,
        cache_creation_1h_input_tokens=written_1h,
        output_tokens=output,
        requests=1,
    )


def _charge(usage: TokenUsage, cost: Decimal) -> Charge:
    if not cost.is_finite() or cost < 0:
        message = f"totalCost is {cost}"
        raise SourcePayloadError(message, expected="zero or more", action="check the prices in Langfuse")
    return Charge(
        x_source=SOURCE,
        x_bucket=usage.x_bucket,
        charge_period_start=usage.charge_period_start,
        charge_period_end=usage.charge_period_end,
        service_provider_name=usage.service_provider_name,
        service_name="Langfuse",
        sub_account_id=usage.sub_account_id,
        billed_cost=cost,
        billing_currency="USD",
        x_gen_ai_request_model=usage.request_model,
        x_operation=usage.operation,
        x_estimated=True,
    )


def _utc(moment: datetime) -> datetime:
    # Exports write UTC without an offset.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def token_classes(counts: Mapping[str, int]) -> tuple[int, int, int, int, int]:
    """Return (uncached, read, written for minutes, written for an hour, output).

    Raises:
        SourcePayloadError: A class is neither input nor output, or the classes do not add up to their total.
    """
    read, written_5m, written_1h = _cached(counts)
    output = sum(count for name, count in counts.items() if _is_output(name))
    uncached = sum(count for name, count in counts.items() if _is_uncached(name))
    strange = [name for name in counts if name not in NAMED and not (_is_output(name) or _is_uncached(name))]
    if strange:
        message = f"usageDetails names {', '.join(strange)}"
        raise SourcePayloadError(message, expected="classes of input and output", action="report it, with an example")
    parts = uncached + read + written_5m + written_1h + output
    every = sum(count for name, count in counts.items() if name != TOTAL)
    total = counts.get(TOTAL, parts)
    # What is too much stands in `input` a second time: the tokens read, those written, or both.
    twice = 0 if total == every else parts - total
    if twice > uncached or twice not in {0, read, written_5m + written_1h, read + written_5m + written_1h}:
        message = f"usageDetails {dict(counts)} does not add up"
        raise SourcePayloadError(message, expected="a total of its parts", action="check what writes to Langfuse")
    return uncached - twice, read, written_5m, written_1h, output


def _cached(counts: Mapping[str, int]) -> tuple[int, int, int]:
    """Return (read, written for minutes, written for an hour); LangChain writes the sum beside its two parts."""
    written, written_5m, written_1h = (_sum(counts, names) for names in (WRITTEN, WRITTEN_5M, WRITTEN_1H))
    if written and written_5m + written_1h not in {0, written}:
        message = (
            f"{written} tokens written to the cache, of which {written_5m} and {written_1h} by how long they stay"
        )
        raise SourcePayloadError(message, expected="parts of their sum", action="check what writes to Langfuse")
    return _sum(counts, READ), written_5m if written_5m or written_1h else written, written_1h


def _sum(counts: Mapping[str, int], names: frozenset[str]) -> int:
    return sum(count for name, count in counts.items() if name in names)


def _is_uncached(name: str) -> bool:
    return "input" in name and "priority" not in name and name not in NAMED


def _is_output(name: str) -> bool:
    return "output" in name and "priority" not in name

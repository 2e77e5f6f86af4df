"""A LiteLLM proxy's daily sums, for who no longer has the spend log or may not read it.

`GET /user/daily/activity` as in `litellm/proxy/management_endpoints/internal_user_endpoints.py` and
`litellm/types/proxy/management_endpoints/common_daily_activity.py` of LiteLLM 1.106.2, read on 2026-11-26: both days
included, UTC, at most 1,000 rows of the database a page, so that one day may stand on several pages, each with its
part of the sums. The rows are the gateway's log summed to the day: they replace and are replaced by those of
`litellm`. They tell no tier, no team, nothing by the hour, and count what the gateway's own cache answered as tokens.
A day names its providers beside its models: a model's provider is known where there is one alone, or where it stands
before the model's name.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Charge, Operation, Provenance, TokenUsage
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.litellm import KEY, KEY_HELP, SOURCE, open_client
from costcheck.sources.bills.litellm_names import billed_by, own_name
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient

PATH = "/user/daily/activity"
ROWS_PER_PAGE = 1000
DAY = timedelta(days=1)
SERVICE_NAME = "LiteLLM"
UNKNOWN_PROVIDER = "unknown"
NOTHING = "no tokens, no spend and no answered request"
OTHER_MONTH = "a day outside the month that was asked for"
# `/chat/completions` and the like are chat; what is not here is not known to be.
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "embeddings": Operation.EMBEDDINGS,
        "image": Operation.IMAGE,
        "images": Operation.IMAGE,
        "audio": Operation.AUDIO,
        "realtime": Operation.AUDIO,
        "moderations": Operation.OTHER,
        "rerank": Operation.OTHER,
        "vector_stores": Operation.OTHER,
        "mcp": Operation.TOOL,
        "search": Operation.TOOL,
        "videos": Operation.OTHER,
        "ocr": Operation.OTHER,
    }
)


class Metrics(msgspec.Struct, frozen=True):
    """Sums of one day; `prompt_tokens` holds what the cache read and wrote, `spend` is the gateway's estimate."""

    spend: Decimal
    prompt_tokens: int
    completion_tokens: int
    successful_requests: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


class KeyPart(msgspec.Struct, frozen=True):
    """What one key used of a model."""

    metrics: Metrics


class ModelPart(msgspec.Struct, frozen=True):
    """What one model was used for, in all and by key."""

    metrics: Metrics
    api_key_breakdown: dict[str, KeyPart] = {}


class Breakdown(msgspec.Struct, frozen=True):
    """One day's sums by model; each stays raw, so that a bad one does not spoil the rest."""

    models: dict[str, msgspec.Raw]
    providers: dict[str, msgspec.Raw] = {}


class DayPart(msgspec.Struct, frozen=True):
    """One day, or what one page holds of it."""

    date: date
    breakdown: Breakdown


class PageMetadata(msgspec.Struct, frozen=True):
    """Where this page stands among the others."""

    page: int
    total_pages: int


class Page(msgspec.Struct, frozen=True):
    """One page."""

    results: list[DayPart]
    metadata: PageMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """What one model and key used on one day, wherever it was read."""

    day: date
    provider: str
    model: str
    key_hash: str | None
    metrics: Metrics
    operation: Operation = Operation.CHAT


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for: once a month, more often where a month has over 1,000 rows.

    Raises:
        UsageError: The proxy's key or address is missing.
    """
    request.required(KEY, KEY_HELP)
    _base_url(request)
    return PullPlan(requests=len(request.windows))


def pull(request: PullRequest) -> BillBatch:
    """Return the sums of the windows.

    Raises:
        CostcheckError: See `fetch_days` and `normalise_days`.
    """
    base_url = _base_url(request)
    with open_client(request.required(KEY, KEY_HELP), base_url=base_url, retry=request.retry) as client:
        pages = list(fetch_days(client, request.windows, on_page=request.on_page))
    return normalise_days(pages, request.buckets, request.provenance(SOURCE, f"{base_url}{PATH}"))


def _base_url(request: PullRequest) -> str:
    wanted = "the proxy's address, or --base-url"
    return request.options.get("base-url") or request.required("LITELLM_BASE_URL", wanted)


def fetch_days(
    client: ApiClient, windows: Sequence[Window], *, on_page: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Page]]:
    """Yield every page of the windows, with its bucket.

    Raises:
        SourcePayloadError: A page is another one than was asked for, or their number changed while they were read.
    """
    for window in windows:
        number, last = 1, 1
        while number <= last:
            page = client.get(PATH, _params(window, number), Page)
            _require_page(page.metadata, number, last)
            yield window.bucket, page
            on_page()
            number, last = number + 1, page.metadata.total_pages


def _require_page(metadata: PageMetadata, number: int, last: int) -> None:
    # Rows that come in between move others to another page, where they would count twice or not at all.
    if metadata.page != number or (number > 1 and metadata.total_pages != last):
        message = (
            f"{PATH} was asked for page {number} of {last} and gave page {metadata.page} of {metadata.total_pages}"
        )
        raise SourcePayloadError(message, expected="each page once", action="run it again; the read is not complete")


def _params(window: Window, number: int) -> list[tuple[str, str | int]]:
    last_day = window.end - timedelta(microseconds=1)
    return [
        ("start_date", f"{window.start:%Y-%m-%d}"),
        ("end_date", f"{last_day:%Y-%m-%d}"),
        ("page", number),
        ("page_size", ROWS_PER_PAGE),
    ]


def normalise_days(pages: Sequence[tuple[str, Page]], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the pages as one batch.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
    """
    builder = BatchBuilder(SOURCE)
    for bucket, page in pages:
        for day in page.results:
            for model, raw in day.breakdown.models.items():
                context = msgspec.json.encode({"date": day.date, "model": model}).decode()
                reader = partial(_read, bucket, page.metadata.page, day, model, raw)
                builder.read(bucket, raw, reader, context=context)
    return builder.batch(buckets, provenance)


def _read(bucket: str, page: int, day: DayPart, model: str, raw: msgspec.Raw) -> tuple[Hashable, Read]:
    part = msgspec.json.decode(raw, type=ModelPart)
    key = (page, day.date, model)
    if bucket != f"{day.date:%Y-%m}":
        return key, SetAside(OTHER_MONTH)
    provider = _provider(list(day.breakdown.providers), model)
    rows = [
        DayRow(day=day.date, provider=provider, model=model, key_hash=key_hash or None, metrics=metrics)
        for key_hash, metrics in _by_key(part)
    ]
    records = tuple(record for row in rows for record in day_records(bucket, row))
    return key, records or SetAside(NOTHING)


def _provider(providers: Sequence[str], model: str) -> str:
    """Return a model's provider: the day's only one, or the one that stands before its name."""
    before = [provider for provider in providers if model.startswith(f"{provider}/")]
    return before[0] if before else providers[0] if len(providers) == 1 else UNKNOWN_PROVIDER


def _by_key(part: ModelPart) -> list[tuple[str | None, Metrics]]:
    """Return the sums by key; where the keys do not add up to the model, the model's own."""
    keys = [(name, key.metrics) for name, key in part.api_key_breakdown.items()]
    counted = [
        sum(getattr(metrics, name) for _, metrics in keys) == getattr(part.metrics, name)
        for name in ("prompt_tokens", "completion_tokens", "successful_requests")
    ]
    return list(keys) if all(counted) else [(None, part.metrics)]


def day_records(bucket: str, row: DayRow) -> tuple[TokenUsage | Charge, ...]:
    """Return the usage and the estimated charge of one day; nothing where nothing was used.

    Raises:
        SourcePayloadError: A count or the spend cannot be right.
    """
    used, spend = _usage(bucket, row), _spend(row)
    tokens = used.input_tokens + used.output_tokens
    if tokens and not row.model:
        message = f"{tokens} tokens name no model"
        raise SourcePayloadError(message, expected="a model", action="check the proxy; the row was not used")
    records: list[TokenUsage | Charge] = [used] if row.model and (tokens or used.requests) else []
    if spend:
        records.append(_charge(used, row, spend))
    return tuple(records)


def _usage(bucket: str, row: DayRow) -> TokenUsage:
    counts = row.metrics
    prompt = count_tokens(counts.prompt_tokens, what="prompt_tokens")
    read = count_tokens(counts.cache_read_input_tokens, what="cache_read_input_tokens")
    written = count_tokens(counts.cache_creation_input_tokens, what="cache_creation_input_tokens")
    if read + written > prompt:
        message = f"{prompt} prompt tokens, and {read} read from the cache and {written} written to it"
        raise SourcePayloadError(message, expected="cached tokens as a part of the prompt", action="check the proxy")
    start = datetime(row.day.year, row.day.month, row.day.day, tzinfo=UTC)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + DAY,
        service_provider_name=billed_by(row.provider) or UNKNOWN_PROVIDER,
        request_model=own_name(row.provider, row.model),
        operation=row.operation,
        x_api_key_id=row.key_hash,
        uncached_input_tokens=prompt - read - written,
        cache_read_input_tokens=read,
        cache_creation_5m_input_tokens=written,
        output_tokens=count_tokens(counts.completion_tokens, what="completion_tokens"),
        requests=count_tokens(counts.successful_requests, what="successful_requests"),
    )


def _spend(row: DayRow) -> Decimal:
    spend = row.metrics.spend
    if not spend.is_finite() or spend < 0:
        message = f"spend of {row.model!r} is {spend}"
        raise SourcePayloadError(message, expected="zero or more", action="check the proxy's prices")
    return spend


def _charge(used: TokenUsage, row: DayRow, spend: Decimal) -> Charge:
    return Charge(
        x_source=SOURCE,
        x_bucket=used.x_bucket,
        charge_period_start=used.charge_period_start,
        charge_period_end=used.charge_period_end,
        service_provider_name=used.service_provider_name,
        service_name=SERVICE_NAME,
        billed_cost=spend,
        billing_currency="USD",
        x_gen_ai_request_model=used.request_model or None,
        x_operation=row.operation if row.model else Operation.TOOL,
        x_estimated=True,
    )


def operation_of(endpoint: str | None) -> Operation:
    """Return what an endpoint of the proxy (`/chat/completions`) is for."""
    parts = (endpoint or "").strip("/").split("/")
    return next((OPERATIONS[part] for part in parts if part in OPERATIONS), Operation.CHAT)

"""OpenAI's organisation usage and costs.

https://platform.openai.com/docs/api-reference/usage; field names and parameters as in the SDK `openai` 3.54
(`openai/types/admin/organization/usage_*.py`), checked 2026-11-23. Costs reconcile with the invoice; usage
may differ slightly from it.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.records import (
    BillBatch,
    Charge,
    ChargeCategory,
    Operation,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    TokenUsage,
)
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.openai_line_items import split_line_item
from costcheck.sources.bills.pages import FetchedPage, PageRequest, bucket_starts, gather_pages
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens, known, replay_rows
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, RetryPolicy
from costcheck.units import parse_decimal

SOURCE = "openai"
PROVIDER = "openai"
ONE_ORGANISATION = True
"""A key sees the bill of one organisation, see `pull_months`."""
BASE_URL = "https://api.openai.com/v1"
KEY = "OPENAI_ADMIN_KEY"
KEY_HELP = (
    "an admin key (sk-admin-...) in OPENAI_ADMIN_KEY; an organisation owner makes one at "
    "https://platform.openai.com/settings/organization/admin-keys (project keys are refused)"
)
COSTS = "costs"
COMPLETIONS = "completions"
# A request gives at most this many buckets (usage_completions_params.py, usage_costs_params.py).
BUCKETS_PER_REQUEST: Mapping[str, int] = MappingProxyType({"1m": 1440, "1h": 168, "1d": 31})
WIDTHS: Mapping[str, timedelta] = MappingProxyType(
    {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
)
SIDE_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "embeddings": Operation.EMBEDDINGS,
        "moderations": Operation.OTHER,
        "images": Operation.IMAGE,
        "audio_speeches": Operation.AUDIO,
        "audio_transcriptions": Operation.AUDIO,
    }
)
"""Usage that no chat model replaces; read by the day, to be shown and set aside."""
# Which tier `service_tier` names; `scale` is a flat fee for capacity, and its tokens are still usage.
TIERS: Mapping[str | None, ServiceTier] = MappingProxyType(
    {
        None: ServiceTier.STANDARD,
        "default": ServiceTier.STANDARD,
        "auto": ServiceTier.STANDARD,
        "standard": ServiceTier.STANDARD,
        "scale": ServiceTier.STANDARD,
        "flex": ServiceTier.FLEX,
        "batch": ServiceTier.BATCH,
        "priority": ServiceTier.PRIORITY,
        "fast": ServiceTier.PRIORITY,
        "ultrafast": ServiceTier.PRIORITY,
    }
)
DAYS_STILL_CHANGING = 1
"""Costs of the day of the read and of the day before may still change (sources.md: hours to one day)."""


class Bucket(msgspec.Struct, frozen=True):
    """One time bucket; its rows stay raw, so that a bad one does not spoil the rest."""

    start_time: int
    end_time: int
    results: list[msgspec.Raw]


class Page(msgspec.Struct, frozen=True):
    """One page of any organisation endpoint."""

    data: list[Bucket]
    has_more: bool
    next_page: str | None = None

    def starts(self) -> Iterator[datetime]:
        """Return when its buckets begin."""
        return (datetime.fromtimestamp(bucket.start_time, UTC) for bucket in self.data)


class UsageResult(msgspec.Struct, frozen=True):
    """A row of `organization.usage.*.result`; images and audio count no tokens."""

    num_model_requests: int
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    input_cached_tokens: int | None = None
    input_cache_write_tokens: int | None = None
    input_cache_write_12h_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    batch: bool | None = None
    service_tier: str | None = None


class ChatUsageResult(UsageResult, frozen=True, kw_only=True):
    """A row of completions: there the two token counts must exist."""

    input_tokens: int
    output_tokens: int


class Amount(msgspec.Struct, frozen=True):
    """Dollars; a float in the SDK, and seen as a string: msgspec reads both without rounding."""

    value: Decimal
    currency: str


class CostResult(msgspec.Struct, frozen=True):
    """A row of `organization.costs.result`."""

    amount: Amount
    line_item: str | None = None
    project_id: str | None = None
    quantity: Decimal | None = None
    quantity_unit: str | None = None


def open_client(key: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for the organisation endpoints."""
    return ApiClient(
        base_url, {"authorization": f"Bearer {key}"}, key_help=KEY_HELP, retry=retry, default_url=BASE_URL
    )


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for if no page is split further.

    Raises:
        UsageError: OPENAI_ADMIN_KEY is not set.
    """
    request.required(KEY, KEY_HELP)
    width = request.options["bucket-width"]
    return PullPlan(requests=sum(1 for window in request.windows for _ in _requests(window, width)))


def pull(request: PullRequest) -> BillBatch:
    """Return usage and costs of the windows.

    Raises:
        CostcheckError: See `fetch_bill` and `normalise_bill`.
    """
    key = request.required(KEY, KEY_HELP)
    base_url = request.options.get("base-url", BASE_URL)
    with open_client(key, base_url=base_url, retry=request.retry) as client:
        width = request.options["bucket-width"]
        pages = fetch_bill(client, request.windows, bucket_width=width, on_page=request.on_page)
    return normalise_bill(pages, request.buckets, request.provenance(SOURCE, f"{base_url}/organization/costs"))


def fetch_bill(
    client: ApiClient,
    windows: Sequence[Window],
    *,
    bucket_width: str = "1h",
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedPage[Page]]:
    """Return every page of usage and costs of the windows."""
    return gather_pages(client, windows, partial(_requests, bucket_width=bucket_width), Page, on_page)


def _requests(window: Window, bucket_width: str) -> Iterator[PageRequest]:
    chat = ("project_id", "model", "api_key_id", "batch", "service_tier")
    widths = {COMPLETIONS: (bucket_width, chat)} | dict.fromkeys(
        SIDE_OPERATIONS, ("1d", ("project_id", "model", "api_key_id"))
    )
    for kind, (width, group_by) in widths.items():
        for start, end in window.parts(WIDTHS[width] * BUCKETS_PER_REQUEST[width]):
            yield PageRequest(
                kind=kind,
                path=f"/organization/usage/{kind}",
                params=_params(start, end, width, group_by),
                starts=bucket_starts(window, start, end, WIDTHS[width]),
            )
    yield PageRequest(
        kind=COSTS,
        path="/organization/costs",
        params=_params(window.start, window.end, "1d", ("project_id", "line_item")),
        starts=bucket_starts(window, window.start, window.end, WIDTHS["1d"]),
    )


def _params(start: datetime, end: datetime, width: str, group_by: Iterable[str]) -> list[tuple[str, str | int]]:
    return [
        ("start_time", int(start.timestamp())),
        ("end_time", int(end.timestamp())),
        ("bucket_width", width),
        ("limit", BUCKETS_PER_REQUEST[width]),
        *(("group_by[]", name) for name in group_by),
    ]


def normalise_bill(pages: Sequence[FetchedPage[Page]], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the pages as one batch: token classes disjoint, credits apart, dollars exact.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for fetched, bucket, raw in _rows(pages, costs=False):
        context = _context(fetched, bucket, {})
        builder.read(fetched.bucket, raw, partial(read_usage, fetched, bucket, raw), context=context)
    operations = _operation_of_models(builder.usage)
    for fetched, bucket, raw in _rows(pages, costs=True):
        reader = partial(read_cost, fetched, bucket, raw, operations, provenance)
        builder.read(fetched.bucket, raw, reader, context=_context(fetched, bucket, operations))
    return builder.batch(buckets, provenance)


class RowContext(msgspec.Struct, frozen=True):
    """What a result does not say itself; `operations` only beside an amount."""

    kind: str
    start_time: int
    end_time: int
    operations: dict[str, Operation] = {}


def _context(fetched: FetchedPage[Page], bucket: Bucket, operations: Mapping[str, Operation]) -> str:
    context = RowContext(fetched.kind, bucket.start_time, bucket.end_time, dict(operations))
    return msgspec.json.encode(context).decode()


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined results say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row, provenance))


def _read_again(row: QuarantinedRow, provenance: Provenance) -> tuple[Hashable, Read]:
    context = msgspec.json.decode(row.context, type=RowContext)
    bucket = Bucket(context.start_time, context.end_time, [])
    fetched = FetchedPage(bucket=row.x_bucket, kind=context.kind, page=Page([bucket], has_more=False))
    if context.kind == COSTS:
        return read_cost(fetched, bucket, row.raw, context.operations, provenance)
    return read_usage(fetched, bucket, row.raw)


def _rows(
    pages: Sequence[FetchedPage[Page]], *, costs: bool
) -> Iterator[tuple[FetchedPage[Page], Bucket, msgspec.Raw]]:
    for fetched in pages:
        if (fetched.kind == COSTS) is costs:
            for bucket in fetched.page.data:
                for raw in bucket.results:
                    yield fetched, bucket, raw


def _operation_of_models(usage: Iterable[TokenUsage]) -> dict[str, Operation]:
    """Return what each billed model was used for; a model used for chat too counts as chat."""
    rows = sorted(usage, key=lambda row: row.operation is Operation.CHAT)
    return {row.request_model: row.operation for row in rows}


def read_usage(fetched: FetchedPage[Page], bucket: Bucket, raw: bytes) -> tuple[Hashable, Read]:
    """Return what makes one result of usage unique, and its record.

    Raises:
        SourcePayloadError: Its parts contradict each other, or name something unknown.
    """
    chat = fetched.kind == COMPLETIONS
    row = msgspec.json.decode(raw, type=ChatUsageResult if chat else UsageResult)
    key = (
        fetched.kind,
        bucket.start_time,
        row.project_id,
        row.model,
        row.api_key_id,
        row.batch,
        row.service_tier,
    )
    if row.model is None and not (row.input_tokens or row.output_tokens or row.num_model_requests):
        return key, SetAside("a row without model, tokens or requests")
    return key, _usage(fetched, bucket, row)


def _usage(fetched: FetchedPage[Page], bucket: Bucket, row: UsageResult) -> TokenUsage:
    read, written_5m, written_1h, uncached = _input_classes(row)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=fetched.bucket,
        charge_period_start=datetime.fromtimestamp(bucket.start_time, UTC),
        charge_period_end=datetime.fromtimestamp(bucket.end_time, UTC),
        service_provider_name=PROVIDER,
        request_model=_required(row.model, what="model"),
        operation=_operation(fetched.kind, row),
        service_tier=ServiceTier.BATCH if row.batch else known(TIERS, row.service_tier, what="service_tier"),
        sub_account_id=row.project_id,
        x_api_key_id=row.api_key_id,
        tags=("service_tier:scale",) if row.service_tier == "scale" else (),
        uncached_input_tokens=uncached,
        cache_read_input_tokens=read,
        cache_creation_5m_input_tokens=written_5m,
        cache_creation_1h_input_tokens=written_1h,
        output_tokens=count_tokens(row.output_tokens, what="output_tokens"),
        requests=count_tokens(row.num_model_requests, what="num_model_requests"),
    )


def _input_classes(row: UsageResult) -> tuple[int, int, int, int]:
    """Return (read, written short, written long, uncached): `input_tokens` includes all four.

    OpenAI keeps what it writes for 30 minutes or 12 hours, Anthropic for 5 minutes or an hour:
    the shorter retention goes to the `5m` class, the longer one to `1h`.
    """
    read = count_tokens(row.input_cached_tokens, what="input_cached_tokens")
    written = count_tokens(row.input_cache_write_tokens, what="input_cache_write_tokens")
    written_long = count_tokens(row.input_cache_write_12h_tokens, what="input_cache_write_12h_tokens")
    uncached = row.input_tokens - read - written
    if uncached < 0 or written_long > written:
        message = (
            f"input_tokens is {row.input_tokens}, of which {read} cached, {written} written "
            f"and {written_long} written for 12 hours"
        )
        raise SourcePayloadError(
            message, expected="classes within their total", action="check the source; the row was not used"
        )
    return read, written - written_long, written_long, uncached


def _operation(kind: str, row: UsageResult) -> Operation:
    if kind != COMPLETIONS:
        return SIDE_OPERATIONS[kind]
    return Operation.AUDIO if row.input_audio_tokens or row.output_audio_tokens else Operation.CHAT


def _required(value: str | None, *, what: str) -> str:
    if value is None:
        message = f"{what} is missing although the answer was grouped by it"
        raise SourcePayloadError(message, expected=f"a {what}", action="check the source; the row was not used")
    return value


def read_cost(
    fetched: FetchedPage[Page],
    bucket: Bucket,
    raw: bytes,
    operations: Mapping[str, Operation],
    provenance: Provenance,
) -> tuple[Hashable, Read]:
    """Return what makes one result of costs unique, and its record.

    Raises:
        SourcePayloadError: The amount is no number.
        CurrencyError: It is not in US dollars.
    """
    row = msgspec.json.decode(raw, type=CostResult)
    billed_cost = _dollars(row)
    item = split_line_item(row.line_item or "")
    model = item.model if item.model in operations or item.token_type else None
    changing_from = provenance.retrieved_on - timedelta(days=DAYS_STILL_CHANGING)
    end = datetime.fromtimestamp(bucket.end_time, UTC)
    charge = Charge(
        x_source=SOURCE,
        x_bucket=fetched.bucket,
        charge_period_start=datetime.fromtimestamp(bucket.start_time, UTC),
        charge_period_end=end,
        charge_category=ChargeCategory.CREDIT if billed_cost < 0 else ChargeCategory.USAGE,
        service_provider_name=PROVIDER,
        service_name="OpenAI API" if model else row.line_item or "OpenAI API",
        sub_account_id=row.project_id,
        billed_cost=billed_cost,
        billing_currency="USD",
        consumed_quantity=row.quantity,
        consumed_unit=row.quantity_unit,
        x_gen_ai_request_model=model,
        x_token_type=item.token_type,
        x_operation=operations.get(model, Operation.OTHER) if model else Operation.OTHER,
        x_service_tier=item.service_tier,
        x_estimated=end.date() > changing_from,
    )
    return (COSTS, bucket.start_time, row.project_id, row.line_item), charge


def _dollars(row: CostResult) -> Decimal:
    if row.amount.currency.lower() != "usd":
        message = f"organization/costs has an amount in {row.amount.currency!r} ({row.line_item})"
        raise CurrencyError(message, expected="usd", action="import that bill as an invoice, converted to USD by you")
    return parse_decimal(row.amount.value, what=f"amount.value of {row.line_item!r}")

"""Anthropic's organisation analytics: usage and cost (beta of 2026-10-29).

Field names and parameters as in the SDK `anthropic` 2.12 (`anthropic/types/beta/organization/analytics/`),
checked 2026-11-23. `amount` is a decimal string in cents, after discounts and before credits;
`uncached_input_tokens` excludes what the caches read and wrote.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import CurrencyError, SourcePayloadError, UsageError
from costcheck.records import (
    BillBatch,
    Charge,
    ChargeCategory,
    Operation,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    TokenType,
    TokenUsage,
)
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.pages import FetchedPage, PageRequest, gather_pages
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens, known, replay_rows
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, RetryPolicy
from costcheck.units import CENTS_PER_DOLLAR, parse_decimal

SOURCE = "anthropic"
PROVIDER = "anthropic"
ONE_ORGANISATION = True
"""A key sees the bill of one organisation, see `pull_months`."""
BASE_URL = "https://api.anthropic.com"
API_VERSION = "2023-06-01"
BETA = "analytics-usage-cost-2026-08-24"
KEY = "ANTHROPIC_ADMIN_KEY"
KEY_HELP = (
    "an Admin API key (sk-ant-admin01-...) in ANTHROPIC_ADMIN_KEY; an organisation admin makes one in "
    "the Claude Console, Settings > Admin keys (https://platform.claude.com/docs/en/manage-claude/admin-api-keys); "
    "workspace keys are refused"
)
USAGE = "usage"
COST = "cost"
ROWS_PER_PAGE = 1000
# The widest range that one request may span (usage_list_params.py).
RANGES: Mapping[str, timedelta] = MappingProxyType(
    {"1h": timedelta(days=31), "1m": timedelta(hours=24), "1d": timedelta(days=31)}
)
# How far back `starting_at` may lie (the same file).
REACH = timedelta(days=365)
REPORTS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
GROUP_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        USAGE: ("model", "service_tier", "workspace_id", "api_key_id", "product"),
        COST: ("cost_type", "token_type", "model", "service_tier", "workspace_id", "product"),
    }
)
TIERS: Mapping[str | None, ServiceTier] = MappingProxyType(
    {
        None: ServiceTier.STANDARD,
        "standard": ServiceTier.STANDARD,
        "batch": ServiceTier.BATCH,
        "priority": ServiceTier.PRIORITY,
        "priority_on_demand": ServiceTier.PRIORITY,
        "flex": ServiceTier.FLEX,
        "flex_discount": ServiceTier.FLEX,
    }
)
TOKEN_TYPES: Mapping[str | None, TokenType | None] = MappingProxyType(
    {
        None: None,
        "uncached_input_tokens": TokenType.UNCACHED_INPUT,
        "cache_read_input_tokens": TokenType.CACHE_READ_INPUT,
        "cache_creation.ephemeral_5m_input_tokens": TokenType.CACHE_CREATION_5M_INPUT,
        "cache_creation.ephemeral_1h_input_tokens": TokenType.CACHE_CREATION_1H_INPUT,
        "output_tokens": TokenType.OUTPUT,
    }
)
COST_OPERATIONS: Mapping[str | None, Operation] = MappingProxyType(
    {
        "tokens": Operation.CHAT,
        "web_search": Operation.TOOL,
        "code_execution": Operation.TOOL,
        "session_usage": Operation.OTHER,
        None: Operation.OTHER,
    }
)


class Page(msgspec.Struct, frozen=True):
    """One page of either endpoint; its rows stay raw, so that a bad one does not spoil the rest."""

    data: list[msgspec.Raw]
    has_more: bool
    next_page: str | None = None
    data_refreshed_at: datetime | None = None

    def starts(self) -> tuple[datetime, ...]:
        """Return nothing: rows stand alone, and a time without use has none."""
        return ()


class Group(msgspec.Struct, frozen=True):
    """What a row is broken out by."""

    model: str | None = None
    service_tier: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None
    product: str | None = None
    cost_type: str | None = None
    token_type: str | None = None


class CacheCreation(msgspec.Struct, frozen=True):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class UsageMetrics(msgspec.Struct, frozen=True):
    """Disjoint token classes."""

    uncached_input_tokens: int
    cache_creation: CacheCreation
    cache_read_input_tokens: int
    output_tokens: int
    total_tokens: int
    requests: int | None = None


class CostMetrics(msgspec.Struct, frozen=True):
    """Amounts in cents, as decimal strings."""

    amount: str
    list_amount: str
    currency: str


class UsageRow(msgspec.Struct, frozen=True):
    """One row of `/analytics/usage`."""

    starting_at: datetime
    ending_at: datetime
    group: Group
    usage: UsageMetrics


class CostRow(msgspec.Struct, frozen=True):
    """One row of `/analytics/cost`."""

    starting_at: datetime
    ending_at: datetime
    group: Group
    cost: CostMetrics


def open_client(key: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for the analytics endpoints."""
    headers = {"x-api-key": key, "anthropic-version": API_VERSION, "anthropic-beta": BETA}
    return ApiClient(base_url, headers, key_help=KEY_HELP, retry=retry, default_url=BASE_URL)


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for if every answer fits one page.

    Raises:
        UsageError: ANTHROPIC_ADMIN_KEY is not set, or the API does not reach that far back.
    """
    request.required(KEY, KEY_HELP)
    refuse_unreachable(request.windows, now=request.now)
    width = request.options["bucket-width"]
    return PullPlan(requests=sum(1 for window in request.windows for _ in _requests(window, width)))


def pull(request: PullRequest) -> BillBatch:
    """Return usage and cost of the windows.

    Raises:
        CostcheckError: See `fetch_bill` and `normalise_bill`.
    """
    key = request.required(KEY, KEY_HELP)
    base_url = request.options.get("base-url", BASE_URL)
    with open_client(key, base_url=base_url, retry=request.retry) as client:
        width = request.options["bucket-width"]
        pages = fetch_bill(client, request.windows, bucket_width=width, on_page=request.on_page)
    return normalise_bill(
        pages, request.buckets, request.provenance(SOURCE, f"{base_url}/v1/organizations/analytics/cost")
    )


def fetch_bill(
    client: ApiClient,
    windows: Sequence[Window],
    *,
    bucket_width: str = "1h",
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedPage[Page]]:
    """Return every page of usage and cost of the windows."""
    return gather_pages(client, windows, partial(_requests, bucket_width=bucket_width), Page, on_page)


def _requests(window: Window, bucket_width: str) -> Iterator[PageRequest]:
    for kind, width in ((USAGE, bucket_width), (COST, "1d")):
        for start, end in window.parts(RANGES[width]):
            path = f"/v1/organizations/analytics/{kind}"
            yield PageRequest(kind=kind, path=path, params=_params(kind, start, end, width))


def _params(kind: str, start: datetime, end: datetime, width: str) -> list[tuple[str, str | int]]:
    return [
        ("starting_at", f"{start:%Y-%m-%dT%H:%M:%SZ}"),
        ("ending_at", f"{end:%Y-%m-%dT%H:%M:%SZ}"),
        ("time_bucket_width", width),
        ("order_by", "time"),
        ("order", "asc"),
        ("limit", ROWS_PER_PAGE),
        *(("group_by[]", name) for name in GROUP_BY[kind]),
    ]


def normalise_bill(pages: Sequence[FetchedPage[Page]], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the pages as one batch, amounts in dollars.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for fetched in pages:
        read = _read_usage if fetched.kind == USAGE else _read_cost
        context = msgspec.json.encode(RowContext(fetched.kind, fetched.page.data_refreshed_at)).decode()
        for raw in fetched.page.data:
            builder.read(fetched.bucket, raw, partial(read, fetched, raw), context=context)
    return builder.batch(buckets, provenance)


class RowContext(msgspec.Struct, frozen=True):
    """What a row does not say itself."""

    kind: str
    data_refreshed_at: datetime | None = None


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row))


def _read_again(row: QuarantinedRow) -> tuple[Hashable, Read]:
    context = msgspec.json.decode(row.context, type=RowContext)
    page = Page([], has_more=False, data_refreshed_at=context.data_refreshed_at)
    fetched = FetchedPage(bucket=row.x_bucket, kind=context.kind, page=page)
    read = known({USAGE: _read_usage, COST: _read_cost}, context.kind, what="kind")
    return read(fetched, row.raw)


def _read_usage(fetched: FetchedPage[Page], raw: bytes) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=UsageRow)
    key = (USAGE, row.starting_at, row.group)
    if row.group.model is None and row.usage.total_tokens == 0:
        return key, SetAside("tool use without a model and without tokens")
    return key, _usage(fetched, row)


def _usage(fetched: FetchedPage[Page], row: UsageRow) -> TokenUsage:
    if row.group.model is None:
        message = f"{row.usage.total_tokens} tokens name no model although the answer was grouped by it"
        raise SourcePayloadError(message, expected="a model", action="check the source; the row was not used")
    usage, written = row.usage, row.usage.cache_creation
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=fetched.bucket,
        charge_period_start=row.starting_at.astimezone(UTC),
        charge_period_end=row.ending_at.astimezone(UTC),
        service_provider_name=PROVIDER,
        request_model=row.group.model,
        service_tier=known(TIERS, row.group.service_tier, what="service_tier"),
        sub_account_id=row.group.workspace_id,
        x_api_key_id=row.group.api_key_id,
        tags=(f"product:{row.group.product}",) if row.group.product else (),
        uncached_input_tokens=count_tokens(usage.uncached_input_tokens, what="uncached_input_tokens"),
        cache_read_input_tokens=count_tokens(usage.cache_read_input_tokens, what="cache_read_input_tokens"),
        cache_creation_5m_input_tokens=count_tokens(
            written.ephemeral_5m_input_tokens, what="ephemeral_5m_input_tokens"
        ),
        cache_creation_1h_input_tokens=count_tokens(
            written.ephemeral_1h_input_tokens, what="ephemeral_1h_input_tokens"
        ),
        output_tokens=count_tokens(usage.output_tokens, what="output_tokens"),
        requests=None if usage.requests is None else count_tokens(usage.requests, what="requests"),
    )


def _read_cost(fetched: FetchedPage[Page], raw: bytes) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=CostRow)
    billed_cost = _dollars(row.cost.amount, row, what="amount")
    refreshed = fetched.page.data_refreshed_at
    charge = Charge(
        x_source=SOURCE,
        x_bucket=fetched.bucket,
        charge_period_start=row.starting_at.astimezone(UTC),
        charge_period_end=row.ending_at.astimezone(UTC),
        charge_category=ChargeCategory.CREDIT if billed_cost < 0 else ChargeCategory.USAGE,
        service_provider_name=PROVIDER,
        service_name=row.group.product or "Claude API",
        sub_account_id=row.group.workspace_id,
        billed_cost=billed_cost,
        list_cost=_dollars(row.cost.list_amount, row, what="list_amount"),
        billing_currency="USD",
        x_gen_ai_request_model=row.group.model,
        x_token_type=known(TOKEN_TYPES, row.group.token_type, what="token_type"),
        x_operation=known(COST_OPERATIONS, row.group.cost_type, what="cost_type"),
        x_service_tier=known(TIERS, row.group.service_tier, what="service_tier"),
        x_estimated=refreshed is not None and row.ending_at > refreshed,
    )
    return (COST, row.starting_at, row.group), charge


def _dollars(cents: str, row: CostRow, *, what: str) -> Decimal:
    if row.cost.currency.upper() != "USD":
        message = f"analytics/cost has an amount in {row.cost.currency!r} ({row.group.model})"
        raise CurrencyError(message, expected="USD", action="import that bill as an invoice, converted to USD by you")
    return parse_decimal(cents, what=f"{what} of {row.group.model!r}") / CENTS_PER_DOLLAR


def refuse_unreachable(windows: Sequence[Window], *, now: datetime) -> None:
    """Raise if the API does not reach that far back.

    Raises:
        UsageError: A window starts over 365 days ago or before 2026.
    """
    earliest = max(now - REACH, REPORTS_SINCE)
    if windows[0].start < earliest:
        message = f"--from is {windows[0].start:%Y-%m}"
        raise UsageError(
            message,
            expected=f"a month that starts on or after {earliest:%Y-%m-%d}, as far back as the API reaches",
            action="ask for fewer months, or import the older invoices",
        )

"""Anthropic's organisation analytics: usage and cost (beta of 2026-10-29).

Field names and parameters as in the SDK `anthropic` 2.12 (`anthropic/types/beta/organization/analytics/`),
checked 2026-11-23. `amount` is a decimal string in cents, after discounts and before credits;
`uncached_input_tokens` excludes what the caches read and wrote.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
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
    Provenance,
    QuarantinedRow,
    TokenUsage,
)
from costcheck.sources.bills.anthropic_whole import refuse_cut
from costcheck.sources.bills.anthropic_words import (
    COST_OPERATIONS,
    PROVIDER,
    SOURCE,
    TIERS,
    TOKEN_TYPES,
    service_name,
    surcharge_tags,
)
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.pages import FetchedPage, PageRequest, gather_pages
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens, known, replay_rows
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, RetryPolicy
from costcheck.units import CENTS_PER_DOLLAR, parse_decimal

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
FOR_WHOM_IT_IS_NOT_OPEN = (
    "if the analytics, a beta, are not open to your organisation, `costcheck bill pull anthropic-legacy` reads the "
    "older reports with the same key"
)
USAGE = "usage"
US_USAGE = "usage in the US"
"""What of the usage ran where a surcharge is due; the same endpoint, asked with a filter (see `_requests`)."""
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
        USAGE: ("model", "service_tier", "workspace_id", "api_key_id", "context_window"),
        COST: ("cost_type", "token_type", "model", "service_tier", "workspace_id", "product"),
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
    context_window: str | None = None
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
    return ApiClient(
        base_url, headers, key_help=KEY_HELP, retry=retry, default_url=BASE_URL, instead=FOR_WHOM_IT_IS_NOT_OPEN
    )


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
    """Yield the questions of a window.

    Usage can be grouped five ways and no more: what ran in the US is asked for with a filter, and taken off the
    whole. It comes first, for the whole may grow meanwhile.
    """
    for kind, width in ((US_USAGE, bucket_width), (USAGE, bucket_width), (COST, "1d")):
        for start, end in window.parts(RANGES[width]):
            endpoint = COST if kind == COST else USAGE
            params = _params(endpoint, start, end, width)
            params += [("inference_geos[]", "us")] if kind == US_USAGE else []
            yield PageRequest(kind=kind, path=f"/v1/organizations/analytics/{endpoint}", params=params)


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
        SourcePayloadError: There are rows, and none could be read; or one of the two answers was cut.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    in_the_us = _by_key(fetched for fetched in pages if fetched.kind == US_USAGE)
    for fetched in pages:
        for raw in fetched.page.data:
            context = _context(fetched, raw, in_the_us)
            reader = partial(READERS[fetched.kind], fetched, raw, context)
            builder.read(fetched.bucket, raw, reader, context=msgspec.json.encode(context).decode())
    batch = builder.batch(buckets, provenance)
    whole = _by_key(fetched for fetched in pages if fetched.kind == USAGE) if in_the_us else {}
    refuse_cut(batch, in_part_alone=len(in_the_us.keys() - whole.keys()))
    return batch


class RowContext(msgspec.Struct, frozen=True):
    """What a row does not say itself: of usage, what of it ran in the US."""

    kind: str
    data_refreshed_at: datetime | None = None
    in_the_us: UsageMetrics | None = None


def _by_key(pages: Iterable[FetchedPage[Page]]) -> dict[Hashable, UsageMetrics]:
    found: dict[Hashable, UsageMetrics] = {}
    for fetched in pages:
        for raw in fetched.page.data:
            # One that cannot be read is quarantined where it stands; its tokens then count as those of nowhere.
            with suppress(msgspec.MsgspecError):
                row = msgspec.json.decode(raw, type=UsageRow)
                found[row.starting_at, row.group] = row.usage
    return found


def _context(fetched: FetchedPage[Page], raw: bytes, in_the_us: Mapping[Hashable, UsageMetrics]) -> RowContext:
    of_it = None
    if fetched.kind == USAGE and in_the_us:
        with suppress(msgspec.MsgspecError):
            row = msgspec.json.decode(raw, type=UsageRow)
            of_it = in_the_us.get((row.starting_at, row.group))
    return RowContext(fetched.kind, fetched.page.data_refreshed_at, of_it)


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
    return known(READERS, context.kind, what="kind")(fetched, row.raw, context)


def _read_usage(fetched: FetchedPage[Page], raw: bytes, context: RowContext) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=UsageRow)
    key = (fetched.kind, row.starting_at, row.group)
    if row.group.model is None and row.usage.total_tokens == 0:
        return key, SetAside("tool use without a model and without tokens")
    if context.in_the_us == row.usage:
        return key, SetAside("usage of which all ran in the US, and is counted there")
    return key, _usage(fetched, row, context.in_the_us)


def _usage(fetched: FetchedPage[Page], row: UsageRow, elsewhere: UsageMetrics | None) -> TokenUsage:
    """Return a row's usage without what is counted elsewhere."""
    if row.group.model is None:
        message = f"{row.usage.total_tokens} tokens name no model although the answer was grouped by it"
        raise SourcePayloadError(message, expected="a model", action="check the source; the row was not used")
    geo = "us" if fetched.kind == US_USAGE else None
    usage = _without(row.usage, elsewhere)
    written = usage.cache_creation
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
        tags=surcharge_tags(context_window=row.group.context_window, inference_geo=geo),
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


def _without(usage: UsageMetrics, part: UsageMetrics | None) -> UsageMetrics:
    if part is None:
        return usage
    written, off = usage.cache_creation, part.cache_creation
    return UsageMetrics(
        uncached_input_tokens=usage.uncached_input_tokens - part.uncached_input_tokens,
        cache_creation=CacheCreation(
            ephemeral_5m_input_tokens=written.ephemeral_5m_input_tokens - off.ephemeral_5m_input_tokens,
            ephemeral_1h_input_tokens=written.ephemeral_1h_input_tokens - off.ephemeral_1h_input_tokens,
        ),
        cache_read_input_tokens=usage.cache_read_input_tokens - part.cache_read_input_tokens,
        output_tokens=usage.output_tokens - part.output_tokens,
        total_tokens=usage.total_tokens - part.total_tokens,
        requests=None if usage.requests is None or part.requests is None else usage.requests - part.requests,
    )


def _read_cost(fetched: FetchedPage[Page], raw: bytes, _: RowContext) -> tuple[Hashable, Read]:
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
        service_name=service_name(row.group.cost_type, row.group.product),
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


READERS: Mapping[str, Callable[[FetchedPage[Page], bytes, RowContext], tuple[Hashable, Read]]] = MappingProxyType(
    {USAGE: _read_usage, US_USAGE: _read_usage, COST: _read_cost}
)


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

"""Anthropic's older usage and cost reports, which still answer, also for months before 2026.

Parameters and fields as on https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages and
https://platform.claude.com/docs/en/api/admin/cost_report/retrieve (copies of 2026 read on 2026-11-26).

The rows are Anthropic's bill like those of `anthropic`: the same `x_source` and the same months, so that whichever
report is read last replaces the other, and a company that changes over does not count twice.
What they do not say: requests are not counted, list prices are not shown, and **Priority Tier has usage here and
no cost**, so that its tokens stand in the ledger without a charge.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.records import BillBatch, Charge, ChargeCategory, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.anthropic import API_VERSION, BASE_URL, KEY, KEY_HELP, CacheCreation
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
from costcheck.sources.bills.pages import FetchedPage, PageRequest, bucket_starts, gather_pages
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, count_tokens, known, replay_rows
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, RetryPolicy
from costcheck.units import CENTS_PER_DOLLAR, parse_decimal

USAGE = "messages"
COST = "cost_report"
USAGE_PATH = "/v1/organizations/usage_report/messages"
COST_PATH = "/v1/organizations/cost_report"
ONE_ORGANISATION = True
"""A key sees the bill of one organisation, see `pull_months`."""
DAY = timedelta(days=1)
WIDTHS: Mapping[str, timedelta] = MappingProxyType({"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": DAY})
# A page gives at most this many buckets of time (the two pages above).
BUCKETS_PER_PAGE: Mapping[str, int] = MappingProxyType({"1m": 1440, "1h": 168, "1d": 31})
USAGE_GROUPS = ("model", "service_tier", "workspace_id", "api_key_id", "context_window", "inference_geo")
COST_GROUPS = ("workspace_id", "description")
DAYS_STILL_CHANGING = 1
"""Costs of the day of the read and of the day before may still change, as with OpenAI's."""
OTHER_MONTH = "time outside the month that was asked for"


class TimeBucket(msgspec.Struct, frozen=True):
    """One bucket of time; its rows stay raw, so that a bad one does not spoil the rest."""

    starting_at: datetime
    ending_at: datetime
    results: list[msgspec.Raw]


class Page(msgspec.Struct, frozen=True):
    """One page of either report."""

    data: list[TimeBucket]
    has_more: bool
    next_page: str | None = None

    def starts(self) -> Iterator[datetime]:
        """Return when its buckets begin."""
        return (time.starting_at for time in self.data)


class RowContext(msgspec.Struct, frozen=True):
    """What a row does not say itself."""

    endpoint: str
    starting_at: datetime
    ending_at: datetime


class UsageRow(msgspec.Struct, frozen=True):
    """Disjoint token classes of one group; `workspace_id` is null for the default workspace."""

    uncached_input_tokens: int
    cache_creation: CacheCreation
    cache_read_input_tokens: int
    output_tokens: int
    model: str | None = None
    service_tier: str | None = None
    workspace_id: str | None = None
    api_key_id: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None

    @property
    def total_tokens(self) -> int:
        """Return the tokens of all classes."""
        written = self.cache_creation.ephemeral_5m_input_tokens + self.cache_creation.ephemeral_1h_input_tokens
        return self.uncached_input_tokens + self.cache_read_input_tokens + written + self.output_tokens


class CostRow(msgspec.Struct, frozen=True):
    """An amount in cents; the description fills the model, the token type and the tier."""

    amount: str
    currency: str
    description: str | None = None
    cost_type: str | None = None
    token_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None
    speed: str | None = None
    workspace_id: str | None = None


def open_client(key: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for the reports."""
    headers = {"x-api-key": key, "anthropic-version": API_VERSION}
    return ApiClient(base_url, headers, key_help=KEY_HELP, retry=retry, default_url=BASE_URL)


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for, counting its pages.

    Raises:
        UsageError: ANTHROPIC_ADMIN_KEY is not set.
    """
    request.required(KEY, KEY_HELP)
    width = request.options["bucket-width"]
    pages = sum(1 for window in request.windows for _ in window.parts(WIDTHS[width] * BUCKETS_PER_PAGE[width]))
    return PullPlan(requests=pages + len(request.windows))


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
    return normalise_bill(pages, request.buckets, request.provenance(SOURCE, f"{base_url}{COST_PATH}"))


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
    usage = _params(window.start, window.end, bucket_width, USAGE_GROUPS)
    starts = bucket_starts(window, window.start, window.end, WIDTHS[bucket_width])
    yield PageRequest(kind=USAGE, path=USAGE_PATH, params=usage, starts=starts)
    # Days are whole: of a day that is not over, half would be left out.
    end = window.end.replace(hour=0)
    end = end if end == window.end else end + DAY
    days = bucket_starts(window, window.start, window.end, DAY)
    yield PageRequest(kind=COST, path=COST_PATH, params=_params(window.start, end, "1d", COST_GROUPS), starts=days)


def _params(start: datetime, end: datetime, width: str, groups: Sequence[str]) -> list[tuple[str, str | int]]:
    return [
        ("starting_at", f"{start:%Y-%m-%dT%H:%M:%SZ}"),
        ("ending_at", f"{end:%Y-%m-%dT%H:%M:%SZ}"),
        ("bucket_width", width),
        ("limit", BUCKETS_PER_PAGE[width]),
        *(("group_by[]", name) for name in groups),
    ]


def normalise_bill(pages: Sequence[FetchedPage[Page]], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the pages as one batch, amounts in dollars.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for fetched in pages:
        for time in fetched.page.data:
            context = _context(fetched, time)
            for raw in time.results:
                reader = partial(_read, fetched, time, raw, provenance)
                builder.read(fetched.bucket, raw, reader, context=context)
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row, provenance))


def _read_again(row: QuarantinedRow, provenance: Provenance) -> tuple[Hashable, Read]:
    context = msgspec.json.decode(row.context, type=RowContext)
    time = TimeBucket(starting_at=context.starting_at, ending_at=context.ending_at, results=[])
    kind = known({USAGE_PATH: USAGE, COST_PATH: COST}, context.endpoint, what="endpoint")
    fetched = FetchedPage(bucket=row.x_bucket, kind=kind, page=Page(data=[], has_more=False))
    return _read(fetched, time, row.raw, provenance)


def _context(fetched: FetchedPage[Page], time: TimeBucket) -> str:
    path = USAGE_PATH if fetched.kind == USAGE else COST_PATH
    context = RowContext(endpoint=path, starting_at=time.starting_at, ending_at=time.ending_at)
    return msgspec.json.encode(context).decode()


def _read(fetched: FetchedPage[Page], time: TimeBucket, raw: bytes, provenance: Provenance) -> tuple[Hashable, Read]:
    if fetched.bucket != f"{time.starting_at.astimezone(UTC):%Y-%m}":
        return (fetched.kind, time.starting_at), SetAside(OTHER_MONTH)
    if fetched.kind == USAGE:
        return _read_usage(fetched.bucket, time, msgspec.json.decode(raw, type=UsageRow))
    return _read_cost(fetched.bucket, time, msgspec.json.decode(raw, type=CostRow), provenance)


def _read_usage(bucket: str, time: TimeBucket, row: UsageRow) -> tuple[Hashable, Read]:
    key = (USAGE, time.starting_at, *(getattr(row, name) for name in USAGE_GROUPS))
    if row.model is None and row.total_tokens == 0:
        return key, SetAside("tool use without a model and without tokens")
    if row.model is None:
        message = f"{row.total_tokens} tokens name no model although the answer was grouped by it"
        raise SourcePayloadError(message, expected="a model", action="check the source; the row was not used")
    return key, _usage(bucket, time, row, row.model)


def _usage(bucket: str, time: TimeBucket, row: UsageRow, model: str) -> TokenUsage:
    written = row.cache_creation
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=time.starting_at.astimezone(UTC),
        charge_period_end=time.ending_at.astimezone(UTC),
        service_provider_name=PROVIDER,
        request_model=model,
        service_tier=known(TIERS, row.service_tier, what="service_tier"),
        sub_account_id=row.workspace_id,
        x_api_key_id=row.api_key_id,
        tags=surcharge_tags(context_window=row.context_window, inference_geo=row.inference_geo),
        uncached_input_tokens=count_tokens(row.uncached_input_tokens, what="uncached_input_tokens"),
        cache_read_input_tokens=count_tokens(row.cache_read_input_tokens, what="cache_read_input_tokens"),
        cache_creation_5m_input_tokens=count_tokens(
            written.ephemeral_5m_input_tokens, what="ephemeral_5m_input_tokens"
        ),
        cache_creation_1h_input_tokens=count_tokens(
            written.ephemeral_1h_input_tokens, what="ephemeral_1h_input_tokens"
        ),
        output_tokens=count_tokens(row.output_tokens, what="output_tokens"),
    )


def _read_cost(bucket: str, time: TimeBucket, row: CostRow, provenance: Provenance) -> tuple[Hashable, Read]:
    billed_cost = _dollars(row)
    end = time.ending_at.astimezone(UTC)
    charge = Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=time.starting_at.astimezone(UTC),
        charge_period_end=end,
        charge_category=ChargeCategory.CREDIT if billed_cost < 0 else ChargeCategory.USAGE,
        service_provider_name=PROVIDER,
        service_name=service_name(row.cost_type),
        sub_account_id=row.workspace_id,
        billed_cost=billed_cost,
        billing_currency="USD",
        x_gen_ai_request_model=row.model,
        x_token_type=known(TOKEN_TYPES, row.token_type, what="token_type"),
        x_operation=known(COST_OPERATIONS, row.cost_type, what="cost_type"),
        x_service_tier=known(TIERS, row.service_tier, what="service_tier"),
        x_estimated=end.date() > provenance.retrieved_on - timedelta(days=DAYS_STILL_CHANGING),
    )
    named = msgspec.structs.replace(row, amount="", currency="")
    return (COST, time.starting_at, named), charge


def _dollars(row: CostRow) -> Decimal:
    if row.currency.upper() != "USD":
        message = f"cost_report has an amount in {row.currency!r} ({row.description})"
        raise CurrencyError(message, expected="USD", action="import that bill as an invoice, converted to USD by you")
    return parse_decimal(row.amount, what=f"amount of {row.description!r}") / CENTS_PER_DOLLAR

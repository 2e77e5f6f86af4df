"""OpenRouter's activity: tokens and credits spent, by the day.

https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity; field names as in the SDK `openrouter`
1.3.84 (`components/activityitem.py`), checked 2026-11-26. It knows the last 30 completed UTC days and nothing before,
so that each day is a bucket of its own. `usage` is what OpenRouter takes; what a provider takes for requests with the
company's own key at that provider (`byok_usage_inference`) stands on that provider's bill and is not added here.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import msgspec

from costcheck.errors import UsageError
from costcheck.records import BillBatch, Charge, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.rows import BatchBuilder, Read, check, count_tokens
from costcheck.sources.bills.windows import Window, bucket_window
from costcheck.sources.http import ApiClient, RetryPolicy
from costcheck.units import parse_decimal

SOURCE = "openrouter"
PROVIDER = "openrouter"
ONE_ORGANISATION = True
"""A key sees the bill of one organisation, see `pull_months`."""
SERVICE_NAME = "OpenRouter"
BASE_URL = "https://openrouter.ai/api/v1"
PATH = "/activity"
KEY = "OPENROUTER_MANAGEMENT_KEY"
KEY_HELP = (
    "a management key in OPENROUTER_MANAGEMENT_KEY; make one at https://openrouter.ai/settings/management-keys "
    "(API keys for requests are refused)"
)
REACH = timedelta(days=30)
"""Completed UTC days that the activity knows."""
BYOK_TAG = "byok"


class Activity(msgspec.Struct, frozen=True):
    """One answer; its rows stay raw, so that a bad one does not spoil the rest."""

    data: list[msgspec.Raw]


class ActivityItem(msgspec.Struct, frozen=True):
    """One endpoint of one model on one day, of one workspace."""

    date: str
    model: str
    model_permaslug: str
    endpoint_id: str
    provider_name: str
    usage: Decimal
    byok_usage_inference: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    workspace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedDay:
    """The answer for one day."""

    window: Window
    activity: Activity


def open_client(key: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for the activity."""
    return ApiClient(
        base_url, {"authorization": f"Bearer {key}"}, key_help=KEY_HELP, retry=retry, default_url=BASE_URL
    )


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for: one request a day.

    Raises:
        UsageError: OPENROUTER_MANAGEMENT_KEY is not set, or the activity does not reach that far back.
    """
    request.required(KEY, KEY_HELP)
    refuse_unreachable(request.windows, now=request.now)
    return PullPlan(requests=len(request.windows))


def pull(request: PullRequest) -> BillBatch:
    """Return usage and charges of the days.

    Raises:
        CostcheckError: See `fetch_activity` and `normalise_activity`.
    """
    key = request.required(KEY, KEY_HELP)
    base_url = request.options.get("base-url", BASE_URL)
    with open_client(key, base_url=base_url, retry=request.retry) as client:
        days = fetch_activity(client, request.windows, on_page=request.on_page)
    return normalise_activity(days, request.buckets, request.provenance(SOURCE, f"{base_url}{PATH}"))


def fetch_activity(
    client: ApiClient, windows: Sequence[Window], *, on_page: Callable[[], None] = lambda: None
) -> list[FetchedDay]:
    """Return the activity of each day; there are no pages."""
    days = []
    for window in windows:
        params = [("date", f"{window.start:%Y-%m-%d}"), ("group_by", "workspace")]
        days.append(FetchedDay(window=window, activity=client.get(PATH, params, Activity)))
        on_page()
    return days


def normalise_activity(days: Sequence[FetchedDay], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the days as one batch: token classes disjoint, reasoning inside output.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
    """
    builder = BatchBuilder(SOURCE)
    for day in days:
        for raw in day.activity.data:
            builder.read(day.window.bucket, raw, partial(_read_item, day.window, raw))
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now, what still cannot be read quarantined as before."""
    days = [
        FetchedDay(window=bucket_window(row.x_bucket), activity=Activity(data=[msgspec.Raw(row.raw)])) for row in rows
    ]
    return normalise_activity(days, tuple(sorted({row.x_bucket for row in rows})), provenance)


def _read_item(window: Window, raw: msgspec.Raw) -> tuple[Hashable, Read]:
    item = msgspec.json.decode(raw, type=ActivityItem)
    asked = f"{window.start:%Y-%m-%d}"
    check(item.date == asked, seen=f"date is {item.date!r}", expected=f"{asked}, the day that was asked for")
    usage = _usage(window, item)
    cost = parse_decimal(item.usage, what=f"usage of {item.model!r}")
    check(cost >= 0, seen=f"usage of {item.model!r} is {cost}", expected="credits spent, zero or more")
    key = (window.bucket, item.model_permaslug, item.endpoint_id, item.workspace_id)
    return key, (usage, _charge(window, item, cost)) if cost else usage


def _usage(window: Window, item: ActivityItem) -> TokenUsage:
    read = count_tokens(item.cached_tokens, what="cached_tokens")
    prompt = count_tokens(item.prompt_tokens, what="prompt_tokens")
    output = count_tokens(item.completion_tokens, what="completion_tokens")
    reasoning = count_tokens(item.reasoning_tokens, what="reasoning_tokens")
    # More of them than of the prompt means, says the documentation, responses that OpenRouter replays from its own
    # cache: then it is not known which of the two counts was processed.
    check(read <= prompt, seen=f"cached_tokens is {read} of {prompt} prompt_tokens", expected="a part of the prompt")
    check(reasoning <= output, seen=f"reasoning_tokens is {reasoning} of {output} output", expected="a part of them")
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=window.bucket,
        charge_period_start=window.start,
        charge_period_end=window.end,
        service_provider_name=PROVIDER,
        request_model=item.model,
        sub_account_id=item.workspace_id,
        tags=_tags(item),
        uncached_input_tokens=prompt - read,
        cache_read_input_tokens=read,
        output_tokens=output,
        requests=count_tokens(item.requests, what="requests"),
    )


def _tags(item: ActivityItem) -> tuple[str, ...]:
    own_key = parse_decimal(item.byok_usage_inference, what=f"byok_usage_inference of {item.model!r}")
    return (*((BYOK_TAG,) if own_key else ()), f"provider:{item.provider_name}")


def _charge(window: Window, item: ActivityItem, cost: Decimal) -> Charge:
    return Charge(
        x_source=SOURCE,
        x_bucket=window.bucket,
        charge_period_start=window.start,
        charge_period_end=window.end,
        service_provider_name=PROVIDER,
        service_name=SERVICE_NAME,
        sub_account_id=item.workspace_id,
        billed_cost=cost,
        billing_currency="USD",
        x_gen_ai_request_model=item.model,
    )


def refuse_unreachable(windows: Sequence[Window], *, now: datetime) -> None:
    """Raise if the activity no longer knows the first day.

    Raises:
        UsageError: It lies more than 30 completed days back.
    """
    earliest = (now - REACH).date()
    if windows[0].start.date() < earliest:
        message = f"--from is {windows[0].start:%Y-%m-%d}, and OpenRouter's activity goes back 30 days"
        raise UsageError(
            message,
            expected=f"{earliest:%Y-%m-%d} or later",
            action=f"give --from {earliest:%Y-%m-%d}, and pull at least once a month from now on; import what is "
            "older as invoices (`costcheck bill import --format invoice`)",
        )

"""What AWS charges for language models, by day, from Cost Explorer.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html; names and shapes as in
botocore 1.44. Every answer costs 0.01 USD, each page of it again, and botocore has no paginator for it.

- First one question by the month, over all services, so that a model sold under a name that is not known here is
  found by its usage type; then by the day, for the services that have one.
- `UnblendedCost` is what was billed on the day; `NetAmortizedCost`, with discounts and commitments spread, is kept
  beside it as the effective cost.
- Usage is one question, everything else (credits, refunds, taxes, discounts) another: Cost Explorer groups by two
  words only, and a credit would be summed into the usage that it pays for.
- Days are UTC. The day that is still running is left out; what AWS still marks as estimated is marked here.
- A member account sees itself alone, the payer all of them in one sum.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.records import BillBatch, Provenance, QuarantinedRow
from costcheck.sources.bills import aws_cost_rows
from costcheck.sources.bills.aws_clients import TRIES, account_of, ask, open_client, require_login
from costcheck.sources.bills.aws_cost_rows import (
    OTHER,
    SERVICES,
    SOURCE,
    USAGE,
    Answer,
    FetchedAnswer,
    Keys,
    is_model,
    normalise_bill,
)
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.windows import Window, month_start

ACTION = "ce:GetCostAndUsage"
REGION = "us-east-1"
"""The one endpoint that Cost Explorer has."""
ROW_IS_REQUEST = True
"""Each class of tokens is a row of its own, so that several stand under one key of the ledger."""
URL_IS_SCOPE = True
"""No row tells its account: `source_url` names the one that was asked."""
MAX_REQUESTS = "50"
QUESTIONS = 3
"""The least number of answers for a month: services, usage, everything else."""
REACHES_BACK_MONTHS = 13
METRICS = ("UnblendedCost", "NetAmortizedCost", "UsageQuantity")
USAGE_ONLY: Mapping[str, Any] = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}


def plan(request: PullRequest) -> PullPlan:
    """Return the least number of answers, and what they cost.

    Raises:
        UsageError: There are no credentials, Cost Explorer does not reach that far back, or the bound is no number.
    """
    require_login(request, ACTION)
    _require_reach(request)
    months = sum(1 for window in request.windows if _days(window))
    charge = f"0.01 USD a request and page, {_most(request)} of them a month at most (--max-requests)"
    return PullPlan(requests=QUESTIONS * months, charge=charge)


def _most(request: PullRequest) -> int:
    given = request.options.get("max-requests", MAX_REQUESTS)
    if not given.isdecimal() or int(given) < QUESTIONS:
        message = f"--max-requests is {given!r}"
        raise UsageError(
            message,
            expected=f"a whole number, {QUESTIONS} or more",
            action="give --max-requests 50, for half a dollar a month",
        )
    return int(given)


def _require_reach(request: PullRequest) -> None:
    earliest = month_start(request.now.date(), shift=-REACHES_BACK_MONTHS)
    too_early = [window.bucket for window in request.windows if window.start < earliest]
    if too_early:
        message = f"Cost Explorer no longer knows {', '.join(too_early)}"
        raise UsageError(
            message,
            expected=f"months from {earliest:%Y-%m} on ({REACHES_BACK_MONTHS} back)",
            action=f"give --from {earliest:%Y-%m}; for earlier months import a CUR 2.0 or FOCUS export",
        )


def pull(request: PullRequest) -> BillBatch:
    """Return usage, charges and credits of the windows.

    Raises:
        CostcheckError: See `fetch_bill` and `normalise_bill`.
    """
    source_url = request.options.get("endpoint-url", f"https://ce.{REGION}.amazonaws.com")
    account = account_of(request, REGION)
    client = open_client(request, "ce", REGION, ACTION)
    answers = fetch_bill(client, request.windows, max_requests=_most(request), on_page=request.on_page)
    with_usage = request.options.get("usage", "daily") == "daily"
    provenance = request.provenance(SOURCE, f"{source_url}#{account}")
    return normalise_bill(answers, request.buckets, provenance, with_usage=with_usage)


def fetch_bill(
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    windows: Sequence[Window],
    *,
    max_requests: int,
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedAnswer]:
    """Return every page of every question that the windows need.

    Raises:
        UsageError: They cost more than `max_requests` answers.
        SourceError: AWS refused, did not answer, or its pages do not end.
    """
    fetched: list[FetchedAnswer] = []
    for window in windows:
        asker = _Asker(client=client, window=window, left=max_requests, on_page=on_page)
        fetched += _of_month(asker) if _days(window) else ()
    return fetched


def _days(window: Window) -> dict[str, str] | None:
    """Return the days to ask for, without the one that is still running; None where none is over."""
    if window.end.date() <= window.start.date():
        return None
    return {"Start": f"{window.start:%Y-%m-%d}", "End": f"{window.end:%Y-%m-%d}"}


@dataclass(slots=True)
class _Asker:
    """Asks for the pages of one month, and pays for each."""

    client: Any
    window: Window
    left: int
    on_page: Callable[[], None]
    fetched: list[FetchedAnswer] = field(default_factory=list)

    def ask(self, kind: str, granularity: str, second_group: str, only: Mapping[str, Any] | None = None) -> None:
        """Fetch every page of one question.

        Raises:
            UsageError: They cost more than they may.
            SourcePayloadError: A page is none, or its token came before.
        """
        asked = {
            "TimePeriod": _days(self.window),
            "Metrics": list(METRICS),
            "Granularity": granularity,
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", second_group)],
            **({"Filter": only} if only else {}),
        }
        token, seen = None, set[str]()
        while token not in seen:
            seen.add(token or "")
            answer = self._page({**asked, **({"NextPageToken": token} if token else {})})
            self.fetched.append(FetchedAnswer(bucket=self.window.bucket, kind=kind, answer=answer))
            self.on_page()
            token = answer.next_page
            if not token:
                return
        message = f"{ACTION}, {self.window.bucket}: a page's token came a second time, after {len(seen)} pages"
        raise SourcePayloadError(
            message, expected="a new token for each page", action="run it again; the ledger is untouched"
        )

    def _page(self, asked: Mapping[str, Any]) -> Answer:
        # botocore takes an answer that was cut off for one without members, and does not ask again.
        for _ in range(TRIES - 1):
            try:
                return self._try_page(asked)
            except SourcePayloadError:
                continue
        return self._try_page(asked)

    def _try_page(self, asked: Mapping[str, Any]) -> Answer:
        if self.left == 0:
            message = f"Cost Explorer has more pages of {self.window.bucket} than --max-requests allows"
            raise UsageError(
                message,
                expected="as many answers of 0.01 USD as were allowed",
                action="raise --max-requests; the months that were read so far are in the ledger",
            )
        self.left -= 1
        return _answer(ask(ACTION, self.client.get_cost_and_usage, **asked))


def _of_month(asker: _Asker) -> list[FetchedAnswer]:
    asker.ask(SERVICES, "MONTHLY", "USAGE_TYPE")
    services = _model_services(asker.fetched)
    if services:
        of_models = {"Dimensions": {"Key": "SERVICE", "Values": services}}
        asker.ask(USAGE, "DAILY", "USAGE_TYPE", {"And": [of_models, USAGE_ONLY]})
        asker.ask(OTHER, "DAILY", "RECORD_TYPE", {"And": [of_models, {"Not": USAGE_ONLY}]})
    return asker.fetched


def _answer(raw: Mapping[str, Any]) -> Answer:
    kept = {name: value for name, value in raw.items() if name in ("ResultsByTime", "NextPageToken")}
    try:
        return msgspec.json.decode(msgspec.json.encode(kept), type=Answer)
    except msgspec.MsgspecError as exc:
        message = f"{ACTION}: {exc}"
        raise SourcePayloadError(
            message, expected="ResultsByTime as botocore documents it", action="report it; the ledger is untouched"
        ) from exc


def _model_services(answers: Sequence[FetchedAnswer]) -> list[str]:
    """Return the services that bill models; a row that cannot be read is quarantined later."""
    pairs = (
        keys
        for page in answers
        for result in page.answer.results
        for raw in result.groups
        for keys in _keys(bytes(raw))
    )
    return sorted({service for service, usage_type in pairs if is_model(service, usage_type)})


def _keys(raw: bytes) -> list[tuple[str, str]]:
    try:
        return [msgspec.json.decode(raw, type=Keys).keys]
    except msgspec.MsgspecError:
        return []


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return aws_cost_rows.replay(rows, provenance)

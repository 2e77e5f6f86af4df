"""Cost Explorer: a real boto3 client against a server on loopback; every payload here is constructed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import (
    CurrencyError,
    LedgerError,
    SourceAuthError,
    SourceError,
    SourcePayloadError,
    SourceRateLimitError,
    UsageError,
)
from costcheck.ingest.replay import replay
from costcheck.ingest.storing import store
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, ChargeCategory, Operation, TokenType
from costcheck.sources.bills import aws_cost_explorer
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window, month_windows
from costcheck.sources.http import RetryPolicy
from tests.costcheck.conformance.aws_subjects import ACCOUNT, IDENTITY
from tests.loopback import serving

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)
LOGIN = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
IMPATIENT = RetryPolicy(attempts=2, timeout_seconds=0.5)
OPUS = "Claude Opus 5.5 (Amazon Bedrock Edition)"
DATA = Path(__file__).parents[3] / "data" / "aws_bills"
Asked = dict[str, Any]


def payload(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / f"cost_explorer_{name}.json").read_text(encoding="utf-8"))
    return content


def kind(asked: Asked) -> str:
    if asked["Granularity"] == "MONTHLY":
        return "services"
    return "usage" if asked["GroupBy"][1]["Key"] == "USAGE_TYPE" else "other"


def recorded(asked: Asked) -> tuple[int, Any]:
    return 200, payload(kind(asked))


@dataclass
class CostExplorer:
    """Answers by the function that a test sets; notes what was asked."""

    url: str = ""
    answer: Callable[[Asked], tuple[int, Any]] = recorded
    asked: list[Asked] = field(default_factory=list)
    identity: tuple[int, bytes] = (200, IDENTITY)

    def answered(self, body: bytes) -> tuple[int, bytes]:
        self.asked.append(json.loads(body))
        status, content = self.answer(self.asked[-1])
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()

    def request(self, *windows: Window, **options: str) -> PullRequest:
        return PullRequest(
            windows=windows or month_windows(OCTOBER, OCTOBER, now=NOW),
            now=NOW,
            environ=LOGIN,
            options={"endpoint-url": self.url, **{name.replace("_", "-"): value for name, value in options.items()}},
            retry=IMPATIENT,
        )

    def pull(self, *windows: Window, **options: str) -> BillBatch:
        return aws_cost_explorer.pull(self.request(*windows, **options))


@pytest.fixture
def explorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[CostExplorer]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    state = CostExplorer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["content-length"]))
            status, body = state.identity if asked.startswith(b"Action=GetCallerIdentity") else state.answered(asked)
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state


def group(service: str, of: str, cost: str = "1", quantity: str = "1", unit: str = "N/A") -> dict[str, Any]:
    return {
        "Keys": [service, of],
        "Metrics": {
            "UnblendedCost": {"Amount": cost, "Unit": "USD"},
            "UsageQuantity": {"Amount": quantity, "Unit": unit},
        },
    }


def day(*groups: Any, start: str = "2026-10-01", end: str = "2026-10-02", estimated: bool = False) -> dict[str, Any]:  # noqa: ANN401 - any row
    return {
        "TimePeriod": {"Start": start, "End": end},
        "Groups": list(groups),
        "Estimated": estimated,
    }


def usage_only(*results: dict[str, Any]) -> Callable[[Asked], tuple[int, Any]]:
    """Return a provider of these days, whose services are those of `cost_explorer_services.json`."""
    answers = {"services": payload("services"), "usage": {"ResultsByTime": list(results)}}
    return lambda asked: (200, answers.get(kind(asked), {"ResultsByTime": []}))


def test_the_three_ways_of_billing_bedrock_are_all_read(explorer: CostExplorer) -> None:
    batch = explorer.pull()

    assert {row.request_model for row in batch.usage} == {
        "anthropic.claude-opus-5-5",
        "global.anthropic.claude-opus-5-5",
        "amazon.nova-pro",
        "global.anthropic.claude-sonnet-4-6",
    }
    assert batch.quarantined == ()
    assert batch.buckets == ("2026-10",)


def test_a_unit_is_a_million_tokens_of_the_marketplace_and_a_thousand_of_aws(explorer: CostExplorer) -> None:
    batch = explorer.pull()
    october_1st = [row for row in batch.usage if row.charge_period_start.day == 1]

    assert [row.input_tokens + row.output_tokens for row in october_1st] == [
        1_250_000,
        1_000_000,
        100_000,
        858,
        1_000_500,
        1_000_000,
    ]


def test_token_classes_stand_apart(explorer: CostExplorer) -> None:
    batch = explorer.pull()
    opus = [row for row in batch.usage if row.request_model == "anthropic.claude-opus-5-5"]

    assert sum(row.uncached_input_tokens for row in opus) == 1_250_000
    assert sum(row.cache_read_input_tokens for row in opus) == 1_000_000
    assert sum(row.cache_creation_1h_input_tokens for row in opus) == 100_000
    assert sum(row.cache_creation_5m_input_tokens + row.output_tokens for row in opus) == 0


def test_money_is_what_was_billed_with_the_net_amount_beside_it(explorer: CostExplorer) -> None:
    (first, *_) = explorer.pull().charges

    assert (first.billed_cost, first.effective_cost, first.billing_currency) == (
        Decimal("5.5"),
        Decimal("4.95"),
        "USD",
    )
    assert (first.consumed_quantity, first.consumed_unit) == (Decimal("1.25"), "1000000 Tokens")
    assert (first.x_gen_ai_request_model, first.x_token_type) == (
        "anthropic.claude-opus-5-5",
        TokenType.UNCACHED_INPUT,
    )


def test_dollars_are_kept_to_the_last_digit(explorer: CostExplorer) -> None:
    explorer.answer = usage_only(day(group("Amazon Bedrock", "USE1-NovaPro-input-tokens", "0.0000000008", "0.001")))

    assert [row.billed_cost for row in explorer.pull().charges] == [Decimal("0.0000000008")]


def test_credits_refunds_and_taxes_are_charges_of_their_own(explorer: CostExplorer) -> None:
    others = [row for row in explorer.pull().charges if row.charge_category is not ChargeCategory.USAGE]

    assert [(row.charge_category, row.billed_cost) for row in others] == [
        (ChargeCategory.CREDIT, Decimal("-0.8")),
        (ChargeCategory.CREDIT, Decimal("-0.1")),
        (ChargeCategory.TAX, Decimal("3.21")),
    ]


def test_usage_and_credits_are_separate_questions_so_that_no_credit_hides_usage(explorer: CostExplorer) -> None:
    explorer.pull()

    only_usage = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}
    assert [asked.get("Filter", {"And": [None, None]})["And"][1] for asked in explorer.asked] == [
        None,
        only_usage,
        {"Not": only_usage},
    ]


def test_the_daily_questions_name_every_service_that_sells_models(explorer: CostExplorer) -> None:
    explorer.pull()

    assert explorer.asked[1]["Filter"]["And"][0]["Dimensions"]["Values"] == [
        "Amazon Bedrock",
        "Amazon Bedrock Service",
        OPUS,
    ]
    assert explorer.asked[1]["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-11-01"}


def test_a_model_under_a_new_service_is_found_by_its_usage_type(explorer: CostExplorer) -> None:
    new = "USW2-anthropic.claude-opus-5-mantle-input-tokens-standard"
    answers = {
        "services": {"ResultsByTime": [day(group("Brand New Service", new), end="2026-11-01")]},
        "usage": {"ResultsByTime": [day(group("Brand New Service", new, "5.5", "1000"))]},
    }
    explorer.answer = lambda asked: (200, answers.get(kind(asked), {"ResultsByTime": []}))

    assert [row.request_model for row in explorer.pull().usage] == ["anthropic.claude-opus-5"]


def test_an_account_without_models_is_asked_once_and_is_empty(explorer: CostExplorer) -> None:
    explorer.answer = lambda _asked: (200, {"ResultsByTime": [day(group("Amazon Simple Storage Service", "x"))]})

    assert explorer.pull().is_empty
    assert len(explorer.asked) == 1


def test_other_services_and_sagemaker_are_set_aside_by_name(explorer: CostExplorer) -> None:
    aside = {row.reason: row.row_count for row in explorer.pull().set_aside}

    assert aside == {
        "another AWS service": 1,
        "SageMaker, which hosts models by the hour and sells no tokens": 1,
        "a month of a model's service, read by the day": 3,
    }


def test_guardrails_are_a_charge_without_tokens_and_no_chat(explorer: CostExplorer) -> None:
    (row,) = [row for row in explorer.pull().charges if "guardrail" in row.service_name]

    assert (row.x_operation, row.x_token_type, row.billed_cost) == (Operation.TOOL, None, Decimal("0.15"))


def test_a_day_that_aws_still_estimates_is_marked(explorer: CostExplorer) -> None:
    estimated = {row.charge_period_start.day for row in explorer.pull().charges if row.x_estimated}

    assert estimated == {2}


def test_the_region_and_the_scope_are_tags(explorer: CostExplorer) -> None:
    tags = {row.request_model: row.tags for row in explorer.pull().usage}

    assert tags["amazon.nova-pro"] == ("region:USE1", "scope:regional")
    assert tags["global.anthropic.claude-sonnet-4-6"] == ("region:USE1", "scope:global")


def test_days_are_utc(explorer: CostExplorer) -> None:
    row = explorer.pull().usage[0]

    assert (row.charge_period_start, row.charge_period_end) == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 10, 2, tzinfo=UTC),
    )


def test_the_day_that_is_still_running_is_left_out(explorer: CostExplorer) -> None:
    explorer.pull(*month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW))

    assert explorer.asked[0]["TimePeriod"] == {"Start": "2026-11-01", "End": "2026-11-26"}


def test_the_first_day_of_a_month_asks_for_nothing_yet(explorer: CostExplorer) -> None:
    first = datetime(2026, 11, 1, 5, tzinfo=UTC)

    assert explorer.pull(*month_windows(first.date(), first.date(), now=first)).is_empty
    assert explorer.asked == []


def test_without_usage_the_money_stays_and_the_tokens_come_from_elsewhere(explorer: CostExplorer) -> None:
    batch = explorer.pull(usage="none")

    assert batch.usage == ()
    assert batch.charges == explorer.pull().charges


@pytest.mark.parametrize("pages", [1, 2, 3, 7])
def test_pages_are_joined_an_empty_one_in_the_middle_included(explorer: CostExplorer, pages: int) -> None:
    whole = explorer.pull()
    results = payload("usage")["ResultsByTime"]
    groups = [(result, row) for result in results for row in result["Groups"]]

    def answer(asked: Asked) -> tuple[int, Any]:
        if kind(asked) != "usage":
            return recorded(asked)
        number = int(asked.get("NextPageToken", "0"))
        size = -(-len(groups) // pages)
        mine = [] if number == pages else groups[number * size : (number + 1) * size]
        body = {"ResultsByTime": [{**result, "Groups": [row]} for result, row in mine]}
        return 200, body | ({"NextPageToken": f"{number + 1}"} if number < pages else {})

    explorer.answer = answer

    assert explorer.pull() == whole


def test_a_page_token_that_comes_again_is_no_end(explorer: CostExplorer) -> None:
    explorer.answer = lambda _asked: (200, {"ResultsByTime": [], "NextPageToken": "again"})

    with pytest.raises(SourcePayloadError, match="token came a second time"):
        explorer.pull()
    assert len(explorer.asked) == 2


def test_pages_are_bounded_because_each_costs_a_cent(explorer: CostExplorer) -> None:
    explorer.answer = lambda asked: (
        200,
        {"ResultsByTime": [], "NextPageToken": f"{len(explorer.asked)} {asked.get('NextPageToken', '')}"},
    )

    with pytest.raises(UsageError, match="more pages of 2026-10 than --max-requests"):
        explorer.pull(max_requests="5")
    assert len(explorer.asked) == 5


def test_the_plan_says_what_it_costs(explorer: CostExplorer) -> None:
    plan = aws_cost_explorer.plan(explorer.request())

    assert plan.requests == 3
    assert plan.charge.startswith("0.01 USD a request and page, 50 of them a month at most")


@pytest.mark.parametrize("given", ["2", "0", "-1", "many", "1.5"])
def test_a_bound_that_is_none_is_refused(explorer: CostExplorer, given: str) -> None:
    with pytest.raises(UsageError, match="--max-requests is"):
        aws_cost_explorer.plan(explorer.request(max_requests=given))


def test_without_credentials_the_plan_says_how_to_log_in(explorer: CostExplorer) -> None:
    request = PullRequest(windows=month_windows(OCTOBER, OCTOBER, now=NOW), now=NOW)

    with pytest.raises(UsageError, match="no AWS credentials; ce:GetCostAndUsage needs some"):
        aws_cost_explorer.plan(request)
    assert explorer.asked == []


@pytest.mark.parametrize(("first", "refused"), [(date(2025, 10, 1), False), (date(2025, 9, 1), True)])
def test_thirteen_months_back_are_known_and_no_more(explorer: CostExplorer, first: date, *, refused: bool) -> None:
    request = explorer.request(*month_windows(first, first, now=NOW))

    if refused:
        with pytest.raises(UsageError, match="no longer knows 2025-09"):
            aws_cost_explorer.plan(request)
    else:
        assert aws_cost_explorer.plan(request).requests == 3


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (group("Amazon Bedrock", "USE1-Something-New"), "the usage type 'USE1-Something-New' is not known"),
        (group(OPUS, "USW2-MP:USW2_input_tokens_quantum-Units"), "is not known"),
        (group("Amazon Bedrock", "USE1-NovaPro-input-tokens", quantity="0.0015"), "are 1.5000 tokens"),
        (group("Amazon Bedrock", "USE1-NovaPro-input-tokens", unit="1M tokens"), "a unit is '1M tokens'"),
        (group("Amazon Bedrock", "USE1-NovaPro-input-tokens", cost="a lot"), "is 'a lot'"),
        (group("Amazon Bedrock", "USE1-NovaPro-input-tokens", cost="NaN"), "is 'NaN'"),
        (group("Amazon Bedrock", "USE1-NovaPro-input-tokens", quantity="-1"), "-1 units"),
        ({"Keys": ["Amazon Bedrock"], "Metrics": {}}, "length 2"),
        ({"Metrics": {}}, "missing required field `UnblendedCost`"),
        (group("Another", "USE1-MP:USE1_input_tokens_standard-Units"), "names no model"),
    ],
)
def test_a_row_that_is_not_certain_is_quarantined_with_its_day(
    explorer: CostExplorer, bad: dict[str, Any], problem: str
) -> None:
    good = group("Amazon Bedrock", "USE1-NovaPro-output-tokens")
    explorer.answer = usage_only(day(good, bad))

    batch = explorer.pull()

    assert len(batch.usage) == 1
    (row,) = batch.quarantined
    assert problem in row.reason
    assert json.loads(row.raw) == bad
    assert json.loads(row.context) == {
        "kind": "usage",
        "start": "2026-10-01",
        "end": "2026-10-02",
        "estimated": False,
        "with_usage": True,
    }


def test_a_quarantined_row_is_read_again_once_it_can_be(explorer: CostExplorer) -> None:
    good = group("Amazon Bedrock", "USE1-NovaPro-output-tokens", "3.2", "1000")
    explorer.answer = usage_only(day(good, group("Amazon Bedrock", "USE1-Something-New"), estimated=True))
    batch = explorer.pull()
    (row,) = batch.quarantined
    mended = replace(row, raw=json.dumps(good).encode())

    again = aws_cost_explorer.replay([mended], batch.provenance)

    assert (again.usage, again.charges) == (batch.usage, batch.charges)


def test_a_month_without_usage_stays_without_it_when_its_quarantine_is_read_again(explorer: CostExplorer) -> None:
    good = group("Amazon Bedrock", "USE1-NovaPro-output-tokens", "3.2", "1000")
    explorer.answer = usage_only(day(good, group("Amazon Bedrock", "USE1-Something-New")))
    batch = explorer.pull(usage="none")

    (row,) = batch.quarantined
    again = aws_cost_explorer.replay([replace(row, raw=json.dumps(good).encode())], batch.provenance)

    assert (again.usage, len(again.charges)) == ((), 1)


def test_of_two_rows_that_contradict_each_other_the_second_never_comes_back(explorer: CostExplorer) -> None:
    rows = [group("Amazon Bedrock", "USE1-NovaPro-output-tokens", cost) for cost in ("1", "2")]
    explorer.answer = usage_only(day(*rows))
    batch = explorer.pull()

    assert [row.billed_cost for row in batch.charges] == [1]
    with pytest.raises(SourcePayloadError, match="none of 1 rows could be read; a second, different row"):
        aws_cost_explorer.replay(batch.quarantined, batch.provenance)


def test_every_class_of_tokens_comes_back_from_quarantine(explorer: CostExplorer, tmp_path: Path) -> None:
    new = [group("Amazon Bedrock", f"USE1-New-{side}", "1", "1000") for side in ("in", "out")]
    explorer.answer = usage_only(day(group("Amazon Bedrock", "USE1-NovaPro-input-tokens"), *new))
    batch = explorer.pull()
    known = [
        group("Amazon Bedrock", f"USE1-NovaPro-{side}", "1", "1000")
        for side in ("cache-read-tokens", "output-tokens")
    ]
    mended = tuple(
        replace(row, raw=json.dumps(good).encode()) for row, good in zip(batch.quarantined, known, strict=True)
    )
    path = tmp_path / "ledger.duckdb"
    with open_ledger(path) as ledger:
        ledger.replace(replace(batch, quarantined=mended))

    (told,) = replay(path)

    assert (told.read, told.remaining) == (2, 0)
    with open_ledger(path, read_only=True) as ledger:
        (row,) = ledger.usage_by_hour()
        assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (
            1_000,
            1_000_000,
            1_000_000,
        )


def test_a_new_record_type_is_quarantined(explorer: CostExplorer) -> None:
    answers = {"other": {"ResultsByTime": [day(group("Amazon Bedrock", "Surprise", "-5"))]}}
    explorer.answer = lambda asked: (200, answers.get(kind(asked), payload(kind(asked))))

    assert [row.reason for row in explorer.pull().quarantined] == [
        "Amazon Bedrock: the record type 'Surprise' is not known"
    ]


def test_rows_in_are_rows_kept_set_aside_and_quarantined(explorer: CostExplorer) -> None:
    nothing = group("Amazon Bedrock", "USE1-NovaPro-input-tokens", "0", "0")
    twice = group("Amazon Bedrock", "USE1-NovaPro-output-tokens", "3.2", "1000")
    explorer.answer = usage_only(day(nothing, twice, twice, group("Amazon Bedrock", "USE1-Something-New")))
    batch = explorer.pull()

    aside = {row.reason: row.row_count for row in batch.set_aside}
    assert (len(batch.usage), len(batch.charges), len(batch.quarantined)) == (1, 1, 1)
    assert aside["nothing used and nothing billed"] == 1
    assert aside["the same row a second time"] == 1


def test_another_currency_stops_the_read(explorer: CostExplorer) -> None:
    yuan = group("Amazon Bedrock", "USE1-NovaPro-input-tokens")
    yuan["Metrics"]["UnblendedCost"]["Unit"] = "CNY"
    explorer.answer = usage_only(day(yuan))

    with pytest.raises(CurrencyError, match="'CNY'"):
        explorer.pull()


def test_a_discount_is_a_credit_and_no_usage(explorer: CostExplorer) -> None:
    answers = {"other": {"ResultsByTime": [day(group(OPUS, "Enterprise Discount Program Discount", "-0.5"))]}}
    explorer.answer = lambda asked: (200, answers.get(kind(asked), payload(kind(asked))))

    (row,) = [row for row in explorer.pull().charges if row.charge_category is ChargeCategory.CREDIT]
    assert row.billed_cost == Decimal("-0.5")


@pytest.mark.parametrize(
    ("status", "body", "error", "problem"),
    [
        (400, {"__type": "AccessDeniedException", "Message": "no"}, SourceAuthError, "AccessDeniedException"),
        (400, {"__type": "ThrottlingException", "message": "slow"}, SourceRateLimitError, "ThrottlingException"),
        (400, {"__type": "LimitExceededException", "Message": "slow"}, SourceRateLimitError, "LimitExceeded"),
        (400, {"__type": "DataUnavailableException", "Message": "soon"}, SourceError, "DataUnavailable"),
        (500, {"__type": "InternalServerException"}, SourceError, "InternalServer"),
        (200, b"<html>Sign in</html>", SourceError, "GetCostAndUsage"),
        (200, b'{"ResultsByTime": [', SourceError, "GetCostAndUsage"),
        (200, {}, SourcePayloadError, "missing required field `ResultsByTime`"),
        (200, {"ResultsByTime": [{"Groups": []}]}, SourcePayloadError, "missing required field `TimePeriod`"),
    ],
)
def test_what_is_no_answer_is_an_error_and_never_an_empty_bill(
    explorer: CostExplorer,
    status: int,
    body: object,
    error: type[SourceError],
    problem: str,
) -> None:
    explorer.answer = lambda _asked: (status, body)

    with pytest.raises(error, match=problem):
        explorer.pull()


def test_one_throttled_answer_is_asked_again(explorer: CostExplorer) -> None:
    whole = explorer.pull()
    waits = [(400, {"__type": "ThrottlingException", "message": "slow"})]
    explorer.answer = lambda asked: waits.pop() if waits else recorded(asked)

    assert explorer.pull() == whole


def test_one_answer_that_was_cut_off_is_asked_for_again_and_paid(explorer: CostExplorer) -> None:
    whole = explorer.pull()
    cut = [(200, b'{"ResultsByTime": [')]
    explorer.answer = lambda asked: cut.pop() if cut else recorded(asked)
    explorer.asked.clear()

    assert explorer.pull(max_requests="4") == whole
    assert len(explorer.asked) == 4


def test_each_answer_is_told(explorer: CostExplorer) -> None:
    told: list[int] = []
    request = explorer.request()
    heard = PullRequest(
        windows=request.windows,
        now=request.now,
        environ=request.environ,
        options=request.options,
        retry=request.retry,
        on_page=lambda: told.append(1),
    )

    aws_cost_explorer.pull(heard)

    assert len(told) == 3


def test_the_account_that_was_asked_stands_beside_the_rows(explorer: CostExplorer) -> None:
    assert explorer.pull().provenance.source_url == f"{explorer.url}#{ACCOUNT}"


def test_the_month_of_one_account_never_replaces_that_of_another(explorer: CostExplorer, tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    first = store(path, explorer.pull(), aws_cost_explorer)
    explorer.identity = (200, IDENTITY.replace(ACCOUNT.encode(), b"210987654321"))

    with pytest.raises(LedgerError, match=f"aws 2026-10 came without {explorer.url}#{ACCOUNT}"):
        store(path, explorer.pull(), aws_cost_explorer)
    with open_ledger(path) as ledger:
        assert [row.source_url for row in ledger.ingests()] == [first.batch.provenance.source_url]


@pytest.mark.parametrize(
    ("identity", "error"),
    [
        ((403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"), SourceAuthError),
        ((200, IDENTITY.replace(ACCOUNT.encode(), b"")), SourcePayloadError),
        ((200, b"<html>Sign in</html>"), SourceError),
    ],
)
def test_without_an_account_nothing_is_read_or_paid(
    explorer: CostExplorer, identity: tuple[int, bytes], error: type[SourceError]
) -> None:
    explorer.identity = identity

    with pytest.raises(error, match="sts:GetCallerIdentity"):
        explorer.pull()
    assert explorer.asked == []

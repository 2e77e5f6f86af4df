"""Azure's Cost Management; every payload here is constructed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from costcheck.conformance import Answer, Asked
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider, serving
from costcheck.errors import CurrencyError, SourceAuthError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, ChargeCategory, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import azure, azure_query
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import month_windows

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000000"
INPUT = "gpt 4o 1120 Inp glbl Tokens"
MONEY = ("Cost", "UsageQuantity", "UsageDate", "MeterSubcategory", "Meter", "Currency")
UNITS = ("Cost", "UsageQuantity", "BillingMonth", "Meter", "UnitOfMeasure", "Currency")
TOKEN = {"AZURE_ACCESS_TOKEN": "eyJ-secret"}
PRINCIPAL = {"AZURE_TENANT_ID": "t-1", "AZURE_CLIENT_ID": "c-1", "AZURE_CLIENT_SECRET": "the-secret"}


def answer(columns: tuple[str, ...], *rows: list[Any], link: str | None = None) -> dict[str, Any]:
    named = [{"name": name, "type": "String"} for name in columns]
    return {"properties": {"nextLink": link, "columns": named, "rows": list(rows)}}


def money(**changes: object) -> list[Any]:
    row = {
        "Cost": 2.16,
        "UsageQuantity": 864.0,
        "UsageDate": 20261105,
        "MeterSubcategory": "Azure OpenAI",
        "Meter": INPUT,
        "Currency": "USD",
    }
    return list((row | changes).values())


def units(unit: str = "1K", meter: str = INPUT) -> list[Any]:
    return [2.16, 864.0, "2026-11-01T00:00:00", meter, unit, "USD"]


def typed(content: dict[str, Any]) -> azure_query.Answer:
    return msgspec.json.decode(msgspec.json.encode(content), type=azure_query.Answer)


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    def read(*rows: list[Any], unit_rows: tuple[list[Any], ...] = (units(),)) -> BillBatch:
        fetched = azure.FetchedScope(
            bucket="2026-11",
            scope=SCOPE,
            money=(typed(answer(MONEY, *rows)),),
            units=(typed(answer(UNITS, *unit_rows)),),
        )
        return azure.normalise_costs([fetched], ("2026-11",), provenance)

    return read


def request(url: str = "", **changes: Any) -> PullRequest:  # noqa: ANN401 - fields of the request
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    options = {"scope": SCOPE} | ({"base-url": url, "login-url": url} if url else {})
    return replace(PullRequest(windows=windows, now=NOW, environ=TOKEN, options=options), **changes)


@pytest.mark.parametrize(("unit", "tokens"), [("1K", 864_000), ("1M", 864_000_000), ("10K", 8_640_000)])
def test_the_quantity_counts_units_and_each_unit_its_tokens(
    normalise: Callable[..., BillBatch], unit: str, tokens: int
) -> None:
    (usage,) = normalise(money(), unit_rows=(units(unit),)).usage
    assert (usage.uncached_input_tokens, usage.request_model) == (tokens, "gpt-4o")


@pytest.mark.parametrize("unit_rows", [(), (units("100 Hours"),), (units(""),), (units("1K"), units("1M"))])
def test_a_unit_that_is_not_known_leaves_money_without_tokens_under_its_meters_name(
    normalise: Callable[..., BillBatch], unit_rows: tuple[list[Any], ...]
) -> None:
    batch = normalise(money(), unit_rows=unit_rows)
    assert batch.usage == ()
    assert [(row.billed_cost, row.service_name) for row in batch.charges] == [
        (Decimal("2.16"), f"Azure OpenAI: {INPUT}")
    ]


@pytest.mark.parametrize(
    ("meter", "kind"),
    [
        ("gpt 4o 1120 Inp glbl Tokens", TokenType.UNCACHED_INPUT),
        ("gpt 4o 1120 cached Inp glbl Tokens", TokenType.CACHE_READ_INPUT),
        ("gpt 4o 1120 Outp glbl Tokens", TokenType.OUTPUT),
        ("6-sol ShortCo Cd Wr Std Gl", TokenType.CACHE_CREATION_5M_INPUT),
    ],
)
def test_each_meter_counts_one_class_of_tokens(
    normalise: Callable[..., BillBatch], meter: str, kind: TokenType
) -> None:
    batch = normalise(money(Meter=meter), unit_rows=(units(meter=meter),))
    assert [getattr(batch.usage[0], each.value) for each in TokenType if each is not kind] == [0, 0, 0, 0]
    assert getattr(batch.usage[0], kind.value) == 864_000
    assert batch.charges[0].x_token_type is kind


def test_deployment_and_version_are_tags(normalise: Callable[..., BillBatch]) -> None:
    assert normalise(money()).usage[0].tags == ("deployment:global", "version:1120")


def test_the_noise_of_a_float_does_not_change_the_count(normalise: Callable[..., BillBatch]) -> None:
    (usage,) = normalise(money(UsageQuantity=0.8640000000000001)).usage
    assert usage.uncached_input_tokens == 864


def test_without_usage_the_money_stays_as_it_was(provenance: Provenance) -> None:
    fetched = azure.FetchedScope(
        bucket="2026-11", scope=SCOPE, money=(typed(answer(MONEY, money())),), units=(typed(answer(UNITS, units())),)
    )
    whole = azure.normalise_costs([fetched], ("2026-11",), provenance)
    batch = azure.normalise_costs([fetched], ("2026-11",), provenance, with_usage=False)
    assert (len(whole.usage), batch.usage) == (1, ())
    assert batch.charges == whole.charges


@pytest.mark.parametrize(("usage", "count"), [("daily", 1), ("none", 0)])
def test_the_option_says_whether_tokens_are_kept(usage: str, count: int) -> None:
    with serving(cost_management([[named()]])) as server:
        asked = request(server.url)
        batch = azure.pull(replace(asked, options={**asked.options, "usage": usage}))
    assert (len(batch.usage), len(batch.charges)) == (count, 1)


def test_a_quarantined_row_of_a_read_without_usage_never_brings_tokens(provenance: Provenance) -> None:
    fetched = azure.FetchedScope(
        bucket="2026-11",
        scope=SCOPE,
        money=(typed(answer(MONEY, money(), money(UsageDate=20261006))),),
        units=(typed(answer(UNITS, units())),),
    )
    (bad,) = azure.normalise_costs([fetched], ("2026-11",), provenance, with_usage=False).quarantined
    again = azure.replay([replace(bad, raw=bad.raw.replace(b"20261006", b"20261106"))], provenance)
    assert (again.usage, len(again.charges)) == ((), 1)


def test_priority_processing_is_its_own_tier(normalise: Callable[..., BillBatch]) -> None:
    meter = "6-sol ShortCo Inp PP Gl"
    batch = normalise(money(Meter=meter), unit_rows=(units("1M", meter),))
    assert batch.usage[0].service_tier is batch.charges[0].x_service_tier is ServiceTier.PRIORITY


def test_provisioned_throughput_is_a_purchase_without_tokens(normalise: Callable[..., BillBatch]) -> None:
    meter = "Provisioned Managed Global Unit"
    batch = normalise(money(Meter=meter), unit_rows=(units("1 Hour", meter),))
    assert batch.usage == ()
    assert batch.charges[0].charge_category is ChargeCategory.PURCHASE


def test_a_meter_that_is_not_understood_is_money_under_its_own_name(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(money(Meter="Quantum Blob glbl"), unit_rows=(units("1M", "Quantum Blob glbl"),))
    assert batch.usage == ()
    assert (batch.charges[0].service_name, batch.charges[0].x_gen_ai_request_model) == (
        "Azure OpenAI: Quantum Blob glbl",
        None,
    )


def test_money_back_is_a_credit_without_tokens(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(money(Cost=-2.16, UsageQuantity=-864))
    assert (batch.usage, batch.charges[0].charge_category) == ((), ChargeCategory.CREDIT)


@pytest.mark.parametrize("number", [20261032, 20261005, "2026-11-05", None, 2026110, 20261205])
def test_a_usage_date_outside_the_month_or_of_another_form_is_quarantined(
    normalise: Callable[..., BillBatch], number: object
) -> None:
    batch = normalise(money(), money(UsageDate=number, Cost=1))
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


@pytest.mark.parametrize(
    "row", [money(Cost="NaN"), money(UsageQuantity=-1), money(Meter=None), money()[:5], [*money(), 1], {"a": 1}]
)
def test_a_row_that_cannot_be_right_is_quarantined(normalise: Callable[..., BillBatch], row: object) -> None:
    batch = normalise(money(UsageDate=20261104), row)
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


def test_another_billing_currency_stops_the_read(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="'EUR'"):
        normalise(money(Currency="EUR"))


def test_columns_may_come_in_any_order(provenance: Provenance) -> None:
    turned = answer(MONEY[::-1], money()[::-1])
    fetched = azure.FetchedScope(
        bucket="2026-11", scope=SCOPE, money=(typed(turned),), units=(typed(answer(UNITS, units())),)
    )
    (charge,) = azure.normalise_costs([fetched], ("2026-11",), provenance).charges
    assert charge.billed_cost == Decimal("2.16")


def test_an_answer_without_a_column_is_an_error(provenance: Provenance) -> None:
    fetched = azure.FetchedScope(
        bucket="2026-11", scope=SCOPE, money=(typed(answer(MONEY[:5], money()[:5])),), units=()
    )
    with pytest.raises(SourcePayloadError, match="no column currency"):
        azure.normalise_costs([fetched], ("2026-11",), provenance)


@pytest.mark.parametrize(("read_on", "estimated"), [(date(2026, 12, 4), True), (date(2026, 12, 5), False)])
def test_a_month_is_an_estimate_until_three_days_after_its_end(
    provenance: Provenance, read_on: date, *, estimated: bool
) -> None:
    fetched = azure.FetchedScope(bucket="2026-11", scope=SCOPE, money=(typed(answer(MONEY, money())),), units=())
    batch = azure.normalise_costs([fetched], ("2026-11",), replace(provenance, retrieved_on=read_on))
    assert batch.charges[0].x_estimated is estimated


def test_a_quarantined_row_can_be_read_again_with_what_was_kept_beside_it(
    normalise: Callable[..., BillBatch], provenance: Provenance
) -> None:
    batch = normalise(money(), money(UsageDate=20261205))
    mended = [replace(row, raw=row.raw.replace(b"20261205", b"20261125")) for row in batch.quarantined]
    again = azure.replay(mended, provenance)
    assert (again.buckets, again.usage[0].uncached_input_tokens) == (("2026-11",), 864_000)


def test_constructed_answers_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    money_answer, unit_answer = (
        msgspec.json.decode((payloads / "azure" / name).read_bytes(), type=azure_query.Answer)
        for name in ("costs.json", "units.json")
    )
    fetched = azure.FetchedScope(bucket="2026-11", scope=SCOPE, money=(money_answer,), units=(unit_answer,))
    batch = azure.normalise_costs([fetched], ("2026-11",), provenance)
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("36.705")
    assert sum(row.input_tokens for row in batch.usage) == 864_000 + 900_000 + 3_000_000
    assert len(batch.usage) == 4


def cost_management(pages: Pages) -> Provider:
    """Return a provider of pages of money, lists by name, and of the units of every meter."""

    def respond(asked: Asked) -> Answer:
        body = json.loads(asked.body)
        if {"type": "Dimension", "name": "UnitOfMeasure"} in body["dataset"]["grouping"]:
            return Answer(body=json.dumps(answer(UNITS, units())).encode())
        number = int(asked.param("$skiptoken") or 0)
        rows = [
            [row.get(name) for name in MONEY] + [row[name] for name in row if name not in MONEY]
            for row in pages[number]
        ]
        link = f"https://management.azure.com{asked.path}?api-version=2025-03-01&$skiptoken={number + 1}"
        last = number + 1 >= len(pages)
        return Answer(body=json.dumps(answer(MONEY, *rows, link=None if last else link)).encode())

    return respond


def named(**changes: object) -> dict[str, Any]:
    return dict(zip(MONEY, money(**changes), strict=True))


def test_every_page_is_asked_for_with_the_same_body_and_the_same_token() -> None:
    pages = [[named()], [], [named(UsageDate=20261106)]]
    with serving(cost_management(pages)) as server:
        batch = azure.pull(request(server.url))
    bodies = [asked.body for asked in server.asked]
    assert len(batch.usage) == 2
    assert [asked.method for asked in server.asked] == ["POST"] * 4
    assert bodies[0] == bodies[1] == bodies[2]
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer eyJ-secret"}


def test_the_query_asks_for_whole_days_of_cognitive_services_by_two_dimensions() -> None:
    with serving(cost_management([[named()]])) as server:
        azure.pull(request(server.url))
    body = json.loads(server.asked[0].body)
    assert server.asked[0].path == f"{SCOPE}/providers/Microsoft.CostManagement/query"
    assert body["timePeriod"] == {"from": "2026-11-01T00:00:00Z", "to": "2026-11-26T09:59:59Z"}
    assert [len(json.loads(asked.body)["dataset"]["grouping"]) for asked in server.asked] == [2, 2]
    assert body["dataset"]["filter"]["dimensions"]["values"] == ["microsoft.cognitiveservices/accounts"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/providers/Microsoft.CostManagement/query?$skiptoken=1",
        "https://management.azure.com.evil.example/providers/Microsoft.CostManagement/query",
        "https://management.azure.com@evil.example/providers/Microsoft.CostManagement/query",
        "https://management.azure.com/subscriptions",
        "http://management.azure.com/providers/Microsoft.CostManagement/query",
        "//evil.example/providers/Microsoft.CostManagement/query",
    ],
)
def test_a_link_to_somewhere_else_is_an_error_and_nothing_is_sent_there(link: str) -> None:
    content = json.dumps(answer(MONEY, money(), link=link)).encode()
    with serving(lambda _: Answer(body=content)) as server, pytest.raises(SourcePayloadError, match="nextLink"):
        azure.pull(request(server.url))
    assert len(server.asked) == 1


def test_a_service_principal_gets_a_token_of_its_own_for_the_management_api() -> None:
    costs = cost_management([[named()]])

    def respond(asked: Asked) -> Answer:
        token = asked.path.endswith("/oauth2/v2.0/token")
        return Answer(body=b'{"access_token": "made", "expires_in": 3599}') if token else costs(asked)

    with serving(respond) as server:
        azure.pull(request(server.url, environ=PRINCIPAL))
    login, *queries = server.asked
    assert login.path == "/t-1/oauth2/v2.0/token"
    assert b"scope=https%3A%2F%2Fmanagement.azure.com%2F.default" in login.body
    assert {asked.headers["authorization"] for asked in queries} == {"Bearer made"}
    assert "authorization" not in login.headers


def test_a_refused_principal_is_told_what_is_needed_and_never_its_secret() -> None:
    body = b'{"error": "invalid_client", "error_description": "AADSTS7000215"}'
    with serving(lambda _: Answer(body=body, status=401)) as server, pytest.raises(SourceAuthError) as caught:
        azure.pull(request(server.url, environ=PRINCIPAL))
    assert "az account get-access-token" in caught.value.expected
    assert "the-secret" not in str(caught.value)


def test_a_login_without_the_role_is_told_which() -> None:
    with serving(lambda _: Answer(status=403)) as server, pytest.raises(SourceAuthError) as caught:
        azure.pull(request(server.url))
    assert "Cost Management Reader" in caught.value.expected


def test_without_a_login_the_missing_variables_are_named() -> None:
    with pytest.raises(UsageError, match="AZURE_ACCESS_TOKEN is not set, nor AZURE_CLIENT_SECRET"):
        azure.plan(request(environ=PRINCIPAL | {"AZURE_CLIENT_SECRET": ""}))


def test_a_scope_is_needed() -> None:
    with pytest.raises(UsageError, match="--scope is missing"):
        azure.plan(request(options={}))


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "subscriptions/a b",
        "/subscriptions/a?x=1",
        "/subscriptions/a,/subscriptions/A",
        "/subscriptions/a,/subscriptions/a/resourceGroups/b",
        "/subscriptions/a,/providers/Microsoft.Billing/billingAccounts/1",
        "/subscriptions/a,",
    ],
)
def test_a_scope_that_is_none_or_counts_twice_is_refused(scope: str) -> None:
    with pytest.raises(UsageError, match="--scope"):
        azure.plan(request(options={"scope": scope}))


def test_several_subscriptions_are_read_in_one_go() -> None:
    assert azure.plan(request(options={"scope": "subscriptions/a/, /subscriptions/b"})).requests == 4

"""Google's billing export in BigQuery; every payload here is constructed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import sqlglot

from costcheck.conformance import Answer, Asked
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider, serving
from costcheck.errors import CurrencyError, SourceAuthError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import google, google_bigquery
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.google_bigquery import COLUMNS, FetchedMonth
from costcheck.sources.bills.google_skus import SERVICES
from costcheck.sources.bills.windows import month_windows

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
MONTH = month_windows(date(2026, 10, 1), date(2026, 10, 1), now=NOW)
TABLE = "billing-1.export.gcp_billing_export_v1_012345_ABCDEF_678901"
INPUT = "Gemini 2.5 Flash GA Text Input - Predictions"
Row = dict[str, Any]


def row(**changes: object) -> Row:
    cells = {
        "day": "2026-10-20",
        "service_id": "C7E2-9256-1C43",
        "sku": INPUT,
        "project": "prod-1",
        "unit": "requests",
        "currency": "USD",
        "cost_type": "regular",
        "credit": None,
        "cost": "0.3195",
        "amount": "1065040",
        "row_count": "24",
    } | changes
    return {"f": [{"v": value} for value in cells.values()]}


def page(rows: list[Row], **changes: object) -> bytes:
    content = {
        "jobComplete": True,
        "jobReference": {"projectId": "billing-1", "jobId": "job_1", "location": "EU"},
        "schema": {"fields": [{"name": name, "type": "STRING"} for name in COLUMNS]},
        "rows": rows,
        "totalRows": str(len(rows)),
        "totalBytesProcessed": "1073741824",
    }
    return json.dumps(content | changes).encode()


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    def read(*rows: Row) -> BillBatch:
        raws = tuple(msgspec.Raw(msgspec.json.encode(each)) for each in rows)
        return google_bigquery.normalise_days([FetchedMonth(window=MONTH[0], rows=raws)], ("2026-10",), provenance)

    return read


def request(url: str = "", **options: str) -> PullRequest:
    given = {"table": TABLE} | ({"base-url": url} if url else {}) | options
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return PullRequest(windows=MONTH, now=NOW, environ={"GOOGLE_ACCESS_TOKEN": "ya29-secret"}, options=named)


def bigquery(pages: Pages) -> Provider:
    """Return a provider of one query's pages."""
    rows = sum(len(each) for each in pages)

    def respond(asked: Asked) -> Answer:
        number = int(asked.param("pageToken") or 0)
        more = {"pageToken": str(number + 1)} if number + 1 < len(pages) else {}
        return Answer(body=page(list(pages[number]), totalRows=str(rows), **more))

    return respond


def test_a_row_is_the_tokens_and_the_cost_of_a_day(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(row())
    assert (batch.usage[0].uncached_input_tokens, batch.charges[0].billed_cost) == (1_065_040, Decimal("0.3195"))
    assert (batch.usage[0].charge_period_start, batch.usage[0].charge_period_end) == (
        datetime(2026, 10, 20, tzinfo=UTC),
        datetime(2026, 10, 21, tzinfo=UTC),
    )


def test_a_credit_is_a_charge_of_its_own_without_tokens(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(row(), row(credit="PROMOTION", cost="-0.3195", amount=None))
    assert [charge.charge_category for charge in batch.charges] == [ChargeCategory.USAGE, ChargeCategory.CREDIT]
    assert (sum(charge.billed_cost for charge in batch.charges), len(batch.usage)) == (0, 1)


def test_a_tax_needs_no_usage(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(row(cost_type="tax", amount=None))
    assert (batch.usage, batch.charges[0].charge_category) == ((), ChargeCategory.TAX)


@pytest.mark.parametrize(("read_on", "estimated"), [(date(2026, 11, 7), True), (date(2026, 11, 8), False)])
def test_a_month_is_an_estimate_until_a_week_after_its_end(
    provenance: Provenance, read_on: date, *, estimated: bool
) -> None:
    month = FetchedMonth(window=MONTH[0], rows=(msgspec.Raw(msgspec.json.encode(row())),))
    batch = google_bigquery.normalise_days([month], ("2026-10",), replace(provenance, retrieved_on=read_on))
    assert batch.charges[0].x_estimated is estimated


@pytest.mark.parametrize(
    "bad",
    [
        row(day="2026-11-01"),
        row(day=None),
        row(cost=None),
        row(cost="NaN"),
        row(amount=None),
        row(amount="7.5"),
        row(sku=" "),
        row(service_id="6F81-5844-456A"),
        row(cost_type="gift"),
        {"f": row()["f"][:-1]},
        {"f": [{"w": 1}]},
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined(normalise: Callable[..., BillBatch], bad: Row) -> None:
    batch = normalise(row(), bad)
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


def test_a_quarantined_row_can_be_read_again(normalise: Callable[..., BillBatch], provenance: Provenance) -> None:
    batch = normalise(row(), row(cost="NaN", project="b"))
    mended = [replace(each, raw=each.raw.replace(b"NaN", b"1.5")) for each in batch.quarantined]
    assert len(google_bigquery.replay(mended, provenance).usage) == 1
    assert len(google_bigquery.replay([*mended, *batch.quarantined], provenance).quarantined) == 1


def test_another_currency_stops_the_read(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="'EUR'"):
        normalise(row(currency="EUR"))


def test_a_constructed_answer_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    answer = msgspec.json.decode((payloads / "google" / "query_page.json").read_bytes(), type=google_bigquery.Answer)
    month = FetchedMonth(window=MONTH[0], rows=tuple(answer.rows))
    batch = google_bigquery.normalise_days([month], ("2026-10",), provenance)
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.3")
    assert [each.request_model for each in batch.usage] == ["gemini-2.5-flash", "gemini-2.5-flash"]


def run_query(export: Path, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    """Return what the query gives of a dump, run for real in DuckDB's words."""
    query = google_bigquery.QUERY.format(table="export", partitions="")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE export AS FROM read_json('{export}')")
        translated = sqlglot.transpile(query, read="bigquery", write="duckdb")[0]
        return connection.execute(translated, {"start": start, "end": end, "services": list(SERVICES)}).fetchall()


@pytest.mark.parametrize("credit", ["", '{"name": "contract", "amount": -0.05, "type": "DISCOUNT"}'])
def test_the_query_gives_what_reading_the_dump_gives(
    tmp_path: Path, payloads: Path, provenance: Provenance, credit: str
) -> None:
    export, told = tmp_path / "export.jsonl", (payloads / "google" / "export.jsonl").read_text(encoding="utf-8")
    export.write_text(told.replace('"credits": []', f'"credits": [{credit}]'), encoding="utf-8")
    november = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)[0]
    rows = [
        {"f": [{"v": v if v is None else str(v)} for v in each]}
        for each in run_query(export, november.start, november.end)
    ]
    raws = tuple(msgspec.Raw(msgspec.json.encode(each)) for each in rows)
    batch = google_bigquery.normalise_days([FetchedMonth(window=november, rows=raws)], ("2026-11",), provenance)
    dump = google.read(export, provenance)
    assert sorted((each.service_name, each.billed_cost) for each in batch.charges) == sorted(
        (each.service_name, each.billed_cost) for each in dump.charges
    )
    assert sorted((each.input_tokens, each.output_tokens) for each in batch.usage) == sorted(
        (each.input_tokens, each.output_tokens) for each in dump.usage
    )


def test_an_hour_belongs_to_the_month_in_which_it_starts_alone(payloads: Path) -> None:
    export, hour = payloads / "google" / "export.jsonl", datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert run_query(export, datetime(2026, 11, 1, tzinfo=UTC), hour) == []
    assert len(run_query(export, hour, datetime(2026, 12, 1, tzinfo=UTC))) == 4


def test_what_varies_is_a_parameter_and_older_partitions_are_left_out() -> None:
    with serving(bigquery([[row()]])) as server:
        google_bigquery.pull(request(server.url))
    body = json.loads(server.asked[0].body)
    values = {each["name"]: each["parameterValue"] for each in body["queryParameters"]}
    assert server.asked[0].path == "/bigquery/v2/projects/billing-1/queries"
    assert values["start"] == {"value": "2026-10-01 00:00:00+00:00"}
    assert values["end"] == {"value": "2026-11-01 00:00:00+00:00"}
    assert [each["value"] for each in values["services"]["arrayValues"]] == list(SERVICES)
    assert f"FROM `{TABLE}`" in body["query"]
    assert "_PARTITIONTIME >=" in body["query"]
    assert (body["useLegacySql"], body["maximumBytesBilled"]) == (False, str(100 * 2**30))


def test_a_view_has_no_partitions_to_leave_out() -> None:
    export = google_bigquery.Export(table="p-12345.d.my_view", project="p-12345", max_bytes=1)
    assert "_PARTITIONTIME" not in str(google_bigquery.query_body(export, MONTH[0])["query"])


def test_a_query_that_is_sent_again_is_the_same_job() -> None:
    ids = []
    for _ in range(2):
        with serving(bigquery([[row()]])) as server:
            google_bigquery.pull(request(server.url))
        ids.append(json.loads(server.asked[0].body)["requestId"])
    assert ids[0] == ids[1]
    assert len(ids[0]) <= 36


def test_a_job_that_is_not_done_is_asked_for_until_it_is() -> None:
    waiting = [True, True, False]

    def respond(_: Asked) -> Answer:
        return Answer(body=page([], jobComplete=False, totalRows=None) if waiting.pop(0) else page([row()]))

    with serving(respond) as server:
        batch = google_bigquery.pull(request(server.url))
    assert len(batch.usage) == 1
    assert [asked.method for asked in server.asked] == ["POST", "GET", "GET"]
    assert server.asked[1].path == "/bigquery/v2/projects/billing-1/queries/job_1"
    assert server.asked[1].param("location") == "EU"


def test_a_job_that_never_ends_is_an_error() -> None:
    body = page([], jobComplete=False)
    with serving(lambda _: Answer(body=body)) as server, pytest.raises(SourcePayloadError, match="not complete"):
        google_bigquery.pull(request(server.url))


@pytest.mark.parametrize(
    "changes", [{"totalRows": "2"}, {"totalRows": None}, {"schema": {"fields": [{"name": "a"}]}}]
)
def test_an_answer_with_other_rows_or_columns_than_asked_for_is_an_error(changes: Row) -> None:
    body = page([row()], **changes)
    with serving(lambda _: Answer(body=body)) as server, pytest.raises(SourcePayloadError):
        google_bigquery.pull(request(server.url))


def test_a_job_id_leads_nowhere_else() -> None:
    body = page([], jobComplete=False, jobReference={"jobId": "../../x"})
    with serving(lambda _: Answer(body=body)) as server, pytest.raises(SourcePayloadError, match="jobId"):
        google_bigquery.pull(request(server.url))


def test_a_plan_is_a_dry_run_and_says_what_will_be_scanned() -> None:
    with serving(bigquery([[]])) as server:
        plan = google_bigquery.plan(request(server.url))
    assert json.loads(server.asked[0].body)["dryRun"] is True
    assert (plan.requests, plan.charge) == (1, "BigQuery's price of 1.00 GiB scanned")


def test_a_query_that_would_scan_more_than_allowed_is_refused() -> None:
    dear = page([], totalBytesProcessed=str(2 * 2**30))
    with (
        serving(lambda _: Answer(body=dear)) as server,
        pytest.raises(UsageError, match=r"2026-10 would scan 2\.00 GiB"),
    ):
        google_bigquery.plan(request(server.url, max_gib="1"))


@pytest.mark.parametrize(
    "options",
    [
        {"table": "export.table"},
        {"table": "billing-1.export.x` WHERE 1=1 --"},
        {"table": ""},
        {"project": "a b"},
        {"max_gib": "0"},
        {"max_gib": "-1"},
        {"max_gib": "many"},
    ],
)
def test_a_name_that_is_none_is_a_usage_error_before_anything_is_asked(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        google_bigquery.plan(request(**options))


def test_a_missing_token_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="gcloud auth print-access-token"):
        google_bigquery.plan(replace(request(), environ={}))


def test_a_refused_token_is_told_the_roles_and_never_the_token() -> None:
    with serving(lambda _: Answer(status=401)) as server, pytest.raises(SourceAuthError) as caught:
        google_bigquery.pull(request(server.url))
    assert "BigQuery Data Viewer" in caught.value.expected
    assert "ya29-secret" not in str(caught.value)

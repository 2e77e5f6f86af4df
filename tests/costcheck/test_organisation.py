"""Months of another organisation never fill those that the ledger lacks; new projects of the same one do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costcheck.errors import LedgerError, LossError, UsageError
from costcheck.ingest import pull_months
from costcheck.ingest.storing import store
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch
from costcheck.sources.bills import aws_cloudwatch, aws_cost_explorer
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.registry import PULLS, PullSource
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.ledger.test_ledger import batch, charge, usage

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
SOURCE = PullSource(name="openai", module="constructed", summary="", settles_after_days=2)
AUGUST, SEPTEMBER, OCTOBER = "2026-08", "2026-09", "2026-10"


@dataclass
class Organisation:
    """What a key sees, month by month; notes what was asked for."""

    months: dict[str, BillBatch]
    asked: list[str] = field(default_factory=list)
    reaches: str = ""
    ONE_ORGANISATION = True

    def plan(self, request: PullRequest) -> PullPlan:
        if request.buckets[0] < self.reaches:
            message = f"--from is {request.buckets[0]}"
            raise UsageError(message, expected=f"{self.reaches} or later", action="ask for fewer months")
        return PullPlan(requests=1)

    def pull(self, request: PullRequest) -> BillBatch:
        (bucket,) = request.buckets
        self.asked.append(bucket)
        return self.months.get(bucket, batch(bucket=bucket))


def month(bucket: str, project: str | None, cost: str = "1", key: str | None = None) -> BillBatch:
    start = datetime.strptime(bucket, "%Y-%m").replace(tzinfo=UTC)
    row = replace(usage(start, bucket=bucket), sub_account_id=project, x_api_key_id=key)
    return batch(row, replace(charge(cost, bucket=bucket, start=start), sub_account_id=project), bucket=bucket)


def seen(**projects: str | None) -> Organisation:
    found = {name.replace("m", "2026-"): project for name, project in projects.items()}
    return Organisation({bucket: month(bucket, project) for bucket, project in found.items()})


def costing(**costs: str) -> Organisation:
    return Organisation({bucket: month(bucket, "proj_a", cost) for bucket, cost in costs.items()})


def pulled(path: Path, module: Organisation, first: str, last: str) -> list[str]:
    windows = month_windows(date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-01"), now=NOW)
    request = PullRequest(windows=windows, now=NOW)
    return [stored.batch.buckets[0] for stored in pull_months(path, SOURCE, request, module=module)]


def held(path: Path) -> list[str]:
    with open_ledger(path, read_only=True) as ledger:
        return [row.x_bucket for row in ledger.ingests()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.duckdb"
    pulled(path, seen(m08="proj_old", m09="proj_a"), AUGUST, SEPTEMBER)
    return path


def test_a_month_of_another_organisation_is_refused_and_the_way_on_named(path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        pulled(path, seen(m09="proj_b", m10="proj_b"), OCTOBER, OCTOBER)
    assert held(path) == [AUGUST, SEPTEMBER]
    assert "openai 2026-10 came for proj_b" in caught.value.seen
    assert "(proj_a)" in caught.value.seen
    assert "a ledger of its own (--ledger)" in caught.value.action
    assert "`costcheck bill forget openai 2026-08` (and 2026-09) first" in caught.value.action


def test_a_month_with_a_project_of_any_other_month_is_taken_without_another_question(path: Path) -> None:
    module = seen(m10="proj_old")
    assert pulled(path, module, OCTOBER, OCTOBER) == [OCTOBER]
    assert module.asked == [OCTOBER]


def test_new_projects_alone_are_taken_when_the_key_sees_the_old_ones_in_their_month(path: Path) -> None:
    module = seen(m09="proj_a", m10="proj_new")
    assert pulled(path, module, OCTOBER, OCTOBER) == [OCTOBER]
    assert module.asked == [OCTOBER, SEPTEMBER]


def test_a_month_whose_owners_are_not_told_is_asked_for_the_ledgers_too(path: Path) -> None:
    with pytest.raises(LedgerError, match="came for no project, workspace or API key"):
        pulled(path, seen(m09=None, m10=None), OCTOBER, OCTOBER)


def test_an_empty_month_of_another_organisation_is_not_taken_for_one_without_use(path: Path) -> None:
    with pytest.raises(LedgerError, match="no project, workspace or API key of the ledger's"):
        pulled(path, seen(m09="proj_b"), OCTOBER, OCTOBER)
    assert held(path) == [AUGUST, SEPTEMBER]


def out_of_reach(project: str | None) -> Organisation:
    months = {OCTOBER: month(OCTOBER, project)} if project else {}
    return Organisation(months, reaches=OCTOBER)


def test_a_quiet_month_is_taken_where_the_api_no_longer_reaches_the_ledgers(path: Path) -> None:
    module = out_of_reach(None)
    assert pulled(path, module, OCTOBER, OCTOBER) == [OCTOBER]
    assert module.asked == [OCTOBER]


def test_a_month_whose_owners_are_not_told_is_taken_where_the_ledgers_are_out_of_reach(path: Path) -> None:
    module = Organisation({OCTOBER: month(OCTOBER, None)}, reaches=OCTOBER)
    assert pulled(path, module, OCTOBER, OCTOBER) == [OCTOBER]


def test_new_owners_alone_are_refused_where_the_ledgers_are_out_of_reach(path: Path) -> None:
    with pytest.raises(LedgerError, match=r"2026-10 came for proj_new, and .* no longer reaches them") as caught:
        pulled(path, out_of_reach("proj_new"), OCTOBER, OCTOBER)
    assert held(path) == [AUGUST, SEPTEMBER]
    assert "`costcheck bill forget openai 2026-08` (and 2026-09) first" in caught.value.action


def test_a_month_further_off_is_asked_where_the_nearest_is_out_of_reach(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(path, seen(m06="proj_a"), "2026-06", "2026-06")
    pulled(path, seen(m06="proj_a", m10="proj_b"), OCTOBER, OCTOBER)
    module = replace(seen(m07="proj_c", m10="proj_b"), reaches="2026-07")
    assert pulled(path, module, "2026-07", "2026-07") == ["2026-07"]
    assert module.asked == ["2026-07", OCTOBER]


def test_a_ledger_without_owners_takes_any_month(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(path, seen(m08=None), AUGUST, AUGUST)
    assert pulled(path, seen(m09="proj_a"), SEPTEMBER, SEPTEMBER) == [SEPTEMBER]


def test_a_first_read_may_change_every_project_from_month_to_month(tmp_path: Path) -> None:
    module = seen(m08="proj_a", m09="proj_b", m10="proj_c")
    assert pulled(tmp_path / "ledger.duckdb", module, AUGUST, OCTOBER) == [AUGUST, SEPTEMBER, OCTOBER]
    assert module.asked == [AUGUST, SEPTEMBER, OCTOBER]


def test_a_redacted_ledger_takes_any_month(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.redact("salt")
    assert pulled(path, seen(m10="proj_b"), OCTOBER, OCTOBER) == [OCTOBER]


def test_after_a_month_that_shrank_the_later_ones_are_read_and_the_error_comes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(
        path, Organisation({name: month(name, "proj_a", "100") for name in (AUGUST, SEPTEMBER)}), AUGUST, SEPTEMBER
    )
    module = costing(**{AUGUST: "10", SEPTEMBER: "100", OCTOBER: "100"})
    with pytest.raises(LedgerError, match=r"2026-08 came with 10\.00 USD of usage") as caught:
        pulled(path, module, AUGUST, OCTOBER)
    assert held(path) == [AUGUST, SEPTEMBER, OCTOBER]
    assert "costcheck bill forget openai 2026-08" in caught.value.action


def test_every_month_that_shrank_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(
        path, Organisation({name: month(name, "proj_a", "100") for name in (AUGUST, SEPTEMBER)}), AUGUST, SEPTEMBER
    )
    module = costing(**{AUGUST: "10", SEPTEMBER: "10"})
    with pytest.raises(LedgerError, match=r"2026-08 came with .*; openai 2026-09 came with") as caught:
        pulled(path, module, AUGUST, SEPTEMBER)
    assert "forget openai 2026-08" in caught.value.action
    assert "forget openai 2026-09" in caught.value.action


def test_quiet_months_are_read_beside_one_that_shrank_and_beside_one_that_came_empty(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(path, costing(**{"2026-06": "100", "2026-07": "100"}), "2026-06", "2026-07")
    with pytest.raises(LossError, match=r"2026-06 came with .*; openai 2026-07 came empty"):
        pulled(path, costing(**{"2026-06": "10", AUGUST: "1"}), "2026-06", OCTOBER)
    assert held(path) == ["2026-06", "2026-07", AUGUST, SEPTEMBER, OCTOBER]


def test_a_month_that_shrank_without_an_owner_stops_the_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    pulled(path, Organisation({AUGUST: month(AUGUST, None, "100")}), AUGUST, AUGUST)
    module = Organisation({AUGUST: month(AUGUST, None, "10"), SEPTEMBER: month(SEPTEMBER, None)})
    with pytest.raises(LedgerError, match="2026-08 came with"):
        pulled(path, module, AUGUST, SEPTEMBER)
    assert held(path) == [AUGUST]


@pytest.mark.parametrize("name", ["openai", "anthropic", "anthropic-legacy", "openrouter"])
def test_an_admin_key_sees_one_organisation(name: str) -> None:
    (source,) = (source for source in PULLS if source.name == name)
    assert getattr(source.load(), "ONE_ORGANISATION", False)


def asked(bucket: str, *places: str) -> BillBatch:
    found = month(bucket, None)
    return replace(found, provenance=replace(found.provenance, source_url=" ".join(places)))


ONE, TWO = "https://ce.us-east-1.amazonaws.com#111111111111", "https://ce.us-east-1.amazonaws.com#222222222222"


def test_a_month_of_another_aws_account_never_fills_one_that_the_ledger_lacks(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    store(path, asked(AUGUST, ONE), aws_cost_explorer)
    with pytest.raises(LedgerError, match="account 222222222222, and the ledger's other months from 111111111111"):
        store(path, asked(SEPTEMBER, TWO), aws_cost_explorer)
    assert held(path) == [AUGUST]


def test_another_region_or_endpoint_of_the_same_account_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    for bucket, place in ((AUGUST, ONE), (SEPTEMBER, "http://127.0.0.1:9/x#eu-west-1/111111111111")):
        store(path, asked(bucket, place), aws_cloudwatch)
    assert held(path) == [AUGUST, SEPTEMBER]

"""Which months are read again: those that may change, and those that were read from another place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costcheck.ingest import pull_months, unsettled
from costcheck.ingest.in_part import Part, charges_alone, usage_alone, whole
from costcheck.ingest.months import settled_reads
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.registry import PullSource
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.ledger.test_ledger import batch, charge, usage

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
SOURCE = PullSource(name="openai", module="constructed", summary="", settles_after_days=2)
WINDOWS = month_windows(date(2026, 9, 1), date(2026, 10, 1), now=NOW)


class Export:
    """An export that begins in October."""

    EMPTY_IS_UNTOLD = True

    def plan(self, _request: PullRequest) -> PullPlan:
        return PullPlan(requests=1)

    def pull(self, request: PullRequest) -> BillBatch:
        (bucket,) = request.buckets
        return month(bucket) if bucket == "2026-10" else replace(batch(bucket=bucket), rows_in=0)


def month(bucket: str) -> BillBatch:
    start = datetime.strptime(bucket, "%Y-%m").replace(tzinfo=UTC)
    return batch(usage(start, bucket=bucket), charge("1", bucket=bucket, start=start), bucket=bucket)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.duckdb"
    with open_ledger(path) as ledger:
        for window in WINDOWS:
            found = month(window.bucket)
            where = replace(found.provenance, retrieved_on=NOW.date(), source_url="duckdb:/one")
            ledger.replace(replace(found, provenance=where))
    return path


@pytest.mark.parametrize("place", [None, "duckdb:/one"])
def test_a_final_month_of_the_same_place_is_not_read_again(path: Path, place: str | None) -> None:
    assert unsettled(path, SOURCE, WINDOWS, place) == ()


def test_a_final_month_of_another_place_is_read_again(path: Path) -> None:
    assert unsettled(path, SOURCE, WINDOWS, "duckdb:/another") == WINDOWS


PARTS = [whole, usage_alone, charges_alone]


@pytest.mark.parametrize("now", PARTS)
@pytest.mark.parametrize("before", PARTS)
def test_a_final_month_is_read_again_for_another_part_of_it_alone(tmp_path: Path, before: Part, now: Part) -> None:
    path = tmp_path / "new.duckdb"
    with open_ledger(path) as ledger:
        for found in (before(month("2026-09")), batch(bucket="2026-10")):
            ledger.replace(replace(found, provenance=replace(found.provenance, retrieved_on=NOW.date())))
    final = settled_reads(path, SOURCE, WINDOWS, part=now)
    assert list(final) == (["2026-09", "2026-10"] if before is now else ["2026-10"])


@pytest.mark.parametrize("part", [whole, usage_alone])
def test_a_final_month_of_a_source_without_charges_is_not_read_again_for_them(tmp_path: Path, part: Part) -> None:
    path = tmp_path / "new.duckdb"
    with open_ledger(path) as ledger:
        found = replace(month("2026-09"), charges=())
        ledger.replace(replace(found, provenance=replace(found.provenance, retrieved_on=NOW.date())))
    assert list(settled_reads(path, SOURCE, WINDOWS, part=part)) == ["2026-09"]


def buckets(path: Path) -> list[str]:
    with open_ledger(path, read_only=True) as ledger:
        return [row.x_bucket for row in ledger.ingests()]


def test_a_month_that_an_export_does_not_reach_is_not_in_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    list(pull_months(path, SOURCE, PullRequest(windows=WINDOWS, now=NOW), module=Export()))
    assert buckets(path) == ["2026-10"]


def test_a_month_of_other_services_alone_is_a_month_without_models(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    export = Export()
    export.pull = lambda request: (  # type: ignore[method-assign]
        month("2026-10") if request.buckets == ("2026-10",) else replace(batch(bucket="2026-09"), rows_in=7)
    )
    list(pull_months(path, SOURCE, PullRequest(windows=WINDOWS, now=NOW), module=export))
    assert buckets(path) == ["2026-09", "2026-10"]

"""FOCUS exports in many files: no file twice, no version twice, no day missing unseen; every line is constructed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costcheck.errors import InputFileError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, Origin, Provenance
from costcheck.sources.bills import cur as cur_source
from costcheck.sources.bills import focus as source
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.engine_read import refuse_missing
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.sources.bills.focus_rows import Row, cur, focus, write_csv

LATER = datetime(2026, 12, 20, tzinfo=UTC)


def on(day: int, **changes: object) -> Row:
    return focus(
        ChargePeriodStart=f"2026-11-{day:02}T09:00:00Z", ChargePeriodEnd=f"2026-11-{day:02}T10:00:00Z", **changes
    )


def disk(day: int) -> Row:
    return on(day, ServiceName="Disk", ServiceCategory="Storage", ServiceSubcategory="")


def older(row: Row) -> Row:
    """Return the line as an older version tells it: its meter in another column."""
    return {("ChargeDescription" if name == "SkuMeter" else name): value for name, value in row.items()}


def write(folder: Path, files: dict[str, Sequence[Row]]) -> Path:
    for name, rows in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_csv(folder / name, rows)
    return folder


def pull(folder: Path, now: datetime = LATER, *, missing_days: str = "refuse") -> BillBatch:
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=now)
    options = {"path": str(folder), "missing-days": missing_days}
    return source.pull(PullRequest(windows=windows, now=now, options=options))


def tokens(batch: BillBatch) -> int:
    return sum(row.input_tokens + row.output_tokens for row in batch.usage)


def test_a_month_in_two_execution_folders_is_never_summed(tmp_path: Path) -> None:
    write(tmp_path, {"BILLING_PERIOD=2026-11/e1/a.csv": [on(1)], "BILLING_PERIOD=2026-11/e2/a.csv": [on(1), on(2)]})
    with pytest.raises(InputFileError, match="holds 2026-11 in 2 folders"):
        pull(tmp_path)
    assert tokens(pull(tmp_path / "BILLING_PERIOD=2026-11" / "e2")) == 2_000_000


def test_a_copy_of_a_file_is_refused_and_both_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": [on(1), on(2)], "b.csv": [on(3)], "old/a.csv": [on(2), on(1), disk(4)]})
    with pytest.raises(SourcePayloadError) as caught:
        pull(tmp_path)
    assert str(tmp_path / "a.csv") in caught.value.seen
    assert str(tmp_path / "old" / "a.csv") in caught.value.seen


@pytest.mark.parametrize(
    "change",
    [
        {"BilledCost": "2.51"},
        {"ConsumedQuantity": "1000001"},
        {"SubAccountId": "proj_2"},
        {"ServiceName": "OpenAI Batch"},
        {"ChargeCategory": "Purchase"},
        {"ChargePeriodStart": "2026-11-02T09:00:00Z", "ChargePeriodEnd": "2026-11-02T10:00:00Z"},
    ],
)
def test_files_that_differ_in_anything_are_no_copies(tmp_path: Path, change: Row) -> None:
    write(tmp_path, {"a.csv": [on(1)], "b.csv": [on(1) | change]})
    assert len(pull(tmp_path).charges) in {1, 2}


def test_a_folder_that_holds_what_one_file_holds_is_its_copy(tmp_path: Path) -> None:
    write(tmp_path, {"whole.csv": [on(1), on(2), on(3)], "parts/a.csv": [on(1), on(3)], "parts/b.csv": [on(2)]})
    with pytest.raises(SourcePayloadError, match="parts/ and "):
        pull(tmp_path)


def test_files_without_models_are_no_copies_of_each_other(tmp_path: Path) -> None:
    disks = [disk(day) for day in range(1, 31)]
    write(tmp_path, {"a.csv": disks, "b.csv": disks, "c.csv": [on(1)]})
    assert tokens(pull(tmp_path)) == 1_000_000


def test_months_of_two_versions_are_read_each_by_its_own_columns(tmp_path: Path) -> None:
    october = focus(ChargePeriodStart="2026-10-20T09:00:00Z", ChargePeriodEnd="2026-10-20T10:00:00Z")
    write(tmp_path, {"old.csv": [older(october)] * 9, "new.csv": [on(1), on(2)]})
    windows = month_windows(date(2026, 10, 1), date(2026, 11, 1), now=LATER)
    batch = source.pull(PullRequest(windows=windows, now=LATER, options={"path": str(tmp_path)}))
    assert (tokens(batch), batch.quarantined) == (11_000_000, ())


def test_two_accounts_of_two_versions_are_read_in_one_month(tmp_path: Path) -> None:
    write(tmp_path, {"old.csv": [older(on(1, SubAccountId="one"))], "new.csv": [on(1, SubAccountId="two")]})
    batch = pull(tmp_path)
    assert sorted(row.sub_account_id or "" for row in batch.usage) == ["one", "two"]
    assert batch.rows_in == 2


def test_two_versions_of_one_account_are_refused_with_the_columns_in_which_they_differ(tmp_path: Path) -> None:
    write(tmp_path, {"old.csv": [older(on(1)), older(on(2))], "new.csv": [on(1)]})
    with pytest.raises(SourcePayloadError) as caught:
        pull(tmp_path)
    assert "old.csv (alone with ChargeDescription)" in caught.value.seen
    assert "new.csv (alone with SkuMeter)" in caught.value.seen


def test_a_file_without_a_column_that_must_be_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"bill.csv": [on(1)], "notes.csv": [{"note": "paid"}]})
    with pytest.raises(InputFileError, match=r"notes.csv has no column ChargePeriodStart"):
        pull(tmp_path)


def test_a_missing_column_is_told_with_the_nearest_and_no_other_name() -> None:
    with pytest.raises(InputFileError) as caught:
        refuse_missing("log.csv", ["my secret prompt 7391", "request_ids"], ["request_id", "model"], "a log")
    assert caught.value.seen == "log.csv has no column request_id (the nearest is request_ids), model; it has 2"


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (range(17, 31), "days 1-16 have"),
        (range(1, 17), "days 17-30 have"),
        ([*range(1, 10), *range(12, 20), *range(21, 31)], "days 10-11, 20 have"),
        (range(1, 30), "day 30 has"),
    ],
)
def test_days_without_a_line_of_any_service_are_a_missing_part(
    tmp_path: Path, there: Sequence[int], missing: str
) -> None:
    write(tmp_path, {"a.csv": [*map(disk, there), on(there[0])]})
    with pytest.raises(SourcePayloadError, match=f"2026-11: {missing} no line of any service"):
        pull(tmp_path)
    assert tokens(pull(tmp_path, missing_days="accept")) == 1_000_000


def test_a_day_is_there_if_any_file_has_it(tmp_path: Path) -> None:
    write(tmp_path, {"old.csv": [older(row) for row in map(disk, range(1, 16))]})
    write(tmp_path, {"new.csv": [*map(disk, range(16, 31)), on(20)]})
    assert tokens(pull(tmp_path)) == 1_000_000


def test_a_line_of_a_whole_month_is_no_line_of_each_day(tmp_path: Path) -> None:
    support = disk(1) | {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    write(tmp_path, {"a.csv": [*map(disk, range(1, 17)), on(1), support]})
    with pytest.raises(SourcePayloadError, match="days 17-30"):
        pull(tmp_path)


def test_an_export_by_the_month_has_no_days_that_could_be_missing(tmp_path: Path) -> None:
    month = {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    write(tmp_path, {"a.csv": [disk(1) | month, on(1) | month]})
    assert tokens(pull(tmp_path)) == 1_000_000


def test_a_bill_of_models_alone_may_have_quiet_days(tmp_path: Path) -> None:
    tax = on(2, ServiceName="Tax", ServiceCategory="Other", ServiceSubcategory="", ProviderName="AWS")
    write(tmp_path, {"a.csv": [on(2), on(5), tax]})
    assert tokens(pull(tmp_path)) == 2_000_000


def test_models_may_have_quiet_days_in_a_whole_companys_bill(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": [*map(disk, range(1, 31)), on(5)]})
    assert tokens(pull(tmp_path)) == 1_000_000


@pytest.mark.parametrize(
    ("now", "last"), [(datetime(2026, 11, 26, tzinfo=UTC), 20), (datetime(2026, 12, 2, tzinfo=UTC), 28)]
)
def test_the_last_days_may_not_be_there_yet(tmp_path: Path, now: datetime, last: int) -> None:
    write(tmp_path, {"a.csv": [*map(disk, range(1, last + 1)), on(1)]})
    batch = pull(tmp_path, now)
    assert (tokens(batch), batch.charges[0].x_estimated) == (1_000_000, True)


def test_a_hole_in_a_month_that_is_not_over_is_a_missing_part_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": [*map(disk, [*range(1, 5), *range(9, 20)]), on(1)]})
    with pytest.raises(SourcePayloadError, match="days 5-8"):
        pull(tmp_path, datetime(2026, 11, 26, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "on_day", "told"),
    [
        (range(1, 16), date(2026, 12, 1), "days 16-27 have"),
        (range(1, 31), date(2026, 12, 1), None),
        ([*range(1, 10), *range(11, 31)], date(2026, 12, 1), "day 10 has"),
        (range(1, 16), date(2026, 11, 19), None),
        ((14, 15), date(2026, 12, 1), None),
    ],
    ids=["half", "whole", "hole", "the last days may not be there yet", "late lines alone"],
)
def test_files_with_days_missing_say_so(
    tmp_path: Path, days: Sequence[int], on_day: date, told: str | None, provenance: Provenance
) -> None:
    path = write(tmp_path, {"1.csv": [disk(day) for day in days] + [on(15)]}) / "1.csv"
    notes = source.read(path, replace(provenance, retrieved_on=on_day, origin=Origin.ENTERED)).notes
    assert [note.startswith(f"2026-11: {told} no line of any service") for note in notes] == ([True] if told else [])


def test_what_missing_days_may_say_is_told() -> None:
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=LATER)
    options = {"path": "x", "missing-days": "ignore"}
    with pytest.raises(UsageError, match="--missing-days is 'ignore'"):
        source.plan(PullRequest(windows=windows, now=LATER, options=options))


def test_a_line_that_came_late_counts_with_the_invoice_that_it_stands_on_and_once(tmp_path: Path) -> None:
    of_november = {"BillingPeriodStart": "2026-11-01T00:00:00Z"}
    late = focus(ChargePeriodStart="2026-10-15T05:00:00Z", ChargePeriodEnd="2026-10-15T06:00:00Z", **of_november)
    october = focus(
        ChargePeriodStart="2026-10-15T05:00:00Z",
        ChargePeriodEnd="2026-10-15T06:00:00Z",
        BillingPeriodStart="2026-10-01T00:00:00Z",
    )
    path = write(tmp_path, {"10.csv": [october], "11.csv": [on(20, **of_november), late]})
    windows = month_windows(date(2026, 10, 1), date(2026, 11, 1), now=LATER)
    batch = source.pull(PullRequest(windows=windows, now=LATER, options={"path": str(path)}))
    assert sorted((row.x_bucket, row.charge_period_start.day) for row in batch.charges) == [
        ("2026-10", 15),
        ("2026-11", 15),
        ("2026-11", 20),
    ]


def test_a_line_of_a_cur_that_came_late_counts_with_the_invoice_that_it_stands_on(tmp_path: Path) -> None:
    late = cur(
        line_item_usage_start_date="2026-10-15T05:00:00Z",
        line_item_usage_end_date="2026-10-15T06:00:00Z",
        bill_billing_period_start_date="2026-11-01T00:00:00Z",
    )
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=LATER)
    options = {"path": str(write(tmp_path, {"11.csv": [late]}))}
    assert tokens(cur_source.pull(PullRequest(windows=windows, now=LATER, options=options))) == 1_000_000


def test_a_service_of_a_cur_that_is_set_aside_is_named(tmp_path: Path) -> None:
    machine = cur(
        product='{"product_name": "Amazon EC2"}', bill_billing_entity="AWS", line_item_usage_type="BoxUsage"
    )
    write_csv(tmp_path / "cur.csv", [cur(), machine])
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=LATER)
    options = {"path": str(tmp_path), "missing-days": "accept"}
    batch = cur_source.pull(PullRequest(windows=windows, now=LATER, options=options))
    assert [row.reason for row in batch.set_aside] == ["a service that is no language model's: 'Amazon EC2'"]

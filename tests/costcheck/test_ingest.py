"""From a source into the ledger: month by month, continued after a failure, nothing overwritten by nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from costcheck.errors import LedgerError, LossError, SourceError, SourcePayloadError, UsageError
from costcheck.ingest import pull_months, unsettled
from costcheck.ingest.in_part import Part, charges_alone, usage_alone
from costcheck.ingest.storing import refuse_half_read, rows_read, store
from costcheck.ledger import open_ledger
from costcheck.ledger.schema import MONEY
from costcheck.records import BillBatch, ChargeCategory, Origin, QuarantinedRow
from costcheck.rules import read_ledger_rules
from costcheck.sources.bills import aws_cloudwatch, bedrock_logs
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.registry import PullSource
from costcheck.sources.bills.windows import Window, month_windows
from tests.costcheck.ledger.test_ledger import batch, charge, usage

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
SOURCE = PullSource(name="openai", module="constructed", summary="", settles_after_days=2)
MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


@dataclass
class Bill:
    """A bill as a test sets it; notes which months were asked for."""

    months: dict[str, BillBatch]
    asked: list[str] = field(default_factory=list)
    broken: str = ""

    def plan(self, _request: PullRequest) -> PullPlan:
        return PullPlan(requests=1)

    def pull(self, request: PullRequest) -> BillBatch:
        (window,) = request.windows
        self.asked.append(window.bucket)
        if window.bucket == self.broken:
            message = "reset by peer"
            raise SourceError(message, expected="an answer", action="run it again")
        found = self.months.get(window.bucket, batch(bucket=window.bucket))
        return replace(found, provenance=replace(found.provenance, retrieved_on=request.now.date()))


def month(bucket: str, cost: str = "1") -> BillBatch:
    start = datetime.strptime(bucket, "%Y-%m").replace(tzinfo=UTC)
    return batch(usage(start, bucket=bucket), charge(cost, bucket=bucket, start=start), bucket=bucket)


def windows(now: datetime = NOW) -> tuple[Window, ...]:
    return month_windows(date(2026, 7, 1), date(2026, 10, 1), now=now)


def pulled(path: Path, bill: Bill, now: datetime = NOW, asked: tuple[Window, ...] | None = None) -> list[str]:
    request = PullRequest(windows=windows(now) if asked is None else asked, now=now)
    return [stored.batch.buckets[0] for stored in pull_months(path, SOURCE, request, module=bill)]


def buckets(path: Path) -> list[str]:
    with open_ledger(path, read_only=True) as ledger:
        return [row.x_bucket for row in ledger.ingests()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


@pytest.fixture
def whole() -> Bill:
    return Bill({bucket: month(bucket) for bucket in MONTHS})


def test_each_month_is_asked_for_alone_and_is_in_before_the_next_is_asked_for(path: Path, whole: Bill) -> None:
    request = PullRequest(windows=windows(), now=NOW)
    first = next(iter(pull_months(path, SOURCE, request, module=whole)))
    assert (first.batch.buckets, whole.asked, buckets(path)) == (("2026-07",), ["2026-07"], ["2026-07"])


def test_charges_that_are_left_out_on_purpose_are_no_loss(path: Path, whole: Bill) -> None:
    pulled(path, whole)
    request = PullRequest(windows=windows(), now=NOW)
    for stored in pull_months(path, SOURCE, request, module=whole, part=usage_alone):
        assert stored.batch.charges == ()
    with open_ledger(path, read_only=True) as ledger:
        assert (ledger.charges_by_month(), len(ledger.usage_by_hour())) == ((), len(MONTHS))


def in_part(path: Path, bill: Bill, part: Part, asked: tuple[Window, ...] | None = None) -> list[str]:
    request = PullRequest(windows=asked or windows(), now=NOW)
    return [stored.batch.buckets[0] for stored in pull_months(path, SOURCE, request, module=bill, part=part)]


def lacking(found: BillBatch, kind: str) -> BillBatch:
    return replace(found, charges=()) if kind == "charges" else replace(found, usage=())


@pytest.mark.parametrize(("part", "lacks"), [(charges_alone, "charges"), (usage_alone, "usage")])
def test_a_month_without_the_part_that_is_asked_for_is_a_month_without_a_row(
    path: Path, whole: Bill, part: Part, lacks: str
) -> None:
    whole.months["2026-08"] = lacking(whole.months["2026-08"], lacks)
    assert in_part(path, whole, part) == ["2026-07", "2026-09", "2026-10", "2026-08"]


@pytest.mark.parametrize(("part", "lacks"), [(charges_alone, "charges"), (usage_alone, "usage")])
def test_a_bill_without_the_part_in_any_month_is_a_wrong_question_and_leaves_nothing(
    path: Path, whole: Bill, part: Part, lacks: str
) -> None:
    whole.months = {name: lacking(found, lacks) for name, found in whole.months.items()}
    del whole.months["2026-07"]
    with pytest.raises(UsageError, match=f"openai, 2026-08: it has no {lacks} to keep"):
        in_part(path, whole, part)
    assert not path.exists()


def test_a_source_that_has_only_what_is_left_out_never_empties_its_months(path: Path, whole: Bill) -> None:
    whole.months = {name: lacking(found, "charges") for name, found in whole.months.items()}
    pulled(path, whole)
    with pytest.raises(UsageError, match="it has no charges to keep"):
        in_part(path, whole, charges_alone)


def test_a_new_month_of_which_the_charges_are_still_to_come_is_taken(path: Path, whole: Bill) -> None:
    in_part(path, whole, charges_alone)
    november = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    whole.months["2026-11"] = lacking(month("2026-11"), "charges")
    assert in_part(path, whole, charges_alone, november) == ["2026-11"]


def test_usage_is_never_replaced_by_a_month_that_has_only_what_is_left_out(path: Path, whole: Bill) -> None:
    in_part(path, whole, usage_alone)
    whole.months["2026-08"] = replace(whole.months["2026-08"], usage=())
    with pytest.raises(LossError, match="openai 2026-08 came empty"):
        in_part(path, whole, usage_alone)
    with open_ledger(path) as ledger:
        assert len(ledger.usage_by_hour()) == len(MONTHS)


def test_a_month_of_charges_alone_may_be_left_out_later(path: Path, whole: Bill) -> None:
    whole.months["2026-08"] = replace(whole.months["2026-08"], usage=())
    pulled(path, whole)
    in_part(path, whole, usage_alone)
    with open_ledger(path) as ledger:
        assert ledger.charges_by_month() == ()


def test_charges_that_are_left_out_hide_no_loss_of_usage(path: Path) -> None:
    starts = [datetime(2026, 9, day, tzinfo=UTC) for day in range(1, 21)]
    store(path, batch(*(usage(start) for start in starts)), None)
    one = batch(usage(starts[0]), *(charge("1", start=start) for start in starts))
    with pytest.raises(LossError, match="came without 19 days of the ledger's"):
        store(path, one, None, usage_alone)
    with open_ledger(path) as ledger:
        assert len(ledger.usage_by_hour()) == 20


def test_usage_that_is_left_out_hides_no_loss_of_money(path: Path) -> None:
    starts = [datetime(2026, 9, day, tzinfo=UTC) for day in range(1, 21)]
    store(path, batch(*(charge("1", start=start) for start in starts)), None)
    one = batch(charge("20", start=starts[0]), *(usage(start) for start in starts))
    with pytest.raises(LossError, match="came without 19 days of the ledger's"):
        store(path, one, None, charges_alone)


def test_a_failure_in_the_third_month_keeps_the_two_before_it(path: Path, whole: Bill) -> None:
    whole.broken = "2026-09"
    with pytest.raises(SourceError, match="reset by peer"):
        pulled(path, whole)
    assert buckets(path) == ["2026-07", "2026-08"]


def test_after_a_failure_only_what_is_missing_is_read(path: Path, whole: Bill) -> None:
    whole.broken = "2026-09"
    with pytest.raises(SourceError):
        pulled(path, whole)
    whole.broken, whole.asked = "", []
    pulled(path, whole, asked=unsettled(path, SOURCE, windows()))
    assert (whole.asked, buckets(path)) == (["2026-09", "2026-10"], list(MONTHS))


def test_a_month_read_while_its_provider_could_still_change_it_is_read_again(path: Path, whole: Bill) -> None:
    for day, settled in ((1, False), (2, False), (3, True)):
        pulled(path, whole, now=datetime(2026, 11, day, 12, tzinfo=UTC))
        left = [window.bucket for window in unsettled(path, SOURCE, windows())]
        assert left == ([] if settled else ["2026-10"])


def test_a_month_that_is_not_over_is_never_final(path: Path) -> None:
    running = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    pulled(path, Bill({"2026-11": month("2026-11")}), asked=running)
    assert unsettled(path, SOURCE, running) == running


def test_empty_months_wait_until_another_shows_that_there_is_a_bill(path: Path, whole: Bill) -> None:
    del whole.months["2026-07"]
    assert pulled(path, whole) == ["2026-08", "2026-09", "2026-10", "2026-07"]


def test_a_bill_without_a_row_in_any_month_is_an_error_and_leaves_nothing(path: Path) -> None:
    with pytest.raises(SourceError, match="an empty bill"):
        pulled(path, Bill({}))
    assert not path.exists()


def test_an_empty_month_after_others_were_read_is_an_empty_month(path: Path, whole: Bill) -> None:
    pulled(path, whole)
    november = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    assert pulled(path, Bill({}), asked=november) == ["2026-11"]


def test_an_empty_month_never_replaces_a_full_one(path: Path, whole: Bill) -> None:
    pulled(path, whole)
    with open_ledger(path) as ledger:
        before = ledger.digest()
    del whole.months["2026-08"]
    with pytest.raises(LedgerError, match="openai 2026-08 came empty, and the ledger holds 2 rows"):
        pulled(path, whole)
    with open_ledger(path) as ledger:
        assert ledger.digest() == before


def test_a_corrected_month_replaces_the_one_before_it(path: Path, whole: Bill) -> None:
    pulled(path, whole)
    whole.months["2026-08"] = month("2026-08", cost="7")
    pulled(path, whole)
    with open_ledger(path) as ledger:
        assert sorted(row.billed_cost for row in ledger.charges_by_month()) == [1, 1, 1, 7]


def test_a_month_that_is_read_again_tells_what_it_was_billed_before_and_now(path: Path) -> None:
    assert store(path, month("2026-10", "1"), SOURCE).replaced == ()
    (again,) = store(path, month("2026-10", "1.05"), SOURCE).replaced
    assert (again.x_bucket, again.before, again.now) == ("2026-10", {"USD": Decimal(1)}, {"USD": Decimal("1.05")})
    assert not again.has_same_rows
    (same,) = store(path, month("2026-10", "1.05"), SOURCE).replaced
    assert same.has_same_rows


def days(*numbers: int, hours: int = 1) -> BillBatch:
    starts = [datetime(2026, 9, number, tzinfo=UTC) for number in numbers]
    return batch(*(usage(start, timedelta(hours=hours)) for start in starts))


def test_a_month_of_which_the_source_has_deleted_days_never_replaces_the_whole_one(path: Path) -> None:
    store(path, days(1, 2, 3, 20), None)
    with pytest.raises(
        LedgerError, match="openai 2026-09 came without 2 days of the ledger's, 2026-09-01 to 2026-09-02"
    ):
        store(path, days(3, 20, 21), None)
    with open_ledger(path) as ledger:
        assert len(ledger.usage_by_hour()) == 4


def of_project(*names: str | None) -> BillBatch:
    return batch(*(replace(usage(), sub_account_id=name) for name in names))


def test_the_month_of_one_organisation_never_replaces_that_of_another(path: Path) -> None:
    store(path, of_project("proj_a", "proj_b"), None)
    with pytest.raises(LedgerError, match="came for proj_c, and the ledger holds it for proj_a: no project"):
        store(path, of_project("proj_c", None), None)
    with open_ledger(path) as ledger:
        assert {row.sub_account_id for row in ledger.usage_by_hour()} == {"proj_a", "proj_b"}


def test_a_month_never_loses_a_project_of_several(path: Path) -> None:
    store(path, of_project("proj_a", "proj_b", "proj_c"), None)
    with pytest.raises(LedgerError, match="came without proj_a, proj_c, of which the ledger holds rows"):
        store(path, of_project("proj_b", "proj_d"), None)


def test_a_file_of_the_same_name_never_takes_months_away(path: Path) -> None:
    april, may = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5))
    both = (charge("7", bucket="invoices.csv", start=start) for start in (april, may))
    store(path, batch(*both, bucket="invoices.csv"), None)
    with pytest.raises(LedgerError, match=r"openai invoices\.csv came without 2026-04, of which"):
        store(path, batch(charge("9", bucket="invoices.csv", start=may), bucket="invoices.csv"), None)


def test_the_way_out_names_a_file_as_a_shell_takes_it(path: Path) -> None:
    bucket = "file:my invoices.csv"
    april, may = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5))
    store(path, batch(*(charge("7", bucket=bucket, start=start) for start in (april, may)), bucket=bucket), None)
    with pytest.raises(LedgerError) as caught:
        store(path, batch(charge("9", bucket=bucket, start=may), bucket=bucket), None)
    assert "`costcheck bill forget openai 'file:my invoices.csv'` first" in caught.value.action


def spent(*amounts: str, **changes: Any) -> BillBatch:  # noqa: ANN401 - any field
    return batch(*(replace(charge(amount), **changes) for amount in amounts))


def costs(path: Path) -> Decimal:
    with open_ledger(path) as ledger:
        return sum((row.billed_cost for row in ledger.charges_by_month()), Decimal(0))


def test_a_month_that_is_read_again_never_loses_much_of_its_money(path: Path) -> None:
    store(path, spent("60", "40"), None)
    with pytest.raises(LedgerError, match=r"came with 79\.99 USD of usage, and the ledger holds 100\.00"):
        store(path, spent("79.99"), None)
    assert costs(path) == 100


def test_a_month_may_cost_a_little_less_or_anything_more(path: Path) -> None:
    for amount in ("100", "80", "500"):
        store(path, spent(amount), None)
        assert costs(path) == Decimal(amount)


def test_a_credit_that_comes_or_goes_is_no_loss(path: Path) -> None:
    credit = replace(charge("-80"), charge_category=ChargeCategory.CREDIT)
    for found in (spent("100"), batch(charge("100"), credit), spent("100")):
        store(path, found, None)
    assert costs(path) == 100


def test_whoever_corrects_a_file_of_his_own_may_take_out_what_was_too_much(path: Path) -> None:
    for amount in ("1000", "10"):
        found = replace(charge(amount), x_bucket="invoices.csv")
        store(path, replace(batch(found), buckets=("invoices.csv",)), None)
    assert costs(path) == 10


def test_a_file_of_which_lines_cannot_be_read_never_takes_the_place_of_one_with_more_money(path: Path) -> None:
    whole, half = ("1000", "10")
    store(path, batch(charge(whole, bucket="invoices.csv"), bucket="invoices.csv"), None)
    odd = QuarantinedRow(x_source="openai", x_bucket="invoices.csv", reason="odd", raw=b"?")
    with pytest.raises(LedgerError, match=r"came with 10\.00 USD of usage, and the ledger holds 1,000\.00"):
        store(path, batch(charge(half, bucket="invoices.csv"), odd, bucket="invoices.csv"), None)


@pytest.mark.parametrize("names", [("proj_a", "proj_b", "proj_c"), (None,)])
def test_projects_may_come_and_another_way_may_not_tell_them(path: Path, names: tuple[str | None, ...]) -> None:
    store(path, of_project("proj_a", "proj_b"), None)
    store(path, of_project(*names), None)
    with open_ledger(path) as ledger:
        assert {row.sub_account_id for row in ledger.usage_by_hour()} == set(names)


def of_key(key: str, project: str | None = None) -> BillBatch:
    return batch(replace(usage(), x_api_key_id=key, sub_account_id=project))


def test_where_no_project_is_told_the_keys_tell_another_organisation(path: Path) -> None:
    store(path, of_key("key_a"), None)
    with pytest.raises(LedgerError, match="came for key_b, and the ledger holds it for key_a: no project"):
        store(path, of_key("key_b"), None)


def test_a_new_key_of_the_same_project_is_the_same_organisation(path: Path) -> None:
    store(path, of_key("key_a", "proj"), None)
    store(path, of_key("key_b", "proj"), None)
    with open_ledger(path) as ledger:
        assert [row.x_api_key_id for row in ledger.usage_by_hour()] == ["key_b"]


def test_a_source_that_tells_projects_may_replace_one_that_tells_keys(path: Path) -> None:
    store(path, of_key("key_a"), None)
    store(path, of_project("proj_a"), None)
    with open_ledger(path) as ledger:
        assert [row.sub_account_id for row in ledger.usage_by_hour()] == ["proj_a"]


def rows_in(path: Path) -> list[int | None]:
    with open_ledger(path) as ledger:
        return [row.rows_in for row in ledger.ingests()]


def test_the_ledger_knows_how_many_rows_were_summed(path: Path) -> None:
    store(path, replace(batch(usage()), rows_in=12_345), None)
    assert rows_in(path) == [12_345]


def test_a_file_of_which_older_rows_were_forgotten_no_longer_says_how_many_came_in(path: Path) -> None:
    starts = (datetime(2026, 8, 31, 5, tzinfo=UTC), datetime(2026, 9, 1, 5, tzinfo=UTC))
    rows = (usage(start, bucket="sha256:a") for start in starts)
    store(path, replace(batch(*rows, bucket="sha256:a"), rows_in=500), None)
    with open_ledger(path) as ledger:
        ledger.forget_before(date(2026, 9, 1))
    assert rows_in(path) == [None]


def test_of_a_log_each_request_is_a_row_that_came_in(path: Path) -> None:
    store(path, batch(replace(usage(), requests=70)), bedrock_logs)
    assert rows_in(path) == [70]


def test_projects_that_were_redacted_do_not_stop_a_read(path: Path) -> None:
    store(path, of_project("proj_a"), None)
    with open_ledger(path) as ledger:
        ledger.redact("salt")
    store(path, of_project("proj_a"), None)
    with open_ledger(path) as ledger:
        assert [row.sub_account_id for row in ledger.usage_by_hour()] == ["proj_a"]


def of_places(url: str) -> BillBatch:
    found = batch(usage())
    return replace(found, provenance=replace(found.provenance, source_url=url))


@pytest.mark.parametrize("url", ["https://two", "https://three", "https://two https://three"])
def test_the_month_of_some_regions_never_replaces_that_of_others(path: Path, url: str) -> None:
    store(path, of_places("https://one https://two"), aws_cloudwatch)
    with pytest.raises(LedgerError, match="openai 2026-09 came without https://one"):
        store(path, of_places(url), aws_cloudwatch)
    with open_ledger(path) as ledger:
        assert [row.source_url for row in ledger.ingests()] == ["https://one https://two"]


def test_a_region_more_replaces_the_month(path: Path) -> None:
    store(path, of_places("https://one"), aws_cloudwatch)
    store(path, of_places("https://two https://one"), aws_cloudwatch)
    with open_ledger(path) as ledger:
        assert [row.source_url for row in ledger.ingests()] == ["https://two https://one"]


def test_where_no_address_is_a_scope_another_address_may_follow(path: Path) -> None:
    store(path, of_places("https://one"), None)
    store(path, of_places("https://proxy"), None)
    with open_ledger(path) as ledger:
        assert [row.source_url for row in ledger.ingests()] == ["https://proxy"]


def test_a_day_may_be_taken_back_and_others_may_come(path: Path) -> None:
    store(path, days(1, 2), None)
    store(path, days(2, 3, 4), None)
    with open_ledger(path) as ledger:
        assert [row.hour.day for row in ledger.usage_by_hour()] == [2, 3, 4]


def test_days_may_come_as_one_period_and_the_other_way_round(path: Path) -> None:
    for found in (days(1, 2, 3), days(1, hours=72), days(1, 3)):
        store(path, found, None)
    with open_ledger(path) as ledger:
        assert [row.hour.day for row in ledger.usage_by_hour()] == [1, 3]


def old_ledger(path: Path) -> None:
    """Write what version 1 of the schema wrote."""
    with open_ledger(path) as ledger:
        ledger.replace(month("2026-08"))
        ledger.replace(batch(QuarantinedRow(x_source="openai", x_bucket="2026-09", reason="odd", raw=b"{}")))
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE quarantine DROP COLUMN context")
        connection.execute("ALTER TABLE usage DROP COLUMN x_peak_minute_tokens")
        connection.execute("ALTER TABLE charges DROP COLUMN effective_cost")
        connection.execute("ALTER TABLE ingests DROP COLUMN rows_in")
        connection.execute("UPDATE costcheck_ledger SET schema_version = 1")


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_of_the_first_version_is_brought_up_to_date_where_it_lies(path: Path, *, read_only: bool) -> None:
    old_ledger(path)
    with open_ledger(path, read_only=read_only) as ledger:
        assert (len(ledger.usage_by_hour()), [row.context for row in ledger.quarantined()]) == (1, ["{}"])
        kinds = dict(ledger._connection.execute("SELECT column_name, column_type FROM (DESCRIBE charges)").fetchall())
    assert kinds["effective_cost"] == MONEY.replace(" ", "")
    with open_ledger(path) as ledger:
        ledger.replace(month("2026-10"))
        assert len(ledger.ingests()) == 3


def quarantined(count: int) -> tuple[QuarantinedRow, ...]:
    row = QuarantinedRow(x_source="openai", x_bucket="2026-09", reason="service_tier is 'odd'", raw=b"{}")
    return (row,) * count


def test_a_read_of_which_more_than_the_allowed_share_is_quarantined_leaves_the_ledger_as_it_was(path: Path) -> None:
    store(path, month("2026-09"), None)
    bad = batch(usage(), *quarantined(10))
    with pytest.raises(SourcePayloadError, match=r"10 rows \(90.91%\) cannot be read.*'odd'"):
        store(path, bad, None)
    with open_ledger(path) as ledger:
        assert ledger.count_quarantined() == {}


def test_the_share_that_is_just_allowed_passes_and_one_row_more_does_not() -> None:
    share = read_ledger_rules().max_quarantined_share.value
    good = int(10 / share) - 10
    rows = [usage() for _ in range(good)]
    refuse_half_read(batch(*rows, *quarantined(10)))
    with pytest.raises(SourcePayloadError):
        refuse_half_read(batch(*rows, *quarantined(11)))


def test_unreadable_rows_of_a_file_are_lines_to_mend_and_those_of_an_api_a_source_to_report() -> None:
    bad = batch(usage(), *(replace(row, reason=f"line {line}") for line, row in enumerate(quarantined(10), 2)))
    with pytest.raises(SourcePayloadError, match=r"the first: line 2\n") as of_an_api:
        refuse_half_read(bad)
    assert of_an_api.value.action.startswith("the source has probably changed: report it")
    typed = replace(bad, provenance=replace(bad.provenance, origin=Origin.ENTERED))
    with pytest.raises(SourcePayloadError, match=r"the first: line 2; line 3; line 4\n") as of_a_file:
        refuse_half_read(typed)
    assert of_a_file.value.action.startswith("mend these rows of the file, and import it again")


def test_a_handful_of_unreadable_rows_never_fails_a_read() -> None:
    refuse_half_read(batch(usage(), *quarantined(9)))


def test_rows_of_a_log_are_counted_as_the_requests_in_them() -> None:
    summed = batch(replace(usage(), requests=90), charge(), *quarantined(10))
    assert (rows_read(summed), rows_read(summed, row_is_request=True)) == (12, 100)


def test_charges_alone_are_rows_of_a_log_without_usage() -> None:
    assert rows_read(batch(charge(), charge("2"), *quarantined(1)), row_is_request=True) == 3

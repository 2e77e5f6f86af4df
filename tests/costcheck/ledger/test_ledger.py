"""The ledger: replaced by bucket, exact, the same whatever the order; on a real DuckDB file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.errors import LedgerError
from costcheck.ledger import Ledger, open_ledger
from costcheck.ledger.overlaps import Overlap
from costcheck.records import (
    BillBatch,
    Charge,
    ChargeCategory,
    Origin,
    Provenance,
    QuarantinedRow,
    SetAsideRows,
    TokenUsage,
)

HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROVENANCE = Provenance(
    source="test", source_url="constructed", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED
)


def usage(
    start: datetime = HOUR, width: timedelta = timedelta(hours=1), *, bucket: str = "2026-09", output: int = 10
) -> TokenUsage:
    return TokenUsage(
        x_source="openai",
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + width,
        service_provider_name="openai",
        request_model="gpt-5.4",
        uncached_input_tokens=90,
        output_tokens=output,
        requests=1,
    )


def charge(cost: str = "1.50", *, bucket: str = "2026-09", start: datetime = HOUR) -> Charge:
    return Charge(
        x_source="openai",
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + timedelta(days=1),
        service_provider_name="openai",
        service_name="OpenAI API",
        billed_cost=Decimal(cost),
        billing_currency="USD",
    )


def batch(*rows: TokenUsage | Charge | QuarantinedRow | SetAsideRows, bucket: str = "2026-09") -> BillBatch:
    return BillBatch(
        x_source="openai",
        buckets=(bucket,),
        usage=tuple(row for row in rows if isinstance(row, TokenUsage)),
        charges=tuple(row for row in rows if isinstance(row, Charge)),
        quarantined=tuple(row for row in rows if isinstance(row, QuarantinedRow)),
        set_aside=tuple(row for row in rows if isinstance(row, SetAsideRows)),
        provenance=PROVENANCE,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as opened:
        yield opened


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert ledger.is_empty
    ledger.replace(batch(usage()))
    assert not ledger.is_empty


def test_a_bucket_is_replaced_as_a_whole_and_others_stay(ledger: Ledger) -> None:
    ledger.replace(batch(usage(), charge("1"), bucket="2026-09"))
    ledger.replace(batch(charge("5", bucket="2026-10"), bucket="2026-10"))
    ledger.replace(batch(charge("2"), bucket="2026-09"))
    assert ledger.usage_by_hour() == ()
    assert sorted(row.billed_cost for row in ledger.charges_by_month()) == [Decimal(7)]


def test_the_same_batch_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.replace(batch(usage(), charge()))
    before = ledger.digest()
    ledger.replace(batch(usage(), charge()))
    assert ledger.digest() == before


def test_another_day_of_reading_is_no_other_content(ledger: Ledger) -> None:
    ledger.replace(batch(usage()))
    before = ledger.digest()
    later = replace(PROVENANCE, retrieved_on=date(2026, 12, 1))
    ledger.replace(replace(batch(usage()), provenance=later))
    assert ledger.digest() == before
    assert ledger.ingests()[0].retrieved_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    "other", [batch(usage(output=11)), batch(usage(), charge()), batch(), batch(usage(start=HOUR + MINUTE))]
)
def test_any_other_content_has_another_digest(ledger: Ledger, other: BillBatch) -> None:
    ledger.replace(batch(usage()))
    before = ledger.digest()
    ledger.replace(other)
    assert ledger.digest() != before


BATCHES = [
    batch(usage(), charge("0.1"), bucket="2026-09"),
    batch(charge("-3", bucket="2026-10"), bucket="2026-10"),
    batch(QuarantinedRow(x_source="openai", x_bucket="2026-11", reason="odd", raw=b"\xff\x00"), bucket="2026-11"),
    batch(bucket="2026-12"),
]


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(len(BATCHES))), again=st.lists(st.integers(0, len(BATCHES) - 1), max_size=5))
def test_any_order_and_repetition_of_batches_gives_the_same_ledger(order: list[int], again: list[int]) -> None:
    with TemporaryDirectory() as folder:
        assert _digest(Path(folder) / "one.duckdb", [*order, *again]) == _digest(
            Path(folder) / "two.duckdb", list(range(len(BATCHES)))
        )


def _digest(path: Path, order: list[int]) -> str:
    with open_ledger(path) as ledger:
        for number in order:
            ledger.replace(BATCHES[number])
        return ledger.digest()


@settings(max_examples=25, deadline=None)
@given(
    amounts=st.lists(
        st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9),
        min_size=1,
        max_size=8,
    )
)
def test_amounts_come_back_digit_for_digit(amounts: list[float]) -> None:
    exact = [Decimal(repr(amount)) for amount in amounts]
    with TemporaryDirectory() as folder, open_ledger(Path(folder) / "ledger.duckdb") as ledger:
        ledger.replace(batch(*(charge(str(amount)) for amount in exact)))
        stored = ledger._connection.execute("SELECT billed_cost FROM charges").fetchall()
        assert sorted(amount for (amount,) in stored) == sorted(exact)


@pytest.mark.parametrize("amount", ["1E-27", "1000000000000", "0.000000000000000000000000001", "NaN", "Infinity"])
def test_an_amount_that_does_not_fit_is_an_error_and_nothing_is_rounded(ledger: Ledger, amount: str) -> None:
    ledger.replace(batch(charge("1")))
    before = ledger.digest()
    with pytest.raises(LedgerError, match="billed_cost"):
        ledger.replace(batch(usage(), charge(amount)))
    assert ledger.digest() == before


def test_a_row_of_an_undeclared_bucket_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="2026-08"):
        ledger.replace(batch(usage(bucket="2026-08")))


def test_a_failure_in_the_middle_leaves_everything_as_it_was(ledger: Ledger) -> None:
    ledger.replace(batch(usage(), charge()))
    before = ledger.digest()
    with pytest.raises(LedgerError):
        ledger.replace(batch(usage(output=2**70)))
    assert ledger.digest() == before


def test_a_second_file_that_repeats_rows_of_the_first_is_refused(ledger: Ledger) -> None:
    ledger.replace(batch(usage(bucket="sha256:a"), bucket="sha256:a"))
    with pytest.raises(LedgerError, match="bill forget openai sha256:a"):
        ledger.replace(batch(usage(bucket="sha256:b"), usage(HOUR + MINUTE, bucket="sha256:b"), bucket="sha256:b"))
    ledger.forget("openai", "sha256:a")
    ledger.replace(batch(usage(bucket="sha256:b"), bucket="sha256:b"))


def test_two_files_of_one_log_may_share_a_minute_but_not_its_requests(ledger: Ledger) -> None:
    ledger.replace(batch(usage(HOUR, MINUTE, bucket="sha256:a"), bucket="sha256:a"))
    ledger.replace(batch(usage(HOUR, MINUTE, bucket="sha256:b", output=20), bucket="sha256:b"))
    assert ([row.output_tokens for row in ledger.usage_by_hour()], ledger.overlaps()) == ([30], ())
    with pytest.raises(LedgerError, match="holds 1 rows that sha256:b holds too"):
        ledger.replace(batch(usage(HOUR, MINUTE, bucket="sha256:c", output=20), bucket="sha256:c"))


def logged(bucket: str, *teams: str | None, hours: int = 3, **changes: Any) -> BillBatch:  # noqa: ANN401 - any field of usage
    rows = [
        replace(
            usage(HOUR + hour * timedelta(hours=1), bucket=bucket, output=10 + hour), sub_account_id=team, **changes
        )
        for hour in range(hours)
        for team in teams
    ]
    return batch(*rows, bucket=bucket)


@pytest.mark.parametrize(
    "again",
    [
        logged("sha256:b", None),
        logged("sha256:b", "another"),
        logged("sha256:b", "one", tags=("env:prod",)),
        logged("sha256:b", "one", request_model="azure/gpt-5.4"),
        logged("sha256:b", None, hours=30),
    ],
    ids=["no team", "another team", "a tag", "a provider before the model", "and more hours"],
)
def test_the_same_log_again_is_refused_whatever_it_says_of_who_made_the_requests(
    ledger: Ledger, again: BillBatch
) -> None:
    ledger.replace(logged("sha256:a", "one"))
    with pytest.raises(LedgerError, match="holds 3 rows that sha256:a holds too"):
        ledger.replace(again)


def test_a_log_again_whose_estimates_are_split_otherwise_is_to_be_left_out_and_nothing_forgotten(
    ledger: Ledger,
) -> None:
    first, again = (
        batch(
            *logged(bucket, team).usage,
            replace(charge(bucket=bucket), sub_account_id=team, x_estimated=True),
            bucket=bucket,
        )
        for bucket, team in (("sha256:a", "one"), ("sha256:b", "two"))
    )
    ledger.replace(first)
    with pytest.raises(LedgerError) as caught:
        ledger.replace(again)
    assert caught.value.action.startswith("leave sha256:b (constructed) out")


def test_some_keys_of_a_log_again_are_refused_under_another_team(ledger: Ledger) -> None:
    first = logged("sha256:a", "one", x_api_key_id="k1")
    other = logged("sha256:a", "one", x_api_key_id="k2")
    ledger.replace(batch(*first.usage, *other.usage, bucket="sha256:a"))
    with pytest.raises(LedgerError, match="holds 3 rows that sha256:a holds too"):
        ledger.replace(logged("sha256:b", None, x_api_key_id="k2"))


def test_logs_of_two_teams_are_no_double_where_few_of_their_hours_are_alike(ledger: Ledger) -> None:
    ledger.replace(logged("sha256:a", "one"))
    alike = logged("sha256:b", "two", hours=1).usage
    others = [
        replace(usage(HOUR + hour * timedelta(hours=1), bucket="sha256:b", output=50), sub_account_id="two")
        for hour in (1, 2)
    ]
    ledger.replace(batch(*alike, *others, bucket="sha256:b"))
    assert len(ledger.ingests()) == 2


def test_files_of_one_log_with_equal_calls_in_other_minutes_of_the_same_hours_are_no_double(ledger: Ledger) -> None:
    for bucket, begins in (("sha256:a", timedelta(0)), ("sha256:b", 30 * MINUTE)):
        calls = [usage(HOUR + hour * timedelta(hours=1) + begins, MINUTE, bucket=bucket) for hour in range(5)]
        ledger.replace(batch(*calls, bucket=bucket))
    assert len(ledger.ingests()) == 2


def test_the_same_health_check_of_two_keys_every_hour_is_chance(ledger: Ledger) -> None:
    for bucket, key, more in (("sha256:a", "k1", 0), ("sha256:b", "k2", 50)):
        calls = [
            usage(HOUR + hour * timedelta(hours=1), bucket=bucket, output=7 if hour < 16 else 100 + hour + more)
            for hour in range(24)
        ]
        ledger.replace(batch(*(replace(row, x_api_key_id=key) for row in calls), bucket=bucket))
    assert len(ledger.ingests()) == 2


def test_to_forget_a_log_of_other_keys_is_said_to_lose_their_rows(ledger: Ledger) -> None:
    shared = logged("sha256:a", None, x_api_key_id="probe").usage
    ledger.replace(batch(*shared, *logged("sha256:a", "one", x_api_key_id="k1").usage, bucket="sha256:a"))
    busier = logged("sha256:b", "two", x_api_key_id="k2", requests=900).usage
    again = logged("sha256:b", None, x_api_key_id="probe").usage
    with pytest.raises(LedgerError) as caught:
        ledger.replace(batch(*again, *busier, bucket="sha256:b"))
    assert "would lose what sha256:b (constructed) does not hold" in caught.value.action


def test_one_equal_hour_of_two_teams_is_chance(ledger: Ledger) -> None:
    ledger.replace(logged("sha256:a", "one", hours=1))
    ledger.replace(logged("sha256:b", "two", hours=1))
    assert len(ledger.ingests()) == 2


def test_a_corrected_log_that_has_every_hour_of_the_old_one_may_take_its_place(ledger: Ledger) -> None:
    ledger.replace(logged("sha256:a", "one"))
    corrected = replace(logged("sha256:b", "one").usage[2], output_tokens=99)
    with pytest.raises(LedgerError) as caught:
        ledger.replace(batch(*logged("sha256:b", "one", hours=2).usage, corrected, bucket="sha256:b"))
    assert "sha256:b (constructed) has all that sha256:a (constructed) has" in caught.value.action


@pytest.mark.parametrize(("first", "second"), [("2026-09", "sha256:b"), ("sha256:a", "2026-09")])
def test_a_month_and_a_file_of_one_log_are_the_same_requests(ledger: Ledger, first: str, second: str) -> None:
    ledger.replace(batch(usage(bucket=first), bucket=first))
    with pytest.raises(LedgerError, match=f"holds 1 rows that {first} holds too"):
        ledger.replace(batch(usage(bucket=second, output=20), bucket=second))


@pytest.mark.parametrize("source", ["focus", "aws-export"])
def test_a_line_that_came_late_on_the_next_months_invoice_is_no_double(ledger: Ledger, source: str) -> None:
    for bucket, cost in (("2026-09", "1.50"), ("2026-10", "0.50")):
        rows = [replace(row, x_source=source) for row in (usage(bucket=bucket), charge(cost, bucket=bucket))]
        ledger.replace(replace(batch(*rows, bucket=bucket), x_source=source))
    assert [row.billed_cost for row in ledger.charges_by_month()] == [Decimal(2)]
    assert ledger.overlaps() == ()


def test_files_that_count_no_requests_are_no_log(ledger: Ledger) -> None:
    for bucket, refused in (("sha256:a", False), ("sha256:b", True)):
        row = replace(usage(bucket=bucket, output=10 + refused), requests=None)
        with pytest.raises(LedgerError) if refused else nullcontext():
            ledger.replace(batch(row, bucket=bucket))


@pytest.mark.parametrize(("account", "model"), [("another", "one"), ("one", "another")])
def test_the_same_amount_of_another_account_or_model_is_another_charge(
    ledger: Ledger, account: str, model: str
) -> None:
    for bucket, named in (("sha256:a", ("one", "one")), ("sha256:b", (account, model))):
        row = replace(charge("0", bucket=bucket), sub_account_id=named[0], x_gen_ai_request_model=named[1])
        ledger.replace(batch(row, bucket=bucket))
    assert len(ledger.ingests()) == 2


def test_a_charge_of_the_api_in_a_download_is_the_same_whatever_its_project_is_called(ledger: Ledger) -> None:
    ledger.replace(batch(replace(charge(), sub_account_id="proj_1")))
    with pytest.raises(LedgerError, match="holds 1 rows that 2026-09 holds too"):
        ledger.replace(batch(replace(charge(bucket="file:a"), sub_account_id="Project One"), bucket="file:a"))


def test_the_same_charge_in_a_second_file_is_refused(ledger: Ledger) -> None:
    ledger.replace(batch(charge(bucket="sha256:a"), bucket="sha256:a"))
    with pytest.raises(LedgerError, match="holds 1 rows that sha256:a holds too"):
        ledger.replace(batch(charge(bucket="sha256:b"), bucket="sha256:b"))


def months_of(bucket: str, *months: int) -> BillBatch:
    rows = [charge(str(month), bucket=bucket, start=datetime(2026, month, 1, tzinfo=UTC)) for month in months]
    read = replace(PROVENANCE, source_url=f"{bucket[7:]}.csv")
    return replace(batch(*rows, bucket=bucket), provenance=read)


def test_a_file_whose_rows_are_all_there_is_to_be_left_out_and_nothing_forgotten(ledger: Ledger) -> None:
    ledger.replace(months_of("sha256:big", 8, 9, 10))
    with pytest.raises(LedgerError, match=r"1 of 2026-10 in sha256:big \(big.csv\)") as caught:
        ledger.replace(months_of("sha256:october", 10))
    assert caught.value.action.startswith(
        "leave sha256:october (october.csv) out: sha256:big (big.csv) has every row"
    )
    assert "forget" not in caught.value.action


def test_a_file_whose_forgetting_would_lose_months_is_kept_and_the_months_are_named(ledger: Ledger) -> None:
    ledger.replace(months_of("sha256:big", 8, 9, 10))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(months_of("sha256:late", 10, 11))
    assert caught.value.action.startswith("bring sha256:late (late.csv) without the shared rows")
    assert "does not hold (1 of 2026-08, 1 of 2026-09)" in caught.value.action
    assert "first make one file of 2026-08 to 2026-10" in caught.value.action


def test_files_that_a_new_one_holds_altogether_may_all_be_forgotten(ledger: Ledger) -> None:
    for bucket, month in (("2026-08", 8), ("sha256:b", 9)):
        ledger.replace(months_of(bucket, month))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(months_of("sha256:big", 8, 9, 10))
    assert (
        "run `costcheck bill forget openai 2026-08` and `costcheck bill forget openai sha256:b`"
        in caught.value.action
    )
    for bucket in ("2026-08", "sha256:b"):
        ledger.forget("openai", bucket)
    ledger.replace(months_of("sha256:big", 8, 9, 10))


def test_a_download_of_a_pulled_month_and_earlier_ones_loses_nothing_of_the_month(ledger: Ledger) -> None:
    october = datetime(2026, 10, 1, tzinfo=UTC)
    pulled = charge("7", bucket="2026-10", start=october)
    ledger.replace(batch(pulled, usage(october, bucket="2026-10"), bucket="2026-10"))
    rows = (replace(pulled, x_bucket="sha256:c"), charge("8", bucket="sha256:c"))
    with pytest.raises(LedgerError, match="1 of 2026-10 in 2026-10") as caught:
        ledger.replace(batch(*rows, bucket="sha256:c"))
    assert "would lose what sha256:c (constructed) does not hold (1 of 2026-10)" in caught.value.action


def test_forgetting_what_is_not_there_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no openai 2020-01"):
        ledger.forget("openai", "2020-01")


def test_minutes_are_summed_to_the_hour_whose_requests_the_busiest_has_by_its_share_of_tokens(ledger: Ledger) -> None:
    quiet, busy = usage(HOUR, MINUTE), usage(HOUR + 5 * MINUTE, MINUTE, output=210)
    ledger.replace(batch(replace(quiet, requests=4), replace(busy, requests=4)))
    (row,) = ledger.usage_by_hour()
    assert (row.hour, row.period_hours) == (HOUR, 1)
    assert (row.uncached_input_tokens, row.output_tokens, row.requests) == (180, 220, 8)
    assert row.peak_minute_requests == 6


def test_an_hour_known_only_as_an_hour_has_no_busiest_minute(ledger: Ledger) -> None:
    ledger.replace(batch(usage()))
    assert ledger.usage_by_hour()[0].peak_minute_requests is None


def test_a_month_of_an_invoice_keeps_its_own_period(ledger: Ledger) -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)
    ledger.replace(batch(usage(start, timedelta(days=30))))
    (row,) = ledger.usage_by_hour()
    assert (row.hour, row.period_hours) == (start, 30 * 24)


def test_unknown_request_counts_stay_unknown_in_the_sum(ledger: Ledger) -> None:
    ledger.replace(batch(usage(HOUR, MINUTE), replace(usage(HOUR + MINUTE, MINUTE), requests=None)))
    (row,) = ledger.usage_by_hour()
    assert (row.requests, row.peak_minute_requests) == (None, None)


def test_times_of_another_zone_are_stored_as_utc(ledger: Ledger) -> None:
    ledger.replace(batch(usage(datetime.fromisoformat("2026-09-01T12:00:00+02:00"))))
    assert ledger.usage_by_hour()[0].hour == HOUR


def test_credits_and_currencies_are_never_summed_with_other_charges(ledger: Ledger) -> None:
    credit = replace(charge("-1"), charge_category=ChargeCategory.CREDIT)
    ledger.replace(batch(charge("2"), charge("3"), credit, replace(charge("4"), billing_currency="EUR")))
    assert sorted(row.billed_cost for row in ledger.charges_by_month()) == [-1, 4, 5]


def test_an_amount_comes_back_without_the_zeros_of_its_column(ledger: Ledger) -> None:
    ledger.replace(batch(charge("100"), charge("20.50")))
    assert str(ledger.charges_by_month()[0].billed_cost) == "120.5"


def test_a_pulled_month_is_complete_once_it_was_over_even_if_it_was_quiet(ledger: Ledger) -> None:
    for bucket in ("2026-10", "2026-11"):
        ledger.replace(batch(bucket=bucket))
    assert [(row.month, row.is_complete) for row in ledger.coverage()] == [
        (date(2026, 10, 1), True),
        (date(2026, 11, 1), False),
    ]


@pytest.mark.parametrize(("days", "complete"), [(range(1, 31), True), (range(1, 30), False), (range(2, 31), False)])
def test_a_month_pulled_by_the_day_is_complete_once_each_of_its_days_was_read(
    ledger: Ledger, days: range, *, complete: bool
) -> None:
    for day in days:
        ledger.replace(replace(batch(bucket=f"2026-09-{day:02}"), x_source="by day"))
    ledger.replace(replace(batch(bucket="2026-09"), x_source="by month"))
    assert [(row.x_source, row.is_complete) for row in ledger.coverage()] == [
        ("by day", complete),
        ("by month", True),
    ]


def test_a_day_that_was_still_running_when_it_was_read_does_not_complete_its_month(ledger: Ledger) -> None:
    for day in range(1, 31):
        ledger.replace(batch(bucket=f"2026-11-{day:02}"))
    assert [row.is_complete for row in ledger.coverage()] == [False]


def test_a_month_of_a_file_is_complete_if_it_reaches_from_end_to_end(ledger: Ledger) -> None:
    whole = [usage(datetime(2026, 9, day, tzinfo=UTC), bucket="sha256:a") for day in (1, 30)]
    part = usage(datetime(2026, 10, 1, tzinfo=UTC), bucket="sha256:a")
    ledger.replace(batch(*whole, part, bucket="sha256:a"))
    assert [(row.is_complete, row.days_with_usage) for row in ledger.coverage()] == [(True, 2), (False, 1)]


def test_a_month_that_ran_on_when_a_file_was_read_is_not_complete_however_far_a_tax_reaches(ledger: Ledger) -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    tax = replace(charge(bucket="sha256:a", start=start), charge_period_end=end, charge_category=ChargeCategory.TAX)
    for day, complete in ((26, False), (30, False), (31, True)):
        read_on = replace(PROVENANCE, retrieved_on=date(2026, 10, 31) + timedelta(days=day))
        ledger.replace(replace(batch(tax, bucket="sha256:a"), provenance=read_on))
        assert [row.is_complete for row in ledger.coverage()] == [complete]


def test_a_month_without_a_row_between_two_of_a_provider_is_a_gap_of_that_provider(ledger: Ledger) -> None:
    for provider, months in (("openai", (1, 3, 4, 7)), ("anthropic", (2, 4))):
        for month in months:
            start = datetime(2026, month, 1, tzinfo=UTC)
            bucket = f"file:{provider} {month}"
            row = replace(charge(bucket=bucket, start=start), service_provider_name=provider)
            ledger.replace(batch(row, bucket=bucket))
    assert [(gap.service_provider_name, gap.months_text) for gap in ledger.gaps()] == [
        ("anthropic", "2026-03"),
        ("openai", "2026-02, 2026-05, 2026-06"),
    ]


@pytest.mark.parametrize(("days", "complete"), [(30, True), (29, False)])
def test_a_month_of_invoices_is_complete_where_each_provider_is_billed_to_its_end(
    ledger: Ledger, days: int, *, complete: bool
) -> None:
    first = datetime(2026, 9, 1, tzinfo=UTC)
    for provider, count in (("openai", 30), ("anthropic", days)):
        period = {"charge_period_start": first, "charge_period_end": first + timedelta(days=count)}
        ledger.replace(invoice(provider, "100", service_provider_name=provider, **period))
    assert [row.is_complete for row in ledger.coverage()] == [complete]


def invoiced(ledger: Ledger, provider: str, *months: int) -> None:
    starts = [datetime(2026, month, 1, tzinfo=UTC) for month in months]
    rows = [
        replace(charge("1", start=start, bucket=provider), x_source="invoice", service_provider_name=provider)
        for start in starts
    ]
    ledger.replace(replace(batch(bucket=provider), x_source="invoice", charges=tuple(rows)))


def test_the_newest_invoice_of_a_provider_is_missing_where_another_has_one(ledger: Ledger) -> None:
    invoiced(ledger, "openai", 5, 6, 7)
    invoiced(ledger, "anthropic", 6)
    assert [(gap.service_provider_name, gap.months_text) for gap in ledger.gaps()] == [("anthropic", "2026-07")]


def bought_ahead(ledger: Ledger, month: int) -> None:
    row = charge("900", start=datetime(2026, month, 1, tzinfo=UTC), bucket="prepaid")
    bought = replace(row, x_source="invoice", charge_category=ChargeCategory.PURCHASE)
    ledger.replace(replace(batch(bucket="prepaid"), x_source="invoice", charges=(bought,)))


def test_an_invoice_of_prepaid_credits_alone_tells_no_use_of_its_month(ledger: Ledger) -> None:
    invoiced(ledger, "openai", 5, 6)
    bought_ahead(ledger, 7)
    invoiced(ledger, "anthropic", 5, 6, 7)
    assert [(gap.service_provider_name, gap.months_text) for gap in ledger.gaps()] == [("openai", "2026-07")]


def test_prepaid_credits_are_enough_where_another_source_tells_the_use(ledger: Ledger) -> None:
    invoiced(ledger, "openai", 5, 6)
    bought_ahead(ledger, 7)
    invoiced(ledger, "anthropic", 5, 6, 7)
    ledger.replace(batch(usage(datetime(2026, 7, 9, tzinfo=UTC), bucket="console"), bucket="console"))
    assert ledger.gaps() == ()


def test_a_provider_that_came_later_misses_nothing_before(ledger: Ledger) -> None:
    invoiced(ledger, "openai", 5, 6, 7)
    invoiced(ledger, "anthropic", 7)
    assert ledger.gaps() == ()


def test_a_corrected_list_of_invoices_may_take_the_place_of_the_old_one(ledger: Ledger) -> None:
    invoiced(ledger, "openai", 5, 6, 7)
    starts = [datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7)]
    rows = [
        replace(charge("9" if start.month == 6 else "1", start=start, bucket="new"), x_source="invoice")
        for start in starts
    ]
    with pytest.raises(LedgerError) as caught:
        ledger.replace(replace(batch(bucket="new"), x_source="invoice", charges=tuple(rows)))
    assert (
        "if new corrects openai, run `costcheck bill forget invoice openai`, then import it again"
        in caught.value.action
    )


def test_a_quiet_month_that_was_pulled_a_line_of_nothing_and_a_long_period_are_no_gap(ledger: Ledger) -> None:
    for month in (5, 6, 7):
        rows = [charge(bucket=f"2026-0{month}", start=datetime(2026, month, 1, tzinfo=UTC))] if month != 6 else []
        ledger.replace(batch(*rows, bucket=f"2026-0{month}"))
    ledger.replace(batch(charge("0", bucket="a", start=datetime(2026, 8, 1, tzinfo=UTC)), bucket="a"))
    long = replace(
        usage(datetime(2026, 9, 1, tzinfo=UTC), timedelta(days=60), bucket="b"), service_provider_name="openai"
    )
    ledger.replace(batch(long, bucket="b"))
    ledger.replace(batch(charge(bucket="c", start=datetime(2026, 11, 1, tzinfo=UTC)), bucket="c"))
    assert ledger.gaps() == ()


def test_two_sources_that_count_the_same_hour_are_found(ledger: Ledger) -> None:
    ledger.replace(batch(usage()))
    other = replace(usage(), x_source="litellm")
    ledger.replace(replace(batch(), x_source="litellm", usage=(other,)))
    (overlap,) = ledger.overlaps()
    assert (overlap.first, overlap.second, overlap.months) == (("litellm", "2026-09"), ("openai", "2026-09"), 1)


def test_an_invoice_month_and_a_dated_model_name_do_not_hide_that_usage_is_there_twice(ledger: Ledger) -> None:
    ledger.replace(batch(usage()))
    month = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    name = f"{usage().request_model}-2026-03-05".upper()
    invoiced = replace(
        usage(), x_source="invoice", request_model=name, charge_period_start=month[0], charge_period_end=month[1]
    )
    ledger.replace(replace(batch(), x_source="invoice", usage=(invoiced,)))
    assert len(ledger.overlaps()) == 1


def test_two_sources_that_charge_for_the_same_provider_in_a_month_are_found(ledger: Ledger) -> None:
    ledger.replace(batch(charge()))
    invoiced = replace(charge("1500"), x_source="invoice", service_name="Invoice 7")
    ledger.replace(replace(batch(), x_source="invoice", charges=(invoiced,)))
    (overlap,) = ledger.overlaps()
    assert (overlap.first[0], overlap.second[0], overlap.request_model) == ("invoice", "openai", "all charges")


def invoice(bucket: str, cost: str, **changes: Any) -> BillBatch:  # noqa: ANN401 - any field of a charge
    row = replace(charge(cost, bucket=bucket), x_source="invoice", **changes)
    return replace(batch(bucket=bucket), x_source="invoice", charges=(row,))


def test_two_invoices_of_one_provider_and_month_are_found_whatever_their_amounts(ledger: Ledger) -> None:
    ledger.replace(invoice("file:a.csv", "100"))
    ledger.replace(invoice("file:b.csv", "120"))
    (overlap,) = ledger.overlaps()
    assert (overlap.first, overlap.second) == (("invoice", "file:a.csv"), ("invoice", "file:b.csv"))
    assert (overlap.service_provider_name, overlap.request_model) == ("openai", "all charges")
    assert overlap.way_out == (
        "; make one file of the two with every line that is due, run `costcheck bill forget invoice file:b.csv`, and "
        "import the new file as a.csv, whose place it takes; or name the source in separate_sources"
    )


@pytest.mark.parametrize(
    ("second", "what", "says"),
    [
        ("invoice", "all charges", "make one file of the two"),
        ("openai", "all charges", "`costcheck bill forget` one, or read the one that only estimates them"),
        ("litellm", "gpt-5.4", "`costcheck bill forget` one, or read the one that has charges again"),
    ],
)
def test_only_of_two_lists_of_invoices_nobody_is_told_to_forget_one(second: str, what: str, says: str) -> None:
    overlap = Overlap(
        first=("invoice", "file:a.csv"),
        second=(second, "file:b.csv"),
        service_provider_name="openai",
        request_model=what,
        months=1,
    )
    assert overlap.is_of_two_lists is (second == "invoice")
    assert says in overlap.way_out
    assert ("forget` one" in overlap.way_out) is not overlap.is_of_two_lists


def test_invoices_of_two_providers_or_of_periods_apart_are_no_overlap(ledger: Ledger) -> None:
    later = {"charge_period_start": HOUR + timedelta(days=1), "charge_period_end": HOUR + timedelta(days=2)}
    ledger.replace(invoice("file:a.csv", "100"))
    ledger.replace(invoice("file:b.csv", "120", **later))
    ledger.replace(invoice("file:c.csv", "120", service_provider_name="anthropic"))
    assert ledger.overlaps() == ()


def test_charges_of_another_month_or_a_credit_are_no_overlap(ledger: Ledger) -> None:
    ledger.replace(batch(charge()))
    august = replace(charge(start=datetime(2026, 8, 1, tzinfo=UTC)), x_source="invoice")
    credit = replace(charge("-5"), x_source="invoice", charge_category=ChargeCategory.CREDIT)
    ledger.replace(replace(batch(), x_source="invoice", charges=(august, credit)))
    assert ledger.overlaps() == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            ("aws", "anthropic.claude-sonnet-4-5-20250929"),
            ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
        (("aws", "global.anthropic.claude-opus-5-5"), ("bedrock", "bedrock/global.anthropic.claude-opus-5-5")),
        (("google", "gemini-2.5-flash"), ("vertex_ai", "vertex_ai/gemini-2.5-flash")),
        (("azure", "gpt-4o"), ("azure_ai", "gpt-4o-2024-11-20")),
        (("openai", "gpt-5.4-2026-03-05"), ("unknown", "gpt-5.4")),
        (("openai", "GPT 5.4"), ("openai", "gpt-5.4")),
        (("openai", "gpt5.4 Mini"), ("openai", "gpt-5.4-mini-2026-03-05")),
        (("aws", "gpt-oss-20b"), ("aws", "openai.gpt-oss-20b-1:0")),
    ],
)
def test_other_names_of_a_provider_and_a_model_do_not_hide_that_usage_is_there_twice(
    ledger: Ledger, first: tuple[str, str], second: tuple[str, str]
) -> None:
    for source, (provider, model) in (("bill", first), ("log", second)):
        row = replace(usage(), x_source=source, service_provider_name=provider, request_model=model)
        ledger.replace(replace(batch(), x_source=source, usage=(row,)))
    assert [row.months for row in ledger.overlaps()] == [1]


@pytest.mark.parametrize("logged_as", ["chat-prod", "azure/chat-prod", "gpt-5.4-mini"])
def test_a_deployments_own_name_does_not_hide_that_usage_is_there_twice(ledger: Ledger, logged_as: str) -> None:
    metric = replace(usage(), request_model="gpt-5.4-mini-2026-03-17", tags=("deployment-name:chat-prod",))
    for source, counted in (("azure-monitor", metric), ("litellm", replace(usage(), request_model=logged_as))):
        row = replace(counted, x_source=source, service_provider_name="azure")
        ledger.replace(replace(batch(), x_source=source, usage=(row,)))
    assert [row.months for row in ledger.overlaps()] == [1]


def test_another_deployments_name_is_no_overlap(ledger: Ledger) -> None:
    metric = replace(usage(), request_model="gpt-5.4-mini-2026-03-17", tags=("deployment-name:chat-prod",))
    for source, counted in (("azure-monitor", metric), ("litellm", replace(usage(), request_model="chat-test"))):
        row = replace(counted, x_source=source, service_provider_name="azure")
        ledger.replace(replace(batch(), x_source=source, usage=(row,)))
    assert ledger.overlaps() == ()


def test_one_model_at_two_known_providers_is_no_overlap(ledger: Ledger) -> None:
    for source, provider in (("anthropic", "anthropic"), ("log", "vertex_ai")):
        row = replace(usage(), x_source=source, service_provider_name=provider, request_model="claude-opus-5-5")
        ledger.replace(replace(batch(), x_source=source, usage=(row,)))
    assert ledger.overlaps() == ()


def test_two_models_in_the_same_month_are_no_overlap(ledger: Ledger) -> None:
    ledger.replace(batch(usage()))
    another = replace(usage(), x_source="invoice", request_model="gpt-5.4-mini")
    ledger.replace(replace(batch(), x_source="invoice", usage=(another,)))
    assert ledger.overlaps() == ()


def test_what_was_quarantined_and_set_aside_is_counted(ledger: Ledger) -> None:
    bad = QuarantinedRow(x_source="openai", x_bucket="2026-09", reason="odd", raw=b"\xff\x00")
    aside = SetAsideRows(x_source="openai", x_bucket="2026-09", reason="failed request", row_count=4)
    ledger.replace(batch(usage(), bad, aside))
    assert ledger.count_quarantined() == {("openai", "odd"): 1}
    assert ledger.count_set_aside() == {("openai", "failed request"): 4}
    assert ledger._connection.execute("SELECT raw FROM quarantine").fetchall() == [(b"\xff\x00",)]


def test_the_file_keeps_what_was_written(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.replace(batch(usage(), charge()))
        digest = ledger.digest()
    with open_ledger(path, read_only=True) as ledger:
        assert ledger.digest() == digest


def test_reading_a_ledger_that_is_not_there_creates_none(path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        open_ledger(path, read_only=True)
    assert not path.exists()


def _foreign(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE other (x INTEGER)")


def _newer(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger._connection.execute("UPDATE costcheck_ledger SET schema_version = 99")


def _cut(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.replace(batch(usage()))
    path.write_bytes(path.read_bytes()[:5000])


def _text(path: Path) -> None:
    path.write_text("month,amount\n" * 1000)


@pytest.mark.parametrize("spoil", [_foreign, _newer, _cut, _text])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_ledger_of_this_version_is_refused(
    path: Path, spoil: Callable[[Path], None], *, read_only: bool
) -> None:
    spoil(path)
    with pytest.raises(LedgerError):
        open_ledger(path, read_only=read_only).digest()


def test_a_directory_that_is_not_there_is_a_ledger_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_ledger(tmp_path / "no" / "ledger.duckdb")

"""Demand: whose usage it is, how much, when, and how sure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.demand_rules import read_demand_rules
from costcheck.errors import EvidenceError
from costcheck.model.assignment import SET_ASIDE_MODEL, UNASSIGNED, assign, set_aside, split_by_workload
from costcheck.model.coverage import measure_coverage, next_month
from costcheck.model.demand import WorkloadDemand, estimate_demand
from costcheck.records import Operation, UsageHour
from costcheck.settings import DeclaredDemand, LatencyClass, Match, Workload
from tests.costcheck.model.usage import every_hour, flat, scaled, usage_hour, workload

RULES = read_demand_rules()
MAY, AUGUST = date(2026, 5, 1), date(2026, 8, 1)
QUARTER_HOURS = 92 * 24


def demand(rows: Sequence[UsageHour], *, as_of: date = AUGUST, **changes: Any) -> WorkloadDemand:  # noqa: ANN401 - any field
    return estimate_demand((workload(**changes),), rows, as_of=as_of, rules=RULES)[0]


# Whose usage it is


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), False),
        (Match(everything=True), True),
        (Match(sub_account_ids=("proj_chat",)), True),
        (Match(sub_account_ids=("proj_other",)), False),
        (Match(request_models=("gpt-5.4",)), True),
        (Match(request_models=("gpt-5",)), False),
        (Match(sub_account_ids=("proj_chat",), request_models=("gpt-5",)), False),
        (Match(tags=("b", "c")), True),
        (Match(tags=("c",)), False),
        (Match(api_key_ids=("key",)), False),
    ],
)
def test_a_row_matches_when_every_list_that_is_given_names_it(match: Match, fits: bool) -> None:  # noqa: FBT001 - a case
    row = usage_hour(tags=("a", "b"))

    assert assign((workload(match=match),), row) == ("chat" if fits else None)


def test_the_first_workload_that_matches_takes_the_row() -> None:
    workloads = (workload(name="first", match=Match(request_models=("gpt-5.4",))), workload(name="rest"))

    assert assign(workloads, usage_hour()) == "first"
    assert assign(workloads, usage_hour(request_model="gpt-5.4-mini")) == "rest"


@pytest.mark.parametrize("operation", [operation for operation in Operation if operation is not Operation.CHAT])
def test_what_is_not_chat_is_never_assigned(operation: Operation) -> None:
    row = usage_hour(operation=operation)

    assert assign((workload(),), row) is None
    assert [usage.reason for usage in set_aside((workload(),), [row])] == [f"{operation} is not chat"]


def test_a_model_that_is_set_aside_stays_on_the_api_and_is_shown() -> None:
    rows = [usage_hour(requests=None), usage_hour(cache_read_input_tokens=5)]

    shown = set_aside((workload(),), rows, set_aside_models=("gpt-5.4",))

    assert [(usage.reason, usage.input_tokens, usage.output_tokens, usage.requests) for usage in shown] == [
        (SET_ASIDE_MODEL, 2005, 200, 10)
    ]


def test_what_no_workload_names_is_shown() -> None:
    assert set_aside((workload(match=Match(tags=("x",))),), [usage_hour()])[0].reason == UNASSIGNED


def test_a_declared_workload_takes_no_rows() -> None:
    declared = DeclaredDemand(monthly_requests=1, input_tokens_per_request=1, output_tokens_per_request=1)

    assert assign((workload(declared_demand=declared),), usage_hour()) is None


ROWS = st.builds(
    usage_hour,
    operation=st.sampled_from(Operation),
    request_model=st.sampled_from(["a", "b", "c"]),
    sub_account_id=st.sampled_from(["p", "q", None]),
    uncached_input_tokens=st.integers(0, 10**9),
    output_tokens=st.integers(0, 10**6),
)
TWO = (
    workload(name="a", match=Match(request_models=("a",))),
    workload(name="p", match=Match(sub_account_ids=("p",))),
)


@given(st.lists(ROWS, max_size=30))
def test_assignment_conserves_tokens(rows: list[UsageHour]) -> None:
    split = split_by_workload(TWO, rows)
    aside = set_aside(TWO, rows)

    assigned = sum(row.uncached_input_tokens for name in ("a", "p") for row in split[name])
    assert assigned + sum(usage.input_tokens for usage in aside) == sum(row.uncached_input_tokens for row in rows)
    assert all(assign(TWO, row) == name for name, members in split.items() for row in members)


# How much


def test_a_flat_quarter_by_hand() -> None:
    # 10 requests an hour x 730 hours; 1,000 + 100 tokens an hour.
    measured = demand(flat(MAY, AUGUST))

    assert measured.origin == "hourly"
    assert measured.complete_months == (MAY, date(2026, 6, 1), date(2026, 7, 1))
    assert measured.monthly_requests == 7300
    assert measured.models[0].uncached_input_tokens == 730_000
    assert measured.models[0].output_tokens == 73_000
    assert measured.input_tokens_per_request == 100
    assert measured.output_tokens_per_request == 10
    assert measured.p99_context_tokens == pytest.approx(110 * 3.12)
    assert measured.busy_hour_requests_per_second == pytest.approx(10 / 3600)
    assert measured.requests_per_second_by_hour_of_week == pytest.approx([10 / 3600] * 168)
    assert measured.relative_level_error == pytest.approx(0, abs=1e-12)
    assert not measured.growth.growing


def test_today_is_the_mean_of_the_last_three_complete_months_only() -> None:
    early = flat(date(2026, 4, 1), MAY, requests=1_000_000)
    unfinished = flat(AUGUST, date(2026, 8, 10), requests=1_000_000)

    measured = demand([*early, *flat(MAY, AUGUST), *unfinished], as_of=date(2026, 8, 10))

    assert measured.monthly_requests == 7300
    assert len(measured.complete_months) == 4


def test_growing_demand_is_taken_at_the_middle_of_the_last_month() -> None:
    daily_growth = 1.05 ** (24 / 730)
    rows = every_hour(
        MAY,
        AUGUST,
        lambda hour: usage_hour(requests=None, uncached_input_tokens=round(10**7 * daily_growth ** (hour / 24))),
    )

    measured = demand(rows)

    assert measured.growth.growing
    assert measured.growth.monthly_rate == pytest.approx(0.05, rel=1e-3)
    middle_of_july = 10**7 * daily_growth ** (61 + 15.5)
    assert float(measured.models[0].uncached_input_tokens) == pytest.approx(middle_of_july * 730, rel=1e-3)
    assert measured.relative_level_error < 0.001


def test_cached_share_counts_what_was_read_from_the_cache() -> None:
    rows = flat(MAY, AUGUST, cache_read_input_tokens=500, cache_creation_1h_input_tokens=500)

    assert demand(rows).cached_input_share == 0.25
    assert demand(rows).input_tokens_per_request == 200


def test_requests_that_are_not_counted_are_estimated_from_tokens() -> None:
    # 1,155 + 211 tokens are one default request.
    measured = demand(flat(MAY, AUGUST, requests=None, uncached_input_tokens=11_550, output_tokens=2110))

    assert not measured.request_count_known
    assert measured.monthly_requests == 7300


def test_one_row_without_a_count_is_enough_to_say_so() -> None:
    rows = flat(MAY, AUGUST)

    assert demand(rows).request_count_known
    assert not demand([*rows, usage_hour(requests=None)]).request_count_known


def test_constant_prices_and_not_tokens_tell_growth() -> None:
    # The dear model gives way to a cheap one with more tokens: volume in money does not grow.
    rows = every_hour(MAY, AUGUST, lambda hour: usage_hour(uncached_input_tokens=1000 + 10 * hour, output_tokens=0))

    by_tokens = demand(rows)
    by_money = estimate_demand((workload(),), rows, as_of=AUGUST, rules=RULES, constant_price=lambda _: 1.0)[0]

    assert by_tokens.growth.growing
    assert not by_money.growth.growing


def test_declared_demand_is_flat_wide_and_said_to_be_declared() -> None:
    declared = DeclaredDemand(
        monthly_requests=730 * 3600, input_tokens_per_request=900, output_tokens_per_request=100
    )

    stated = demand([], declared_demand=declared, match=Match(), latency_class="batch")

    assert stated.origin == "declared"
    assert stated.models == ()
    assert stated.monthly_requests == 2_628_000
    assert stated.busy_hour_requests_per_second == pytest.approx(2.0)
    assert stated.requests_per_second_by_hour_of_week == pytest.approx([1.0] * 168)
    assert stated.peak_minute_factor == 3.9
    assert stated.p99_context_tokens == pytest.approx(3120)
    assert stated.relative_level_error == 0.5
    assert not stated.growth.growing


# When


def test_the_busy_hour_is_one_that_a_hundredth_of_the_hours_reach() -> None:
    # 2,208 hours: 22 of them busier are one percent, 23 are more.
    def peaks(count: int) -> float:
        rows = every_hour(MAY, AUGUST, lambda hour: usage_hour(requests=3600 if hour < count else 36))
        return demand(rows).busy_hour_requests_per_second

    assert peaks(22) == pytest.approx(0.01)
    assert peaks(23) == pytest.approx(1.0)


def test_hours_without_rows_are_quiet_hours() -> None:
    office = [row for row in flat(MAY, AUGUST, requests=3600) if row.hour.hour == 12]

    measured = demand(office)

    assert measured.monthly_requests == pytest.approx(Decimal(92 * 3600 * 730) / QUARTER_HOURS)
    assert measured.requests_per_second_by_hour_of_week[12] == pytest.approx(1.0)
    assert measured.requests_per_second_by_hour_of_week[13] == 0


def test_the_week_begins_on_monday_midnight_utc() -> None:
    monday = [row for row in flat(MAY, AUGUST, requests=3600) if row.hour.isoweekday() == 1 and row.hour.hour == 0]
    nothing = usage_hour(requests=0, uncached_input_tokens=0, output_tokens=0)
    ends = [nothing, replace(nothing, hour=datetime(2026, 7, 31, 23, tzinfo=UTC))]

    profile = demand([*monday, *ends]).requests_per_second_by_hour_of_week

    assert profile[0] == pytest.approx(1.0)
    assert set(profile[1:]) == {0.0}


def test_the_busiest_minute_is_measured_in_the_busy_hours_only() -> None:
    def row(hour: int) -> UsageHour:
        busy = hour % 24 == 12
        return usage_hour(requests=600 if busy else 60, peak_minute_requests=25 if busy else 60)

    measured = demand(every_hour(MAY, AUGUST, row))

    assert measured.peak_minute_measured
    assert measured.peak_minute_factor == pytest.approx(25 * 60 / 600)


@pytest.mark.parametrize(("latency_class", "expected"), [("interactive", 1.6), ("relaxed", 1.6), ("batch", 3.9)])
def test_without_minutes_the_usual_burst_of_the_latency_class_is_taken(
    latency_class: LatencyClass, expected: float
) -> None:
    measured = demand(flat(MAY, AUGUST), latency_class=latency_class)

    assert (measured.peak_minute_factor, measured.peak_minute_measured) == (expected, False)


def test_a_busy_hour_half_known_by_the_minute_is_not_measured() -> None:
    known = flat(MAY, AUGUST, peak_minute_requests=1)

    assert demand(known).peak_minute_measured
    assert not demand([*known, *flat(MAY, AUGUST)]).peak_minute_measured


def test_the_busiest_minute_is_never_calmer_than_the_mean_minute() -> None:
    assert demand(flat(MAY, AUGUST, requests=600, peak_minute_requests=1)).peak_minute_factor == 1.0


def monthly_rows() -> list[UsageHour]:
    return [
        usage_hour(hour=datetime(2026, month, 1, tzinfo=UTC), period_hours=days * 24, requests=days * 24 * 3600)
        for month, days in ((5, 31), (6, 30), (7, 31))
    ]


def test_months_are_spread_flat_and_given_the_usual_peak_hour() -> None:
    measured = demand(monthly_rows())

    assert measured.origin == "spread"
    assert measured.monthly_requests == pytest.approx(Decimal(730 * 3600))
    assert measured.busy_hour_requests_per_second == pytest.approx(2.0)
    assert measured.requests_per_second_by_hour_of_week == pytest.approx([1.0] * 168)
    assert measured.growth.observations == 3


def test_days_that_differ_more_than_the_usual_peak_speak_for_themselves() -> None:
    start = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        usage_hour(
            hour=start + timedelta(days=day), period_hours=24, requests=24 * 3600 * (10 if day % 7 == 0 else 1)
        )
        for day in range(92)
    ]

    measured = demand(rows)

    assert measured.busy_hour_requests_per_second == pytest.approx(10.0)
    assert measured.growth.observations == 13


def test_a_row_that_reaches_over_the_edge_counts_for_the_hours_inside() -> None:
    rows = [*flat(MAY, AUGUST), usage_hour(hour=datetime(2026, 4, 30, tzinfo=UTC), period_hours=48, requests=48)]

    assert demand(rows).monthly_requests == pytest.approx(Decimal((QUARTER_HOURS * 10 + 24) * 730) / QUARTER_HOURS)


# Which months are complete


def months_of(first: date, end: date, as_of: date) -> tuple[date, ...]:
    return measure_coverage(flat(first, end), as_of=as_of, rules=RULES).complete_months


@pytest.mark.parametrize(
    ("first", "end", "as_of", "expected"),
    [
        (date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 1), 1),
        (date(2026, 2, 1), date(2026, 3, 1), date(2026, 2, 28), 0),
        (date(2026, 2, 2), date(2026, 3, 1), date(2026, 3, 1), 0),
        (date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), 0),
        (date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 1), 0),
        (date(2028, 2, 1), date(2028, 3, 1), date(2028, 3, 1), 1),
        (date(2026, 11, 15), date(2027, 2, 3), date(2027, 2, 3), 2),
        (date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1), 1),
    ],
)
def test_a_month_is_complete_when_it_is_measured_to_its_last_day_and_over(
    first: date, end: date, as_of: date, expected: int
) -> None:
    assert len(months_of(first, end, as_of)) == expected


def test_clock_changes_neither_add_nor_lose_an_hour() -> None:
    # Europe changed its clocks on 2026-03-29; the same hours written in local time give the same demand.
    rows = flat(date(2026, 2, 1), MAY)
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    local = [replace(row, hour=row.hour.astimezone(summer if row.hour >= change else winter)) for row in rows]

    assert demand(local, as_of=MAY) == demand(rows, as_of=MAY)


@pytest.mark.parametrize(("silent_days", "gap_days"), [(3, 0), (4, 4)])
def test_a_silence_longer_than_a_long_weekend_is_reported(silent_days: int, gap_days: int) -> None:
    resumed = date(2026, 5, 10) + timedelta(days=silent_days)
    rows = [*flat(MAY, date(2026, 5, 10)), *flat(resumed, date(2026, 6, 1))]

    coverage = measure_coverage(rows, as_of=AUGUST, rules=RULES)

    assert len(coverage.gap_days) == gap_days
    assert coverage.gap_days[:1] == ((date(2026, 5, 10),) if gap_days else ())
    assert (coverage.first_day, coverage.last_day) == (MAY, date(2026, 5, 31))


def test_a_row_of_a_month_leaves_no_gap() -> None:
    inside = flat(date(2026, 5, 10), date(2026, 5, 11))

    assert measure_coverage([*monthly_rows(), *inside], as_of=AUGUST, rules=RULES).gap_days == ()


@pytest.mark.parametrize(("began", "months"), [(date(2026, 6, 4), 2), (date(2026, 6, 5), 1)])
def test_a_young_workload_has_only_the_months_since_it_began(began: date, months: int) -> None:
    bill = flat(MAY, AUGUST, request_model="other")
    young = flat(began, AUGUST)

    measured = demand([*bill, *young], match=Match(request_models=("gpt-5.4",)))

    assert len(measured.complete_months) == months


def test_without_a_complete_month_the_days_that_are_known_are_scaled() -> None:
    measured = demand(flat(date(2026, 7, 10), date(2026, 7, 15)), as_of=date(2026, 7, 15))

    assert measured.complete_months == ()
    assert measured.monthly_requests == 7300
    assert measured.relative_level_error == 0.5
    assert not measured.growth.growing


# Laws


MIXED = [
    replace(
        row,
        requests=5 + 7 * number % 11,
        peak_minute_requests=1 + number % 2,
        request_model=f"m{number % 3}",
        uncached_input_tokens=1000 + number % 97,
    )
    for number, row in enumerate(flat(MAY, AUGUST))
]
GROWING = [replace(row, uncached_input_tokens=1000 + number // 4) for number, row in enumerate(MIXED)]


@pytest.mark.parametrize("rows", [MIXED, GROWING], ids=["steady", "growing"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(rows: list[UsageHour], seed: int) -> None:
    shuffled = [rows[number] for number in np.random.default_rng(seed).permutation(len(rows))]

    assert demand(shuffled) == demand(rows)


@pytest.mark.parametrize("rows", [MIXED, GROWING], ids=["steady", "growing"])
@settings(max_examples=10, deadline=None)
@given(factor=st.integers(2, 10_000))
def test_k_times_the_volume_is_k_times_the_rates_and_the_same_factors(rows: list[UsageHour], factor: int) -> None:
    once, more = demand(rows), demand([scaled(row, factor) for row in rows])

    assert float(more.monthly_requests) == pytest.approx(float(once.monthly_requests) * factor)
    assert more.busy_hour_requests_per_second == pytest.approx(once.busy_hour_requests_per_second * factor)
    assert more.input_tokens_per_request == pytest.approx(once.input_tokens_per_request)
    assert more.peak_minute_factor == pytest.approx(once.peak_minute_factor)
    assert more.relative_level_error == pytest.approx(once.relative_level_error)
    assert more.growth.monthly_rate == pytest.approx(once.growth.monthly_rate, abs=1e-9)


def test_the_mean_month_holds_exactly_what_the_rows_hold() -> None:
    measured = demand(MIXED)

    total = sum(row.requests or 0 for row in MIXED)
    assert not measured.growth.growing
    assert sum(model.requests for model in measured.models) == pytest.approx(measured.monthly_requests)
    assert measured.monthly_requests == pytest.approx(Decimal(total) * 730 / QUARTER_HOURS, rel=Decimal("1e-20"))


def test_the_week_holds_what_168_mean_hours_hold() -> None:
    mean_hour = sum(row.requests or 0 for row in MIXED) / QUARTER_HOURS

    profile = demand(MIXED).requests_per_second_by_hour_of_week

    assert sum(profile) * 3600 == pytest.approx(168 * mean_hour, rel=0.01)


# Bad input


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"output_tokens": -1},
            r"output_tokens of openai gpt-5.4 chat standard proj_chat 2026-05-01T00:00:00\+00:00 is -1",
        ),
        ({"uncached_input_tokens": float("nan")}, "uncached_input_tokens of openai gpt-5.4 .* is nan"),
        ({"cache_read_input_tokens": None}, "cache_read_input_tokens of .* is None"),
        ({"requests": -1}, "requests of .* is -1"),
        ({"requests": 1.5}, "requests of .* is 1.5"),
        ({"peak_minute_requests": -1}, "peak_minute_requests of .* is -1"),
        ({"period_hours": 0}, "period_hours of .* is 0"),
        ({"hour": datetime(2026, 5, 1)}, "hour of .* is datetime"),  # noqa: DTZ001 - the bad input itself
    ],
)
def test_an_impossible_row_is_named_and_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(EvidenceError, match=text):
        demand([*flat(MAY, date(2026, 5, 2)), usage_hour(**changes)])


@pytest.mark.parametrize("price", [float("nan"), float("inf"), -1.0])
def test_an_impossible_constant_price_is_refused(price: float) -> None:
    with pytest.raises(EvidenceError, match="cost at constant prices of openai gpt"):
        estimate_demand((workload(),), [usage_hour()], as_of=AUGUST, rules=RULES, constant_price=lambda _: price)


def test_a_workload_that_nothing_matches_is_an_error_and_not_zero() -> None:
    with pytest.raises(EvidenceError, match="workload 'chat' has no usage from 2026-05-01 to 2026-05-01"):
        demand([usage_hour()], match=Match(tags=("nobody",)))


def test_a_workload_that_fell_silent_is_an_error_and_not_zero() -> None:
    silent = flat(date(2026, 4, 1), MAY)
    others = flat(MAY, AUGUST, request_model="other")

    with pytest.raises(EvidenceError, match="no usage in its last complete months"):
        demand([*silent, *others], match=Match(request_models=("gpt-5.4",)))


def test_no_usage_at_all_is_an_error() -> None:
    with pytest.raises(EvidenceError, match="no usage before 2026-05-01"):
        demand([usage_hour()], as_of=MAY)


def test_workloads_come_back_in_their_order() -> None:
    declared = DeclaredDemand(monthly_requests=1, input_tokens_per_request=1, output_tokens_per_request=1)
    workloads: tuple[Workload, ...] = (
        workload(name="measured"),
        workload(name="stated", declared_demand=declared, match=Match()),
    )

    demands = estimate_demand(workloads, flat(MAY, AUGUST), as_of=AUGUST, rules=RULES)

    assert [one.name for one in demands] == ["measured", "stated"]


def test_the_month_after_december_is_january() -> None:
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)

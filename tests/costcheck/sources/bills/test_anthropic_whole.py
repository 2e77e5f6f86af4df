"""Answers of Anthropic's analytics that were cut; every row here is constructed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Operation, QuarantinedRow, ServiceTier, TokenUsage
from costcheck.sources.bills.anthropic_whole import refuse_cut
from tests.costcheck.ledger.test_ledger import batch, charge, usage

DAY = timedelta(days=1)
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
MONTH = range(30)


def used(days: Iterable[int], **changes: Any) -> list[TokenUsage]:  # noqa: ANN401 - fields of a row
    owned = replace(usage(), **({"x_api_key_id": "apikey_1"} | changes))
    return [replace(owned, charge_period_start=FIRST + day * DAY) for day in days]


def bill(usage_days: Iterable[int], cost_days: Iterable[int], **changes: Any) -> BillBatch:  # noqa: ANN401 - the same
    return batch(*used(usage_days, **changes), *(charge(start=FIRST + day * DAY) for day in cost_days))


def test_usage_that_stops_before_its_costs_is_refused() -> None:
    with pytest.raises(SourcePayloadError, match=r"analytics/usage .* without 17 days .* 2026-09-14 to 2026-09-30"):
        refuse_cut(bill(range(13), MONTH))


def test_costs_that_stop_before_the_usage_are_refused() -> None:
    with pytest.raises(SourcePayloadError, match=r"analytics/cost .* without 17 days .* 2026-09-14 to 2026-09-30"):
        refuse_cut(bill(MONTH, range(13)))


@pytest.mark.parametrize(("usage_days", "cost_days"), [(27, 30), (30, 27)])
def test_costs_may_come_days_later(usage_days: int, cost_days: int) -> None:
    refuse_cut(bill(range(usage_days), range(cost_days)))


def test_a_fourth_day_is_too_many() -> None:
    with pytest.raises(SourcePayloadError, match="without 4 days"):
        refuse_cut(bill(range(26), MONTH))


def test_a_day_may_be_all_in_quarantine() -> None:
    row = QuarantinedRow(x_source="anthropic", x_bucket="2026-09", reason="?", raw=b"{}")
    refuse_cut(replace(bill(range(26), MONTH), quarantined=(row,)))


def test_usage_of_the_priority_tier_may_have_no_cost() -> None:
    refuse_cut(bill(MONTH, range(13), service_tier=ServiceTier.PRIORITY))


def test_usage_of_seats_may_have_no_cost() -> None:
    refuse_cut(bill(MONTH, range(13), x_api_key_id=None))


def test_costs_of_searches_need_no_tokens() -> None:
    found = bill(range(13), range(13))
    search = replace(charge(), x_operation=Operation.TOOL)
    searches = tuple(replace(search, charge_period_start=FIRST + day * DAY) for day in range(13, 30))
    refuse_cut(replace(found, charges=(*found.charges, *searches)))


@pytest.mark.parametrize(("usage_days", "cost_days"), [(30, 0), (0, 30)])
def test_one_of_the_two_alone_is_another_matter(usage_days: int, cost_days: int) -> None:
    refuse_cut(bill(range(usage_days), range(cost_days)))

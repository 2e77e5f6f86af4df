"""The budget: at the ceiling, with warnings that arrive."""

from decimal import Decimal
from typing import Any

import pytest

from infra.budget import Budget
from infra.errors import ConfigError
from tests.infra.builders import budget_args
from tests.infra.conftest import PretendCloud

TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"


def budget(cloud: PretendCloud, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the record
    cloud.deploy(lambda: Budget("budget", budget_args(**changes)))
    return dict(cloud.one("aws:budgets/budget:Budget").inputs)


def test_the_ceiling_is_exact_dollars_a_month(cloud: PretendCloud) -> None:
    inputs = budget(cloud, monthly_ceiling_usd=Decimal("1234.50"))
    assert (inputs["limitAmount"], inputs["limitUnit"], inputs["timeUnit"]) == ("1234.50", "USD", "MONTHLY")


def test_warnings_come_for_what_is_spent_and_for_what_is_expected(cloud: PretendCloud) -> None:
    notifications = budget(cloud)["notifications"]
    seen = [(item["notificationType"], item["threshold"], item["thresholdType"]) for item in notifications]
    assert seen == [
        ("ACTUAL", 50, "PERCENTAGE"),
        ("ACTUAL", 80, "PERCENTAGE"),
        ("ACTUAL", 100, "PERCENTAGE"),
        ("FORECASTED", 100, "PERCENTAGE"),
    ]


def test_every_warning_reaches_everybody(cloud: PretendCloud) -> None:
    notifications = budget(cloud, emails=["a@example.com", "b@example.com"])["notifications"]
    assert all(item["subscriberEmailAddresses"] == ["a@example.com", "b@example.com"] for item in notifications)


def test_before_the_tags_are_active_the_whole_account_is_watched(cloud: PretendCloud) -> None:
    assert "costFilters" not in budget(cloud)
    assert cloud.of(TAG) == []


def test_with_active_tags_only_the_project_is_watched(cloud: PretendCloud) -> None:
    inputs = budget(cloud, cost_allocation_tags=["worthwhile:project", "worthwhile:part"])
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:worthwhile:project$worthwhile"]}]
    assert {tag.inputs["tagKey"] for tag in cloud.of(TAG)} == {"worthwhile:project", "worthwhile:part"}


@pytest.mark.parametrize("changes", [{"monthly_ceiling_usd": Decimal(0)}, {"emails": []}])
def test_a_budget_that_could_warn_nobody_is_refused(cloud: PretendCloud, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="budget"):
        budget(cloud, **changes)

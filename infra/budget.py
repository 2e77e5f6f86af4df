"""A budget at the decision's ceiling. It warns; it lags by hours and stops nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.errors import Problem, refuse

ACTUAL_THRESHOLDS = (50, 80, 100)
FORECAST_THRESHOLDS = (100,)
"""Percent of the ceiling at which a mail is sent: spent so far, and expected by the end of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetArgs:
    """What the budget watches.

    Attributes:
        monthly_ceiling_usd: US dollars a month that the decision allows.
        emails: Who is told; at least one.
        project_tag: Tag key and value of everything that the stack makes.
        cost_allocation_tags: Keys to activate in billing. AWS refuses a key that it has not yet seen on a bill (up to
            24 hours after the first resource), and only the paying account may; so empty at first. Until then the
            budget watches the whole account: one that filters by an unknown tag would count nothing and never warn.
        tags: Cost-allocation tags.
    """

    monthly_ceiling_usd: Decimal
    emails: Sequence[str]
    project_tag: tuple[str, str]
    cost_allocation_tags: Sequence[str]
    tags: Mapping[str, str]


class Budget(pulumi.ComponentResource):
    """A monthly cost budget with its notifications, and the activation of the cost-allocation tags.

    Attributes:
        name: Name of the budget.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:Budget", name, None, opts)
        if args.monthly_ceiling_usd <= 0 or not args.emails:
            seen = f"{args.monthly_ceiling_usd} USD a month, told to {list(args.emails)}"
            refuse([Problem(key="budget", value=seen, right="a ceiling above zero and at least one address")])
        child = pulumi.ResourceOptions(parent=self)
        activated = [
            aws.costexplorer.CostAllocationTag(f"{name}-{key}", tag_key=key, status="Active", opts=child)
            for key in args.cost_allocation_tags
        ]
        budget = aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_ceiling_usd),
            limit_unit="USD",
            cost_filters=_cost_filters(args),
            notifications=[_notify("ACTUAL", threshold, args) for threshold in ACTUAL_THRESHOLDS]
            + [_notify("FORECASTED", threshold, args) for threshold in FORECAST_THRESHOLDS],
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=activated),
        )
        self.name = budget.name
        self.register_outputs({"name": self.name})


def _cost_filters(args: BudgetArgs) -> list[aws.budgets.BudgetCostFilterArgs] | None:
    key, value = args.project_tag
    if key not in args.cost_allocation_tags:
        return None
    return [aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:{key}${value}"])]


def _notify(
    kind: Literal["ACTUAL", "FORECASTED"], threshold: int, args: BudgetArgs
) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        notification_type=kind,
        threshold=threshold,
        threshold_type="PERCENTAGE",
        comparison_operator="GREATER_THAN",
        subscriber_email_addresses=list(args.emails),
    )

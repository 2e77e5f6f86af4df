"""AWS Budgets of the account."""

import shlex
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import normalised, rows, tag_map
from costcheck.sources.leftovers.marks import leftover_rules
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from costcheck.sources.leftovers.calls import Account


def fetch_budgets(account: "Account") -> list[Thing]:
    """Return every budget of the account with its tags."""
    client = account.clients["budgets"]
    found = rows(
        client, "describe_budgets", "Budgets", "budgets:ViewBudget", may_lack=True, AccountId=account.account_id
    )
    actions = rows(
        client,
        "describe_budget_actions_for_account",
        "Actions",
        "budgets:DescribeBudgetActionsForAccount",
        may_lack=True,
        AccountId=account.account_id,
    )
    acting = {action["BudgetName"] for action in actions}
    return normalised(
        found,
        lambda row: normalise_budget(
            row, account.account_id, account.region_id, _tags(account, row["BudgetName"]), acting
        ),
    )


def _tags(account: "Account", name: str) -> dict[str, str]:
    arn = f"arn:{account.partition}:budgets::{account.account_id}:budget/{name}"
    return tag_map(
        rows(
            account.clients["budgets"],
            "list_tags_for_resource",
            "ResourceTags",
            "budgets:ListTagsForResource",
            may_lack=True,
            ResourceARN=arn,
        )
    )


def normalise_budget(
    row: Any,  # noqa: ANN401 - AWS's own shape
    account_id: str,
    region_id: str,
    tags: dict[str, str],
    acting: Collection[str],
) -> Thing:
    """Return one of DescribeBudgets.

    A budget is free; one with actions bills by the day once the account has more of those than are free.

    Args:
        row: AWS's own.
        account_id: The account that it belongs to.
        region_id: Any region: the `aws` command wants one even where the service has none.
        tags: Its tags.
        acting: Names of all budgets of the account that have actions.
    """
    name, free = row["BudgetName"], leftover_rules().free_budgets_with_actions.value
    return Thing(
        service="AWS Budgets",
        id=name,
        what=f"{row['BudgetType'].lower()} budget" + (" with actions" if name in acting else ""),
        since=row.get("TimePeriod", {}).get("Start"),
        bills=Bills.YES if name in acting and len(acting) > free else Bills.NO,
        remove=f"aws budgets delete-budget --account-id {account_id} --budget-name {shlex.quote(name)} "
        f"--region {region_id}",
        tags=tags,
    )

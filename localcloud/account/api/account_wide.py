"""What concerns the whole account: who calls, budgets, quotas and tags."""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.account import quotas
from localcloud.account.api.operations import operation, tag_list
from localcloud.account.errors import ApiError
from localcloud.account.identities import session_name
from localcloud.account.store import Resource, State, Tree

BUDGET = "aws:budgets/budget:Budget"


@operation("sts.GetCallerIdentity")
def _caller_identity(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    arn = state.settings.caller_arn
    return {"Account": state.settings.account_id, "Arn": arn, "UserId": f"AROALOCAL:{session_name(arn)}"}


@operation("budgets.DeleteBudget", changes=True)
def _delete_budget(state: State, request: Tree) -> Mapping[str, Any]:
    found = [each for each in state.of_type(BUDGET) if each.inputs["name"] == request["BudgetName"]]
    if not found:
        msg = "NotFoundException"
        raise ApiError(msg, f"Unable to get budget: {request['BudgetName']} - the budget doesn't exist.")
    state.remove(found[0])
    return {}


@operation("budgets.DescribeBudgets")
def _budgets(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"Budgets": [_budget(each) for each in state.of_type(BUDGET)]}


def _budget(budget: Resource) -> Tree:
    inputs = budget.inputs
    limit = {"Amount": str(inputs.get("limitAmount", "0")), "Unit": inputs.get("limitUnit", "USD")}
    return {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": limit,
        "CalculatedSpend": {"ActualSpend": {"Amount": "0", "Unit": limit["Unit"]}},
    }


@operation("budgets.DescribeBudgetActionsForAccount")
def _budget_actions(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"Actions": []}


@operation("budgets.ListTagsForResource")
def _budget_tags(state: State, request: Tree) -> Mapping[str, Any]:
    found = [each for each in state.of_type(BUDGET) if each.arn == request["ResourceARN"]]
    return {"ResourceTags": tag_list(found[0].tags) if found else []}


@operation("service-quotas.GetServiceQuota")
def _service_quota(state: State, request: Tree) -> Mapping[str, Any]:
    found = [each for each in _all_quotas(state) if each["QuotaCode"] == request["QuotaCode"]]
    if request["ServiceCode"] != "ec2" or not found:
        msg = "NoSuchResourceException"
        raise ApiError(msg, f"The quota {request['QuotaCode']} does not exist")
    return {"Quota": found[0]}


@operation("service-quotas.ListServiceQuotas")
def _service_quotas(state: State, request: Tree) -> Mapping[str, Any]:
    return {"Quotas": _all_quotas(state) if request["ServiceCode"] == "ec2" else []}


def _all_quotas(state: State) -> list[Tree]:
    names = {"ServiceCode": "ec2", "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)", "Unit": "None"}
    return [
        {**names, "QuotaCode": code, "QuotaName": name, "Value": quotas.limit(state, code), "Adjustable": True}
        for code, name in quotas.NAMES.items()
    ]


@operation("resourcegroupstaggingapi.GetResources")
def _resources(state: State, request: Tree) -> Mapping[str, Any]:
    filters = request.get("TagFilters") or []
    arns = request.get("ResourceARNList")
    found = [
        {"ResourceARN": arn, "Tags": tag_list(tags)}
        for arn, tags in _tagged(state)
        if (not arns or arn in arns) and all(_has_tag(tags, each) for each in filters)
    ]
    return {"ResourceTagMappingList": found, "PaginationToken": ""}


def _tagged(state: State) -> Iterator[tuple[str, dict[str, str]]]:
    """The ARN and the tags of everything that has both; a NAT gateway's ARN is not among its outputs."""
    region, account = state.settings.region, state.settings.account_id
    for each in state:
        arn = each.arn or (
            f"arn:aws:ec2:{region}:{account}:natgateway/{each.id}" if each.id.startswith("nat-") else ""
        )
        if arn and each.tags:
            yield arn, each.tags


def _has_tag(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    values = wanted.get("Values")
    return wanted["Key"] in tags and (not values or tags[wanted["Key"]] in values)

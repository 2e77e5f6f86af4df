"""Load balancers, log groups, keys, budgets, identity and tags."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.account import quotas
from localcloud.account.api.operations import moment, operation, tag_list
from localcloud.account.effects.storage import WINDOW_DAYS, is_pending_deletion, leave_pending
from localcloud.account.errors import ApiError
from localcloud.account.identities import session_name
from localcloud.account.instances import INTERFACE
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree

LOAD_BALANCER, LOG_GROUP, KEY, BUDGET = (
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:kms/key:Key",
    "aws:budgets/budget:Budget",
)
_SUBNET = "aws:ec2/subnet:Subnet"


@operation("sts.GetCallerIdentity")
def _caller_identity(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    arn = state.settings.caller_arn
    return {"Account": state.settings.account_id, "Arn": arn, "UserId": f"AROALOCAL:{session_name(arn)}"}


@operation("elbv2.DescribeLoadBalancers")
def _load_balancers(state: State, request: Tree) -> Mapping[str, Any]:
    names, arns = request.get("Names"), request.get("LoadBalancerArns")
    found = [
        each
        for each in state.of_type(LOAD_BALANCER)
        if (not names or each.inputs["name"] in names) and (not arns or each.id in arns)
    ]
    if (names or arns) and not found:
        msg = "LoadBalancerNotFound"
        raise ApiError(msg, f"One or more load balancers not found: {names or arns}")
    return {"LoadBalancers": [_load_balancer(state, each) for each in found]}


def _load_balancer(state: State, balancer: Resource) -> Tree:
    subnets = [each for name in balancer.inputs["subnets"] if (each := find(state, _SUBNET, name)) is not None]
    zones = [{"ZoneName": each.inputs["availabilityZone"], "SubnetId": each.id} for each in subnets]
    return {
        "LoadBalancerArn": balancer.id,
        "LoadBalancerName": balancer.inputs["name"],
        "DNSName": balancer.outputs["dnsName"],
        "Type": "network" if balancer.inputs["family"] == "net" else "application",
        "Scheme": balancer.inputs["scheme"],
        "State": {"Code": "active"},
        "VpcId": subnets[0].inputs["vpcId"] if subnets else None,
        "AvailabilityZones": zones,
        "SecurityGroups": balancer.inputs.get("securityGroups", []),
        "CreatedTime": moment(balancer),
    }


@operation("elbv2.DescribeTags")
def _load_balancer_tags(state: State, request: Tree) -> Mapping[str, Any]:
    found = [each for arn in request["ResourceArns"] if (each := state.get(LOAD_BALANCER, arn)) is not None]
    return {"TagDescriptions": [{"ResourceArn": each.id, "Tags": tag_list(each.tags)} for each in found]}


@operation("elbv2.DeleteLoadBalancer", changes=True)
def _delete_load_balancer(state: State, request: Tree) -> Mapping[str, Any]:
    balancer = state.get(LOAD_BALANCER, request["LoadBalancerArn"])
    if balancer:
        state.remove(balancer)
        for each in state.of_type(INTERFACE):
            if each.inputs.get("loadBalancer") == balancer.id:
                state.remove(each)
    return {}


@operation("elb.DescribeLoadBalancers")
def _classic_load_balancers(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"LoadBalancerDescriptions": []}


@operation("elb.DescribeTags")
def _classic_load_balancer_tags(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"TagDescriptions": []}


@operation("logs.DescribeLogGroups")
def _log_groups(state: State, request: Tree) -> Mapping[str, Any]:
    prefix = request.get("logGroupNamePrefix") or ""
    found = [each for each in state.of_type(LOG_GROUP) if each.id.startswith(prefix)]
    return {"logGroups": [_log_group(each) for each in found]}


def _log_group(group: Resource) -> Tree:
    retention = group.outputs.get("retentionInDays")
    return {
        "logGroupName": group.id,
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "creationTime": round(group.made_at * 1000),
        "metricFilterCount": 0,
        "logGroupClass": group.outputs.get("logGroupClass", "STANDARD"),
        "kmsKeyId": group.outputs.get("kmsKeyId"),
        **({"retentionInDays": retention} if retention else {}),
        # CloudWatch leaves the size out until it has counted; what a service writes to is never known to be empty.
        **({} if group.made_by else {"storedBytes": 0}),
    }


@operation("logs.DeleteLogGroup", changes=True)
def _delete_log_group(state: State, request: Tree) -> Mapping[str, Any]:
    group = state.get(LOG_GROUP, request["logGroupName"])
    if group is None:
        msg = "ResourceNotFoundException"
        raise ApiError(msg, "The specified log group does not exist.")
    state.remove(group)
    return {}


@operation("kms.ListKeys")
def _keys(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"Keys": [{"KeyId": each.id, "KeyArn": each.arn} for each in state.of_type(KEY)], "Truncated": False}


@operation("kms.DescribeKey")
def _describe_key(state: State, request: Tree) -> Mapping[str, Any]:
    name = request["KeyId"].rpartition("/")[2]
    key = state.get(KEY, name)
    if key is None:
        msg = "NotFoundException"
        raise ApiError(msg, f"Key '{request['KeyId']}' does not exist")
    pending = is_pending_deletion(key)
    described = {
        "AWSAccountId": state.settings.account_id,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": moment(key),
        "Enabled": not pending,
        "Description": key.inputs.get("description", ""),
        "KeyUsage": key.outputs["keyUsage"],
        "KeyState": "PendingDeletion" if pending else "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": key.outputs["customerMasterKeySpec"],
        "MultiRegion": key.outputs.get("multiRegion", False),
        **({"DeletionDate": datetime.fromtimestamp(key.outputs["deletionDate"], UTC)} if pending else {}),
    }
    return {"KeyMetadata": described}


@operation("kms.ScheduleKeyDeletion", changes=True)
def _schedule_key_deletion(state: State, request: Tree) -> Mapping[str, Any]:
    key = state.get(KEY, request["KeyId"].rpartition("/")[2])
    if key is None:
        msg = "NotFoundException"
        raise ApiError(msg, f"Key '{request['KeyId']}' does not exist")
    if is_pending_deletion(key):
        msg = "KMSInvalidStateException"
        raise ApiError(msg, f"{key.arn} is pending deletion.")
    left = leave_pending(state, key, days=request.get("PendingWindowInDays", WINDOW_DAYS))
    deletion = datetime.fromtimestamp(left.outputs["deletionDate"], UTC)
    return {"KeyId": key.arn, "DeletionDate": deletion, "KeyState": "PendingDeletion"}


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

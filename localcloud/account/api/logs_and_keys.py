"""Log groups and encryption keys."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.account.api.operations import moment, operation
from localcloud.account.effects.storage import WINDOW_DAYS, is_pending_deletion, leave_pending
from localcloud.account.errors import ApiError
from localcloud.account.store import Resource, State, Tree

LOG_GROUP, KEY = "aws:cloudwatch/logGroup:LogGroup", "aws:kms/key:Key"


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

"""Answers Kubernetes' question who a token belongs to, as EKS's authenticator does with access entries.

A token of `aws eks get-token` is a presigned GetCallerIdentity request. Its signature cannot be checked here, because
the pretend account's secrets are no secrets: the access key in it says who calls.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from localcloud.account.effects.eks_access import ASSOCIATION, ENTRY, policy_name
from localcloud.account.furniture import group_of_policy
from localcloud.account.identities import caller_of, principal_of, session_name
from localcloud.account.store import Resource, State, Tree

_PREFIX = "k8s-aws-v1."
_LIFETIME = timedelta(minutes=15)  # https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html, 2026-11-26


class TokenError(Exception):
    """The token is none of `aws eks get-token`, or too old."""


def review(state: State, request: Tree, now: datetime) -> Tree:
    """The answered TokenReview."""
    answer = {"apiVersion": request["apiVersion"], "kind": "TokenReview"}
    try:
        user = _user(state, access_key_of(request["spec"]["token"], now))
    except TokenError as error:
        return {**answer, "status": {"authenticated": False, "error": str(error)}}
    return {**answer, "status": {"authenticated": True, "user": user}}


def access_key_of(token: str, now: datetime) -> str:
    """The access key that the token was made with.

    Raises:
        TokenError: It is no such token, or older than 15 minutes.
    """
    if not token.startswith(_PREFIX):
        message = "not a token of `aws eks get-token`"
        raise TokenError(message)
    encoded = token.removeprefix(_PREFIX)
    try:
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        query = parse_qs(urlsplit(url).query)
        made = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        key = query["X-Amz-Credential"][0].partition("/")[0]
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        message = f"the token cannot be read: {error!r}"
        raise TokenError(message) from error
    if now - made > _LIFETIME:
        message = f"the token is older than {_LIFETIME}"
        raise TokenError(message)
    return key


def _user(state: State, access_key: str) -> Tree:
    """The Kubernetes user behind the access key.

    Raises:
        TokenError: No access entry names its principal.
    """
    arn = caller_of(state.settings, access_key)
    principal = principal_of(arn)
    entries = [each for each in state.of_type(ENTRY) if each.inputs["principalArn"] == principal]
    if not entries:
        message = f"no access entry of a cluster names {principal}"
        raise TokenError(message)
    groups = sorted({group for entry in entries for group in _groups(state, entry)})
    name = entries[0].inputs.get("userName") or f"{arn.rpartition('/')[0] or arn}/{session_name(arn)}"
    extra = {"arn": [arn], "canonicalArn": [principal], "accessKeyId": [access_key]}
    return {"username": name, "uid": f"aws-iam-authenticator:{principal}", "groups": groups, "extra": extra}


def _groups(state: State, entry: Resource) -> list[str]:
    policies = [each for each in state.of_type(ASSOCIATION) if _belongs(each.inputs, entry.inputs)]
    of_policies = [group_of_policy(policy_name(each.inputs["policyArn"])) for each in policies]
    return [*(entry.inputs.get("kubernetesGroups") or []), *filter(None, of_policies)]


def _belongs(association: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return all(association[key] == entry[key] for key in ("clusterName", "principalArn"))

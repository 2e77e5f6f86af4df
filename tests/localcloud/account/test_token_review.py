"""Who a token of `aws eks get-token` belongs to."""

import base64
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcloud.account.making import make
from localcloud.account.store import Account
from localcloud.account.token_review import review

ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
CALLER = "arn:aws:iam::123456789012:role/localcloud-admin"


@pytest.fixture(scope="module")
def token() -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "AKIALOCALCLOUD000000",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = ["aws", "eks", "get-token", "--cluster-name", "eks", "--region", "us-east-1", "--output", "json"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    found: str = json.loads(done.stdout)["status"]["token"]
    return found


def _grant(account: Account, policy: str, **entry: Any) -> None:  # noqa: ANN401
    arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    with account.change() as state:
        make(state, ENTRY, {"clusterName": "eks", "principalArn": CALLER, **entry})
        make(state, ASSOCIATION, {"clusterName": "eks", "principalArn": CALLER, "policyArn": arn})


def _status(account: Account, token: str, now: datetime | None = None) -> dict[str, Any]:
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    answer = review(account.read(), request, now or datetime.now(UTC))
    assert (answer["apiVersion"], answer["kind"]) == ("authentication.k8s.io/v1", "TokenReview")
    status: dict[str, Any] = answer["status"]
    return status


def test_a_caller_without_an_entry_is_refused(account: Account, token: str) -> None:
    status = _status(account, token)
    assert status["authenticated"] is False
    assert "no access entry of a cluster names arn:aws:iam::123456789012:role/localcloud-admin" in status["error"]


@pytest.mark.parametrize(
    ("policy", "groups"),
    [
        ("AmazonEKSClusterAdminPolicy", ["system:masters"]),
        ("AmazonEKSAdminViewPolicy", ["localcloud:view"]),
        ("AmazonEKSAutoNodePolicy", []),
    ],
)
def test_an_access_policy_becomes_a_group(account: Account, token: str, policy: str, groups: list[str]) -> None:
    _grant(account, policy)
    status = _status(account, token)
    assert status["authenticated"] is True
    assert status["user"]["groups"] == groups
    assert status["user"]["extra"]["canonicalArn"] == [CALLER]


def test_groups_of_the_entry_itself_are_the_callers_too(account: Account, token: str) -> None:
    _grant(account, "AmazonEKSViewPolicy", kubernetesGroups=["readers"], userName="me")
    assert _status(account, token)["user"]["groups"] == ["localcloud:view", "readers"]
    assert _status(account, token)["user"]["username"] == "me"


def test_another_access_key_is_somebody_else(account: Account, token: str) -> None:
    _grant(account, "AmazonEKSClusterAdminPolicy")
    stranger = "arn:aws:iam::123456789012:user/stranger"
    document = json.loads(account.path.read_text())
    document["settings"]["callers"] = {"AKIALOCALCLOUD000000": stranger}
    account.path.write_text(json.dumps(document))
    assert stranger in _status(account, token)["error"]


def test_a_token_lives_for_fifteen_minutes(account: Account, token: str) -> None:
    _grant(account, "AmazonEKSClusterAdminPolicy")
    now = datetime.now(UTC)
    assert _status(account, token, now + timedelta(minutes=13))["authenticated"] is True
    assert "older than" in _status(account, token, now + timedelta(minutes=16))["error"]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "Bearer x",
        "k8s-aws-v1.",
        "k8s-aws-v1.!!!",
        "k8s-aws-v1." + base64.urlsafe_b64encode(b"http://x/").decode(),
    ],
)
def test_what_is_no_token_is_refused_with_a_reason(account: Account, garbage: str) -> None:
    status = _status(account, garbage)
    assert status["authenticated"] is False
    assert status["error"]

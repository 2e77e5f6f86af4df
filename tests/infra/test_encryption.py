"""The stack's key: it rotates, the account keeps it, and only its own logs use it."""

import json

from infra.encryption import EncryptionKey
from tests.infra.builders import ACCOUNT, key_args
from tests.infra.conftest import PretendCloud


def test_the_key_rotates(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: EncryptionKey("worthwhile-test", key_args()))
    assert cloud.one("aws:kms/key:Key").inputs["enableKeyRotation"] is True


def test_the_account_can_always_administer_its_key(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: EncryptionKey("worthwhile-test", key_args()))
    administer = json.loads(cloud.one("aws:kms/key:Key").inputs["policy"])["Statement"][0]
    assert administer["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_the_log_service_uses_it_for_log_groups_of_this_account_alone(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: EncryptionKey("worthwhile-test", key_args()))
    logs = json.loads(cloud.one("aws:kms/key:Key").inputs["policy"])["Statement"][1]
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:*"
    assert not any("*" in action for action in logs["Action"])

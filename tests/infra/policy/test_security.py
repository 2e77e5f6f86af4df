"""The program's own rules as policies."""

from pathlib import Path
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from infra.rules import RULES, Rule
from tests.infra.conftest import PretendCloud
from tests.infra.policy.engine import Engine, shown
from tests.infra.test_program import Stack
from tests.infra.test_rules import NOTHING_GIVEN, ONLY_FORBID

TAGS = {"worthwhile:project": "p", "worthwhile:stack": "s", "worthwhile:part": "network"}
ROLE_POLICY, LOGS, VPC = "aws:iam/rolePolicy:RolePolicy", "aws:cloudwatch/logGroup:LogGroup", "aws:ec2/vpc:Vpc"


def violated(engine: Engine, *resources: Any) -> set[str]:  # noqa: ANN401 - what the engine shows
    return {told.policy for told in engine.show(*resources) if told.mandatory}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name not in ONLY_FORBID], ids=lambda rule: rule.name)
def test_each_rule_is_a_policy_that_fires(engine: Engine, rule: Rule) -> None:
    for token in rule.tokens:
        assert rule.name in violated(engine, shown(token, "x", NOTHING_GIVEN))


@pytest.mark.parametrize("profile", ["small", "full"])
def test_the_whole_program_keeps_them(
    cloud: PretendCloud, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    stack = Stack(cloud, tmp_path)
    stack.decide()
    stack.up(monkeypatch, profile=profile)
    resources = [shown(item.token, item.name, item.inputs) for item in cloud.resources]
    assert len(resources) > 50
    assert violated(engine, *resources) <= {"gpu-capacity-is-decided"}  # no decision of this test covers its pools
    assert {told.policy for told in engine.end()} == {"the-pack-ran"}


def test_a_document_that_is_still_to_come_is_left_to_the_update_and_said_so(engine: Engine) -> None:
    told = engine.show(shown(ROLE_POLICY, "logs", {"role": "r", "policy": UNKNOWN_STRING_VALUE}))
    assert [(one.policy, one.mandatory) for one in told] == [("left-to-the-update", False)]
    assert told[0].message == "logs: actions-are-named, resources-are-named"


def test_the_update_checks_it(engine: Engine) -> None:
    document = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    wrong = violated(engine, shown(ROLE_POLICY, "logs", {"role": "r", "policy": document}))
    assert wrong == {"actions-are-named", "resources-are-named"}


def test_any_other_unknown_that_a_rule_reads_is_a_violation(engine: Engine) -> None:
    inputs = {"retentionInDays": UNKNOWN_STRING_VALUE, "kmsKeyId": UNKNOWN_STRING_VALUE, "tags": TAGS}
    assert violated(engine, shown(LOGS, "logs", inputs)) == {"logs-end"}  # the key's ARN need only be there


def test_an_unknown_value_that_a_rule_compares_is_a_violation_that_says_which(engine: Engine) -> None:
    told = engine.show(shown("aws:eks/nodeGroup:NodeGroup", "gpu", {"amiType": UNKNOWN_STRING_VALUE}))
    (message,) = [one.message for one in told if one.policy == "gpu-nodes-are-tainted" and one.mandatory]
    assert message == "cannot decide: amiType is only known after the update"


def test_unknown_tags_are_a_violation(engine: Engine) -> None:
    assert "cost-tags-are-there" in violated(engine, shown(VPC, "vpc", {"tags": UNKNOWN_STRING_VALUE}))


@pytest.mark.parametrize(("tags", "wrong"), [(TAGS, set()), ({}, {"cost-tags-are-there"})])
def test_cost_tags_must_be_there(engine: Engine, tags: dict[str, str], wrong: set[str]) -> None:
    assert violated(engine, shown(VPC, "vpc", {"tags": tags})) == wrong


def test_what_is_missing_beside_a_resource_shows_at_the_end(engine: Engine) -> None:
    engine.show(shown(VPC, "vpc", {"tags": TAGS}))
    assert "vpc: the VPC has no flow log (all-flows-are-logged)" in [told.message for told in engine.end()]

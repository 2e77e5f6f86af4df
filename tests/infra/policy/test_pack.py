"""The pack as a whole: what is mandatory, what it says of itself, and what was gated."""

import re
import subprocess
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from costcheck.gate.gated import encode_gated, gated_plan
from infra.policy.pack import Before
from infra.policy.standing import Standing, export_stack, read_standing
from tests.costcheck.gate.plans import NODE_GROUP, REGION, TODAY, create, pool, preview, read
from tests.infra.policy.engine import Engine, shown
from tests.infra.policy.page import GOLDEN, page

ADVICE = {"the-pack-ran", "left-to-the-update"}
GATED = "what-was-gated-is-applied"


@pytest.fixture
def gated(engine: Engine) -> Engine:
    """A run with the record of a plan of one pool of two nodes."""
    plan = read(preview(create(NODE_GROUP, "pool", {**pool(2, "m6i.large"), "nodeRoleArn": UNKNOWN_STRING_VALUE})))
    (engine.root / "gated.json").write_bytes(encode_gated(gated_plan(plan, TODAY)))
    engine.config[GATED] = {"gated": "gated.json"}
    return engine


def differs(engine: Engine, name: str, inputs: dict[str, object]) -> list[str]:
    told = engine.show(shown(NODE_GROUP, name, inputs))
    return [one.message for one in told if one.policy == GATED and one.mandatory]


def test_everything_is_mandatory_but_what_only_tells(engine: Engine) -> None:
    advice = {policy.name for policy in engine.pack if policy.enforcement_level is not EnforcementLevel.MANDATORY}
    assert advice == ADVICE


def test_the_pack_says_of_itself_what_was_reviewed(engine: Engine) -> None:
    assert page(engine.pack) == GOLDEN.read_text(encoding="utf-8")


def test_names_are_unique_and_in_one_style(engine: Engine) -> None:
    names = [policy.name for policy in engine.pack]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in names)


def test_the_canary_counts_what_a_provider_manages(engine: Engine) -> None:
    engine.show(
        shown("pulumi:pulumi:Stack", "shop-dev", {}, parent=""),
        shown("pulumi:providers:aws", "default", {"region": REGION}, parent=""),
        shown("worthwhile:infra:Network", "net", {}),
        shown(NODE_GROUP, "pool", pool(1, "m6i.large")),
        shown("random:index/randomId:RandomId", "id", {}),
    )
    assert [(told.policy, told.message) for told in engine.end()] == [("the-pack-ran", "It looked at 2 resources.")]


def test_a_type_of_aws_is_managed_whatever_the_engine_says_of_its_provider(engine: Engine) -> None:
    group = shown(NODE_GROUP, "pool", pool(1))
    group.provider = None
    assert [told.policy for told in engine.show(group) if told.policy == "gpu-capacity-is-decided"]


def test_a_run_without_any_resource_is_a_violation_and_the_canary_still_shows(engine: Engine) -> None:
    engine.show(shown("pulumi:pulumi:Stack", "shop-dev", {}, parent=""))
    told = engine.end()
    assert {one.policy for one in told} == {"the-pack-ran", "something-is-checked"}
    assert [one.mandatory for one in told if one.policy == "something-is-checked"] == [True]


def test_a_resource_that_nobody_looked_at_passes_no_policy_that_asks_of_it(engine: Engine) -> None:
    del engine.pack[0]  # as a configuration that switches it off does
    told = engine.show(shown(NODE_GROUP, "pool", pool(1, "m6i.large")))
    assert {"gpu-capacity-is-decided", GATED, "nodes-are-repaired", "cost-tags-are-there"} <= {
        one.policy for one in told if one.mandatory
    }
    assert "something-is-checked" in {one.policy for one in engine.end()}


def test_what_was_gated_passes_with_what_only_the_update_knows(gated: Engine) -> None:
    known = {**pool(2, "m6i.large"), "nodeRoleArn": "arn:aws:iam::123456789012:role/pool"}
    assert differs(gated, "pool", known) == []


def test_another_size_is_not_what_was_gated(gated: Engine) -> None:
    assert differs(gated, "pool", {**pool(3, "m6i.large"), "nodeRoleArn": "r"}) == [
        "scalingConfig.maxSize is not what was gated"
    ]


def test_another_region_is_not_what_was_gated(gated: Engine) -> None:
    told = gated.show(shown(NODE_GROUP, "pool", pool(2, "m6i.large"), region="eu-west-1"))
    assert "its region is eu-west-1, and not us-east-1 as it was gated" in [one.message for one in told]


def test_a_resource_that_was_not_gated_is_a_violation(gated: Engine) -> None:
    assert "was not in the plan that was gated" in differs(gated, "other", pool(2, "m6i.large"))[0]


def test_a_default_provider_is_in_no_preview_and_needs_no_gate(gated: Engine) -> None:
    told = gated.show(shown("pulumi:providers:aws", "default_7_51_1", {"region": REGION}, parent=""))
    assert [one for one in told if one.policy == GATED] == []


def test_a_resource_that_is_only_called_default_needs_its_gate(gated: Engine) -> None:
    assert "was not in the plan that was gated" in differs(gated, "default", pool(2, "m6i.large"))[0]
    told = gated.show(shown("pulumi:providers:aws", "west", {"region": REGION}, parent=""))
    assert [one.policy for one in told if one.policy == GATED] == [GATED]


def test_where_nobody_looked_at_what_stood_everything_is_new() -> None:
    assert Before(lambda _: b"")() == Standing(resources={}, trouble="nobody looked at what stood before")


def test_what_stands_is_asked_of_pulumi_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pulumi"
    program.write_text(
        '#!/bin/sh\nif [ "$4" = bad ]; then echo no >&2; exit 1; fi\nprintf "%s " "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    assert export_stack("dev") == b"stack export --stack dev --non-interactive "
    with pytest.raises(subprocess.CalledProcessError):
        export_stack("bad")
    assert "what stood before cannot be read" in read_standing(export_stack, "urn:pulumi:bad::shop::a:b:C::d").trouble


@pytest.mark.parametrize("content", [None, "", "{}", '{"version": 2}'])
def test_a_record_that_cannot_be_read_is_a_violation(engine: Engine, content: str | None) -> None:
    engine.config[GATED] = {"gated": "gated.json"}
    if content is not None:
        (engine.root / "gated.json").write_text(content, encoding="utf-8")
    assert differs(engine, "pool", pool(2, "m6i.large"))[0].startswith("cannot decide: ")


def test_without_a_record_nothing_is_compared(engine: Engine) -> None:
    assert differs(engine, "pool", pool(2, "m6i.large")) == []

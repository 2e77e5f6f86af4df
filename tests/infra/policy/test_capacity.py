"""GPU nodes beyond those that stand need the decision."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import proxy

from costcheck.gate.coverage import Evidence
from costcheck.gate.releases import RELEASE, RenderedReleases
from costcheck.plan.records import Resource
from costcheck.verdict import Verdict, encode
from infra.policy.capacity import read_evidence
from tests.costcheck.gate.plans import (
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    TODAY,
    Json,
    decision,
    pool,
    state_of,
    urn,
)
from tests.infra.policy.engine import Engine, shown

SCHEDULE, NAT, CLUSTER = (
    "aws:autoscaling/schedule:Schedule",
    "aws:ec2/natGateway:NatGateway",
    "aws:eks/cluster:Cluster",
)
TAGS = {"tags": {"worthwhile:project": "p", "worthwhile:stack": "s", "worthwhile:part": "gpu"}}
SPAN = urn("worthwhile:infra:GpuNodePool", "gpu")
INNER = urn("worthwhile:infra:NodeGroup", "gpu")


def capacity(engine: Engine, *resources: Any) -> list[str]:  # noqa: ANN401 - what the engine shows
    return [told.message for told in engine.show(*resources) if told.policy == "gpu-capacity-is-decided"]


def gpus(maximum: int = 2, name: str = "gpu", instance_type: str = "g6.xlarge", **more: Any) -> Any:  # noqa: ANN401
    return shown(NODE_GROUP, name, pool(maximum, instance_type, **more))


def stands(maximum: int, name: str = "gpu", instance_type: str = "g6.xlarge") -> Json:
    provider = {
        "urn": urn("pulumi:providers:aws", "default"), "type": "pulumi:providers:aws", "custom": True,
        "inputs": {"region": "us-east-1"},
    }  # fmt: skip
    return state_of(
        NODE_GROUP, name, pool(maximum, instance_type), provider=f"{provider['urn']}::0", region="us-east-1"
    ) | {"inputs": {**pool(maximum, instance_type), "region": "us-east-1"}}


def test_a_pool_without_a_decision_is_denied(engine: Engine) -> None:
    (told,) = capacity(engine, gpus(8, instance_type="p5.48xlarge"))
    assert told.startswith("denied (decision): there is no decision that GPU servers are worth it\n")
    assert "about:  runbooks/decisions/current.json" in told
    assert "costcheck decide" in told


def test_nodes_without_a_gpu_need_no_decision(engine: Engine) -> None:
    assert capacity(engine, gpus(8, instance_type="m6i.large"), shown(NAT, "nat", {})) == []


def test_a_pool_that_the_decision_covers_passes(engine: Engine) -> None:
    engine.decide(decision({"g6.xlarge/on_demand": 2}))
    assert capacity(engine, gpus(2), gpus(1, "system", "m6i.large")) == []


def test_one_node_more_than_the_decision_allows_is_denied(engine: Engine) -> None:
    engine.decide(decision({"g6.xlarge/on_demand": 2}))
    (told,) = capacity(engine, gpus(3))
    assert told.startswith("denied (decision.nodes): up to 3 x g6.xlarge/on_demand")


def test_pools_of_one_type_count_together(engine: Engine) -> None:
    engine.decide(decision({"g6.xlarge/on_demand": 3}))
    assert capacity(engine, gpus(2, "one")) == []
    assert "up to 4 x g6.xlarge/on_demand" in capacity(engine, gpus(2, "two"))[0]


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"valid_until": TODAY - timedelta(days=1)}, "cannot decide (decision.validity)"),
        ({"verdict": Verdict.STAY_ON_API}, "denied (decision.verdict)"),
        ({"region": "eu-west-1"}, "denied (decision.region)"),
        ({"ceiling_usd": 1}, "denied (decision.ceiling)"),
    ],
)
def test_a_decision_that_does_not_hold_is_none(engine: Engine, changes: dict[str, Any], check: str) -> None:
    engine.decide(decision(**changes))
    assert [told for told in capacity(engine, gpus(1)) if told.startswith(check)]


def test_a_decision_holds_on_its_last_day(engine: Engine) -> None:
    engine.decide(decision(valid_until=TODAY))
    assert capacity(engine, gpus(1)) == []


def test_evidence_names_where_the_decision_was_looked_for(tmp_path: Path) -> None:
    assert read_evidence(tmp_path, "a.json") == Evidence(path="a.json")
    (tmp_path / "a.json").write_bytes(encode(decision()))
    assert read_evidence(tmp_path, "a.json") == Evidence(path="a.json", decision=decision())
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    assert (read_evidence(tmp_path, "a.json").path, read_evidence(tmp_path, "a.json").decision) == ("a.json", None)


def test_a_decision_that_cannot_be_read_cannot_decide(engine: Engine) -> None:
    engine.decide(decision())
    (engine.root / "runbooks/decisions/current.json").write_text("{}", encoding="utf-8")
    assert capacity(engine, gpus(1))[0].startswith("cannot decide (decision)")


def test_the_configuration_names_another_decision(engine: Engine) -> None:
    engine.decide(decision())
    engine.config["gpu-capacity-is-decided"] = {"decision": "elsewhere.json"}
    assert "about:  elsewhere.json" in capacity(engine, gpus(1))[0]


def test_prices_that_cannot_be_read_are_a_violation(engine: Engine) -> None:
    engine.config["gpu-capacity-is-decided"] = {"prices": "missing.json"}
    assert "FileNotFoundError" in capacity(engine, shown(NAT, "nat", {}))[0]


def test_prices_that_are_too_old_cannot_decide(engine: Engine) -> None:
    engine.today = TODAY + timedelta(days=31)
    engine.decide(decision(valid_until=TODAY + timedelta(days=60)))
    assert capacity(engine, gpus(1))[0].startswith("cannot decide (prices): the price of g6.xlarge (on demand)")


def test_what_costs_after_the_pool_counts_against_the_ceiling_too(engine: Engine) -> None:
    engine.decide(decision(ceiling_usd=620))
    assert capacity(engine, gpus(1)) == []
    assert capacity(engine, gpus(1, "system", "m6i.large"))[0].startswith("denied (decision.ceiling)")


def test_what_nobody_can_price_stops_new_gpus_and_nothing_else(engine: Engine) -> None:
    unheard = shown("aws:qldb/ledger:Ledger", "ledger", {})
    assert capacity(engine, unheard) == []
    engine.decide(decision())
    assert capacity(engine, gpus(1))[0].startswith("cannot decide (decision.ceiling)")


@pytest.mark.parametrize("maximum", [0, 1, 2])
def test_keeping_and_lowering_need_no_decision(engine: Engine, maximum: int) -> None:
    engine.stands = [stands(2)]
    assert capacity(engine, gpus(maximum)) == []


def test_keeping_needs_no_price_either(engine: Engine) -> None:
    engine.stands, engine.today = [stands(2)], TODAY + timedelta(days=400)
    assert capacity(engine, gpus(2), shown("aws:qldb/ledger:Ledger", "ledger", {})) == []


def test_raising_by_one_needs_a_decision(engine: Engine) -> None:
    engine.stands = [stands(2)]
    assert capacity(engine, gpus(3))[0].startswith("denied (decision)")


def test_another_type_is_new_capacity(engine: Engine) -> None:
    engine.stands = [stands(2)]
    assert capacity(engine, gpus(2, instance_type="p5.48xlarge"))[0].startswith("denied (decision)")


def test_a_new_pool_counts_beside_one_that_was_not_shown_yet(engine: Engine) -> None:
    engine.stands = [stands(2, "old")]
    assert capacity(engine, gpus(1, "new"))[0].startswith("denied (decision)")


def test_the_decision_must_cover_what_was_not_shown_yet_too(engine: Engine) -> None:
    engine.stands = [stands(2, "old")]
    engine.decide(decision({"g6.xlarge/on_demand": 2}))
    assert "up to 3 x g6.xlarge/on_demand" in capacity(engine, gpus(1, "new"))[0]


def test_what_stood_counts_once(engine: Engine) -> None:
    engine.stands = [stands(2)]
    engine.decide(decision({"g6.xlarge/on_demand": 3}))
    assert capacity(engine, gpus(3)) == []


@pytest.mark.parametrize("names", [("old", "new"), ("new", "old")])
def test_what_one_pool_loses_never_pays_for_another(engine: Engine, names: tuple[str, str]) -> None:
    engine.stands = [stands(2, "old")]
    told = {name: capacity(engine, gpus(1, name)) for name in names}
    assert told["new"][0].startswith("denied (decision)")
    assert told["old"] == []


def test_the_decision_covers_what_a_pool_loses_beside_what_another_gains(engine: Engine) -> None:
    engine.stands = [stands(2, "old")]
    engine.decide(decision({"g6.xlarge/on_demand": 2}))
    assert "up to 3 x g6.xlarge/on_demand" in capacity(engine, gpus(1, "old"), gpus(1, "new"))[0]


@pytest.mark.parametrize("first", [True, False], ids=["leftover first", "leftover last"])
def test_a_leftover_does_not_stand_for_what_has_replaced_it(engine: Engine, first: bool) -> None:  # noqa: FBT001 - a case
    leftover = stands(1) | {"delete": True, "id": "old"}
    engine.stands = [leftover, stands(3)] if first else [stands(3), leftover]
    assert capacity(engine, gpus(3)) == []


def test_where_nobody_knows_what_stood_every_gpu_is_new(engine: Engine) -> None:
    engine.stands = None
    told = capacity(engine, gpus(1))
    assert told[0].startswith("denied (decision)")
    assert "there is no pulumi" in told[1]
    assert capacity(engine, shown(NAT, "nat", {})) == []


def test_what_stood_is_read_once_and_first(engine: Engine) -> None:
    engine.show(shown(NAT, "one", {}))
    assert engine.exports == 1
    engine.show(shown(NAT, "two", {}), gpus(1))
    assert engine.exports == 1


@pytest.mark.parametrize(
    "inputs",
    [
        pool(2, proxy.UNKNOWN_STRING_VALUE),
        pool(2) | {"instanceTypes": proxy.UNKNOWN_ARRAY_VALUE},
        pool(2) | {"scalingConfig": proxy.UNKNOWN_OBJECT_VALUE},
        pool(2) | {"scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": proxy.UNKNOWN_NUMBER_VALUE}},
        {key: value for key, value in pool(2).items() if key != "instanceTypes"},
        {key: value for key, value in pool(2).items() if key != "capacityType"},
    ],
)
def test_nodes_that_nobody_can_count_cannot_be_decided_even_with_a_decision(engine: Engine, inputs: Json) -> None:
    engine.decide(decision())
    assert capacity(engine, shown(NODE_GROUP, "gpu", inputs))[0].startswith("cannot decide (gpu)")


def test_a_type_of_an_unheard_of_family_counts_as_a_gpu(engine: Engine) -> None:
    engine.decide(decision())
    assert "up to 1 x q9.large/on_demand" in capacity(engine, gpus(1, instance_type="q9.large"))[0]


def test_a_pool_takes_its_type_from_the_launch_template_of_its_component(engine: Engine) -> None:
    disks = [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 20, "volumeType": "gp3"}}]
    template = shown(
        LAUNCH_TEMPLATE, "gpu", {"instanceType": "p5.48xlarge", "blockDeviceMappings": disks}, parent=INNER
    )
    inputs = pool(2) | {"launchTemplate": {"id": proxy.UNKNOWN_STRING_VALUE}}
    del inputs["instanceTypes"], inputs["diskSize"]
    engine.decide(decision({"p5.48xlarge/on_demand": 1}))
    told = capacity(engine, template, shown(NODE_GROUP, "gpu", inputs, parent=INNER))
    assert "up to 2 x p5.48xlarge/on_demand" in told[0]


def test_a_launch_template_of_gpus_waits_for_its_group_until_the_end(engine: Engine) -> None:
    template = shown(LAUNCH_TEMPLATE, "gpu", {"instanceType": "p5.48xlarge"})
    engine.decide(decision())
    assert capacity(engine, template, gpus(1)) == []
    (told,) = [one for one in engine.end() if one.policy == "every-gpu-node-is-counted"]
    assert told.mandatory
    assert "it describes p5.48xlarge" in told.message


def test_of_two_launch_templates_neither_is_taken(engine: Engine) -> None:
    templates = [shown(LAUNCH_TEMPLATE, name, {"instanceType": "m6i.large"}, parent=INNER) for name in "ab"]
    inputs = pool(2) | {"launchTemplate": {"id": "lt-0"}}
    del inputs["instanceTypes"]
    told = capacity(engine, *templates, shown(NODE_GROUP, "gpu", inputs, parent=INNER))
    assert told[0].startswith("cannot decide (gpu)")


def test_a_launch_template_that_stands_in_no_component_with_the_pool_is_not_taken(engine: Engine) -> None:
    template = shown(LAUNCH_TEMPLATE, "gpu", {"instanceType": "m6i.large"})
    inputs = pool(2) | {"launchTemplate": {"id": "lt-0"}}
    del inputs["instanceTypes"]
    assert capacity(engine, template, shown(NODE_GROUP, "gpu", inputs))[0].startswith("cannot decide (gpu)")


def test_the_region_of_a_pool_is_its_own_before_that_of_its_provider(engine: Engine) -> None:
    engine.decide(decision())
    told = capacity(engine, gpus(1, region="eu-west-1"))
    assert any(one.startswith("denied (decision.region): more g6.xlarge/on_demand in eu-west-1") for one in told)


def test_a_schedule_lifts_the_pool_of_its_component(engine: Engine) -> None:
    engine.decide(decision({"g6.xlarge/on_demand": 2}))
    component = shown("worthwhile:infra:NodeGroup", "gpu", {}, parent=SPAN)
    group = shown(NODE_GROUP, "gpu", pool(2), parent=INNER)
    assert capacity(engine, component, group) == []
    named = {"autoscalingGroupName": proxy.UNKNOWN_STRING_VALUE}
    lift = named | {"maxSize": 5, "minSize": 0, "desiredCapacity": 5}
    assert "up to 5 x g6.xlarge/on_demand" in capacity(engine, shown(SCHEDULE, "gpu", lift, parent=SPAN))[0]


def test_a_schedule_to_an_unknown_size_cannot_be_decided(engine: Engine) -> None:
    engine.decide(decision())
    component = shown("worthwhile:infra:NodeGroup", "gpu", {}, parent=SPAN)
    group = shown(NODE_GROUP, "gpu", pool(2), parent=INNER)
    lift = {"autoscalingGroupName": "eks-gpu", "maxSize": proxy.UNKNOWN_NUMBER_VALUE}
    assert capacity(engine, component, group) == []
    assert capacity(engine, shown(SCHEDULE, "gpu", lift, parent=SPAN))


def test_a_schedule_whose_group_nobody_finds_cannot_be_decided(engine: Engine) -> None:
    engine.decide(decision())
    lift = {"autoscalingGroupName": "eks-gpu", "maxSize": 5, "minSize": 0, "desiredCapacity": 5}
    assert capacity(engine, gpus(1), shown(SCHEDULE, "gpu", lift, parent=SPAN))[0].startswith("cannot decide (gpu)")


CHAT = {"name": "chat", "chart": "../charts/x"}


def pool_inside(release: str) -> Resource:
    """Return a pool of Karpenter in a chart, for at most four GPUs."""
    node_pool = {
        "spec": {
            "limits": {"nvidia.com/gpu": "4", "cpu": "64"},
            "template": {
                "spec": {
                    "requirements": [
                        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]},
                        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
                    ]
                }
            },
        }
    }
    return Resource(urn=f"{release}#pool", token="kubernetes:karpenter.sh/v1:NodePool", inputs=node_pool)  # noqa: S106


def test_a_release_that_brings_gpu_nodes_needs_a_decision(engine: Engine) -> None:
    release = urn(RELEASE, "chat")
    engine.rendered = RenderedReleases(before={}, after={release: (pool_inside(release),)})
    told = capacity(engine, shown(RELEASE, "chat", CHAT))
    assert [message.split(":")[0] for message in told] == ["denied (decision)"]


def test_a_release_that_keeps_its_gpu_nodes_needs_none(engine: Engine) -> None:
    release = urn(RELEASE, "chat")
    engine.stands = [state_of(RELEASE, "chat", CHAT)]
    inside = {release: (pool_inside(release),)}
    engine.rendered = RenderedReleases(before=inside, after=inside)
    assert capacity(engine, shown(RELEASE, "chat", CHAT)) == []


def test_a_release_is_rendered_once_beside_what_is_no_release(engine: Engine) -> None:
    engine.stands = [state_of(RELEASE, "old", CHAT)]
    capacity(engine, gpus(1), shown(RELEASE, "old", CHAT), shown(RELEASE, "chat", CHAT))
    first, second = [[(change.operation, change.urn) for change in plan.changes] for plan in engine.to_render]

    assert first == [("create", urn(NODE_GROUP, "gpu")), ("update", urn(RELEASE, "old"))]
    assert second == [("create", urn(NODE_GROUP, "gpu")), ("create", urn(RELEASE, "chat"))]


def test_a_release_that_cannot_be_rendered_cannot_be_decided(engine: Engine) -> None:
    told = capacity(engine, shown(RELEASE, "chat", CHAT))
    assert told[0].startswith("cannot decide (gpu)")


def test_a_decision_is_asked_again_for_every_pool_that_grows(engine: Engine) -> None:
    engine.decide(decision({"g6.xlarge/on_demand": 1}))
    first, second = gpus(2, "one"), gpus(2, "two", "p5.48xlarge")
    assert capacity(engine, first)
    assert any("p5.48xlarge" in told for told in capacity(engine, second))

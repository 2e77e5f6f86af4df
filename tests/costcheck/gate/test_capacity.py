"""GPU nodes before and after: what grows, what only moves, and what nobody can count."""

from dataclasses import replace
from typing import Any

import pytest

from costcheck.gate.accelerators import is_accelerated, names_accelerator
from costcheck.gate.pricing import spot_meter
from costcheck.plan.records import UNKNOWN
from tests.costcheck.gate.plans import (
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    Json,
    accepted,
    assessed,
    create,
    decision,
    delete,
    fact,
    gate,
    outcomes,
    pool,
    preview,
    read,
    read_with_state,
    state_of,
    unit_price,
    update,
    urn,
)

SCHEDULE = "aws:autoscaling/schedule:Schedule"
ON_DEMAND = "g6.xlarge/on_demand", "us-east-1"


def grown(*steps: Json) -> tuple[tuple[str, str], ...]:
    return assessed(read(preview(*steps))).growth.grown


def test_a_new_pool_grows() -> None:
    assert grown(create(NODE_GROUP, "gpu", pool(2))) == (ON_DEMAND,)


def test_a_pool_without_a_gpu_does_not() -> None:
    assert grown(create(NODE_GROUP, "system", pool(2, "m6i.large"))) == ()


def test_a_higher_maximum_grows_though_nothing_more_is_desired() -> None:
    assert grown(update(NODE_GROUP, "gpu", pool(2), pool(3))) == (ON_DEMAND,)


def test_a_higher_desired_size_under_the_same_maximum_does_not() -> None:
    assert grown(update(NODE_GROUP, "gpu", pool(2, desired=0), pool(2, desired=2))) == ()


def test_a_lower_maximum_does_not() -> None:
    assert grown(update(NODE_GROUP, "gpu", pool(3), pool(2))) == ()


def test_a_node_replacement_does_not() -> None:
    assert grown(update(NODE_GROUP, "gpu", pool(2), pool(2), op="replace")) == ()


def test_what_one_pool_loses_never_pays_for_what_another_gains() -> None:
    lower = update(NODE_GROUP, "a", pool(20), pool(10))
    added, raised = create(NODE_GROUP, "b", pool(10)), update(NODE_GROUP, "b", pool(5), pool(7))
    beside = assessed(read(preview(lower, added))).growth

    assert [dict(each) for each in (beside.more, beside.before, beside.after)] == [
        {ON_DEMAND: 10}, {ON_DEMAND: 20}, {ON_DEMAND: 30},
    ]  # fmt: skip
    assert assessed(read(preview(lower, raised))).growth.more == {ON_DEMAND: 2}


@pytest.mark.parametrize(("allowed", "answer"), [(29, "denied"), (30, "allowed")])
def test_a_decision_covers_all_that_may_run_while_one_pool_shrinks_and_another_comes(
    allowed: int, answer: str
) -> None:
    steps = update(NODE_GROUP, "a", pool(20), pool(10)), create(NODE_GROUP, "b", pool(10))
    given = accepted(decision({"g6.xlarge/on_demand": allowed}))

    assert outcomes(gate(read(preview(*steps)), given))["decision.nodes"] == answer
    assert gate(read(preview(*steps))).outcome == "denied"


def test_a_pool_comes_beside_one_of_its_type_that_has_no_limit() -> None:
    spec = {"requirements": [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]},
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
    ]}  # fmt: skip
    inputs = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "spec": {"template": {"spec": spec}}}
    endless = state_of("kubernetes:karpenter.sh/v1:NodePool", "endless", inputs)
    plan = read_with_state(preview(create(NODE_GROUP, "gpu", pool(2, region="us-east-1")), same=1), endless)

    assert [nodes for _, nodes in assessed(plan).growth.more.items()] == [2]


def test_a_pool_that_changes_its_type_grows_by_the_new_one_alone() -> None:
    step = update(NODE_GROUP, "gpu", pool(5), pool(3, "p5.48xlarge"))

    assert assessed(read(preview(step))).growth.more == {("p5.48xlarge/on_demand", "us-east-1"): 3}


def test_what_runs_more_within_its_maximum_is_told_and_needs_no_decision() -> None:
    step = update(NODE_GROUP, "gpu", pool(2, "p5.48xlarge", 0), pool(2, "p5.48xlarge", 2))
    result = gate(read(preview(step)))

    assert result.outcome == "allowed"
    assert result.headline == (
        "This change starts 2 p5.48xlarge GPU servers (on demand) in us-east-1 now, within the maximum that was "
        "allowed before: 80,361.60 USD a month more as planned, the same at the worst case. It may be applied."
    )


def test_what_runs_more_stands_beside_what_there_may_be_more_of() -> None:
    rises, grows = update(NODE_GROUP, "a", pool(2, desired=1), pool(2, desired=2)), create(NODE_GROUP, "b", pool(3))

    assert "may start 3 more g6.xlarge GPU servers (on demand) in us-east-1, and starts 1 g6.xlarge GPU server " in (
        gate(read(preview(rises, grows))).headline
    )


def test_what_runs_more_may_be_of_several_types() -> None:
    both = ["g6.xlarge", "m6i.large", "g6e.xlarge"]
    old, new = (pool(4, desired=size, instanceTypes=both) for size in (1, 4))

    assert (
        "starts 3 g6.xlarge or g6e.xlarge GPU servers"
        in gate(read(preview(update(NODE_GROUP, "a", old, new)))).headline
    )


@pytest.mark.parametrize(("old", "new"), [(2, 2), (2, 1)])
def test_what_runs_as_many_or_fewer_starts_none(old: int, new: int) -> None:
    step = update(NODE_GROUP, "gpu", pool(2, desired=old), pool(2, desired=new), op="replace")

    assert "starts no new GPU server" in gate(read(preview(step))).headline


def test_another_type_grows() -> None:
    step = update(NODE_GROUP, "gpu", pool(2), pool(2, "p5.48xlarge"), op="replace")

    assert grown(step) == (("p5.48xlarge/on_demand", "us-east-1"),)


def test_another_region_grows() -> None:
    step = update(NODE_GROUP, "gpu", pool(2), pool(2, region="eu-west-1"), op="replace")

    assert grown(step) == (("g6.xlarge/on_demand", "eu-west-1"),)


def test_another_purchase_option_grows() -> None:
    step = update(NODE_GROUP, "gpu", pool(2, capacityType="SPOT"), pool(2), op="replace")

    assert grown(step) == (ON_DEMAND,)


def test_a_pool_under_another_name_counts_beside_the_one_that_goes() -> None:
    steps = create(NODE_GROUP, "new", pool(2)), delete(NODE_GROUP, "old", pool(2))

    assert assessed(read(preview(*steps))).growth.after[ON_DEMAND] == 4


def test_what_only_goes_does_not_count() -> None:
    assert assessed(read(preview(delete(NODE_GROUP, "old", pool(2))))).growth.after == {}


def test_every_type_that_a_pool_may_choose_counts_in_full() -> None:
    growth = assessed(
        read(preview(create(NODE_GROUP, "gpu", pool(2, instanceTypes=["g6.xlarge", "g6e.xlarge"]))))
    ).growth

    assert set(growth.after.values()) == {2}
    assert len(growth.after) == 2


def test_pools_that_stay_count_towards_the_ceiling() -> None:
    document = preview(create(NODE_GROUP, "more", pool(3)), same=1)
    plan = read_with_state(document, state_of(NODE_GROUP, "standing", pool(2)))

    assert assessed(plan).growth.after[ON_DEMAND] == 5
    assert outcomes(gate(plan, accepted()))["decision.nodes"] == "denied"


def test_new_nodes_beside_what_the_plan_does_not_show_are_not_decided() -> None:
    result = gate(read(preview(create(NODE_GROUP, "more", pool(3)), same=1)), accepted())

    assert outcomes(result)["decision.nodes"] == "cannot_decide"


def test_a_schedule_lifts_the_maximum_of_its_group() -> None:
    lift = create(SCHEDULE, "morning", {"autoscalingGroupName": "x", "maxSize": 5})
    lift["newState"]["propertyDependencies"]["autoscalingGroupName"] = [urn(NODE_GROUP, "gpu")]
    plan = read(preview(create(NODE_GROUP, "gpu", pool(2)), lift))

    assert assessed(plan).growth.after[ON_DEMAND] == 5


def test_a_new_schedule_on_a_pool_that_stays_grows() -> None:
    lift = create(SCHEDULE, "morning", {"autoscalingGroupName": "x", "maxSize": 5})
    lift["newState"]["propertyDependencies"]["autoscalingGroupName"] = [urn(NODE_GROUP, "gpu")]
    plan = read_with_state(preview(lift, same=1), state_of(NODE_GROUP, "gpu", pool(2)))

    assert assessed(plan).growth.grown == (ON_DEMAND,)


def test_a_schedule_on_a_group_that_the_plan_does_not_show_is_not_decided() -> None:
    lift = create(SCHEDULE, "morning", {"autoscalingGroupName": "x", "maxSize": 5})

    assert outcomes(gate(read(preview(lift, same=1))))["gpu"] == "cannot_decide"


@pytest.mark.parametrize("lost", ["instanceTypes", "capacityType", "scalingConfig"])
def test_a_pool_that_lacks_what_sets_its_size_is_not_decided(lost: str) -> None:
    step = create(NODE_GROUP, "gpu", pool())
    del step["newState"]["inputs"][lost]

    assert outcomes(gate(read(preview(step)), accepted()))["gpu"] == "cannot_decide"


def test_a_group_whose_program_names_no_type_runs_what_eks_takes_then() -> None:
    inputs = pool()
    del inputs["instanceTypes"], inputs["capacityType"]

    assert grown(create(NODE_GROUP, "system", inputs)) == ()


@pytest.mark.parametrize("beside", [{"amiType": "AL2023_x86_64_NVIDIA"}, {"launchTemplate": {"id": "lt-1"}}])
def test_a_group_that_names_no_type_but_may_have_gpus_is_not_decided(beside: Json) -> None:
    inputs = pool() | beside
    del inputs["instanceTypes"]

    assert outcomes(gate(read(preview(create(NODE_GROUP, "gpu", inputs)))))["gpu"] == "cannot_decide"


def test_a_pool_whose_disks_nobody_knows_may_still_shrink() -> None:
    old, new = (pool(size) | {"launchTemplate": {"id": "lt-1"}} for size in (3, 2))
    result = gate(read(preview(update(NODE_GROUP, "gpu", old, new), same=9)))

    assert result.outcome == "allowed"


def test_a_pool_that_nobody_can_count_may_still_be_patched() -> None:
    old = pool()
    del old["instanceTypes"]
    result = gate(
        read(preview(update(NODE_GROUP, "gpu", old, old | {"tags": {"a": "b"}, "version": "1.37"}), same=9))
    )

    assert result.outcome == "allowed"


def test_a_pool_that_nobody_can_count_may_not_change_its_size() -> None:
    old = pool() | {"launchTemplate": {"id": "lt-1"}}
    del old["instanceTypes"]
    new = old | {"scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 9}}
    result = gate(read(preview(update(NODE_GROUP, "gpu", old, new), same=9)), accepted())

    assert outcomes(result)["gpu"] == "cannot_decide"


def test_an_unknown_type_that_names_a_gpu_is_not_decided() -> None:
    step = create("aws:future/thing:Thing", "x", {"settings": [{"instance": "ml.p5.48xlarge"}]})

    assert outcomes(gate(read(preview(step))))["gpu"] == "cannot_decide"


def test_an_unknown_type_that_names_none_passes_and_is_listed() -> None:
    result = gate(read(preview(create("aws:future/thing:Thing", "x", {"instance": "m6i.large"}))))

    assert result.outcome == "allowed"
    assert [row.name for row in result.unknown] == ["x"]


def test_a_launch_template_gives_the_type_where_the_group_does_not() -> None:
    inputs = pool() | {"launchTemplate": {"id": UNKNOWN, "version": UNKNOWN}}
    del inputs["instanceTypes"]
    step = create(NODE_GROUP, "gpu", inputs)
    step["newState"]["propertyDependencies"]["launchTemplate"] = [urn(LAUNCH_TEMPLATE, "gpu")]
    disk = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 20, "volumeType": "gp3"}}
    template = create(LAUNCH_TEMPLATE, "gpu", {"instanceType": "p5.48xlarge", "blockDeviceMappings": [disk]})

    assert grown(template, step) == (("p5.48xlarge/on_demand", "us-east-1"),)


@pytest.mark.parametrize(
    "name", ["g6f.large", "p9.48xlarge", "gr6.4xlarge", "trn3.large", "ml.g5.xlarge", "zz9.large", ""]
)
def test_accelerated_or_unheard_of_types_count_as_gpus(name: str) -> None:
    assert is_accelerated(name, {})


@pytest.mark.parametrize(
    "name", ["m9g.large", "c8i.xlarge", "t3.micro", "hpc7a.96xlarge", "u-6tb1.metal", "db.r6g.large"]
)
def test_plain_types_do_not(name: str) -> None:
    assert not is_accelerated(name, {})


def test_facts_win_over_the_family() -> None:
    odd = fact("g6.xlarge")

    assert is_accelerated("m0.gpu", {"m0.gpu": odd})


@pytest.mark.parametrize("changes", [{"gpu_count": 1, "gpu_name": None}, {"gpu_count": 0, "gpu_name": "L4"}])
def test_one_fact_that_tells_of_an_accelerator_is_enough(changes: dict[str, Any]) -> None:
    assert is_accelerated("m0.gpu", {"m0.gpu": replace(fact("m6i.large"), **changes)})
    assert not is_accelerated("m0.gpu", {"m0.gpu": fact("m6i.large")})


def test_a_pool_that_goes_hides_none_that_comes_after_it() -> None:
    old, new = delete(NODE_GROUP, "a", pool(2)), create(NODE_GROUP, "b", pool(3, "p5.48xlarge"))

    assert dict(assessed(read(preview(old, new))).growth.after) == {
        ("g6.xlarge/on_demand", "us-east-1"): 2,
        ("p5.48xlarge/on_demand", "us-east-1"): 3,
    }


def test_what_may_bring_nodes_stands_or_comes_and_never_both() -> None:
    uncounted = pool() | {"scalingConfig": {"minSize": 0}}
    come = assessed(read(preview(create(NODE_GROUP, "gpu", uncounted)))).growth
    stand = assessed(read(preview(update(NODE_GROUP, "gpu", uncounted, uncounted | {"tags": {"a": "b"}})))).growth

    assert (len(come.untold), len(come.untold_standing)) == (1, 0)
    assert (len(stand.untold), len(stand.untold_standing)) == (0, 1)


@pytest.mark.parametrize(
    "text", ["p5.48xlarge", "ml.g5.2xlarge", "use g6.xlarge here", "inf2.xlarge", "p5-abc.48xlarge"]
)
def test_a_gpu_type_is_found_in_any_text(text: str) -> None:
    assert names_accelerator({"deep": [{"er": text}]})


@pytest.mark.parametrize("text", ["m5.large", "gp3", "g6", "https://example.com/p5", "igw-0"])
def test_other_texts_name_none(text: str) -> None:
    assert not names_accelerator([text])


def test_the_price_of_a_pool_is_that_of_its_dearest_type() -> None:
    found = assessed(read(preview(create(NODE_GROUP, "gpu", pool(2, instanceTypes=["g6.xlarge", "g6e.xlarge"])))))

    assert (
        found.after.maximum_usd
        == 2 * 730 * unit_price("", "", "1.86").list_unit_price + 2 * 20 * unit_price("", "", "0.08").list_unit_price
    )


def test_a_spot_hour_is_no_product_of_the_price_list() -> None:
    meter = spot_meter("g6.xlarge")

    assert (meter.service_code, meter.sku_meter, meter.fields) == ("AmazonEC2", "SpotUsage:g6.xlarge", ())
    assert (meter.pricing_unit, meter.divisors) == ("Hours", (("Hrs", 1),))


def test_an_expired_decision_lets_a_pool_keep_its_size() -> None:
    expired = accepted(decision(valid_until=decision().as_of))
    plan = read(preview(update(NODE_GROUP, "gpu", pool(9), pool(9) | {"tags": {"a": "b"}}), same=3))

    assert gate(plan, expired).outcome == "allowed"


def listed_nothing(instance_type: str) -> Json:
    """Return the step of a group in a plan that does not list what the program set, nor how its nodes are bought."""
    inputs = pool(3, instance_type)
    del inputs["capacityType"]
    return create(NODE_GROUP, "some", inputs, propertyDependencies={})


def test_nodes_without_gpus_are_none_however_they_are_bought() -> None:
    result = gate(read(preview(listed_nothing("m6i.large"))))
    (row,) = result.resources

    assert result.outcome == "allowed"
    assert row.reason.startswith("capacityType is not in the plan, and the plan does not list what the program set")


def test_gpus_that_are_bought_nobody_knows_how_are_told_as_far_as_they_are_seen() -> None:
    result = gate(read(preview(listed_nothing("p5.48xlarge"))))
    (check,) = (check for check in result.checks if check.name == "gpu")

    assert result.outcome == "denied"
    assert "This change may start 3 x p5.48xlarge at least" in result.headline
    assert check.seen.startswith("it may start 3 x p5.48xlarge at least")
    assert "propertyDependencies" in check.seen
    assert "Pulumi 3" in check.to_do


def test_a_type_that_nobody_knows_may_have_gpus_however_it_is_bought() -> None:
    assert gate(read(preview(listed_nothing("zz1.large")))).outcome == "denied"
    assert gate(read(preview(listed_nothing("p5.48xlarge"))), accepted()).outcome == "cannot_decide"


def test_the_same_group_in_a_plan_that_lists_what_was_set_is_bought_on_demand() -> None:
    inputs = pool(3, "p5.48xlarge")
    del inputs["capacityType"]

    assert grown(create(NODE_GROUP, "some", inputs)) == (("p5.48xlarge/on_demand", "us-east-1"),)

"""Laws of the gate, over plans that nobody thought of: `make test` tries 200 of each, `make long` 10,000."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from costcheck.errors import PlanError
from costcheck.gate.coverage import Evidence
from costcheck.gate.result import NOTHING, Outcome, Status
from costcheck.gate.rules import GateConfig, Limits
from costcheck.plan.preview import read_preview
from costcheck.plan.records import UNKNOWN
from tests.costcheck.gate.plans import (
    LAUNCH_TEMPLATE,
    NO_DECISION,
    NODE_GROUP,
    Json,
    accepted,
    create,
    decision,
    delete,
    gate,
    pool,
    preview,
    prices,
    read,
    update,
    urn,
)

LAW = settings(max_examples=max(200, settings().max_examples), deadline=None)
RECORDED = Path(__file__).parents[2] / "data" / "plans"
NAMES = st.sampled_from("abcdefgh")
SIZES = st.integers(0, 6)
TYPES = st.sampled_from(["g6.xlarge", "p5.48xlarge", "m6i.large", "zz1.large"])


@st.composite
def groups(draw: st.DrawFn) -> Json:
    """Return the inputs of a node group."""
    option = draw(st.sampled_from(["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]))
    return pool(draw(SIZES), draw(TYPES), draw(SIZES), capacityType=option, diskSize=draw(st.integers(1, 500)))


@st.composite
def with_template(draw: st.DrawFn, name: str) -> list[Json]:
    """Return the steps of a launch template and a node group that uses it."""
    size = draw(st.integers(1, 500))
    disks = [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": size, "volumeType": "gp3", "encrypted": "true"}}]
    inputs = pool(draw(SIZES), draw(TYPES)) | {"launchTemplate": {"id": UNKNOWN, "version": UNKNOWN}}
    del inputs["diskSize"]
    group = create(NODE_GROUP, name, inputs)
    group["newState"]["propertyDependencies"]["launchTemplate"] = [urn(LAUNCH_TEMPLATE, name)]
    return [create(LAUNCH_TEMPLATE, name, {"blockDeviceMappings": disks}), group]


@st.composite
def steps_of(draw: st.DrawFn, name: str) -> list[Json]:
    """Return the steps of one thing."""
    kind = draw(st.sampled_from(["create", "update", "replace", "delete", "template", "nat", "strange", "role"]))
    if kind == "template":
        return draw(with_template(name))
    if kind in {"update", "replace"}:
        return [update(NODE_GROUP, name, draw(groups()), draw(groups()), op=kind)]
    if kind == "delete":
        return [delete(NODE_GROUP, name, draw(groups()))]
    simple = {
        "create": (NODE_GROUP, draw(groups())),
        "nat": ("aws:ec2/natGateway:NatGateway", {"subnetId": "subnet-0"}),
        "strange": ("aws:future/thing:Thing", {"instance": draw(TYPES)}),
        "role": ("aws:iam/role:Role", {"name": name}),
    }
    token, inputs = simple[kind]
    return [create(token, name, inputs)]


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """Return a preview."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    steps = [step for name in names for step in draw(steps_of(name))]
    return preview(*steps, same=draw(st.integers(0, 2)))


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Return no decision, or one that allows a little."""
    if draw(st.booleans()):
        return NO_DECISION
    nodes = {f"g6.xlarge/{option}": draw(SIZES) for option in ("on_demand", "spot")}
    return accepted(decision(nodes, ceiling_usd=draw(st.sampled_from([100, 2000, 100_000]))))


@st.composite
def configs(draw: st.DrawFn) -> GateConfig:
    """Return no limits, or some."""
    amounts = st.none() | st.sampled_from([Decimal(0), Decimal(100), Decimal(1000), Decimal(10_000)])
    return GateConfig(limits=Limits(monthly_usd=draw(amounts), monthly_increase_usd=draw(amounts)))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Yield the path of each key of each object inside."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def without(document: Json, path: tuple[Any, ...]) -> Json:
    """Return a copy that lacks one key."""
    changed = copy.deepcopy(document)
    inside: Any = changed
    for step in path[:-1]:
        inside = inside[step]
    del inside[path[-1]]
    return changed


def answer(document: Json, given_evidence: Evidence, config: GateConfig) -> Outcome:
    """Return the gate's answer; a plan that cannot be read is not decided."""
    try:
        plan = read_preview(json.dumps(document).encode())
    except PlanError:
        return Outcome.CANNOT_DECIDE
    return gate(plan, given_evidence, config).outcome


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_field_of_a_step_can_be_left_out_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    assume(answer(document, given_evidence, config) is not Outcome.ALLOWED)
    left_out = data.draw(st.sampled_from([("steps", *path) for path in paths(document["steps"])]))

    assert answer(without(document, left_out), given_evidence, config) is not Outcome.ALLOWED


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_step_can_be_left_out_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    changed = copy.deepcopy(document)
    changed["steps"].pop(data.draw(st.integers(0, len(changed["steps"]) - 1)))

    assert answer(changed, given_evidence, config) is Outcome.CANNOT_DECIDE


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_resource_can_be_added_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    assume(answer(document, given_evidence, config) is not Outcome.ALLOWED)
    more = data.draw(steps_of("added").filter(lambda steps: steps[0]["op"] == "create"))
    added = preview(*document["steps"], *more, same=document["changeSummary"].get("same", 0))

    assert answer(added, given_evidence, config) is not Outcome.ALLOWED


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_count_can_be_raised_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    assume(answer(document, given_evidence, config) is not Outcome.ALLOWED)
    sized = [step for step in document["steps"] if "scalingConfig" in step.get("newState", {}).get("inputs", {})]
    assume(sized)
    raised = copy.deepcopy(document)
    step = raised["steps"][document["steps"].index(data.draw(st.sampled_from(sized)))]
    key = data.draw(st.sampled_from(["desiredSize", "maxSize"]))
    step["newState"]["inputs"]["scalingConfig"][key] += data.draw(st.integers(1, 50))

    assert answer(raised, given_evidence, config) is not Outcome.ALLOWED


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_price_can_be_raised_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    plan = read(document)
    assume(gate(plan, given_evidence, config).outcome is not Outcome.ALLOWED)
    chosen, factor = data.draw(st.sampled_from(prices())), data.draw(st.integers(2, 100))
    dearer = tuple(
        replace(row, list_unit_price=row.list_unit_price * factor) if row == chosen else row for row in prices()
    )

    assert gate(plan, given_evidence, config, rows=dearer).outcome is not Outcome.ALLOWED


@LAW
@given(documents(), evidence(), configs(), st.data())
def test_no_price_can_be_left_out_to_pass(
    document: Json, given_evidence: Evidence, config: GateConfig, data: st.DataObject
) -> None:
    plan = read(document)
    assume(gate(plan, given_evidence, config).outcome is not Outcome.ALLOWED)
    left_out = data.draw(st.sampled_from(prices()))
    rest = tuple(row for row in prices() if row != left_out)

    assert gate(plan, given_evidence, config, rows=rest).outcome is not Outcome.ALLOWED


@LAW
@given(documents(), evidence(), configs())
def test_every_resource_is_priced_or_free_or_named_as_unknown(
    document: Json, given_evidence: Evidence, config: GateConfig
) -> None:
    result = gate(read(document), given_evidence, config)
    told = [row for row in result.resources if row.status is not Status.PRICED]

    assert len(result.resources) == len(document["steps"])
    assert {row.urn for row in result.resources} == {step["urn"] for step in document["steps"]}
    assert all(row.reason for row in told)


@LAW
@given(documents(), st.dictionaries(st.just("AmazonEC2 NatGateway-Bytes"), st.integers(0, 10_000).map(Decimal)))
def test_the_total_is_the_exact_sum(document: Json, usage: dict[str, Decimal]) -> None:
    result = gate(read(document), usage=usage)
    parts = [
        component.cost
        for row in result.resources
        if row.after is not None
        for component in row.components
        if component.cost
    ]
    told = [line.cost for line in result.usage if line.cost]

    assert sum([*parts, *told], NOTHING) == result.after
    assert sum([*(row.after for row in result.resources if row.after), *told], NOTHING) == result.after


@LAW
@given(documents(), evidence())
def test_a_plan_that_keeps_or_lowers_every_gpu_maximum_passes_without_limits(
    document: Json, given_evidence: Evidence
) -> None:
    kept = [step for step in document["steps"] if step["op"] in {"update", "replace"}]
    assume(kept)
    for step in kept:
        old = step["oldState"]["inputs"]
        step["newState"]["inputs"] |= {key: old[key] for key in ("instanceTypes", "capacityType")}
        sizes = step["newState"]["inputs"]["scalingConfig"]
        for key in ("desiredSize", "maxSize"):  # as many run as are desired, whatever the maximum
            sizes[key] = min(old["scalingConfig"][key], sizes[key])

    assert gate(read(preview(*kept, same=2)), given_evidence).outcome is Outcome.ALLOWED


@LAW
@given(
    documents(),
    st.sampled_from(["g6.xlarge", "p5.48xlarge", "zz1.large"]),
    SIZES,
    SIZES,
    st.integers(1, 6),
    st.data(),
)
def test_no_pool_that_becomes_smaller_or_goes_pays_for_another(  # noqa: PLR0913, PLR0917 - one plan
    document: Json, gpu: str, size: int, lost: int, gained: int, data: st.DataObject
) -> None:
    others = [step for step in document["steps"] if step["op"] in {"update", "replace", "delete", "create"}]
    less = data.draw(
        st.sampled_from(
            [
                update(NODE_GROUP, "less", pool(size + lost, gpu), pool(size, gpu, 0)),
                delete(NODE_GROUP, "less", pool(size + lost, gpu)),
            ]
        )
    )
    more = data.draw(
        st.sampled_from(
            [
                update(NODE_GROUP, "more", pool(size, gpu, 0), pool(size + gained, gpu, 0)),
                create(NODE_GROUP, "more", pool(gained, gpu)),
            ]
        )
    )

    assert gate(read(preview(*others, less, more))).outcome is not Outcome.ALLOWED


@LAW
@given(st.sampled_from(["add_pools", "lower", "base_create"]), st.data())
def test_no_field_of_a_recorded_step_can_be_left_out_to_pass(name: str, data: st.DataObject) -> None:
    document = json.loads((RECORDED / f"{name}.json").read_bytes())
    config = GateConfig(limits=Limits(monthly_usd=Decimal(10)))
    assume(answer(document, NO_DECISION, config) is not Outcome.ALLOWED)
    left_out = data.draw(st.sampled_from([("steps", *path) for path in paths(document["steps"])]))

    assert answer(without(document, left_out), NO_DECISION, config) is not Outcome.ALLOWED

"""Which launch template a group launches, and in which version: only the latest one stands in the plan."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.plan.identity import identified
from costcheck.plan.records import SECRET, UNKNOWN, Operation, Resource
from tests.costcheck.gate.types.compute_cases import (
    INSTANCE,
    group,
    node_group,
    template,
)
from tests.costcheck.gate.types.registry import Json, estimate, resource

STANDING = replace(
    template(name="web"),
    is_created=False,
    resource_id="lt-1",
    outputs={
        "name": "web-1",
        "latestVersion": 3,
        "defaultVersion": 1,
        "arn": "arn:aws:ec2:us-east-1:1:launch-template/lt-1",
    },
)
CREATED = template()


def launches(used: Resource, **named: Json) -> bool:
    """Return whether a group is known to launch what the plan shows of a template."""
    try:
        return bool(estimate(group(used, launchTemplate={"id": UNKNOWN} | named), used).nodes)
    except UnpriceableError:
        return False


@pytest.mark.parametrize("version", ["3", Decimal(3), "$Latest", UNKNOWN])
def test_a_group_launches_the_latest_version(version: Json) -> None:
    assert launches(STANDING, version=version)


@pytest.mark.parametrize(
    "named", [{"version": "1"}, {"version": "$Default"}, {}, {"version": SECRET}, {"version": ""}]
)
def test_an_older_version_is_not_in_the_plan(named: Json) -> None:
    assert not launches(STANDING, **named)


@pytest.mark.parametrize("named", [{"version": "1"}, {"version": "$Default"}, {}, {"version": UNKNOWN}])
def test_a_template_that_is_made_now_has_one_version(named: Json) -> None:
    assert launches(CREATED, **named)
    assert not launches(CREATED, version="2")


@pytest.mark.parametrize("named", [{"version": "$Default"}, {}])
def test_the_default_version_is_the_latest_where_each_update_makes_it_so(named: Json) -> None:
    follows = replace(STANDING, inputs={**STANDING.inputs, "updateDefaultVersion": True})
    level = replace(STANDING, outputs={"latestVersion": 2, "defaultVersion": 2})
    assert launches(follows, **named)
    assert launches(level, **named)


def test_a_template_of_which_no_version_is_told_is_pinned_by_none() -> None:
    silent = replace(STANDING, outputs={})
    assert launches(silent, version="$Latest")
    assert not any(launches(silent, version=version) for version in ("0", "1", "None", None))


@pytest.mark.parametrize("named", [{"id": "lt-1"}, {"id": None, "name": "web-1"}, {"id": UNKNOWN}])
def test_a_template_goes_by_its_id_or_its_name(named: Json) -> None:
    assert launches(STANDING, version="$Latest", **named)


@pytest.mark.parametrize(
    "named", [{"id": "lt-0p5elsewhere"}, {"id": SECRET}, {"id": None}, {"id": "lt-1", "name": "elsewhere"}]
)
def test_a_dependency_alone_does_not_name_a_template(named: Json) -> None:
    assert not launches(STANDING, version=UNKNOWN, **named)


def test_a_group_that_names_another_template_does_not_count_this_one() -> None:
    gpus = replace(STANDING, inputs={**STANDING.inputs, "instanceType": "p5.48xlarge"})
    with pytest.raises(UnpriceableError, match="what launches from it"):
        estimate(gpus, group(gpus, launchTemplate={"id": "lt-elsewhere", "version": "$Latest"}))


@pytest.mark.parametrize("version", ["1", "$Default"])
def test_a_pool_in_an_older_version_counts_by_its_own_types_alone(version: str) -> None:
    found = estimate(node_group(STANDING, launchTemplate={"id": "lt-1", "version": version}), STANDING)
    assert found.nodes
    assert "version" in found.unpriced
    typeless = node_group(STANDING, launchTemplate={"id": "lt-1", "version": version}, instanceTypes=[])
    with pytest.raises(UnpriceableError, match="version"):
        estimate(typeless, STANDING)


def test_an_instance_of_another_template_has_parts_that_nobody_knows() -> None:
    disk = {"volumeType": "gp3", "volumeSize": 50, "iops": 3000, "throughput": 125}
    one = resource(
        INSTANCE, instanceType="m6i.large", ami="ami-1", rootBlockDevice=disk, launchTemplate={"id": "lt-9"}
    )
    assert "launch template" in estimate(one).unpriced


def test_a_mix_whose_override_takes_another_version_has_disks_that_nobody_knows() -> None:
    def mix(version: str) -> Resource:
        own = {"launchTemplateId": "lt-1", "version": version}
        overrides = [{"instanceType": "m6i.large", "launchTemplateSpecification": own}]
        launch = {"overrides": overrides, "launchTemplateSpecification": {"launchTemplateId": "lt-1", "version": "3"}}
        return group(STANDING, "mixedInstancesPolicy", mixedInstancesPolicy={"launchTemplate": launch})

    assert not estimate(mix("3"), STANDING).unpriced
    assert "version" in estimate(mix("1"), STANDING).unpriced


def test_a_value_that_is_known_names_one_of_the_plan_by_whatever_it_goes_by() -> None:
    named = ("lt-1", "web-1", "path/web-1/x", "arn:aws:ec2:us-east-1:1:launch-template/lt-1", UNKNOWN)
    view = View(STANDING, Side((STANDING,), {}))
    assert all(map(view.may_be_called, named))
    assert not any(map(view.may_be_called, ("lt-2", "web", "", SECRET, None, "arn:aws:ec2:us-east-1:1:x/lt-2")))


def test_an_update_keeps_the_id_and_only_tags_keep_the_version() -> None:
    new = replace(STANDING, resource_id="", outputs={})
    patched = identified(Operation.UPDATE, STANDING, replace(new, inputs={**new.inputs, "tags": {"a": "b"}}))
    moved = identified(Operation.UPDATE, STANDING, replace(new, inputs={**new.inputs, "imageId": "ami-2"}))
    assert patched
    assert moved
    assert patched.outputs == STANDING.outputs
    assert moved.outputs.keys() == {"name", "arn"}
    assert {patched.resource_id, moved.resource_id} == {"lt-1"}


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.REPLACE, Operation.CREATE_REPLACEMENT])
def test_what_is_made_anew_is_told_from_what_stands(operation: Operation) -> None:
    new = replace(STANDING, resource_id="", outputs={})
    made = identified(operation, STANDING, new)
    assert made
    assert made.is_created
    assert (made.resource_id, dict(made.outputs)) == ("", {})
    kept = identified(Operation.UPDATE, STANDING, new)
    assert kept
    assert not kept.is_created

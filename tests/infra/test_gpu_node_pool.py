"""Pools of GPU nodes as managed node groups: how they are bought, how they look, and when they run."""

import base64
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from infra.errors import ConfigError
from infra.gpu_node_pool import GpuNodePool, PayingHours, PurchaseOption
from infra.node_group import OperatingSystem
from tests.infra.builders import pool_args
from tests.infra.conftest import PretendCloud

GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
HOURS = PayingHours(start="0 8 * * MON-FRI", stop="0 20 * * MON-FRI", time_zone="Europe/Berlin")


def pool(cloud: PretendCloud, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401
    cloud.deploy(lambda: GpuNodePool("g6", pool_args(**changes)))
    return dict(cloud.one(GROUP).inputs), dict(cloud.one(TEMPLATE).inputs)


def test_only_pods_that_ask_for_a_gpu_land_on_the_nodes(cloud: PretendCloud) -> None:
    group, _ = pool(cloud)
    assert group["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]


def test_nodes_say_which_pool_they_are_of(cloud: PretendCloud) -> None:
    group, _ = pool(cloud)
    assert group["labels"]["worthwhile.dev/pool"] == "g6"


@pytest.mark.parametrize("system", OperatingSystem)
def test_nodes_say_what_they_run_so_that_the_device_plugin_knows_where(
    cloud: PretendCloud, system: OperatingSystem
) -> None:
    group, _ = pool(cloud, operating_system=system)
    assert group["labels"]["worthwhile.dev/operating-system"] == system.value


def test_metadata_takes_a_token_and_stays_on_the_node(cloud: PretendCloud) -> None:
    _, template = pool(cloud)
    options = template["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_a_node_with_a_dead_gpu_is_replaced_and_only_one_at_a_time(cloud: PretendCloud) -> None:
    group, _ = pool(cloud)
    assert group["nodeRepairConfig"] == {"enabled": True, "maxParallelNodesRepairedCount": 1}


def test_an_update_takes_the_old_node_first_since_a_spare_gpu_may_not_exist(cloud: PretendCloud) -> None:
    group, _ = pool(cloud)
    assert group["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}


@pytest.mark.parametrize(
    ("system", "ami", "devices"),
    [
        (OperatingSystem.BOTTLEROCKET, "BOTTLEROCKET_x86_64_NVIDIA", {"/dev/xvda": 4, "/dev/xvdb": 196}),
        (OperatingSystem.AL2023, "AL2023_x86_64_NVIDIA", {"/dev/xvda": 200}),
    ],
)
def test_each_system_has_its_image_and_every_disk_is_encrypted(
    cloud: PretendCloud, system: OperatingSystem, ami: str, devices: dict[str, int]
) -> None:
    group, template = pool(cloud, operating_system=system)
    assert group["amiType"] == ami
    mappings = template["blockDeviceMappings"]
    assert {mapping["deviceName"]: mapping["ebs"]["volumeSize"] for mapping in mappings} == devices
    assert {mapping["ebs"]["encrypted"] for mapping in mappings} == {"true"}


def test_bottlerocket_puts_weights_on_local_disks(cloud: PretendCloud) -> None:
    _, template = pool(cloud)
    settings = tomllib.loads(base64.b64decode(template["userData"]).decode())["settings"]
    command = settings["bootstrap-commands"]["000-mount-instance-storage"]
    assert command["commands"][0] == ["apiclient", "ephemeral-storage", "init"]
    assert "/var/lib/kubelet" in command["commands"][1]


def test_amazon_linux_puts_weights_on_local_disks(cloud: PretendCloud) -> None:
    _, template = pool(cloud, operating_system=OperatingSystem.AL2023)
    user_data = base64.b64decode(template["userData"]).decode()
    assert "Content-Type: application/node.eks.aws" in user_data
    assert "strategy: RAID0" in user_data


def test_instances_and_volumes_carry_the_cost_tags(cloud: PretendCloud) -> None:
    _, template = pool(cloud)
    for specification in template["tagSpecifications"]:
        assert specification["tags"]["worthwhile:part"] == "gpu"
    assert {item["resourceType"] for item in template["tagSpecifications"]} >= {"instance", "volume"}


def test_on_demand_asks_for_nothing_special(cloud: PretendCloud) -> None:
    group, template = pool(cloud)
    assert group["capacityType"] == "ON_DEMAND"
    assert not {"instanceMarketOptions", "capacityReservationSpecification", "instanceType"} & set(template)


def test_spot_takes_any_of_its_types(cloud: PretendCloud) -> None:
    group, _ = pool(cloud, purchase_option=PurchaseOption.SPOT, instance_types=["g6.xlarge", "g5.xlarge"])
    assert (group["capacityType"], group["instanceTypes"]) == ("SPOT", ["g6.xlarge", "g5.xlarge"])


def test_a_capacity_block_stands_in_the_launch_template(cloud: PretendCloud) -> None:
    group, template = pool(
        cloud,
        purchase_option=PurchaseOption.CAPACITY_BLOCK,
        instance_types=["p5.48xlarge"],
        capacity_reservation_id="cr-1",
    )
    assert group["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in group
    assert template["instanceType"] == "p5.48xlarge"
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    target = template["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": "cr-1"}


def test_a_reservation_is_on_demand_from_that_reservation(cloud: PretendCloud) -> None:
    group, template = pool(cloud, purchase_option=PurchaseOption.RESERVATION, capacity_reservation_id="cr-2")
    assert group["capacityType"] == "ON_DEMAND"
    target = template["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": "cr-2"}


@pytest.mark.parametrize(
    ("option", "reservation"),
    [
        (PurchaseOption.CAPACITY_BLOCK, None),
        (PurchaseOption.RESERVATION, None),
        (PurchaseOption.ON_DEMAND, "cr-1"),
        (PurchaseOption.SPOT, "cr-1"),
    ],
)
def test_a_reservation_is_named_where_one_is_used_and_nowhere_else(
    cloud: PretendCloud, option: PurchaseOption, reservation: str | None
) -> None:
    with pytest.raises(ConfigError, match="capacityReservationId"):
        pool(cloud, purchase_option=option, capacity_reservation_id=reservation)


def test_a_capacity_block_of_several_types_is_refused(cloud: PretendCloud) -> None:
    with pytest.raises(ConfigError, match="instanceTypes"):
        pool(
            cloud,
            purchase_option=PurchaseOption.CAPACITY_BLOCK,
            capacity_reservation_id="cr-1",
            instance_types=["p5.48xlarge", "p5e.48xlarge"],
        )


@pytest.mark.parametrize(("minimum", "desired", "maximum"), [(2, 1, 3), (0, 4, 3), (-1, 0, 1), (0, 0, 0)])
def test_bounds_that_contradict_each_other_are_refused(
    cloud: PretendCloud, minimum: int, desired: int, maximum: int
) -> None:
    with pytest.raises(ConfigError, match=r"gpuPools\.g6\.nodes"):
        pool(cloud, minimum=minimum, desired=desired, maximum=maximum)


@pytest.mark.parametrize("version", ["1.36", None])
def test_nodes_follow_the_version_of_the_cluster_where_it_is_ours(cloud: PretendCloud, version: str | None) -> None:
    group, _ = pool(cloud, kubernetes_version=version)
    assert group.get("version") == version


def test_an_always_on_pool_has_the_size_of_the_configuration_and_no_schedule(cloud: PretendCloud) -> None:
    group, _ = pool(cloud)
    assert group["scalingConfig"] == {"minSize": 1, "desiredSize": 2, "maxSize": 3}
    assert cloud.of(SCHEDULE) == []


def test_a_pool_of_paying_hours_starts_empty(cloud: PretendCloud) -> None:
    group, _ = pool(cloud, paying_hours=HOURS)
    assert group["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 3}


def test_paying_hours_start_and_stop_the_nodes_in_their_time_zone(cloud: PretendCloud) -> None:
    pool(cloud, paying_hours=HOURS)
    start, stop = cloud.one(SCHEDULE, "g6-start").inputs, cloud.one(SCHEDULE, "g6-stop").inputs
    assert (start["desiredCapacity"], start["recurrence"]) == (2, HOURS.start)
    assert (stop["desiredCapacity"], stop["recurrence"]) == (0, HOURS.stop)
    assert start["timeZone"] == stop["timeZone"] == "Europe/Berlin"


def test_a_schedule_never_touches_the_maximum_that_was_admitted(cloud: PretendCloud) -> None:
    pool(cloud, paying_hours=HOURS, until=datetime(2026, 11, 26, 18, tzinfo=UTC))
    bounds = [(item.inputs["minSize"], item.inputs["maxSize"]) for item in cloud.of(SCHEDULE)]
    assert bounds == [(-1, -1)] * 3


def test_schedules_act_on_the_pools_own_group(cloud: PretendCloud) -> None:
    pool(cloud, paying_hours=HOURS)
    assert {item.inputs["autoscalingGroupName"] for item in cloud.of(SCHEDULE)} == {"group-asg"}


def test_nodes_are_taken_back_at_a_moment_given_in_any_time_zone(cloud: PretendCloud) -> None:
    until = datetime(2026, 11, 26, 20, tzinfo=timezone(timedelta(hours=2)))
    group, _ = pool(cloud, until=until)
    action = cloud.one(SCHEDULE, "g6-until").inputs
    assert (action["startTime"], action["desiredCapacity"]) == ("2026-11-26T18:00:00Z", 0)
    assert group["scalingConfig"]["minSize"] == 0

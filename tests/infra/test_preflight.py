"""What an account cannot give is refused before anything is created."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.chart import CHART_FOLDER
from infra.facts import Caller
from infra.images import image_versions, missing_digests
from infra.memory import Memory
from infra.model_memory import main_memory_share_mib, usable_gib_per_gpu
from infra.preflight import support_warning
from infra.zones import Places, choose_places
from tests.infra.conftest import ACCOUNT, ZONES
from tests.infra.judging import accepted, judge, refused, with_instances, with_quota, without
from tests.infra.stack import AUTO_MODE, DUMMY, facts, instance, load, pool, server

import pin_images  # isort: skip - from scripts/, which conftest.py makes importable

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
ON_DEMAND_G, SPOT_G = "Running On-Demand G and VT instances", "All G and VT Spot Instance Requests"
STANDARD = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
WITHOUT_GPUS: dict[str, Any] = {"gpuPools": [], "modelServers": []}
EXISTING = {"vpcId": "vpc-0123456789abcdef0", "privateSubnets": {"us-east-1a": "s-a", "us-east-1b": "s-b"}}


def test_an_account_that_has_everything_is_accepted() -> None:
    assert judge(load(), facts()) == []


def test_an_unknown_instance_type_is_refused() -> None:
    right = refused(load(gpuPools=[pool(instanceTypes=["g6e.xlarge", "g6e.banana"])]), facts())

    assert right == {"gpuPools[0].instanceTypes[1]": "an instance type that EC2 offers in us-east-1"}


def test_a_type_without_gpus_is_refused() -> None:
    assert "gpuPools[0].instanceTypes[0]" in refused(load(gpuPools=[pool(instanceTypes=["m6i.large"])]), facts())


def test_a_type_that_is_offered_in_no_chosen_zone_is_refused_with_the_zones_that_offer_it() -> None:
    account = with_instances(zones=frozenset({"us-east-1c"}))

    right = refused(load(network={"zones": ["us-east-1a", "us-east-1b"]}), account)

    assert "us-east-1c" in right["gpuPools[0].instanceTypes[0]"]


def test_a_type_that_is_not_offered_in_its_pools_zones_is_refused() -> None:
    account = with_instances(zones=frozenset({"us-east-1a"}))

    assert "gpuPools[0].instanceTypes[0]" in refused(load(gpuPools=[pool(zones=["us-east-1b"])]), account)


def test_zones_are_chosen_where_the_gpu_types_are_offered() -> None:
    account = with_instances(zones=frozenset({"us-east-1b", "us-east-1c"}))

    places = choose_places(load(), account, Memory())

    assert places == Places(network=("us-east-1b", "us-east-1c"), pools={"l40s": ("us-east-1b", "us-east-1c")})


def test_a_pool_stands_only_in_zones_that_offer_its_type() -> None:
    account = with_instances(zones=frozenset({"us-east-1b"}))

    places = choose_places(load(), account, Memory())

    assert places == Places(network=("us-east-1a", "us-east-1b"), pools={"l40s": ("us-east-1b",)})


def test_zones_are_kept_when_offers_change() -> None:
    memory = accepted(load(), facts())

    places = choose_places(load(), with_instances(zones=frozenset({"us-east-1c"})), memory)

    assert places == Places(network=ZONES[:2], pools={"l40s": ZONES[:2]})


def test_a_pool_of_another_type_gets_its_own_zones() -> None:
    memory = accepted(load(), facts())
    account = facts(instances={**facts().instances, "g6.xlarge": instance(zones=frozenset({"us-east-1b"}))})

    places = choose_places(load(gpuPools=[pool(instanceTypes=["g6.xlarge"])]), account, memory)

    assert places.pools["l40s"] == ("us-east-1b",)


def test_a_zone_of_another_region_is_refused() -> None:
    assert "network.zones.eu-west-1a" in refused(load(network={"zones": ["us-east-1a", "eu-west-1a"]}), facts())


def test_more_zones_than_the_region_has_are_refused() -> None:
    account = facts(zones=ZONES[:2])

    assert "network.zoneCount" in refused(load(network={"zoneCount": 3}, **WITHOUT_GPUS), account)


@pytest.mark.parametrize(("vcpus", "said"), [(7, "at most 7 vCPUs"), (None, "AWS does not say")])
def test_a_quota_that_is_too_small_or_unknown_is_refused(vcpus: int | None, said: str) -> None:
    right = refused(load(), with_quota(ON_DEMAND_G, vcpus))["gpuPools[0].nodes.max"]

    assert "L-DB2E81BA" in right
    assert said in right


def test_a_quota_that_is_just_enough_is_accepted() -> None:
    assert judge(load(), with_quota(ON_DEMAND_G, 8)) == []


def test_spot_nodes_count_against_the_spot_quota_alone() -> None:
    spot = load(gpuPools=[pool(purchaseOption="spot")], modelServers=[server(longestRequestSeconds=60)])

    assert judge(spot, with_quota(ON_DEMAND_G, 0)) == []
    assert "L-3819A6DF" in refused(spot, with_quota(SPOT_G, 7))["gpuPools[0].nodes.max"]


def test_pools_under_one_quota_add_up() -> None:
    both = load(gpuPools=[pool(), pool(name="more")])

    assert judge(both, with_quota(ON_DEMAND_G, 16)) == []
    assert refused(both, with_quota(ON_DEMAND_G, 15))


def test_of_several_types_the_largest_counts_against_the_quota() -> None:
    mixed = load(
        gpuPools=[pool(purchaseOption="spot", instanceTypes=["g6e.xlarge", "g6e.12xlarge"])],
        modelServers=[server(longestRequestSeconds=60)],
    )

    assert refused(mixed, with_quota(SPOT_G, 95))
    assert judge(mixed, with_quota(SPOT_G, 96)) == []


def test_system_nodes_count_against_their_quota() -> None:
    assert "systemNodes.count" in refused(load(), with_quota(STANDARD, 3))


def test_a_capacity_block_needs_no_running_instances_quota() -> None:
    block = load(gpuPools=[pool(purchaseOption="capacity_block", capacityReservationId="cr-0123456789abcdef0")])

    assert judge(block, with_quota(ON_DEMAND_G, 0)) == []


def test_an_unknown_system_type_is_refused() -> None:
    assert "systemNodes.instanceType" in refused(load(), without("m6i.large"))


def test_more_gpus_for_a_replica_than_the_instance_has_are_refused() -> None:
    right = refused(load(modelServers=[server(tensorParallel=2)]), facts())

    assert right["modelServers[0].tensorParallel"] == "at most 1, the GPUs of one g6e.xlarge"


def test_a_model_that_does_not_fit_is_refused_with_what_it_needs_and_what_there_is() -> None:
    right = refused(load(modelServers=[server(weightsGib=38.3)]), facts())["modelServers[0].weightsGib"]

    assert "needs 38.3 GiB" in right
    assert "38.2 of 44.7 GiB" in right


def test_a_model_that_just_fits_is_accepted() -> None:
    assert judge(load(modelServers=[server(weightsGib=usable_gib_per_gpu(44.7))]), facts()) == []


def test_the_cache_of_one_longest_request_must_fit_too() -> None:
    assert refused(load(modelServers=[server(weightsGib=38.2, kvCacheGibPerSequence=0.1)]), facts())


def test_tensor_parallelism_splits_the_model() -> None:
    split = load(
        gpuPools=[pool(instanceTypes=["g6e.12xlarge"], nodes={"desired": 1, "max": 1})],
        modelServers=[server(weightsGib=140, tensorParallel=4, replicas={"min": 1})],
    )

    assert judge(split, facts()) == []


def test_a_model_must_fit_on_every_type_of_its_pool() -> None:
    mixed = load(
        gpuPools=[pool(purchaseOption="spot", instanceTypes=["g6e.xlarge", "g6.xlarge"])],
        modelServers=[server(weightsGib=30, longestRequestSeconds=60)],
    )

    assert "g6.xlarge" in refused(mixed, facts())["modelServers[0].weightsGib"]


def test_more_main_memory_than_a_replicas_share_of_its_node_is_refused() -> None:
    right = refused(load(modelServers=[server(memoryMib=25_191)]), facts())["modelServers[0].memoryMib"]

    assert "at most 25190" in right
    assert judge(load(modelServers=[server(memoryMib=25_190)]), facts()) == []


def test_two_replicas_of_one_node_share_its_main_memory() -> None:
    node = instance(gpus=4, memory_mib=196_608)

    assert main_memory_share_mib(node, 1) == 39_321
    assert main_memory_share_mib(node, 2) == 78_643


def test_more_replicas_than_the_pool_holds_at_its_maximum_are_refused() -> None:
    many = load(modelServers=[server(replicas={"min": 2, "max": 3})])

    assert "2 nodes (nodes.max) of 1 GPUs" in refused(many, facts())["modelServers[0].replicas.max"]


def test_replicas_that_always_run_must_find_their_nodes_from_the_start() -> None:
    few = load(gpuPools=[pool(nodes={"desired": 1, "max": 2})])

    assert "nodes.desired" in refused(few, facts())["modelServers[0].replicas.min"]


def test_a_karpenter_pool_starts_nodes_by_itself() -> None:
    assert judge(load(cluster=AUTO_MODE, gpuPools=[pool(kind="karpenter", nodes={"max": 2})]), facts()) == []


def test_keda_adds_no_replicas_that_no_node_of_a_managed_pool_holds() -> None:
    monitored = {"keda": True, "prometheus": True}
    growing = {
        "gpuPools": [pool(nodes={"desired": 1, "max": 2})],
        "modelServers": [server(replicas={"min": 1, "max": 2})],
    }

    assert "KEDA" in refused(load(platform=monitored, **growing), facts())["modelServers[0].replicas.max"]
    assert judge(load(**growing), facts()) == []


def test_servers_on_one_pool_share_its_gpus() -> None:
    both = load(modelServers=[server(), server(name="other", replicas={"min": 1})])

    assert "modelServers[1].replicas.max" in refused(both, facts())


@pytest.mark.parametrize("version", ["1.33", "1.99"])
def test_a_kubernetes_version_out_of_support_is_refused_with_those_that_are_in(version: str) -> None:
    right = refused(load(cluster={"kubernetesVersion": version}), facts())

    assert "1.34, 1.35, 1.36" in right["cluster.kubernetesVersion"]


def test_standard_support_ends_at_the_beginning_of_its_last_date() -> None:
    addons = dict.fromkeys(("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"), "v0-test")
    old = load(cluster={"kubernetesVersion": "1.34", "addonVersions": addons | {"eks-node-monitoring-agent": "v0"}})

    assert judge(old, facts(), today=date(2026, 12, 1)) == []
    assert "cluster.kubernetesVersion" in refused(old, facts(), today=date(2026, 12, 2))


def test_the_last_ninety_days_of_support_are_warned_about() -> None:
    assert support_warning(load(), date(2027, 5, 4)) == ""
    assert "leaves standard support in 89 days, on 2027-08-02" in support_warning(load(), date(2027, 5, 5))


def test_an_add_on_without_a_version_is_refused() -> None:
    assert "cluster.addonVersions.vpc-cni" in refused(load(cluster={}), facts())


def test_an_image_without_a_digest_is_refused_where_a_server_needs_it() -> None:
    right = refused(load(images={"server": DUMMY, "proxy": DUMMY}), facts())

    assert "make pin" in right["images.downloader"]
    assert judge(load(images={}, modelServers=[]), facts()) == []


def test_a_pinned_image_needs_no_digest_in_the_configuration(tmp_path: Path) -> None:
    shutil.copy(CHART_FOLDER / "values.yaml", tmp_path)
    values = yaml.safe_load((CHART_FOLDER / "values.yaml").read_text(encoding="utf-8"))
    server = f"{values['image']['repository']}:{values['image']['version']}"
    (tmp_path / "images.json").write_text(json.dumps({server: {"digest": DUMMY}}))

    missing = [key for key, _, _ in missing_digests(load(images={}).images, tmp_path)]

    assert missing == ["images.proxy", "images.downloader"]


def test_the_images_are_those_that_make_pin_looks_up() -> None:
    values = yaml.safe_load((CHART_FOLDER / "values.yaml").read_text(encoding="utf-8"))
    pinned = {f"{repository}:{version}" for repository, version in pin_images.images(values)}

    assert set(image_versions(CHART_FOLDER).values()) == pinned


def test_system_nodes_with_gpus_are_refused_since_admission_counts_pools_alone() -> None:
    account = facts(instances={**facts().instances, "p5.48xlarge": instance(gpus=8, vcpus=192)})

    assert (
        "gpuPools"
        in refused(load(systemNodes={"instanceType": "p5.48xlarge", "count": 2}), account)["systemNodes.instanceType"]
    )


def test_an_address_that_cannot_be_found_out_is_refused() -> None:
    assert "callerAddress" in refused(load(callerAddress="https://example.com"), facts(caller_address=""))


def test_an_ipv6_address_cannot_be_let_in_alone() -> None:
    assert "callerAddress" in refused(load(), facts(caller_address="2001:db8::1"))


def test_a_list_of_networks_must_hold_this_machine() -> None:
    config = load(apiAccess="cidrs", apiAccessCidrs=["198.51.100.0/24", "192.0.2.0/24"])

    assert "203.0.113.7" in refused(config, facts())["apiAccessCidrs"]
    assert judge(config, facts(caller_address="198.51.100.9")) == []


def test_a_private_api_needs_a_way_that_works_now() -> None:
    config = load(apiAccess="private", apiAccessVia="10.40.0.9:22")

    assert judge(config, facts(reached={"10.40.0.9:22": None})) == []
    assert "timed out" in refused(config, facts(reached={"10.40.0.9:22": "timed out"}))["apiAccessVia"]


def test_a_cluster_that_exists_must_be_there_and_answer() -> None:
    config = load(cluster={"existingName": "theirs"}, network=EXISTING)
    there = facts(cluster_endpoint="theirs.example.com:443", reached={"theirs.example.com:443": None})

    assert judge(config, there) == []
    assert "cluster.existingName" in refused(config, facts())
    closed = replace(there, reached={"theirs.example.com:443": "timed out"})
    assert "does not answer: timed out" in refused(config, closed)["cluster.existingName"]


def test_whoever_runs_pulumi_must_be_an_administrator() -> None:
    config = load(administrators=[f"arn:aws:iam::{ACCOUNT}:role/platform"])

    assert "role/deployer" in refused(config, facts())["administrators"]
    platform = Caller(account_id=ACCOUNT, partition="aws", arn=f"arn:aws:iam::{ACCOUNT}:role/platform")
    assert judge(config, facts(caller=platform)) == []


def test_the_load_balancer_controller_is_refused_without_its_policy() -> None:
    assert "platform.loadBalancerController" in refused(load(platform={"loadBalancerController": True}), facts())


def test_everything_that_cannot_be_had_is_in_one_message() -> None:
    config = load(
        cluster={"kubernetesVersion": "1.20"},
        gpuPools=[pool(), pool(name="other", instanceTypes=["g6e.banana"])],
        modelServers=[server(weightsGib=100)],
    )

    right = refused(config, facts(caller_address="", quotas={}))

    assert {
        "cluster.kubernetesVersion",
        "callerAddress",
        "gpuPools[1].instanceTypes[0]",
        "gpuPools[0].nodes.max",
        "systemNodes.count",
        "modelServers[0].weightsGib",
    } <= right.keys()

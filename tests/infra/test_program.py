"""The whole program on a pretend engine: what each profile registers, and that a refusal registers nothing."""

import runpy
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pulumi
import pytest

from costcheck.verdict import Allowance, Verdict, encode
from infra.errors import GrowthDeniedError, GrowthUndecidedError, ProblemsError
from infra.memory import Memory, from_state, to_state
from tests.costcheck.builders import self_host
from tests.infra.conftest import PROJECT, REGION, STACK, ZONES, PretendCloud
from tests.infra.stack import AUTO_MODE, ROOT, SECRET, full_values, pool, server, set_config

OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
GROUP, RELEASE = "aws:eks/nodeGroup:NodeGroup", "kubernetes:helm.sh/v3:Release"
NAT, STASH = "aws:ec2/natGateway:NatGateway", "pulumi:index:Stash"
VCPUS = {"m6i.large": 2, "g6e.xlarge": 4, "g6.xlarge": 4}


def offerings(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    known = [type_ for type_ in asked["filters"][0]["values"] if type_ in VCPUS]
    pairs = [(type_, zone) for type_ in known for zone in ZONES]
    return {"instanceTypes": [type_ for type_, _ in pairs], "locations": [zone for _, zone in pairs], "id": "x"}


def instance_type(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    gpus = [{"count": 1, "manufacturer": "NVIDIA", "memorySize": 45_776, "name": "L40S"}]
    type_ = asked["instanceType"]
    return {"defaultVcpus": VCPUS[type_], "memorySize": 32_768, "gpuses": gpus if type_.startswith("g") else []}


def remembered(memory: Memory | None) -> Mapping[str, Any]:
    if memory is None:
        return {"outputs": {}}
    urn = f"urn:pulumi:test::worthwhile::{STASH}::memory"
    return {"outputs": {urn: {"type": STASH, "outputs": {"input": to_state(memory)}}}}


class Stack:
    """A stack in a pretend account, with or without a decision."""

    def __init__(self, cloud: PretendCloud, folder: Path) -> None:
        self.cloud, self.decision = cloud, folder / "current.json"
        self.memory: Memory | None = None
        self.exports: dict[str, Any] = {}
        cloud.answers |= {
            OFFERINGS: offerings,
            "aws:ec2/getInstanceType:getInstanceType": instance_type,
            "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": list(ZONES)},
            "aws:iam/getSessionContext:getSessionContext": lambda asked: {"issuerArn": asked["arn"]},
            "aws:servicequotas/getServiceQuota:getServiceQuota": {"value": 64.0},
            "pulumi:pulumi:readStackResourceOutputs": lambda _: remembered(self.memory),
        }

    def decide(self, *, valid_until: date = date(9999, 12, 31), nodes: int = 2) -> None:
        allowance = Allowance(
            region_id=REGION, maximum_nodes={"g6e.xlarge/on_demand": nodes}, monthly_ceiling_usd=Decimal(3_000)
        )
        record = replace(self_host(), verdict=Verdict.SELF_HOST, valid_until=valid_until, allowance=allowance)
        self.decision.write_bytes(encode(record))

    def up(self, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> PretendCloud:  # noqa: ANN401 - any key
        self.cloud.resources.clear()
        set_config(full_values(decision=str(self.decision), **changes))
        monkeypatch.setattr(pulumi, "export", self.exports.__setitem__)

        def program() -> None:
            runpy.run_path(str(ROOT / "infra"), run_name="__main__")

        return self.cloud.deploy(program)

    def created(self) -> set[str]:
        return {resource.token for resource in self.cloud.resources} - {"pulumi:pulumi:Stack"}


@pytest.fixture
def stack(cloud: PretendCloud, tmp_path: Path) -> Stack:
    return Stack(cloud, tmp_path)


def test_the_small_profile_has_one_nat_gateway_and_one_system_group(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = stack.up(monkeypatch, gpuPools=[], modelServers=[])

    assert len(cloud.of(NAT)) == 1
    assert len(cloud.of(GROUP)) == 1
    assert cloud.of(RELEASE) == []


def test_the_full_profile_has_a_nat_gateway_in_each_of_three_zones_and_monitoring(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = stack.up(monkeypatch, profile="full", gpuPools=[], modelServers=[])

    assert len(cloud.of(NAT)) == 3
    charts = {release.inputs["chart"] for release in cloud.of(RELEASE)}
    assert charts == {"kube-prometheus-stack", "dcgm-exporter", "keda"}


@pytest.mark.parametrize("profile", ["small", "full"])
def test_pools_and_servers_follow_an_accepted_decision(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    stack.decide()

    cloud = stack.up(monkeypatch, profile=profile)

    assert cloud.one(GROUP, "l40s").inputs["scalingConfig"]["maxSize"] == 2
    assert cloud.one(RELEASE, "qwen").inputs["values"]["replicas"] == {"min": 2, "max": 2}
    assert stack.exports["admitted_gpu_maximums"] == {"g6e.xlarge/on_demand": 2}


def test_the_budget_is_the_ceiling_of_the_decision(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.decide()

    cloud = stack.up(monkeypatch)

    assert Decimal(cloud.one("aws:budgets/budget:Budget").inputs["limitAmount"]) == 3_000


def test_the_budget_stays_when_the_decision_is_gone(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.memory = Memory(
        region=REGION, gpu_maximums={"g6e.xlarge/on_demand": 2}, zones=ZONES[:2], monthly_ceiling_usd="3000"
    )

    cloud = stack.up(monkeypatch)

    assert Decimal(cloud.one("aws:budgets/budget:Budget").inputs["limitAmount"]) == 3_000


def test_without_a_decision_nothing_at_all_is_created(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GrowthDeniedError):
        stack.up(monkeypatch)

    assert stack.created() == set()


def test_a_preview_shows_what_is_refused_before_it_fails(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi.runtime.set_mocks(stack.cloud, project=PROJECT, stack=STACK, preview=True)

    with pytest.raises(GrowthDeniedError):
        stack.up(monkeypatch)

    assert GROUP in stack.created()


def test_with_an_expired_decision_the_last_accepted_size_stands(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.decide(valid_until=date(2026, 1, 1))
    stack.memory = Memory(region=REGION, gpu_maximums={"g6e.xlarge/on_demand": 2}, zones=ZONES[:2])

    stack.up(monkeypatch)

    with pytest.raises(GrowthUndecidedError):
        stack.up(monkeypatch, gpuPools=[pool(nodes={"desired": 2, "max": 3})])
    assert stack.created() == set()


def test_a_problem_with_the_account_is_found_before_anything_is_created(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.decide()

    with pytest.raises(ProblemsError, match=r"g6e\.banana"):
        stack.up(monkeypatch, gpuPools=[pool(instanceTypes=["g6e.banana"])])

    assert stack.created() == set()


def test_what_is_admitted_is_written_down(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.decide()

    written = stack.up(monkeypatch).one(STASH).inputs["input"]

    assert written["gpu_maximums"] == {"g6e.xlarge/on_demand": 2}
    assert written["zones"] == list(ZONES[:2])


def test_the_zones_of_the_last_run_are_kept(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.memory = Memory(region=REGION, zones=ZONES[1:])

    cloud = stack.up(monkeypatch, gpuPools=[], modelServers=[])

    zones = {subnet.inputs["availabilityZone"] for subnet in cloud.of("aws:ec2/subnet:Subnet")}
    assert zones == set(ZONES[1:])


def test_the_api_is_open_to_this_machine_alone(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = stack.up(monkeypatch, gpuPools=[], modelServers=[])

    assert cloud.one("aws:eks/cluster:Cluster").inputs["vpcConfig"]["publicAccessCidrs"] == ["203.0.113.7/32"]


def test_a_karpenter_pool_is_limited_to_the_nodes_that_were_admitted(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.decide()

    cloud = stack.up(monkeypatch, cluster=AUTO_MODE, gpuPools=[pool(kind="karpenter", nodes={"max": 2})])

    limits = cloud.one("kubernetes:karpenter.sh/v1:NodePool").inputs["spec"]["limits"]
    assert limits == {"nvidia.com/gpu": "2", "cpu": "8"}


def test_auto_mode_stays_on_when_its_last_pool_goes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = stack.up(monkeypatch, cluster=AUTO_MODE, gpuPools=[], modelServers=[])

    assert cloud.one("aws:eks/cluster:Cluster").inputs["computeConfig"]["enabled"] is True


def test_gpus_come_after_the_memory_of_their_admission(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.decide()

    order = [resource.token for resource in stack.up(monkeypatch).resources]

    assert order.index(STASH) < order.index("worthwhile:infra:GpuNodePool")


def test_the_idle_cost_is_exported(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.up(monkeypatch, gpuPools=[], modelServers=[])

    assert "a month" in stack.exports["idle_cost"]


def test_a_server_on_no_pool_needs_no_gpu_on_the_local_stack(
    stack: Stack, cloud: PretendCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi.runtime.set_mocks(cloud, project="worthwhile", stack="local")

    values = stack.up(monkeypatch, gpuPools=[], modelServers=[server(pool="")]).one(RELEASE, "qwen").inputs["values"]

    assert values["gpu"] == {"count": 0}


def test_the_api_key_is_a_secret_wherever_it_goes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.decide()

    cloud = stack.up(monkeypatch)

    holders = [resource.token for resource in cloud.resources if SECRET in str(resource.inputs)]
    assert holders == ["kubernetes:core/v1:Secret"]


def test_a_stack_in_an_account_that_has_turned_bad_can_still_shrink(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stack.decide()
    stack.memory = from_state(stack.up(monkeypatch).one(STASH).inputs["input"])
    stack.decision.unlink()
    stack.cloud.answers |= {
        OFFERINGS: {"instanceTypes": [], "locations": [], "id": "x"},
        "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": []},
        "aws:servicequotas/getServiceQuota:getServiceQuota": {"value": 0.0},
    }

    cloud = stack.up(
        monkeypatch,
        gpuPools=[pool(nodes={"desired": 1, "max": 1})],
        modelServers=[server(replicas={"min": 1})],
    )

    assert cloud.one(GROUP, "l40s").inputs["scalingConfig"]["maxSize"] == 1
    assert len(cloud.one(GROUP, "l40s").inputs["subnetIds"]) == 2
    assert "may be kept or lowered" in caplog.text


def test_a_cluster_and_a_network_that_exist_are_used_and_not_made(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.decide()
    with socket.create_server(("127.0.0.1", 0)) as api:
        stack.cloud.answers["aws:eks/getCluster:getCluster"] = {
            "name": "theirs",
            "arn": "arn:aws:eks:us-east-1:123456789012:cluster/theirs",
            "endpoint": f"https://127.0.0.1:{api.getsockname()[1]}",
            "certificateAuthorities": [{"data": "Q0E="}],
            "vpcConfig": {"clusterSecurityGroupId": "sg-theirs"},
        }
        cloud = stack.up(
            monkeypatch,
            cluster={"existingName": "theirs"},
            network={"vpcId": "vpc-0123456789abcdef0", "privateSubnets": {"us-east-1a": "s-a", "us-east-1b": "s-b"}},
        )

    assert cloud.of("aws:eks/cluster:Cluster") == cloud.of("aws:ec2/vpc:Vpc") == []
    assert cloud.one(GROUP).inputs["subnetIds"] == ["s-a", "s-b"]
    assert cloud.one(GROUP).inputs["clusterName"] == "theirs"
    # What is there already is theirs: taken over, it would be deleted with this stack.
    assert cloud.one("pulumi:providers:kubernetes").inputs["upsertExistingObjects"] == "false"


def test_in_a_cluster_of_its_own_the_stack_takes_over_what_a_killed_update_left(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = stack.up(monkeypatch, gpuPools=[], modelServers=[])

    assert cloud.one("pulumi:providers:kubernetes").inputs["upsertExistingObjects"] == "true"


def test_a_server_on_a_scheduled_pool_is_not_waited_for(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.decide()
    hours = {"start": "0 8 * * MON-FRI", "stop": "0 20 * * MON-FRI"}

    release = stack.up(monkeypatch, gpuPools=[pool(schedule=hours)]).one(RELEASE, "qwen")

    assert release.inputs["skipAwait"] is True

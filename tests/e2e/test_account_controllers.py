"""The pretend account beside a real control plane: nodes, side effects of controllers, and what they leave behind."""

import time
from collections.abc import Callable, Iterator
from concurrent import futures
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import pytest
from kubernetes import client, config
from pulumi.runtime.proto import provider_pb2_grpc

from localcloud.account.drills import lose_zone
from localcloud.account.provider import AwsProvider
from localcloud.account.store import Account, Resource
from localcloud.paths import Home
from tests.e2e.conftest import localcloud
from tests.localcloud.account.engine_side import Engine, Made, RefusedByProviderError
from tests.localcloud.account.programs import Network, make_cluster, make_network, make_node_group, make_role

pytestmark = pytest.mark.e2e

Api: TypeAlias = Any  # the client's stubs are of an older version
SECONDS = 30
BALANCER, VOLUME, LOG_GROUP, INTERFACE = (
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:ebs/volume:Volume",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/networkInterface:NetworkInterface",
)
POOL = {"worthwhile.dev/pool": "auto"}
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


class World:
    """One cloud with a network and an Auto Mode cluster in it."""

    def __init__(self, home: Home, engine: Engine) -> None:
        self.home, self.engine = home, engine
        self.account = Account(home.account_file)
        connection = config.new_client_from_config(str(home.kubeconfig))
        self.core: Api = client.CoreV1Api(connection)
        self.objects: Api = client.CustomObjectsApi(connection)
        self.storage: Api = client.StorageV1Api(connection)
        self.network: Network = make_network(engine)
        self.role: Made = make_role(engine, "any")
        self.cluster = make_cluster(engine, self.network, self.role, computeConfig={"enabled": True})

    def nodes(self) -> list[Any]:
        found: list[Any] = self.core.list_node().items
        return found

    def of_type(self, token: str) -> list[Resource]:
        return self.account.read().of_type(token)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("account")
    home = Home(root=folder, tools=folder)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsProvider(home), server)
    channel = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    try:
        localcloud(folder, "up")
        yield World(home, Engine(provider_pb2_grpc.ResourceProviderStub(channel)))
    finally:
        channel.close()
        server.stop(None)
        localcloud(folder, "down")


def test_a_cluster_is_the_control_plane_of_this_machine(world: World) -> None:
    connection: Api = world.core.api_client.configuration
    assert world.cluster.outputs["endpoint"] == connection.host
    assert world.cluster.outputs["certificateAuthority"]["data"]


def test_nodes_come_change_and_go_with_their_group(world: World) -> None:
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    group = make_node_group(
        world.engine, world.network, world.cluster, world.role, labels={"pool": "gpu"}, taints=[taint]
    )
    nodes = world.nodes()
    assert [node.metadata.labels["topology.kubernetes.io/zone"] for node in nodes] == ["us-east-1a", "us-east-1b"]
    assert {node.status.capacity["nvidia.com/gpu"] for node in nodes} == {"1"}
    assert {node.metadata.labels["pool"] for node in nodes} == {"gpu"}
    assert all(node.spec.taints[0].key == "nvidia.com/gpu" for node in nodes)
    changed = world.engine.change(group, labels={"pool": "renamed"})
    assert {node.metadata.labels["pool"] for node in world.nodes()} == {"renamed"}
    world.engine.delete(changed)
    assert world.nodes() == []


def test_a_lost_zone_heals_only_when_the_group_is_changed(world: World) -> None:
    group = make_node_group(world.engine, world.network, world.cluster, world.role)
    lost = lose_zone(world.home, "us-east-1a")
    assert len(lost) == 1
    time.sleep(2)  # longer than the controllers take for a round
    assert [node.metadata.labels["topology.kubernetes.io/zone"] for node in world.nodes()] == ["us-east-1b"]
    healed = world.engine.change(group, tags={"healed": "yes"})
    assert len(world.nodes()) == 2
    world.engine.delete(healed)


def test_a_service_gets_a_load_balancer_that_goes_with_it(world: World) -> None:
    body = {"metadata": {"name": "front"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    world.core.create_namespaced_service("default", body)
    eventually(lambda: len(world.of_type(BALANCER)) == 1)
    eventually(lambda: bool(world.core.read_namespaced_service("front", "default").status.load_balancer.ingress))
    interfaces = [each for each in world.of_type(INTERFACE) if each.inputs.get("requester") == "amazon-elb"]
    assert len(interfaces) == 2
    with pytest.raises(RefusedByProviderError, match="DependencyViolation"):
        world.engine.delete(world.network.subnets[0])
    world.core.delete_namespaced_service("front", "default")
    eventually(lambda: world.of_type(BALANCER) == [])
    assert [each for each in world.of_type(INTERFACE) if each.inputs.get("requester") == "amazon-elb"] == []


def test_a_claim_gets_a_volume_that_goes_with_it(world: World) -> None:
    world.storage.create_storage_class({"metadata": {"name": "gp3"}, "provisioner": "ebs.csi.aws.com"})
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gp3",
        "resources": {"requests": {"storage": "7Gi"}},
    }
    world.core.create_namespaced_persistent_volume_claim("default", {"metadata": {"name": "data"}, "spec": claim})
    eventually(lambda: [each.inputs["size"] for each in world.of_type(VOLUME)] == [7])
    eventually(lambda: _phase(world) == "Bound")
    world.core.delete_namespaced_persistent_volume_claim("data", "default")
    eventually(lambda: world.of_type(VOLUME) == [])
    eventually(lambda: world.core.list_persistent_volume().items == [])


def _phase(world: World) -> str:
    return str(world.core.read_namespaced_persistent_volume_claim("data", "default").status.phase)


def test_the_log_group_of_a_living_cluster_comes_back(world: World) -> None:
    with world.account.change() as state:
        for each in state.of_type(LOG_GROUP):
            state.remove(each)
    eventually(lambda: [each.id for each in world.of_type(LOG_GROUP)] == ["/aws/eks/eks/cluster"])


def test_auto_mode_starts_nodes_within_the_limits_and_ends_empty_ones(world: World) -> None:
    _make_pool(world, gpu_limit=2)
    names = [f"gpu-{index}" for index in range(3)]
    for name in names:
        world.core.create_namespaced_pod("default", _gpu_pod(name))
    eventually(lambda: len(_running(world)) == 2)
    time.sleep(2)  # longer than the controllers take for a round
    assert len(world.nodes()) == 2
    assert {node.metadata.labels["karpenter.sh/capacity-type"] for node in world.nodes()} == {"spot"}
    for name in names:
        world.core.delete_namespaced_pod(name, "default", grace_period_seconds=0)
    eventually(lambda: world.nodes() == [])
    world.objects.delete_cluster_custom_object("karpenter.sh", "v1", "nodepools", "auto")
    world.objects.delete_cluster_custom_object("eks.amazonaws.com", "v1", "nodeclasses", "auto")


def test_the_nodes_of_a_pool_go_with_it(world: World) -> None:
    _make_pool(world, gpu_limit=1)
    world.core.create_namespaced_pod("default", _gpu_pod("gpu"))
    eventually(lambda: len(_running(world)) == 1)
    world.objects.delete_cluster_custom_object("karpenter.sh", "v1", "nodepools", "auto")
    eventually(lambda: world.nodes() == [])
    world.core.delete_namespaced_pod("gpu", "default", grace_period_seconds=0)
    world.objects.delete_cluster_custom_object("eks.amazonaws.com", "v1", "nodeclasses", "auto")


def _running(world: World) -> list[str]:
    pods = world.core.list_namespaced_pod("default").items
    return [pod.metadata.name for pod in pods if pod.status.phase == "Running"]


def _make_pool(world: World, *, gpu_limit: int) -> None:
    group = world.cluster.outputs["vpcConfig"]["clusterSecurityGroupId"]
    node_class = {
        "subnetSelectorTerms": [{"id": each} for each in world.network.subnet_ids],
        "securityGroupSelectorTerms": [{"id": group}],
    }
    spec = {
        "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "auto"},
        "taints": [GPU_TAINT],
        "requirements": [
            {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]},
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]},
        ],
    }
    pool = {"template": {"metadata": {"labels": POOL}, "spec": spec}, "limits": {"nvidia.com/gpu": str(gpu_limit)}}
    _create(world, "eks.amazonaws.com", "NodeClass", "nodeclasses", node_class)
    _create(world, "karpenter.sh", "NodePool", "nodepools", pool)


def _create(world: World, group: str, kind: str, plural: str, spec: dict[str, Any]) -> None:
    body = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "auto"}, "spec": spec}
    world.objects.create_cluster_custom_object(group, "v1", plural, body)


def _gpu_pod(name: str) -> dict[str, Any]:
    container = {"name": "main", "image": "registry.k8s.io/pause", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    spec = {"nodeSelector": POOL, "tolerations": tolerations, "containers": [container]}
    return {"metadata": {"name": name}, "spec": spec}


def test_a_scheduled_action_acts_when_its_time_has_come(world: World) -> None:
    group = make_node_group(world.engine, world.network, world.cluster, world.role)
    name = group.outputs["resources"][0]["autoscalingGroups"][0]["name"]
    action = world.engine.make(
        "aws:autoscaling/schedule:Schedule",
        "until",
        autoscalingGroupName=name,
        scheduledActionName="until",
        startTime=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        minSize=-1,
        maxSize=-1,
        desiredCapacity=0,
    )
    eventually(lambda: world.nodes() == [])
    read = world.engine.read(group)
    assert read is not None
    assert read.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 3}
    world.engine.delete(action)
    world.engine.delete(group)


def test_what_was_not_deleted_before_the_cluster_stays_and_holds_the_network(world: World) -> None:
    body = {"metadata": {"name": "left"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    world.core.create_namespaced_service("default", body)
    eventually(lambda: len(world.of_type(BALANCER)) == 1)
    world.engine.delete(world.cluster)
    world.core.delete_namespaced_service("left", "default")
    time.sleep(2)  # longer than the controllers take for a round
    assert len(world.of_type(BALANCER)) == 1
    with pytest.raises(RefusedByProviderError, match="DependencyViolation"):
        world.engine.delete(world.network.subnets[0])

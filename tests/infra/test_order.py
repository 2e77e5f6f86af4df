"""What waits for what, and what Pulumi leaves alone: in AWS the wrong order fails, or works until the destroy."""

from pathlib import Path

import pytest

from infra.gpu_node_pool import GpuNodePool, PayingHours
from infra.model_store import ModelStore
from infra.platform_charts import LOAD_BALANCER_CONTROLLER, Platform
from tests.infra.builders import FULL, SMALL, platform_args, pool_args, store_args, whole_stack
from tests.infra.conftest import PretendCloud
from tests.infra.requests import Requests, names, record_requests

ADDON, GROUP, CLUSTER = "aws:eks/addon:Addon", "aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
ATTACHMENT, ROLE_POLICY = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/rolePolicy:RolePolicy"
IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ROUTE = "aws:ec2/route:Route"
RELEASE, NODE_CLASS = "kubernetes:helm.sh/v3:Release", "kubernetes:eks.amazonaws.com/v1:NodeClass"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
HOURS = PayingHours(start="0 8 * * *", stop="0 20 * * *", time_zone="UTC")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    return record_requests(monkeypatch)


RECORDED: dict[str, Requests] = {}
"""The whole stack as it was asked for, once."""


@pytest.fixture
def full(cloud: PretendCloud, requests: Requests) -> Requests:
    if not RECORDED:
        cloud.deploy(lambda: whole_stack(FULL))
        RECORDED["full"] = requests
    return RECORDED["full"]


def test_nothing_inside_the_cluster_comes_before_the_callers_access(full: Requests) -> None:
    before = full.waits_for("pulumi:providers:kubernetes", "inside")
    assert (ASSOCIATION, "cluster-deployer") in before


def test_the_cluster_waits_for_its_log_group_and_permissions(full: Requests) -> None:
    before = full.waits_for(CLUSTER, "cluster")
    assert ("aws:cloudwatch/logGroup:LogGroup", "cluster-control-plane") in before
    assert (ATTACHMENT, "cluster-cluster-AmazonEKSClusterPolicy") in before
    assert (ROLE_POLICY, "cluster-cluster-tags") in before


def test_nodes_wait_for_network_and_credentials(full: Requests) -> None:
    before = full.waits_for(GROUP, "cluster-system")
    assert names(before, ADDON) == {"cluster-vpc-cni", "cluster-kube-proxy", "cluster-eks-pod-identity-agent"}
    assert {"net-private-us-east-1a", "net-private-us-east-1b", "net-private-us-east-1c"} <= names(before, ROUTE)


def test_nodes_wait_for_the_permissions_of_their_role(full: Requests) -> None:
    before = names(full.waits_for(GROUP, "g6"), ATTACHMENT)
    assert {
        "g6-node-AmazonEKSWorkerNodePolicy",
        "g6-node-AmazonEC2ContainerRegistryPullOnly",
    } <= before


def test_dns_waits_for_nodes(full: Requests) -> None:
    assert (GROUP, "cluster-system") in full.waits_for(ADDON, "cluster-coredns")


def test_the_cni_waits_for_its_permissions(full: Requests) -> None:
    assert (ATTACHMENT, "cluster-cni-AmazonEKS_CNI_Policy") in full.waits_for(ADDON, "cluster-vpc-cni")


def test_a_nat_gateway_waits_for_the_internet_gateway(full: Requests) -> None:
    before = full.waits_for("aws:ec2/natGateway:NatGateway", "net-nat-us-east-1b")
    assert ("aws:ec2/internetGateway:InternetGateway", "net") in before


def test_flow_logs_wait_for_their_permissions(full: Requests) -> None:
    assert (ROLE_POLICY, "net-flow-logs") in full.waits_for("aws:ec2/flowLog:FlowLog", "net-flow-logs")


def test_karpenters_nodes_wait_for_their_way_into_the_cluster(full: Requests) -> None:
    before = full.waits_for(NODE_CLASS, "auto-class")
    assert (ASSOCIATION, "cluster-auto-node") in before
    assert "cluster-auto-node-AmazonEKSWorkerNodeMinimalPolicy" in names(before, ATTACHMENT)


def test_a_node_pool_waits_for_its_class(full: Requests) -> None:
    assert (NODE_CLASS, "auto-class") in full.waits_for(NODE_POOL, "auto")


def test_charts_come_one_after_the_other_once_pods_can_run(full: Requests) -> None:
    before = full.waits_for(RELEASE, "platform-keda")
    assert {"platform-kube-prometheus-stack", "platform-dcgm-exporter"} <= names(before, RELEASE)
    assert (ADDON, "cluster-coredns") in before


def test_a_model_server_waits_for_permission_weights_and_platform(full: Requests) -> None:
    before = full.waits_for(RELEASE, "qwen")
    assert {(IDENTITY, "qwen-weights"), (ROLE_POLICY, "qwen-weights")} <= before
    assert ("aws:s3/bucketPolicy:BucketPolicy", "models") in before
    assert (RELEASE, "platform-keda") in before


def test_an_identity_waits_for_what_it_may_do(cloud: PretendCloud, requests: Requests) -> None:
    cloud.deploy(lambda: whole_stack(SMALL))
    assert (ROLE_POLICY, "qwen-weights") in requests.waits_for(IDENTITY, "qwen-weights")


def test_the_load_balancer_controller_waits_for_its_identity(
    cloud: PretendCloud, requests: Requests, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"Version": "2012-10-17", "Statement": []}')
    args = platform_args(enabled=[LOAD_BALANCER_CONTROLLER], controller_policy=policy)
    cloud.deploy(lambda: Platform("platform", args))
    before = requests.waits_for(RELEASE, "platform-aws-load-balancer-controller")
    assert (IDENTITY, "platform-aws-load-balancer-controller") in before


def test_rules_about_old_versions_wait_for_versioning(cloud: PretendCloud, requests: Requests) -> None:
    cloud.deploy(lambda: ModelStore("models", store_args()))
    before = requests.waits_for("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "models")
    assert ("aws:s3/bucketVersioning:BucketVersioning", "models") in before


def test_the_bucket_policy_waits_for_the_block_of_public_access(cloud: PretendCloud, requests: Requests) -> None:
    cloud.deploy(lambda: ModelStore("models", store_args()))
    before = requests.waits_for("aws:s3/bucketPolicy:BucketPolicy", "models")
    assert ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "models") in before


def test_a_pool_waits_for_what_it_is_told_to(cloud: PretendCloud, requests: Requests) -> None:
    def program() -> None:
        store = ModelStore("models", store_args())
        GpuNodePool("g6", pool_args(after=store.ready))

    cloud.deploy(program)
    assert ("aws:s3/bucketPolicy:BucketPolicy", "models") in requests.waits_for(GROUP, "g6")


@pytest.mark.parametrize(("hours", "ignored"), [(None, []), (HOURS, ["scalingConfig.desiredSize"])])
def test_the_number_of_nodes_is_left_to_a_schedule_and_to_nobody_else(
    cloud: PretendCloud, requests: Requests, hours: PayingHours | None, ignored: list[str]
) -> None:
    cloud.deploy(lambda: GpuNodePool("g6", pool_args(paying_hours=hours)))
    assert list(requests[GROUP, "g6"].ignoreChanges) == ignored


def test_a_gpu_group_goes_before_its_successor_comes_and_a_system_group_after(full: Requests) -> None:
    assert full[GROUP, "g6"].deleteBeforeReplace
    assert not full[GROUP, "cluster-system"].deleteBeforeReplace


def test_every_part_of_the_stack_hangs_below_its_component(full: Requests) -> None:
    stray = {
        key
        for key, request in full.by_key.items()
        if ":Stack::" in request.parent and not key[0].startswith("worthwhile:")
    }
    assert stray == {("pulumi:providers:kubernetes", "inside")}

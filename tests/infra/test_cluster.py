"""The control plane: who reaches it, what it writes down, and what it runs on."""

import json
import tomllib
from datetime import date

import pulumi
import pytest

from infra.access import Grant
from infra.addons import AFTER_NODES, BEFORE_NODES
from infra.cluster import Cluster
from infra.errors import ConfigError
from infra.releases import DATA, load_addon_versions
from tests.infra.builders import ADDON_VERSIONS, DEPLOYER, KEY, cluster_args
from tests.infra.conftest import PretendCloud, Registered

CLUSTER, ADDON, ROLE = "aws:eks/cluster:Cluster", "aws:eks/addon:Addon", "aws:iam/role:Role"


def created(cloud: PretendCloud, **changes: object) -> Registered:
    cloud.deploy(lambda: Cluster("cluster", cluster_args(**changes)))
    return cloud.one(CLUSTER)


def managed_policies(cloud: PretendCloud, role: str) -> set[str]:
    attached = [item.inputs for item in cloud.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    return {item["policyArn"].rsplit("/")[-1] for item in attached if item["role"] == role}


def test_the_public_endpoint_answers_the_named_networks_only(cloud: PretendCloud) -> None:
    config = created(cloud).inputs["vpcConfig"]
    assert config["endpointPublicAccess"] is True
    assert config["publicAccessCidrs"] == ["203.0.113.7/32"]


def test_without_networks_there_is_no_public_endpoint(cloud: PretendCloud) -> None:
    config = created(cloud, public_access_cidrs=[]).inputs["vpcConfig"]
    assert config["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in config


def test_nodes_always_reach_the_api_privately(cloud: PretendCloud) -> None:
    assert created(cloud).inputs["vpcConfig"]["endpointPrivateAccess"] is True


@pytest.mark.parametrize("everywhere", ["0.0.0.0/0", "::/0", "128.0.0.0/0"])
def test_an_endpoint_for_everybody_is_refused(cloud: PretendCloud, everywhere: str) -> None:
    with pytest.raises(ConfigError, match="apiAccessCidrs"):
        created(cloud, public_access_cidrs=["203.0.113.7/32", everywhere])
    assert cloud.of(CLUSTER) == []


def test_all_five_logs_are_on(cloud: PretendCloud) -> None:
    logs = created(cloud).inputs["enabledClusterLogTypes"]
    assert sorted(logs) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def test_the_log_group_is_ours_before_eks_can_make_one(cloud: PretendCloud) -> None:
    created(cloud, log_retention_days=90)
    group = cloud.one("aws:cloudwatch/logGroup:LogGroup").inputs
    assert group["name"] == "/aws/eks/worthwhile-test/cluster"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (90, KEY)
    order = [resource.token for resource in cloud.resources]
    assert order.index("aws:cloudwatch/logGroup:LogGroup") < order.index(CLUSTER)


def test_secrets_are_encrypted_with_our_key(cloud: PretendCloud) -> None:
    assert created(cloud).inputs["encryptionConfig"] == {"provider": {"keyArn": KEY}, "resources": ["secrets"]}


def test_nobody_gets_in_for_having_made_the_cluster(cloud: PretendCloud) -> None:
    access = created(cloud).inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_each_grant_is_an_entry_with_its_policy(cloud: PretendCloud) -> None:
    second = Grant(name="oncall", principal_arn="arn:aws:iam::1:role/oncall")
    created(cloud, grants=[Grant(name="deployer", principal_arn=DEPLOYER), second])
    policies = {
        item.inputs["principalArn"]: item.inputs["policyArn"].rsplit("/")[-1]
        for item in cloud.of("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    }
    assert policies == {
        DEPLOYER: "AmazonEKSClusterAdminPolicy",
        "arn:aws:iam::1:role/oncall": "AmazonEKSClusterAdminPolicy",
    }
    assert [entry.inputs["type"] for entry in cloud.of("aws:eks/accessEntry:AccessEntry")] == ["STANDARD"] * 2


@pytest.mark.parametrize(
    "grants",
    [
        [],
        [Grant(name="x", principal_arn=arn) for arn in "ab"],
    ],
)
def test_a_cluster_without_administrator_or_with_ambiguous_grants_is_refused(
    cloud: PretendCloud, grants: list[Grant]
) -> None:
    with pytest.raises(ConfigError, match="administrators"):
        created(cloud, grants=grants)


def test_the_cluster_never_slides_into_extended_support(cloud: PretendCloud) -> None:
    assert created(cloud).inputs["upgradePolicy"] == {"supportType": "STANDARD"}


@pytest.mark.parametrize("protected", [True, False])
def test_deletion_protection_is_what_the_stack_says(cloud: PretendCloud, *, protected: bool) -> None:
    assert created(cloud, deletion_protection=protected).inputs["deletionProtection"] is protected


def test_auto_mode_switches_on_its_three_parts_together(cloud: PretendCloud) -> None:
    inputs = created(cloud, auto_mode=True).inputs
    assert inputs["computeConfig"] == {"enabled": True, "nodePools": []}
    assert inputs["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert inputs["kubernetesNetworkConfig"] == {"elasticLoadBalancing": {"enabled": True}}


def test_without_auto_mode_its_parts_say_no_and_its_permissions_are_absent(cloud: PretendCloud) -> None:
    inputs = created(cloud).inputs
    assert inputs["computeConfig"] == {"enabled": False}
    assert inputs["storageConfig"] == {"blockStorage": {"enabled": False}}
    assert inputs["kubernetesNetworkConfig"] == {"elasticLoadBalancing": {"enabled": False}}
    assert managed_policies(cloud, "cluster-cluster") == {"AmazonEKSClusterPolicy"}


def test_auto_mode_nodes_may_join(cloud: PretendCloud) -> None:
    created(cloud, auto_mode=True)
    entry = cloud.one("aws:eks/accessEntry:AccessEntry", "cluster-auto-node").inputs
    assert entry["type"] == "EC2"
    policy = cloud.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "cluster-auto-node").inputs
    assert policy["policyArn"].endswith("/AmazonEKSAutoNodePolicy")


def test_add_ons_have_the_versions_given(cloud: PretendCloud) -> None:
    created(cloud)
    versions = {item.inputs["addonName"]: item.inputs["addonVersion"] for item in cloud.of(ADDON)}
    assert versions == ADDON_VERSIONS


def test_an_add_on_without_a_version_is_refused_with_the_way_to_look_it_up(cloud: PretendCloud) -> None:
    with pytest.raises(ConfigError, match=r"cluster\.addonVersions\.vpc-cni") as refused:
        created(cloud, addon_versions={**ADDON_VERSIONS, "vpc-cni": ""})
    assert "aws eks describe-addon-versions" in str(refused.value)


def test_the_cni_comes_before_the_nodes_and_dns_after_them(cloud: PretendCloud) -> None:
    created(cloud)
    order = [resource.name for resource in cloud.resources]
    nodes = [resource.token for resource in cloud.resources].index("aws:eks/nodeGroup:NodeGroup")
    assert all(order.index(f"cluster-{addon}") < nodes for addon in BEFORE_NODES)
    assert all(order.index(f"cluster-{addon}") > nodes for addon in AFTER_NODES)


def test_the_cni_enforces_network_policies(cloud: PretendCloud) -> None:
    created(cloud)
    cni = cloud.one(ADDON, "cluster-vpc-cni").inputs
    assert json.loads(cni["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_the_cni_has_a_role_that_only_pods_of_this_cluster_take_on(cloud: PretendCloud) -> None:
    cluster = created(cloud)
    trust = json.loads(cloud.one(ROLE, "cluster-cni").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"].endswith(f":{cluster.name}")
    assert managed_policies(cloud, "cluster-system-node") == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
    }


def test_the_kubeconfig_waits_for_the_callers_access_and_holds_no_credential(cloud: PretendCloud) -> None:
    seen: list[str] = []

    def program() -> None:
        cluster = Cluster("cluster", cluster_args())
        pulumi.Output.all(cluster.kubeconfig).apply(seen.extend)

    cloud.deploy(program)
    user = json.loads(seen[0])["users"][0]["user"]
    assert set(user) == {"exec"}
    words = user["exec"]["args"]
    assert words[:6] == ["eks", "get-token", "--cluster-name", "worthwhile-test", "--region", "us-east-1"]


def test_every_known_version_carries_its_page_and_its_day() -> None:
    rows = [row for rows in tomllib.loads((DATA / "addon_versions.toml").read_text()).values() for row in rows]
    assert {row["name"] for row in rows} == {*BEFORE_NODES, *AFTER_NODES}
    for row in rows:
        assert bool(row["version"]) == row["source_url"].startswith("https://")
        assert isinstance(row["checked"], date)


def test_a_version_in_the_configuration_wins() -> None:
    versions = load_addon_versions("1.36", {"vpc-cni": "v1-mine"})
    assert versions["coredns"].startswith("v1.")
    assert versions["vpc-cni"] == "v1-mine"


def test_a_kubernetes_version_without_add_on_versions_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cluster\.kubernetesVersion"):
        load_addon_versions("1.20", {})

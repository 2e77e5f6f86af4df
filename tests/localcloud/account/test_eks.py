"""Clusters, node groups and access, with no control plane behind them: the account's side alone."""

import pytest

from localcloud.account.effects.eks_nodes import GROUP
from localcloud.account.instances import INSTANCE, INTERFACE, VOLUME
from localcloud.account.store import Account
from tests.localcloud.account.engine_side import Engine, Made, RefusedByProviderError
from tests.localcloud.account.programs import (
    TEMPLATE,
    Network,
    make_cluster,
    make_network,
    make_node_group,
    make_role,
)

ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
CALLER = "arn:aws:iam::123456789012:role/localcloud-admin"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
def role(engine: Engine) -> Made:
    return make_role(engine, "any")


@pytest.fixture
def cluster(engine: Engine, network: Network, role: Made) -> Made:
    return make_cluster(engine, network, role)


def _zones(account: Account) -> list[str]:
    return sorted(each.inputs["zone"] for each in account.read().of_type(INSTANCE))


def test_a_cluster_brings_a_security_group_interfaces_and_a_log_group(cluster: Made, account: Account) -> None:
    state = account.read()
    made = [each.type.rsplit(":", 1)[1] for each in state if each.made_by == cluster.id]
    assert sorted(made) == ["LogGroup", "NetworkInterface", "NetworkInterface", "SecurityGroup"]
    group = cluster.outputs["vpcConfig"]["clusterSecurityGroupId"]
    assert [each.id for each in state if each.made_by == cluster.id and "sg-" in each.id] == [group]


def test_a_deleted_cluster_leaves_only_its_log_group(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    engine.delete(cluster)
    network.delete(engine)
    engine.delete(role)
    assert [each.id for each in account.read()] == ["/aws/eks/eks/cluster"]


def test_a_cluster_with_a_node_group_cannot_be_deleted(
    engine: Engine, cluster: Made, network: Network, role: Made
) -> None:
    make_node_group(engine, network, cluster, role)
    with pytest.raises(RefusedByProviderError, match="ResourceInUseException"):
        engine.delete(cluster)


def test_a_protected_cluster_cannot_be_deleted(engine: Engine, network: Network, role: Made) -> None:
    cluster = make_cluster(engine, network, role, deletionProtection=True)
    with pytest.raises(RefusedByProviderError, match="deletion protection"):
        engine.delete(cluster)
    engine.delete(engine.change(cluster, deletionProtection=False))


def test_a_cluster_needs_two_zones_where_eks_runs(engine: Engine, role: Made) -> None:
    one = make_network(engine, zones=("us-east-1a",))
    with pytest.raises(RefusedByProviderError, match="at least two different AZs"):
        make_cluster(engine, one, role)


def test_a_zone_without_eks_is_refused(engine: Engine, role: Made) -> None:
    with_e = make_network(engine, zones=("us-east-1a", "us-east-1e"))
    with pytest.raises(RefusedByProviderError, match=r"UnsupportedAvailabilityZoneException.*us-east-1e"):
        make_cluster(engine, with_e, role)


@pytest.mark.parametrize("version", ["1.35", "1.38"])
def test_a_version_goes_up_by_one_and_never_back(engine: Engine, cluster: Made, version: str) -> None:
    with pytest.raises(RefusedByProviderError, match="Unsupported Kubernetes minor version update"):
        engine.change(cluster, version=version)


def test_the_next_version_keeps_what_eks_added(engine: Engine, cluster: Made) -> None:
    changed = engine.change(cluster, version="1.37")
    assert changed.outputs["vpcConfig"] == cluster.outputs["vpcConfig"]
    assert changed.outputs["endpoint"] == cluster.outputs["endpoint"]


def test_a_node_group_starts_instances_in_turn_over_its_zones(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    sizes = {"minSize": 0, "desiredSize": 3, "maxSize": 4}
    group = make_node_group(engine, network, cluster, role, scalingConfig=sizes)
    assert _zones(account) == ["us-east-1a", "us-east-1a", "us-east-1b"]
    state = account.read()
    assert len(state.of_type(VOLUME)) == 3
    assert len({each.inputs["privateIp"] for each in state.of_type(INTERFACE)}) == 5  # two are the control plane's
    name = group.outputs["resources"][0]["autoscalingGroups"][0]["name"]
    assert [each.id for each in state.of_type(GROUP)] == [name]


def test_a_node_group_follows_its_size(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    group = make_node_group(engine, network, cluster, role)
    more = engine.change(group, scalingConfig={"minSize": 0, "desiredSize": 3, "maxSize": 3})
    assert len(_zones(account)) == 3
    none = engine.change(more, scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 3})
    assert _zones(account) == []
    engine.delete(none)
    assert [each for each in account.read() if each.made_by == group.id] == []


def test_a_deleted_node_group_takes_its_instances_along(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    engine.delete(make_node_group(engine, network, cluster, role))
    assert account.read().of_type(INSTANCE, VOLUME, GROUP) == []


def test_a_new_template_version_replaces_every_instance(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    template = engine.make(TEMPLATE, "gpu", blockDeviceMappings=[_disk(50)])
    chosen = {"id": template.id, "version": "1"}
    group = make_node_group(engine, network, cluster, role, launchTemplate=chosen)
    before = {each.id for each in account.read().of_type(INSTANCE)}
    engine.change(template, blockDeviceMappings=[_disk(80)])
    engine.change(group, launchTemplate={**chosen, "version": "2"})
    state = account.read()
    assert before.isdisjoint(each.id for each in state.of_type(INSTANCE))
    assert [each.inputs["size"] for each in state.of_type(VOLUME)] == [80, 80]


def _disk(gib: int) -> dict[str, object]:
    return {"deviceName": "/dev/xvda", "ebs": {"volumeSize": gib, "volumeType": "gp3", "encrypted": "true"}}


def test_tags_of_the_template_reach_instances_disks_and_interfaces(
    engine: Engine, cluster: Made, network: Network, role: Made, account: Account
) -> None:
    kinds = ("instance", "volume", "network-interface")
    specifications = [{"resourceType": kind, "tags": {"stack": "test"}} for kind in kinds]
    template = engine.make(TEMPLATE, "gpu", tagSpecifications=specifications)
    make_node_group(engine, network, cluster, role, launchTemplate={"id": template.id, "version": "1"})
    ours = [
        each for each in account.read().of_type(INSTANCE, INTERFACE, VOLUME) if each.inputs.get("requester") is None
    ]
    assert len(ours) == 6
    assert {each.tags["stack"] for each in ours} == {"test"}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"instanceTypes": ["g6.xxlarge"]}, "do not exist.*g6.xxlarge"),
        ({"instanceTypes": ["g7e.2xlarge"]}, "not supported in your requested Availability Zone"),
        ({"scalingConfig": {"minSize": 2, "desiredSize": 1, "maxSize": 3}}, "Minimum capacity 2"),
        ({"scalingConfig": {"minSize": 0, "desiredSize": 4, "maxSize": 3}}, "greater than max size 3"),
        ({"capacityType": "CAPACITY_BLOCK"}, None),
        ({"launchTemplate": {"id": "lt-gone", "version": "1"}}, "InvalidLaunchTemplateId.NotFound"),
    ],
)
def test_a_node_group_that_eks_would_refuse_is_refused(  # noqa: PLR0913, PLR0917
    engine: Engine, cluster: Made, role: Made, inputs: dict[str, object], reason: str | None, account: Account
) -> None:
    with account.change() as state:
        for each in state.of_type("aws:ec2/subnet:Subnet"):
            state.remove(each)
    network = make_network(engine, zones=("us-east-1a", "us-east-1f"))
    if reason is None:
        template = engine.make(TEMPLATE, "plain")
        inputs = {**inputs, "launchTemplate": {"id": template.id, "version": "1"}}
        reason = "CAPACITY_BLOCK and the launch template's market type None disagree"
    with pytest.raises(RefusedByProviderError, match=reason):
        make_node_group(engine, network, cluster, role, **inputs)


def test_an_entry_names_who_exists(engine: Engine, cluster: Made, role: Made) -> None:
    engine.make(ENTRY, "role", clusterName=cluster.id, principalArn=role.outputs["arn"])
    engine.make(ENTRY, "me", clusterName=cluster.id, principalArn=CALLER)
    with pytest.raises(RefusedByProviderError, match="invalid principal"):
        engine.make(ENTRY, "no", clusterName=cluster.id, principalArn="arn:aws:iam::123456789012:role/gone")


def test_a_policy_needs_an_entry_and_goes_with_it(engine: Engine, cluster: Made, account: Account) -> None:
    scope = {"type": "cluster"}
    wanted = {"clusterName": cluster.id, "principalArn": CALLER, "policyArn": ADMIN, "accessScope": scope}
    with pytest.raises(RefusedByProviderError, match="could not be found"):
        engine.make(ASSOCIATION, "me", **wanted)
    entry = engine.make(ENTRY, "me", clusterName=cluster.id, principalArn=CALLER)
    engine.make(ASSOCIATION, "me", **wanted)
    engine.delete(entry)
    assert account.read().of_type(ENTRY, ASSOCIATION) == []


def test_an_unknown_access_policy_is_refused(engine: Engine, cluster: Made) -> None:
    engine.make(ENTRY, "me", clusterName=cluster.id, principalArn=CALLER)
    wanted = {"clusterName": cluster.id, "principalArn": CALLER, "accessScope": {"type": "cluster"}}
    with pytest.raises(RefusedByProviderError, match="policyArn parameter format"):
        engine.make(ASSOCIATION, "me", **wanted, policyArn=ADMIN.replace("Admin", "Owner"))


def test_a_cluster_without_a_control_plane_has_an_address_that_cannot_exist(cluster: Made) -> None:
    assert cluster.outputs["endpoint"].endswith(".invalid")

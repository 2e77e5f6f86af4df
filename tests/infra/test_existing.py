"""A cluster that the company has: found by name, and nothing of it touched."""

import json

import pulumi

from infra.existing import ExistingNetwork, find_cluster
from infra.network import Network
from tests.infra.builders import network_args
from tests.infra.conftest import PretendCloud

FOUND = {
    "name": "theirs",
    "arn": "arn:aws:eks:us-east-1:1:cluster/theirs",
    "endpoint": "https://theirs.example.com",
    "certificateAuthorities": [{"data": "Q0E="}],
    "vpcConfig": {"clusterSecurityGroupId": "sg-theirs"},
}


def test_an_existing_cluster_is_looked_up_and_never_changed(cloud: PretendCloud) -> None:
    cloud.answers["aws:eks/getCluster:getCluster"] = lambda asked: {**FOUND, "id": asked["name"]}
    seen: list[str] = []

    def program() -> None:
        cluster = find_cluster("theirs", region="us-east-1")
        pulumi.Output.all(cluster.kubeconfig, cluster.security_group_id).apply(seen.extend)

    cloud.deploy(program)
    assert cloud.resources == []
    cluster = json.loads(seen[0])["clusters"][0]["cluster"]
    assert cluster == {"server": "https://theirs.example.com", "certificate-authority-data": "Q0E="}
    assert seen[1] == "sg-theirs"


def test_an_existing_network_offers_what_our_own_does(cloud: PretendCloud) -> None:
    ours: list[Network] = []
    cloud.deploy(lambda: ours.append(Network("net", network_args())))
    theirs = ExistingNetwork(vpc_id="vpc-1", private_subnets={"us-east-1a": "subnet-1"})
    assert theirs.private_subnets.keys() < ours[0].private_subnets.keys()

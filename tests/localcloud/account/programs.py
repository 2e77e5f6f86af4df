"""Small programs: the network and the cluster that most tests need."""

import json
from dataclasses import dataclass

from tests.localcloud.account.engine_side import Engine, Made

VPC, SUBNET, ROLE, CLUSTER, NODE_GROUP, TEMPLATE = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:iam/role:Role",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A VPC with two private subnets in two zones."""

    vpc: Made
    subnets: list[Made]

    @property
    def subnet_ids(self) -> list[str]:
        return [each.id for each in self.subnets]

    def delete(self, engine: Engine) -> None:
        for each in [*self.subnets, self.vpc]:
            engine.delete(each)


def make_network(engine: Engine, zones: tuple[str, ...] = ("us-east-1a", "us-east-1b")) -> Network:
    vpc = engine.make(VPC, "net", cidrBlock="10.0.0.0/16", tags={"stack": "test"})
    tags = {"kubernetes.io/role/internal-elb": "1"}
    subnets = [
        engine.make(
            SUBNET, f"net-{zone}", vpcId=vpc.id, availabilityZone=zone, cidrBlock=f"10.0.{index}.0/24", tags=tags
        )
        for index, zone in enumerate(zones)
    ]
    return Network(vpc=vpc, subnets=subnets)


def make_role(engine: Engine, name: str) -> Made:
    return engine.make(ROLE, name, assumeRolePolicy=TRUST)


def make_cluster(engine: Engine, network: Network, role: Made, **more: object) -> Made:
    settings = {"version": "1.36", "enabledClusterLogTypes": ["api"], **more}
    vpc_config = {"subnetIds": network.subnet_ids, "endpointPrivateAccess": True}
    return engine.make(CLUSTER, "eks", name="eks", roleArn=role.outputs["arn"], vpcConfig=vpc_config, **settings)


def make_node_group(engine: Engine, network: Network, cluster: Made, role: Made, **more: object) -> Made:
    settings = {"instanceTypes": ["g6.xlarge"], "subnetIds": network.subnet_ids, **more}
    sizes = settings.pop("scalingConfig", {"minSize": 0, "desiredSize": 2, "maxSize": 3})
    return engine.make(
        NODE_GROUP,
        "gpu",
        clusterName=cluster.id,
        nodeRoleArn=role.outputs["arn"],
        scalingConfig=sizes,
        **settings,
    )

"""A VPC over two or three zones: nodes in private subnets, public ones only for NAT and load balancers."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from infra import iam
from infra.errors import Problem, ProblemsError, refuse

ZONES_AT_LEAST, ZONES_AT_MOST = 2, 3
SMALLEST_VPC_PREFIX = 19
"""A /19 still leaves a /21 (2,043 pods and nodes) for each zone, and a /27, the least that a load balancer takes.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
"""


class Nat(StrEnum):
    """How private subnets reach out: one gateway is cheaper, one in each zone survives the loss of a zone."""

    SINGLE = "single"
    PER_ZONE = "per_zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    """What the network is made from.

    Attributes:
        region: Region of the zones.
        zones: Two or three zones that offer the chosen GPU types.
        cidr: IPv4 range of the VPC, /19 or larger.
        nat: One NAT gateway, or one in each zone.
        account_id: Account that the flow logs' role trusts.
        key_arn: KMS key of the flow logs.
        log_retention_days: One of CloudWatch's retention periods.
        tags: Cost-allocation tags.
    """

    region: str
    zones: Sequence[str]
    cidr: str
    nat: Nat
    account_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_retention_days: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneBlocks:
    """The address ranges of one zone."""

    zone: str
    private: str
    public: str


def plan_blocks(cidr: str, zones: Sequence[str]) -> list[ZoneBlocks]:
    """Return the ranges of each zone: a quarter of the VPC for its nodes and pods, a 256th for its public subnet.

    Raises:
        ProblemsError: Too few, too many or repeated zones, or a range that is too small or no range at all.
    """
    if len(set(zones)) != len(zones) or not ZONES_AT_LEAST <= len(zones) <= ZONES_AT_MOST:
        right = f"{ZONES_AT_LEAST} to {ZONES_AT_MOST} different zones that offer the GPU types of every pool"
        refuse([Problem(key="network.zones", value=list(zones), right=right)])
    network = _read_range(cidr)
    quarters = list(network.subnets(prefixlen_diff=2))
    slices = list(quarters[3].subnets(prefixlen_diff=6))
    return [
        ZoneBlocks(zone=zone, private=str(quarters[index]), public=str(slices[index]))
        for index, zone in enumerate(zones)
    ]


def _read_range(cidr: str) -> ipaddress.IPv4Network:
    right = f"an IPv4 range such as 10.40.0.0/16, /{SMALLEST_VPC_PREFIX} or larger"
    problem = Problem(key="network.cidr", value=cidr, right=right)
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ProblemsError([problem]) from error
    if network.prefixlen > SMALLEST_VPC_PREFIX:
        refuse([problem])
    return network


class Network(pulumi.ComponentResource):
    """The VPC and everything that traffic passes.

    Attributes:
        vpc_id: The VPC.
        private_subnets: Subnet of the nodes, by zone; known once it can be left, and there until its nodes are gone.
    """

    vpc_id: pulumi.Output[str]
    private_subnets: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:Network", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        blocks = plan_blocks(args.cidr, args.zones)
        self._vpc = self._create_vpc()
        self._gateway = aws.ec2.InternetGateway(name, vpc_id=self._vpc.id, tags=self._tags(name), opts=self._child)
        public = self._create_public_subnets(blocks)
        self.private_subnets = self._create_private_subnets(blocks, self._create_nat_gateways(public))
        self._log_flows()
        self.vpc_id = self._vpc.id
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnets": self.private_subnets})

    def _tags(self, name: str, **more: str) -> dict[str, str]:
        return {**self._args.tags, "Name": name, **more}

    def _create_vpc(self) -> aws.ec2.Vpc:
        vpc = aws.ec2.Vpc(
            self._name,
            cidr_block=self._args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags(self._name),
            opts=self._child,
        )
        # The default group lets its members talk to each other; nothing of ours uses it, so it allows nothing.
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags(f"{self._name}-default-unused"),
            opts=self._child,
        )
        return vpc

    def _create_public_subnets(self, blocks: Sequence[ZoneBlocks]) -> dict[str, aws.ec2.Subnet]:
        table = aws.ec2.RouteTable(
            f"{self._name}-public", vpc_id=self._vpc.id, tags=self._tags(f"{self._name}-public"), opts=self._child
        )
        aws.ec2.Route(
            f"{self._name}-public",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=self._gateway.id,
            opts=self._child,
        )
        subnets = {block.zone: self._create_subnet("public", "elb", block.zone, block.public) for block in blocks}
        for zone, subnet in subnets.items():
            self._associate(f"{self._name}-public-{zone}", subnet, table)
        return subnets

    def _create_private_subnets(
        self, blocks: Sequence[ZoneBlocks], gateways: Mapping[str, aws.ec2.NatGateway]
    ) -> dict[str, pulumi.Output[str]]:
        only = next(iter(gateways.values()))
        subnets, tables = {}, []
        for block in blocks:
            subnet = self._create_subnet("private", "internal-elb", block.zone, block.private)
            table, ready = self._route_out(block.zone, subnet, gateways.get(block.zone, only))
            tables.append(table)
            # Nodes that start before their way out exists never join, and take their group down with them.
            subnets[block.zone] = pulumi.Output.all(subnet.id, *ready).apply(lambda known: str(known[0]))
        self._create_s3_endpoint(tables)
        return subnets

    def _create_subnet(self, tier: str, balancer_role: str, zone: str, block: str) -> aws.ec2.Subnet:
        name = f"{self._name}-{tier}-{zone}"
        return aws.ec2.Subnet(
            name,
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=block,
            map_public_ip_on_launch=False,
            # Load balancers find their subnets by this tag:
            # https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
            tags=self._tags(name, **{f"kubernetes.io/role/{balancer_role}": "1"}),
            opts=self._child,
        )

    def _create_nat_gateways(self, public: Mapping[str, aws.ec2.Subnet]) -> dict[str, aws.ec2.NatGateway]:
        zones = list(public) if self._args.nat is Nat.PER_ZONE else list(public)[:1]
        return {zone: self._create_nat_gateway(zone, public[zone]) for zone in zones}

    def _create_nat_gateway(self, zone: str, subnet: aws.ec2.Subnet) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{zone}"
        address = aws.ec2.Eip(name, domain="vpc", tags=self._tags(name), opts=self._child)
        return aws.ec2.NatGateway(
            name,
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=self._tags(name),
            # AWS refuses a NAT gateway in a VPC that has no internet gateway yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._gateway]),
        )

    def _route_out(
        self, zone: str, subnet: aws.ec2.Subnet, gateway: aws.ec2.NatGateway
    ) -> tuple[aws.ec2.RouteTable, list[pulumi.Output[str]]]:
        name = f"{self._name}-private-{zone}"
        table = aws.ec2.RouteTable(name, vpc_id=self._vpc.id, tags=self._tags(name), opts=self._child)
        route = aws.ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=gateway.id,
            opts=self._child,
        )
        return table, [route.id, self._associate(name, subnet, table).id]

    def _associate(
        self, name: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable
    ) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=self._child)

    def _create_s3_endpoint(self, tables: Sequence[aws.ec2.RouteTable]) -> None:
        # Weights and image layers come from S3: through a gateway endpoint they cost nothing, through NAT by the GB.
        aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags=self._tags(f"{self._name}-s3"),
            opts=self._child,
        )

    def _log_flows(self) -> None:
        name = f"{self._name}-flow-logs"
        group = aws.cloudwatch.LogGroup(
            name,
            name=f"/worthwhile/{self._name}/flow-logs",
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.key_arn,
            tags=self._tags(name),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=self._create_flow_log_role(name, group),
            tags=self._tags(name),
            opts=self._child,
        )

    def _create_flow_log_role(self, name: str, group: aws.cloudwatch.LogGroup) -> pulumi.Output[str]:
        # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, narrowed to this log group.
        source = pulumi.Output.format("arn:*:ec2:{0}:{1}:vpc-flow-log/*", self._args.region, self._args.account_id)
        role = aws.iam.Role(
            name,
            assume_role_policy=iam.scoped_service_trust(
                "vpc-flow-logs.amazonaws.com", source_arn=source, account_id=self._args.account_id
            ),
            tags=self._tags(name),
            opts=self._child,
        )
        write = iam.Statement(
            actions=[
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
            ],
            resources=[group.arn, pulumi.Output.format("{0}:*", group.arn)],
        )
        allowed = aws.iam.RolePolicy(name, role=role.name, policy=iam.policy(write), opts=self._child)
        return pulumi.Output.all(role.arn, allowed.id).apply(lambda known: str(known[0]))

"""Two spokes behind a transit gateway, a firewall and one NAT gateway.

https://github.com/pulumi/examples/tree/master/aws-py-hub-and-spoke-network (its awsx.ec2.Vpc written out)
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

SUPERNET, AMI = "10.0.0.0/8", "ami-0abcdef1234567890"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")

hub = aws.ec2transitgateway.TransitGateway(
    "tgw", default_route_table_association="disable", default_route_table_propagation="disable"
)
inspection_table, spoke_table = (
    aws.ec2transitgateway.RouteTable(
        f"{name}-tgw-route-table", transit_gateway_id=hub.id, opts=pulumi.ResourceOptions(parent=hub)
    )
    for name in ("insp", "spoke")
)


@dataclass(frozen=True)
class Attached:
    """A VPC with its subnets, attached to the transit gateway."""

    vpc: aws.ec2.Vpc
    subnets: list[aws.ec2.Subnet]
    tables: list[aws.ec2.RouteTable]
    attachment: aws.ec2transitgateway.VpcAttachment


def attached(name: str, prefix: str, table: aws.ec2transitgateway.RouteTable, parent: pulumi.Resource) -> Attached:
    """Return a VPC with one subnet a zone."""
    inside = pulumi.ResourceOptions(parent=parent)
    vpc = aws.ec2.Vpc(f"{name}-vpc", cidr_block=f"{prefix}.0/24", enable_dns_hostnames=True, opts=inside)
    subnets, tables = [], []
    for index, zone in enumerate(ZONES):
        subnet = aws.ec2.Subnet(
            f"{name}-vpc-{index + 1}",
            vpc_id=vpc.id,
            cidr_block=f"{prefix}.{index * 16}/28",
            availability_zone=zone,
            opts=inside,
        )
        routes = aws.ec2.RouteTable(f"{name}-vpc-{index + 1}", vpc_id=vpc.id, opts=inside)
        aws.ec2.RouteTableAssociation(
            f"{name}-vpc-{index + 1}", subnet_id=subnet.id, route_table_id=routes.id, opts=inside
        )
        subnets.append(subnet)
        tables.append(routes)
    attachment = aws.ec2transitgateway.VpcAttachment(
        f"{name}-tgw-vpc-attachment",
        transit_gateway_id=hub.id,
        subnet_ids=[subnet.id for subnet in subnets],
        vpc_id=vpc.id,
        transit_gateway_default_route_table_association=False,
        transit_gateway_default_route_table_propagation=False,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    aws.ec2transitgateway.RouteTableAssociation(
        f"{name}-tgw-route-table-assoc",
        transit_gateway_attachment_id=attachment.id,
        transit_gateway_route_table_id=table.id,
        opts=inside,
    )
    return Attached(vpc, subnets, tables, attachment)


rules = aws.networkfirewall.RuleGroup(
    "allow-icmp",
    capacity=100,
    type="STATEFUL",
    rule_group={
        "rules_source": {"rules_string": 'pass icmp any any -> any any (msg: "icmp"; sid:2; rev:1;)'},
        "stateful_rule_options": {"rule_order": "STRICT_ORDER"},
    },
)
policy = aws.networkfirewall.FirewallPolicy(
    "firewall-policy",
    firewall_policy={
        "stateless_default_actions": ["aws:forward_to_sfe"],
        "stateless_fragment_default_actions": ["aws:forward_to_sfe"],
        "stateful_default_actions": ["aws:drop_strict", "aws:alert_strict"],
        "stateful_engine_options": {"rule_order": "STRICT_ORDER"},
        "stateful_rule_group_references": [{"priority": 10, "resource_arn": rules.arn}],
    },
)


class InspectionVpc(pulumi.ComponentResource):
    """The hub: everything leaves through its firewall and its NAT gateway."""

    def __init__(self, name: str) -> None:
        super().__init__("awsAdvancedNetworking:index:InspectionVpc", name)
        inside = pulumi.ResourceOptions(parent=self)
        net = attached(name, "10.129.0", inspection_table, self)
        gateway = aws.ec2.InternetGateway(f"{name}-igw", vpc_id=net.vpc.id, opts=inside)
        address = aws.ec2.Eip(f"{name}-eip", opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway]))
        nat = aws.ec2.NatGateway(
            f"{name}-nat-gateway", subnet_id=net.subnets[0].id, allocation_id=address.allocation_id, opts=inside
        )
        for index, table in enumerate(net.tables):
            aws.ec2.Route(
                f"{name}-default-to-nat-{index + 1}",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.id,
                opts=inside,
            )
            aws.ec2.Route(
                f"{name}-supernet-to-tgw-{index + 1}",
                route_table_id=table.id,
                destination_cidr_block=SUPERNET,
                transit_gateway_id=hub.id,
                opts=inside,
            )
        aws.ec2transitgateway.Route(
            f"{name}-spoke-to-inspection",
            destination_cidr_block="0.0.0.0/0",
            transit_gateway_attachment_id=net.attachment.id,
            transit_gateway_route_table_id=spoke_table.id,
            opts=inside,
        )
        aws.networkfirewall.Firewall(
            f"{name}-firewall",
            vpc_id=net.vpc.id,
            firewall_policy_arn=policy.arn,
            subnet_mappings=[{"subnet_id": subnet.id} for subnet in net.subnets],
            opts=inside,
        )
        self.register_outputs({"eip": address.public_ip})


class Spoke(pulumi.ComponentResource):
    """A VPC with endpoints for Systems Manager and one server that tries the way out."""

    def __init__(self, name: str, prefix: str) -> None:
        super().__init__("awsAdvancedNetworking:index:SpokeVpc", name)
        inside = pulumi.ResourceOptions(parent=self)
        net = attached(name, prefix, spoke_table, self)
        for table in (spoke_table, inspection_table):
            aws.ec2transitgateway.RouteTablePropagation(
                f"{name}-{table._name}-propagation",
                transit_gateway_attachment_id=net.attachment.id,
                transit_gateway_route_table_id=table.id,
                opts=inside,
            )
        everything = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}
        group = aws.ec2.SecurityGroup(
            f"{name}-vpc-endpoint-sg",
            vpc_id=net.vpc.id,
            ingress=[everything],  # type: ignore[list-item]
            egress=[everything],  # type: ignore[list-item]
            opts=inside,
        )
        for service in ("ec2messages", "ssmmessages", "ssm"):
            aws.ec2.VpcEndpoint(
                f"{name}-endpoint-{service}",
                vpc_id=net.vpc.id,
                service_name=f"com.amazonaws.us-east-1.{service}",
                private_dns_enabled=True,
                security_group_ids=[group.id],
                vpc_endpoint_type="Interface",
                subnet_ids=[subnet.id for subnet in net.subnets],
                opts=inside,
            )
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        role = aws.iam.Role(
            f"{name}-instance-role",
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            opts=inside,
        )
        aws.iam.RolePolicyAttachment(
            f"{name}-role-policy-attachment",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            opts=inside,
        )
        profile = aws.iam.InstanceProfile(f"{name}-instance-profile", role=role.name, opts=inside)
        aws.ec2.Instance(
            f"{name}-instance",
            ami=AMI,
            instance_type="t3.micro",
            vpc_security_group_ids=[group.id],
            subnet_id=net.subnets[0].id,
            iam_instance_profile=profile.name,
            opts=inside,
        )
        self.register_outputs({})


InspectionVpc("inspection")
Spoke("spoke1", "10.0.0")
Spoke("spoke2", "10.1.0")

"""A server and a database in a VPC.

https://github.com/pulumi/examples/tree/master/aws-py-ansible-wordpress (its command.* resources are left out)
"""

import pulumi
import pulumi_aws as aws

AMI = "ami-0abcdef1234567890"
zones = aws.get_availability_zones().names
vpc = aws.ec2.Vpc("prod-vpc", cidr_block="10.192.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)


def subnet(name: str, cidr_block: str, zone: str, *, public: bool) -> aws.ec2.Subnet:
    """Return a subnet of the VPC."""
    return aws.ec2.Subnet(
        name, vpc_id=vpc.id, cidr_block=cidr_block, map_public_ip_on_launch=public, availability_zone=zone
    )


public = subnet("prod-subnet-public-1", "10.192.0.0/24", zones[0], public=True)
private = [
    subnet(f"prod-subnet-private-{index}", f"10.192.{19 + index}.0/24", zones[index], public=False)
    for index in (1, 2)
]
gateway = aws.ec2.InternetGateway("prod-igw", vpc_id=vpc.id)
table = aws.ec2.RouteTable(
    "prod-public-rt", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
)
aws.ec2.RouteTableAssociation("prod-rta-public-subnet-1", subnet_id=public.id, route_table_id=table.id)
web_group = aws.ec2.SecurityGroup(
    "ec2-allow-rule",
    vpc_id=vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]}
        for port in (443, 80, 22)
    ],
)
database_group = aws.ec2.SecurityGroup(
    "rds-allow-rule",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 3306, "to_port": 3306, "security_groups": [web_group.id]}],
)
subnets = aws.rds.SubnetGroup("rds-subnet-grp", subnet_ids=[each.id for each in private])
database = aws.rds.Instance(
    "wordpressdb",
    allocated_storage=10,
    engine="mysql",
    engine_version="5.7",
    instance_class="db.t3.small",
    db_subnet_group_name=subnets.id,
    vpc_security_group_ids=[database_group.id],
    db_name="wordpressdb",
    username="admin",
    password=pulumi.Config().require_secret("dbPassword"),
    skip_final_snapshot=True,
)
key = aws.ec2.KeyPair("wordpress-keypair", public_key="ssh-ed25519 AAAA nobody@example.com")
server = aws.ec2.Instance(
    "wordpress-instance",
    ami=AMI,
    instance_type="t3.small",
    subnet_id=public.id,
    vpc_security_group_ids=[web_group.id],
    key_name=key.id,
    opts=pulumi.ResourceOptions(depends_on=[database]),
)
pulumi.export("url", aws.ec2.Eip("wordpress-eip", instance=server.id).public_ip)

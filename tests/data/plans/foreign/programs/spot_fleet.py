"""A group of spot instances of several GPU types from one launch template.

https://github.com/mohammadzainabbas/pulumi-labs/tree/main/aws-fleet-python (its awsx.ec2.Vpc written out; it looks up
an image for GPU instances: their types stand here in place of the small ones that it falls back to)
"""

import base64

import pulumi
import pulumi_aws as aws

AMI, INSTANCE_TYPES = "ami-0abcdef1234567890", ("g5.xlarge", "g4dn.xlarge")

vpc = aws.ec2.Vpc("aws-graphstorm-vpc", cidr_block="10.0.0.0/16")
gateway = aws.ec2.InternetGateway("aws-graphstorm-igw", vpc_id=vpc.id)
table = aws.ec2.RouteTable("public", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}])
subnet_ids = []
for index, zone in enumerate(aws.get_availability_zones(state="available").names[:3]):
    subnet = aws.ec2.Subnet(
        f"public-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{index * 4}.0/22", availability_zone=zone
    )
    aws.ec2.RouteTableAssociation(f"public-{zone}", subnet_id=subnet.id, route_table_id=table.id)
    subnet_ids.append(subnet.id)
group = aws.ec2.SecurityGroup(
    "aws-graphstorm-security-group",
    vpc_id=vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]} for port in (22, 80)
    ],
)


def disk(device_name: str, size_gib: int) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Return one disk of each instance."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device_name,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            delete_on_termination="true", iops=3000, volume_size=size_gib, volume_type="gp3", throughput=125
        ),
    )


template = aws.ec2.LaunchTemplate(
    "aws-graphstorm-launch-template",
    block_device_mappings=[disk("/dev/sda1", 100), disk("/dev/sdb", 10)],
    image_id=AMI,
    key_name="jarvis",
    instance_type="c5.large",
    vpc_security_group_ids=[group.id],
    update_default_version=True,
    user_data=base64.b64encode(b"#!/bin/bash\n").decode(),
)
fleet = aws.autoscaling.Group(
    "aws-graphstorm-auto-scaling-group",
    capacity_rebalance=True,
    desired_capacity=1,
    max_size=1,
    min_size=1,
    mixed_instances_policy={
        "launch_template": {
            "launch_template_specification": {"launch_template_id": template.id},
            "overrides": [{"instance_type": each, "weighted_capacity": "1"} for each in INSTANCE_TYPES],
        },
        "instances_distribution": {
            "on_demand_allocation_strategy": "prioritized",
            "on_demand_base_capacity": 0,
            "on_demand_percentage_above_base_capacity": 0,
            "spot_allocation_strategy": "price-capacity-optimized",
        },
    },
    vpc_zone_identifiers=subnet_ids,
)
pulumi.export("auto_scaling_group", fleet.id)

"""One server behind a security group: https://github.com/pulumi/examples/tree/master/aws-py-webserver."""

import pulumi
import pulumi_aws as aws

AMI = "ami-0abcdef1234567890"  # aws.ec2.get_ami there; the id that the EC2 manual uses in examples

group = aws.ec2.SecurityGroup(
    "web-secgrp",
    description="Enable HTTP access",
    ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]}],
)
server = aws.ec2.Instance(
    "web-server-www",
    instance_type=pulumi.Config().get("size") or "t2.micro",
    vpc_security_group_ids=[group.id],
    user_data="#!/bin/bash\necho hello > index.html\nnohup python3 -m http.server 80 &\n",
    ami=AMI,
)
pulumi.export("public_ip", server.public_ip)

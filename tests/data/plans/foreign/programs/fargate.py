"""A balanced service on Fargate: https://github.com/pulumi/examples/tree/master/aws-py-fargate."""

import json

import pulumi
import pulumi_aws as aws

VPC_ID, SUBNET_IDS = "vpc-0abcdef1234567890", ["subnet-0abcdef1234567890", "subnet-0abcdef1234567891"]
"""The default VPC of the account, which the example looks up."""

cluster = aws.ecs.Cluster("cluster")
group = aws.ec2.SecurityGroup(
    "web-secgrp",
    vpc_id=VPC_ID,
    ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]}],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)
balancer = aws.lb.LoadBalancer("app-lb", security_groups=[group.id], subnets=SUBNET_IDS)
targets = aws.lb.TargetGroup("app-tg", port=80, protocol="HTTP", target_type="ip", vpc_id=VPC_ID)
listener = aws.lb.Listener(
    "web",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
)
statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
role = aws.iam.Role(
    "task-exec-role", assume_role_policy=json.dumps({"Version": "2008-10-17", "Statement": [statement]})
)
aws.iam.RolePolicyAttachment(
    "task-exec-policy",
    role=role.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
)
task = aws.ecs.TaskDefinition(
    "app-task",
    family="fargate-task-definition",
    cpu="256",
    memory="512",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn=role.arn,
    container_definitions=json.dumps(
        [{"name": "my-app", "image": "nginx", "portMappings": [{"containerPort": 80, "protocol": "tcp"}]}]
    ),
)
aws.ecs.Service(
    "app-svc",
    cluster=cluster.arn,
    desired_count=3,
    launch_type="FARGATE",
    task_definition=task.arn,
    network_configuration={"assign_public_ip": True, "subnets": SUBNET_IDS, "security_groups": [group.id]},
    load_balancers=[{"target_group_arn": targets.arn, "container_name": "my-app", "container_port": 80}],
    opts=pulumi.ResourceOptions(depends_on=[listener]),
)
pulumi.export("url", balancer.dns_name)

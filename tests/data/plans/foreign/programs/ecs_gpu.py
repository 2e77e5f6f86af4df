"""A GPU group as the capacity of an ECS cluster: https://github.com/Devalent/multitenant-gpu-on-aws."""

import base64
import json

import pulumi_aws as aws

NAME, AMI, INSTANCE_TYPE = "multitenant-gpu", "ami-0abcdef1234567890", "g4dn.xlarge"

trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
role = aws.iam.Role(
    "ec2-role", name=NAME, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
)
aws.iam.PolicyAttachment(
    "ec2-role-attachment-1",
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
    roles=[role.name],
)
profile = aws.iam.InstanceProfile("ec2-profile", name=NAME, role=role.name)
template = aws.ec2.LaunchTemplate(
    "ec2-template",
    name=NAME,
    instance_type=INSTANCE_TYPE,
    image_id=AMI,
    iam_instance_profile={"arn": profile.arn},
    user_data=base64.b64encode(b"#!/bin/bash\necho ECS_ENABLE_GPU_SUPPORT=true >> /etc/ecs/ecs.config\n").decode(),
)
group = aws.autoscaling.Group(
    "ec2-autoscaling-group",
    name=NAME,
    launch_template={"id": template.id, "version": "$Latest"},
    min_size=0,
    max_size=1,
    availability_zones=aws.get_availability_zones().names,
)
cluster = aws.ecs.Cluster("ecs-cluster", name=NAME)
provider = aws.ecs.CapacityProvider(
    "ecs-capacity", name=NAME, auto_scaling_group_provider={"auto_scaling_group_arn": group.arn}
)
aws.ecs.ClusterCapacityProviders(
    "ecs-cluster-capacity", cluster_name=cluster.name, capacity_providers=[provider.name]
)
task = aws.ecs.TaskDefinition(
    "ecs-task",
    family=NAME,
    memory="13107",
    container_definitions=json.dumps([{"name": "worker", "image": "worker", "essential": True}]),
)
aws.ecs.Service(
    "ecs-service",
    name=NAME,
    cluster=cluster.arn,
    task_definition=task.arn,
    scheduling_strategy="DAEMON",
    force_new_deployment=True,
)

"""Two services on Fargate behind network balancers, images in ECR.

https://github.com/pulumi/examples/tree/master/aws-py-voting-app (its docker.Image is left out)
"""

import json

import pulumi
import pulumi_aws as aws

cluster = aws.ecs.Cluster("app-cluster")
vpc = aws.ec2.Vpc("app-vpc", cidr_block="172.31.0.0/16", enable_dns_hostnames=True)
subnet = aws.ec2.Subnet("app-vpc-subnet", cidr_block="172.31.32.0/20", vpc_id=vpc.id)
gateway = aws.ec2.InternetGateway("app-gateway", vpc_id=vpc.id)
table = aws.ec2.RouteTable(
    "app-routetable", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
)
aws.ec2.MainRouteTableAssociation("app_routetable_association", route_table_id=table.id, vpc_id=vpc.id)
group = aws.ec2.SecurityGroup(
    "security-group",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 0, "to_port": 65535, "cidr_blocks": ["0.0.0.0/0"]}],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)
statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
exec_role = aws.iam.Role("app-exec-role", assume_role_policy=trust)
task_role = aws.iam.Role("app-task-role", assume_role_policy=trust)
aws.iam.RolePolicyAttachment(
    "app-exec-policy",
    role=exec_role.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
)
aws.iam.RolePolicyAttachment(
    "app-access-policy", role=task_role.name, policy_arn="arn:aws:iam::aws:policy/AmazonECS_FullAccess"
)
repository = aws.ecr.Repository("app-ecr-repo", image_tag_mutability="MUTABLE")
selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
aws.ecr.LifecyclePolicy(
    "app-lifecycle-policy",
    repository=repository.name,
    policy=json.dumps({"rules": [{"rulePriority": 10, "selection": selection, "action": {"type": "expire"}}]}),
)


def service(name: str, port: int, image: pulumi.Input[str]) -> aws.lb.LoadBalancer:
    """Return the balancer of a service that listens on one port."""
    targets = aws.lb.TargetGroup(f"{name}-targetgroup", port=port, protocol="TCP", target_type="ip", vpc_id=vpc.id)
    balancer = aws.lb.LoadBalancer(
        f"{name}-balancer", load_balancer_type="network", internal=False, subnets=[subnet.id]
    )
    listener = aws.lb.Listener(
        f"{name}-listener",
        load_balancer_arn=balancer.arn,
        port=port,
        protocol="TCP",
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )
    task = aws.ecs.TaskDefinition(
        f"{name}-task-definition",
        family=f"{name}-task-definition-family",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=exec_role.arn,
        task_role_arn=task_role.arn,
        container_definitions=pulumi.Output.json_dumps(
            [{"name": name, "image": image, "memory": 512, "portMappings": [{"containerPort": port}]}]
        ),
    )
    aws.ecs.Service(
        f"{name}-service",
        cluster=cluster.arn,
        desired_count=1,
        launch_type="FARGATE",
        task_definition=task.arn,
        wait_for_steady_state=False,
        network_configuration={
            "assign_public_ip": True,
            "subnets": [subnet.id],
            "security_groups": [group.id],
        },
        load_balancers=[{"target_group_arn": targets.arn, "container_name": name, "container_port": port}],
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )
    return balancer


service("redis", 6379, "redis:alpine")
pulumi.export("app-url", service("flask", 80, repository.repository_url).dns_name)

"""WordPress on Fargate with MySQL in RDS.

https://github.com/pulumi/examples/tree/master/aws-py-wordpress-fargate-rds
"""

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

NAME = "wp-example"
PASSWORD = pulumi.Config().require_secret("dbPassword")


class Network(pulumi.ComponentResource):
    """A VPC with a public subnet in two zones."""

    def __init__(self, name: str) -> None:
        super().__init__("custom:resource:VPC", name)
        inside = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(f"{name}-vpc", cidr_block="10.100.0.0/16", enable_dns_hostnames=True, opts=inside)
        gateway = aws.ec2.InternetGateway(f"{name}-igw", vpc_id=self.vpc.id, opts=inside)
        table = aws.ec2.RouteTable(
            f"{name}-rt",
            vpc_id=self.vpc.id,
            routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}],
            opts=inside,
        )
        self.subnet_ids: list[pulumi.Output[str]] = []
        for index, zone in enumerate(aws.get_availability_zones().names[:2]):
            subnet = aws.ec2.Subnet(
                f"{name}-subnet-{zone}",
                vpc_id=self.vpc.id,
                map_public_ip_on_launch=True,
                cidr_block=f"10.100.{index}.0/24",
                availability_zone=zone,
                opts=inside,
            )
            aws.ec2.RouteTableAssociation(f"assoc-{zone}", route_table_id=table.id, subnet_id=subnet.id, opts=inside)
            self.subnet_ids.append(subnet.id)
        self.database_group = self._group("rds-sg", 3306)
        self.web_group = self._group("fe-sg", 443, 80)
        self.register_outputs({})

    def _group(self, name: str, *ports: int) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            name,
            vpc_id=self.vpc.id,
            ingress=[
                {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]}
                for port in ports
            ],
            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            opts=pulumi.ResourceOptions(parent=self),
        )


class Database(pulumi.ComponentResource):
    """MySQL on the smallest instance."""

    def __init__(self, name: str, subnet_ids: Sequence[pulumi.Output[str]], group: aws.ec2.SecurityGroup) -> None:
        super().__init__("custom:resource:Backend", name)
        inside = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(f"{name}-sng", subnet_ids=subnet_ids, opts=inside)
        self.instance = aws.rds.Instance(
            f"{name}-rds",
            db_name="lampdb",
            allocated_storage=20,
            engine="mysql",
            engine_version="5.7",
            instance_class="db.t2.micro",
            storage_type="gp2",
            db_subnet_group_name=subnets.id,
            username="admin",
            password=PASSWORD,
            vpc_security_group_ids=[group.id],
            skip_final_snapshot=True,
            publicly_accessible=False,
            opts=inside,
        )
        self.register_outputs({})


class WebService(pulumi.ComponentResource):
    """WordPress behind a balancer."""

    def __init__(self, name: str, network: Network, database: aws.rds.Instance) -> None:
        super().__init__("custom:resource:Frontend", name)
        inside = pulumi.ResourceOptions(parent=self)
        cluster = aws.ecs.Cluster(f"{name}-ecs", opts=inside)
        self.balancer = aws.lb.LoadBalancer(
            f"{name}-alb", security_groups=[network.web_group.id], subnets=network.subnet_ids, opts=inside
        )
        targets = aws.lb.TargetGroup(
            f"{name}-app-tg",
            port=80,
            protocol="HTTP",
            target_type="ip",
            vpc_id=network.vpc.id,
            health_check={"healthy_threshold": 2, "interval": 5, "timeout": 4, "matcher": "200-399"},
            opts=inside,
        )
        listener = aws.lb.Listener(
            f"{name}-listener",
            load_balancer_arn=self.balancer.arn,
            port=80,
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            opts=inside,
        )
        who = {"Service": "ecs-tasks.amazonaws.com"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": who}
        role = aws.iam.Role(
            f"{name}-task-role",
            assume_role_policy=json.dumps({"Version": "2008-10-17", "Statement": [statement]}),
            opts=inside,
        )
        aws.iam.RolePolicyAttachment(
            f"{name}-task-policy",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            opts=inside,
        )
        environment = [
            {"name": "WORDPRESS_DB_HOST", "value": database.address},
            {"name": "WORDPRESS_DB_PASSWORD", "value": PASSWORD},
        ]
        task = aws.ecs.TaskDefinition(
            f"{name}-app-task",
            family="fargate-task-definition",
            cpu="256",
            memory="512",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            execution_role_arn=role.arn,
            container_definitions=pulumi.Output.json_dumps(
                [{"name": name, "image": "wordpress", "environment": environment}]
            ),
            opts=inside,
        )
        aws.ecs.Service(
            f"{name}-app-svc",
            cluster=cluster.arn,
            desired_count=1,
            launch_type="FARGATE",
            task_definition=task.arn,
            network_configuration={
                "assign_public_ip": True,
                "subnets": network.subnet_ids,
                "security_groups": [network.web_group.id],
            },
            load_balancers=[{"target_group_arn": targets.arn, "container_name": name, "container_port": 80}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[listener]),
        )
        self.register_outputs({})


network = Network(f"{NAME}-net")
database = Database(f"{NAME}-be", network.subnet_ids, network.database_group)
pulumi.export("url", WebService(f"{NAME}-fe", network, database.instance).balancer.dns_name)

"""A cluster with one managed node group: https://github.com/pulumi/examples/tree/master/aws-py-eks."""

import json

import pulumi
import pulumi_aws as aws

MANAGED = "arn:aws:iam::aws:policy/"


def role(name: str, service: str, *policies: str) -> aws.iam.Role:
    """Return a role that a service takes on, with AWS's own policies."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    made = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=made.id, policy_arn=MANAGED + policy)
    return made


vpc = aws.ec2.Vpc("eks-vpc", cidr_block="10.100.0.0/16", enable_dns_hostnames=True, enable_dns_support=True)
gateway = aws.ec2.InternetGateway("vpc-ig", vpc_id=vpc.id)
table = aws.ec2.RouteTable(
    "vpc-route-table", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
)
subnet_ids = []
for index, zone in enumerate(aws.get_availability_zones().names[:3]):  # EKS runs in no us-east-1e
    subnet = aws.ec2.Subnet(
        f"vpc-subnet-{zone}",
        vpc_id=vpc.id,
        map_public_ip_on_launch=True,
        cidr_block=f"10.100.{index}.0/24",
        availability_zone=zone,
    )
    aws.ec2.RouteTableAssociation(f"assoc-{zone}", route_table_id=table.id, subnet_id=subnet.id)
    subnet_ids.append(subnet.id)
group = aws.ec2.SecurityGroup(
    "eks-cluster-sg",
    vpc_id=vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]} for port in (443, 80)
    ],
)
cluster = aws.eks.Cluster(
    "eks-cluster",
    role_arn=role("eks-iam-role", "eks.amazonaws.com", "AmazonEKSServicePolicy", "AmazonEKSClusterPolicy").arn,
    vpc_config={"public_access_cidrs": ["0.0.0.0/0"], "security_group_ids": [group.id], "subnet_ids": subnet_ids},
)
nodes = role(
    "ec2-nodegroup-iam-role",
    "ec2.amazonaws.com",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
)
aws.eks.NodeGroup(
    "eks-node-group",
    cluster_name=cluster.name,
    node_role_arn=nodes.arn,
    subnet_ids=subnet_ids,
    scaling_config={"desired_size": 2, "max_size": pulumi.Config().get_int("maxNodes") or 2, "min_size": 1},
)
pulumi.export("cluster-name", cluster.name)

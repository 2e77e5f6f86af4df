"""EKS in Auto Mode with Karpenter beside it.

https://github.com/flostadler/aws-k8s/tree/main/examples/karpenter (its components and awsx.ec2.Vpc written out)
"""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

MANAGED = "arn:aws:iam::aws:policy/"


def role(name: str, service: str, *policies: str) -> aws.iam.Role:
    """Return a role that a service takes on."""
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Action": actions, "Principal": {"Service": service}}
    made = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=made.name, policy_arn=MANAGED + policy)
    return made


vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
gateway = aws.ec2.InternetGateway("vpc", vpc_id=vpc.id)
public_table = aws.ec2.RouteTable(
    "public", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
)
public_ids, private_ids = [], []
for index, zone in enumerate(aws.get_availability_zones().names[:3]):
    public = aws.ec2.Subnet(
        f"public-{zone}",
        vpc_id=vpc.id,
        cidr_block=f"10.0.{index * 32}.0/20",
        availability_zone=zone,
        map_public_ip_on_launch=True,
    )
    aws.ec2.RouteTableAssociation(f"public-{zone}", subnet_id=public.id, route_table_id=public_table.id)
    nat = aws.ec2.NatGateway(zone, subnet_id=public.id, allocation_id=aws.ec2.Eip(zone, domain="vpc").allocation_id)
    private = aws.ec2.Subnet(
        f"private-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{index * 32 + 128}.0/19", availability_zone=zone
    )
    private_table = aws.ec2.RouteTable(
        f"private-{zone}", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}]
    )
    aws.ec2.RouteTableAssociation(f"private-{zone}", subnet_id=private.id, route_table_id=private_table.id)
    public_ids.append(public.id)
    private_ids.append(private.id)

node_role = role(
    "Karpenter-node",
    "ec2.amazonaws.com",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonSSMManagedInstanceCore",
)
cluster = aws.eks.Cluster(
    "cluster",
    role_arn=role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy", "AmazonEKSComputePolicy").arn,
    bootstrap_self_managed_addons=False,
    access_config={"authentication_mode": "API"},
    compute_config={"enabled": True, "node_pools": ["system"], "node_role_arn": node_role.arn},
    kubernetes_network_config={"elastic_load_balancing": {"enabled": True}},
    storage_config={"block_storage": {"enabled": True}},
    vpc_config={"subnet_ids": public_ids},
)
for name in ("coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"):
    aws.eks.Addon(name, addon_name=name, cluster_name=cluster.name)
queue = aws.sqs.Queue("karpenter", sqs_managed_sse_enabled=True)
send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"Service": "events.amazonaws.com"}}
aws.sqs.QueuePolicy(
    "karpenter",
    queue_url=queue.url,
    policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [send | {"Resource": queue.arn}]}),
)
for name, source in (("HealthEvent", "aws.health"), ("SpotInterrupt", "aws.ec2")):
    rule = aws.cloudwatch.EventRule(f"karpenter-{name}", event_pattern=json.dumps({"source": [source]}))
    aws.cloudwatch.EventTarget(f"karpenter-{name}", rule=rule.name, arn=queue.arn, target_id="Karpenter")
aws.eks.AccessEntry("karpenter", cluster_name=cluster.name, principal_arn=node_role.arn, type="EC2_LINUX")
controller = role("karpenter-controller", "pods.eks.amazonaws.com")
access = aws.eks.PodIdentityAssociation(
    "karpenter",
    cluster_name=cluster.name,
    namespace="kube-system",
    service_account="karpenter",
    role_arn=controller.arn,
)
provider = k8s.Provider("k8s", kubeconfig=cluster.endpoint)
release = k8s.helm.v3.Release(
    "karpenter",
    chart="oci://public.ecr.aws/karpenter/karpenter",
    version="1.1.1",
    namespace="kube-system",
    values={"settings": {"clusterName": cluster.name, "interruptionQueue": queue.name}},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[access]),
)
node_class = k8s.apiextensions.CustomResource(
    "karpenter-node-class",
    api_version="karpenter.k8s.aws/v1",
    kind="EC2NodeClass",
    metadata={"name": "general-purpose"},
    spec={
        "amiSelectorTerms": [{"alias": "bottlerocket@latest"}],
        "role": node_role.name,
        "subnetSelectorTerms": [{"id": each} for each in private_ids],
        "securityGroupSelectorTerms": [{"id": cluster.vpc_config.cluster_security_group_id}],
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[release]),
)
k8s.apiextensions.CustomResource(
    "karpenter-node-pool",
    api_version="karpenter.sh/v1",
    kind="NodePool",
    metadata={"name": "general-purpose"},
    spec={
        "template": {
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "general-purpose"},
                "requirements": [
                    {"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["c", "m", "r"]},
                    {"key": "karpenter.k8s.aws/instance-cpu", "operator": "In", "values": ["2", "4", "8"]},
                    {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["5"]},
                ],
            }
        },
        "limits": {"cpu": 40},
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "30s"},
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[node_class]),
)

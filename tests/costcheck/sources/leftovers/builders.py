"""Constructed rows in the shapes of botocore's models (its stubber checks them), and an account that answers so.

Nobody recorded these: there is no account behind this repository.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from costcheck.sources.leftovers.calls import SERVICES
from costcheck.sources.leftovers.marks import Marks
from costcheck.sources.leftovers.survey import fetch_leftovers
from costcheck.sources.leftovers.things import LeftoverReport

Row = dict[str, Any]
Answer = tuple[str, str, Row]
"""boto3's name of the service, its method, and what AWS answers."""

MARKS = Marks(stack="dev", cluster="llm-dev")
REGION = "us-east-1"
ACCOUNT_ID = "111122223333"
MADE = datetime(2026, 11, 20, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
STACK_TAGS = {"worthwhile:stack": "dev"}
LOAD_BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:loadbalancer/net/k8s-llm/0123456789abcdef"
BUCKET_ARN = "arn:aws:s3:::weights"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LOG_GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/flow/dev"


def tag_list(tags: Mapping[str, str]) -> list[Row]:
    """Return tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def instance(name: str = "i-1", tags: Mapping[str, str] = STACK_TAGS, state: str = "running", **more: object) -> Row:
    return {
        "InstanceId": name,
        "InstanceType": "g6e.xlarge",
        "State": {"Name": state},
        "LaunchTime": MADE,
        "Tags": tag_list(tags),
    } | more


def volume(
    name: str = "vol-1", tags: Mapping[str, str] = STACK_TAGS, state: str = "available", **more: object
) -> Row:
    return {
        "VolumeId": name,
        "VolumeType": "gp3",
        "Size": 100,
        "State": state,
        "CreateTime": MADE,
        "Tags": tag_list(tags),
    } | more


def snapshot(name: str = "snap-1", tags: Mapping[str, str] = STACK_TAGS, **more: object) -> Row:
    return {
        "SnapshotId": name,
        "VolumeSize": 100,
        "State": "completed",
        "StartTime": MADE,
        "Tags": tag_list(tags),
    } | more


def reservation(
    name: str = "cr-1", tags: Mapping[str, str] = STACK_TAGS, state: str = "active", **more: object
) -> Row:
    return {
        "CapacityReservationId": name,
        "InstanceType": "p5.48xlarge",
        "TotalInstanceCount": 1,
        "State": state,
        "ReservationType": "default",
        "StartDate": MADE,
        "Tags": tag_list(tags),
    } | more


def vpc(name: str = "vpc-1", tags: Mapping[str, str] = STACK_TAGS) -> Row:
    return {"VpcId": name, "CidrBlock": "10.0.0.0/16", "Tags": tag_list(tags)}


def nat_gateway(
    name: str = "nat-1", tags: Mapping[str, str] = STACK_TAGS, state: str = "available", **more: object
) -> Row:
    return {"NatGatewayId": name, "State": state, "CreateTime": MADE, "Tags": tag_list(tags)} | more


def address(name: str = "eipalloc-1", tags: Mapping[str, str] = STACK_TAGS, **more: object) -> Row:
    return {
        "AllocationId": name,
        "PublicIp": "203.0.113.7",
        "PublicIpv4Pool": "amazon",
        "Tags": tag_list(tags),
    } | more


def interface(name: str = "eni-1", tags: Mapping[str, str] = STACK_TAGS, **more: object) -> Row:
    return {
        "NetworkInterfaceId": name,
        "Description": "",
        "Status": "available",
        "RequesterManaged": False,
        "TagSet": tag_list(tags),
    } | more


def endpoint(
    name: str = "vpce-1", tags: Mapping[str, str] = STACK_TAGS, kind: str = "Interface", **more: object
) -> Row:
    return {
        "VpcEndpointId": name,
        "VpcEndpointType": kind,
        "ServiceName": "com.amazonaws.us-east-1.ecr.api",
        "State": "available",
        "CreationTimestamp": MADE,
        "Tags": tag_list(tags),
    } | more


def cluster(name: str = "llm-dev", tags: Mapping[str, str] = STACK_TAGS, status: str = "ACTIVE") -> Row:
    return {"name": name, "version": "1.36", "status": status, "createdAt": MADE, "tags": dict(tags)}


def node_group(name: str = "gpu", of: str = "llm-dev", tags: Mapping[str, str] = STACK_TAGS, desired: int = 1) -> Row:
    return {
        "nodegroupName": name,
        "clusterName": of,
        "status": "ACTIVE",
        "createdAt": MADE,
        "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": desired},
        "tags": dict(tags),
    }


def auto_scaling_group(name: str = "eks-gpu-1", tags: Mapping[str, str] = STACK_TAGS, desired: int = 1) -> Row:
    return {
        "AutoScalingGroupName": name,
        "MinSize": 0,
        "MaxSize": 2,
        "DesiredCapacity": desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["us-east-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": MADE,
        "Tags": tag_list(tags),
    }


def load_balancer(arn: str = LOAD_BALANCER, **more: object) -> Row:
    return {
        "LoadBalancerArn": arn,
        "LoadBalancerName": arn.split("/")[2],
        "Type": "network",
        "State": {"Code": "active"},
        "CreatedTime": MADE,
    } | more


def classic_load_balancer(name: str = "a1b2", **more: object) -> Row:
    return {"LoadBalancerName": name, "CreatedTime": MADE} | more


def log_group(name: str = "/flow/dev", stored: int = 7) -> Row:
    return {
        "logGroupName": name,
        "arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{name}:*",
        "creationTime": 1_763_625_600_000,
        "storedBytes": stored,
    }


def key(state: str = "Enabled", **more: object) -> Row:
    return {"KeyId": KEY_ARN.split("/")[1], "KeyState": state, "CreationDate": MADE} | more


def budget(name: str = "dev-ceiling") -> Row:
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "TimePeriod": {"Start": MADE}}


def action(of: str) -> Row:
    """Return one action of a budget."""
    return {
        "ActionId": "12345678-1234-1234-1234-123456789012",
        "BudgetName": of,
        "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY",
        "ActionThreshold": {"ActionThresholdValue": 100, "ActionThresholdType": "PERCENTAGE"},
        "Definition": {"IamActionDefinition": {"PolicyArn": "arn:aws:iam::aws:policy/AWSDenyAll", "Roles": ["llm"]}},
        "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/budgets",
        "ApprovalModel": "AUTOMATIC",
        "Status": "STANDBY",
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "me@example.org"}],
    }


def tagged(arn: str, tags: Mapping[str, str] = STACK_TAGS) -> Row:
    """Return one row of the index of tags."""
    return {"ResourceARN": arn, "Tags": tag_list(tags)}


def identity() -> Answer:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:user/me"
    return "sts", "get_caller_identity", {"UserId": "AIDAEXAMPLE", "Account": ACCOUNT_ID, "Arn": arn}


def index(*found: Row) -> list[Answer]:
    """Return the answers to every question to the index of tags: all rows under the first one."""
    empty: list[Answer] = [
        ("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": []}) for _ in MARKS.tag_filters()[1:]
    ]
    return [("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": list(found)}), *empty]


def ec2_pages(operation: str, member: str, pages: Sequence[Sequence[Row]]) -> list[Answer]:
    """Return the answers to one listing of EC2, chained by their tokens."""
    answers: list[Answer] = []
    for number, page in enumerate(pages, start=1):
        rows = [{"Instances": list(page)}] if member == "Reservations" else list(page)
        token = {"NextToken": f"page{number}"} if number < len(pages) else {}
        answers.append(("ec2", operation, {member: rows, **token}))
    return answers


EC2_LISTINGS: dict[str, tuple[str, Callable[..., Row]]] = {
    "describe_instances": ("Reservations", instance),
    "describe_nat_gateways": ("NatGateways", nat_gateway),
    "describe_vpc_endpoints": ("VpcEndpoints", endpoint),
    "describe_addresses": ("Addresses", address),
    "describe_network_interfaces": ("NetworkInterfaces", interface),
    "describe_volumes": ("Volumes", volume),
    "describe_snapshots": ("Snapshots", snapshot),
    "describe_vpcs": ("Vpcs", vpc),
    "describe_capacity_reservations": ("CapacityReservations", reservation),
}
"""In the order in which they are asked: member of the answer, and builder of its rows."""


def one_of_each() -> list[Answer]:
    """Return the answers of an account that holds one thing of every kind, all of it the stack's."""
    ec2 = [answer for name, (member, row) in EC2_LISTINGS.items() for answer in ec2_pages(name, member, [[row()]])]
    return [identity(), *index(tagged(BUCKET_ARN), tagged(KEY_ARN), tagged(LOG_GROUP_ARN)), *ec2, *_other_kinds()]


def _other_kinds() -> list[Answer]:
    names: Row = {"clusters": ["llm-dev"]}
    return [
        ("eks", "list_clusters", names),
        ("eks", "list_nodegroups", {"nodegroups": ["gpu"]}),
        ("eks", "describe_nodegroup", {"nodegroup": node_group()}),
        ("eks", "list_clusters", names),
        ("eks", "describe_cluster", {"cluster": cluster()}),
        ("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": [auto_scaling_group()]}),
        ("elbv2", "describe_load_balancers", {"LoadBalancers": [load_balancer()]}),
        ("elbv2", "describe_tags", _load_balancer_tags("ResourceArn", LOAD_BALANCER)),
        ("elb", "describe_load_balancers", {"LoadBalancerDescriptions": [classic_load_balancer()]}),
        ("elb", "describe_tags", _load_balancer_tags("LoadBalancerName", "a1b2")),
        ("logs", "describe_log_groups", {"logGroups": [log_group()]}),
        ("s3", "list_buckets", {"Buckets": [{"Name": "weights", "CreationDate": MADE}]}),
        ("s3", "list_object_versions", {"Versions": [{"Key": "a", "VersionId": "1", "Size": 10}]}),
        ("s3", "list_multipart_uploads", {}),
        ("budgets", "describe_budgets", {"Budgets": [budget()]}),
        ("budgets", "describe_budget_actions_for_account", {"Actions": []}),
        ("budgets", "list_tags_for_resource", {"ResourceTags": tag_list(STACK_TAGS)}),
        ("kms", "describe_key", {"KeyMetadata": key()}),
    ]


def _load_balancer_tags(name: str, value: str) -> Row:
    return {"TagDescriptions": [{name: value, "Tags": tag_list(STACK_TAGS)}]}


def nothing(**ec2: Sequence[Sequence[Row]]) -> list[Answer]:
    """Return the answers of an account that holds nothing but the given pages of EC2's listings."""
    listings = [
        answer
        for name, (member, _) in EC2_LISTINGS.items()
        for answer in ec2_pages(name, member, ec2.get(name, [[]]))
    ]
    return [
        identity(),
        *index(),
        *listings,
        ("eks", "list_clusters", {"clusters": []}),
        ("eks", "list_clusters", {"clusters": []}),
        ("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": []}),
        ("elbv2", "describe_load_balancers", {"LoadBalancers": []}),
        ("elb", "describe_load_balancers", {"LoadBalancerDescriptions": []}),
        ("logs", "describe_log_groups", {"logGroups": []}),
        ("s3", "list_buckets", {"Buckets": []}),
        ("budgets", "describe_budgets", {}),
        ("budgets", "describe_budget_actions_for_account", {"Actions": []}),
    ]


@cache
def clients() -> dict[str, Any]:
    """Return one client of each service; they are dear to make and never leave this machine."""
    session: Any = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - no secret
    return {name: session.client(name, region_name=REGION) for name in SERVICES}


@contextmanager
def answering(
    answers: Sequence[Answer], refused: Answer | None = None, refusal: str = "AccessDenied"
) -> Iterator[dict[str, Any]]:
    """Let the clients give these answers in turn; in the place of `refused` comes AWS's error `refusal`."""
    with ExitStack() as stack:
        stubs = {name: stack.enter_context(Stubber(client)) for name, client in clients().items()}
        for answer in answers:
            service, operation, response = answer
            if answer is refused:
                stubs[service].add_client_error(operation, refusal, "you may not")
            else:
                stubs[service].add_response(operation, response)
        yield clients()


def surveyed(
    answers: Sequence[Answer], refused: Answer | None = None, refusal: str = "AccessDenied"
) -> LeftoverReport:
    """Return the report on an account that gives these answers."""
    with answering(answers, refused, refusal) as asked:
        return fetch_leftovers(asked, MARKS, REGION, now=NOW, progress=lambda _what, _done, _total: None)

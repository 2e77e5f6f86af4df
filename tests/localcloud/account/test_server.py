"""The real HTTP server, asked by boto3 and by the `aws` command."""

import http.client
import json
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.account.api.operations import OPERATIONS
from localcloud.account.effects.eks_nodes import GROUP
from localcloud.account.instances import INSTANCE, INTERFACE, VOLUME
from localcloud.account.making import make
from localcloud.account.object_store import ObjectStore
from localcloud.account.store import Account
from localcloud.paths import Home
from tests.localcloud.account.engine_side import Engine, Made
from tests.localcloud.account.programs import make_cluster, make_network, make_node_group, make_role

BUCKET, VERSIONING = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"
LOAD_BALANCER, LOG_GROUP = "aws:lb/loadBalancer:LoadBalancer", "aws:cloudwatch/logGroup:LogGroup"

# What an operation needs to be asked at all.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "ec2.DeleteVolume": {"VolumeId": "vol-0"},
    "ec2.DeleteNetworkInterface": {"NetworkInterfaceId": "eni-0"},
    "ec2.DeleteSecurityGroup": {"GroupId": "sg-0"},
    "ec2.ReleaseAddress": {"AllocationId": "eipalloc-0"},
    "ec2.DeleteNatGateway": {"NatGatewayId": "nat-0"},
    "ec2.DeleteVpcEndpoints": {"VpcEndpointIds": ["vpce-0"]},
    "kms.ScheduleKeyDeletion": {"KeyId": "gone"},
    "budgets.DeleteBudget": {"AccountId": "123456789012", "BudgetName": "gone"},
    "ec2.DeleteVpc": {"VpcId": "vpc-0"},
    "ec2.DeleteSubnet": {"SubnetId": "subnet-0"},
    "ec2.TerminateInstances": {"InstanceIds": ["i-0"]},
    "eks.DescribeCluster": {"name": "eks"},
    "eks.ListNodegroups": {"clusterName": "eks"},
    "elbv2.DescribeTags": {"ResourceArns": ["arn:aws:elasticloadbalancing:x"]},
    "elbv2.DeleteLoadBalancer": {"LoadBalancerArn": "arn:aws:elasticloadbalancing:x"},
    "elb.DescribeTags": {"LoadBalancerNames": ["x"]},
    "logs.DeleteLogGroup": {"logGroupName": "gone"},
    "budgets.DescribeBudgets": {"AccountId": "123456789012"},
    "budgets.DescribeBudgetActionsForAccount": {"AccountId": "123456789012"},
    "budgets.ListTagsForResource": {"ResourceARN": "arn:aws:budgets::123456789012:budget/gpu"},
    "service-quotas.ListServiceQuotas": {"ServiceCode": "ec2"},
    "service-quotas.GetServiceQuota": {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA"},
}


@pytest.fixture
def everything(engine: Engine, account: Account) -> dict[str, Made]:
    """A network, a cluster with nodes, and one of all else that is listed."""
    network, role = make_network(engine), make_role(engine, "any")
    cluster = make_cluster(engine, network, role)
    group = make_node_group(engine, network, cluster, role)
    tags = {"worthwhile:stack": "test"}
    address = engine.make("aws:ec2/eip:Eip", "nat", domain="vpc")
    engine.make("aws:ec2/natGateway:NatGateway", "nat", subnetId=network.subnet_ids[0], allocationId=address.id)
    service = "com.amazonaws.us-east-1.s3"
    engine.make("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", vpcId=network.vpc.id, serviceName=service)
    key = engine.make("aws:kms/key:Key", "key", tags=tags)
    bucket = engine.make(BUCKET, "weights", tags=tags)
    engine.make(VERSIONING, "weights", bucket=bucket.id, versioningConfiguration={"status": "Enabled"})
    limit = {"budgetType": "COST", "limitAmount": "100", "limitUnit": "USD", "timeUnit": "MONTHLY"}
    engine.make("aws:budgets/budget:Budget", "gpu", **limit, tags=tags)
    balancer = {"name": "k8s-a", "family": "net", "scheme": "internal", "subnets": network.subnet_ids}
    with account.change() as state:
        make(state, LOAD_BALANCER, balancer, made_by="eks/balancer/services/default/a")
    return {"cluster": cluster, "group": group, "key": key, "bucket": bucket, "vpc": network.vpc}


def _code(session: boto3.Session, endpoint: str, name: str, key: str) -> str:
    """The status of the answer, or AWS's code of the refusal."""
    service, _, operation = name.partition(".")
    client = session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]
    methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
    arguments = {"kms.DescribeKey": {"KeyId": key}}.get(name, ARGUMENTS.get(name, {}))
    try:
        answer = getattr(client, methods[operation])(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return str(answer["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.usefixtures("everything")
def test_every_operation_is_understood_and_answered_in_its_protocol(
    session: boto3.Session, endpoint: str, everything: dict[str, Made]
) -> None:
    group = everything["group"].inputs["nodeGroupName"]
    ARGUMENTS["eks.DescribeNodegroup"] = {"clusterName": "eks", "nodegroupName": group}
    for name, operation in sorted(OPERATIONS.items()):
        code = _code(session, endpoint, name, everything["key"].id)
        assert code == "200" or (operation.changes and code not in ("500", "UnknownOperationException")), name


@pytest.mark.usefixtures("everything")
def test_lists_hold_what_there_is(session: boto3.Session, endpoint: str, account: Account) -> None:
    ec2 = session.client("ec2", endpoint_url=endpoint)
    instances = [each for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    assert len(instances) == len(account.read().of_type(INSTANCE)) == 2
    assert {each["Placement"]["AvailabilityZone"] for each in instances} == {"us-east-1a", "us-east-1b"}
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 4
    assert {each["State"] for each in ec2.describe_volumes()["Volumes"]} == {"in-use"}
    [address] = ec2.describe_addresses()["Addresses"]
    assert address["AssociationId"].startswith("eipassoc-")
    [group] = session.client("autoscaling", endpoint_url=endpoint).describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["AutoScalingGroupName"] == account.read().of_type(GROUP)[0].id
    assert len(group["Instances"]) == group["DesiredCapacity"] == 2


def test_a_new_account_answers_with_empty_lists_not_with_nothing(session: boto3.Session, endpoint: str) -> None:
    ec2 = session.client("ec2", endpoint_url=endpoint)
    assert ec2.describe_volumes()["Volumes"] == []
    assert session.client("logs", endpoint_url=endpoint).describe_log_groups()["logGroups"] == []
    assert session.client("elb", endpoint_url=endpoint).describe_load_balancers()["LoadBalancerDescriptions"] == []
    assert (
        session.client("budgets", endpoint_url=endpoint).describe_budgets(AccountId="123456789012")["Budgets"] == []
    )


@pytest.mark.usefixtures("everything")
def test_filters_choose_and_an_unknown_one_is_refused(session: boto3.Session, endpoint: str) -> None:
    ec2 = session.client("ec2", endpoint_url=endpoint)
    assert len(ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": ["test"]}])["Vpcs"]) == 1
    assert ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": ["other"]}])["Vpcs"] == []
    with pytest.raises(ClientError, match="does not know the filter 'owner-id'"):
        ec2.describe_vpcs(Filters=[{"Name": "owner-id", "Values": ["1"]}])
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        ec2.describe_vpcs(VpcIds=["vpc-0"])


@pytest.mark.usefixtures("everything")
def test_tags_find_log_groups_keys_and_buckets(session: boto3.Session, endpoint: str, engine: Engine) -> None:
    engine.make(LOG_GROUP, "logs", name="/worthwhile/logs", tags={"worthwhile:stack": "test"})
    tagging = session.client("resourcegroupstaggingapi", endpoint_url=endpoint)
    wanted = [{"Key": "worthwhile:stack", "Values": ["test"]}]
    found = tagging.get_resources(TagFilters=wanted)["ResourceTagMappingList"]
    services = {each["ResourceARN"].split(":")[2] for each in found}
    assert services == {"logs", "kms", "s3", "budgets"}
    assert tagging.get_resources(TagFilters=[{"Key": "nobody's"}])["ResourceTagMappingList"] == []


@pytest.mark.usefixtures("everything")
def test_what_controllers_left_can_be_deleted_and_nothing_else(
    session: boto3.Session, endpoint: str, account: Account
) -> None:
    ec2 = session.client("ec2", endpoint_url=endpoint)
    attached = account.read().of_type(VOLUME)[0]
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.delete_volume(VolumeId=attached.id)
    with account.change() as state:
        left = make(state, VOLUME, {"size": 10, "type": "gp3", "zone": "us-east-1a"}, made_by="eks/claim/a/b")
    ec2.delete_volume(VolumeId=left.id)
    balancers = session.client("elbv2", endpoint_url=endpoint)
    [balancer] = balancers.describe_load_balancers()["LoadBalancers"]
    balancers.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert balancers.describe_load_balancers()["LoadBalancers"] == []
    in_use = account.read().of_type(INTERFACE)[0]
    with pytest.raises(ClientError, match="currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=in_use.id)


def test_a_key_that_waits_for_its_deletion_says_so(
    session: boto3.Session, endpoint: str, engine: Engine, everything: dict[str, Made]
) -> None:
    engine.delete(everything["key"])
    described = session.client("kms", endpoint_url=endpoint).describe_key(KeyId=everything["key"].outputs["arn"])
    assert described["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert described["KeyMetadata"]["DeletionDate"] > described["KeyMetadata"]["CreationDate"]


def test_an_operation_that_is_not_answered_says_so(session: boto3.Session, endpoint: str) -> None:
    with pytest.raises(ClientError, match=r"localcloud does not answer ec2\.DescribeImages"):
        session.client("ec2", endpoint_url=endpoint).describe_images()


def test_the_server_says_that_it_is_up(endpoint: str) -> None:
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_the_aws_command_lists_and_syncs(
    shell: dict[str, str], everything: dict[str, Made], account: Account, tmp_path: Path
) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"first")
    bucket = f"s3://{everything['bucket'].id}/model"
    _aws(shell, "s3", "sync", str(tmp_path / "weights"), bucket)
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"second one")
    _aws(shell, "s3", "sync", str(tmp_path / "weights"), bucket)
    _aws(shell, "s3", "sync", bucket, str(tmp_path / "back"))
    assert (tmp_path / "back" / "model.safetensors").read_bytes() == b"second one"
    assert account.read().of_type(BUCKET)[0].outputs["objectVersions"] == 2
    assert json.loads(_aws(shell, "eks", "list-clusters"))["clusters"] == ["eks"]


def _aws(shell: dict[str, str], *arguments: str) -> str:
    return subprocess.run(  # noqa: S603  -- with our own arguments
        ["aws", *arguments, "--output", "json"],  # noqa: S607  -- the command of our own environment
        env=shell,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_deleting_an_object_leaves_a_marker_and_the_old_version(
    session: boto3.Session, endpoint: str, everything: dict[str, Made], engine: Engine
) -> None:
    s3, bucket = session.client("s3", endpoint_url=endpoint), everything["bucket"].id
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="a")
    versions = s3.list_object_versions(Bucket=bucket)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (1, 1)
    for each in [*versions["Versions"], *versions["DeleteMarkers"]]:
        s3.delete_object(Bucket=bucket, Key="a", VersionId=each["VersionId"])
    engine.delete(everything["bucket"])  # refused while one version is left


def test_buckets_come_and_go_with_the_account(session: boto3.Session, endpoint: str, engine: Engine) -> None:
    s3 = session.client("s3", endpoint_url=endpoint)
    bucket = engine.make(BUCKET, "weights", forceDestroy=True)
    s3.put_object(Bucket=bucket.id, Key="a", Body=b"1")
    engine.delete(bucket)
    assert s3.list_buckets()["Buckets"] == []
    again = engine.make(BUCKET, "other", bucket=bucket.id)
    assert "Contents" not in s3.list_objects_v2(Bucket=again.id)


def test_a_bucket_made_over_the_api_is_part_of_the_account_until_it_is_deleted_there(
    session: boto3.Session, endpoint: str, account: Account
) -> None:
    s3 = session.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket="by-hand")
    s3.put_bucket_versioning(Bucket="by-hand", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="by-hand", Key="a", Body=b"1")
    assert s3.get_bucket_versioning(Bucket="by-hand")["Status"] == "Enabled"
    assert account.read().of_type(BUCKET)[0].outputs["objectVersions"] == 1
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket="by-hand")
    version = s3.list_object_versions(Bucket="by-hand")["Versions"][0]["VersionId"]
    s3.delete_object(Bucket="by-hand", Key="a", VersionId=version)
    s3.delete_bucket(Bucket="by-hand")
    assert list(account.read()) == []


def test_a_bucket_of_the_program_that_was_deleted_over_the_api_is_gone(
    session: boto3.Session, endpoint: str, everything: dict[str, Made], engine: Engine
) -> None:
    session.client("s3", endpoint_url=endpoint).delete_bucket(Bucket=everything["bucket"].id)
    assert engine.read(everything["bucket"]) is None


def test_a_group_that_a_service_writes_to_is_not_said_to_be_empty(
    session: boto3.Session, endpoint: str, everything: dict[str, Made], engine: Engine
) -> None:
    engine.make(LOG_GROUP, "mine", name="mine")
    groups = session.client("logs", endpoint_url=endpoint).describe_log_groups()["logGroups"]
    sizes = {each["logGroupName"]: each.get("storedBytes") for each in groups}
    assert sizes == {f"/aws/eks/{everything['cluster'].id}/cluster": None, "mine": 0}


def test_what_leftovers_prints_as_commands_works(
    session: boto3.Session, endpoint: str, everything: dict[str, Made], account: Account
) -> None:
    session.client("kms", endpoint_url=endpoint).schedule_key_deletion(
        KeyId=everything["key"].outputs["arn"], PendingWindowInDays=7
    )
    budget = account.read().of_type("aws:budgets/budget:Budget")[0].inputs["name"]
    session.client("budgets", endpoint_url=endpoint).delete_budget(AccountId="123456789012", BudgetName=budget)
    endpoints = [each.id for each in account.read().of_type("aws:ec2/vpcEndpoint:VpcEndpoint")]
    session.client("ec2", endpoint_url=endpoint).delete_vpc_endpoints(VpcEndpointIds=endpoints)
    state = account.read()
    assert state.of_type("aws:budgets/budget:Budget", "aws:ec2/vpcEndpoint:VpcEndpoint") == []
    assert state.of_type("aws:kms/key:Key")[0].outputs["keyState"] == "PendingDeletion"


def test_objects_outlive_the_server(
    session: boto3.Session, endpoint: str, engine: Engine, account: Account, home: Home
) -> None:
    bucket = engine.make(BUCKET, "weights")
    session.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket.id, Key="a", Body=b"kept")
    restarted = ObjectStore(account, home.s3)
    assert restarted._backend.buckets[bucket.id].keys["a"].value == b"kept"

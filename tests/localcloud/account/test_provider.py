"""Resources through the real protocol: made, read, changed, deleted, and refused as AWS refuses."""

import json

import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.account.making import make
from localcloud.account.store import Account
from localcloud.standins.values import UNKNOWN, secret
from tests.localcloud.account.engine_side import Engine, RefusedByProviderError, urn
from tests.localcloud.account.programs import (
    CLUSTER,
    ROLE,
    SUBNET,
    TEMPLATE,
    VPC,
    make_cluster,
    make_network,
    make_node_group,
    make_role,
)

BUCKET, KEY, LOG_GROUP = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:cloudwatch/logGroup:LogGroup"


def _put_troubles(account: Account, **lists: list[dict[str, object]]) -> None:
    account.path.parent.mkdir(parents=True, exist_ok=True)
    account.path.write_text(json.dumps(lists))


def test_what_is_made_and_deleted_again_leaves_nothing(engine: Engine, account: Account) -> None:
    network = make_network(engine)
    assert len(list(account.read())) == 4  # the VPC brings its default security group along
    network.delete(engine)
    assert list(account.read()) == []


def test_a_type_that_the_account_does_not_know_is_refused_in_check(engine: Engine) -> None:
    _, failures = engine.check("aws:rds/instance:Instance", "db", {})
    assert "aws:rds/instance:Instance is not in types.toml" in failures[0]


def test_a_preview_makes_nothing_and_knows_no_computed_output(engine: Engine, account: Account) -> None:
    outputs = engine.preview(VPC, "net", {"cidrBlock": "10.0.0.0/16"})
    assert outputs["arn"] == outputs["defaultSecurityGroupId"] == UNKNOWN
    assert outputs["cidrBlock"] == "10.0.0.0/16"
    assert outputs["instanceTenancy"] == "default"
    assert not account.path.exists()


def test_a_preview_of_a_cluster_knows_what_eks_will_add_inside_its_vpc_config(engine: Engine) -> None:
    vpc_config = {"subnetIds": [UNKNOWN]}
    outputs = engine.preview(CLUSTER, "eks", {"name": "eks", "roleArn": UNKNOWN, "vpcConfig": vpc_config})
    assert outputs["vpcConfig"] == {
        "subnetIds": [UNKNOWN],
        "clusterSecurityGroupId": UNKNOWN,
        "vpcId": UNKNOWN,
    }


def test_a_name_is_made_once_and_kept(engine: Engine) -> None:
    inputs, _ = engine.check(ROLE, "node", {"assumeRolePolicy": "{}"})
    again, _ = engine.check(ROLE, "node", {"assumeRolePolicy": "{}"}, olds={"name": "node-older"})
    assert inputs["name"].startswith("node-")
    assert len(inputs["name"]) == len("node-") + 7
    assert again["name"] == "node-older"


def test_a_name_of_the_program_is_taken_as_it_is(engine: Engine) -> None:
    inputs, _ = engine.check(ROLE, "node", {"assumeRolePolicy": "{}", "name": "mine"})
    assert inputs["name"] == "mine"


def test_default_tags_and_own_tags_are_all_tags(engine: Engine) -> None:
    engine.configure({"defaultTags": json.dumps({"tags": {"owner": "ml", "stack": "default"}})})
    vpc = engine.make(VPC, "net", cidrBlock="10.0.0.0/16", tags={"stack": "test"})
    assert vpc.outputs["tagsAll"] == {"owner": "ml", "stack": "test"}


def test_a_reference_to_nothing_is_refused_with_awss_code(engine: Engine, account: Account) -> None:
    with pytest.raises(RefusedByProviderError, match=r"InvalidVpcID\.NotFound: vpcId: the Vpc 'vpc-gone'"):
        engine.make(SUBNET, "s", vpcId="vpc-gone", availabilityZone="us-east-1a", cidrBlock="10.0.0.0/24")
    assert list(account.read()) == []


def test_a_policy_that_aws_owns_needs_no_record(engine: Engine) -> None:
    role = make_role(engine, "node")
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    engine.make(attachment, "a", role=role.outputs["name"], policyArn=arn)
    with pytest.raises(RefusedByProviderError, match="NoSuchEntity"):
        engine.make(attachment, "b", role=role.outputs["name"], policyArn="arn:aws:iam::123456789012:policy/gone")


def test_what_something_else_needs_cannot_be_deleted(engine: Engine) -> None:
    network = make_network(engine)
    with pytest.raises(RefusedByProviderError, match=r"DependencyViolation.*Subnet subnet-"):
        engine.delete(network.vpc)
    role = make_role(engine, "node")
    arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    engine.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role=role.outputs["name"], policyArn=arn)
    with pytest.raises(RefusedByProviderError, match="DeleteConflict"):
        engine.delete(role)


def test_an_interface_that_a_controller_left_behind_holds_the_subnet(engine: Engine, account: Account) -> None:
    network = make_network(engine)
    interface = {"subnetId": network.subnet_ids[0], "privateIp": "10.0.0.9", "description": "ELB net/x"}
    with account.change() as state:
        make(state, "aws:ec2/networkInterface:NetworkInterface", interface, made_by="eks/balancer/services/a/b")
    with pytest.raises(RefusedByProviderError, match=r"DependencyViolation.*NetworkInterface eni-"):
        engine.delete(network.subnets[0])


def test_a_subnet_lies_in_its_vpc_and_beside_the_others(engine: Engine) -> None:
    vpc = make_network(engine).vpc
    zone = "us-east-1c"
    with pytest.raises(RefusedByProviderError, match=r"InvalidSubnet.Range"):
        engine.make(SUBNET, "outside", vpcId=vpc.id, availabilityZone=zone, cidrBlock="10.1.0.0/24")
    with pytest.raises(RefusedByProviderError, match=r"InvalidSubnet.Conflict"):
        engine.make(SUBNET, "taken", vpcId=vpc.id, availabilityZone=zone, cidrBlock="10.0.0.128/25")
    with pytest.raises(RefusedByProviderError, match=r"us-east-9z.* for availabilityZone is invalid"):
        engine.make(SUBNET, "nowhere", vpcId=vpc.id, availabilityZone="us-east-9z", cidrBlock="10.0.9.0/24")


def test_a_resource_that_was_deleted_behind_our_back_reads_as_gone(engine: Engine, account: Account) -> None:
    vpc = engine.make(VPC, "net", cidrBlock="10.0.0.0/16")
    assert engine.read(vpc) is not None
    with account.change() as state:
        for each in state:
            state.remove(each)
    assert engine.read(vpc) is None
    engine.delete(vpc)  # what is gone already is no error


def test_secrets_stay_marked_and_reach_the_account_as_they_are(engine: Engine, account: Account) -> None:
    made = engine.make(LOG_GROUP, "logs", name="logs", tags={"token": secret("s3cret")})
    assert made.outputs["tags"]["token"] == secret("s3cret")
    read = engine.read(made)
    assert read is not None
    assert read.inputs["tags"]["token"] == secret("s3cret")
    [group] = account.read().of_type(LOG_GROUP)
    assert group.tags == {"token": "s3cret"}


def test_a_change_of_what_cannot_change_replaces(engine: Engine) -> None:
    vpc = engine.make(VPC, "net", cidrBlock="10.0.0.0/16")
    assert engine.diff(vpc, cidrBlock="10.9.0.0/16").replaces == ["cidrBlock"]
    assert engine.diff(vpc, tags={"a": "b"}).replaces == []
    assert engine.diff(vpc).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_replacement_that_would_take_the_same_name_deletes_first(engine: Engine) -> None:
    role = engine.make(ROLE, "node", name="fixed", assumeRolePolicy="{}")
    assert engine.diff(role, path="/other/").deleteBeforeReplace
    assert not engine.diff(role, name="other").deleteBeforeReplace


def test_part_of_an_object_can_force_a_replacement(engine: Engine) -> None:
    network, role = make_network(engine), make_role(engine, "cluster")
    config = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    cluster = make_cluster(engine, network, role, accessConfig=config)
    changed = {**config, "bootstrapClusterCreatorAdminPermissions": True}
    assert engine.diff(cluster, accessConfig=changed).replaces == ["accessConfig"]
    assert engine.diff(cluster, accessConfig={**config, "authenticationMode": "API_AND_CONFIG_MAP"}).replaces == []


def test_an_object_that_comes_as_a_whole_replaces_only_for_the_part_that_forces_it(engine: Engine) -> None:
    network, role = make_network(engine), make_role(engine, "cluster")
    cluster = make_cluster(engine, network, role)
    assert engine.diff(cluster, kubernetesNetworkConfig={"ipFamily": "ipv6"}).replaces == ["kubernetesNetworkConfig"]
    balancing = {"elasticLoadBalancing": {"enabled": True}}
    assert engine.diff(cluster, kubernetesNetworkConfig=balancing).replaces == []


def test_a_name_that_is_taken_is_refused(engine: Engine) -> None:
    engine.make(LOG_GROUP, "one", name="logs")
    with pytest.raises(RefusedByProviderError, match="AlreadyExists: a LogGroup 'logs'"):
        engine.make(LOG_GROUP, "two", name="logs")


def test_a_changed_launch_template_is_a_new_version_and_a_preview_does_not_know_it(engine: Engine) -> None:
    template = engine.make(TEMPLATE, "gpu", updateDefaultVersion=True, instanceType="g6.xlarge")
    preview = engine.change(template, preview=True, instanceType="g6.2xlarge")
    changed = engine.change(template, instanceType="g6.2xlarge")
    assert (template.outputs["latestVersion"], preview.outputs["latestVersion"]) == (1, UNKNOWN)
    assert (changed.outputs["latestVersion"], changed.outputs["defaultVersion"]) == (2, 2)
    assert engine.change(changed, tags={"a": "b"}).outputs["latestVersion"] == 2


def test_an_input_that_the_program_no_longer_gives_falls_back_to_its_default(
    engine: Engine, account: Account
) -> None:
    group = engine.make(LOG_GROUP, "logs", name="logs", retentionInDays=7)
    request = provider_pb2.UpdateRequest(urn=group.urn, id=group.id)
    request.news.update({"name": "logs"})
    engine.stub.Update(request)
    assert account.read().of_type(LOG_GROUP)[0].outputs["retentionInDays"] == 0


def test_a_key_waits_for_its_deletion_and_can_no_longer_be_used(engine: Engine, account: Account) -> None:
    key = engine.make(KEY, "key", deletionWindowInDays=7)
    engine.delete(key)
    [left] = account.read().of_type(KEY)
    assert left.outputs["keyState"] == "PendingDeletion"
    assert 6.9 * 86_400 < left.outputs["deletionDate"] - left.made_at < 7.1 * 86_400
    assert engine.read(key) is None
    with pytest.raises(RefusedByProviderError, match="NotFoundException"):
        engine.make(LOG_GROUP, "logs", name="logs", kmsKeyId=key.outputs["arn"])


def test_late_logs_bring_the_log_group_of_a_deleted_cluster_back_once(engine: Engine, account: Account) -> None:
    account.path.parent.mkdir(parents=True)
    account.path.write_text('{"settings": {"late_logs": true}}')
    mine, plain = (engine.make(LOG_GROUP, name, name=name) for name in ("/aws/eks/c/cluster", "other"))
    engine.delete(mine)
    engine.delete(plain)
    assert [(each.id, each.made_by) for each in account.read()] == [("/aws/eks/c/cluster", "c")]


@pytest.mark.parametrize("force", [False, True])
def test_a_bucket_with_versions_goes_only_when_that_was_wanted(
    engine: Engine, account: Account, *, force: bool
) -> None:
    bucket = engine.make(BUCKET, "weights", forceDestroy=force)
    with account.change() as state:
        state.set_outputs(state.of_type(BUCKET)[0], objectVersions=3)
    if force:
        engine.delete(bucket)
        assert account.read().of_type(BUCKET) == []
    else:
        with pytest.raises(RefusedByProviderError, match=r"BucketNotEmpty.*3 versions"):
            engine.delete(bucket)


def test_a_planned_failure_happens_as_often_as_it_was_planned(engine: Engine, account: Account) -> None:
    error = "InsufficientInstanceCapacity: we do not have enough capacity"
    _put_troubles(account, failures=[{"type": "Vpc", "name": "net", "error": error, "times": 1}])
    with pytest.raises(RefusedByProviderError, match="InsufficientInstanceCapacity"):
        engine.make(VPC, "net", cidrBlock="10.0.0.0/16")
    engine.make(VPC, "other", cidrBlock="10.0.0.0/16")
    assert engine.make(VPC, "net", cidrBlock="10.0.0.0/16").id


def test_a_failure_after_the_making_leaves_the_resource_and_tells_the_engine(
    engine: Engine, account: Account
) -> None:
    _put_troubles(account, failures=[{"type": "Vpc", "error": "not yet", "made": True}])
    with pytest.raises(RefusedByProviderError) as caught:
        engine.make(VPC, "net", cidrBlock="10.0.0.0/16")
    status = status_pb2.Status.FromString(caught.value.details)
    told = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(told)
    assert list(told.reasons) == ["not yet"]
    assert account.read().get(VPC, told.id) is not None


def test_what_is_refused_in_the_middle_leaves_nothing_of_itself(engine: Engine, account: Account) -> None:
    network, role = make_network(engine), make_role(engine, "cluster")
    cluster = make_cluster(engine, network, role)
    before = {each.id for each in account.read()}
    with account.change() as state:
        state.quotas["L-DB2E81BA"] = 4
    with pytest.raises(RefusedByProviderError, match=r"VcpuLimitExceeded.*L-DB2E81BA"):
        make_node_group(engine, network, cluster, role)
    assert {each.id for each in account.read()} == before


def test_updating_what_is_gone_is_refused(engine: Engine, account: Account) -> None:
    vpc = engine.make(VPC, "net", cidrBlock="10.0.0.0/16")
    with account.change() as state:
        for each in state:
            state.remove(each)
    with pytest.raises(RefusedByProviderError, match=r"InvalidVpcID\.NotFound"):
        engine.change(vpc, tags={"a": "b"})


def test_the_urn_of_a_child_names_its_own_type(engine: Engine) -> None:
    request = provider_pb2.CheckRequest(urn=urn("worthwhile:infra:Network$" + VPC, "net"))
    request.news.update({"cidrBlock": "10.0.0.0/16"})
    assert list(engine.stub.Check(request).failures) == []

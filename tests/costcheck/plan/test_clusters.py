import pytest

from costcheck.plan.clusters import CLUSTER, place_objects
from costcheck.plan.records import Change, Operation, Plan, Resource
from tests.costcheck.gate import plans

SERVICE = "kubernetes:core/v1:Service"


def of_aws(token: str, region_id: str | None) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::shop::{token}::{region_id}", token=token, region_id=region_id)


def region_of(*beside: Resource, default: str | None = None) -> str | None:
    service = Resource(urn=f"urn:pulumi:dev::shop::{SERVICE}::web", token=SERVICE)
    change = Change(operation=Operation.CREATE, urn=service.urn, before=None, after=service)
    plan = Plan(project="shop", stack="dev", changes=(change,), unchanged=beside, default_region_id=default)
    (placed,) = [resource for resource in place_objects(plan).after if resource.token == SERVICE]
    return placed.region_id


def test_an_object_stands_in_the_region_of_the_only_cluster() -> None:
    bucket, cluster = of_aws("aws:s3/bucket:Bucket", "us-east-1"), of_aws(CLUSTER, "eu-west-1")
    assert region_of(bucket, cluster) == "eu-west-1"


def test_without_a_cluster_it_stands_where_all_of_aws_stands_or_where_the_configuration_says() -> None:
    assert region_of(of_aws("aws:s3/bucket:Bucket", "eu-west-1"), default="us-east-1") == "eu-west-1"
    assert region_of(default="us-east-1") == "us-east-1"


@pytest.mark.parametrize(
    "beside",
    [
        (),
        (of_aws("aws:s3/bucket:Bucket", "us-east-1"), of_aws("aws:s3/bucket:Bucket", "eu-west-1")),
        (of_aws("aws:s3/bucket:Bucket", "us-east-1"), of_aws("aws:s3/bucket:Bucket", None)),
        (of_aws(CLUSTER, "us-east-1"), of_aws(CLUSTER, "eu-west-1")),
        (of_aws(CLUSTER, None),),
    ],
)
def test_where_several_regions_or_none_can_be_meant_it_stands_nowhere(beside: tuple[Resource, ...]) -> None:
    assert region_of(*beside) is None


def test_a_state_tells_where_the_objects_of_a_plan_stand() -> None:
    cluster = plans.state_of(CLUSTER, "main", {"region": "eu-west-1"})
    step = plans.create(SERVICE, "web", {})
    assert [one.region_id for one in plans.read(plans.preview(step, same=1)).after] == [plans.REGION]
    found = plans.read_with_state(plans.preview(step, same=1), cluster)
    assert {one.region_id for one in found.after} == {"eu-west-1"}


@pytest.mark.parametrize(
    "token", ["kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Chart", "kubernetes:yaml:ConfigFile"]
)
def test_a_chart_that_its_provider_takes_apart_is_a_bracket(token: str) -> None:
    (found,) = plans.read(plans.preview(plans.create(token, "shop", {}, custom=False))).after
    assert not found.custom

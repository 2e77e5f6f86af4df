"""Where resources stand: by their provider or cluster, never by a guess."""

import pytest

from costcheck.plan.records import Resource
from costcheck.plan.regions import CLUSTER, is_default_provider
from tests.costcheck.gate import plans
from tests.costcheck.gate.plans import NODE_GROUP, Json

SERVICE, AWS, KUBERNETES = "kubernetes:core/v1:Service", "pulumi:providers:aws", "pulumi:providers:kubernetes"
BUCKET = plans.create("aws:s3/bucket:Bucket", "logs", {})


def cluster(name: str, region_id: str | None = None) -> Json:
    return plans.state_of(CLUSTER, name, {"region": region_id} if region_id else {})


def provider(*clusters: str) -> Json:
    depends = {"kubeconfig": [plans.urn(CLUSTER, name) for name in clusters]}
    return plans.state_of(KUBERNETES, "k8s", {"kubeconfig": "{}"}, propertyDependencies=depends)


def service(provider_name: str = "k8s") -> Json:
    return plans.create(SERVICE, "web", {}, provider=f"{plans.urn(KUBERNETES, provider_name)}::0000")


def made(*states: Json) -> list[Json]:
    return [{"op": "create", "urn": state["urn"], "newState": state} for state in states]


def found(resources: tuple[Resource, ...], token: str) -> Resource:
    (resource,) = [resource for resource in resources if resource.token == token]
    return resource


def group_of(provider_name: str) -> Json:
    return plans.create(NODE_GROUP, "gpu", plans.pool(), provider=f"{plans.urn(AWS, provider_name)}::0000")


def test_an_object_stands_in_the_region_of_the_cluster_that_its_provider_is_made_from() -> None:
    steps = made(cluster("near"), cluster("far", "eu-west-1"), provider("far"))
    assert found(plans.read(plans.preview(*steps, service())).after, SERVICE).region_id == "eu-west-1"


def test_an_object_stands_in_the_region_of_the_configuration_with_its_cluster() -> None:
    steps = made(cluster("near"), provider("near"))
    assert found(plans.read(plans.preview(*steps, service())).after, SERVICE).region_id == plans.REGION


@pytest.mark.parametrize(
    "beside",
    [
        [],
        made(cluster("near")),
        made(cluster("near"), provider()),
        made(cluster("near"), cluster("far", "eu-west-1"), provider("near", "far")),
        made(provider("gone")),
    ],
)
def test_an_object_whose_provider_names_no_cluster_or_several_stands_nowhere(beside: list[Json]) -> None:
    assert found(plans.read(plans.preview(BUCKET, *beside, service())).after, SERVICE).region_id is None


def test_a_state_tells_where_the_objects_of_a_plan_stand() -> None:
    document = plans.preview(service(), same=2)
    assert found(plans.read(document).after, SERVICE).region_id is None
    plan = plans.read_with_state(document, cluster("far", "eu-west-1"), provider("far"))
    assert found(plan.after, SERVICE).region_id == "eu-west-1"


def test_a_state_tells_the_region_of_a_provider_that_stays() -> None:
    eu = plans.state_of(AWS, "eu", {"region": "eu-west-1"})
    plan = plans.read_with_state(plans.preview(group_of("eu"), same=1), eu)
    assert found(plan.after, NODE_GROUP).region_id == "eu-west-1"


def test_a_provider_of_the_user_that_is_called_like_a_default_one_is_counted_and_gives_its_own_region() -> None:
    document = plans.preview(group_of("default-eu"), same=1)
    assert found(plans.read(document).after, NODE_GROUP).region_id is None
    plan = plans.read_with_state(document, plans.state_of(AWS, "default-eu", {"region": "eu-west-1"}))
    assert found(plan.after, NODE_GROUP).region_id == "eu-west-1"


def test_each_side_has_the_region_of_its_own_provider() -> None:
    move = plans.update(AWS, "main", {"region": "us-east-1"}, {"region": "eu-west-1"})
    step = plans.update(NODE_GROUP, "gpu", plans.pool(), plans.pool(3))
    for side in ("oldState", "newState"):
        step[side]["provider"] = f"{plans.urn(AWS, 'main')}::0000"
    plan = plans.read(plans.preview(move, step))
    assert found(plan.before, NODE_GROUP).region_id == "us-east-1"
    assert found(plan.after, NODE_GROUP).region_id == "eu-west-1"


@pytest.mark.parametrize("name", ["default", "default_7_51_1", "default_7_0_0_alpha_1"])
def test_the_engine_names_its_providers_by_their_version(name: str) -> None:
    assert is_default_provider(plans.urn(AWS, name))


@pytest.mark.parametrize("name", ["default-eu", "default_eu", "defaults", "my-default"])
def test_another_name_is_one_of_the_user(name: str) -> None:
    assert not is_default_provider(plans.urn(AWS, name))


@pytest.mark.parametrize(
    "token", ["kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Chart", "kubernetes:yaml:ConfigFile"]
)
def test_a_chart_that_its_provider_takes_apart_is_a_bracket(token: str) -> None:
    (bracket,) = plans.read(plans.preview(plans.create(token, "shop", {}, custom=False))).after
    assert not bracket.custom

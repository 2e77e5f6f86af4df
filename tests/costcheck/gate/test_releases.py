import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costcheck.gate.assessment import Assessment, assess
from costcheck.gate.needs import needs_of
from costcheck.gate.releases import (
    BY_API,
    BY_VALUE,
    BY_WORLD,
    FETCHED,
    GONE,
    HIDDEN,
    MOST_ATTEMPTS,
    Render,
    RenderedReleases,
    render_releases,
)
from costcheck.gate.result import Status
from costcheck.gate.view import NOT_RENDERED, Side
from costcheck.plan.preview import read_preview
from costcheck.plan.records import SECRET, UNKNOWN, Plan
from costcheck.sources.chart_text import Chart
from costcheck.sources.helm import Manifest, Release, parse_manifests
from tests.costcheck.gate import plans
from tests.costcheck.gate.kubernetes_objects import FACTS
from tests.costcheck.gate.types.test_kubernetes import (
    ON_DEMAND,
    TYPES,
    claim,
    node_class,
    node_pool,
    one_of,
    storage_class,
)

ROOT = Path(__file__).resolve().parents[3]
RELEASE = "kubernetes:helm.sh/v3:Release"
PLAIN = Chart()
CHART = {"chart": "../charts/shop", "name": "shop", "namespace": "web", "checksum": "aa"}
URN = plans.urn(RELEASE, "shop")


def manifest(api_version: str, kind: str, **inputs: Any) -> Manifest:  # noqa: ANN401 - any JSON
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "one"}, **inputs}


CLASS = manifest("storage.k8s.io/v1", "StorageClass", **storage_class().inputs)
CLAIM = manifest("v1", "PersistentVolumeClaim", **claim().inputs)
POD = manifest("v1", "Pod", spec={"containers": [{"resources": {"limits": {"nvidia.com/gpu": "8"}}}]})
NODE_CLASS = manifest("karpenter.k8s.aws/v1", "EC2NodeClass", **node_class().inputs)
NODE_POOL = manifest(
    "karpenter.sh/v1", "NodePool", **node_pool(TYPES, ON_DEMAND, limits={"nvidia.com/gpu": "2"}).inputs
)


def always(*manifests: Manifest) -> Render:
    return lambda _release, _root: manifests


def added(**inputs: Any) -> Plan:  # noqa: ANN401 - any JSON
    return near(plans.read(plans.preview(plans.create(RELEASE, "shop", {**CHART, **inputs}))))


def near(plan: Plan) -> Plan:
    """Return a plan of one release with it in the region of the prices, as if its provider were in the plan."""
    (change,) = plan.changes
    assert change.after is not None
    return replace(plan, changes=(replace(change, after=replace(change.after, region_id=plans.REGION)),))


def rendered(plan: Plan, render: Render, *, text: Chart | str = PLAIN) -> RenderedReleases:
    """Return what releases hold by a pretended helm, where the text of each chart says this."""
    return render_releases(
        plan,
        FACTS,
        Path("infra"),
        render=render,
        opened=lambda release, _root, _folder: text if isinstance(text, str) else (release, text),
    )


def assessed(plan: Plan, render: Render) -> Assessment:
    found = rendered(plan, render)
    sides = Side(plan.before, FACTS, found.before), Side(plan.after, FACTS, found.after)
    return assess(plan, plans.book(), {}, *sides)


def outcome(plan: Plan, render: Render, text: Chart | str = PLAIN) -> Any:  # noqa: ANN401 - what a release holds, or the reason
    return rendered(plan, render, text=text).after[URN]


def test_what_a_chart_makes_aws_charge_for_is_the_cost_of_its_release() -> None:
    (row,) = assessed(added(), always(CLASS, CLAIM, POD)).rows
    assert row.after is not None
    priced = row.after[1]
    assert [(one.name, one.quantity) for one in priced.components] == [("gp3 volume", Decimal(50))]
    assert priced.cost is not None
    assert priced.cost.desired_usd == 4


def test_pods_are_not_priced_beside_the_nodes_that_they_run_on() -> None:
    """The plan with its pools and servers costs what it costs without the servers."""
    plan = read_preview((ROOT / "tests" / "data" / "plans" / "add_pools.json").read_bytes())
    golden = parse_manifests((ROOT / "tests" / "golden" / "charts" / "full.yaml").read_bytes())
    assert not isinstance(golden, str)
    assert "nvidia.com/gpu" in str(golden)
    found = rendered(plan, lambda _release, _root: golden)
    whole = assess(plan, plans.book(), {}, Side(plan.before, FACTS), Side(plan.after, FACTS, found.after))
    (release,) = [row for row in whole.rows if row.resource.token == RELEASE]
    assert release.after is not None
    assert release.after[1].status is Status.FREE
    assert not [urn for urn in whole.growth.untold if RELEASE in urn]
    bare = assess(plan, plans.book(), {}, Side(plan.before, FACTS), Side(plan.after, FACTS))
    assert whole.after == bare.after


def test_a_release_that_nobody_rendered_may_start_nodes_that_nobody_can_count() -> None:
    plan = added()
    found = assess(plan, plans.book(), {}, Side((), FACTS), Side(plan.after, FACTS))
    assert found.growth.untold == {URN: NOT_RENDERED}


def test_a_release_that_cannot_be_rendered_says_why() -> None:
    found = assessed(added(), lambda _release, _root: "helm is not on PATH")
    assert found.growth.untold == {URN: "helm is not on PATH"}
    assert [row.after[1].reason for row in found.unknown if row.after] == ["helm is not on PATH"]


def test_gpu_nodes_of_a_chart_count_as_the_plans_own() -> None:
    found = assessed(added(), always(NODE_CLASS, NODE_POOL))
    assert found.growth.after["g6.xlarge/on_demand", "us-east-1"] == 2


def test_a_node_pool_that_does_not_tell_makes_its_whole_release_untold() -> None:
    pool = manifest("karpenter.sh/v1", "NodePool", spec={"template": {"spec": {"requirements": []}}})
    found = assessed(added(), always(CLASS, CLAIM, pool))
    assert "NodePool one: its requirements do not list the instance types" in found.growth.untold[URN]


def test_an_object_without_a_price_leaves_the_nodes_beside_it_counted() -> None:
    strange = manifest("example.org/v1", "Postgres")
    found = assessed(added(), always(NODE_CLASS, NODE_POOL, strange))
    assert found.growth.untold == {}
    assert found.growth.after["g6.xlarge/on_demand", "us-east-1"] == 2
    (row,) = found.unknown
    assert row.after is not None
    assert row.after[1].reason.startswith("Postgres one: what the controller of example.org makes")


def chart(release: Release, _: Path) -> tuple[Manifest, ...] | str:
    """Render a claim as the values have it; the password is only mounted."""
    given = json.loads(json.dumps(release.values, default=str))
    secret = manifest("v1", "Secret", data={"password": given.get("password")})
    kind = "fast" if given.get("persistent", True) else ""
    spec = {"storageClassName": kind, "resources": {"requests": {"storage": f"{given.get('size', 50)}Gi"}}}
    return CLASS, secret, manifest("v1", "PersistentVolumeClaim", spec=spec)


@pytest.mark.parametrize(
    "hidden", [UNKNOWN, SECRET, {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}]
)
def test_a_hidden_value_that_changes_no_cost_is_no_matter(hidden: object) -> None:
    found = assessed(added(values={"password": hidden}), chart)
    assert found.after.desired_usd == 4


@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET])
@pytest.mark.parametrize("key", ["size", "persistent"])
def test_a_hidden_value_that_decides_a_cost_is_the_reason(hidden: str, key: str) -> None:
    assert outcome(added(values={key: hidden}), chart) == BY_VALUE


def test_a_stand_in_that_the_chart_refuses_decides_nothing() -> None:
    def strict(release: Release, root: Path) -> tuple[Manifest, ...] | str:
        return chart(release, root) if release.values["password"] else "a password is required"

    assert isinstance(outcome(added(values={"password": UNKNOWN}), strict), tuple)


def test_a_chart_that_refuses_the_first_stand_in_is_a_reason_that_says_so() -> None:
    found = outcome(added(values={"password": UNKNOWN}), lambda _release, _root: "it fails")
    assert found == f"{HIDDEN}: it fails"


def test_stand_ins_are_not_held_against_the_schema_of_the_chart() -> None:
    asked: list[bool] = []

    def note(release: Release, _: Path) -> tuple[Manifest, ...]:
        asked.append(release.validated)
        return ()

    rendered(added(values={"a": UNKNOWN}), note)
    assert not any(asked)
    asked.clear()
    rendered(added(values={"a": "b"}), note)
    assert all(asked)


def test_a_chart_that_asks_the_cluster_for_an_api_before_it_costs_is_not_taken_for_known() -> None:
    def asking(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (NODE_CLASS, NODE_POOL) if "karpenter.sh/v1" in release.api_versions else ()

    assert outcome(added(), asking, Chart(api_versions=frozenset({"karpenter.sh/v1", "v2"}))) == BY_API


def test_each_api_that_a_chart_asks_for_is_tried_alone_too() -> None:
    def asking(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (NODE_CLASS, NODE_POOL) if release.api_versions == ("a/v1",) else ()

    assert outcome(added(), asking, Chart(api_versions=frozenset({"a/v1", "b/v1"}))) == BY_API


@pytest.mark.parametrize("inputs", [{}, {"values": {"password": UNKNOWN}}])
def test_a_chart_that_makes_nodes_in_an_upgrade_alone_is_not_taken_for_known(inputs: dict[str, Any]) -> None:
    def upgraded(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (NODE_CLASS, NODE_POOL) if release.is_upgrade else ()

    assert outcome(added(**inputs), upgraded, Chart(tells_upgrades=True)) == BY_WORLD


def test_a_chart_that_makes_nodes_for_many_replicas_in_the_cluster_is_not_taken_for_known() -> None:
    def busy(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (NODE_CLASS, NODE_POOL) if release.busy else ()

    assert outcome(added(), busy, Chart(keeps_scale=True)) == BY_WORLD


@pytest.mark.parametrize("inside", ["1.99", "1.20"])
def test_a_chart_that_makes_nodes_in_another_version_of_kubernetes_is_not_taken_for_known(inside: str) -> None:
    def versioned(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (NODE_CLASS, NODE_POOL) if inside in release.kubernetes_version else ()

    assert outcome(added(), versioned, Chart(tells_versions=True)) == BY_WORLD


def test_the_text_of_a_chart_may_be_the_reason() -> None:
    assert outcome(added(), always(), Chart(untellable="it looks")) == "it looks"
    assert outcome(added(), always(), "it is broken") == "it is broken"


@pytest.mark.parametrize("word", ["yes-please", "web"])
def test_a_hidden_value_is_tried_with_each_word_of_the_chart_and_with_the_names_of_the_release(word: str) -> None:
    def comparing(release: Release, _: Path) -> tuple[Manifest, ...]:
        return (CLASS, CLAIM) if release.values["flag"] == word else ()

    assert outcome(added(values={"flag": UNKNOWN}), comparing, Chart(words=frozenset({"yes-please"}))) == BY_VALUE


def test_a_hidden_value_that_a_chart_works_on_in_ways_nobody_can_try_is_the_reason() -> None:
    text = Chart(unfollowed="its chart uses sha256sum")
    assert "its chart uses sha256sum" in outcome(added(values={"flag": UNKNOWN}), always(), text)
    assert outcome(added(values={"flag": "x"}), always(), text) == ()


def test_a_hidden_value_in_a_fetched_chart_is_the_reason() -> None:
    fetched = {"chart": "web", "version": "1", "repositoryOpts": {"repo": "https://example.com"}}
    assert outcome(added(**fetched, values={"flag": UNKNOWN}), always()) == FETCHED
    assert outcome(added(**fetched, values={"flag": "x"}), always()) == ()


def test_a_chart_that_may_render_in_too_many_ways_is_a_reason() -> None:
    text = Chart(words=frozenset(str(number) for number in range(MOST_ATTEMPTS)))
    assert "ways, more than" in outcome(added(values={"flag": UNKNOWN}), always(), text)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"name": UNKNOWN}, "name is only known after the update"),
        ({"chart": SECRET}, "chart is a secret"),
        ({"values": SECRET}, "all its values are a secret"),
        ({"version": UNKNOWN}, "version is only known after the update"),
        ({"postrender": "/bin/kustomize"}, "a program of its own"),
        ({"valueYamlFiles": [{"path": "x"}]}, "it takes values from files"),
        ({"reuseValues": True}, "it keeps values"),
        ({"reuseValues": UNKNOWN}, "it keeps values"),
    ],
)
def test_what_a_release_does_not_tell_is_the_reason(inputs: dict[str, object], said: str) -> None:
    assert said in outcome(added(**inputs), always())


def test_helm_is_told_what_the_plan_says() -> None:
    asked: list[Release] = []

    def note(release: Release, _: Path) -> tuple[Manifest, ...]:
        asked.append(release)
        return ()

    cluster = plans.create("aws:eks/cluster:Cluster", "main", {"version": "1.36"})
    inputs = {**CHART, "chart": "web", "version": "1.2.3", "repositoryOpts": {"repo": "https://example.com"}}
    step = plans.create(RELEASE, "shop", {**inputs, "values": {"a": None, "b": {"c": None, "d": 1}}})
    rendered(plans.read(plans.preview(cluster, step)), note)
    assert asked[0] == Release(
        name="shop", namespace="web", chart="web", version="1.2.3", repository="https://example.com",
        values={"b": {"d": 1}}, kubernetes_version="1.36",
    )  # fmt: skip


def test_a_null_is_given_to_the_chart_only_where_the_release_allows_it() -> None:
    asked: list[Release] = []

    def note(release: Release, _: Path) -> tuple[Manifest, ...]:
        asked.append(release)
        return ()

    rendered(added(values={"a": None}, allowNullValues=True), note)
    assert asked[0].values == {"a": None}


def changed(old: dict[str, Any], new: dict[str, Any]) -> Plan:
    return plans.read(plans.preview(plans.update(RELEASE, "shop", {**CHART, **old}, {**CHART, **new})))


def test_the_local_chart_of_before_is_not_taken_from_the_folder_of_now() -> None:
    """A chart whose default rose from 2 nodes to 20 would otherwise hide that it did."""
    assert rendered(changed({"checksum": "aa"}, {"checksum": "bb"}), always()).before == {URN: GONE}
    unsaid: dict[str, Any] = {"checksum": None}
    assert rendered(changed({**unsaid, "timeout": 1}, {**unsaid, "timeout": 2}), always()).before == {URN: GONE}
    gone = plans.read(plans.preview(plans.delete(RELEASE, "shop", CHART)))
    assert rendered(gone, always()).before == {URN: GONE}


def test_a_chart_that_renders_to_the_same_is_the_one_of_before() -> None:
    found = rendered(changed({"timeout": 1}, {"timeout": 2}), always(CLAIM))
    assert not isinstance(found.before[URN], str)


def test_a_fetched_chart_of_before_is_found_by_its_version() -> None:
    repo = {"repositoryOpts": {"repo": "https://example.com"}}
    found = rendered(changed({**repo, "version": "1"}, {**repo, "version": "2"}), always())
    assert found.before == {URN: ()}
    assert rendered(changed(repo, {**repo, "version": "2"}), always()).before == {URN: GONE}


def test_what_stays_is_rendered_too_since_totals_are_always_told() -> None:
    key = plans.create("aws:kms/key:Key", "key", {})
    plan = plans.read_with_state(plans.preview(key, same=1), plans.state_of(RELEASE, "shop", CHART))
    assert rendered(plan, always()) == RenderedReleases(before={URN: ()}, after={URN: ()})


def test_two_objects_of_one_name_have_two_addresses() -> None:
    found = outcome(added(), always(CLASS, CLAIM, POD, manifest("apps/v1", "Deployment")))
    assert len({one.urn for one in found}) == 4
    assert {one.region_id for one in found} == {"us-east-1"}
    assert [one.token for one in found][1:] == [
        "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:Pod", "kubernetes:apps/v1:Deployment",
    ]  # fmt: skip


def test_nodes_that_run_in_place_of_others_are_counted_and_not_charged_beside_them() -> None:
    types = one_of("node.kubernetes.io/instance-type", "g6.xlarge")
    both = one_of("karpenter.sh/capacity-type", "spot", "on-demand")
    pools = [node_pool(types, options, limits={"nvidia.com/gpu": "2"}) for options in (both, ON_DEMAND)]
    found = [
        assessed(added(), always(NODE_CLASS, manifest("karpenter.sh/v1", "NodePool", **pool.inputs)))
        for pool in pools
    ]
    assert found[0].after == found[1].after
    assert found[0].after.maximum_usd > 0
    assert found[0].growth.after["g6.xlarge/spot", "us-east-1"] == 2


def test_live_prices_are_fetched_for_what_a_chart_holds() -> None:
    plan = added()
    side = Side(plan.after, FACTS, rendered(plan, always(CLASS, CLAIM, NODE_CLASS, NODE_POOL)).after)
    needs = needs_of(side)
    assert {price.meter.sku_meter for price in needs.prices} == {
        "EBS:VolumeUsage.gp3",
        "BoxUsage:g6.xlarge",
    }
    assert needs.instance_types == {("us-east-1", "g6.xlarge")}

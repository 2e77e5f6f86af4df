"""EKS: extended support, tiers, Auto Mode, capabilities, node groups."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.types import PRICED
from costcheck.gate.types.eks_support import support_ends
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.meters import auto_mode_meter
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.compute_cases import SUBNET, node_group, template
from tests.costcheck.gate.types.container_cases import CAPABILITY, CLUSTER, cluster
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource

ROOT = Path(__file__).parents[4]
ENDS = support_ends()["1.34"]
EXTENDED = {"upgradePolicy": {"supportType": "EXTENDED"}}
FEE = "AmazonEKS-Hours:extendedSupport"


def on(day: date | None, one: Resource) -> Estimate:
    return PRICED[CLUSTER](View(one, Side((one,), {}, today=day)))


def silent(**inputs: Json) -> Resource:
    """Return a cluster that says nothing of its support."""
    return resource(CLUSTER, "main", **inputs)


def test_extended_support_is_charged_from_the_day_on_which_standard_support_ends() -> None:
    for one in (cluster(version="1.34", **EXTENDED), silent(version="1.34")):
        assert FEE not in quantities(on(ENDS - timedelta(days=1), one))
        assert quantities(on(ENDS, one))[FEE] == pair(730, 730)


def test_a_cluster_that_eks_upgrades_never_pays_for_extended_support() -> None:
    assert FEE not in quantities(on(ENDS + timedelta(days=400), cluster(version="1.34")))


@pytest.mark.parametrize(
    "one",
    [
        silent(),
        silent(version=UNKNOWN),
        silent(version="1.99"),
        silent(version="1.34", upgradePolicy={"supportType": "FOREVER"}),
    ],
)
def test_a_cluster_of_which_nobody_knows_the_support_is_unknown(one: Resource) -> None:
    with pytest.raises(UnpriceableError):
        on(ENDS, one)


def test_without_a_day_nobody_knows_whether_support_has_ended() -> None:
    with pytest.raises(UnpriceableError, match="nobody knows until when"):
        on(None, silent(version="1.34"))


def test_the_versions_of_the_program_end_on_the_same_days_here() -> None:
    program = tomllib.loads((ROOT / "infra/data/kubernetes_versions.toml").read_text(encoding="utf-8"))["version"]
    days = {row["kubernetes"]: row["end_of_standard_support"] for row in program}
    assert days == {version: support_ends()[version] for version in days}


@pytest.mark.parametrize("tier", ["standard", "tier-2xl", "tier-4xl", "tier-8xl"])
def test_a_tier_is_charged_beside_the_control_plane(tier: str) -> None:
    found = quantities(estimate(cluster(controlPlaneScalingConfig={"tier": tier})))
    size = tier.removeprefix("tier-").upper()
    assert found == {"AmazonEKS-Hours:perCluster": pair(730, 730)} | (
        {} if tier == "standard" else {f"AmazonEKS-Hours:{size}-ProvisionedTier": pair(730, 730)}
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"controlPlaneScalingConfig": {"tier": "tier-99xl"}},
        {"controlPlaneScalingConfig": {}},
        {"outpostConfig": {"outpostArns": []}},
        {"computeConfig": {"enabled": True}},
        {"computeConfig": {"enabled": True, "nodePools": ["general-purpose"]}},
        {"computeConfig": {"enabled": UNKNOWN, "nodePools": []}},
        {"computeConfig": {"nodePools": []}},
    ],
)
def test_a_cluster_with_something_that_has_no_price_here_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(cluster(**changes))


def test_auto_mode_without_pools_of_its_own_costs_a_control_plane() -> None:
    for auto in ({"enabled": True, "nodePools": []}, {"enabled": False}):
        assert quantities(estimate(cluster(computeConfig=auto))) == {"AmazonEKS-Hours:perCluster": pair(730, 730)}


def test_the_fee_of_auto_mode_is_found_by_its_instance_type() -> None:
    by = auto_mode_meter("g6.xlarge")
    assert by.matches_usage_type("EKS-Auto:g6.xlarge-management-hours", "us-east-1")
    assert by.matches_usage_type("APN1-EKS-Auto:g6.xlarge-management-hours", "ap-northeast-1")
    assert not by.matches_usage_type("EKS-Auto:g6.2xlarge-management-hours", "us-east-1")


def test_a_capability_that_nobody_knows_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="MAGIC"):
        estimate(resource(CAPABILITY, type="MAGIC"))


@pytest.mark.parametrize(
    ("capacity_type", "option"),
    [
        ("ON_DEMAND", PurchaseOption.ON_DEMAND),
        ("SPOT", PurchaseOption.SPOT),
        ("CAPACITY_BLOCK", PurchaseOption.CAPACITY_BLOCK),
    ],
)
def test_nodes_are_bought_as_the_group_says(capacity_type: str, option: PurchaseOption) -> None:
    (nodes,) = estimate(node_group(capacityType=capacity_type)).nodes
    assert nodes.purchase_option is option


@pytest.mark.parametrize(
    "changes",
    [
        {"capacityType": "LEASED"},
        {"capacityType": UNKNOWN},
        {"instanceTypes": []},
        {"instanceTypes": UNKNOWN},
        {"scalingConfig": {"desiredSize": 1}},
        {"scalingConfig": {"maxSize": 1}},
        {"scalingConfig": UNKNOWN},
    ],
)
def test_a_group_whose_nodes_nobody_can_count_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(node_group(**changes))


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        (None, {"amiType": "WINDOWS_FULL_2022_x86_64"}),
        (None, {"launchTemplate": {"id": "lt-elsewhere"}}),
        (None, {"diskSize": UNKNOWN}),
        (template(blockDeviceMappings=[]), {}),
        (template(placement={"tenancy": "dedicated"}), {}),
    ],
)
def test_nodes_are_counted_even_where_the_rest_has_no_price_here(of: Resource | None, changes: Json) -> None:
    found = estimate(node_group(of, **changes), *((of,) if of else ()))
    assert found.unpriced
    assert [nodes.maximum for nodes in found.nodes] == [4]


def test_nodes_in_public_subnets_pay_for_their_addresses() -> None:
    subnet = resource(SUBNET, mapPublicIpOnLaunch=True)
    inputs = dict(node_group().inputs)
    found = quantities(
        estimate(resource("aws:eks/nodeGroup:NodeGroup", uses={"subnetIds": subnet}, **inputs), subnet)
    )
    assert found["PublicIPv4:InUseAddress"] == pair(2 * 730, 4 * 730)


def test_a_pool_runs_no_fewer_at_most_than_it_runs_now() -> None:
    found = estimate(node_group(scalingConfig={"minSize": 0, "desiredSize": 5, "maxSize": 1}))
    assert quantities(found)["m6i.large/on_demand"] == pair(5, 5)

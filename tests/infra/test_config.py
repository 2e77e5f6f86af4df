"""What a stack configuration may say: every rule one by one, and all that is wrong in one message."""

from datetime import UTC, datetime
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.config import StackConfig
from infra.config_records import ApiAccess, Profile
from infra.errors import Problem, ProblemsError
from infra.profiles import DEFAULTS
from tests.infra.conftest import PretendCloud
from tests.infra.stack import ADDONS, SECRET, declared, full_values, load, pool, server, set_config

pytestmark = pytest.mark.usefixtures("cloud")

VPC, SUBNETS = "vpc-0123456789abcdef0", {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"}
EXISTING = {"vpcId": VPC, "privateSubnets": SUBNETS}


def problems(**changes: Any) -> dict[str, str]:  # noqa: ANN401 - any key, right or wrong
    """Return what would be right, by key, of a configuration that is refused."""
    with pytest.raises(ProblemsError) as refused:
        load(**changes)
    return {problem.key: problem.right for problem in refused.value.problems}


def test_a_complete_configuration_is_accepted() -> None:
    config = load()

    assert (config.stack, config.region, config.profile) == ("test", "us-east-1", Profile.SMALL)
    assert config.gpu_pools[0].instance_types == ("g6e.xlarge",)
    assert config.model_servers[0].weights_gib == 15.3


def test_the_declared_defaults_and_an_api_access_are_a_configuration() -> None:
    set_config({"apiAccess": "own_ip"})

    config = StackConfig.load(pulumi.Config())

    assert config.gpu_pools == ()
    assert config.access.choice is ApiAccess.OWN_IP


def test_only_the_api_access_has_no_default() -> None:
    assert [key for key, row in declared().items() if "default" not in row] == ["apiAccess"]


def test_every_key_is_declared_with_a_type_and_a_description() -> None:
    assert all(row["type"] and row["description"] for row in declared().values())


@pytest.mark.parametrize("profile", list(Profile))
def test_a_profile_fills_what_the_configuration_leaves_out(profile: Profile) -> None:
    config = load(profile=profile.value)

    assert config.network.nat == DEFAULTS[profile].nat
    assert config.cluster.deletion_protection is DEFAULTS[profile].deletion_protection
    assert config.platform.prometheus is DEFAULTS[profile].monitoring


def test_what_the_configuration_says_wins_over_the_profile() -> None:
    assert load(profile="full", network={"nat": "single"}).network.nat == "single"


def test_everything_that_is_wrong_is_in_one_message() -> None:
    with pytest.raises(ProblemsError) as refused:
        load(
            profile="tiny",
            gpuPools=[pool(purchaseOption="rent", nodes={"desired": 2})],
            modelServers=[server(revision="main", tensorParallel="two")],
        )

    message = str(refused.value)
    for key, value in (
        ("profile", "'tiny'"),
        ("gpuPools[0].purchaseOption", "'rent'"),
        ("gpuPools[0].nodes.max", "None"),
        ("modelServers[0].revision", "'main'"),
        ("modelServers[0].tensorParallel", "'two'"),
    ):
        assert f"{key} = {value}" in message
    assert "5 problems" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network", {"zoneCount": "3"}),
        ("network", {"zoneCount": True}),
        ("network", {"zoneCount": 2.5}),
        ("network", ["a"]),
        ("network", {"zones": "us-east-1a"}),
        ("network", {"zones": [1]}),
        ("cluster", {"kubernetesVersion": 1.36}),
        ("cluster", {"deletionProtection": "yes"}),
        ("systemNodes", {"count": "2"}),
        ("platform", {"keda": 1}),
        ("budget", {"monthlyUsd": "100"}),
        ("gpuPools", {"name": "l40s"}),
        ("gpuPools", ["l40s"]),
        ("modelServers", "qwen"),
        ("images", {"server": "latest"}),
        ("apiAccessCidrs", ["everyone"]),
    ],
)
def test_a_wrong_type_is_refused(key: str, value: object) -> None:
    assert any(name.startswith(key) for name in problems(**{key: value}))


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("network.zone", {"network": {"zone": "us-east-1a"}}),
        ("cluster.version", {"cluster": {"version": "1.36"}}),
        ("systemNodes.type", {"systemNodes": {"type": "m6i.large"}}),
        ("platform.grafana", {"platform": {"grafana": True}}),
        ("budget.limit", {"budget": {"limit": 5}}),
        ("images.vllm", {"images": {"vllm": "sha256:"}}),
        ("gpuPools[0].size", {"gpuPools": [pool(size=2)]}),
        ("gpuPools[0].nodes.minimum", {"gpuPools": [pool(nodes={"max": 1, "minimum": 0})]}),
        ("gpuPools[0].schedule.up", {"gpuPools": [pool(schedule={"up": "x"})]}),
        ("modelServers[0].gpu", {"modelServers": [server(gpu=1)]}),
        ("modelServers[0].replicas.count", {"modelServers": [server(replicas={"count": 1})]}),
        ("gpuPool", {"gpuPool": "l40s"}),
    ],
)
def test_an_unknown_key_is_refused_and_the_known_ones_are_named(path: str, changes: dict[str, Any]) -> None:
    assert problems(**changes)[path].startswith("one of ")


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("gpuPools[0].name", {"gpuPools": [pool(name="L40S!")]}),
        ("gpuPools[1].name", {"gpuPools": [pool(), pool()]}),
        ("gpuPools[0].instanceTypes", {"gpuPools": [pool(instanceTypes=[])]}),
        ("gpuPools[0].instanceTypes[1]", {"gpuPools": [pool(instanceTypes=["g6e.xlarge", "g6e.xlarge"])]}),
        ("gpuPools[0].kind", {"gpuPools": [pool(kind="serverless")]}),
        ("gpuPools[0].nodes.max", {"gpuPools": [pool(nodes={"max": 0})]}),
        ("gpuPools[0].nodes", {"gpuPools": [pool(nodes={"desired": 3, "max": 2})]}),
        ("gpuPools[0].nodes", {"gpuPools": [pool(nodes={"min": 2, "desired": 1, "max": 2})]}),
        ("gpuPools[0].nodes", {"gpuPools": [pool(kind="karpenter")]}),
        ("gpuPools[0].schedule.stop", {"gpuPools": [pool(schedule={"start": "0 8 * * *", "stop": "evening"})]}),
        (
            "gpuPools[0].schedule.timeZone",
            {"gpuPools": [pool(schedule={"start": "0 8 * * *", "stop": "0 20 * * *", "timeZone": "Berlin"})]},
        ),
        ("gpuPools[0].operatingSystem", {"gpuPools": [pool(operatingSystem="windows")]}),
        ("platform.devicePlugin", {"gpuPools": [pool(operatingSystem="al2023")]}),
        ("gpuPools[0].capacityReservationId", {"gpuPools": [pool(purchaseOption="capacity_block")]}),
        ("gpuPools[0].capacityReservationId", {"gpuPools": [pool(purchaseOption="reservation")]}),
        ("gpuPools[0].capacityReservationId", {"gpuPools": [pool(capacityReservationId="cr-0123456789abcdef0")]}),
        (
            "gpuPools[0].instanceTypes",
            {
                "gpuPools": [
                    pool(
                        purchaseOption="capacity_block",
                        capacityReservationId="cr-0123456789abcdef0",
                        instanceTypes=["p5.48xlarge", "p5e.48xlarge"],
                    )
                ]
            },
        ),
        (
            "gpuPools[0].purchaseOption",
            {
                "gpuPools": [
                    pool(
                        kind="karpenter",
                        nodes={"max": 1},
                        purchaseOption="reservation",
                        capacityReservationId="cr-0123456789abcdef0",
                    )
                ]
            },
        ),
        (
            "gpuPools[0].schedule",
            {
                "gpuPools": [
                    pool(kind="karpenter", nodes={"max": 1}, schedule={"start": "0 8 * * *", "stop": "0 20 * * *"})
                ]
            },
        ),
        ("gpuPools[0].zones[0]", {"gpuPools": [pool(zones=["us-east-1f"])], "network": EXISTING}),
        ("gpuPools[0].volumeGib", {"gpuPools": [pool(volumeGib=1)]}),
        ("modelServers[1].name", {"modelServers": [server(), server()]}),
        ("modelServers[0].model", {"modelServers": [server(model="qwen")]}),
        ("modelServers[0].revision", {"modelServers": [server(revision="")]}),
        ("modelServers[0].checksums", {"modelServers": [server(checksums="")]}),
        ("modelServers[0].weightsGib", {"modelServers": [server(weightsGib=0)]}),
        ("modelServers[0].pool", {"modelServers": [server(pool="h100")]}),
        ("modelServers[0].pool", {"modelServers": [server(pool="")]}),
        ("modelServers[0].replicas", {"modelServers": [server(replicas={"min": 2, "max": 1})]}),
        ("modelServers[0].longestRequestSeconds", {"gpuPools": [pool(purchaseOption="spot")]}),
        ("apiAccess", {"apiAccess": "everyone"}),
        ("apiAccessCidrs", {"apiAccess": "cidrs"}),
        ("apiAccessCidrs", {"apiAccessCidrs": ["203.0.113.0/24"]}),
        ("apiAccessCidrs[0]", {"apiAccess": "cidrs", "apiAccessCidrs": ["0.0.0.0/0"]}),
        ("apiAccessCidrs[1]", {"apiAccess": "cidrs", "apiAccessCidrs": ["203.0.113.0/24", "128.0.0.0/1"]}),
        ("apiAccessCidrs[0]", {"apiAccess": "cidrs", "apiAccessCidrs": ["2001:db8::/32"]}),
        ("apiAccessCidrs[1]", {"apiAccess": "cidrs", "apiAccessCidrs": ["203.0.113.0/24", "::/0"]}),
        ("apiAccessCidrs[0]", {"apiAccess": "cidrs", "apiAccessCidrs": ["203.0.113.7/24"]}),
        ("apiAccessVia", {"apiAccess": "private"}),
        ("apiAccessVia", {"apiAccess": "private", "apiAccessVia": "bastion"}),
        ("apiAccessVia", {"apiAccessVia": "bastion:22"}),
        ("callerAddress", {"callerAddress": "http://example.com"}),
        ("administrators[0]", {"administrators": ["arn:aws:sts::123456789012:assumed-role/deployer/me"]}),
        ("network.vpcId", {"network": {"vpcId": "my-vpc"}}),
        ("network.privateSubnets", {"network": {"vpcId": VPC}}),
        ("network.privateSubnets", {"network": {"vpcId": VPC, "privateSubnets": {"us-east-1a": "subnet-a"}}}),
        ("network.zones", {"network": {**EXISTING, "zones": ["us-east-1a", "us-east-1b"]}}),
        ("network.zones", {"network": {"zones": ["us-east-1a"]}}),
        ("network.cidr", {"network": {"cidr": "10.0.0.0/24"}}),
        ("network.cidr", {"network": {"cidr": "ten"}}),
        ("network.vpcId", {"cluster": {"existingName": "theirs"}}),
        (
            "cluster.autoNodeRole",
            {
                "cluster": {"existingName": "theirs"},
                "network": EXISTING,
                "gpuPools": [pool(kind="karpenter", nodes={"max": 2})],
            },
        ),
        ("modelServers[0].maxModelLen", {"modelServers": [server(maxModelLen=float("inf"))]}),
        ("cluster.autoMode", {"gpuPools": [pool(kind="karpenter", nodes={"max": 2})]}),
        ("cluster.logRetentionDays", {"cluster": {"logRetentionDays": 42}}),
        ("platform.prometheus", {"platform": {"keda": True}}),
        ("budget.emails", {"budget": {}}),
        ("budget.emails[0]", {"budget": {"emails": ["nobody"]}}),
        ("gpuUntil", {"gpuUntil": "tonight"}),
        ("gpuUntil", {"gpuUntil": "2026-13-40T00:00:00Z"}),
        ("decision", {"decision": None}),
    ],
)
def test_a_wrong_or_contradictory_value_is_refused(path: str, changes: dict[str, Any]) -> None:
    assert path in problems(**changes)


def test_a_stack_whose_name_aws_would_not_take_is_refused(cloud: PretendCloud) -> None:
    pulumi.runtime.set_mocks(cloud, project="worthwhile", stack="Dev_1")

    assert "stack" in problems()


def test_a_region_must_be_named() -> None:
    set_config(full_values(), region=None)

    with pytest.raises(ProblemsError, match="aws:region"):
        StackConfig.load(pulumi.Config())


def test_an_api_key_in_plain_text_is_refused_and_not_repeated() -> None:
    set_config(full_values())
    pulumi.runtime.set_all_config(dict(pulumi.runtime.config.CONFIG.get()), [])

    with pytest.raises(ProblemsError, match="--secret modelApiKey") as refused:
        StackConfig.load(pulumi.Config())

    assert SECRET not in str(refused.value)


def test_a_server_needs_an_api_key() -> None:
    set_config(full_values(), secret="")

    with pytest.raises(ProblemsError, match="modelApiKey"):
        StackConfig.load(pulumi.Config())


def test_no_structured_value_that_is_not_json_is_a_traceback() -> None:
    set_config(full_values())
    pulumi.runtime.set_config("worthwhile:network", "{zones")

    with pytest.raises(ProblemsError, match="network"):
        StackConfig.load(pulumi.Config())


def test_a_moment_is_read_in_utc() -> None:
    assert load(gpuUntil="2026-11-26T18:00Z").gpu_until == datetime(2026, 11, 26, 18, tzinfo=UTC)


def test_a_cluster_that_exists_with_its_network_is_accepted() -> None:
    config = load(cluster={"existingName": "theirs"}, network=EXISTING)

    assert config.cluster.existing_name == "theirs"
    assert config.network.private_subnets == SUBNETS


def test_whole_numbers_may_come_as_pulumi_writes_them() -> None:
    assert load(systemNodes={"count": 2.0}).cluster.system_node_count == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


def complaints(**changes: Any) -> tuple[Problem, ...]:  # noqa: ANN401 - any key, right or wrong
    """Return what is wrong with a configuration."""
    try:
        load(**changes)
    except ProblemsError as refused:
        return refused.problems
    return ()


@given(key=st.sampled_from(sorted(declared().keys() - {"modelApiKey"})), value=JSON)
def test_whatever_stands_under_a_key_is_read_or_refused(key: str, value: object) -> None:
    assert all(problem.key and problem.right for problem in complaints(**{key: value}))


@given(name=st.sampled_from(sorted(pool())), value=JSON)
def test_whatever_stands_in_a_pool_is_read_or_refused(name: str, value: object) -> None:
    assert all(problem.key and problem.right for problem in complaints(gpuPools=[pool(**{name: value})]))


@given(name=st.sampled_from(sorted(server())), value=JSON)
def test_whatever_stands_in_a_server_is_read_or_refused(name: str, value: object) -> None:
    assert all(problem.key and problem.right for problem in complaints(modelServers=[server(**{name: value})]))


def test_the_add_ons_of_the_test_stack_are_marked() -> None:
    assert load().cluster.addon_versions == ADDONS

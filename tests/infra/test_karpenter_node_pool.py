"""Pools that EKS Auto Mode fills: bounded, tainted, and empty when nothing waits."""

from typing import Any

import pulumi
import pytest

from infra.errors import ConfigError
from infra.karpenter_node_pool import KarpenterNodePool
from tests.infra.builders import ZONES, karpenter_args
from tests.infra.conftest import PretendCloud

POOL, CLASS = "kubernetes:karpenter.sh/v1:NodePool", "kubernetes:eks.amazonaws.com/v1:NodeClass"


def spec(cloud: PretendCloud, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    cloud.deploy(lambda: KarpenterNodePool("auto", karpenter_args(**changes)))
    return dict(cloud.one(POOL).inputs["spec"])


def test_the_gate_can_read_the_most_gpus_that_may_run(cloud: PretendCloud) -> None:
    assert spec(cloud, gpu_limit=8, cpu_limit=96)["limits"] == {"nvidia.com/gpu": "8", "cpu": "96"}


@pytest.mark.parametrize("limits", [{"gpu_limit": 0}, {"cpu_limit": 0}])
def test_a_pool_without_limits_is_refused(cloud: PretendCloud, limits: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"gpuPools\.auto"):
        spec(cloud, **limits)


def test_nodes_are_tainted_and_say_which_pool_they_are_of(cloud: PretendCloud) -> None:
    template = spec(cloud)["template"]
    assert template["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert template["metadata"]["labels"]["worthwhile.dev/pool"] == "auto"


def test_types_zones_and_purchase_options_are_those_asked_for(cloud: PretendCloud) -> None:
    requirements = spec(cloud, capacity_types=["spot"])["template"]["spec"]["requirements"]
    assert {item["key"]: item["values"] for item in requirements} == {
        "node.kubernetes.io/instance-type": ["g6.xlarge", "g6.2xlarge"],
        "karpenter.sh/capacity-type": ["spot"],
        "topology.kubernetes.io/zone": list(ZONES[:2]),
    }


def test_an_empty_node_goes_and_a_serving_one_is_left_alone(cloud: PretendCloud) -> None:
    assert spec(cloud)["disruption"]["consolidationPolicy"] == "WhenEmpty"


def test_an_expired_node_goes_even_where_a_budget_blocks_it(cloud: PretendCloud) -> None:
    template = spec(cloud, expire_after="8h", termination_grace_period="30m")["template"]["spec"]
    assert (template["expireAfter"], template["terminationGracePeriod"]) == ("8h", "30m")


def test_nodes_stand_in_the_given_subnets_with_the_given_role(cloud: PretendCloud) -> None:
    spec(cloud, node_role_name=pulumi.Output.from_input("role"), subnet_ids=[pulumi.Output.from_input("subnet-x")])
    node_class = cloud.one(CLASS).inputs["spec"]
    assert node_class["role"] == "role"
    assert node_class["subnetSelectorTerms"] == [{"id": "subnet-x"}]
    assert node_class["securityGroupSelectorTerms"] == [{"id": "sg-cluster"}]


def test_instances_carry_the_cost_tags(cloud: PretendCloud) -> None:
    spec(cloud)
    assert cloud.one(CLASS).inputs["spec"]["tags"]["worthwhile:part"] == "gpu"


def test_the_pool_uses_its_own_class(cloud: PretendCloud) -> None:
    reference = spec(cloud)["template"]["spec"]["nodeClassRef"]
    assert reference == {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "auto"}
    assert cloud.one(CLASS).inputs["metadata"]["name"] == "auto"

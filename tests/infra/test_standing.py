"""What was accepted once may be kept, patched and shrunk, whatever has become of the account and the rules since."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra.acceptance import warnings
from infra.errors import ProblemsError
from infra.facts import Facts
from infra.memory import Memory, from_state, to_state
from infra.zones import choose_places
from tests.infra.conftest import ZONES
from tests.infra.judging import accepted, judge, refused
from tests.infra.stack import AUTO_MODE, facts, instance, load, pool, server

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
WITHOUT_GPUS: dict[str, Any] = {"gpuPools": [], "modelServers": []}


def turned_bad(memory: Memory) -> Facts:
    """Return an account that has turned against everything: types gone, quotas lowered, a zone away."""
    return facts(zones=("us-east-1c",), instances=dict(memory.instances), quotas=dict.fromkeys(facts().quotas, 0))


LATE = date(2029, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"gpuPools": [pool(nodes={"desired": 1, "max": 1})], "modelServers": [server(replicas={"min": 1})]},
        {"gpuPools": [pool(nodes={"desired": 0, "max": 1})], "modelServers": []},
        {"modelServers": [server(maxModelLen=4096)]},
        WITHOUT_GPUS,
    ],
)
def test_what_stands_can_be_kept_patched_and_shrunk_in_an_account_that_has_turned_bad(
    changes: Mapping[str, Any],
) -> None:
    memory = accepted(load(), facts())

    standing = judge(load(**changes), turned_bad(memory), memory, LATE)

    assert {"cluster.kubernetesVersion", "systemNodes.count"} <= {problem.key for problem in standing}


def test_what_stands_keeps_its_zones_in_an_account_that_has_turned_bad() -> None:
    memory = accepted(load(), facts())

    assert choose_places(load(), turned_bad(memory), memory).pools == {"l40s": ZONES[:2]}


def test_a_second_pool_beside_one_that_stands_is_new_capacity() -> None:
    memory = accepted(load(), facts())
    both = load(gpuPools=[pool(), pool(name="more")], modelServers=[])

    with pytest.raises(ProblemsError, match=r"nodes\.max"):
        judge(both, facts(quotas=dict.fromkeys(facts().quotas, 8)), memory)


def test_a_server_that_was_accepted_stays_and_shrinks_when_the_rules_have_tightened() -> None:
    tight = facts(instances={**facts().instances, "g6e.xlarge": instance(gpu_memory_gib=12.0)})
    memory = accepted(load(), facts())

    kept = judge(load(modelServers=[server(replicas={"min": 1, "max": 1})]), tight, memory)

    assert "modelServers[0].weightsGib" in {problem.key for problem in kept}
    assert refused(load(), tight)


def test_zones_that_stand_keep_their_place_when_one_is_added() -> None:
    memory = Memory(region="us-east-1", zones=("us-east-1b", "us-east-1c"))
    named = load(network={"zones": ["us-east-1a", "us-east-1b", "us-east-1c"]})

    assert choose_places(named, facts(), memory).network == ("us-east-1b", "us-east-1c", "us-east-1a")
    assert choose_places(load(network={"zoneCount": 3}), facts(), memory).network == (*memory.zones, "us-east-1a")


def test_a_zone_with_subnets_cannot_be_taken_away() -> None:
    memory = Memory(region="us-east-1", zones=("us-east-1a", "us-east-1b"))

    with pytest.raises(ProblemsError, match=r"network\.zones"):
        judge(load(network={"zones": ["us-east-1b", "us-east-1c"]}), facts(), memory)


def test_auto_mode_stays_on_while_a_pool_of_it_is_in_the_state() -> None:
    memory = Memory(standing={("worthwhile:infra:KarpenterNodePool", "burst"): {"g6.xlarge/spot": 2}})

    with pytest.raises(ProblemsError, match="burst"):
        judge(load(), facts(), memory)
    assert judge(load(cluster=AUTO_MODE), facts(), memory) == []


def test_a_memory_of_before_a_key_existed_can_be_read() -> None:
    state = to_state(accepted(load(), facts()))

    for key in state:
        assert isinstance(from_state({name: value for name, value in state.items() if name != key}), Memory)


def test_growing_in_an_account_that_has_turned_bad_is_refused() -> None:
    memory = accepted(load(), facts())

    with pytest.raises(ProblemsError) as problems:
        judge(load(gpuPools=[pool(nodes={"desired": 2, "max": 3})]), turned_bad(memory), memory, LATE)

    assert {problem.key for problem in problems.value.problems} == {
        "gpuPools[0].instanceTypes[0]",
        "gpuPools[0].nodes.max",
    }


def test_a_new_kubernetes_version_must_be_in_support() -> None:
    memory = replace(accepted(load(), facts()), kubernetes_version="1.35")

    with pytest.raises(ProblemsError, match=r"cluster\.kubernetesVersion"):
        judge(load(), facts(), memory, LATE)


def test_what_stands_and_is_wrong_is_said() -> None:
    memory = accepted(load(), facts())
    standing = judge(load(), turned_bad(memory), memory, LATE)

    said = "\n".join(warnings(load(), NOW, standing))

    assert "cluster.kubernetesVersion = '1.36'" in said


def test_what_is_remembered_survives_the_state() -> None:
    memory = accepted(load(), facts())

    assert from_state(to_state(memory)) == memory


def test_nothing_remembered_in_another_region_stands() -> None:
    elsewhere = accepted(load(), facts()).within("eu-west-1")

    assert elsewhere == Memory(monthly_ceiling_usd="3000")

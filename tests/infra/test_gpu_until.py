"""A trial stack takes its GPUs back: at the moment that it names, eight hours ahead at most."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pulumi
import pytest

from infra.config import StackConfig
from infra.config_records import ScheduleConfig
from infra.errors import ProblemsError
from infra.gpu_until import apply_gpu_until, until_passed
from tests.infra.conftest import PretendCloud
from tests.infra.stack import AUTO_MODE, load, pool

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def dev(cloud: PretendCloud, until: datetime | None, kind: str = "managed") -> StackConfig:
    """Return the configuration of the trial stack with a pool."""
    pulumi.runtime.set_mocks(cloud, project="worthwhile", stack="dev")
    nodes = {"max": 2} if kind == "karpenter" else {"min": 1, "desired": 2, "max": 2}
    text = until.strftime("%Y-%m-%dT%H:%M:%SZ") if until else ""
    return load(gpuUntil=text, cluster=AUTO_MODE, gpuPools=[pool(kind=kind, nodes=nodes)])


def test_the_trial_stack_must_name_a_moment_as_soon_as_it_has_a_pool(cloud: PretendCloud) -> None:
    with pytest.raises(ProblemsError, match="2026-11-26T18:00:00Z") as refused:
        apply_gpu_until(dev(cloud, None), NOW, standing=True)

    assert [problem.key for problem in refused.value.problems] == ["gpuUntil"]


def test_the_trial_stack_without_pools_needs_none(cloud: PretendCloud) -> None:
    pulumi.runtime.set_mocks(cloud, project="worthwhile", stack="dev")
    config = load(gpuPools=[], modelServers=[])

    assert apply_gpu_until(config, NOW, standing=True) == config


@pytest.mark.usefixtures("cloud")
def test_no_other_stack_needs_one() -> None:
    assert apply_gpu_until(load(), NOW, standing=True) == load()


def test_eight_hours_ahead_is_allowed(cloud: PretendCloud) -> None:
    config = dev(cloud, NOW + timedelta(hours=8))

    assert apply_gpu_until(config, NOW, standing=True) == config


def test_more_than_eight_hours_ahead_is_refused(cloud: PretendCloud) -> None:
    with pytest.raises(ProblemsError, match="2026-11-26T18:00:00Z"):
        apply_gpu_until(dev(cloud, NOW + timedelta(hours=8, seconds=1)), NOW, standing=True)


def test_once_it_has_passed_nodes_and_replicas_are_planned_at_zero(cloud: PretendCloud) -> None:
    config = apply_gpu_until(dev(cloud, NOW), NOW, standing=True)

    assert [(pool.minimum, pool.desired, pool.maximum) for pool in config.gpu_pools] == [(0, 0, 2)]
    assert [server.minimum_replicas for server in config.model_servers] == [0]
    assert config.gpu_until is None


def test_a_second_before_it_everything_still_runs(cloud: PretendCloud) -> None:
    config = dev(cloud, NOW + timedelta(seconds=1))

    assert apply_gpu_until(config, NOW, standing=True) == config
    assert not until_passed(config, NOW)
    assert until_passed(config, NOW + timedelta(seconds=1))


def test_new_nodes_get_a_clock_that_can_still_be_set(cloud: PretendCloud) -> None:
    soon = dev(cloud, NOW + timedelta(minutes=29))
    enough = dev(cloud, NOW + timedelta(minutes=30))

    with pytest.raises(ProblemsError, match="at least half an hour"):
        apply_gpu_until(soon, NOW, standing=False)
    assert apply_gpu_until(soon, NOW, standing=True) == soon
    assert apply_gpu_until(enough, NOW, standing=False) == enough


def test_a_pool_that_starts_again_by_schedule_is_refused(cloud: PretendCloud) -> None:
    (pool_,) = dev(cloud, NOW + timedelta(hours=1)).gpu_pools
    hours = ScheduleConfig(start="0 8 * * MON-FRI", stop="0 18 * * MON-FRI", time_zone="Etc/UTC")
    config = replace(dev(cloud, NOW + timedelta(hours=1)), gpu_pools=(replace(pool_, schedule=hours),))

    with pytest.raises(ProblemsError, match=r"gpuPools\[0\]\.schedule"):
        apply_gpu_until(config, NOW, standing=True)


def test_a_pool_that_the_clock_cannot_take_back_is_refused(cloud: PretendCloud) -> None:
    with pytest.raises(ProblemsError, match=r"gpuPools\[0\]\.kind"):
        apply_gpu_until(dev(cloud, NOW + timedelta(hours=1), kind="karpenter"), NOW, standing=True)

"""A trial stack takes its GPUs back: at the moment that it names, eight hours ahead at most."""

from datetime import UTC, datetime, timedelta

import pulumi
import pytest

from infra.config import StackConfig
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
        apply_gpu_until(dev(cloud, None), NOW)

    assert [problem.key for problem in refused.value.problems] == ["gpuUntil"]


def test_the_trial_stack_without_pools_needs_none(cloud: PretendCloud) -> None:
    pulumi.runtime.set_mocks(cloud, project="worthwhile", stack="dev")
    config = load(gpuPools=[], modelServers=[])

    assert apply_gpu_until(config, NOW) == config


@pytest.mark.usefixtures("cloud")
def test_no_other_stack_needs_one() -> None:
    assert apply_gpu_until(load(), NOW) == load()


def test_eight_hours_ahead_is_allowed(cloud: PretendCloud) -> None:
    config = dev(cloud, NOW + timedelta(hours=8))

    assert apply_gpu_until(config, NOW) == config


def test_more_than_eight_hours_ahead_is_refused(cloud: PretendCloud) -> None:
    with pytest.raises(ProblemsError, match="2026-11-26T18:00:00Z"):
        apply_gpu_until(dev(cloud, NOW + timedelta(hours=8, seconds=1)), NOW)


def test_once_it_has_passed_nodes_and_replicas_are_planned_at_zero(cloud: PretendCloud) -> None:
    config = apply_gpu_until(dev(cloud, NOW), NOW)

    assert [(pool.minimum, pool.desired, pool.maximum) for pool in config.gpu_pools] == [(0, 0, 2)]
    assert [server.minimum_replicas for server in config.model_servers] == [0]
    assert config.gpu_until is None


def test_a_second_before_it_everything_still_runs(cloud: PretendCloud) -> None:
    config = dev(cloud, NOW + timedelta(seconds=1))

    assert apply_gpu_until(config, NOW) == config
    assert not until_passed(config, NOW)
    assert until_passed(config, NOW + timedelta(seconds=1))


def test_a_pool_that_the_clock_cannot_take_back_is_refused(cloud: PretendCloud) -> None:
    with pytest.raises(ProblemsError, match=r"gpuPools\[0\]\.kind"):
        apply_gpu_until(dev(cloud, NOW + timedelta(hours=1), kind="karpenter"), NOW)

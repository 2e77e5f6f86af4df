"""Take the GPUs of a trial stack back: at a moment that the configuration names, at most eight hours ahead.

An autoscaling schedule brings the node groups to zero at that moment. Every later update finds the moment passed and
plans zero nodes and no replicas itself, so that it neither brings the GPUs back nor is refused.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from infra.config import StackConfig
from infra.errors import Problem, refuse

TRIAL_STACK = "dev"
LONGEST = timedelta(hours=8)
SHORTEST = timedelta(minutes=30)
"""Before new nodes are there, their clock cannot be set; EC2 refuses one that lies in the past."""


def apply_gpu_until(config: StackConfig, now: datetime, *, standing: bool) -> StackConfig:
    """Return the configuration as it holds now: unchanged, or with its GPU pools at zero.

    Args:
        config: As written.
        now: UTC.
        standing: The stack has GPU pools already, which may be patched at any time.

    Raises:
        ProblemsError: The trial stack has a pool and names no moment, it is too far ahead, or a pool cannot be taken
            back by the clock.
    """
    until = config.gpu_until
    if until is None:
        refuse(_missing(config, now))
        return config
    refuse(_wrong(config, until, now, standing=standing))
    return config if until > now else _without_gpus(config)


def until_passed(config: StackConfig, now: datetime) -> bool:
    """Return whether the GPUs have been taken back."""
    return config.gpu_until is not None and config.gpu_until <= now


def _missing(config: StackConfig, now: datetime) -> list[Problem]:
    if config.stack != TRIAL_STACK or not config.gpu_pools:
        return []
    right = f"a moment in UTC, quoted, at most {_in_words(now + LONGEST)}: this stack takes its GPUs back"
    return [Problem(key="gpuUntil", value="", right=right)]


def _wrong(config: StackConfig, until: datetime, now: datetime, *, standing: bool) -> list[Problem]:
    problems = [
        Problem(key=f"gpuPools[{index}].kind", value=pool.kind, right="managed: the clock takes no other pool back")
        for index, pool in enumerate(config.gpu_pools)
        if pool.kind != "managed"
    ]
    problems += [
        Problem(key=f"gpuPools[{index}].schedule", value=pool.schedule.start, right="none: it would start them again")
        for index, pool in enumerate(config.gpu_pools)
        if pool.schedule
    ]
    if not standing and now < until < now + SHORTEST and config.gpu_pools:
        right = f"at least half an hour ahead, {_in_words(now + SHORTEST)}: nodes take minutes to make"
        problems.append(Problem(key="gpuUntil", value=_in_words(until), right=right))
    if until > now + LONGEST:
        right = f"at most 8 hours ahead, {_in_words(now + LONGEST)}"
        problems.append(Problem(key="gpuUntil", value=_in_words(until), right=right))
    return problems


def _without_gpus(config: StackConfig) -> StackConfig:
    return replace(
        config,
        gpu_until=None,
        gpu_pools=tuple(replace(pool, minimum=0, desired=0, schedule=None) for pool in config.gpu_pools),
        model_servers=tuple(
            replace(server, minimum_replicas=0) if server.pool else server for server in config.model_servers
        ),
    )


def _in_words(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

"""The preflight as a test asks it: what is wrong with what stands, and what is refused."""

from datetime import date
from typing import Any

import pytest

from infra.acceptance import accept
from infra.config import StackConfig
from infra.errors import Problem, ProblemsError
from infra.facts import Facts
from infra.memory import Memory, from_state, to_state
from infra.preflight import check
from infra.zones import choose_places
from tests.infra.stack import facts, instance

TODAY = date(2026, 11, 26)


def judge(config: StackConfig, account: Facts, memory: Memory | None = None, today: date = TODAY) -> list[Problem]:
    """Return what is wrong with things that stand; a refusal is an error."""
    known = memory or Memory()
    return check(config, account, choose_places(config, account, known), known, today)


def refused(config: StackConfig, account: Facts, today: date = TODAY) -> dict[str, str]:
    """Return what would be right, by key, of a configuration that the account cannot give."""
    with pytest.raises(ProblemsError) as problems:
        judge(config, account, today=today)
    return {problem.key: problem.right for problem in problems.value.problems}


def accepted(config: StackConfig, account: Facts) -> Memory:
    """Return what a stack remembers that was accepted; as its state holds it."""
    places = choose_places(config, account, Memory())
    return from_state(to_state(accept(config, account, places, "3000")))


def with_instances(**changes: Any) -> Facts:  # noqa: ANN401 - any field of the facts of g6e.xlarge
    return facts(instances={**facts().instances, "g6e.xlarge": instance(**changes)})


def without(type_: str) -> Facts:
    return facts(instances={name: row for name, row in facts().instances.items() if name != type_})


def with_quota(name: str, vcpus: int | None) -> Facts:
    return facts(quotas={**facts().quotas, name: vcpus})

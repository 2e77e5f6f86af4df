"""The free list: what every plan of this program holds is known, and the list agrees with the provider."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from costcheck.gate.free import PROVIDER, free_types, why_free
from costcheck.gate.types import PRICED, find_pricer
from costcheck.plan.preview import read_preview
from costcheck.plan.records import Resource

PLANS = Path(__file__).parents[2] / "data" / "plans"
REGISTERED = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(aws:[^']+)'")


def resources_of(name: str) -> Iterator[Resource]:
    yield from read_preview((PLANS / name).read_bytes()).after


@pytest.fixture(scope="module")
def tokens_of_the_provider() -> frozenset[str]:
    spec = find_spec("pulumi_aws")
    assert spec is not None
    assert spec.origin is not None
    files = Path(spec.origin).parent.rglob("*.py")
    return frozenset(token for file in files for token in REGISTERED.findall(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("plan", ["base_create.json", "add_pools.json"])
def test_every_type_of_this_programs_own_plans_is_priced_or_free(plan: str) -> None:
    unknown = {
        resource.token
        for resource in resources_of(plan)
        if resource.custom and not why_free(resource.token) and find_pricer(resource.token) is None
    }
    assert unknown == set()


def test_every_type_of_aws_in_the_list_exists_in_the_provider(tokens_of_the_provider: frozenset[str]) -> None:
    free = {token for token in free_types() if token.startswith("aws:")}
    assert free - tokens_of_the_provider == set()


def test_every_priced_type_of_aws_exists_in_the_provider(tokens_of_the_provider: frozenset[str]) -> None:
    priced = {token for token in PRICED if token.startswith("aws:")}
    assert priced - tokens_of_the_provider == set()


def test_nothing_is_both_free_and_priced() -> None:
    assert {token for token in free_types() if find_pricer(token) is not None} == set()


def test_a_provider_is_free() -> None:
    assert why_free("pulumi:providers:aws") == PROVIDER
    assert why_free("pulumi:providersaws") == ""


@pytest.mark.parametrize("token", ["aws:iam/role:Roles", "aws:ec2/capacityBlockReservation:CapacityBlockReservation"])
def test_a_type_that_nobody_listed_is_not_free(token: str) -> None:
    assert why_free(token) == ""

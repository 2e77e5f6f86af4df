"""The laws of the registry, on one resource of each type that has a case."""

import pytest

from tests.costcheck.gate.types import (
    analytics_cases,
    cache_cases,
    compute_cases,
    container_cases,
    content_cases,
    database_cases,
    messaging_cases,
    network_cases,
    security_cases,
    serverless_cases,
)
from tests.costcheck.gate.types.registry import (
    Case,
    check_hand_calculation,
    check_more_never_costs_less,
    check_no_lost_field_makes_it_smaller,
    check_unknown_is_never_a_default,
)

CASES = (
    *analytics_cases.CASES,
    *cache_cases.CASES,
    *compute_cases.CASES,
    *container_cases.CASES,
    *content_cases.CASES,
    *database_cases.CASES,
    *messaging_cases.CASES,
    *network_cases.CASES,
    *security_cases.CASES,
    *serverless_cases.CASES,
)
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each
def test_a_resource_costs_what_the_hand_calculation_says(case: Case) -> None:
    check_hand_calculation(case)


@each
def test_no_lost_field_makes_a_resource_smaller(case: Case) -> None:
    check_no_lost_field_makes_it_smaller(case)


@each
def test_an_unknown_field_is_never_a_default(case: Case) -> None:
    check_unknown_is_never_a_default(case)


@each
def test_more_of_something_never_costs_less(case: Case) -> None:
    check_more_never_costs_less(case)

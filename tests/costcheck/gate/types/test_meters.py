"""Each resource is charged by exactly the meters that its hand calculation names, rates included."""

import pytest

from tests.costcheck.gate.types import analytics_cases, cache_cases, database_cases, messaging_cases, serverless_cases
from tests.costcheck.gate.types.registry import Case, priced

CASES = (
    *analytics_cases.CASES,
    *cache_cases.CASES,
    *database_cases.CASES,
    *messaging_cases.CASES,
    *serverless_cases.CASES,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_resource_has_a_line_for_every_meter_of_its_case(case: Case) -> None:
    assert {part.sku_meter.replace(" ", "/", 1) for part in priced(case).components} == set(case.prices)

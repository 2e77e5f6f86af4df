"""Break-even on the staircase of whole instances, against a brute-force search."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.model.break_even import CostCurves, Staircase, break_even_volume


def curves(**changes: Any) -> CostCurves:  # noqa: ANN401 - any field of the record
    """Return the article's arithmetic: 0.01 USD a request on the API, 0.002 and 1,800 a month on servers."""
    default = CostCurves(
        api_unit_cost=Decimal("0.01"), self_hosted_fixed_cost=Decimal(1800), self_hosted_unit_cost=Decimal("0.002")
    )
    return replace(default, **changes)


def stairs(cost: str, units: str, **changes: int) -> Staircase:
    return Staircase(instance_cost=Decimal(cost), units_per_instance=Decimal(units), **changes)


def test_without_instances_it_is_the_fixed_cost_over_the_margin() -> None:
    assert break_even_volume(curves()) == 225_000


def test_an_instance_that_the_volume_needs_moves_the_volume_on() -> None:
    # One instance carries 100: 10 + 50 = 60 of fixed cost is 60 units at a margin of 1.
    one = curves(
        api_unit_cost=Decimal(1),
        self_hosted_fixed_cost=Decimal(10),
        self_hosted_unit_cost=Decimal(0),
        fleets=(stairs("50", "100"),),
    )
    assert break_even_volume(one) == 60
    # One instance carries 40: 60 units need two, two cost 110, 110 need three, three cost 160, and so on to none.
    assert break_even_volume(replace(one, fleets=(stairs("50", "40"),))) is None
    # One instance carries 59: 60 units need two, two cost 110, which two carry.
    assert break_even_volume(replace(one, fleets=(stairs("50", "59"),))) == 110


def test_a_spare_and_a_minimum_are_paid_for() -> None:
    fleet = stairs("50", "1000", minimum=2, spare=1)
    assert fleet.instances(Decimal(1)) == 3
    assert fleet.instances(Decimal(2001)) == 4
    row = curves(
        api_unit_cost=Decimal(1),
        self_hosted_fixed_cost=Decimal(0),
        self_hosted_unit_cost=Decimal(0),
        fleets=(fleet,),
    )
    assert break_even_volume(row) == 150


def test_a_fleet_that_cannot_be_had_has_no_break_even() -> None:
    row = curves(api_unit_cost=Decimal(1), fleets=(stairs("50", "100", maximum=18),))
    assert break_even_volume(row) is None
    assert break_even_volume(curves(api_unit_cost=Decimal(1), fleets=(stairs("50", "100", maximum=60),))) is not None


@pytest.mark.parametrize("api", ["0", "0.001", "0.002"])
def test_an_api_no_dearer_than_the_servers_own_unit_cost_has_no_break_even(api: str) -> None:
    assert break_even_volume(curves(api_unit_cost=Decimal(api))) is None


def brute_force(row: CostCurves, until: int) -> Decimal | None:
    """Return the first whole volume at which servers cost no more, by trying each."""
    for volume in map(Decimal, range(until)):
        if row.self_hosted_cost(volume) <= row.api_cost(volume):
            return volume
    return None


FLEETS = st.lists(
    st.builds(
        Staircase,
        instance_cost=st.integers(1, 60).map(Decimal),
        units_per_instance=st.integers(1, 80).map(Decimal),
        minimum=st.integers(1, 3),
        spare=st.integers(0, 1),
    ),
    max_size=2,
).map(tuple)
CURVES = st.builds(
    CostCurves,
    api_unit_cost=st.integers(1, 8).map(Decimal),
    self_hosted_fixed_cost=st.integers(1, 200).map(Decimal),
    self_hosted_unit_cost=st.integers(0, 3).map(Decimal),
    fleets=FLEETS,
)
HORIZON = 2_000


@profile(max_examples=100, deadline=None)
@given(CURVES)
def test_brute_force_finds_the_same_volume(row: CostCurves) -> None:
    found, searched = break_even_volume(row), brute_force(row, HORIZON)
    if found is None:
        assert searched is None
    elif found < HORIZON - 1:
        # The search steps over whole volumes, so that it meets the first one at or above the exact one,
        # unless another instance begins in between.
        assert searched is not None
        assert searched >= found
        exact = [fleet.instances(found) for fleet in row.fleets]
        if exact == [fleet.instances(found.to_integral_value(rounding="ROUND_CEILING")) for fleet in row.fleets]:
            assert searched - found < 1


@profile(max_examples=100, deadline=None)
@given(CURVES)
def test_both_sides_cost_the_same_at_the_break_even_and_servers_more_below(row: CostCurves) -> None:
    found = break_even_volume(row)
    assume(found is not None)
    assert found is not None
    assert row.self_hosted_cost(found) == pytest.approx(row.api_cost(found), rel=Decimal("1e-20"))
    for share in range(20):
        below = found * share / 20
        assert row.self_hosted_cost(below) > row.api_cost(below)


@profile(max_examples=100, deadline=None)
@given(CURVES, st.integers(0, 500), st.integers(0, 500))
def test_cost_never_falls_with_volume(row: CostCurves, volume: int, more: int) -> None:
    assert row.self_hosted_cost(Decimal(volume + more)) >= row.self_hosted_cost(Decimal(volume))
    assert row.api_cost(Decimal(volume + more)) >= row.api_cost(Decimal(volume))


@profile(max_examples=100, deadline=None)
@given(CURVES, st.integers(1, 5))
def test_a_dearer_api_never_breaks_even_later(row: CostCurves, more: int) -> None:
    dearer = replace(row, api_unit_cost=row.api_unit_cost + more)
    found, sooner = break_even_volume(row), break_even_volume(dearer)
    if found is not None:
        assert sooner is not None
        assert sooner <= found

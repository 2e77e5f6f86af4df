"""Resources to price by hand, and the laws that every function of the registry keeps."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.pricing import Priced, price_resource
from costcheck.gate.types import PRICED
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.meters import Meter
from costcheck.plan.records import UNKNOWN, Resource
from costcheck.records import UnitPrice
from tests.costcheck.test_price_book import book, fact, unit_price

REGION = "us-east-1"
WORLD = "global/"
Path = tuple[str | int, ...]
Json = Any


def resource(token: str, name: str = "it", *, uses: Json = None, **inputs: Json) -> Resource:
    """Return a resource as a preview shows it: every property that was set is among its dependencies.

    Args:
        token: Its type.
        name: Its logical name.
        uses: Properties that take their value from another resource.
        inputs: Properties that are known.
    """
    urns = {key: (used.urn,) for key, used in (uses or {}).items()}
    return Resource(
        urn=f"urn:pulumi:dev::shop::{token}::{name}",
        token=token,
        inputs=dict.fromkeys(urns, UNKNOWN) | inputs,
        region_id=REGION,
        is_created=True,
        depends_on={key: urns.get(key, ()) for key in (*inputs, *urns)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One resource with a cost that was worked out by hand.

    Attributes:
        resource: What is priced.
        others: What else is in the plan.
        prices: `service/sku_meter` to US dollars a unit, made up for the test; after `global/` in every region.
        desired_usd: A month, at the desired size.
        maximum_usd: At the worst case; None where it is the same.
        sets_price: Paths of the inputs that may not be unknown, in the resource itself.
        dearer_without: Paths whose absence means something dearer, and so another meter.
    """

    resource: Resource
    others: tuple[Resource, ...] = ()
    prices: Mapping[str, str]
    desired_usd: str = "0"
    maximum_usd: str | None = None
    sets_price: tuple[Path, ...] = ()
    dearer_without: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return self.resource.token


def estimate(one: Resource, *others: Resource, vcpus: int = 4) -> Estimate:
    facts = {name: replace(fact(name, gpus=0), vcpu_count=vcpus) for name in ("m6g.large", "t4g.medium")}
    return PRICED[one.token](View(one, Side((one, *others), facts)))


def priced(case: Case) -> Priced:
    side = Side((case.resource, *case.others), {})
    rows = [_row(key, usd, _units(case, side)) for key, usd in case.prices.items()]
    return price_resource(case.resource, side, book(*rows))


def _units(case: Case, side: Side) -> dict[str, str]:
    """Return the unit of each meter that a resource is charged by."""
    try:
        parts = PRICED[case.resource.token](View(case.resource, side)).components
    except UnpriceableError:
        return {}
    return {part.meter.sku_meter: part.meter.pricing_unit for part in parts}


def _row(key: str, usd: str, units: Mapping[str, str]) -> UnitPrice:
    service, _, meter = key.removeprefix(WORLD).partition("/")
    region = "global" if service == "aws" or key.startswith(WORLD) else REGION
    return unit_price(usd, service=service, meter=meter, region=region, unit=units.get(meter, "Hours"))


def pair(desired: int, most: int) -> tuple[Decimal, Decimal]:
    return Decimal(desired), Decimal(most)


def quantities(estimate: Estimate) -> dict[str, tuple[Decimal, Decimal] | None]:
    """Return desired and most units of each meter and of each kind of node; None where only use tells."""
    found: dict[str, tuple[Decimal, Decimal] | None] = {}
    for part in estimate.components:
        if part.quantity is None or part.worst_quantity is None:
            found.setdefault(part.meter.sku_meter, None)
        else:
            _add(found, part.meter.sku_meter, part.quantity, part.worst_quantity)
    for nodes in estimate.nodes:
        most = Decimal("Infinity") if nodes.maximum is None else nodes.maximum
        for instance_type in nodes.instance_types:
            _add(found, f"{instance_type}/{nodes.purchase_option}", nodes.desired, most)
    return found


def _add(found: dict[str, tuple[Decimal, Decimal] | None], key: str, desired: Decimal, most: Decimal) -> None:
    known = found.get(key) or pair(0, 0)
    found[key] = known[0] + desired, known[1] + most


def paths(value: Json, here: Path = ()) -> Iterator[Path]:
    """Yield the path of every field, at whatever depth; elements of lists are no fields."""
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if isinstance(key, str):
            yield (*here, key)
        yield from paths(child, (*here, key))


def changed(one: Resource, path: Path, new: Json = None) -> Resource:
    """Return the resource with the value at a path replaced, or removed where there is no new one."""
    inputs = copy.deepcopy(dict(one.inputs))
    parent: Json = inputs
    for step in path[:-1]:
        parent = parent[step]
    if new is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return replace(one, inputs=inputs)


def at(one: Resource, path: Path) -> Json:
    value: Json = one.inputs
    for step in path:
        value = value[step]
    return value


def assert_not_smaller(before: Estimate, after: Estimate, what: object) -> None:
    """Assert that the second has no fewer units of anything in the first; of nodes alone where it is unpriced."""
    if after.unpriced:
        before, after = replace(before, components=()), replace(after, components=())
    old, new = quantities(before), quantities(after)
    for meter, units in old.items():
        assert meter in new, f"{what}: {meter} is gone"
        now = new[meter]
        if units is not None:
            assert now is not None, f"{what}: {meter} is a rate now"
            assert now[0] >= units[0], f"{what}: {meter} is less"
            assert now[1] >= units[1], f"{what}: {meter} is less at the worst case"


def check_hand_calculation(case: Case) -> None:
    found = priced(case)
    assert found.cost is not None, found.reason
    assert found.cost.desired_usd == Decimal(case.desired_usd)
    assert found.cost.maximum_usd == Decimal(case.maximum_usd or case.desired_usd)


def check_no_lost_field_makes_it_smaller(case: Case) -> None:
    whole = estimate(case.resource, *case.others)
    for path in paths(case.resource.inputs):
        try:
            rest = estimate(changed(case.resource, path), *case.others)
        except UnpriceableError:
            continue
        if path not in case.dearer_without:
            assert_not_smaller(whole, rest, path)


def check_unknown_is_never_a_default(case: Case) -> None:
    for path in case.sets_price:
        with pytest.raises(UnpriceableError):
            require_priced(estimate(changed(case.resource, path, UNKNOWN), *case.others))


def require_priced(found: Estimate) -> Estimate:
    """Return the estimate; where only its nodes are told, that is the same as none."""
    if found.unpriced:
        raise UnpriceableError(found.unpriced)
    return found


def check_more_never_costs_less(case: Case) -> None:
    whole = estimate(case.resource, *case.others)
    for path in paths(case.resource.inputs):
        number = at(case.resource, path)
        if isinstance(number, bool) or not isinstance(number, int):
            continue
        try:
            more = estimate(changed(case.resource, path, number + 1), *case.others)
        except UnpriceableError:
            continue
        assert_not_smaller(whole, more, path)


def meters(one: Resource, *others: Resource) -> list[Meter]:
    return [part.meter for part in estimate(one, *others).components]

"""The most GPU nodes of each type before and after a plan, and whether that is more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.pricing import Priced
from costcheck.plan.records import Operation, Resource
from costcheck.records import InstanceType

Key = tuple[str, str]
"""`g6.xlarge/on_demand`, and the region, empty where nobody knows it."""
HARMLESS = frozenset(
    {"tags", "tagsAll", "labels", "taints", "version", "releaseVersion", "updateConfig", "nodeRepairConfig"}
)
"""Properties of a group of nodes that change neither what a node is nor how many there may be."""
NONE, ENDLESS = Decimal(0), Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sided:
    """One resource on both sides of a plan, with what it costs there.

    Attributes:
        before: None where it did not exist.
        after: None where it is gone.
    """

    operation: Operation
    before: tuple[Resource, Priced] | None
    after: tuple[Resource, Priced] | None

    @property
    def resource(self) -> Resource:
        """Return the resource, as it will be, or as it was where it goes."""
        return self._side[0]

    @property
    def priced(self) -> Priced:
        """Return what it will cost, or what it cost where it goes."""
        return self._side[1]

    @property
    def _side(self) -> tuple[Resource, Priced]:
        side = self.after or self.before
        assert side is not None  # noqa: S101 - the reader of plans lets no step through without one
        return side


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """GPU nodes of the whole plan.

    Attributes:
        before: Most nodes of each key; what nobody can count is none.
        after: The same after the update, `Infinity` where nothing limits it.
        untold: URN of each resource that may bring GPU nodes that nobody can count, to the reason.
        untold_standing: The same of what stays as it is: no growth, but no total either.
    """

    before: Mapping[Key, Decimal]
    after: Mapping[Key, Decimal]
    untold: Mapping[str, str]
    untold_standing: Mapping[str, str]

    @property
    def grown(self) -> tuple[Key, ...]:
        """Return the keys that there may be more of."""
        return tuple(key for key, nodes in sorted(self.after.items()) if nodes > self.before.get(key, 0))


def gpu_growth(rows: Sequence[Sided], facts: Mapping[str, InstanceType]) -> Growth:
    """Return the most GPU nodes before and after.

    What goes counts beside what comes as long as something new comes: new pools start before old ones end, and an
    update that fails in between leaves both.
    """
    before = _total((row.before for row in rows), facts)
    after = _total((row.after for row in rows), facts)
    leaving = _total((row.before for row in rows if row.after is None), facts)
    coming = _total((row.after for row in rows if row.before is None), facts)
    untold = [row for row in rows if row.after is not None and row.after[1].nodes is None]
    return Growth(
        before=before,
        after={key: after.get(key, NONE) + leaving.get(key, NONE) for key in after | leaving} if coming else after,
        untold={row.resource.urn: row.after[1].reason for row in untold if row.after and not _stands(row)},
        untold_standing={row.resource.urn: row.after[1].reason for row in untold if row.after and _stands(row)},
    )


def _total(sides: Iterable[tuple[Resource, Priced] | None], facts: Mapping[str, InstanceType]) -> dict[Key, Decimal]:
    nodes: dict[Key, Decimal] = {}
    for side in sides:
        if side is None:
            continue
        resource, priced = side
        for group in priced.nodes or ():
            for instance_type in filter(lambda name: is_accelerated(name, facts), group.instance_types):
                key = f"{instance_type}/{group.purchase_option}", resource.region_id or ""
                nodes[key] = nodes.get(key, NONE) + (ENDLESS if group.maximum is None else group.maximum)
    return nodes


def _stands(row: Sided) -> bool:
    """Return whether nothing changes that could make more nodes of it."""
    if row.before is None or row.after is None:
        return False
    return _size(row.before[0]) == _size(row.after[0])


def _size(resource: Resource) -> dict[str, object]:
    return {key: value for key, value in resource.inputs.items() if key not in HARMLESS}

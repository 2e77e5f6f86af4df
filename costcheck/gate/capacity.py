"""The most GPU nodes of each type before and after a plan, and whether that is more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.pricing import Priced
from costcheck.gate.standing import Sided, Standing
from costcheck.plan.records import Resource
from costcheck.records import InstanceType

Key = tuple[str, str]
"""`g6.xlarge/on_demand`, and the region, empty where nobody knows it."""
NONE, ENDLESS = Decimal(0), Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """GPU nodes of the whole plan.

    Attributes:
        before: Most nodes of each key; what nobody can count is none.
        after: The same after the update, `Infinity` where nothing limits it.
        untold: URN of each resource that may bring GPU nodes that nobody can count, to the reason.
        shown: URN of those of them that show some of their machines, to what is seen: `2 x p5.48xlarge`.
        untold_standing: The same of what stays as it is: no growth, but no total either.
    """

    before: Mapping[Key, Decimal]
    after: Mapping[Key, Decimal]
    untold: Mapping[str, str]
    untold_standing: Mapping[str, str]
    shown: Mapping[str, str] = field(default_factory=dict)

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
    standing = Standing(rows)
    grow = [row for row in untold if not standing.keeps_nodes(row)]
    stay = [row for row in untold if standing.keeps_nodes(row)]
    return Growth(
        before=before,
        after={key: after.get(key, NONE) + leaving.get(key, NONE) for key in after | leaving} if coming else after,
        untold={row.resource.urn: row.priced.reason for row in grow},
        untold_standing={row.resource.urn: row.priced.reason for row in stay},
        shown={row.resource.urn: row.priced.shown for row in grow if row.priced.shown},
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

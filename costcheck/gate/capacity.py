"""The most GPU nodes of each type before and after a plan, and whether any resource may have more than it had."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Nodes
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
        after: The same after the update, `Infinity` where nothing limits it; of a key that grows, the most while
            it is made, when what becomes less may still stand beside what becomes more.
        more: What the maximums of the resources grow by, of each key that one of them grows in: what another one
            loses never pays for it.
        started: Nodes that run now within maximums that stay, by the types that they may be of (`g6.xlarge or
            g6e.xlarge/on_demand`) and the region.
        untold: URN of each resource that may bring GPU nodes that nobody can count, to the reason.
        shown: URN of those of them that show some of their machines, to what is seen: `2 x p5.48xlarge`.
        untold_standing: The same of what stays as it is: no growth, but no total either.
    """

    before: Mapping[Key, Decimal]
    after: Mapping[Key, Decimal]
    more: Mapping[Key, Decimal]
    untold: Mapping[str, str]
    untold_standing: Mapping[str, str]
    shown: Mapping[str, str] = field(default_factory=dict)
    started: Mapping[Key, Decimal] = field(default_factory=dict)

    @property
    def grown(self) -> tuple[Key, ...]:
        """Return the keys that there may be more of."""
        return tuple(sorted(self.more))


Counted = tuple[Mapping[Key, Decimal], Mapping[Key, Decimal]]
"""Of one resource, before and after."""


def gpu_growth(rows: Sequence[Sided], facts: Mapping[str, InstanceType]) -> Growth:
    """Return the most GPU nodes before and after, and what each resource may have more than it had.

    What goes counts beside what comes as long as something new comes: new pools start before old ones end, and an
    update that fails in between leaves both. So does what a pool loses beside what another one of the type gains.
    """
    counted = [(_counted(row.before, facts), _counted(row.after, facts)) for row in rows]
    more = _summed(_growth(*sides) for sides in counted)
    before, after = (_summed(sides[index] for sides in counted) for index in (0, 1))
    most = _summed(_merged(max, *sides) for sides in counted)
    is_new = any(sides[1] for row, sides in zip(rows, counted, strict=True) if row.before is None)
    leaving = _summed(sides[0] for row, sides in zip(rows, counted, strict=True) if row.after is None and is_new)
    untold = [row for row in rows if row.after is not None and row.after[1].nodes is None]
    standing = Standing(rows)
    grow = [row for row in untold if not standing.keeps_nodes(row)]
    stay = [row for row in untold if standing.keeps_nodes(row)]
    return Growth(
        before=before,
        after=_summed((after, leaving)) | {key: most[key] for key in more},
        more=more,
        untold={row.resource.urn: row.priced.why_untold for row in grow},
        untold_standing={row.resource.urn: row.priced.why_untold for row in stay},
        shown={row.resource.urn: row.priced.shown for row in grow if row.priced.shown},
        started=_summed(_risen(row, facts) for row, sides in zip(rows, counted, strict=True) if not _growth(*sides)),
    )


def _growth(before: Mapping[Key, Decimal], after: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """Return what a resource may have more of than it had."""
    return {key: most - before.get(key, NONE) for key, most in after.items() if most > before.get(key, NONE)}


def _risen(row: Sided, facts: Mapping[str, InstanceType]) -> dict[Key, Decimal]:
    """Return what a resource runs more of than it ran."""
    return _growth(_running(row.before, facts), _running(row.after, facts))


def _counted(side: tuple[Resource, Priced] | None, facts: Mapping[str, InstanceType]) -> dict[Key, Decimal]:
    """Return the most nodes of each accelerated type that one resource may choose: each counts in full."""
    return _summed(
        {(f"{name}/{group.purchase_option}", region_id): ENDLESS if group.maximum is None else group.maximum}
        for group, names, region_id in _groups(side, facts)
        for name in names
    )


def _running(side: tuple[Resource, Priced] | None, facts: Mapping[str, InstanceType]) -> dict[Key, Decimal]:
    """Return the nodes of one resource that are running, under all the types that they may be of."""
    return _summed(
        {(f"{' or '.join(names)}/{group.purchase_option}", region_id): group.desired}
        for group, names, region_id in _groups(side, facts)
    )


def _groups(
    side: tuple[Resource, Priced] | None, facts: Mapping[str, InstanceType]
) -> Iterator[tuple[Nodes, tuple[str, ...], str]]:
    if side is None:
        return
    resource, priced = side
    for group in priced.nodes or ():
        names = tuple(name for name in group.instance_types if is_accelerated(name, facts))
        if names:
            yield group, names, resource.region_id or ""


def _summed(parts: Iterable[Mapping[Key, Decimal]]) -> dict[Key, Decimal]:
    total: dict[Key, Decimal] = {}
    for part in filter(None, parts):
        total = _merged(Decimal.__add__, total, part)
    return total


def _merged(
    of: Callable[[Decimal, Decimal], Decimal], one: Mapping[Key, Decimal], other: Mapping[Key, Decimal]
) -> dict[Key, Decimal]:
    return {key: of(one.get(key, NONE), other.get(key, NONE)) for key in {**one, **other}}

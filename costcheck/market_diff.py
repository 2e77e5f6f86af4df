"""Which facts of two snapshots differ: machines, zones, quotas, versions, offers, and what the company owns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costcheck.market import CapacityBlock, CommitmentKind, MarketFacts, Subject
from costcheck.records import PriceSnapshot

Facts = Mapping[tuple[str, str], str]
"""A name and a field to what is said of it."""
NOBODY_ASKED = "nobody asked"
SHOWN = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """One fact that is not the same in both snapshots.

    Attributes:
        subject: What kind of fact: `zones`, `quotas`, `EKS versions`, ...
        name: Whose: an instance type, a version, a quota.
        field: Which of its fields.
        then: In the old snapshot, None where it does not stand there.
        now: In the new one.
    """

    subject: str
    name: str
    field: str
    then: str | None
    now: str | None


def changed_facts(then: PriceSnapshot, now: PriceSnapshot) -> Iterator[FactChange]:
    """Yield the instance types, zones and quotas that differ."""
    yield from _changes("instance types", _machines(then), _machines(now))
    yield from _changes("zones", _zones(then), _zones(now))
    if then.quotas and now.quotas:
        yield from _changes("quotas", _quotas(then), _quotas(now))
    elif then.quotas or now.quotas:
        known = {False: NOBODY_ASKED, True: "known"}
        yield FactChange(
            subject="quotas", name="", field="", then=known[bool(then.quotas)], now=known[bool(now.quotas)]
        )


def changed_market(then: MarketFacts | None, now: MarketFacts | None) -> Iterator[FactChange]:
    """Yield what differs beside prices. Facts of a subject that one side does not know are not compared.

    That an answer is missing is one change; to list every fact as gone would say more than anybody knows.
    """
    old, new = then or MarketFacts(), now or MarketFacts()
    yield from _changes("answers", _answers(old), _answers(new), absent=NOBODY_ASKED)
    for subject, told in _TOLD.items():
        if old.is_known(subject) and new.is_known(subject):
            yield from _changes(str(subject), told(old), told(new))


def _changes(subject: str, then: Facts, now: Facts, *, absent: str | None = None) -> Iterator[FactChange]:
    for name, field in sorted({*then, *now}):
        before, after = then.get((name, field), absent), now.get((name, field), absent)
        if before != after:
            yield FactChange(subject=subject, name=name, field=field, then=before, now=after)


def _machines(snapshot: PriceSnapshot) -> Facts:
    names = ("vcpu_count", "memory_gib", "gpu_count", "gpu_name", "gpu_memory_gib", "instance_storage_gb")
    return _fields(((row.instance_type, row) for row in snapshot.instance_types), names)


def _zones(snapshot: PriceSnapshot) -> Facts:
    offered = {(row.instance_type, zone): "offered" for row in snapshot.zone_offerings for zone in row.zone_ids}
    nowhere = {(row.instance_type, ""): "no zone" for row in snapshot.zone_offerings if not row.zone_ids}
    return offered | nowhere


def _quotas(snapshot: PriceSnapshot) -> Facts:
    rows = ((f"{row.quota_name} ({row.quota_code})", row) for row in snapshot.quotas)
    return _fields(rows, ("vcpu_limit",))


def _answers(facts: MarketFacts) -> Facts:
    return {(f"{row.subject} {row.about}".strip(), ""): row.reason or "known" for row in facts.asked}


def _spot_zones(facts: MarketFacts) -> Facts:
    return _fields(
        ((f"{row.instance_type} in {row.zone_id}", row) for row in facts.spot_zone_prices), ("list_unit_price",)
    )


def _versions(facts: MarketFacts) -> Facts:
    names = ("status", "end_of_standard_support", "end_of_extended_support", "is_default")
    return _fields(((row.cluster_version, row) for row in facts.cluster_versions), names)


def _bands(facts: MarketFacts) -> Facts:
    return _fields(((row.instance_type, row) for row in facts.interruption_bands), ("label", "savings_percent"))


def _scores(facts: MarketFacts) -> Facts:
    rows = ((f"{' '.join(row.instance_types)} in {row.zone_id}", row) for row in facts.placement_scores)
    return _fields(rows, ("score", "target_capacity"))


def _discounts(facts: MarketFacts) -> Facts:
    return _fields(((row.service_provider_name, row) for row in facts.discounts), ("discount_share", "contract"))


def _blocks(facts: MarketFacts) -> Facts:
    """Return the cheapest hour of each type on offer: offerings come and go by the minute."""
    cheapest: dict[str, CapacityBlock] = {}
    for row in facts.capacity_blocks:
        known = cheapest.get(row.instance_type, row)
        cheapest[row.instance_type] = min(known, row, key=lambda one: (one.hourly_price, one.offering_id))
    return {
        (name, "cheapest_hourly_price"): f"{row.hourly_price.quantize(SHOWN)} {row.pricing_currency}"
        for name, row in cheapest.items()
    }


def _owned(kind: CommitmentKind) -> Callable[[MarketFacts], Facts]:
    """Return what tells the commitments of one kind, each of which is a question of its own."""

    def told(facts: MarketFacts) -> Facts:
        names = ("scope", "instance_type", "instance_count", "hourly_amount", "pricing_currency", "ends_at")
        return _fields(((row.commitment_id, row) for row in facts.commitments if row.kind is kind), names)

    return told


_TOLD: Mapping[Subject, Callable[[MarketFacts], Facts]] = {
    Subject.SPOT_PRICES: _spot_zones,
    Subject.CAPACITY_BLOCKS: _blocks,
    Subject.CLUSTER_VERSIONS: _versions,
    Subject.INTERRUPTION_BANDS: _bands,
    Subject.PLACEMENT_SCORES: _scores,
    Subject.SAVINGS_PLANS_OWNED: _owned(CommitmentKind.SAVINGS_PLAN),
    Subject.RESERVED_INSTANCES_OWNED: _owned(CommitmentKind.RESERVED_INSTANCES),
    Subject.CAPACITY_RESERVATIONS_OWNED: _owned(CommitmentKind.CAPACITY_RESERVATION),
    Subject.CONTRACTED_DISCOUNTS: _discounts,
}


def _fields(rows: Iterable[tuple[str, Any]], names: Iterable[str]) -> Facts:
    """Return each named field that has a value; one without stands nowhere, which is not zero."""
    wanted = tuple(names)
    return {
        (key, name): _text(value) for key, row in rows for name in wanted if (value := getattr(row, name)) is not None
    }


def _text(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)

"""Where a change of the saving comes from: decide again with one part replaced at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from costcheck.decision.decide import decide
from costcheck.decision.evidence import active_compliance, is_proven
from costcheck.decision.inputs import DecisionInputs
from costcheck.drift import Attribution, Effect, Part
from costcheck.errors import EvidenceError
from costcheck.price_book import TOKEN_UNIT, MaxAges, PriceBook
from costcheck.records import Origin, PriceSnapshot, Provenance, UnitPrice
from costcheck.rules import Thresholds
from costcheck.verdict import Decision, OptionResult

FOREVER_DAYS = 10**7
ANY_AGE = MaxAges(
    on_demand_days=FOREVER_DAYS, spot_days=FOREVER_DAYS, token_days=FOREVER_DAYS, other_aws_days=FOREVER_DAYS
)
NOWHERE = Provenance(source="", source_url="", retrieved_on=date.min, origin=Origin.BUNDLED)
SEPARABLE = ((Part.AWS_PRICES,), (Part.TOKEN_PRICES,), (Part.VOLUME,), (Part.RULES,), (Part.SETTINGS,))
OTHER_WORKLOADS = ((Part.AWS_PRICES,), (Part.TOKEN_PRICES,), (Part.VOLUME, Part.SETTINGS), (Part.RULES,))
"""A workload is named in the settings and measured in the bill: one without the other cannot be decided about."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision and what it was made from."""

    decision: Decision
    inputs: DecisionInputs


def attribute(before: Decided, after: Decided) -> Attribution | None:
    """Return what each part alone does to the saving; None where one of the two has no saving.

    Every part that moved costs one decision. Each is made with all of the draws, the same ones, so that the
    differences are no noise.
    """
    then, now = best_saving(before.decision), best_saving(after.decision)
    if then is None or now is None:
        return None
    old, new = settled(before.inputs), settled(after.inputs)
    effects = [_effect(old, new, parts, then) for parts in moved_parts(old, new)]
    return add_up(now - then, effects, before.inputs.draws)


def add_up(total: Decimal, effects: Sequence[Effect], draws: int) -> Attribution:
    """Return the effects with what they leave of the whole change."""
    known = sum((row.saving_usd for row in effects if row.saving_usd is not None), Decimal(0))
    return Attribution(total_usd=total, effects=tuple(effects), residual_usd=total - known, draws=draws)


def best_saving(decision: Decision) -> Decimal | None:
    """Return the P50 saving that the verdict is about."""
    servers = best_servers(decision)
    return servers.saving_usd.p50 if servers is not None and servers.saving_usd is not None else None


def best_servers(decision: Decision) -> OptionResult | None:
    """Return the servers that were chosen, or the best that were not: a decision lists the best first."""
    return next((row for row in decision.options if row.fleets and row.saving_usd is not None), None)


def moved_parts(then: DecisionInputs, now: DecisionInputs) -> Iterator[tuple[Part, ...]]:
    """Yield the parts of which anything that a saving can depend on is another today; both sides settled."""
    same_workloads = {row.name for row in then.demands} == {row.name for row in now.demands}
    nothing = mixed(then, now, frozenset())
    for parts in SEPARABLE if same_workloads else OTHER_WORKLOADS:
        if _in_essence(mixed(then, now, frozenset(parts))) != _in_essence(nothing):
            yield parts


def mixed(then: DecisionInputs, now: DecisionInputs, parts: frozenset[Part]) -> DecisionInputs:
    """Return the accepted inputs with some parts of today's; both sides settled.

    No age counts in it: a bill of then is old today, and that is no reason why a saving moves. What one side alone
    knows (a model, its names, its prices) both know, so that a part that needs it can be replaced alone.
    """

    def of(part: Part) -> DecisionInputs:
        return now if part in parts else then

    volume, rules, settings = of(Part.VOLUME), of(Part.RULES), of(Part.SETTINGS)
    return replace(
        then,
        as_of=settings.as_of,
        live=False,
        settings=settings.settings,
        coverage=volume.coverage,
        bill=volume.bill,
        demands=volume.demands,
        names=_preferring(volume.names, then.names, now.names),
        snapshot=_mixed_prices(of(Part.AWS_PRICES), of(Part.TOKEN_PRICES), (then, now)),
        max_ages=ANY_AGE,
        thresholds=_whatever_the_age(rules.thresholds),
        assumptions=rules.assumptions,
        serving_rules=rules.serving_rules,
        roofline=rules.roofline,
        models=_preferring(rules.models, then.models, now.models),
        gpus=rules.gpus,
        draws=rules.draws,
        seed=rules.seed,
    )


def settled(inputs: DecisionInputs) -> DecisionInputs:
    """Return the inputs with the prices of their day as if they had always applied, so that another day has them too.

    Prices that begin later never begin.
    """
    book = inputs.book
    keys: dict[tuple[str, ...], list[UnitPrice]] = defaultdict(list)
    for row in inputs.snapshot.unit_prices:
        keys[row.service_code, row.sku_meter, row.region_id, row.pricing_category].append(row)
    rows = tuple(price for found in keys.values() for price in _in_effect(book, found, inputs.as_of))
    return replace(inputs, snapshot=replace(inputs.snapshot, unit_prices=rows))


def _effect(then: DecisionInputs, now: DecisionInputs, parts: tuple[Part, ...], accepted: Decimal) -> Effect:
    decision = decide(mixed(then, now, frozenset(parts)))
    saving = best_saving(decision)
    return Effect(parts=parts, saving_usd=None if saving is None else saving - accepted, verdict=decision.verdict)


def _in_effect(book: PriceBook, rows: Sequence[UnitPrice], day: date) -> Iterator[UnitPrice]:
    first = rows[0]
    try:
        tiers = book.tiers(
            first.service_code,
            first.sku_meter,
            region_id=first.region_id,
            category=first.pricing_category,
            on=day if first.pricing_unit == TOKEN_UNIT else None,
        )
    except EvidenceError:
        yield from (replace(row, effective_from=date.max) for row in rows)
    else:
        yield from (replace(row, effective_from=None) for row in tiers)


def _mixed_prices(
    aws: DecisionInputs, tokens: DecisionInputs, both: tuple[DecisionInputs, DecisionInputs]
) -> PriceSnapshot:
    known = _sold_models(tokens)
    here = tuple(row for row in tokens.snapshot.unit_prices if row.pricing_unit == TOKEN_UNIT)
    keys = {row.key for row in here}
    rows = (
        *(row for row in aws.snapshot.unit_prices if row.pricing_unit != TOKEN_UNIT),
        *here,
        *(
            row
            for side in both
            for row in side.snapshot.unit_prices
            if row.pricing_unit == TOKEN_UNIT and row.key not in keys and not _is_of(row, known)
        ),
    )
    return replace(aws.snapshot, unit_prices=rows)


def _sold_models(inputs: DecisionInputs) -> frozenset[tuple[str, str]]:
    """Return every model whose prices the inputs ask for, priced or not."""
    billed = {(name.service_code, name.model_id) for name in inputs.names.values()}
    managed = {(api.provider_id, api.model_id) for row in inputs.models.values() for api in row.managed_apis}
    return frozenset(billed | managed)


def _is_of(row: UnitPrice, models: Iterable[tuple[str, str]]) -> bool:
    return any(row.service_code == code and row.sku_meter.startswith(f"{model}/") for code, model in models)


def _whatever_the_age(thresholds: Thresholds) -> Thresholds:
    age = msgspec.structs.replace(thresholds.max_bill_age_days, value=Decimal(FOREVER_DAYS))
    return msgspec.structs.replace(thresholds, max_bill_age_days=age)


def _preferring(first: Mapping[str, T], *others: Mapping[str, T]) -> dict[str, T]:
    filled = {key: value for other in others for key, value in other.items()}
    return {**filled, **first}


def _in_essence(inputs: DecisionInputs) -> tuple[Any, ...]:
    """Return the inputs without what moves no saving: where a price was read, and the day where nothing hangs on it.

    Overridden rules stand among the rules already.
    """
    snapshot = inputs.snapshot
    bare = replace(
        inputs,
        as_of=date.min,
        settings=msgspec.structs.replace(inputs.settings, thresholds={}, assumptions={}),
        snapshot=replace(
            snapshot,
            as_of=date.min,
            unit_prices=_without_origin(snapshot.unit_prices),
            instance_types=_without_origin(snapshot.instance_types),
            zone_offerings=_without_origin(snapshot.zone_offerings),
            quotas=(),
        ),
    )
    return bare, tuple(_in_force(inputs))


def _without_origin(rows: Iterable[Any]) -> tuple[Any, ...]:
    """Return rows of a snapshot that differ only where what they say differs, whatever their order."""
    return tuple(sorted((replace(row, provenance=NOWHERE) for row in rows), key=repr))


def _in_force(inputs: DecisionInputs) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Yield of each workload what its requirement and its evidence of quality are worth on the day."""
    for workload in inputs.settings.workload:
        proven = tuple(model for model in workload.candidates if is_proven(inputs, workload, model))
        yield workload.name, active_compliance(workload, inputs.as_of), proven

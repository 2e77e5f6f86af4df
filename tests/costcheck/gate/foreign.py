"""Programs that nobody here wrote, assessed at a made-up price of 1 USD for whatever they need.

`python -m tests.costcheck.gate.foreign` writes tests/golden/gate/foreign.md anew, to be read before committing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from costcheck.gate.assessment import Assessment, assess
from costcheck.gate.judge import Case, judge
from costcheck.gate.needs import needs_of
from costcheck.gate.pricing import Priced
from costcheck.gate.result import GateResult, Status
from costcheck.gate.rules import GateConfig, load_gate_rules
from costcheck.gate.view import Side
from costcheck.plan.preview import read_preview
from costcheck.plan.records import Plan, Resource
from costcheck.plan.state import with_state
from costcheck.price_book import PriceBook
from costcheck.records import UnitPrice
from costcheck.sources.snapshot import read_price_book
from tests.costcheck.gate.plans import NO_DECISION, TODAY, unit_price

ROOT = Path(__file__).parents[2]
FOREIGN, GOLDEN = ROOT / "data" / "plans" / "foreign", ROOT / "golden" / "gate" / "foreign.md"
PROGRAMS = tuple(sorted(path.stem for path in (FOREIGN / "programs").glob("*.py")))
APPLIED = tuple(sorted(path.name.split(".")[0] for path in FOREIGN.glob("*.state.json")))
HEAD = """# Plans that nobody here wrote

What the gate says of [programs in the shape of public examples](../../data/plans/foreign/README.md), previewed with
the real engine. *Priced* means that every quantity is known and each meter is one that a price list can answer; the
answer is that of a gate with no decision and no limits. Written by `python -m tests.costcheck.gate.foreign`.

| program | resources | priced | free | unknown | answer without a decision |
| --- | ---: | ---: | ---: | ---: | --- |
"""


def read(name: str, change: str = "") -> Plan:
    """Return the recorded creation of a program; its `update` or `destroy` with the state before it."""
    if not change:
        return read_preview((FOREIGN / f"{name}.json").read_bytes(), name)
    plan = read_preview((FOREIGN / f"{name}.{change}.json").read_bytes(), name)
    return with_state(plan, (FOREIGN / f"{name}.state.json").read_bytes())


def assessed(plan: Plan) -> tuple[Assessment, PriceBook]:
    """Return the plan at 1 USD for each price that it needs: what is left unknown is no lack of a price."""
    bundled = read_price_book(None)
    facts = {fact.instance_type: fact for fact in bundled.snapshot.instance_types}
    before, after = Side(plan.before, facts), Side(plan.after, facts)
    rows = tuple(_rows(before, after))
    book = PriceBook(replace(bundled.snapshot, as_of=TODAY, unit_prices=rows), bundled.max_ages)
    return assess(plan, book, {}, before, after), book


def _rows(before: Side, after: Side) -> Iterator[UnitPrice]:
    for need in (needs_of(before) | needs_of(after)).prices:
        yield unit_price(
            need.meter.service_code,
            need.meter.sku_meter,
            "1",
            need.meter.pricing_unit,
            region_id=need.region_id,
            pricing_category=need.category,
        )


@cache
def resources(name: str) -> tuple[tuple[Resource, Priced], ...]:
    """Return what the gate says of each resource after the update."""
    found, _ = assessed(read(name))
    return tuple(row.after for row in found.rows if row.after)


def gated(plan: Plan) -> GateResult:
    """Return the answer of a gate without a decision, limits or waivers."""
    found, book = assessed(plan)
    case = Case(
        evidence=NO_DECISION, config=GateConfig(), waivers=(), rules=load_gate_rules(), book=book, today=TODAY
    )
    return judge(found, case)


def table() -> str:
    """Return the golden page."""
    return HEAD + "".join(map(_row, PROGRAMS)) + "\n## What is unknown, and why\n\n" + "".join(_reasons())


def _row(name: str) -> str:
    counts = Counter(priced.status for _, priced in resources(name))
    answer = str(gated(read(name)).outcome).replace("_", " ")
    figures = " | ".join(str(counts[status]) for status in (Status.PRICED, Status.FREE, Status.UNKNOWN))
    return f"| {name} | {len(resources(name))} | {figures} | {answer} |\n"


def _reasons() -> Iterator[str]:
    for name in PROGRAMS:
        for resource, priced in resources(name):
            if priced.status is Status.UNKNOWN:
                yield f"- {name}: `{resource.token}`: {priced.reason}\n"


if __name__ == "__main__":
    GOLDEN.write_text(table(), encoding="utf-8")

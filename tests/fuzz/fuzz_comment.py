"""Fuzz the comment of the gate: run by `make long`, with coverage to guide it.

Whatever stands in an answer: its comment is short enough, begins with its one marker, and holds no HTML, link,
mention or reference of the plan's. The laws are those of tests/costcheck/report/test_gate_markdown.py.
"""

import sys
from datetime import date, timedelta
from decimal import Decimal

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["costcheck"]):
    from costcheck.gate.result import (
        Check,
        Cost,
        GateResult,
        GpuCapacity,
        Outcome,
        PricedComponent,
        ResourceCost,
        Status,
    )
    from costcheck.report.gate_markdown import MAX_BYTES, marker, render_gate_markdown

from tests.costcheck.gate import results as built
from tests.costcheck.report import test_gate_markdown as laws
from tests.costcheck.report.gate_strategies import REFERENCES
from tests.costcheck.report.strategies import NASTY

LAWS = tuple(
    law.hypothesis.inner_test  # type: ignore[attr-defined]
    for law in (
        laws.test_no_name_adds_a_heading_html_or_a_link,
        laws.test_no_name_splits_a_cell_or_ends_a_list,
        laws.test_no_name_becomes_a_mention_a_reference_or_an_address,
    )
)
WORDS = [*NASTY, *REFERENCES, built.NODE_GROUP, built.KARPENTER]
OPERATIONS = ["create", "update", "same", "delete", "replace"]
MOST_PIECES, MOST_CHARACTERS, MOST_COPIES = 4, 300, 100
PARSED_BYTES = 10_000
"""A longer comment is measured, but not parsed, and each is held against one law: parsing takes most of the time."""


class Answers:
    """Makes answers of the bytes that the fuzzer gives."""

    def __init__(self, content: bytes) -> None:
        self._data = atheris.FuzzedDataProvider(content)

    def result(self) -> GateResult:
        """Return an answer with anything in it."""
        return built.result(
            outcome=self._one_of(list(Outcome)),
            headline=self._text(),
            project=self._text(),
            stack=self._text(),
            before=self._cost(),
            after=self._cost(),
            complete=self._data.ConsumeBool(),
            decision=self._text(),
            plan_sha256=self._text(),
            costcheck_version=self._text(),
            checks=tuple(self._check() for _ in range(self._count(3))) * self._copies(),
            resources=tuple(self._resource() for _ in range(self._count(3))) * self._copies(),
            usage=tuple(self._component() for _ in range(self._count(2))) * self._copies(),
            gpus=tuple(self._gpu() for _ in range(self._count(2))) * self._copies(),
        )

    def _count(self, most: int) -> int:
        return int(self._data.ConsumeIntInRange(0, most))

    def _copies(self) -> int:
        return 1 if self._count(15) else self._count(MOST_COPIES)

    def _one_of(self, values: list[str]) -> str:
        return values[self._count(len(values) - 1)]

    def _text(self) -> str:
        return "".join(self._piece() for _ in range(self._count(MOST_PIECES)))

    def _piece(self) -> str:
        if self._data.ConsumeBool():
            return self._one_of(WORDS)
        return str(self._data.ConsumeUnicode(self._count(MOST_CHARACTERS)))

    def _amount(self) -> Decimal:
        return Decimal(self._count(10**13)).scaleb(-4)

    def _cost(self) -> Cost:
        desired, maximum = sorted((self._amount(), self._amount()))
        return Cost(desired_usd=desired, maximum_usd=maximum)

    def _cost_or_none(self) -> Cost | None:
        return self._cost() if self._data.ConsumeBool() else None

    def _number_or_none(self) -> int | None:
        return self._count(99) if self._data.ConsumeBool() else None

    def _check(self) -> Check:
        return Check(
            name=self._text(),
            outcome=Outcome(self._one_of(list(Outcome))),
            subject=self._text(),
            seen=self._text(),
            needed=self._text(),
            to_do=self._text(),
            waived_by=self._text(),
        )

    def _component(self) -> PricedComponent:
        return built.component(
            name=self._text(),
            unit=self._text(),
            quantity=self._amount() if self._data.ConsumeBool() else None,
            maximum_quantity=self._amount(),
            unit_price_usd=self._amount(),
            cost=self._cost_or_none(),
            sku_id=self._text() or None,
            sku_meter=self._text(),
            price_source=self._text(),
            price_date=date(2026, 1, 1) + timedelta(days=self._count(365)),
        )

    def _resource(self) -> ResourceCost:
        return ResourceCost(
            urn=self._text(),
            token=self._text(),
            name=self._text(),
            operation=self._one_of(OPERATIONS),
            status=Status(self._one_of(list(Status))),
            reason=self._text(),
            components=tuple(self._component() for _ in range(self._count(2))),
            before=self._cost_or_none(),
            after=self._cost_or_none(),
        )

    def _gpu(self) -> GpuCapacity:
        before, after = self._number_or_none(), self._number_or_none()
        return GpuCapacity(
            key=self._text(),
            region_id=self._text(),
            before=None if before is None else Decimal(before),
            after=None if after is None else Decimal(after),
            allowed=self._number_or_none(),
        )


def one(content: bytes) -> None:
    """Render one comment."""
    result = Answers(content).result()
    page = render_gate_markdown(result)
    assert len(page.encode()) <= MAX_BYTES
    assert len(page.encode("utf-16-le")) // 2 <= MAX_BYTES
    assert page.splitlines()[0] == marker(result)
    assert page.count("<!--") == 1
    if len(page) < PARSED_BYTES:
        LAWS[len(content) % len(LAWS)](result)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()

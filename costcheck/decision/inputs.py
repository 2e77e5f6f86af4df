"""Everything that a decision reads, in one record: written beside it, digested, and replayed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from costcheck.catalogue import GpuSpec, OpenWeights, RooflineParameters, ServingRules
from costcheck.errors import InputFileError
from costcheck.model.api_cost import ModelName, TokenMarket
from costcheck.model.bill import BillSummary
from costcheck.model.demand import WorkloadDemand
from costcheck.price_book import MaxAges, PriceBook
from costcheck.records import PriceSnapshot
from costcheck.rules import Assumptions, Thresholds
from costcheck.settings import Settings
from costcheck.verdict import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMonths:
    """Months between the first and the last of a provider, of which a source has nothing.

    Attributes:
        is_invoiced: They are invoices, of which every month needs a line, be it of 0.
    """

    x_source: str
    service_provider_name: str
    months: tuple[date, ...]
    is_invoiced: bool

    @property
    def words(self) -> str:
        """Return the provider, the source and the months as findings print them."""
        months = ", ".join(f"{month:%Y-%m}" for month in self.months)
        return f"{self.service_provider_name} in {self.x_source}: {months}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the past was measured.

    Attributes:
        gap_days: Longest run of days without any usage inside the measured range.
        unbilled_gap_days: The same without months of which an invoice tells the amount; unset, and so not written,
            where it is the same.
        quiet: Runs of days without usage of one provider, in words; unset, and so not written, where there are none.
        partial_months: Billed in part, between complete ones; unset where there are none.
        quarantined_rows: Rows of the ledger that nobody could read.
        quarantined_share: Their share of all rows read.
        unread_invoice_rows: Those of them that are lines of invoices; unset, and so not written, if none.
        counted_twice: Pairs of sources that both count some model in the same hours.
        missing_months: Months that a provider's bills leave out; unset, and so not written, where there are none.
    """

    first_day: date | None
    last_day: date | None
    complete_months: tuple[date, ...]
    gap_days: int
    quarantined_rows: int = 0
    quarantined_share: Decimal = Decimal(0)
    counted_twice: tuple[str, ...] = ()
    missing_months: tuple[MissingMonths, ...] | msgspec.UnsetType = msgspec.UNSET
    unbilled_gap_days: int | msgspec.UnsetType = msgspec.UNSET
    quiet: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    partial_months: tuple[date, ...] | msgspec.UnsetType = msgspec.UNSET
    unread_invoice_rows: int | msgspec.UnsetType = msgspec.UNSET

    def longest_gap_days(self, *, tokens_matter: bool) -> int:
        """Return the longest run of days of which nothing is known: not even an amount, where amounts are enough."""
        if tokens_matter or self.unbilled_gap_days is msgspec.UNSET:
            return self.gap_days
        return self.unbilled_gap_days

    def missing(self, *, is_invoiced: bool) -> tuple[MissingMonths, ...]:
        """Return the months that invoices leave out, or those that other files do."""
        rows = self.missing_months or ()
        return tuple(row for row in rows if row.is_invoiced is is_invoiced)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInputs:
    """The whole of what `decide` reads: aggregates and price rows, no secrets, no texts.

    Attributes:
        live: The decision is about today, not a replay of another day.
        names: `provider/request_model` as billed to the price list's name.
        snapshot: Only the rows that this decision can use.
        draws: Draws of the simulation.
    """

    schema_version: Literal[1] = 1
    costcheck_version: str
    as_of: date
    live: bool
    settings: Settings
    coverage: Coverage
    bill: BillSummary
    demands: tuple[WorkloadDemand, ...]
    names: dict[str, ModelName]
    snapshot: PriceSnapshot
    max_ages: MaxAges
    thresholds: Thresholds
    assumptions: Assumptions
    serving_rules: ServingRules
    roofline: RooflineParameters
    models: dict[str, OpenWeights]
    gpus: dict[str, GpuSpec]
    draws: int = 10_000
    seed: int = 20260801

    @property
    def book(self) -> PriceBook:
        """Return the prices, by key."""
        return PriceBook(self.snapshot, self.max_ages)

    @property
    def market(self) -> TokenMarket:
        """Return token prices as the company pays them."""
        return TokenMarket(
            book=self.book, names=self.names, contracted_factor=self.bill.contracted_factor, on=self.as_of
        )

    @property
    def demand_by_name(self) -> Mapping[str, WorkloadDemand]:
        """Return the demands by workload."""
        return {demand.name: demand for demand in self.demands}


def digests(inputs: DecisionInputs) -> dict[str, str]:
    """Return the sha256 of the whole of the inputs and of the parts that a reviewer may want to compare."""
    parts = {
        "inputs": inputs,
        "prices": inputs.snapshot,
        "bill": inputs.bill,
        "demand": inputs.demands,
        "settings": inputs.settings,
        "rules": (inputs.thresholds, inputs.assumptions, inputs.serving_rules, inputs.roofline),
    }
    return {name: hashlib.sha256(encode(part)).hexdigest() for name, part in parts.items()}


def decode_inputs(content: bytes, name: str) -> DecisionInputs:
    """Return the inputs in a JSON document that `decide` wrote.

    Raises:
        InputFileError: It is not such a document.
    """
    try:
        return msgspec.json.decode(content, type=DecisionInputs)
    # msgspec lets the error of bytes that are not UTF-8 through as it is.
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"{name} does not hold the inputs of a decision: {exc}"
        raise InputFileError(
            message, expected="an `.inputs.json` written by `costcheck decide`", action="name that file"
        ) from exc


def decimal(value: float) -> Decimal:
    """Return a simulated amount as a Decimal to the cent: more digits would claim more than a draw knows."""
    return Decimal(str(round(value, 2))) + 0

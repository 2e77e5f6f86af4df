"""What became of an accepted decision: the record behind every format of `costcheck drift`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from costcheck.errors import ExitCode
from costcheck.verdict import Finding, Verdict

DRIFT_VERSION = 1
T = TypeVar("T")


class Standing(StrEnum):
    """Whether the accepted decision is still the answer."""

    STANDS = "stands"
    CHANGED = "changed"
    EXPIRED = "expired"
    CANNOT_TELL = "cannot_tell"

    @property
    def exit_code(self) -> ExitCode:
        """Return what the process answers: an expired decision allows nothing, so it is no pass."""
        return {
            Standing.STANDS: ExitCode.DONE,
            Standing.CHANGED: ExitCode.DENIED,
            Standing.EXPIRED: ExitCode.INSUFFICIENT_EVIDENCE,
            Standing.CANNOT_TELL: ExitCode.INSUFFICIENT_EVIDENCE,
        }[self]


class Part(StrEnum):
    """What a decision is made from, in parts that can be replaced one at a time."""

    AWS_PRICES = "aws_prices"
    TOKEN_PRICES = "token_prices"  # noqa: S105 - the price of a token, not a secret
    VOLUME = "volume"
    RULES = "rules"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[T]):
    """One thing in the accepted decision and today."""

    then: T
    now: T

    @property
    def moved(self) -> bool:
        """Return whether it is another today."""
        return self.then != self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One list unit price that the accepted comparison rests on.

    Attributes:
        unit_price_usd: US dollars for one `pricing_unit`; None where no such price stands in the snapshot.
        change_share: Of the old price; None where there is none to compare.
        price_source: Where today's price stands, or the old one where there is none today.
        price_date: Day on which it was observed.
    """

    service_code: str
    sku_meter: str
    region_id: str
    pricing_category: str
    tier_start: Decimal
    pricing_unit: str
    unit_price_usd: Change[Decimal | None]
    change_share: Decimal | None
    price_source: str
    price_date: date

    @property
    def name(self) -> str:
        """Return what is priced, in the words of the price list."""
        tier = f" from {self.tier_start:f}" if self.tier_start else ""
        return f"{self.service_code} {self.sku_meter}{tier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChange:
    """The demand of one workload; None where it is not in the decision.

    Attributes:
        monthly_growth: Share a month, as measured.
    """

    name: str
    monthly_requests: Change[Decimal | None]
    monthly_growth: Change[Decimal | None]

    @property
    def moved(self) -> bool:
        """Return whether volume or growth is another today."""
        return self.monthly_requests.moved or self.monthly_growth.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One threshold, assumption or table of the kit that is another today; tables by their digest."""

    name: str
    value: Change[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesChange:
    """The most nodes of one instance type and purchase option, where that is another today."""

    key: str
    maximum_nodes: Change[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What follows where some parts alone are today's and everything else is as it was accepted.

    Attributes:
        parts: One, or two that cannot be told apart because the workloads are others.
        saving_usd: Change of the saving, a month; None where these parts alone make no comparison.
        verdict: What the answer would be.
    """

    parts: tuple[Part, ...]
    saving_usd: Decimal | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where a change of the saving comes from: `total_usd` is the sum of the effects and the residual, to the cent.

    Attributes:
        total_usd: Today's saving minus the accepted one, P50, a month.
        residual_usd: What comes from several parts together, and from parts that alone make no comparison.
        draws: Draws of each simulation; all of them use the same.
    """

    total_usd: Decimal
    effects: tuple[Effect, ...]
    residual_usd: Decimal
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """An accepted decision beside the one that today's evidence leads to.

    Attributes:
        decided_on: Day of the accepted decision.
        as_of: Day of today's.
        days_left: Until the accepted one expires; below zero where it has.
        reasons: Findings that today's verdict rests on.
        saving_usd: P50 of the saving, a month, of the servers that the verdict is about; None where none was priced.
        accepted_option_saving_usd: The same of the accepted option, today; None where it is not among the options.
        aws_prices: Every list price that the accepted option, its baseline and its servers use; tokens apart.
        workloads: Every workload.
        rules: Only those that are others today, as in everything below.
        settings: Tables of `costcheck.toml`.
        appeared: Findings of today that the accepted decision does not have.
        went: The other way round.
        maximum_nodes: Of what was allowed.
        monthly_ceiling_usd: None where nothing may be provisioned.
        attribution: None where one of the two has no saving.
    """

    schema_version: int = DRIFT_VERSION
    costcheck_version: str
    company: str
    standing: Standing
    decided_on: date
    as_of: date
    valid_until: date
    days_left: int
    verdict: Change[Verdict]
    rule: Change[int]
    reasons: tuple[Finding, ...]
    chosen_option: Change[str]
    baseline_option: Change[str]
    saving_usd: Change[Decimal | None]
    accepted_option_saving_usd: Decimal | None
    addressable_bill_usd: Change[Decimal]
    complete_months: Change[int]
    aws_prices: tuple[PriceChange, ...]
    token_prices: tuple[PriceChange, ...]
    workloads: tuple[WorkloadChange, ...]
    rules: tuple[RuleChange, ...]
    settings: tuple[str, ...]
    appeared: tuple[Finding, ...]
    went: tuple[Finding, ...]
    region_id: Change[str]
    maximum_nodes: tuple[NodesChange, ...]
    monthly_ceiling_usd: Change[Decimal | None]
    attribution: Attribution | None

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the names of all that is another today."""
        return tuple(self._moved())

    def _moved(self) -> Iterator[str]:
        figures = {
            "verdict": self.verdict.moved,
            "rule": self.rule.moved,
            "chosen_option": self.chosen_option.moved,
            "baseline_option": self.baseline_option.moved,
            "saving_usd": self.saving_usd.moved,
            "addressable_bill_usd": self.addressable_bill_usd.moved,
            "complete_months": self.complete_months.moved,
            "region_id": self.region_id.moved,
            "monthly_ceiling_usd": self.monthly_ceiling_usd.moved,
        }
        yield from (name for name, has_moved in figures.items() if has_moved)
        yield from (price.name for price in (*self.aws_prices, *self.token_prices) if price.unit_price_usd.moved)
        yield from (workload.name for workload in self.workloads if workload.moved)
        yield from (rule.name for rule in self.rules)
        yield from self.settings
        yield from (nodes.key for nodes in self.maximum_nodes)
        yield from (finding.message for finding in (*self.appeared, *self.went))

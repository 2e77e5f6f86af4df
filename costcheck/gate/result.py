"""What the gate answers: one record behind every format. Its JSON is a contract, as a decision's is."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from costcheck.errors import ExitCode
from costcheck.verdict import encode

RESULT_VERSION = 1


class Outcome(StrEnum):
    """Whether the plan may be applied."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CANNOT_DECIDE = "cannot_decide"

    @property
    def exit_code(self) -> ExitCode:
        """Return what the process answers."""
        return {
            Outcome.ALLOWED: ExitCode.DONE,
            Outcome.DENIED: ExitCode.DENIED,
            Outcome.CANNOT_DECIDE: ExitCode.INSUFFICIENT_EVIDENCE,
        }[self]


class Status(StrEnum):
    """What the gate can say of the cost of one resource; every resource has exactly one."""

    PRICED = "priced"
    FREE = "free"
    UNKNOWN = "unknown"


class Known(StrEnum):
    """What the difference of two totals says, where the cost of some resources is not known."""

    EXACT = "exact"
    AT_LEAST = "at_least"
    PARTLY = "partly"
    """What is not known may be more or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars a month.

    Attributes:
        desired_usd: At the desired size.
        maximum_usd: At the worst case: every autoscaler at its maximum.
    """

    desired_usd: Decimal
    maximum_usd: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            desired_usd=self.desired_usd + other.desired_usd, maximum_usd=self.maximum_usd + other.maximum_usd
        )


NOTHING = Cost(desired_usd=Decimal(0), maximum_usd=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedComponent:
    """Quantity x unit price, with the way back to the price.

    Attributes:
        quantity: Units a month at the desired size; None for a rate: only use tells how much.
        maximum_quantity: Units a month at the worst case.
        cost: None for a rate; for a meter with tiers, the exact sum over its tiers.
    """

    name: str
    unit: str
    quantity: Decimal | None
    maximum_quantity: Decimal | None
    unit_price_usd: Decimal
    cost: Cost | None
    sku_id: str | None
    sku_meter: str
    price_source: str
    price_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCost:
    """One resource on both sides of the plan.

    Attributes:
        operation: `create`, `update`, ..., or `same`.
        reason: Why it is free or unknown; empty where it is priced.
        components: After the update; of a deleted resource, before it.
        before: None where it did not exist, or what it cost is unknown.
        after: None where it is gone, or what it will cost is unknown.
    """

    urn: str
    token: str
    name: str
    operation: str
    status: Status
    reason: str
    components: tuple[PricedComponent, ...]
    before: Cost | None
    after: Cost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuCapacity:
    """Nodes of one instance type and purchase option.

    Attributes:
        key: `g6.xlarge/on_demand`, as in a decision's allowance.
        region_id: Where they are.
        before: Most nodes before the update; None where nothing limited them.
        after: Most nodes after it, counting what goes last beside what comes first; None where nothing limits them.
        allowed: What the decision allows; None where there is none to read.
    """

    key: str
    region_id: str
    before: Decimal | None
    after: Decimal | None
    allowed: int | None

    @property
    def grows(self) -> bool:
        """Return whether there may be more than before."""
        return self.before is not None and (self.after is None or self.after > self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question and its answer.

    Attributes:
        name: `plan`, `decision`, `region`, `nodes`, `ceiling`, `prices`, `limit.monthly_usd`, ...
        subject: What it is about: a URN, a file, a key.
        seen: One sentence.
        needed: What would be right.
        to_do: What to do next.
        figure: What was measured, in the unit of a limit; None where it is no number, or not all of it is known.
        waived_by: The file that waives a denial, empty where none does.
    """

    name: str
    outcome: Outcome
    subject: str
    seen: str
    needed: str = ""
    to_do: str = ""
    figure: Decimal | None = None
    waived_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that allows and denies nothing, and that whoever relies on the answer should know.

    Attributes:
        name: `limits`, `ignored`, `decision.stack`, `unseen_runs`.
        subject: The file or the key that it is about.
        seen: One sentence.
        to_do: What to do about it.
    """

    name: str
    subject: str
    seen: str
    to_do: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """The answer.

    Attributes:
        headline: One sentence for a reader who does not know the kit.
        checks: Every question that was asked, what was denied first.
        notices: What nothing is held against, and files that nobody reads.
        resources: Every resource of the plan, changed ones first; those that stay only where the state was given.
        usage: Charges that only use tells, one line a meter for the whole stack; without `cost` where nobody knows.
        before: What all priced resources cost before; with `complete` false, of the changed ones alone.
        after: What they will cost.
        increase: What `after` less `before` says of what the change costs.
        complete: Whether the plan and the state together showed every resource of the stack.
        gpus: Every GPU type in it.
        decision: The decision file that was read, empty where there was none.
        no_live_prices: Why there are no prices of today though they were asked for; empty where there are, or nobody
            asked.
        plan_sha256: Of what is gated: stack, and type, region and inputs of every resource that the plan shows. It is
            what `costcheck gate --gated` writes down, and empty where the preview failed: nothing is gated then.
    """

    schema_version: int = RESULT_VERSION
    costcheck_version: str
    outcome: Outcome
    headline: str
    project: str
    stack: str
    as_of: date
    checks: tuple[Check, ...]
    resources: tuple[ResourceCost, ...]
    usage: tuple[PricedComponent, ...]
    before: Cost
    after: Cost
    increase: Known
    complete: bool
    gpus: tuple[GpuCapacity, ...]
    decision: str
    no_live_prices: str = ""
    plan_sha256: str
    notices: tuple[Notice, ...] = ()

    @property
    def unknown(self) -> tuple[ResourceCost, ...]:
        """Return the resources whose cost nobody knows."""
        return tuple(row for row in self.resources if row.status is Status.UNKNOWN)


def result_schema() -> bytes:
    """Return the JSON Schema of `GateResult`."""
    return encode(msgspec.json.schema(GateResult))

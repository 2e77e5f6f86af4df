"""The contract: what a decision says, as JSON. A leaf, so that `infra` can read it at no cost.

`Decision` is written by `costcheck decide`, committed under `runbooks/decisions/`, and read by the gate and by the
Pulumi program. Its JSON Schema is published as `costcheck/data/schema/decision.schema.json`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from costcheck.errors import InputFileError

SCHEMA_VERSION = 1
"""Raised whenever a reader of an older version could take a decision for something else."""


class Verdict(StrEnum):
    """The four answers."""

    STAY_ON_API = "stay_on_api"
    SELF_HOST = "self_host"
    HYBRID = "hybrid"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


class OptionKind(StrEnum):
    """The ways to serve the same demand."""

    API_TODAY = "api_today"
    API_CHEAPER = "api_cheaper"
    MANAGED_OPEN_WEIGHTS = "managed_open_weights"
    MANAGED_QUOTE = "managed_quote"
    SELF_HOSTED = "self_hosted"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The 10th, 50th and 90th percentile of the simulated draws."""

    p10: Decimal
    p50: Decimal
    p90: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that the verdict rests on.

    Attributes:
        rule: Row of the decision table, 0 for a remark that decides nothing.
        subject: What it is about: `bill`, `price`, a workload's name, ...
        message: One sentence.
        figure: What was seen, with its unit.
        threshold: What it was held against, with its unit.
        source: Where the figure or the threshold stands.
    """

    rule: int
    subject: str
    message: str
    figure: str = ""
    threshold: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Quantity x unit price = monthly cost, with the way back to the price.

    Attributes:
        quantity: In `unit`, a month.
        unit_price_usd: US dollars for one `unit`.
        monthly_cost_usd: Exact at today's demand and prices (the Monte Carlo is about the options, not the lines).
        price_source: URL or document of the unit price.
        price_date: Day on which the unit price was observed.
    """

    name: str
    quantity: Decimal
    unit: str
    unit_price_usd: Decimal
    monthly_cost_usd: Decimal
    sku_id: str | None
    sku_meter: str
    price_source: str
    price_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Instances of one type that serve one model.

    Attributes:
        checkpoint: Hugging Face id of the weights that the sizes are of.
        weight_gib: All weights of one replica.
        context_tokens: Prompt plus completion of the longest request that the memory was planned for.
        longest_request_gib: KV cache of one such request.
        node_volume_gib: Disks of each instance beside its own local ones.
        instance_count: At today's busy hour.
        maximum_instance_count: At the busiest hour of the horizon, P90 of the draws.
        hours_per_month: Hours that one instance runs, 730 where it is always on.
        requests_per_second_per_instance: What one sustains under the latency target.
        busy_requests_per_second: Demand of the busy hour that the fleet is sized for, today.
        utilisation: Busy-hour demand over what the instances sustain under the latency target, 0 to 1.
        bound_by: What limits a replica: memory of the KV cache, time per token, time to first token, throughput.
    """

    model: str
    checkpoint: str
    quantization: str
    weight_gib: Decimal
    context_tokens: int
    longest_request_gib: Decimal
    node_volume_gib: Decimal
    instance_type: str
    purchase_option: str
    tensor_parallel: int
    replicas_per_instance: int
    instance_count: int
    maximum_instance_count: int
    hours_per_month: Decimal
    requests_per_second_per_instance: Decimal
    busy_requests_per_second: Decimal
    utilisation: Decimal
    bound_by: str
    workloads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionResult:
    """One option, priced for the same demand and horizon as the others.

    Attributes:
        monthly_cost_usd: Mean month of the horizon, everything included, set-up spread over it.
        saving_usd: Cheapest eligible API option minus this one on the same draws, a month; None for that option.
        why_not: Why it could not be chosen, empty when it could.
        set_up_cost_usd: Paid once, at the start.
        moved_workloads: Workloads that leave the API.
        schedule: When the instances run, in words, for people.
        weekly_hours: The same as hours of the week, 0 is Monday 00:00 UTC; empty for always.
    """

    option_id: str
    kind: OptionKind
    label: str
    why_not: str = ""
    monthly_cost_usd: Band
    saving_usd: Band | None = None
    set_up_cost_usd: Decimal = Decimal(0)
    moved_workloads: tuple[str, ...] = ()
    fleets: tuple[Fleet, ...] = ()
    lines: tuple[CostLine, ...] = ()
    schedule: str = ""
    weekly_hours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The volume at which the best self-hosted option and the API cost the same.

    Attributes:
        monthly_requests: None where no volume that the fleet can serve reaches it.
        month_reached: First month of the horizon with that volume, 0 = now, None if not within it.
        note: Why there is none, or how it was found.
    """

    option_id: str
    monthly_requests: Decimal | None
    monthly_tokens: Decimal | None
    today_monthly_requests: Decimal
    instance_count: int | None
    month_reached: int | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadAnswer:
    """What becomes of one workload."""

    name: str
    goes_to: OptionKind
    model: str
    rule: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may be provisioned on the strength of this decision; nothing else may.

    Attributes:
        maximum_nodes: Instance type and purchase option (`g6e.xlarge/on_demand`) to the ceiling of nodes.
        monthly_ceiling_usd: US dollars a month for all of those nodes, every hour of it, with what runs beside them,
            at the prices of the decision; people's time not included.
    """

    region_id: str
    maximum_nodes: dict[str, int]
    monthly_ceiling_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChange:
    """A change on the API that is worth making while staying on it."""

    label: str
    monthly_saving_usd: Decimal
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """What would turn the verdict.

    Attributes:
        what: The quantity that would have to change.
        today: Its value now.
        flips_at: The value at which another verdict follows.
        becomes: That verdict.
    """

    what: str
    today: str
    flips_at: str
    becomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer with everything that it rests on.

    Attributes:
        rule: Row of the decision table that matched.
        schema_version: Version of this document's shape, read before anything else.
        as_of: UTC day of the question.
        valid_until: Last UTC day on which it may allow anything.
        addressable_bill_usd: US dollars a month that self-hosting could replace, mean of the newest complete months.
        complete_months: Months of measured usage.
        chosen_option: `option_id` of the option to take, empty where none was priced.
        baseline_option: `option_id` of the option that savings are measured against, empty where none was priced.
        pay_back_months: Months until the set-up is earned back, None where it never is.
        dominant_assumption: The assumption whose range moves the saving most.
        api_changes: Worth making while staying on the API: what can be done today first.
        ask_again_on: When the question is worth asking again; None while moving, and where evidence must come first.
        preconditions: What must be done before `pulumi up` can work, e.g. raising a quota.
        allowance: None where nothing may be provisioned.
        input_digests: Name of each input to its sha256; `inputs` is the whole of what `decide` read.
    """

    schema_version: int = SCHEMA_VERSION
    costcheck_version: str
    company: str
    as_of: date
    valid_until: date
    verdict: Verdict
    rule: int
    headline: str
    addressable_bill_usd: Decimal
    complete_months: int
    workloads: tuple[WorkloadAnswer, ...]
    chosen_option: str
    baseline_option: str = ""
    options: tuple[OptionResult, ...]
    break_even: BreakEven | None
    pay_back_months: Decimal | None
    findings: tuple[Finding, ...]
    flips: tuple[Flip, ...]
    dominant_assumption: str
    api_changes: tuple[ApiChange, ...]
    preconditions: tuple[str, ...]
    ask_again_on: date | None
    allowance: Allowance | None
    input_digests: dict[str, str]

    def option(self, option_id: str) -> OptionResult:
        """Return the option with this id; KeyError if there is none."""
        return {option.option_id: option for option in self.options}[option_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    schema_version: int


def encode(record: Any) -> bytes:  # noqa: ANN401 - any of our records
    """Return canonical JSON: sorted keys, two spaces, one newline at the end; equal records give equal bytes."""
    compact = msgspec.json.Encoder(order="sorted", decimal_format="string").encode(record)
    return msgspec.json.format(compact, indent=2) + b"\n"


def decode_decision(content: bytes, name: str) -> Decision:
    """Return the decision in a JSON document.

    Raises:
        InputFileError: It is not JSON or not a decision of this schema version, or it allows what is no number.
    """
    try:
        # The version first: a newer decision may lack what this version needs.
        version = msgspec.json.decode(content, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise _other_version(name, version)
        decision = msgspec.json.decode(content, type=Decision)
    # msgspec lets the error of bytes that are not UTF-8 through as it is.
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"{name} is not a decision: {exc}"
        raise InputFileError(
            message, expected="a file written by `costcheck decide`", action="run `costcheck decide` again"
        ) from exc
    _refuse_endless(decision.allowance, name)
    return decision


def _refuse_endless(allowed: Allowance | None, name: str) -> None:
    """Do nothing if every ceiling is a ceiling: `Infinity` and `NaN` are Decimals too."""
    if allowed is None:
        return
    ceilings = (allowed.monthly_ceiling_usd, *map(Decimal, allowed.maximum_nodes.values()))
    if not all(ceiling.is_finite() and ceiling >= 0 for ceiling in ceilings):
        message = f"{name} is not a decision: it allows {', '.join(map(str, ceilings))}"
        raise InputFileError(
            message,
            expected="ceilings that are finite and not below zero",
            action="restore it from version control, or run `costcheck decide` again",
        )


def _other_version(name: str, version: int) -> InputFileError:
    newer = version > SCHEMA_VERSION
    return InputFileError(
        f"{name} has schema_version {version}",
        expected=f"schema_version {SCHEMA_VERSION}, which this costcheck reads",
        action="upgrade costcheck to the version that wrote it" if newer else "run `costcheck decide` again",
    )


def read_decision(path: Path) -> Decision:
    """Return the decision in a file.

    Raises:
        InputFileError: It cannot be read, or see `decode_decision`.
    """
    try:
        content = path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputFileError(message, expected="a decision record", action="run `costcheck decide` first") from exc
    return decode_decision(content, str(path))


def decision_schema() -> bytes:
    """Return the JSON Schema of `Decision`."""
    return encode(msgspec.json.schema(Decision))

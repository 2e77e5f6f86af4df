"""Decisions to test with: constructed, with a default for every field."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from costcheck.verdict import (
    Allowance,
    ApiChange,
    Band,
    BreakEven,
    CostLine,
    Decision,
    Finding,
    Fleet,
    Flip,
    OptionKind,
    OptionResult,
    Verdict,
    WorkloadAnswer,
)

PRICE_DATE = date(2026, 7, 20)
INSTANCE = "g6e.xlarge"


def band(p10: str, p50: str, p90: str) -> Band:
    return Band(p10=Decimal(p10), p50=Decimal(p50), p90=Decimal(p90))


def finding(**changes: Any) -> Finding:  # noqa: ANN401 - any field of the record
    default = Finding(
        rule=6,
        subject="saving",
        message="self-hosting costs more than the cheapest API option",
        figure="-2,310 USD a month (P50)",
        threshold="at least 1,000 USD a month",
        source="costcheck/data/thresholds.toml [min_saving_usd]",
    )
    return replace(default, **changes)


def cost_line(**changes: Any) -> CostLine:  # noqa: ANN401 - any field of the record
    default = CostLine(
        name="GPU instances",
        quantity=Decimal(1460),
        unit="Hours",
        unit_price_usd=Decimal("1.861"),
        monthly_cost_usd=Decimal("2717.06"),
        sku_id="CONSTRUCTED0001",
        sku_meter=INSTANCE,
        price_source="https://example.com/constructed-prices",
        price_date=PRICE_DATE,
    )
    return replace(default, **changes)


def fleet(**changes: Any) -> Fleet:  # noqa: ANN401 - any field of the record
    default = Fleet(
        model="example-org/open-8b-instruct",
        checkpoint="example-org/open-8b-instruct-FP8",
        quantization="fp8",
        weight_gib=Decimal("8.46"),
        context_tokens=6144,
        longest_request_gib=Decimal("0.75"),
        node_volume_gib=Decimal(100),
        instance_type=INSTANCE,
        purchase_option="on_demand",
        tensor_parallel=1,
        replicas_per_instance=1,
        instance_count=2,
        maximum_instance_count=3,
        hours_per_month=Decimal(730),
        requests_per_second_per_instance=Decimal("2.4"),
        busy_requests_per_second=Decimal("2.976"),
        utilisation=Decimal("0.62"),
        bound_by="time to first token",
        workloads=("support-chat",),
    )
    return replace(default, **changes)


def api_today(**changes: Any) -> OptionResult:  # noqa: ANN401 - any field of the record
    default = OptionResult(
        option_id="api_today",
        kind=OptionKind.API_TODAY,
        label="Today's API",
        monthly_cost_usd=band("6020", "6240", "6490"),
        saving_usd=band("-1470", "-1410", "-1350"),
    )
    return replace(default, **changes)


def api_cheaper(**changes: Any) -> OptionResult:  # noqa: ANN401 - any field of the record
    default = OptionResult(
        option_id="api_batch",
        kind=OptionKind.API_CHEAPER,
        label="API, night jobs in batch",
        monthly_cost_usd=band("4610", "4830", "5080"),
        lines=(
            cost_line(
                name="output tokens",
                quantity=Decimal(1310),
                unit="1000000 Tokens",
                unit_price_usd=Decimal("2.5"),
                monthly_cost_usd=Decimal(3275),
                sku_id=None,
                sku_meter="example-mini/output",
            ),
        ),
    )
    return replace(default, **changes)


def self_hosted(**changes: Any) -> OptionResult:  # noqa: ANN401 - any field of the record
    default = OptionResult(
        option_id="self_hosted/g6e.xlarge/on_demand",
        kind=OptionKind.SELF_HOSTED,
        label="2 x g6e.xlarge, on demand",
        why_not="saves too little",
        monthly_cost_usd=band("6480", "7140", "8950"),
        saving_usd=band("-4090", "-2310", "-1640"),
        set_up_cost_usd=Decimal(10000),
        moved_workloads=("support-chat",),
        fleets=(fleet(),),
        lines=(
            cost_line(),
            cost_line(
                name="upkeep by people",
                quantity=Decimal(20),
                unit_price_usd=Decimal(90),
                monthly_cost_usd=Decimal(1800),
                sku_id=None,
                sku_meter="people",
                price_source="costcheck/data/assumptions.toml [people_rate_usd_per_hour]",
            ),
            cost_line(
                name="EKS control plane",
                quantity=Decimal(730),
                unit_price_usd=Decimal("0.10"),
                monthly_cost_usd=Decimal(73),
                sku_id="CONSTRUCTED0002",
                sku_meter="control plane",
            ),
        ),
        schedule="always on",
    )
    return replace(default, **changes)


def break_even(**changes: Any) -> BreakEven:  # noqa: ANN401 - any field of the record
    default = BreakEven(
        option_id="self_hosted/g6e.xlarge/on_demand",
        monthly_requests=Decimal(1_240_000),
        monthly_tokens=Decimal(2_108_000_000),
        today_monthly_requests=Decimal(610_000),
        instance_count=3,
        month_reached=None,
        note="",
    )
    return replace(default, **changes)


def answer(**changes: Any) -> WorkloadAnswer:  # noqa: ANN401 - any field of the record
    default = WorkloadAnswer(
        name="support-chat",
        goes_to=OptionKind.API_CHEAPER,
        model="example-mini",
        rule=6,
        reason="moving it saves nothing",
    )
    return replace(default, **changes)


def decision(**changes: Any) -> Decision:  # noqa: ANN401 - any field of the record
    """Return a decision to stay on the API by rule 6, with the changes given."""
    default = Decision(
        costcheck_version="0.1.0",
        company="Example Shop Ltd",
        as_of=date(2026, 8, 1),
        valid_until=date(2026, 10, 30),
        verdict=Verdict.STAY_ON_API,
        rule=6,
        headline="your own GPUs would cost about $2,310 a month more than the API made cheaper",
        addressable_bill_usd=Decimal("6240.18"),
        complete_months=4,
        workloads=(answer(),),
        chosen_option="api_batch",
        options=(api_today(), api_cheaper(), self_hosted()),
        break_even=break_even(),
        pay_back_months=None,
        findings=(
            finding(),
            finding(
                rule=0,
                subject="bill",
                message="usage x price explains the bill",
                figure="residual 1.2 %",
                threshold="at most 10 %",
                source="OpenAI costs, 2026-04 to 2026-07",
            ),
        ),
        flips=(
            Flip(
                what="requests a month",
                today="610,000",
                flips_at="1,240,000",
                becomes="self_host",
            ),
        ),
        dominant_assumption="upkeep by people, 7 to 44 hours a month",
        api_changes=(
            ApiChange(
                label="send the night jobs through the batch API",
                monthly_saving_usd=Decimal(1410),
                needs="answers may take up to 24 hours",
            ),
        ),
        preconditions=(),
        ask_again_on=date(2026, 10, 30),
        allowance=None,
        input_digests={"inputs": "a" * 64, "prices": "b" * 64},
    )
    return replace(default, **changes)


def stay_on_api() -> Decision:
    return decision()


def self_host() -> Decision:
    """Return a decision to move everything: the same company with five times the bill."""
    chosen = self_hosted(
        why_not="", saving_usd=band("9800", "16900", "18200"), monthly_cost_usd=band("7010", "7850", "10400")
    )
    return decision(
        verdict=Verdict.SELF_HOST,
        rule=10,
        headline="your own GPUs would save about $16,900 a month",
        addressable_bill_usd=Decimal("31180.40"),
        workloads=(
            answer(
                goes_to=OptionKind.SELF_HOSTED,
                model="example-org/open-8b-instruct",
                rule=10,
                reason="cheapest, quality shown by evaluation",
            ),
        ),
        chosen_option=chosen.option_id,
        options=(
            api_today(monthly_cost_usd=band("30100", "31200", "32400"), saving_usd=band("-6810", "-6450", "-6130")),
            api_cheaper(monthly_cost_usd=band("23900", "24750", "25900")),
            chosen,
        ),
        break_even=break_even(today_monthly_requests=Decimal(3_050_000), month_reached=0),
        pay_back_months=Decimal("0.59"),
        findings=(
            finding(
                rule=10,
                message="self-hosting is cheaper in nine of ten outcomes",
                figure="9,800 USD a month (P10)",
                threshold="above 0 USD a month (P10)",
                source="costcheck/data/thresholds.toml [min_saving_usd]",
            ),
        ),
        flips=(Flip(what="requests a month", today="3,050,000", flips_at="1,240,000", becomes="stay_on_api"),),
        api_changes=(),
        preconditions=("raise the quota L-DB2E81BA (Running On-Demand G and VT instances) to 12 vCPUs",),
        ask_again_on=None,
        allowance=Allowance(
            region_id="us-east-1",
            maximum_nodes={f"{INSTANCE}/on_demand": 3},
            monthly_ceiling_usd=Decimal("4620.50"),
        ),
    )


def hybrid() -> Decision:
    """Return a decision to move one workload of two."""
    whole = self_host()
    chosen = self_hosted(
        option_id="hybrid/g6e.xlarge/on_demand",
        kind=OptionKind.HYBRID,
        label="2 x g6e.xlarge on demand, drafting on the API",
        why_not="",
        saving_usd=band("4100", "8700", "9900"),
        monthly_cost_usd=band("15100", "16050", "18700"),
    )
    return replace(
        whole,
        verdict=Verdict.HYBRID,
        rule=9,
        headline="move support-chat, leave drafting on the API, and save about $8,700 a month",
        workloads=(
            *whole.workloads,
            answer(name="drafting", rule=7, reason="nothing shows that an open model drafts well enough"),
        ),
        chosen_option=chosen.option_id,
        options=(*whole.options[:2], chosen),
        findings=(
            finding(
                rule=9,
                subject="support-chat",
                message="the case holds without drafting",
                figure="8,700 USD a month (P50)",
            ),
            finding(
                rule=7,
                subject="drafting",
                message="no evaluation of the open model is recorded",
                figure="no evaluation",
                threshold="PASS within 365 days, or the owner's acceptance",
                source="costcheck.toml [[workload]] drafting",
            ),
        ),
        pay_back_months=Decimal("1.15"),
    )


def insufficient_evidence() -> Decision:
    """Return a decision that could not be made: a model that nobody can price."""
    return decision(
        verdict=Verdict.INSUFFICIENT_EVIDENCE,
        rule=1,
        headline="one model on the bill has no price",
        workloads=(),
        chosen_option="",
        options=(),
        break_even=None,
        findings=(
            finding(
                rule=1,
                subject="price",
                message="the model example-preview has no price on 2026-07-14",
                figure="31 % of the bill",
                threshold="every model priced",
                source="genai-prices 0.2.3",
            ),
        ),
        flips=(),
        api_changes=(),
        ask_again_on=None,
    )

"""Drifts to test with: constructed, with a default for every field."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from costcheck.drift import (
    Attribution,
    Change,
    Drift,
    Effect,
    NodesChange,
    Part,
    PriceChange,
    RuleChange,
    Standing,
    WorkloadChange,
)
from costcheck.verdict import Verdict
from tests.costcheck.builders import finding

SERVERS = "open-8b@g6e.xlarge/on_demand"

T = TypeVar("T")


def same(value: T) -> Change[T]:
    return Change(then=value, now=value)


def price(**changes: Any) -> PriceChange:  # noqa: ANN401 - any field of the record
    default = PriceChange(
        service_code="AmazonEC2",
        sku_meter="BoxUsage:g6e.xlarge",
        region_id="us-east-1",
        pricing_category="Standard",
        tier_start=Decimal(0),
        pricing_unit="Hours",
        unit_price_usd=same(Decimal("1.861")),
        change_share=Decimal(0),
        price_source="https://example.com/constructed-prices",
        price_date=date(2026, 9, 1),
    )
    return replace(default, **changes)


def workload(**changes: Any) -> WorkloadChange:  # noqa: ANN401 - any field of the record
    default = WorkloadChange(
        name="support-chat", monthly_requests=same(Decimal(610_000)), monthly_growth=same(Decimal("0.012"))
    )
    return replace(default, **changes)


def drift(**changes: Any) -> Drift:  # noqa: ANN401 - any field of the record
    """Return a decision to run servers that stands, nothing moved, with the changes given."""
    default = Drift(
        costcheck_version="0.1.0",
        company="Example Shop Ltd",
        standing=Standing.STANDS,
        decided_on=date(2026, 8, 1),
        as_of=date(2026, 9, 1),
        valid_until=date(2026, 10, 30),
        days_left=59,
        verdict=same(Verdict.SELF_HOST),
        rule=same(10),
        reasons=(finding(message="saving, P50", figure="2,310 USD/month", threshold="at least 1,000 USD/month"),),
        chosen_option=same(SERVERS),
        baseline_option=same("api today"),
        saving_usd=same(Decimal("2310.40")),
        accepted_option_saving_usd=Decimal("2310.40"),
        addressable_bill_usd=same(Decimal("9240.18")),
        complete_months=same(4),
        aws_prices=(price(),),
        token_prices=(token_price(),),
        workloads=(workload(),),
        rules=(),
        settings=(),
        appeared=(),
        went=(),
        region_id=same("us-east-1"),
        maximum_nodes=(),
        monthly_ceiling_usd=same(Decimal(4210)),
        attribution=Attribution(total_usd=Decimal(0), effects=(), residual_usd=Decimal(0), draws=10_000),
    )
    return replace(default, **changes)


def token_price(**changes: Any) -> PriceChange:  # noqa: ANN401 - any field of the record
    default = price(
        service_code="openai",
        sku_meter="example-large/output_tokens",
        region_id="global",
        pricing_unit="1000000 Tokens",
        unit_price_usd=same(Decimal(15)),
    )
    return replace(default, **changes)


def changed() -> Drift:
    """Return one in which everything moved, and the verdict with it."""
    missed = finding(message="saving, P50: missed", figure="-1,044 USD/month", threshold="at least 1,000 USD/month")
    return drift(
        standing=Standing.CHANGED,
        verdict=Change(then=Verdict.SELF_HOST, now=Verdict.STAY_ON_API),
        rule=Change(then=10, now=6),
        reasons=(missed,),
        chosen_option=Change(then=SERVERS, now="api made cheaper"),
        baseline_option=Change(then="api today", now="api made cheaper"),
        saving_usd=Change(then=Decimal("2310.40"), now=Decimal("-1044.10")),
        accepted_option_saving_usd=Decimal("-1200.00"),
        addressable_bill_usd=Change(then=Decimal("9240.18"), now=Decimal("7100.02")),
        complete_months=Change(then=4, now=5),
        aws_prices=(
            price(unit_price_usd=Change(then=Decimal("1.861"), now=Decimal("2.2332")), change_share=Decimal("0.2")),
            price(sku_meter="NatGateway-Hours", unit_price_usd=same(Decimal("0.045"))),
        ),
        token_prices=(
            token_price(unit_price_usd=Change(then=Decimal(15), now=Decimal(12)), change_share=Decimal("-0.2")),
            token_price(
                sku_meter="example-large/cache_read_input_tokens",
                unit_price_usd=Change(then=Decimal("0.25"), now=None),
                change_share=None,
            ),
        ),
        workloads=(
            workload(monthly_requests=Change(then=Decimal(610_000), now=Decimal(540_000))),
            workload(
                name="nightly-reports",
                monthly_requests=Change(then=None, now=Decimal(1_240_000)),
                monthly_growth=Change(then=None, now=Decimal("-0.004")),
            ),
        ),
        rules=(
            RuleChange(
                name="assumptions.people_rate_usd_per_hour",
                value=Change(then="90 (60 to 120) USD/hour", now="110 USD/hour"),
            ),
            RuleChange(name="roofline", value=Change(then="0123456789ab", now="ba9876543210")),
        ),
        settings=("operator", "workload nightly-reports"),
        appeared=(missed, finding(rule=7, subject="nightly-reports", message="quality of open-8b is not shown")),
        went=(finding(message="saving, P50", figure="2,310 USD/month", threshold="at least 1,000 USD/month"),),
        region_id=Change(then="us-east-1", now="eu-central-1"),
        maximum_nodes=(NodesChange(key="g6e.xlarge/on_demand", maximum_nodes=Change(then=3, now=0)),),
        monthly_ceiling_usd=Change(then=Decimal(4210), now=None),
        attribution=Attribution(
            total_usd=Decimal("-3354.50"),
            effects=(
                Effect(parts=(Part.AWS_PRICES,), saving_usd=Decimal("-1087.00"), verdict=Verdict.SELF_HOST),
                Effect(parts=(Part.TOKEN_PRICES,), saving_usd=Decimal("-1848.04"), verdict=Verdict.STAY_ON_API),
                Effect(parts=(Part.VOLUME, Part.SETTINGS), saving_usd=None, verdict=Verdict.INSUFFICIENT_EVIDENCE),
                Effect(parts=(Part.RULES,), saving_usd=Decimal("-440.00"), verdict=Verdict.SELF_HOST),
            ),
            residual_usd=Decimal("20.54"),
            draws=10_000,
        ),
    )


def expired() -> Drift:
    """Return one that would still be right."""
    return drift(standing=Standing.EXPIRED, as_of=date(2026, 11, 1), days_left=-2)


def cannot_tell() -> Drift:
    """Return one whose prices nobody has read for too long."""
    old = finding(
        rule=1,
        subject="price",
        message="308 prices are too old, the oldest that of AmazonEC2 BoxUsage:g6e.xlarge us-east-1 Standard; run "
        "`costcheck prices pull`",
        figure="31 days",
        threshold="30 days",
        source="https://example.com/constructed-prices",
    )
    return drift(
        standing=Standing.CANNOT_TELL,
        verdict=Change(then=Verdict.SELF_HOST, now=Verdict.INSUFFICIENT_EVIDENCE),
        rule=Change(then=10, now=1),
        reasons=(old,),
        chosen_option=Change(then=SERVERS, now=""),
        baseline_option=Change(then="api today", now=""),
        saving_usd=Change(then=Decimal("2310.40"), now=None),
        accepted_option_saving_usd=None,
        appeared=(old,),
        went=(finding(message="saving, P50"),),
        maximum_nodes=(NodesChange(key="g6e.xlarge/on_demand", maximum_nodes=Change(then=3, now=0)),),
        monthly_ceiling_usd=Change(then=Decimal(4210), now=None),
        attribution=None,
    )


DRIFTS = {"stands": drift(), "changed": changed(), "expired": expired(), "cannot_tell": cannot_tell()}

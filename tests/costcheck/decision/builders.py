"""A company to decide about: constructed, at the bundled prices, with a default for every field.

One workload on gpt-5.4 that the company's own fine-tuned weights may replace, so that nobody sells the same by the
token and, at the default volume, servers pay: a test changes the one thing that it is about.
"""

import functools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from costcheck.catalogue import load_gpus, load_open_weights, load_roofline, load_serving_rules
from costcheck.decision.decide import decide
from costcheck.decision.inputs import Coverage, DecisionInputs
from costcheck.model.api_cost import ModelName
from costcheck.model.bill import BillMonth, BillSummary, ProviderReconciliation
from costcheck.model.demand import HOURS_PER_WEEK, Growth, ModelUsage, WorkloadDemand
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import PriceSnapshot, ServiceTier
from costcheck.rules import load_assumptions, load_thresholds
from costcheck.settings import (
    Company,
    Compliance,
    DeclaredDemand,
    Evaluation,
    Match,
    Operator,
    SelfHosting,
    Settings,
    Workload,
)
from costcheck.sources.snapshot import read_max_ages, read_snapshot
from costcheck.verdict import Decision, Finding

AS_OF = date(2026, 8, 1)
MONTHS = tuple(date(2026, month, 1) for month in (2, 3, 4, 5, 6, 7))
CANDIDATE = "gpt-oss-20b"
SECONDS_PER_MONTH = 730 * 3600
TYPES = ("g6.xlarge", "g6e.xlarge")
DRAWS = 200
NOT_GROWING = Growth(monthly_rate=0.0, standard_error=None, lower_bound=-1.0, observations=0)


@functools.cache
def snapshot() -> PriceSnapshot:
    """Return the bundled prices of two instance types, the platform, and two models."""
    whole = read_snapshot()
    models = ("gpt-5.4/", "gpt-5.4-mini/", "openai.gpt-oss-20b-1:0/", "openai/gpt-oss-20b/")
    return replace(
        whole,
        unit_prices=tuple(
            row
            for row in whole.unit_prices
            if (
                row.pricing_unit == TOKEN_UNIT
                and row.sku_meter.startswith(models)
                and row.service_code != "openrouter"  # which nobody here buys from
            )
            or (row.pricing_unit != TOKEN_UNIT and not row.sku_meter.startswith(("BoxUsage", "SpotUsage")))
            or row.sku_meter in {f"BoxUsage:{name}" for name in (*TYPES, "m6i.large")}
        ),
        instance_types=tuple(row for row in whole.instance_types if row.instance_type in TYPES),
        zone_offerings=tuple(row for row in whole.zone_offerings if row.instance_type in TYPES),
    )


def passed(model: str = CANDIDATE, on: date = date(2026, 7, 1), result: Any = "pass") -> Evaluation:  # noqa: ANN401 - a literal
    return Evaluation(model=model, result=result, evaluated_on=on, report="constructed")


def workload(name: str = "chat", **changes: Any) -> Workload:  # noqa: ANN401 - any field of the record
    default = Workload(
        name=name,
        match=Match(everything=True),
        latency_class="interactive",
        candidates=(CANDIDATE,),
        weights="own",
        evaluations=(passed(),),
    )
    return msgspec.structs.replace(default, **changes)


def compliance(**changes: Any) -> Compliance:  # noqa: ANN401 - any field of the record
    default = Compliance(
        clause="Contract 12", owner="Legal", expires_on=date(2027, 1, 1), in_region_managed_api_allowed=False
    )
    return msgspec.structs.replace(default, **changes)


DECLARED = DeclaredDemand(monthly_requests=400_000, input_tokens_per_request=1000, output_tokens_per_request=200)


def settings(*workloads: Workload, **changes: Any) -> Settings:  # noqa: ANN401 - any field of the record
    default = Settings(
        company=Company(name="Example Shop Ltd"),
        operator=Operator(answer="team", named="Platform"),
        workload=workloads or (workload(),),
        self_hosting=SelfHosting(schedules=("always_on",), overflow_to_api=False),
    )
    return msgspec.structs.replace(default, **changes)


def usage(requests: Decimal, **changes: Any) -> ModelUsage:  # noqa: ANN401 - any field of the record
    default = ModelUsage(
        service_provider_name="openai",
        request_model="gpt-5.4",
        service_tier=ServiceTier.STANDARD,
        uncached_input_tokens=requests * 1000,
        cache_read_input_tokens=Decimal(0),
        cache_creation_5m_input_tokens=Decimal(0),
        cache_creation_1h_input_tokens=Decimal(0),
        output_tokens=requests * 200,
        requests=requests,
    )
    return replace(default, **changes)


def demand(name: str = "chat", requests: int = 4_000_000, **changes: Any) -> WorkloadDemand:  # noqa: ANN401 - any field
    """Return a flat demand of 1,000 tokens in and 200 out: 0.0055 USD a request on gpt-5.4."""
    rate = requests / SECONDS_PER_MONTH
    default = WorkloadDemand(
        name=name,
        origin="hourly",
        complete_months=MONTHS,
        models=(usage(Decimal(requests)),),
        monthly_requests=Decimal(requests),
        request_count_known=True,
        input_tokens_per_request=1000.0,
        output_tokens_per_request=200.0,
        cached_input_share=0.0,
        p99_context_tokens=4000.0,
        busy_hour_requests_per_second=rate,
        peak_minute_factor=1.5,
        peak_minute_measured=True,
        requests_per_second_by_hour_of_week=(rate,) * HOURS_PER_WEEK,
        relative_level_error=0.05,
        growth=NOT_GROWING,
    )
    return replace(default, **changes)


def bill(monthly: str = "22000", **changes: Any) -> BillSummary:  # noqa: ANN401 - any field of the record
    amount = Decimal(monthly)
    default = BillSummary(
        months=tuple(
            BillMonth(
                month=month,
                addressable_cost_usd=amount,
                unmeasured_cost_usd=Decimal(0),
                set_aside_cost_usd=Decimal(0),
                credit_usd=Decimal(0),
                tax_usd=Decimal(0),
            )
            for month in MONTHS
        ),
        reconciliations=(reconciliation(),),
        addressable_monthly_cost_usd=amount,
        unmeasured_monthly_cost_usd=Decimal(0),
        unpriced_models=(),
        currencies=("USD",),
        has_usage=True,
        charged=True,
    )
    return replace(default, **changes)


def reconciliation(residual: str = "0") -> ProviderReconciliation:
    return ProviderReconciliation(
        service_provider_name="openai",
        billed_cost_usd=Decimal(132000),
        list_cost_usd=Decimal(132000),
        contracted_factor=Decimal(1),
        residual_share=Decimal(residual),
    )


def coverage(**changes: Any) -> Coverage:  # noqa: ANN401 - any field of the record
    default = Coverage(first_day=MONTHS[0], last_day=date(2026, 7, 31), complete_months=MONTHS, gap_days=0)
    return replace(default, **changes)


def inputs(**changes: Any) -> DecisionInputs:  # noqa: ANN401 - any field of the record
    catalogue = load_open_weights()
    default = DecisionInputs(
        costcheck_version="0.0.0",
        as_of=AS_OF,
        live=False,
        settings=settings(),
        coverage=coverage(),
        bill=bill(),
        demands=(demand(),),
        names={
            "openai/gpt-5.4": ModelName(service_code="openai", model_id="gpt-5.4"),
            "openai/gpt-5.4-mini": ModelName(service_code="openai", model_id="gpt-5.4-mini"),
        },
        snapshot=snapshot(),
        max_ages=read_max_ages(),
        thresholds=load_thresholds({}),
        assumptions=load_assumptions({}),
        serving_rules=load_serving_rules(),
        roofline=load_roofline(),
        models={CANDIDATE: catalogue[CANDIDATE]},
        gpus=load_gpus(),
        draws=DRAWS,
    )
    return replace(default, **changes)


def decided(**changes: Any) -> Decision:  # noqa: ANN401 - any field of the inputs
    return decide(inputs(**changes))


def finding(decision: Decision, words: str) -> Finding:
    """Return the finding that holds these words; an error naming all where none does."""
    found = [row for row in decision.findings if words in row.message]
    assert found, [row.message for row in decision.findings]
    return found[0]

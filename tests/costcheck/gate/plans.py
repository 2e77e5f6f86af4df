"""Plans, prices and decisions to test the gate with: written by hand, in the shape of what Pulumi writes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from costcheck.acceptance import Acceptance
from costcheck.gate.assessment import Assessment, assess
from costcheck.gate.coverage import Evidence
from costcheck.gate.judge import Case, judge
from costcheck.gate.result import GateResult
from costcheck.gate.rules import GateConfig, load_gate_rules
from costcheck.gate.view import Side
from costcheck.gate.waivers import WaiverFile
from costcheck.plan.preview import read_preview
from costcheck.plan.records import Plan
from costcheck.plan.state import with_state
from costcheck.price_book import MaxAges, PriceBook
from costcheck.records import InstanceType, Origin, PriceSnapshot, PricingCategory, Provenance, UnitPrice
from costcheck.verdict import Allowance, Decision
from tests.costcheck import builders

TODAY = date(2026, 11, 26)
REGION = "us-east-1"
NODE_GROUP, LAUNCH_TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
GPU_TYPES = {"g6.xlarge": 1, "g6e.xlarge": 1, "p5.48xlarge": 8}
HOURLY_USD = {"g6.xlarge": "0.80", "g6e.xlarge": "1.86", "p5.48xlarge": "55.04", "m6i.large": "0.096"}
Json = dict[str, Any]


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def state_of(token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> Json:  # noqa: ANN401 - JSON
    provider = f"urn:pulumi:dev::shop::pulumi:providers:{token.partition(':')[0]}::default::0000"
    depends: dict[str, list[str]] = {key: [] for key in inputs}
    return {
        "urn": urn(token, name), "type": token, "custom": True, "inputs": dict(inputs), "provider": provider,
        "propertyDependencies": depends,
    } | more  # fmt: skip


def create(token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> Json:  # noqa: ANN401 - JSON
    return {"op": "create", "urn": urn(token, name), "newState": state_of(token, name, inputs, **more)}


def delete(token: str, name: str, inputs: Mapping[str, Any]) -> Json:
    return {"op": "delete", "urn": urn(token, name), "oldState": state_of(token, name, inputs)}


def update(token: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any], op: str = "update") -> Json:
    return {
        "op": op, "urn": urn(token, name), "oldState": state_of(token, name, old),
        "newState": state_of(token, name, new),
    }  # fmt: skip


def preview(*steps: Json, same: int = 0, **more: Any) -> Json:  # noqa: ANN401 - JSON
    summary: dict[str, int] = {"same": same} if same else {}
    for step in steps:
        summary[step["op"]] = summary.get(step["op"], 0) + 1
    return {
        "config": {"aws:region": REGION},
        "steps": list(steps),
        "diagnostics": [],
        "changeSummary": summary,
    } | more


def read(document: Json) -> Plan:
    return read_preview(json.dumps(document).encode())


def read_with_state(document: Json, *resources: Json) -> Plan:
    state = {"version": 3, "deployment": {"manifest": {}, "resources": list(resources)}}
    return with_state(read(document), json.dumps(state).encode())


def pool(maximum: int = 2, instance_type: str = "g6.xlarge", desired: int = 1, **more: Any) -> Json:  # noqa: ANN401
    """Return the inputs of a node group with EKS's own disk."""
    return {
        "instanceTypes": [instance_type],
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 0, "desiredSize": desired, "maxSize": maximum},
        "diskSize": 20,
    } | more


def unit_price(service_code: str, meter: str, usd: str, unit: str = "Hours", **more: Any) -> UnitPrice:  # noqa: ANN401
    seen = Provenance(
        source="constructed", source_url="https://example.com/prices", retrieved_on=TODAY, origin=Origin.CONSTRUCTED
    )
    default = UnitPrice(
        service_code=service_code, sku_meter=meter, region_id=REGION, list_unit_price=Decimal(usd), pricing_unit=unit,
        sku_id="CONSTRUCTED", provenance=seen,
    )  # fmt: skip
    return replace(default, **more)


def prices() -> tuple[UnitPrice, ...]:
    return (
        *(unit_price("AmazonEC2", f"BoxUsage:{name}", usd) for name, usd in HOURLY_USD.items()),
        unit_price("AmazonEC2", "SpotUsage:g6.xlarge", "0.30", pricing_category=PricingCategory.DYNAMIC),
        unit_price("AmazonEC2", "EBS:VolumeUsage.gp3", "0.08", "GB-Months"),
        unit_price("AmazonEC2", "NatGateway-Hours", "0.045"),
        unit_price("AmazonEC2", "NatGateway-Bytes", "0.045", "GB"),
        unit_price("AmazonEKS", "AmazonEKS-Hours:perCluster", "0.10"),
        unit_price("AmazonVPC", "PublicIPv4:InUseAddress", "0.005"),
        unit_price("awskms", "KMS-Keys", "1", "Key-Months"),
    )


def fact(name: str) -> InstanceType:
    gpus = GPU_TYPES.get(name, 0)
    return InstanceType(
        instance_type=name, vcpu_count=4, memory_gib=Decimal(16), gpu_count=gpus, gpu_name="L4" if gpus else None,
        gpu_memory_gib=Decimal(24) if gpus else None, instance_storage_gb=0, provenance=prices()[0].provenance,
    )  # fmt: skip


def book(*rows: UnitPrice) -> PriceBook:
    snapshot = PriceSnapshot(
        as_of=TODAY, region_id=REGION, unit_prices=rows or prices(), instance_types=tuple(map(fact, HOURLY_USD)),
        zone_offerings=(), quotas=(),
    )  # fmt: skip
    return PriceBook(snapshot, MaxAges(on_demand_days=30, spot_days=1, token_days=14, other_aws_days=60))


def decision(
    nodes: Mapping[str, int] | None = None,
    *,
    ceiling_usd: int = 100_000,
    region: str = REGION,
    **changes: Any,  # noqa: ANN401 - any field
) -> Decision:
    """Return a decision to self-host that allows these nodes; its option holds one line of AWS."""
    base = builders.self_host()
    line = builders.cost_line(
        sku_meter="AmazonEC2 BoxUsage:g6.xlarge", quantity=Decimal(730), monthly_cost_usd=Decimal(584)
    )
    option = replace(base.option(base.chosen_option), lines=(line,))
    others = tuple(row for row in base.options if row.option_id != base.chosen_option)
    allowed = Allowance(
        region_id=region,
        maximum_nodes=dict({"g6.xlarge/on_demand": 4} if nodes is None else nodes),
        monthly_ceiling_usd=Decimal(ceiling_usd),
    )
    default = replace(
        base, as_of=TODAY - timedelta(days=9), valid_until=TODAY + timedelta(days=81), allowance=allowed,
        options=(option, *others),
    )  # fmt: skip
    return replace(default, **changes)


def accepted(given: Decision | None = None, *, stack: str = "", fault: str = "") -> Evidence:
    """Return a decision that a person has accepted, for one stack where it is named."""
    acceptance = Acceptance(fault=fault, stack=stack)
    return Evidence(path="current.json", decision=given or decision(), acceptance=acceptance)


NO_DECISION = Evidence(path="current.json")


def assessed(plan: Plan, rows: tuple[UnitPrice, ...] = (), usage: Mapping[str, Decimal] | None = None) -> Assessment:
    prices_of = book(*rows)
    facts = {row.instance_type: row for row in prices_of.snapshot.instance_types}
    return assess(plan, prices_of, usage or {}, Side(plan.before, facts), Side(plan.after, facts))


def gate(  # noqa: PLR0913 - the parts of a case, all with defaults
    plan: Plan,
    evidence: Evidence = NO_DECISION,
    config: GateConfig | None = None,
    *,
    waivers: tuple[WaiverFile, ...] = (),
    rows: tuple[UnitPrice, ...] = (),
    usage: Mapping[str, Decimal] | None = None,
) -> GateResult:
    case = Case(
        evidence=evidence, config=config or GateConfig(), waivers=waivers, rules=load_gate_rules(), book=book(*rows),
        today=TODAY,
    )  # fmt: skip
    return judge(assessed(plan, rows, usage), case)


def outcomes(result: GateResult) -> dict[str, str]:
    """Return the outcome of each check by its name, the worst where a name has several."""
    return {check.name: str(check.outcome) for check in reversed(result.checks)}

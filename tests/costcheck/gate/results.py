"""What a gate may answer, by hand: an allowed plan, one that adds a p5.48xlarge pool, one that nobody can price."""

from datetime import date
from decimal import Decimal
from typing import Any

from costcheck.gate.coverage import DECIDE, GIVE_STATE, SEE_UNKNOWN, WITHOUT
from costcheck.gate.result import (
    Check,
    Cost,
    GateResult,
    GpuCapacity,
    Known,
    Notice,
    Outcome,
    PricedComponent,
    ResourceCost,
    Status,
)

TODAY = date(2026, 10, 1)
DECISION = "runbooks/decisions/current.json"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
KARPENTER = (
    "https://github.com/aws/karpenter-provider-aws/blob/1d927085dd81a9df9301e613f371dac5b4d16bfe"
    "/pkg/providers/pricing/zz_generated.pricing_aws.go"
)
PRICE_LIST = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/us-east-1/index.json"


def cost(desired: str, maximum: str | None = None) -> Cost:
    return Cost(desired_usd=Decimal(desired), maximum_usd=Decimal(maximum or desired))


def component(**changes: Any) -> PricedComponent:  # noqa: ANN401 - any field of the record
    """Return one to four p5.48xlarge, all month."""
    default: dict[str, Any] = {
        "name": "p5.48xlarge (on demand)",
        "unit": "Hours",
        "quantity": Decimal(730),
        "maximum_quantity": Decimal(2920),
        "unit_price_usd": Decimal("55.04"),
        "cost": cost("40179.20", "160716.80"),
        "sku_id": "3D4V8UAYEMB38GU2",
        "sku_meter": "AmazonEC2 BoxUsage:p5.48xlarge",
        "price_source": KARPENTER,
        "price_date": date(2026, 7, 20),
    }
    return PricedComponent(**(default | changes))


DISK = component(
    name="gp3 volume of each node", unit="GB-Months", quantity=Decimal(200), maximum_quantity=Decimal(800),
    unit_price_usd=Decimal("0.08"), cost=cost("16", "64"), sku_id=None, sku_meter="AmazonEC2 EBS:VolumeUsage.gp3",
    price_source=PRICE_LIST, price_date=date(2026, 9, 25),
)  # fmt: skip
NAT_HOURS = component(
    name="NAT gateway", quantity=Decimal(730), maximum_quantity=Decimal(730), unit_price_usd=Decimal("0.045"),
    cost=cost("32.85"), sku_id=None, sku_meter="AmazonEC2 NatGateway-Hours", price_source=PRICE_LIST,
    price_date=date(2026, 9, 25),
)  # fmt: skip
NAT_BYTES = component(
    name="through the NAT gateway", unit="GB", quantity=None, maximum_quantity=None, unit_price_usd=Decimal("0.045"),
    cost=None, sku_id=None, sku_meter="AmazonEC2 NatGateway-Bytes", price_source=PRICE_LIST,
    price_date=date(2026, 9, 25),
)  # fmt: skip


def resource(name: str = "p5", token: str = NODE_GROUP, **changes: Any) -> ResourceCost:  # noqa: ANN401
    """Return a new pool of p5.48xlarge."""
    default: dict[str, Any] = {
        "urn": f"urn:pulumi:dev::shop::{token}::{name}",
        "token": token,
        "name": name,
        "operation": "create",
        "status": Status.PRICED,
        "reason": "",
        "components": (component(), DISK),
        "before": None,
        "after": cost("40195.20", "160780.80"),
    }
    return ResourceCost(**(default | changes))


NAT = resource(
    "nat", "aws:ec2/natGateway:NatGateway", operation="same", components=(NAT_HOURS, NAT_BYTES),
    before=cost("32.85"), after=cost("32.85"),
)  # fmt: skip
TEMPLATE = resource(
    "p5", "aws:ec2/launchTemplate:LaunchTemplate", status=Status.FREE, reason="a template: what it starts is charged",
    components=(), after=cost("0"),
)  # fmt: skip
DATABASE = resource(
    "orders", "aws:rds/instance:Instance", status=Status.UNKNOWN, reason="no price of this type is built in",
    components=(), after=None,
)  # fmt: skip


def check(name: str = "decision", **changes: Any) -> Check:  # noqa: ANN401 - any field of the record
    """Return the check that a plan without a decision fails."""
    default: dict[str, Any] = {
        "name": name,
        "outcome": Outcome.DENIED,
        "subject": DECISION,
        "seen": "there is no decision that GPU servers are worth it",
        "needed": "such a decision; until then, the answer is to go on paying for the LLM API",
        "to_do": f"{WITHOUT}; or {DECIDE}",
    }
    return Check(**(default | changes))


OLD_PRICES = check(
    "prices", outcome=Outcome.CANNOT_DECIDE, subject="prices",
    seen="the price of p5.48xlarge (on demand) in us-east-1 is 73 days old (at most 30)",
    needed="every price known, and no older than it may be",
    to_do="run the gate with `--live` and a login to AWS that may read prices, or fetch them with "
    "`costcheck prices pull --out prices.json` (with `--public` no login is needed) and give `--prices prices.json`",
)  # fmt: skip


NO_LIMITS = Notice(
    name="limits", subject="gate.toml",
    seen="no limits are configured: there is no `gate.toml` in the folder in which the gate was run, so a change "
    "without GPU servers may cost any amount",
    to_do="set limits in `gate.toml` (docs/gate.md of the kit), or name another file with `--config`",
)  # fmt: skip
NO_WAIVER = Notice(
    name="ignored", subject="runbooks/waivers",
    seen="`w.txt` in `runbooks/waivers`: ignored, since only its own files with names in `.toml` are waivers",
    to_do="rename what is meant as a waiver, and remove the rest",
)  # fmt: skip


def result(**changes: Any) -> GateResult:  # noqa: ANN401 - any field of the record
    """Return the answer to a pull request that adds a pool of p5.48xlarge with no decision."""
    default: dict[str, Any] = {
        "costcheck_version": "0.1.0",
        "outcome": Outcome.DENIED,
        "headline": "This change may start 4 more p5.48xlarge GPU servers (on demand) in us-east-1: 40,195.20 USD a "
        "month more as planned, 160,780.80 USD a month at the worst case. It is denied: no recorded decision allows "
        "new GPU servers.",
        "project": "shop",
        "stack": "dev",
        "as_of": TODAY,
        "checks": (check(), OLD_PRICES),
        "notices": (NO_LIMITS,),
        "resources": (resource(), TEMPLATE, NAT),
        "usage": (NAT_BYTES,),
        "before": cost("32.85"),
        "after": cost("40228.05", "160813.65"),
        "increase": Known.EXACT,
        "complete": True,
        "gpus": (
            GpuCapacity(
                key="p5.48xlarge/on_demand", region_id="us-east-1", before=Decimal(0), after=Decimal(4), allowed=None
            ),
        ),
        "decision": "",
        "plan_sha256": "5f" * 32,
    }
    return GateResult(**(default | changes))


def denied() -> GateResult:
    return result()


def allowed() -> GateResult:
    """Return the answer to one that takes a p5.48xlarge away and moves bytes whose amount is known."""
    three = component(maximum_quantity=Decimal(2190), cost=cost("40179.20", "120537.60"))
    smaller = resource(
        operation="update", components=(three,),
        before=cost("40179.20", "160716.80"), after=cost("40179.20", "120537.60"),
    )  # fmt: skip
    return result(
        outcome=Outcome.ALLOWED,
        headline="This change starts no new GPU server: the same as planned, 40,179.20 USD a month less at the worst "
        "case. It may be applied.",
        checks=(
            check("gpu", outcome=Outcome.ALLOWED, subject="", seen="no GPU type may have more servers than before",
                  needed="", to_do=""),
            check("limit.monthly_usd", outcome=Outcome.ALLOWED, subject="shop/dev", needed="", to_do="",
                  seen="the stack at its worst case: 120,615.45 USD a month; waived until 2026-10-31 by ana: launch",
                  waived_by="runbooks/waivers/launch.toml"),
        ),
        resources=(smaller, NAT),
        usage=(component(name="through the NAT gateway", unit="GB", quantity=Decimal(1000), cost=cost("45"),
                         maximum_quantity=Decimal(1000), unit_price_usd=Decimal("0.045"), sku_id=None,
                         sku_meter="AmazonEC2 NatGateway-Bytes", price_source=PRICE_LIST,
                         price_date=date(2026, 9, 25)),),
        before=cost("40257.05", "160794.65"),
        after=cost("40257.05", "120615.45"),
        gpus=(GpuCapacity(key="p5.48xlarge/on_demand", region_id="us-east-1", before=Decimal(4), after=Decimal(3),
                          allowed=2),),
        decision=DECISION,
        notices=(NO_WAIVER,),
    )  # fmt: skip


def cannot_decide() -> GateResult:
    """Return the answer to one with a database that nobody can price, without its state, and a limit."""
    return result(
        outcome=Outcome.CANNOT_DECIDE,
        headline="This change starts no new GPU server: what the change costs is not known, since the cost of 1 "
        "changed resource is not known. Nobody can tell whether it may be applied: the stack at its worst case: not "
        "known: 1 resource without a known cost; needed: at most 5,000.00 USD a month, all of it known.",
        checks=(
            check("limit.monthly_usd", outcome=Outcome.CANNOT_DECIDE, subject="shop/dev",
                  seen="the stack at its worst case: not known: 1 resource without a known cost",
                  needed="at most 5,000.00 USD a month, all of it known",
                  to_do=f"{GIVE_STATE}; {SEE_UNKNOWN}"),
            check("gpu", outcome=Outcome.ALLOWED, subject="", seen="no GPU type may have more servers than before",
                  needed="", to_do=""),
        ),
        resources=(DATABASE,),
        usage=(),
        before=cost("0"),
        after=cost("0"),
        increase=Known.AT_LEAST,
        complete=False,
        gpus=(),
        notices=(),
    )  # fmt: skip


RESULTS = {"denied": denied(), "allowed": allowed(), "cannot_decide": cannot_decide()}

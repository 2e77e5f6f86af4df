"""What self-hosting costs beside the GPU instances: every line that a bill, or a colleague's calendar, would show."""

from dataclasses import dataclass
from decimal import Decimal

from costcheck.facts import Fact
from costcheck.price_book import PriceBook
from costcheck.records import PricingCategory, UnitPrice
from costcheck.rules import Assumptions
from costcheck.settings import Operator
from costcheck.units import HOURS_PER_MONTH
from costcheck.verdict import CostLine

ASSUMPTION_METER = "assumption"
OPERATOR_METER = "costcheck.toml operator"
BYTES_PER_GB = Decimal(10**9)
GIB_IN_GB = Decimal(1024**3) / BYTES_PER_GB
PURCHASE_CATEGORY = {
    "on_demand": PricingCategory.STANDARD,
    "spot": PricingCategory.DYNAMIC,
}
PURCHASE_METER = {
    "on_demand": "BoxUsage:{}",
    "spot": "SpotUsage:{}",
}
"""Meter of an instance hour by purchase option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureCost:
    """Prices of everything around the GPU nodes in one region."""

    book: PriceBook
    region_id: str
    assumptions: Assumptions

    def instance_price(self, instance_type: str, purchase_option: str) -> UnitPrice:
        """Return the price of an instance hour.

        Raises:
            PriceNotFoundError: It has none under that purchase option; absence is not a price.
        """
        return self.book.price(
            "AmazonEC2",
            PURCHASE_METER[purchase_option].format(instance_type),
            region_id=self.region_id,
            category=PURCHASE_CATEGORY[purchase_option],
        )

    def is_sold(self, instance_type: str, purchase_option: str) -> bool:
        """Return whether an instance hour has a price under a purchase option."""
        return self.book.is_priced(
            "AmazonEC2",
            PURCHASE_METER[purchase_option].format(instance_type),
            region_id=self.region_id,
            category=PURCHASE_CATEGORY[purchase_option],
        )

    def platform_lines(self, *, weight_gib: Decimal, monthly_tokens: Decimal) -> tuple[CostLine, ...]:
        """Return the monthly lines that do not depend on the number of GPU nodes.

        Args:
            weight_gib: Weights of every model served, kept in S3.
            monthly_tokens: Tokens in and out, for the traffic between zones.
        """
        use = self.assumptions
        nodes = use.system_node_count.value
        hours = HOURS_PER_MONTH
        node = use.system_node.instance_type
        volume_gb = nodes * use.system_node_volume_gb.value + use.gateway_volume_gb.value
        transfer_gb = 2 * monthly_tokens * use.bytes_per_token.value / BYTES_PER_GB
        balancers = use.load_balancer_count.value
        lines = (
            ("EKS control plane", "AmazonEKS", "AmazonEKS-Hours:perCluster", hours),
            (f"System nodes ({nodes} x {node})", "AmazonEC2", f"BoxUsage:{node}", nodes * hours),
            ("Volumes of system nodes and gateway", "AmazonEC2", "EBS:VolumeUsage.gp3", volume_gb),
            ("NAT gateway", "AmazonEC2", "NatGateway-Hours", use.nat_gateway_count.value * hours),
            ("NAT traffic", "AmazonEC2", "NatGateway-Bytes", use.nat_gb_per_month.value),
            ("Load balancer", "AWSELB", "LoadBalancerUsage", balancers * hours),
            ("Load balancer capacity units", "AWSELB", "LCUUsage", balancers * hours),
            ("Public IPv4", "AmazonVPC", "PublicIPv4:InUseAddress", use.public_ipv4_count.value * hours),
            (
                "Interface endpoints",
                "AmazonVPC",
                "VpcEndpoint-Hours",
                use.interface_endpoint_zone_count.value * hours,
            ),
            ("KMS key", "awskms", "KMS-Keys", use.kms_key_count.value),
            ("Transfer between zones", "AWSDataTransfer", "DataTransfer-Regional-Bytes", transfer_gb),
            ("Logs, taken in", "AmazonCloudWatch", "DataProcessing-Bytes", use.log_gb_per_month.value),
            (
                "Logs, kept",
                "AmazonCloudWatch",
                "TimedStorage-ByteHrs",
                use.log_gb_per_month.value * use.log_retention_months.value,
            ),
            ("Model weights in S3", "AmazonS3", "TimedStorage-ByteHrs", weight_gib * GIB_IN_GB),
            ("Images in ECR", "AmazonECR", "TimedStorage-ByteHrs", use.image_gb.value),
        )
        return tuple(self._line(*line) for line in lines if line[3] > 0)

    def node_lines(self) -> tuple[CostLine, ...]:
        """Return the monthly lines that each GPU node brings along."""
        volume_gb = self.assumptions.gpu_node_volume_gb.value
        return (self._line("Volume of a GPU node", "AmazonEC2", "EBS:VolumeUsage.gp3", volume_gb),)

    def _line(self, name: str, service_code: str, sku_meter: str, quantity: Decimal) -> CostLine:
        price = self.book.price(service_code, sku_meter, region_id=self.region_id)
        return priced_line(name, quantity, price)


def people_lines(assumptions: Assumptions, operator: Operator) -> tuple[CostLine, ...]:
    """Return what running the servers costs a month in people, or in a managed provider's fee."""
    rate = assumptions.people_rate_usd_per_hour
    refresh = _hours_line("Model refresh (people)", assumptions.model_refresh_hours_per_month, rate)
    fee = operator.managed_provider_monthly_cost_usd
    if operator.answer in {"managed_provider", "nobody"} and fee is not None:
        return (_fee_line(f"Managed operation by {operator.named or 'a provider'}", fee, rate), refresh)
    return (_hours_line("Upkeep (people)", assumptions.upkeep_hours_per_month, rate), refresh)


def priced_line(name: str, quantity: Decimal, price: UnitPrice) -> CostLine:
    """Return quantity x unit price with the way back to the price."""
    return CostLine(
        name=name,
        quantity=quantity,
        unit=price.pricing_unit,
        unit_price_usd=price.list_unit_price,
        monthly_cost_usd=quantity * price.list_unit_price,
        sku_id=price.sku_id,
        sku_meter=f"{price.service_code} {price.sku_meter}",
        price_source=price.provenance.source_url,
        price_date=price.provenance.retrieved_on,
    )


def spread_line(name: str, once: Fact, months: Decimal) -> CostLine:
    """Return a cost that is paid once, spread over the months of the horizon."""
    return CostLine(
        name=name,
        quantity=1 / months,
        unit="of a cost paid once",
        unit_price_usd=once.value,
        monthly_cost_usd=once.value / months,
        sku_id=None,
        sku_meter=ASSUMPTION_METER,
        price_source=_source(once),
        price_date=once.checked,
    )


def _source(fact: Fact) -> str:
    return "costcheck/data/assumptions.toml" if fact.source_url == "worthwhile" else fact.source_url


def _hours_line(name: str, hours: Fact, rate: Fact) -> CostLine:
    return CostLine(
        name=name,
        quantity=hours.value,
        unit="Hours",
        unit_price_usd=rate.value,
        monthly_cost_usd=hours.value * rate.value,
        sku_id=None,
        sku_meter=ASSUMPTION_METER,
        price_source=_source(rate),
        price_date=rate.checked,
    )


def _fee_line(name: str, fee: Decimal, rate: Fact) -> CostLine:
    return CostLine(
        name=name,
        quantity=Decimal(1),
        unit="Months",
        unit_price_usd=fee,
        monthly_cost_usd=fee,
        sku_id=None,
        sku_meter=OPERATOR_METER,
        price_source="costcheck.toml",
        price_date=rate.checked,
    )

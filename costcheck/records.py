"""Normalised rows that every source produces, in the field's own words.

Billing columns follow FOCUS 1.4 (https://focus.finops.org) in snake_case, tokens follow
OpenTelemetry's `gen_ai.usage.*` (https://github.com/open-telemetry/semantic-conventions-genai).
Columns of our own begin with `x_`.
Times are UTC, periods are [start, end). Rows are built once and never patched.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Origin(StrEnum):
    """Where a fact came from."""

    LIVE = "live"
    BUNDLED = "bundled"
    ENTERED = "entered"
    CONSTRUCTED = "constructed"
    """Made for a demo or a test; never evidence about a real company."""


class PricingCategory(StrEnum):
    """FOCUS PricingCategory: on-demand, spot, commitment."""

    STANDARD = "Standard"
    DYNAMIC = "Dynamic"
    COMMITTED = "Committed"


class ChargeCategory(StrEnum):
    """FOCUS ChargeCategory."""

    USAGE = "Usage"
    PURCHASE = "Purchase"
    TAX = "Tax"
    CREDIT = "Credit"
    ADJUSTMENT = "Adjustment"


class TokenType(StrEnum):
    """Token classes that do not overlap: their sum is what the model read and wrote."""

    UNCACHED_INPUT = "uncached_input_tokens"
    CACHE_READ_INPUT = "cache_read_input_tokens"
    CACHE_CREATION_5M_INPUT = "cache_creation_5m_input_tokens"
    CACHE_CREATION_1H_INPUT = "cache_creation_1h_input_tokens"
    OUTPUT = "output_tokens"


class Operation(StrEnum):
    """OpenTelemetry gen_ai.operation.name, as far as a bill can tell."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGE = "image_generation"
    AUDIO = "audio"
    TOOL = "execute_tool"
    OTHER = "other"


class ServiceTier(StrEnum):
    """The provider's processing tier."""

    STANDARD = "standard"
    BATCH = "batch"
    FLEX = "flex"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one fact stands and when it was read.

    Attributes:
        source: Short name of the origin, e.g. `aws_price_list`.
        source_url: Page, document or endpoint where anyone can look it up.
        retrieved_on: UTC day on which it was read.
        origin: Live, bundled, entered by the user, or constructed.
    """

    source: str
    source_url: str
    retrieved_on: date
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """One list unit price.

    Attributes:
        service_code: `AmazonEC2`, `AmazonEKS`, ..., or a token provider in genai-prices' words.
        sku_meter: AWS usage type without its region prefix (`BoxUsage:g6.xlarge`), or `<model>/<token type>`.
        region_id: AWS region, or `global`.
        pricing_category: On-demand, spot or commitment.
        tier_start: First quantity, in pricing units a month or tokens a request, to which this price applies.
        list_unit_price: Price of one pricing unit.
        pricing_currency: ISO 4217.
        pricing_unit: `Hours`, `GB-Months`, `GB`, `1000000 Tokens`, ...
        sku_id: AWS SKU, None where the origin did not record one.
        effective_from: First day on which it applies, None where the origin does not say.
        provenance: Where it stands.
    """

    service_code: str
    sku_meter: str
    region_id: str
    pricing_category: PricingCategory = PricingCategory.STANDARD
    tier_start: Decimal = Decimal(0)
    list_unit_price: Decimal
    pricing_currency: str = "USD"
    pricing_unit: str
    sku_id: str | None = None
    effective_from: date | None = None
    provenance: Provenance

    @property
    def key(self) -> str:
        """Return the whole key of the price, as messages print it."""
        return f"{self.service_code} {self.sku_meter} {self.region_id} {self.pricing_category}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """What EC2 DescribeInstanceTypes says of one type.

    Attributes:
        gpu_count: Whole GPUs; 0 for CPU types and for fractional GPUs (`g6f`).
        gpu_name: Manufacturer's name of the GPU (`L40S`), None without one.
        gpu_memory_gib: Memory of one GPU.
        instance_storage_gb: Local NVMe, 0 without.
    """

    instance_type: str
    vcpu_count: int
    memory_gib: Decimal
    gpu_count: int
    gpu_name: str | None
    gpu_memory_gib: Decimal | None
    instance_storage_gb: int
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOffering:
    """The zones of one region that offer one type; an empty tuple means that none does."""

    region_id: str
    instance_type: str
    zone_ids: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One EC2 quota of the account, in vCPUs (not instances)."""

    region_id: str
    quota_code: str
    quota_name: str
    vcpu_limit: Decimal
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSnapshot:
    """Prices and facts of one region as of one day: what a decision is replayed from.

    Attributes:
        as_of: The day that the snapshot speaks for.
        region_id: AWS region of its AWS rows.
        unit_prices: Every price, token prices included.
        quotas: Empty where no account was asked: then a quota is unknown, not unlimited.
    """

    schema_version: int = 1
    as_of: date
    region_id: str
    unit_prices: tuple[UnitPrice, ...]
    instance_types: tuple[InstanceType, ...]
    zone_offerings: tuple[ZoneOffering, ...]
    quotas: tuple[Quota, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of one model in one period, as narrow as the source tells.

    Token classes do not overlap. `requests` is None where the source does not count them.

    Attributes:
        x_bucket: The part of the source that is replaced as a whole when it is read again.
        sub_account_id: Project or workspace.
        x_api_key_id: The provider's id or hash of the key, never the key.
        tags: Request tags or team names.
        x_peak_minute_tokens: Tokens of all classes in the busiest minute, where a source that knows minutes was
            summed to the hour before it came here; None where it was not.
    """

    x_source: str
    x_bucket: str
    charge_period_start: datetime
    charge_period_end: datetime
    service_provider_name: str
    request_model: str
    operation: Operation = Operation.CHAT
    service_tier: ServiceTier = ServiceTier.STANDARD
    sub_account_id: str | None = None
    x_api_key_id: str | None = None
    tags: tuple[str, ...] = ()
    uncached_input_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    output_tokens: int
    requests: int | None = None
    x_peak_minute_tokens: int | None = None

    @property
    def input_tokens(self) -> int:
        """Return all input tokens, cached ones included, as `gen_ai.usage.input_tokens` counts them."""
        return (
            self.uncached_input_tokens
            + self.cache_read_input_tokens
            + self.cache_creation_5m_input_tokens
            + self.cache_creation_1h_input_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One billed row.

    Attributes:
        billed_cost: What the provider charges, credits apart (those are rows of their own).
        list_cost: The same at list prices, None where the source does not say.
        x_gen_ai_request_model: Model, None for charges that name none.
        x_token_type: Token class, None where the row is not about tokens.
        x_estimated: The provider may still change it.
        effective_cost: FOCUS EffectiveCost: what was prepaid is spread over the usage that it paid for; None where
            the source does not tell it from `billed_cost`. Decisions rest on it, invoices on `billed_cost`.
    """

    x_source: str
    x_bucket: str
    charge_period_start: datetime
    charge_period_end: datetime
    charge_category: ChargeCategory = ChargeCategory.USAGE
    service_provider_name: str
    service_name: str
    sub_account_id: str | None = None
    billed_cost: Decimal
    list_cost: Decimal | None = None
    billing_currency: str
    consumed_quantity: Decimal | None = None
    consumed_unit: str | None = None
    x_gen_ai_request_model: str | None = None
    x_token_type: TokenType | None = None
    x_operation: Operation = Operation.CHAT
    x_service_tier: ServiceTier = ServiceTier.STANDARD
    x_estimated: bool = False
    effective_cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row that could not be read, kept as it came so that nothing is lost.

    Attributes:
        context: What the row does not say itself and a later replay needs, as JSON: its period, the endpoint.
    """

    x_source: str
    x_bucket: str
    reason: str
    raw: bytes
    context: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideRows:
    """Rows that were read and understood and count for nothing, so that rows in = rows kept + quarantined + these.

    Attributes:
        reason: `answered from the gateway's cache`, `failed request`, `duplicate`, ...
    """

    x_source: str
    x_bucket: str
    reason: str
    row_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillBatch:
    """What one read of one source gave; replaces everything that its buckets held before.

    Attributes:
        buckets: Every window or file digest that was read, also those that turned out empty.
        rows_in: Rows that came in, where what is kept sums them; None where every row kept is a row that came in.
        notes: What whoever reads it should know and look after; sentences, and nothing of the ledger's.
    """

    x_source: str
    buckets: tuple[str, ...]
    usage: tuple[TokenUsage, ...] = ()
    charges: tuple[Charge, ...] = ()
    quarantined: tuple[QuarantinedRow, ...] = ()
    set_aside: tuple[SetAsideRows, ...] = ()
    provenance: Provenance
    rows_in: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing in it is usage or a charge."""
        return not self.usage and not self.charges


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHour:
    """Tokens of one model, project, key, tag set, operation and tier in one hour: what demand is built from.

    Attributes:
        hour: Start of the hour, UTC; for sources that only know days or months, the start of their period.
        period_hours: Hours that the row covers: 1, 24, or the hours of a month.
        requests: None where any part of the hour does not count them.
        peak_minute_requests: Requests of the busiest minute, told by its share of the hour's tokens; None unless
            every part of the hour is known by the minute. Summing several rows' peaks gives an upper bound,
            since their busiest minutes need not be the same.
    """

    x_source: str
    hour: datetime
    period_hours: int = 1
    service_provider_name: str
    request_model: str
    operation: Operation
    service_tier: ServiceTier
    sub_account_id: str | None
    x_api_key_id: str | None
    tags: tuple[str, ...]
    uncached_input_tokens: int
    cache_read_input_tokens: int
    cache_creation_5m_input_tokens: int
    cache_creation_1h_input_tokens: int
    output_tokens: int
    requests: int | None
    peak_minute_requests: int | None = None

    @property
    def input_tokens(self) -> int:
        """Return all input tokens, cached ones included."""
        return (
            self.uncached_input_tokens
            + self.cache_read_input_tokens
            + self.cache_creation_5m_input_tokens
            + self.cache_creation_1h_input_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCharge:
    """Charges of one month, summed; a period that crosses months counts where it starts.

    Attributes:
        month: First day of the month, UTC.
        billed_cost: What was charged, or where the source tells it the effective cost: prepaid spend counts where it
            is used, not where it was bought.
        x_estimated: Some of it may still change.
    """

    x_source: str
    month: date
    charge_category: ChargeCategory
    service_provider_name: str
    service_name: str
    x_gen_ai_request_model: str | None
    x_operation: Operation
    billing_currency: str
    billed_cost: Decimal
    x_estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCharge:
    """Usage charges of one model, tier and class of tokens in one month, summed: what prices are compared with.

    Attributes:
        x_token_type: None where the source does not tell classes, or the charge is not about tokens.
        list_cost: The source's own figure at list prices, None where any of the charges lacks it.
        charge_count: Rows behind the sums, each of which its provider may have rounded.
    """

    x_source: str
    month: date
    service_provider_name: str
    service_name: str
    x_gen_ai_request_model: str | None
    x_token_type: TokenType | None
    x_operation: Operation
    x_service_tier: ServiceTier
    billing_currency: str
    billed_cost: Decimal
    list_cost: Decimal | None
    charge_count: int
    x_estimated: bool

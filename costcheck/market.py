"""What a price snapshot knows beside list prices: spot by zone, Capacity Blocks, versions, what the company owns.

A decision reads unit prices alone (`costcheck.records.PriceSnapshot`); these records stand beside them in the file,
so that old snapshots stay as they are. What could not be asked is a row of `asked` with its reason: an empty tuple
means *none* only where its subject was answered.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from costcheck.records import Provenance

MINUTES_PER_HOUR = 60


class Subject(StrEnum):
    """A question that a pull asks beside list prices."""

    SPOT_PRICES = "spot prices"
    SPOT_QUOTAS = "spot quotas"
    SAVINGS_PLAN_RATES = "Savings Plan rates"
    AUTO_MODE_FEES = "EKS Auto Mode fees"
    GATEWAY_SERVICES = "prices of the gateway's database and cache"
    CAPACITY_BLOCKS = "Capacity Block offerings"
    CLUSTER_VERSIONS = "EKS versions"
    INTERRUPTION_BANDS = "interruption bands"
    PLACEMENT_SCORES = "placement scores"
    SAVINGS_PLANS_OWNED = "Savings Plans owned"
    RESERVED_INSTANCES_OWNED = "reserved instances owned"
    CAPACITY_RESERVATIONS_OWNED = "capacity reservations owned"
    CONTRACTED_DISCOUNTS = "contracted discounts"


class VersionStatus(StrEnum):
    """How EKS supports a version of Kubernetes."""

    STANDARD_SUPPORT = "STANDARD_SUPPORT"
    EXTENDED_SUPPORT = "EXTENDED_SUPPORT"
    """An hour of such a cluster costs the extended-support price on top of the control plane's."""
    UNSUPPORTED = "UNSUPPORTED"


class CommitmentKind(StrEnum):
    """How a company has bound itself."""

    SAVINGS_PLAN = "Savings Plan"
    RESERVED_INSTANCES = "reserved instances"
    CAPACITY_RESERVATION = "capacity reservation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of a pull: answered, or not known and why.

    Attributes:
        about: Instance type or meter, empty where the whole subject is meant.
        reason: Why the answer is not known; empty where it is.
    """

    subject: Subject
    about: str = ""
    reason: str = ""
    provenance: Provenance

    @property
    def is_answered(self) -> bool:
        """Return whether the answer is known."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotZonePrice:
    """The newest spot price of Linux in one zone; it holds since `observed_at`, when it last changed.

    Attributes:
        zone_id: Id of the zone (`use1-az4`); its name where AWS gave no id.
        list_unit_price: An hour of one instance.
    """

    region_id: str
    zone_id: str
    instance_type: str
    list_unit_price: Decimal
    pricing_currency: str = "USD"
    observed_at: datetime
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityBlock:
    """One Capacity Block that could be bought at the time of the pull.

    Attributes:
        zone: Id of the zone where AWS gives one, else its name.
        duration_minutes: Of the reservation.
        upfront_fee: For all instances and the whole duration, paid at once.
    """

    region_id: str
    zone: str
    instance_type: str
    instance_count: int
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int
    upfront_fee: Decimal
    pricing_currency: str = "USD"
    offering_id: str
    provenance: Provenance

    @property
    def hourly_price(self) -> Decimal:
        """Return what one hour of one instance comes to."""
        return self.upfront_fee * MINUTES_PER_HOUR / (self.duration_minutes * self.instance_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterVersion:
    """One version of Kubernetes on EKS, and until when it is supported at which price."""

    region_id: str
    cluster_version: str
    status: VersionStatus
    end_of_standard_support: date | None
    end_of_extended_support: date | None
    is_default: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionBand:
    """How often spot instances of a type were interrupted in the month before, and what they saved.

    Attributes:
        label: In AWS's words: `<5%`, `5-10%`, ..., `>20%`.
        savings_percent: Mean saving against the price on demand.
    """

    region_id: str
    instance_type: str
    label: str
    savings_percent: int
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementScore:
    """How likely AWS says it is (10: highly) that a zone gives a number of spot instances of any of some types."""

    region_id: str
    zone_id: str
    instance_types: tuple[str, ...]
    target_capacity: int
    score: int
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Something that the company has bought ahead and pays for, used or not.

    Attributes:
        commitment_id: AWS's id.
        scope: What it is good for, in words: `Compute`, `EC2Instance g6`, `Linux/UNIX`, ...
        instance_type: None where it is not about one type.
        instance_count: None where it is not about instances.
        hourly_amount: Due every hour; None where AWS states none (a capacity reservation costs the price on demand).
        upfront_amount: Paid at once; None where AWS states none.
        region_id: None where it holds in every region.
        ends_at: None where it has no end.
    """

    kind: CommitmentKind
    commitment_id: str
    scope: str
    instance_type: str | None
    instance_count: int | None
    payment_option: str | None
    hourly_amount: Decimal | None
    upfront_amount: Decimal | None
    pricing_currency: str = "USD"
    region_id: str | None
    zone_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A share off one provider's list prices, by contract.

    Attributes:
        contract: Where it is agreed, in the company's words.
    """

    service_provider_name: str
    discount_share: Decimal
    contract: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """Everything that a snapshot holds beside prices, instance types, zones and quotas."""

    asked: tuple[Asked, ...] = ()
    spot_zone_prices: tuple[SpotZonePrice, ...] = ()
    capacity_blocks: tuple[CapacityBlock, ...] = ()
    cluster_versions: tuple[ClusterVersion, ...] = ()
    interruption_bands: tuple[InterruptionBand, ...] = ()
    placement_scores: tuple[PlacementScore, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    discounts: tuple[Discount, ...] = ()

    def is_known(self, subject: Subject) -> bool:
        """Return whether a subject was asked as a whole and answered."""
        return any(row.subject is subject and not row.about and row.is_answered for row in self.asked)

    def unknown(self) -> Iterator[Asked]:
        """Yield what is not known, with its reason, in the order of the subjects."""
        ranks = {subject: rank for rank, subject in enumerate(Subject)}
        yield from sorted(
            (row for row in self.asked if not row.is_answered), key=lambda row: (ranks[row.subject], row.about)
        )

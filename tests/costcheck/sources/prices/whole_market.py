"""Constructed market facts with one record of each kind."""

from datetime import UTC, date, datetime
from decimal import Decimal

from costcheck.market import (
    Asked,
    CapacityBlock,
    ClusterVersion,
    Commitment,
    CommitmentKind,
    Discount,
    InterruptionBand,
    MarketFacts,
    PlacementScore,
    SpotZonePrice,
    Subject,
    VersionStatus,
)
from costcheck.records import Origin, Provenance

SEEN = Provenance(
    source="aws", source_url="https://example.org/aws", retrieved_on=date(2026, 11, 26), origin=Origin.CONSTRUCTED
)
OLD = Provenance(
    source="advisor", source_url="https://example.org/a", retrieved_on=date(2025, 7, 28), origin=Origin.BUNDLED
)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MARKET = MarketFacts(
    asked=(
        *(Asked(subject=subject, provenance=SEEN) for subject in Subject),
        Asked(subject=Subject.SPOT_PRICES, about="p5e.48xlarge", reason="no zone lists one", provenance=SEEN),
        Asked(subject=Subject.SPOT_PRICES, about="g7.2xlarge", reason="no zone lists one", provenance=SEEN),
    ),
    spot_zone_prices=(
        SpotZonePrice(
            region_id="us-east-1",
            zone_id="use1-az4",
            instance_type="g6.xlarge",
            list_unit_price=Decimal("0.31"),
            observed_at=datetime(2026, 11, 26, 8, 15, 30, tzinfo=UTC),
            provenance=SEEN,
        ),
    ),
    capacity_blocks=(
        CapacityBlock(
            region_id="us-east-1",
            zone="use1-az4",
            instance_type="p5.48xlarge",
            instance_count=1,
            starts_at=NOON,
            ends_at=NOON.replace(day=27),
            duration_minutes=1440,
            upfront_fee=Decimal("996.67"),
            offering_id="cb-1",
            provenance=SEEN,
        ),
    ),
    cluster_versions=(
        ClusterVersion(
            region_id="us-east-1",
            cluster_version="1.34",
            status=VersionStatus.STANDARD_SUPPORT,
            end_of_standard_support=date(2026, 12, 2),
            end_of_extended_support=None,
            is_default=False,
            provenance=SEEN,
        ),
    ),
    interruption_bands=(
        InterruptionBand(
            region_id="us-east-1", instance_type="g6.xlarge", label=">20%", savings_percent=56, provenance=OLD
        ),
    ),
    placement_scores=(
        PlacementScore(
            region_id="us-east-1",
            zone_id="use1-az4",
            instance_types=("g5.xlarge", "g6.xlarge", "g6e.xlarge"),
            target_capacity=1,
            score=9,
            provenance=SEEN,
        ),
    ),
    commitments=(
        Commitment(
            kind=CommitmentKind.SAVINGS_PLAN,
            commitment_id="sp-1",
            scope="Compute",
            instance_type=None,
            instance_count=None,
            payment_option="No Upfront",
            hourly_amount=Decimal("1.50"),
            upfront_amount=None,
            region_id=None,
            zone_id=None,
            starts_at=datetime(2026, 1, 1, tzinfo=UTC),
            ends_at=datetime(2027, 1, 1, tzinfo=UTC),
            provenance=SEEN,
        ),
        Commitment(
            kind=CommitmentKind.CAPACITY_RESERVATION,
            commitment_id="cr-1",
            scope="Linux/UNIX, default, active",
            instance_type="g6.xlarge",
            instance_count=2,
            payment_option=None,
            hourly_amount=None,
            upfront_amount=None,
            region_id="us-east-1",
            zone_id="use1-az4",
            starts_at=None,
            ends_at=None,
            provenance=SEEN,
        ),
    ),
    discounts=(
        Discount(
            service_provider_name="openai", discount_share=Decimal("0.10"), contract="contract 12", provenance=SEEN
        ),
    ),
)

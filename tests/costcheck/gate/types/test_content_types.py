"""DNS, CloudFront and storage: what sets a price, and what has none here."""

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import Resource
from tests.costcheck.gate.types.content_cases import (
    BUCKET,
    CHECK,
    DISTRIBUTION,
    FILES,
    LUSTRE,
    OPENZFS,
    ZONE,
    distribution,
    lustre,
    windows,
)
from tests.costcheck.gate.types.registry import estimate, pair, quantities, resource

ADDRESSED = {"acmCertificateArn": "a", "cloudfrontDefaultCertificate": False, "sslSupportMethod": "vip"}
BOUGHT_IOPS = {"mode": "USER_PROVISIONED", "iops": 40_000}


@pytest.mark.parametrize(
    "refused",
    [
        resource(ZONE, enableAcceleratedRecovery=True),
        resource(CHECK, requestInterval=30, measureLatency=False),
        resource(CHECK, type="HTTP", measureLatency=False),
        resource(CHECK, type="HTTP", requestInterval=30),
        resource(CHECK, type="HTTP", requestInterval=20, measureLatency=False),
        resource(DISTRIBUTION),
        distribution(viewerCertificate={"acmCertificateArn": "a"}),
        distribution(viewerCertificate=ADDRESSED),
        distribution(priceClass="PriceClass_300"),
        resource(FILES, throughputMode="provisioned"),
        resource(FILES, throughputMode="steady"),
        windows(deploymentType="MULTI_AZ_9"),
        windows(diskIopsConfiguration=BOUGHT_IOPS),
        resource(OPENZFS, deploymentType="MULTI_AZ_1", storageCapacity=64, throughputCapacity=64),
        lustre(storageType="HDD"),
        lustre(perUnitStorageThroughput=251),
        lustre(metadataConfiguration=BOUGHT_IOPS),
        resource(LUSTRE, storageCapacity=1200),
    ],
)
def test_what_the_plan_does_not_tell_is_unknown(refused: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(refused)


def test_a_distribution_of_unsaid_price_class_delivers_from_everywhere() -> None:
    certificate = {"cloudfrontDefaultCertificate": True}
    unsaid = estimate(resource(DISTRIBUTION, viewerCertificate=certificate))
    assert unsaid == estimate(distribution(priceClass="PriceClass_All"))
    assert "SA-DataTransfer-Out-Bytes" in quantities(unsaid)


def test_a_file_system_of_unsaid_mode_has_the_rates_of_elastic_throughput() -> None:
    assert estimate(resource(FILES)) == estimate(resource(FILES, throughputMode="elastic"))


def test_throughput_that_is_bought_counts_whatever_the_mode_says() -> None:
    bought = estimate(resource(FILES, throughputMode="bursting", provisionedThroughputInMibps=100))
    assert quantities(bought)["ProvisionedTP-MiBpsHrs"] == pair(100, 100)


def test_what_a_bucket_will_hold_is_a_rate() -> None:
    bucket: Estimate = estimate(resource(BUCKET))
    assert quantities(bucket) == {"TimedStorage-ByteHrs": None}


def test_disks_get_the_operations_of_their_size_unless_more_are_bought() -> None:
    assert estimate(windows(diskIopsConfiguration={"mode": "AUTOMATIC"})) == estimate(windows())

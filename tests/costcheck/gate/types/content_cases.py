"""DNS, CloudFront, files and objects priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import WORLD, Case, Json, resource

ZONE, CHECK = "aws:route53/zone:Zone", "aws:route53/healthCheck:HealthCheck"
DISTRIBUTION, FILES = "aws:cloudfront/distribution:Distribution", "aws:efs/fileSystem:FileSystem"
WINDOWS, OPENZFS = "aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"
LUSTRE, BUCKET = "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:s3/bucket:Bucket"
ZONE_PRICES = {
    f"{WORLD}AmazonRoute53/HostedZone": "0.5",
    f"{WORLD}AmazonRoute53/DNS-Queries": "0.0000004",
}
CHECK_PRICES = {
    f"{WORLD}AmazonRoute53/Health-Check-Non-AWS": "0.75",
    f"{WORLD}AmazonRoute53/Health-Check-Option-Non-AWS": "2",
}


def distribution(**changes: Json) -> Resource:
    inputs: Json = {"priceClass": "PriceClass_100", "viewerCertificate": {"cloudfrontDefaultCertificate": True}}
    return resource(DISTRIBUTION, **(inputs | changes))


def delivered(*places: str) -> dict[str, str]:
    parts = ("DataTransfer-Out-Bytes", "Requests-Tier2-HTTPS")
    return {f"{WORLD}AmazonCloudFront/{place}-{part}": "0.00001" for place in places for part in parts}


def windows(**changes: Json) -> Resource:
    inputs: Json = {
        "deploymentType": "MULTI_AZ_1",
        "storageCapacity": 300,
        "throughputCapacity": 16,
        "storageType": "SSD",
    }
    return resource(WINDOWS, **(inputs | changes))


def lustre(**changes: Json) -> Resource:
    inputs: Json = {"deploymentType": "PERSISTENT_2", "storageCapacity": 1200, "perUnitStorageThroughput": 250}
    return resource(LUSTRE, **(inputs | changes))


CASES = (
    Case(resource=resource(ZONE, name="example.com"), prices=ZONE_PRICES, desired_usd="0.5"),
    Case(
        # 0.75, and 4 features x 2
        resource=resource(CHECK, type="HTTPS_STR_MATCH", requestInterval=10, measureLatency=True),
        prices=CHECK_PRICES,
        desired_usd="8.75",
        sets_price=(("type",), ("requestInterval",), ("measureLatency",)),
    ),
    Case(
        resource=resource(CHECK, type="HTTP", requestInterval=30, measureLatency=False),
        prices=CHECK_PRICES,
        desired_usd="0.75",
    ),
    Case(resource=resource(CHECK, type="CALCULATED"), prices=CHECK_PRICES, desired_usd="0.75"),
    Case(
        resource=distribution(),
        prices=delivered("US", "EU"),
        sets_price=(("priceClass",), ("viewerCertificate", "cloudfrontDefaultCertificate")),
    ),
    Case(
        resource=distribution(priceClass="PriceClass_200"),
        prices=delivered("US", "EU", "AP", "JP", "IN", "ZA"),
    ),
    Case(
        resource=distribution(viewerCertificate={"acmCertificateArn": "a", "sslSupportMethod": "sni-only"}),
        prices=delivered("US", "EU"),
        sets_price=(("viewerCertificate", "sslSupportMethod"),),
    ),
    Case(resource=resource(BUCKET, bucket="b"), prices={"AmazonS3/TimedStorage-ByteHrs": "0.023"}),
    Case(
        resource=resource("aws:s3/bucketV2:BucketV2", bucket="b"), prices={"AmazonS3/TimedStorage-ByteHrs": "0.023"}
    ),
    Case(
        # 100 MiB/s x 6
        resource=resource(FILES, throughputMode="provisioned", provisionedThroughputInMibps=100),
        prices={"AmazonEFS/TimedStorage-ByteHrs": "0.3", "AmazonEFS/ProvisionedTP-MiBpsHrs": "6"},
        desired_usd="600",
        sets_price=(("throughputMode",), ("provisionedThroughputInMibps",)),
    ),
    Case(
        resource=resource(FILES, throughputMode="bursting", availabilityZoneName="us-east-1a"),
        prices={"AmazonEFS/TimedStorage-Z-ByteHrs": "0.16"},
        sets_price=(("throughputMode",),),
    ),
    Case(
        resource=resource(FILES, throughputMode="elastic"),
        prices={
            "AmazonEFS/TimedStorage-ByteHrs": "0.3",
            "AmazonEFS/ETDataAccess-Bytes/Read": "0.03",
            "AmazonEFS/ETDataAccess-Bytes/Write": "0.06",
        },
    ),
    Case(
        # 300 GB x 0.23 and 16 MB/s x 4.5
        resource=windows(),
        prices={
            "AmazonFSx//Windows Storage Multi-AZ SSD": "0.23",
            "AmazonFSx//Windows Provisioned Throughput Multi-AZ": "4.5",
        },
        desired_usd="141",
        sets_price=(("deploymentType",), ("storageCapacity",), ("throughputCapacity",), ("storageType",)),
    ),
    Case(
        # 64 GB x 0.09 and 64 MB/s x 0.26
        resource=resource(OPENZFS, deploymentType="SINGLE_AZ_1", storageCapacity=64, throughputCapacity=64),
        prices={
            "AmazonFSx//OpenZFS Storage Single-AZ SSD": "0.09",
            "AmazonFSx//OpenZFS Provisioned Throughput Single-AZ": "0.26",
        },
        desired_usd="22.4",
        sets_price=(("deploymentType",), ("storageCapacity",), ("throughputCapacity",)),
    ),
    Case(
        # 1,200 GB x 0.21
        resource=lustre(),
        prices={"AmazonFSx//Lustre Storage SSD 250": "0.21"},
        desired_usd="252",
        sets_price=(("deploymentType",), ("storageCapacity",), ("perUnitStorageThroughput",)),
    ),
    Case(
        # 1,200 GB x 0.14
        resource=resource(LUSTRE, deploymentType="SCRATCH_2", storageCapacity=1200),
        prices={"AmazonFSx//Lustre Storage SSD N/A": "0.14"},
        desired_usd="168",
    ),
    Case(
        resource=resource("aws:backup/vault:Vault", name="v"),
        prices={"AWSBackup/WarmStorage-ByteHrs-EFS": "0.05", "AmazonEC2/EBS:SnapshotUsage": "0.05"},
    ),
)

"""Kafka (MSK), Kinesis, Firehose."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.application_scaling import lifted
from costcheck.gate.types.lines import ONE, all_month, by_use, listed, monthly
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

KAFKA, KINESIS, FIREHOSE = "AmazonMSK", "AmazonKinesis", "AmazonKinesisFirehose"
STORAGE = ("brokerNodeGroupInfo", "storageInfo", "ebsStorageInfo")
FREE_RETENTION_HOURS, LONG_RETENTION_HOURS = 24, 168
IN_VPC = ("elasticsearchConfiguration", "opensearchConfiguration", "opensearchserverlessConfiguration")


def kafka_cluster(view: View) -> Estimate:
    """Return the brokers of a cluster and the volumes that they may grow to."""
    brokers = view.number("numberOfBrokerNodes")
    instance_type = view.text("brokerNodeGroupInfo", "instanceType")
    family, _, size = instance_type.partition(".")
    if family == "express":
        return Estimate(
            components=(
                all_month("Kafka broker", _kafka(f"Express.{size}", "Hours"), brokers),
                by_use("express storage", _kafka("Express.Storage", "GB-Months")),
            )
        )
    broker = _kafka(f"Kafka.{size}", "Hours", operation="RunBroker")
    return Estimate(components=(all_month("Kafka broker", broker, brokers), *_kafka_storage(view, brokers)))


def _kafka(usage: str, unit: str, operation: str = "") -> Meter:
    return listed(KAFKA, usage, unit, operation=operation) if operation else listed(KAFKA, usage, unit)


def _kafka_storage(view: View, brokers: Decimal) -> tuple[Component, ...]:
    throughput = (*STORAGE, "provisionedThroughput")
    if view.has(*throughput) and view.flag(*throughput, "enabled"):
        message = f"{'.'.join(STORAGE)}.provisionedThroughput adds a price that is not built in"
        raise UnpriceableError(message)
    gib = view.number(*STORAGE, "volumeSize")
    most = max(gib, *lifted(view, "kafka:broker-storage:VolumeSize"), Decimal(0))
    volumes = monthly(
        "volume of each broker",
        _kafka("Kafka.Storage.GP2", "GB-Months", operation="RunVolume"),
        brokers * gib,
        brokers * most,
    )
    tiered = view.text("storageMode", default="LOCAL") == "TIERED"
    return volumes, *((by_use("tiered storage", _kafka("Kafka.Storage.Tiered", "GB-Months")),) if tiered else ())


def serverless_kafka(_: View) -> Estimate:
    """Return a serverless cluster: its hours, and by use its partitions, traffic and storage."""
    return Estimate(
        components=(
            all_month("serverless Kafka cluster", _kafka("KafkaServerless-ClusterHours", "Hours"), ONE),
            by_use("partitions", _kafka("KafkaServerless-PartitionHours", "Hours")),
            by_use("data written", _kafka("KafkaServerless-In-Bytes", "GB")),
            by_use("data read", _kafka("KafkaServerless-Out-Bytes", "GB")),
            by_use("data stored", _kafka("KafkaServerless-StorageHours", "GB-Months")),
        )
    )


def stream(view: View) -> Estimate:
    """Return a stream: shards by the hour, or on demand; AWS makes one of shards where nothing is said."""
    mode = view.text("streamModeDetails", "streamMode") if view.has("streamModeDetails") else "PROVISIONED"
    hours = view.number("retentionPeriod", default=FREE_RETENTION_HOURS)
    if mode == "ON_DEMAND":
        return Estimate(components=(*_ON_DEMAND, *_kept(hours)))
    if mode != "PROVISIONED" or hours > FREE_RETENTION_HOURS:
        message = f"no price of a stream in mode {mode[:60]!r} that keeps its data {hours} hours is built in"
        raise UnpriceableError(message)
    shard = listed(KINESIS, "Storage-ShardHour", "Hours", "ShardHour", operation="shardHourStorage")
    puts = listed(KINESIS, "PutRequestPayloadUnits", "Units", "PutRequest", "PutRequestPayloadUnits", "Requests")
    return Estimate(
        components=(all_month("shard", shard, view.number("shardCount")), by_use("payload units written", puts))
    )


def _on_demand(usage: str, unit: str) -> Meter:
    return listed(KINESIS, f"OnDemand-{usage}", unit, *(("StreamHour", "StreamHr") if unit == "Hours" else ()))


_ON_DEMAND = (
    all_month("stream on demand", _on_demand("StreamHour", "Hours")),
    by_use("data written", _on_demand("BilledIncomingBytes", "GB")),
    by_use("data read", _on_demand("BilledOutgoingBytes", "GB")),
)


def _kept(hours: Decimal) -> tuple[Component, ...]:
    extended = by_use("data kept beyond a day", _on_demand("ExtendedRetention-ByteHrs", "GB-Months"))
    long = by_use("data kept beyond a week", _on_demand("LongTermRetention-ByteHrs", "GB-Months"))
    return (
        *((extended,) if hours > FREE_RETENTION_HOURS else ()),
        *((long,) if hours > LONG_RETENTION_HOURS else ()),
    )


def delivery_stream(view: View) -> Estimate:
    """Return what a delivery stream takes in, by use."""
    extra = [name for name in IN_VPC if view.has(name, "vpcConfig")]
    if extra or view.has("mskSourceConfiguration"):
        message = "reading from Kafka or delivering into a VPC has prices that are not built in"
        raise UnpriceableError(message)
    meter = listed(FIREHOSE, "BilledBytes", "GB", group="Event-by-Event Processing")
    return Estimate(components=(by_use("data taken in", meter),))


PRICED = {
    "aws:msk/cluster:Cluster": kafka_cluster,
    "aws:msk/serverlessCluster:ServerlessCluster": serverless_kafka,
    "aws:kinesis/stream:Stream": stream,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": delivery_stream,
}

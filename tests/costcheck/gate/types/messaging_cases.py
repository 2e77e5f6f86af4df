"""Queues, topics and streams priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.cache_cases import target
from tests.costcheck.gate.types.registry import Case, Json, resource

QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
SUBSCRIPTION, KAFKA = "aws:sns/topicSubscription:TopicSubscription", "aws:msk/cluster:Cluster"
STREAM, DELIVERY = "aws:kinesis/stream:Stream", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"


def kafka(instance_type: str = "kafka.m7g.large", volume: Json = None, **changes: Json) -> Resource:
    storage = {"ebsStorageInfo": {"volumeSize": 500} if volume is None else volume}
    brokers = {"instanceType": instance_type, "storageInfo": storage}
    return resource(KAFKA, "log", **({"numberOfBrokerNodes": 3, "brokerNodeGroupInfo": brokers} | changes))


LOG = kafka()
CASES = (
    Case(resource=resource(QUEUE), prices={"AWSQueueService/Requests-RBP": "0.0000004"}),
    Case(
        resource=resource(QUEUE, fifoQueue=True),
        prices={"AWSQueueService/Requests-FIFO-RBP": "0.0000005"},
        sets_price=(("fifoQueue",),),
    ),
    Case(resource=resource(TOPIC), prices={"AmazonSNS/Requests-Tier1": "0.0000005"}),
    Case(
        resource=resource(SUBSCRIPTION, protocol="https"),
        prices={"AmazonSNS/DeliveryAttempts-HTTP": "0.0000006"},
        sets_price=(("protocol",),),
    ),
    *(
        Case(resource=resource(token), prices={"AmazonSES/Recipients": "0.0001"})
        for token in (
            "aws:ses/domainIdentity:DomainIdentity",
            "aws:ses/emailIdentity:EmailIdentity",
            "aws:sesv2/emailIdentity:EmailIdentity",
        )
    ),
    Case(
        # 3 brokers x 730 h x 0.2 + 3 x 500 GiB x 0.1, up to 800 GiB
        resource=kafka(storageMode="TIERED"),
        others=(target(LOG, "kafka:broker-storage:VolumeSize", 800),),
        prices={
            "AmazonMSK/Kafka.m7g.large": "0.2",
            "AmazonMSK/Kafka.Storage.GP2": "0.1",
            "AmazonMSK/Kafka.Storage.Tiered": "0.06",
        },
        desired_usd="588",
        maximum_usd="678",
        sets_price=(
            ("numberOfBrokerNodes",),
            ("brokerNodeGroupInfo", "instanceType"),
            ("brokerNodeGroupInfo", "storageInfo", "ebsStorageInfo", "volumeSize"),
            ("storageMode",),
        ),
    ),
    Case(
        # 3 brokers x 730 h x 0.4
        resource=kafka("express.m7g.large"),
        prices={"AmazonMSK/Express.m7g.large": "0.4", "AmazonMSK/Express.Storage": "0.1"},
        desired_usd="876",
    ),
    Case(
        # 730 h x 0.75
        resource=resource("aws:msk/serverlessCluster:ServerlessCluster"),
        prices={
            "AmazonMSK/KafkaServerless-ClusterHours": "0.75",
            "AmazonMSK/KafkaServerless-PartitionHours": "0.0015",
            "AmazonMSK/KafkaServerless-In-Bytes": "0.1",
            "AmazonMSK/KafkaServerless-Out-Bytes": "0.05",
            "AmazonMSK/KafkaServerless-StorageHours": "0.1",
        },
        desired_usd="547.5",
    ),
    Case(
        # 4 shards x 730 h x 0.015
        resource=resource(STREAM, shardCount=4, retentionPeriod=24),
        prices={"AmazonKinesis/Storage-ShardHour": "0.015", "AmazonKinesis/PutRequestPayloadUnits": "0.000000014"},
        desired_usd="43.8",
        sets_price=(("shardCount",), ("retentionPeriod",)),
    ),
    Case(
        # 730 h x 0.04
        resource=resource(STREAM, streamModeDetails={"streamMode": "ON_DEMAND"}, retentionPeriod=200),
        prices={
            "AmazonKinesis/OnDemand-StreamHour": "0.04",
            "AmazonKinesis/OnDemand-BilledIncomingBytes": "0.08",
            "AmazonKinesis/OnDemand-BilledOutgoingBytes": "0.04",
            "AmazonKinesis/OnDemand-ExtendedRetention-ByteHrs": "0.1",
            "AmazonKinesis/OnDemand-LongTermRetention-ByteHrs": "0.023",
        },
        desired_usd="29.2",
        sets_price=(("streamModeDetails", "streamMode"), ("retentionPeriod",)),
    ),
    Case(
        resource=resource(DELIVERY, destination="extended_s3"), prices={"AmazonKinesisFirehose/BilledBytes": "0.029"}
    ),
)

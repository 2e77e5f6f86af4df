"""Caches, tables, warehouses and search priced by hand."""

from costcheck.plan.records import Resource
from tests.costcheck.gate.types.registry import Case, Json, resource

GROUP, TABLE = "aws:elasticache/replicationGroup:ReplicationGroup", "aws:dynamodb/table:Table"
TARGET = "aws:appautoscaling/target:Target"


def table(**changes: Json) -> Resource:
    index = {"name": "by_day", "readCapacity": 4, "writeCapacity": 2}
    inputs = {"billingMode": "PROVISIONED", "readCapacity": 10, "writeCapacity": 5, "globalSecondaryIndexes": [index]}
    return resource(TABLE, "orders", **(inputs | changes))


def target(scaled: Resource, dimension: str, most: int) -> Resource:
    return resource(
        TARGET, dimension, uses={"resourceId": scaled}, scalableDimension=dimension, minCapacity=1, maxCapacity=most
    )


def group(**changes: Json) -> Resource:
    inputs = {"engine": "valkey", "nodeType": "cache.m7g.large", "numNodeGroups": 2, "replicasPerNodeGroup": 1}
    return resource(GROUP, "sessions", **(inputs | changes))


def domain(**changes: Json) -> Resource:
    nodes: Json = {
        "instanceType": "m6g.large.search", "instanceCount": 3, "dedicatedMasterEnabled": True,
        "dedicatedMasterType": "m6g.large.search", "dedicatedMasterCount": 3,
    }  # fmt: skip
    volumes = {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 100, "iops": 3000, "throughput": 125}
    return resource("aws:opensearch/domain:Domain", **({"clusterConfig": nodes, "ebsOptions": volumes} | changes))


ORDERS, SESSIONS = table(), group()
CASES = (
    Case(
        # 3 nodes x 730 h x 0.1
        resource=resource(
            "aws:elasticache/cluster:Cluster", engine="memcached", nodeType="cache.t4g.small", numCacheNodes=3
        ),
        prices={"AmazonElastiCache/NodeUsage:cache.t4g.small/Memcached": "0.1"},
        desired_usd="219",
        sets_price=(("engine",), ("nodeType",), ("numCacheNodes",)),
    ),
    Case(
        # one more node of the group's type
        resource=resource("aws:elasticache/cluster:Cluster", uses={"replicationGroupId": SESSIONS}),
        others=(SESSIONS,),
        prices={"AmazonElastiCache/NodeUsage:cache.m7g.large/Valkey": "0.1"},
        desired_usd="73",
    ),
    Case(
        # 2 shards x 2 nodes x 730 h x 0.1, up to 5 shards x 4 nodes
        resource=group(),
        others=(
            target(SESSIONS, "elasticache:replication-group:NodeGroups", 5),
            target(SESSIONS, "elasticache:replication-group:Replicas", 3),
        ),
        prices={"AmazonElastiCache/NodeUsage:cache.m7g.large/Valkey": "0.1"},
        desired_usd="292",
        maximum_usd="1460",
        sets_price=(("engine",), ("nodeType",), ("numNodeGroups",), ("replicasPerNodeGroup",)),
        dearer_without=(("engine",),),
    ),
    Case(
        # 3 nodes x 730 h x 0.1
        resource=resource(GROUP, nodeType="cache.m7g.large", numCacheClusters=3),
        prices={"AmazonElastiCache/NodeUsage:cache.m7g.large/Redis": "0.1"},
        desired_usd="219",
        sets_price=(("numCacheClusters",),),
    ),
    Case(
        # 730 h x 2 GB x 0.1 + 730 h x 3600 s x 1000 units x 0.000000001
        resource=resource(
            "aws:elasticache/serverlessCache:ServerlessCache",
            engine="valkey",
            cacheUsageLimits={"dataStorage": {"minimum": 2, "maximum": 9}, "ecpuPerSeconds": [{"minimum": 1000}]},
        ),
        prices={
            "AmazonElastiCache/CachedData:Valkey": "0.1",
            "AmazonElastiCache/ElastiCacheProcessingUnits:Valkey": "0.000000001",
        },
        desired_usd="148.628",
        sets_price=(("engine",), ("cacheUsageLimits", "dataStorage", "minimum")),
    ),
    Case(
        # 3 nodes x 730 h x 0.1
        resource=resource("aws:dax/cluster:Cluster", nodeType="dax.r5.large", replicationFactor=3),
        prices={"AmazonDAX/NodeUsage:dax.r5.large": "0.1"},
        desired_usd="219",
        sets_price=(("nodeType",), ("replicationFactor",)),
    ),
    Case(
        # (10 + 4) x 730 h x 0.001 + (5 + 2) x 730 h x 0.01; reads up to 100 + 4 + 50 units
        resource=table(pointInTimeRecovery={"enabled": True}),
        others=(
            target(ORDERS, "dynamodb:table:ReadCapacityUnits", 100),
            target(ORDERS, "dynamodb:index:ReadCapacityUnits", 50),
        ),
        prices={
            "AmazonDynamoDB/ReadCapacityUnit-Hrs": "0.001",
            "AmazonDynamoDB/WriteCapacityUnit-Hrs": "0.01",
            "AmazonDynamoDB/TimedStorage-ByteHrs": "0.25",
            "AmazonDynamoDB/TimedPITRStorage-ByteHrs": "0.2",
        },
        desired_usd="61.32",
        maximum_usd="163.52",
        sets_price=(
            ("billingMode",),
            ("readCapacity",),
            ("writeCapacity",),
            ("globalSecondaryIndexes", 0, "readCapacity"),
        ),
    ),
    Case(
        resource=resource(TABLE, billingMode="PAY_PER_REQUEST", tableClass="STANDARD_INFREQUENT_ACCESS"),
        prices={
            "AmazonDynamoDB/IA-ReadRequestUnits": "0.1",
            "AmazonDynamoDB/IA-WriteRequestUnits": "0.1",
            "AmazonDynamoDB/IA-TimedStorage-ByteHrs": "0.1",
        },
        sets_price=(("tableClass",),),
    ),
    Case(
        # 2 zones x 2 nodes x 730 h x 1
        resource=resource("aws:redshift/cluster:Cluster", nodeType="ra3.xlplus", numberOfNodes=2, multiAz=True),
        prices={"AmazonRedshift/Node:ra3.xlplus": "1", "AmazonRedshift/RMS:ra3.xlplus": "0.024"},
        desired_usd="2920",
        sets_price=(("nodeType",), ("numberOfNodes",), ("multiAz",)),
    ),
    Case(
        resource=resource("aws:redshiftserverless/workgroup:Workgroup"),
        prices={"AmazonRedshift/Redshift:ServerlessUsage": "0.375"},
    ),
    Case(
        resource=resource("aws:redshiftserverless/namespace:Namespace"),
        prices={"AmazonRedshift/RMS:Serverless": "0.024"},
    ),
    Case(
        # 6 nodes x 730 h x 0.1 + 3 x 100 GiB x 0.12
        resource=domain(),
        prices={"AmazonES/ESInstance:m6g.large": "0.1", "AmazonES/ES:GP3-Storage": "0.12"},
        desired_usd="474",
        sets_price=(
            ("clusterConfig", "instanceType"),
            ("clusterConfig", "instanceCount"),
            ("clusterConfig", "dedicatedMasterEnabled"),
            ("ebsOptions", "ebsEnabled"),
            ("ebsOptions", "volumeSize"),
            ("ebsOptions",),
        ),
    ),
    Case(
        # 1 node x 730 h x 0.1 + 10 GiB x 0.1
        resource=resource(
            "aws:elasticsearch/domain:Domain",
            clusterConfig={"instanceType": "m5.large.elasticsearch", "instanceCount": 1},
            ebsOptions={"ebsEnabled": True, "volumeType": "gp2", "volumeSize": 10},
        ),
        prices={"AmazonES/ESInstance:m5.large": "0.1", "AmazonES/ES:GP2-Storage": "0.1"},
        desired_usd="74",
    ),
    Case(
        # 2 x 730 h x 0.24
        resource=resource("aws:opensearch/serverlessCollection:ServerlessCollection", standbyReplicas="ENABLED"),
        prices={
            "AmazonES/IndexingOCU": "0.24",
            "AmazonES/SearchOCU": "0.24",
            "AmazonES/StorageUsedInHotByteHour": "0.02",
        },
        desired_usd="350.4",
        sets_price=(("standbyReplicas",),),
    ),
)
